"""Clocks that can be replayed: what was due when follows from the journal and the tables, from nothing else.

A clock starts, stops, pauses and goes on where a row of `journey` says so. Pausing moves the deadline by
the time that was waited; a paused clock does not run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fenzhen.hotline.calendar import WorkingCalendar
from fenzhen.hotline.journey import Clock, row_of
from fenzhen.hotline.levels import DEFAULT, LevelLimits, Limit, TimeUnit


class Colour(StrEnum):
    """How near a deadline is."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class ClockRules:
    """Everything a clock needs to know of a district."""

    levels: Mapping[int, LevelLimits]
    calendar: WorkingCalendar
    margin: float = 0.2
    """Share of the city's time that the district keeps for itself (own deadline is earlier by it)."""
    triage_minutes: int = 30
    callback: Limit = Limit(1, TimeUnit.WORKING_DAY)
    callback_level_1: Limit = Limit(1, TimeUnit.HOUR)
    consultation: Limit = Limit(4, TimeUnit.HOUR)
    soon: float = 0.25
    """A clock turns yellow when less than this share of its time is left."""

    @classmethod
    def default(cls, calendar: WorkingCalendar | None = None) -> "ClockRules":
        """Beijing's four levels on the plain week."""
        return cls(DEFAULT, calendar or WorkingCalendar())


@dataclass(frozen=True, slots=True)
class Tick:
    """One act as a clock sees it: when, which table, whose (ticket or assignment id), what, at which level.

    `city_received` and `city_deadline` are the city's own times where the city sent the ticket.
    """

    at: datetime
    table: str
    subject: str
    act: str
    level: int
    city_received: datetime | None = None
    city_deadline: datetime | None = None
    until: datetime | None = None
    """The new end that an act such as an extension gives a clock."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One clock: running since, due when, paused since, stopped when."""

    clock: Clock
    subject: str
    started: datetime
    due: datetime
    paused: datetime | None = None
    stopped: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.stopped is None and self.paused is None

    def is_late(self, now: datetime) -> bool:
        """Past due: now if it still runs, at its stop if it has stopped. A paused clock is not late."""
        moment = self.stopped or self.paused or now
        return moment > self.due

    def colour(self, now: datetime, soon: float = 0.25) -> Colour:
        """Green, yellow in the last *soon* share of the time, red once late."""
        return colour(self.started, self.due, self.stopped or self.paused or now, soon)


def colour(started: datetime, due: datetime, moment: datetime, soon: float = 0.25) -> Colour:
    """The colour of a clock that runs from *started* to *due*, looked at in *moment*."""
    if moment > due:
        return Colour.RED
    if (due - moment) < (due - started) * soon:
        return Colour.YELLOW
    return Colour.GREEN


def due(
    clock: Clock,
    start: datetime,
    level: int,
    rules: ClockRules,
    *,
    city_received: datetime | None = None,
    city_deadline: datetime | None = None,
) -> datetime:
    """When a clock that starts at *start* is due.

    The handling clock ends with the level's limit, or earlier where the city's own deadline less the
    district's margin comes first; never before *start*, so that a ticket that arrives late is red at once
    instead of having a deadline before its own beginning. Raises KeyError for an unknown level.
    """
    limits = rules.levels[level]
    if clock is Clock.TRIAGE:
        return start + timedelta(minutes=min(rules.triage_minutes, limits.sign_minutes))
    if clock is Clock.SIGN:
        return start + timedelta(minutes=limits.sign_minutes)
    if clock is Clock.CALLBACK:
        return (rules.callback_level_1 if level == 1 else rules.callback).after(start, rules.calendar)
    if clock is Clock.CONSULTATION:
        return rules.consultation.after(start, rules.calendar)
    own = limits.handling.after(start, rules.calendar)
    if city_deadline is not None:
        since = city_received or start
        kept = city_deadline - (city_deadline - since) * rules.margin
        own = max(min(own, kept), start)
    return own


def due_after_change(
    end: datetime,
    level_end: datetime,
    since: datetime,
    before: datetime | None,
    after: datetime,
    rules: ClockRules,
) -> datetime:
    """Where a handling clock ends once the city has moved its own deadline from *before* to *after*.

    *end* is its present end, *level_end* what its level alone would give, *since* when the city received the
    order. An earlier date always counts, less the district's margin. A later one moves only a clock that the
    city's date had bound: where the level was stricter, it stays so. What the desk has already granted beyond
    the new date stays granted as long as it lies within it.
    """
    kept = after - (after - since) * rules.margin
    if before is not None and after > before:
        was_bound = before - (before - since) * rules.margin <= level_end
        return max(end, kept) if was_bound else end
    return min(end, kept)


def replay(ticks: Iterable[Tick], rules: ClockRules) -> dict[tuple[Clock, str], Reading]:
    """All clocks of one ticket and its assignments after *ticks*, which must be in order of time.

    The key is (clock, subject); a clock that starts again replaces its earlier reading.
    """
    readings: dict[tuple[Clock, str], Reading] = {}
    for tick in ticks:
        row = row_of(tick.table, tick.act)
        for clock in row.starts:
            readings[clock, tick.subject] = Reading(
                clock,
                tick.subject,
                tick.at,
                due(
                    clock,
                    tick.at,
                    tick.level,
                    rules,
                    city_received=tick.city_received,
                    city_deadline=tick.city_deadline,
                ),
            )
        for clock in row.pauses:
            reading = readings.get((clock, tick.subject))
            if reading and reading.is_running:
                readings[clock, tick.subject] = replace(reading, paused=tick.at)
        for clock in row.resumes:
            reading = readings.get((clock, tick.subject))
            if reading:
                readings[clock, tick.subject] = _resumed(reading, tick.at)
        for clock in row.sets:
            reading = readings.get((clock, tick.subject))
            if reading and tick.until is not None:
                readings[clock, tick.subject] = replace(reading, due=tick.until)
        for clock in row.stops:
            reading = readings.get((clock, tick.subject))
            if reading and reading.stopped is None:
                readings[clock, tick.subject] = replace(reading, stopped=tick.at)
    return readings


def _resumed(reading: Reading, at: datetime) -> Reading:
    """A paused clock's deadline moves by what was waited; one that was stopped (a reply that review sent
    back) simply runs on: the time the desk took to look is the desk's, so it moves the deadline too."""
    since = reading.paused or reading.stopped
    if since is None:
        return reading
    return replace(reading, due=reading.due + (at - since), paused=None, stopped=None)
