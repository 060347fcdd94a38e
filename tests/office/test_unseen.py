"""Places that the list does not know: collected from calls, said by a person, used at once, taken back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.advice import names_unknown, places_heard
from fenzhen.board.intake import places_suggested
from fenzhen.board.unseen import names_unseen
from fenzhen.office.accounts import system_account
from fenzhen.office.seal import seal_everything
from fenzhen.office.unseen import collect_names
from fenzhen.records.journal import Entry
from fenzhen.records.places import Place
from fenzhen.records.unseen import UnseenName
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning(cast: Cast) -> Iterator[None]:
    with time_machine.travel(cast.now + timedelta(hours=2), tick=False):
        yield


@pytest.fixture
def keeper(cast: Cast) -> Client:
    """Three calls of two people name an estate nobody listed; one names what is listed; one names nothing."""
    calls = [
        ("电梯坏了", "碧海云庭小区的电梯停了两天。", "13900000001"),
        ("还没修电梯", "我住碧海云庭小区，电梯还没修。", "13900000001"),
        ("物业不管", "投诉碧海云庭小区物业不作为。", "13900000002"),
        ("路灯不亮", "清荷苑门口的路灯坏了。", "13900000003"),
        ("幼儿园", "幼儿园门口的马路坏了，我们小区没人管。", "13900000004"),
    ]
    for title, body, phone in calls:
        cast.waiting(title=title, body=body, phone=phone, name=f"人{phone[-1]}", place=None, place_text="")
    system = system_account()
    seal_everything(by=system, now=cast.now)
    later = cast.now + timedelta(minutes=5)
    assert collect_names(by=system, now=later) >= 5 and collect_names(by=system, now=later) == 0
    client = Client()
    client.force_login(cast.chen)
    return client


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("投诉碧海云庭小区物业不作为", ["碧海云庭小区"]),
        ("我家在金色水岸花园3号楼", ["金色水岸花园"]),
        ("幼儿园门口的马路坏了，我们小区没人管", []),
        ("村里的垃圾没人清，农村公路坏了", []),
    ],
)
def test_a_name_is_what_ends_like_a_place_without_the_words_before_it(
    cast: Cast, text: str, names: list[str]
):
    assert names_unknown(cast.chen, text) == names


def test_what_several_callers_say_is_listed_with_people_and_examples(cast: Cast, keeper: Client):
    (one,) = names_unseen(cast.chen)
    assert (one.name.name, one.people, one.tickets) == ("碧海云庭", 2, 3) and len(one.examples) == 3
    assert not UnseenName.objects.filter(name__contains="清荷苑").exists()
    page = keeper.get("/places/unseen").content.decode()
    assert "碧海云庭" in page and "电梯坏了" in page
    assert names_unseen(cast.wang) == []
    desk = Client()
    desk.force_login(cast.wang)
    assert desk.get("/places/unseen").status_code == 403
    assert keeper.post("/export/unseen", {"state": "waiting"}).status_code == 200


def test_a_new_place_is_found_at_once_and_may_be_taken_back(cast: Cast, keeper: Client):
    name = UnseenName.objects.get(name="碧海云庭")
    words = "碧海云庭小区的路灯坏了"
    assert not places_heard(cast.chen, words, "")
    assert keeper.post(f"/places/unseen/{name.pk}/place", {"town": cast.town.code}).status_code == 303
    place = Place.objects.get(name="碧海云庭")
    assert (place.town, place.kind) == (cast.town.code, "estate") and "陈" in place.note
    assert place.code in places_heard(cast.chen, words, "")
    assert [hint.code for hint in places_suggested(cast.chen, "碧海")] == [place.code]
    again = keeper.post(
        f"/places/unseen/{name.pk}/none", headers={"HX-Request": "true"}
    )  # somebody was faster
    assert again.status_code == 422
    assert keeper.post(f"/places/unseen/{name.pk}/undo").status_code == 303
    assert place.code not in places_heard(cast.chen, words, "")
    acts = Entry.objects.filter(subject=f"unseen:{name.pk}").order_by("n").values_list("act", flat=True)
    assert list(acts) == ["name_is_place", "name_undone"]


def test_an_alias_is_used_at_once_and_what_is_no_place_is_not_asked_again(cast: Cast, keeper: Client):
    name = UnseenName.objects.get(name="碧海云庭")
    url = f"/places/unseen/{name.pk}"
    assert (
        keeper.post(f"{url}/alias", {"place": "没有这里"}, headers={"HX-Request": "true"}).status_code == 422
    )
    assert keeper.post(f"{url}/alias", {"place": cast.estate.name}).status_code == 303
    assert cast.estate.code in places_heard(cast.chen, "碧海云庭小区的路灯坏了", "")
    assert keeper.post(f"{url}/undo").status_code == 303
    assert not places_heard(cast.chen, "碧海云庭小区的路灯坏了", "")
    assert keeper.post(f"{url}/none").status_code == 303
    assert names_unseen(cast.chen) == [] and len(names_unseen(cast.chen, "not_place")) == 1
