"""Saved filters: kept under a name, pressed another day, dropped with a way back; and the filters of the search."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from fenzhen.board.filters import filters_of
from fenzhen.board.search import Wanted, all_found, tickets_found
from fenzhen.desk.filters import MOST
from fenzhen.desk.link import urge_again
from fenzhen.desk.request import Asked, ask_return
from fenzhen.records.drafts import Draft
from fenzhen.records.filters import SavedFilter
from tests.cast import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.wang)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_was_searched_for_is_kept_under_a_name_and_pressed_again(cast: Cast, desk: Client) -> None:
    ticket = cast.waiting()
    cast.waiting(title="路面塌陷", body="路面塌了一个坑。", phone="13900000002")
    desk.post("/search", {"words": "楼道灯", "level": str(ticket.level)})
    desk.post("/filters/save", {"filter_name": "  楼道  灯 "})
    kept = SavedFilter.objects.get()
    assert (kept.owner, kept.name, kept.page) == (cast.wang, "楼道 灯", "search")
    desk.post("/search", {"clear": "1"})
    answer = desk.post(f"/filters/{kept.pk}/use")
    assert answer["Location"] == "/search"
    page = text(desk.get("/search"))
    assert ticket.number in page and "共 1 件" in page
    assert 'value="楼道灯"' in page


def test_a_filter_is_sealed_and_nobody_elses(cast: Cast, desk: Client) -> None:
    from django.db import connection

    desk.post("/search", {"name": "冯小满"})
    desk.post("/filters/save", {"filter_name": "找人"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT fields FROM records_savedfilter")
        assert "冯小满" not in str(cursor.fetchall())
    kept = SavedFilter.objects.get()
    desk.force_login(cast.li)
    assert filters_of(cast.li, "search") == []
    assert desk.post(f"/filters/{kept.pk}/use").status_code == 404
    assert desk.post(f"/filters/{kept.pk}/drop").status_code == 404
    assert "找人" not in text(desk.get("/search"))


def test_a_name_is_needed_and_so_is_something_to_keep(cast: Cast, desk: Client) -> None:
    assert desk.post("/filters/save", {"filter_name": "空的"}).status_code == 422
    desk.post("/search", {"words": "楼道灯"})
    assert desk.post("/filters/save", {"filter_name": " "}).status_code == 422
    assert not SavedFilter.objects.exists()


def test_the_same_name_again_replaces_and_there_is_an_end_to_how_many(cast: Cast, desk: Client) -> None:
    desk.post("/search", {"words": "楼道灯"})
    for n in range(MOST):
        assert desk.post("/filters/save", {"filter_name": f"第{n}组"}).status_code == 303
    assert desk.post("/filters/save", {"filter_name": "再一组"}).status_code == 422
    desk.post("/search", {"words": "暖气"})
    assert desk.post("/filters/save", {"filter_name": "第0组"}).status_code == 303
    assert SavedFilter.objects.count() == MOST
    assert SavedFilter.objects.get(name="第0组").fields["words"] == "暖气"


def test_a_dropped_filter_comes_back_by_undo(cast: Cast, desk: Client) -> None:
    desk.post("/search", {"words": "楼道灯", "urged": "1"})
    desk.post("/filters/save", {"filter_name": "催过的"})
    kept = SavedFilter.objects.get()
    desk.post(f"/filters/{kept.pk}/drop")
    assert not SavedFilter.objects.exists()
    assert "/filters/restore" in text(desk.get("/search"))
    desk.post("/filters/restore")
    back = SavedFilter.objects.get()
    assert (back.name, back.fields) == ("催过的", {"words": "楼道灯", "urged": "1"})
    assert not Draft.objects.filter(key="filter:dropped").exists()


# what the search can narrow by ---------------------------------------------------------------------------


def found(cast: Cast, now: Any = None, **wanted: str) -> list[int]:
    return [hit.ticket.pk for hit in tickets_found(cast.wang, Wanted(**wanted), now=now).hits]  # type: ignore[arg-type]  # texts only


def test_urged_returned_watched_and_the_citys_day_narrow_the_result(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    plain = cast.dispatched(now=now - 4 * HOUR, city_deadline=now + timedelta(days=9))
    urged = cast.dispatched(now=now - 3 * HOUR, phone="13900000002")
    urge_again(urged, by=cast.zhang, now=now)
    back = cast.dispatched(now=now - 2 * HOUR, phone="13900000003")
    ask_return(
        cast.lead(back),
        by=cast.huang,
        now=now - HOUR,
        asked=Asked("not_our_duty", "不属本镇。", "权责清单第3条"),
    )
    due = cast.dispatched(now=now - HOUR, phone="13900000004", city_deadline=now - timedelta(minutes=1))
    assert found(cast, urged="1") == [urged.pk]
    assert found(cast, returned="1") == [back.pk]
    assert found(cast, city="today", now=now) == [due.pk]
    assert found(cast, watched="1") == []
    assert found(cast, urged="1", returned="1") == []
    assert len(found(cast, unit="T1")) == 4
    assert plain.pk in found(cast)
    page = text(desk.post("/search", {"urged": "1"}, headers={"HX-Request": "true"}))
    assert urged.number in page and plain.number not in page


def test_the_new_filters_never_show_a_unit_what_is_not_its_own(cast: Cast) -> None:
    now = timezone.now()
    ticket = cast.dispatched(now=now - HOUR, city_deadline=now)
    urge_again(ticket, by=cast.zhang, now=now)
    for wanted in (Wanted(urged="1"), Wanted(city="today")):
        assert [h.ticket.pk for h in tickets_found(cast.huang, wanted, now=now).hits] == [ticket.pk]
        assert tickets_found(cast.bai, wanted, now=now).hits == []
        assert all_found(cast.bai, wanted, 100, now=now).hits == []


def test_a_city_day_that_no_list_has_is_refused(desk: Client) -> None:
    assert desk.post("/search", {"city": "yesterday"}).status_code == 422
