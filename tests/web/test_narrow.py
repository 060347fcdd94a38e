"""Lists narrowed by town, unit, level or kind; kept for half a day, saved under a name, taken along by the export."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from fenzhen.records.drafts import Draft
from fenzhen.records.filters import SavedFilter
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.web.narrow import KEPT, LISTS
from tests.cast import Cast


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.wang)
    return client


@pytest.fixture
def hill(cast: Cast) -> Place:
    """A place in the other town."""
    return Place.objects.create(
        code="E2", name="松山里", kind="estate", parent=cast.other_town.code, town=cast.other_town.code
    )


def text(answer: Any) -> str:
    return str(answer.content.decode())


def narrow(client: Client, name: str, **fields: str) -> Any:
    return client.post(reverse("filter-narrow", args=[name]), fields)


def test_the_queue_shows_one_town_and_everything_that_cannot_wait(
    cast: Cast, desk: Client, hill: Place
) -> None:
    here = cast.waiting(title="本镇的事", level=3)
    there = cast.waiting(title="别镇的事", level=3, place=hill, phone="13900000002")
    danger = cast.waiting(title="别镇的急事", level=1, place=hill, phone="13900000003")
    answer = narrow(desk, "triage", town=cast.town.code)
    assert answer["Location"] == "/triage"
    for page in (text(desk.get("/triage")), text(desk.get("/triage/queue"))):
        assert here.title in page and danger.title in page
        assert there.title not in page
    assert "柳河镇" in text(desk.get("/triage"))
    Ticket.objects.filter(pk=danger.pk).update(state="dispatched")
    opened = text(desk.post("/triage/next"))
    assert here.number in opened
    narrow(desk, "triage")
    assert there.title in text(desk.get("/triage"))


def test_an_export_takes_the_filter_along_and_says_so(cast: Cast, desk: Client, hill: Place) -> None:
    here = cast.waiting(title="本镇的事")
    cast.waiting(title="别镇的事", place=hill, phone="13900000002")
    narrow(desk, "triage", town=cast.town.code)
    sheet = load_workbook(io.BytesIO(desk.post("/export/triage").content)).active
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert here.number in cells and "别镇的事" not in cells
    assert any("镇街：柳河镇" in cell for cell in cells)
    assert "共 1 行" in cells


def test_a_filter_of_a_list_is_saved_pressed_and_nobody_elses(cast: Cast, desk: Client) -> None:
    cast.waiting()
    narrow(desk, "triage", town=cast.town.code, level="3")
    desk.post("/filters/save", {"page": "triage", "filter_name": "本镇三级"})
    kept = SavedFilter.objects.get()
    fields: object = kept.fields
    assert (kept.page, fields) == ("triage", {"town": cast.town.code, "level": "3"})
    narrow(desk, "triage")
    assert not Draft.objects.filter(key="narrow:triage").exists()
    assert desk.post(f"/filters/{kept.pk}/use")["Location"] == "/triage"
    assert "柳河镇 · 三级" in text(desk.get("/triage"))
    assert "本镇三级" not in text(desk.get("/search"))
    desk.post(f"/filters/{kept.pk}/drop")
    assert desk.post("/filters/restore")["Location"] == "/triage"
    assert SavedFilter.objects.get().page == "triage"
    assert "本镇三级" in text(desk.get("/triage"))
    desk.force_login(cast.li)
    assert "本镇三级" not in text(desk.get("/triage"))
    assert "柳河镇 · 三级" not in text(desk.get("/triage"))


def test_nothing_chosen_is_nothing_to_save_and_an_unknown_code_is_refused(cast: Cast, desk: Client) -> None:
    desk.post("/filters/save", {"page": "triage", "filter_name": "空的"})
    narrow(desk, "triage", town="no-such-town")
    assert not SavedFilter.objects.exists() and not Draft.objects.exists()
    assert "请从列表中选择" in text(desk.get("/triage"))


def test_a_list_belongs_to_those_who_see_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.huang)
    assert narrow(client, "triage", level="1").status_code == 404
    assert narrow(client, "no-such-list").status_code == 404
    assert client.post("/filters/save", {"page": "triage", "filter_name": "x"}).status_code == 404
    assert narrow(client, "unit", level="1")["Location"] == "/unit"


def test_the_next_shift_sees_everything_again(cast: Cast, desk: Client) -> None:
    with time_machine.travel(cast.now, tick=False):
        desk.force_login(cast.wang)
        narrow(desk, "triage", level="4")
        assert "is-narrow" in text(desk.get("/triage"))
    with time_machine.travel(cast.now + KEPT + timedelta(minutes=1), tick=False):
        desk.force_login(cast.wang)
        assert "is-narrow" not in text(desk.get("/triage"))


def test_an_empty_list_says_that_it_is_narrowed(cast: Cast, client: Client) -> None:
    """Every list says so: who reads "nothing to do" would go home."""
    cast.dispatched(level=1)
    cast.replied(phone="13900000002")
    cast.to_call_back(phone="13900000003")
    cast.waiting(phone="13900000004", level=2)
    for viewer, name, fields in (
        (cast.wang, "home", {"town": cast.other_town.code}),
        (cast.wang, "triage", {"town": cast.other_town.code}),
        (cast.wang, "requests", {"unit": "T2"}),
        (cast.wang, "phone-now", {"unit": "T2"}),
        (cast.wang, "city", {"unit": "T2"}),
        (cast.zhao, "review", {"unit": "T2"}),
        (cast.sun, "callback", {"level": "4"}),
        (cast.huang, "unit", {"level": "4"}),
        (cast.chen, "deliveries", {"courier": "sms"}),
    ):
        client.force_login(viewer)
        narrow(client, name, **fields)
        page = client.get(reverse(LISTS[name].route))
        assert page.status_code == 200
        assert "里没有。点「看全部」看其余的。" in text(page), name
        assert reverse("filter-narrow", args=[name]) in text(page)


def test_every_list_is_narrowed_by_each_of_its_fields(cast: Cast, client: Client, hill: Place) -> None:
    """What is of another town, unit, level or kind is not there; what is of this one is."""
    here = {"lead": cast.dispatched(level=1, kind="help"), "review": cast.replied(phone="13900000002")}
    here["call"] = cast.to_call_back(phone="13900000003")
    for viewer, name, ticket in (
        (cast.huang, "unit", here["lead"]),
        (cast.wang, "phone-now", here["lead"]),
        (cast.zhao, "review", here["review"]),
        (cast.sun, "callback", here["call"]),
        (cast.chen, "home", here["lead"]),
    ):
        client.force_login(viewer)
        route = reverse(LISTS[name].route)
        right = {"town": cast.town.code, "unit": "T1", "level": str(ticket.level), "kind": "help"}
        wrong = {"town": cast.other_town.code, "unit": "T2", "level": "4", "kind": "report"}
        for field in LISTS[name].fields:
            for fields, is_there in ((right, True), (wrong, False)):
                narrow(client, name, **{field: fields[field]})
                page = client.get(route, {"show": "level_1"} if name == "home" else {})
                address = {
                    "unit": f"/unit/{cast.lead(ticket).pk}",
                    "review": f"/review/{cast.lead(ticket).pk}",
                    "callback": f"/callback/{ticket.callbacks.get().pk}" if name == "callback" else "",
                }.get(name, f"/tickets/{ticket.pk}")
                assert (f'href="{address}"' in text(page)) is is_there, (name, field, is_there)
        narrow(client, name)
