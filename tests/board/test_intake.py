"""What the agent is shown while somebody is on the line."""

from datetime import timedelta

import pytest

from fenzhen.board.intake import (
    callers_matching,
    history_of,
    of_the_same_caller,
    place_chosen,
    places_suggested,
    tickets_asked_back,
)
from fenzhen.desk.callback import close_ticket
from fenzhen.desk.triage import ask_back
from fenzhen.records.places import Place
from tests.cast import Cast

PHONE = "13900000001"


def test_the_open_tickets_of_a_number_come_first_and_its_callers_are_masked(cast: Cast) -> None:
    done = cast.to_call_back()
    close_ticket(done, by=cast.sun, now=cast.now + timedelta(hours=8), said=cast.said())
    still = cast.waiting(cast.now - timedelta(days=3), name="冯小满")
    newest_done = cast.to_call_back(cast.now + timedelta(days=1))
    close_ticket(newest_done, by=cast.sun, now=cast.now + timedelta(days=2), said=cast.said())
    history = history_of(cast.zhang, PHONE, cast.now + timedelta(days=2))
    assert history is not None
    assert [(p.ticket.pk, p.is_open) for p in history.tickets] == [
        (still.pk, True),
        (newest_done.pk, False),
        (done.pk, False),
    ]
    assert (history.open_count, history.total, history.lately) == (1, 3, 3)
    assert [c.name for c in history.callers] == ["冯**"]
    assert history.phone == "139****0001"


def test_a_number_written_another_way_is_the_same_number(cast: Cast) -> None:
    cast.waiting()
    for way in ("139-0000-0001", "+86 139 0000 0001", "１３９００００ ０００１", "13900000001 "):
        history = history_of(cast.zhang, way, cast.now)
        assert history is not None, way
        assert history.total == 1


@pytest.mark.parametrize(
    "typed", ["", "1", "1390000", "999", "110", "0" * 30, "一三九", "13900000001\x00;--"]
)
def test_while_the_number_is_not_whole_nothing_is_shown(cast: Cast, typed: str) -> None:
    cast.waiting()
    assert history_of(cast.zhang, typed, cast.now) is None
    assert callers_matching(cast.zhang, typed) == []


def test_whoever_takes_no_calls_learns_nothing_from_a_number(cast: Cast) -> None:
    cast.dispatched()
    for viewer in (cast.huang, cast.leader, cast.zhao, cast.admin):
        assert history_of(viewer, PHONE, cast.now) is None
        assert callers_matching(viewer, PHONE) == []
        assert of_the_same_caller(viewer, PHONE, [1]) == set()


def test_what_the_last_call_back_heard_is_told_to_the_next_agent(cast: Cast) -> None:
    ticket = cast.to_call_back()
    said = cast.said(emotion="angry", risk="self_harm", vulnerable=["elder"])
    close_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=8), said=said)
    history = history_of(cast.zhang, PHONE, cast.now + timedelta(days=1))
    assert history is not None
    assert (history.emotion, history.risks, history.vulnerable) == ("angry", ["self_harm"], ["elder"])


def test_tickets_of_the_same_caller_are_told_from_others(cast: Cast) -> None:
    mine, other = cast.waiting(), cast.waiting(phone="13900000002")
    assert of_the_same_caller(cast.zhang, PHONE, [mine.pk, other.pk]) == {mine.pk}


def test_what_the_desk_asked_back_is_listed_with_its_question_own_tickets_first(cast: Cast) -> None:
    theirs, mine = cast.waiting(), cast.waiting(phone="13900000002")
    type(theirs).objects.filter(pk=theirs.pk).update(received_by=cast.xu)
    ask_back(theirs, by=cast.wang, now=cast.now + timedelta(minutes=1), text="哪个小区?")
    ask_back(mine, by=cast.wang, now=cast.now + timedelta(minutes=2), text="几号楼?电话13912345678")
    waiting = tickets_asked_back(cast.zhang)
    assert [(w.ticket.pk, w.is_mine) for w in waiting] == [(mine.pk, True), (theirs.pk, False)]
    assert waiting[0].asked == "几号楼?电话〔电话1〕"
    assert waiting[0].caller.phone == "139****0002"
    assert tickets_asked_back(cast.huang) == []


@pytest.mark.parametrize("typed", ["清荷", "荷苑", "qinghe", "qhy", "QHY", "ｑｈｙ"])
def test_two_characters_or_pinyin_suggest_a_place(cast: Cast, typed: str) -> None:
    assert [p.code for p in places_suggested(cast.zhang, typed)][:1] == ["E1"]


def test_words_that_hold_a_name_suggest_it_and_stay(cast: Cast) -> None:
    first = places_suggested(cast.zhang, "清荷苑3号楼二单元")[0]
    assert (first.code, first.within, first.town) == ("E1", True, "柳河镇")


@pytest.mark.parametrize("typed", ["", "清", "q", "没有的地方", "zzzz", "%%", "'; DROP TABLE", "😀😀"])
def test_nothing_is_suggested_for_what_is_no_place(cast: Cast, typed: str) -> None:
    assert places_suggested(cast.zhang, typed) == []


def test_a_new_place_is_suggested_without_a_restart(cast: Cast) -> None:
    assert places_suggested(cast.zhang, "晨光") == []
    Place.objects.create(code="E9", name="晨光家园", kind="estate", parent="990000001", town="990000001")
    assert [p.code for p in places_suggested(cast.zhang, "cgjy")] == ["E9"]


def test_a_chosen_place_that_was_typed_over_is_not_kept(cast: Cast) -> None:
    assert place_chosen(cast.zhang, "E1", "清荷苑3号楼") == cast.estate
    assert place_chosen(cast.zhang, "E1", "松山镇政府门口") is None
    assert place_chosen(cast.zhang, "nowhere", "清荷苑") is None
