"""What the clock does: one table. Each line may be done twice, or by two workers at once, without harm."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fenzhen.board.people import Person
from fenzhen.board.standing import advice_waiting
from fenzhen.jobs import queue, tasks
from fenzhen.office import alarms, city_drop, imports, tidy


@dataclass(frozen=True, slots=True)
class Line:
    """*do* is done every so often. Where *goes_on*, what it returns is work done, and there may be more at once."""

    name: str
    every: timedelta
    do: Callable[[Person, datetime], object]
    goes_on: bool = False


def _catch_up_advice(by: Person, now: datetime) -> int:
    """Tickets that wait without advice although nothing is queued for them (lists loaded late, a task lost)."""
    if not advice_waiting(by, since=now - timedelta(minutes=1)):
        return 0
    name = f"clock>advise_waiting:{now:%Y%m%d%H%M}"
    return queue.put([queue.Order(name, tasks.advise_waiting, (0, 0), alone=True)])


TIMETABLE: tuple[Line, ...] = (
    Line(
        "confirmed uploads", timedelta(0), lambda by, now: imports.work_imports(by=by, now=now), goes_on=True
    ),
    Line("triage overdue", timedelta(seconds=15), lambda by, now: alarms.tell_triage_overdue(by=by, now=now)),
    Line("sign overdue", timedelta(seconds=15), lambda by, now: alarms.tell_sign_overdue(by=by, now=now)),
    Line(
        "call-backs overdue",
        timedelta(minutes=1),
        lambda by, now: alarms.tell_callbacks_overdue(by=by, now=now),
    ),
    Line("appointments", timedelta(seconds=30), lambda by, now: alarms.tell_appointments(by=by, now=now)),
    Line("the city's files", timedelta(seconds=2), lambda by, now: city_drop.take_dropped(by=by, now=now)),
    Line("old city files", timedelta(hours=1), lambda by, now: city_drop.forget_dropped(by=by, now=now)),
    Line("advice left behind", timedelta(minutes=1), _catch_up_advice),
    Line("finished tasks", timedelta(hours=1), lambda by, now: queue.forget_finished(now=now)),
    Line("old uploads", timedelta(hours=1), lambda by, now: imports.forget_uploads(by=by, now=now)),
    Line("leftovers", timedelta(hours=1), lambda by, now: tidy.throw_away_leftovers(by=by, now=now)),
)
