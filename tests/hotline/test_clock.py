"""Deadlines, colours, pauses: from the limits and the calendar, and from nothing else."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenzhen.hotline.clock import ClockRules, Colour, Tick, colour, due, replay
from fenzhen.hotline.journey import Clock
from fenzhen.hotline.levels import DEFAULT, LevelLimits, Limit, TimeUnit

RULES = ClockRules.default()
START = datetime(2026, 3, 11, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("level", "limit"),
    [(1, timedelta(hours=2)), (2, timedelta(hours=24)), (3, timedelta(days=7)), (4, timedelta(days=15))],
)
def test_the_four_levels(level: int, limit: timedelta) -> None:
    assert due(Clock.HANDLING, START, level, RULES) == START + limit


def test_a_district_may_count_working_days() -> None:
    rules = ClockRules(
        {**DEFAULT, 3: LevelLimits(3, Limit(5, TimeUnit.WORKING_DAY), 120, 24)}, RULES.calendar
    )
    assert due(Clock.HANDLING, START, 3, rules) == datetime(2026, 3, 18, 17, 30, tzinfo=START.tzinfo)


def test_ours_is_earlier_than_the_citys_by_the_margin() -> None:
    city = START + timedelta(hours=10)
    assert due(Clock.HANDLING, START, 3, RULES, city_received=START, city_deadline=city) == START + timedelta(
        hours=8
    )


def test_a_ticket_that_comes_too_late_from_the_city_is_due_at_once_and_not_before_its_beginning() -> None:
    late = due(
        Clock.HANDLING,
        START,
        2,
        RULES,
        city_received=START - timedelta(days=3),
        city_deadline=START - timedelta(hours=1),
    )
    assert late == START
    assert colour(START, late, START + timedelta(seconds=1)) is Colour.RED


def test_colours() -> None:
    end = START + timedelta(hours=4)
    assert colour(START, end, START + timedelta(hours=2)) is Colour.GREEN
    assert colour(START, end, START + timedelta(hours=3, minutes=1)) is Colour.YELLOW
    assert colour(START, end, end + timedelta(seconds=1)) is Colour.RED


def ticks(*acts: tuple[int, str, str]) -> list[Tick]:
    return [Tick(START + timedelta(minutes=m), table, "x", act, 2) for m, table, act in acts]


def test_a_paused_clock_does_not_run_and_moves_by_what_was_waited() -> None:
    story = ticks(
        (0, "assignment", "dispatch"),
        (10, "assignment", "sign"),
        (60, "assignment", "wait"),
        (360, "assignment", "resume"),
    )
    waiting = replay(story[:3], RULES)[Clock.HANDLING, "x"]
    assert not waiting.is_running
    assert not waiting.is_late(START + timedelta(days=9))
    again = replay(story, RULES)[Clock.HANDLING, "x"]
    assert again.due == START + timedelta(hours=24 + 5)


def test_a_signature_stops_the_sign_clock_and_lateness_stays_readable_afterwards() -> None:
    reading = replay(ticks((0, "assignment", "dispatch"), (45, "assignment", "sign")), RULES)[Clock.SIGN, "x"]
    assert reading.stopped == START + timedelta(minutes=45)
    assert reading.is_late(START + timedelta(days=1))


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=0, max_size=6))
def test_however_often_it_waits_the_working_time_is_the_same(waits: list[tuple[int, int]]) -> None:
    story, minute = [(0, "assignment", "dispatch"), (0, "assignment", "sign")], 0
    total = 0
    for work, wait in waits:
        minute += work
        story.append((minute, "assignment", "wait"))
        minute += wait
        total += wait
        story.append((minute, "assignment", "resume"))
    reading = replay(ticks(*story), RULES)[Clock.HANDLING, "x"]
    assert reading.due == START + timedelta(hours=24, minutes=total)
