"""Repeat and related calls: the act that fits, and who has called three times about one matter."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fenzhen.hotline.related import Because, Called, Fitting, choices, fitting, repeated, urge_reason

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("same_person", "is_open", "new_fact", "act", "because"),
    [
        (True, True, False, Fitting.URGE, Because.STILL_OPEN),
        (True, True, True, Fitting.ADD, Because.OPEN_AND_NEW),
        (True, False, False, Fitting.TELL, Because.CLOSED_NOTHING_NEW),
        (True, False, True, Fitting.FOLLOW, Because.CLOSED_BUT_NEW),
        (False, True, False, Fitting.LINK, Because.SOMEBODY_ELSE),
        (False, True, True, Fitting.LINK, Because.SOMEBODY_ELSE),
        (False, False, False, Fitting.LINK, Because.SOMEBODY_ELSE),
        (False, False, True, Fitting.LINK, Because.SOMEBODY_ELSE),
    ],
)
def test_every_case_has_one_fitting_act(
    same_person: bool, is_open: bool, new_fact: bool, act: Fitting, because: Because
) -> None:
    advice = fitting(same_person=same_person, is_open=is_open, new_fact=new_fact)
    assert (advice.act, advice.because) == (act, because)


def test_another_person_is_never_joined_into_somebody_elses_ticket() -> None:
    for is_open in (True, False):
        assert [one.act for one in choices(same_person=False, is_open=is_open)] == [Fitting.LINK]


def test_the_agent_is_asked_for_a_new_fact_only_where_it_matters() -> None:
    assert [one.act for one in choices(same_person=True, is_open=False)] == [Fitting.TELL, Fitting.FOLLOW]
    assert [one.act for one in choices(same_person=True, is_open=True)] == [Fitting.URGE, Fitting.ADD]


def test_the_third_urge_is_called_repeated() -> None:
    assert [urge_reason(n) for n in range(4)] == ["caller", "caller", "repeat", "repeat"]


def called(ticket: int, **more: object) -> Called:
    base: dict[str, object] = {
        "caller": "feng",
        "place": "E1",
        "category": "010101",
        "previous": None,
        "calls": 1,
        "last": NOON + timedelta(minutes=ticket),
    }
    return Called(ticket, **(base | more))  # type: ignore[arg-type]  # the fields of Called


def test_three_calls_on_one_ticket_are_repeated_and_two_are_not() -> None:
    assert [one.tickets for one in repeated([called(1, calls=3), called(2, caller="wu", calls=2)])] == [(1,)]


def test_follow_up_tickets_are_one_matter_even_where_the_category_changed() -> None:
    found = repeated(
        [called(1), called(2, previous=1, category="020202"), called(3, previous=2, place=None)], least=3
    )
    assert [(one.tickets, one.calls) for one in found] == [((1, 2, 3), 3)]
    assert found[0].last == NOON + timedelta(minutes=3)


def test_the_same_person_place_and_category_are_one_matter_without_being_linked() -> None:
    assert [one.tickets for one in repeated([called(1), called(5), called(9)])] == [(1, 5, 9)]


def test_three_neighbours_are_three_people() -> None:
    assert repeated([called(1, caller="a"), called(2, caller="b"), called(3, caller="c")]) == []


def test_what_is_unknown_joins_nothing() -> None:
    assert repeated([called(n, caller=None) for n in range(5)]) == []
    assert repeated([called(n, category=None) for n in range(5)]) == []


def test_the_most_calls_come_first() -> None:
    found = repeated([called(1, calls=3), called(2, place="E2", calls=5)])
    assert [one.tickets for one in found] == [(2,), (1,)]


def test_an_earlier_ticket_that_is_out_of_sight_breaks_nothing() -> None:
    assert repeated([called(7, previous=3, calls=4)])[0].tickets == (7,)
