"""The search page: by POST only, nothing in addresses, masked, limited to what one may see."""

from typing import Any

import pytest
from django.test import Client

from fenzhen.records.drafts import Draft
from fenzhen.records.journal import Entry
from tests.cast import Cast


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.wang)
    return client


def found(client: Client, **fields: str) -> str:
    """What the page shows after a search, by way of the redirect that a plain form takes."""
    answer = client.post("/search", fields)
    assert answer.status_code == 303, answer.status_code
    assert answer["Location"] == "/search"
    return str(client.get("/search").content.decode())


def test_two_characters_find_a_ticket_and_the_address_says_nothing(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    assert ticket.number in found(desk, words="楼道")
    assert ticket.number not in found(desk, words="暖气")


def test_the_box_on_top_of_every_page_searches_too(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    assert ticket.number in found(desk, words=ticket.number)


def test_through_htmx_only_the_result_comes(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    answer: Any = desk.post("/search", {"words": "楼道"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert ticket.number in page
    assert "<html" not in page


def test_a_search_by_phone_is_masked_and_written_down(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    page = found(desk, phone="13900000001")
    assert ticket.number in page
    assert "139****0001" in page
    assert "冯小满" not in page
    entry = Entry.objects.get(act="look_up")
    assert (entry.by, entry.facts["what"]) == (cast.wang, "phone")


def test_coming_back_to_the_list_is_not_another_look(cast: Cast, desk: Client) -> None:
    cast.waiting()
    found(desk, name="冯小满")
    desk.get("/search")
    assert Entry.objects.filter(act="look_up").count() == 1


def test_a_search_for_words_is_nobodys_look(cast: Cast, desk: Client) -> None:
    cast.waiting()
    found(desk, words="楼道")
    assert not Entry.objects.filter(act="look_up").exists()


def test_words_that_may_be_a_name_are_looked_up_as_one_only_when_asked(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    page = found(desk, words="冯小满")
    assert ticket.number not in page
    assert "按来电人姓名“冯小满”查找" in page
    assert ticket.number in found(desk, name="冯小满")


def test_a_unit_finds_its_own_and_is_not_offered_callers(cast: Cast, client: Client) -> None:
    ticket = cast.dispatched()
    other = cast.waiting(phone="13900000002")
    client.force_login(cast.huang)
    page = found(client, words="楼道")
    assert ticket.number in page
    assert other.number not in page
    assert 'name="phone"' not in page
    assert "139****" not in page
    assert ticket.number not in found(client, phone="13900000001")
    assert not Entry.objects.filter(act="look_up").exists()


def test_the_administrator_searches_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    assert client.get("/search").status_code == 403


@pytest.mark.parametrize("day", ["2026-02-30", "gestern", "2026-13-01", "99999-01-01", "2026-3-1x", "<b>"])
def test_a_day_that_does_not_exist_is_refused_and_the_rest_stays(cast: Cast, desk: Client, day: str) -> None:
    answer: Any = desk.post("/search", {"words": "楼道", "since": day})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "没有这一天" in page
    assert 'value="楼道"' in page
    assert "<b>" not in page.split('id="s-since"')[1].split(">")[0]


def test_days_the_wrong_way_round_and_impossible_numbers_are_explained(cast: Cast, desk: Client) -> None:
    assert "开始日期晚于结束日期" in found(desk, since="2026-03-12", until="2026-03-11")
    assert "没有这样的电话号码" in found(desk, phone="999")
    assert "没有可查的字词" in found(desk, words="😀")


@pytest.mark.parametrize("field", ["state", "level", "kind"])
def test_codes_that_no_list_has_are_refused(cast: Cast, desk: Client, field: str) -> None:
    assert desk.post("/search", {field: "nonsense"}).status_code == 422


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "'; DROP TABLE x; --", '" OR "', "\x00楼道", "楼" * 200, "％＿＊"]
)
def test_nothing_typed_breaks_the_page(cast: Cast, desk: Client, words: str) -> None:
    cast.waiting()
    page = found(desk, words=words)
    assert "<script>alert" not in page


def test_the_next_page_repeats_the_question_by_post(cast: Cast, desk: Client) -> None:
    numbers = [cast.waiting(phone=f"139000001{n:02d}").number for n in range(22)]
    first = found(desk, words="楼道")
    second = found(desk, words="楼道", page="2")
    assert "共 22 件" in first
    assert sum(number in first for number in numbers) == 20
    assert sum(number in second for number in numbers) == 2
    assert all((number in first) != (number in second) for number in numbers)


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999", "1e9", "²"])
def test_a_page_that_does_not_exist_is_no_error(cast: Cast, desk: Client, page: str) -> None:
    cast.waiting()
    found(desk, words="楼道", page=page)


def test_what_was_asked_is_kept_sealed_and_gone_when_cleared(cast: Cast, desk: Client) -> None:
    cast.waiting()
    found(desk, name="冯小满")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT fields FROM records_draft")
        kept = str(cursor.fetchall())
    assert "冯小满" not in kept
    found(desk, clear="1")
    assert not Draft.objects.filter(key="search:last").exists()


def test_an_empty_search_says_what_will_appear(cast: Cast, desk: Client) -> None:
    cast.waiting()
    assert "符合条件的工单会列在这里" in found(desk)
