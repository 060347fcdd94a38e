"""What the clock does: one table. Each line may be done twice, or by two workers at once, without harm."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation

from fenzhen.board.daily import reader_of_lists
from fenzhen.board.people import Person
from fenzhen.board.standing import advice_waiting
from fenzhen.jobs import learning, queue, tasks
from fenzhen.office import alarms, automatic, city_drop, imports, papers, spotting, surge, teach, tidy, unseen
from fenzhen.papers.daily import daily_files


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


def _make_daily(by: Person, now: datetime) -> int:
    """The list of the day before, once every morning, through the chief's eyes and in the district's language."""
    day = papers.daily_due(by=by, now=now)
    reader = reader_of_lists(by)
    if day is None or reader is None:
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        return papers.file_daily(day, daily_files(reader, day, now), by=by, now=now)


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
    Line(
        "events", timedelta(seconds=1), lambda by, now: spotting.spot_arrivals(by=by, now=now), goes_on=True
    ),
    Line(
        "more than usual",
        timedelta(seconds=5),
        lambda by, now: surge.watch_surges(by=by, now=now),
        goes_on=True,
    ),
    Line(
        "unknown places",
        timedelta(seconds=30),
        lambda by, now: unseen.collect_names(by=by, now=now),
        goes_on=True,
    ),
    Line("advice left behind", timedelta(minutes=1), _catch_up_advice),
    Line("the daily list", timedelta(minutes=1), _make_daily),
    Line("finished tasks", timedelta(hours=1), lambda by, now: queue.forget_finished(now=now)),
    # what decided tickets teach: a little at a time, so that nobody waits for it
    Line("right units", timedelta(seconds=10), lambda by, now: teach.collect_truths(by=by, now=now)),
    Line("looking back", timedelta(seconds=3), lambda by, now: teach.look_back(by=by, now=now)),
    Line("promises", timedelta(minutes=1), lambda by, now: automatic.recertify(by=by, now=now)),
    Line("today's line", timedelta(minutes=1), lambda by, now: automatic.review_day(by=by, now=now)),
    Line("teaching", timedelta(minutes=10), lambda by, now: teach.teach_tonight(by=by, now=now)),
    Line("reckonings", timedelta(seconds=5), learning.start_reckoning),
    Line("old uploads", timedelta(hours=1), lambda by, now: imports.forget_uploads(by=by, now=now)),
    Line("leftovers", timedelta(hours=1), lambda by, now: tidy.throw_away_leftovers(by=by, now=now)),
)
