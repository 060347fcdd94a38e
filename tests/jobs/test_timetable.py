"""The clock's alarms: for what is late, for those who can do something about it, once a clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fenzhen.desk.callback import miss_call
from fenzhen.desk.dispatch import take_back
from fenzhen.jobs.timetable import TIMETABLE
from fenzhen.jobs.worker import Worker
from fenzhen.office import alarms
from fenzhen.office.tidy import DRAFTS_KEPT, throw_away_leftovers
from fenzhen.records.drafts import Draft
from fenzhen.records.notices import Notice
from fenzhen.records.once import OnceToken
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import MORNING, Cast


@pytest.fixture
def system(db: None) -> User:
    return User.objects.system()


def told(kind: str) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("person__username", flat=True))


def test_an_urgent_ticket_that_waits_too_long_alarms_the_dispatchers_once(cast: Cast, system: User) -> None:
    ticket = cast.waiting(level=1)
    assert ticket.triage_due is not None
    alarms.tell_triage_overdue(by=system, now=ticket.triage_due - timedelta(seconds=1))
    assert told("late_triage") == []
    for minutes in (1, 2, 90):
        alarms.tell_triage_overdue(by=system, now=ticket.triage_due + timedelta(minutes=minutes))
    assert told("late_triage") == ["li", "wang"]
    assert Notice.objects.filter(is_urgent=True).count() == 2


def test_a_new_clock_is_a_new_alarm(cast: Cast, system: User) -> None:
    ticket = cast.waiting(level=2)
    late = MORNING + timedelta(hours=2)
    alarms.tell_triage_overdue(by=system, now=late)
    from fenzhen.desk.dispatch import dispatch_ticket

    dispatch_ticket(ticket, by=cast.wang, now=late, lead=cast.liuhe)
    take_back(ticket, by=cast.wang, now=late + timedelta(minutes=1))
    alarms.tell_triage_overdue(by=system, now=late + timedelta(minutes=2))
    assert len(told("late_triage")) == 2
    alarms.tell_triage_overdue(by=system, now=late + timedelta(hours=3))
    assert len(told("late_triage")) == 4


def test_ordinary_tickets_raise_no_alarm(cast: Cast, system: User) -> None:
    cast.waiting(level=3)
    alarms.tell_triage_overdue(by=system, now=MORNING + timedelta(days=3))
    assert told("late_triage") == []


def test_a_heap_of_late_tickets_does_not_fill_the_top_of_the_page(cast: Cast, system: User) -> None:
    for n in range(alarms.MOST_ON_TOP + 3):
        cast.waiting(level=2, title=f"停水{n}")
    alarms.tell_triage_overdue(by=system, now=MORNING + timedelta(hours=3))
    mine = Notice.objects.filter(person=cast.wang)
    assert (
        mine.count() == alarms.MOST_ON_TOP + 3 and mine.filter(is_urgent=True).count() == alarms.MOST_ON_TOP
    )


def test_an_unsigned_urgent_assignment_alarms_the_desk_and_the_chief_once_each_unit(
    cast: Cast, system: User
) -> None:
    cast.dispatched(level=1)
    for minutes in (10, 30, 60):
        alarms.tell_sign_overdue(by=system, now=MORNING + timedelta(minutes=minutes))
    assert told("late_sign") == sorted(["wang", "li", "chen"] * 2)  # the lead's and the assisting unit's


def test_a_late_call_back_is_told_to_those_who_phone(cast: Cast, system: User) -> None:
    ordinary = cast.to_call_back(phone="13900000009")
    ticket = cast.to_call_back(level=2)
    assert ticket.callback_due is not None and ordinary.callback_due is not None
    alarms.tell_callbacks_overdue(by=system, now=ticket.callback_due - timedelta(minutes=1))
    assert told("late_callback") == []
    for hours in (1, 5):
        alarms.tell_callbacks_overdue(by=system, now=ticket.callback_due + timedelta(hours=hours))
    assert told("late_callback") == ["sun"]  # of the pressing one, once; the ordinary one stands on the list


def test_an_agreed_time_is_told_when_it_has_come_and_again_for_another_one(cast: Cast, system: User) -> None:
    ticket = cast.to_call_back()
    at = MORNING + timedelta(hours=8)
    miss_call(ticket, by=cast.sun, now=MORNING + timedelta(hours=7), outcome="appointment", next_try_at=at)
    alarms.tell_appointments(by=system, now=at - timedelta(minutes=1))
    assert told("appointment") == []
    alarms.tell_appointments(by=system, now=at)
    alarms.tell_appointments(by=system, now=at + timedelta(minutes=5))
    assert told("appointment") == ["sun"]
    later = at + timedelta(days=1)
    miss_call(ticket, by=cast.sun, now=at + timedelta(minutes=6), outcome="appointment", next_try_at=later)
    alarms.tell_appointments(by=system, now=later)
    assert told("appointment") == ["sun", "sun"]


def test_tickets_of_the_past_raise_no_alarm(cast: Cast, system: User) -> None:
    cast.waiting(level=1)
    cast.dispatched(level=1)
    cast.to_call_back(level=1)
    Ticket.objects.update(is_history=True)
    now = MORNING + timedelta(days=9)
    for alarm in (
        alarms.tell_triage_overdue,
        alarms.tell_sign_overdue,
        alarms.tell_callbacks_overdue,
        alarms.tell_appointments,
    ):
        alarm(by=system, now=now)
    assert not Notice.objects.exists()


def test_leftovers_go_and_what_is_in_use_stays(cast: Cast, system: User) -> None:
    now = timezone.now()
    for age, key in ((DRAFTS_KEPT + timedelta(days=1), "intake:old"), (timedelta(days=1), "intake:new")):
        Draft.objects.create(owner=cast.wang, key=key, fields={}, updated_at=now - age)
        OnceToken.objects.create(owner=cast.wang, token=key, at=now - age * 2)
    throw_away_leftovers(by=system, now=now)
    assert list(Draft.objects.values_list("key", flat=True)) == ["intake:new"]
    assert not OnceToken.objects.filter(token="intake:old").exists()


def test_each_line_of_the_timetable_is_kept_at_its_own_pace(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fenzhen.jobs.timetable import Line

    done: list[str] = []
    lines = (
        Line("quick", timedelta(seconds=10), lambda by, now: done.append("quick")),
        Line("slow", timedelta(minutes=1), lambda by, now: done.append("slow")),
        Line("broken", timedelta(minutes=1), lambda by, now: 1 // 0),
        Line("last", timedelta(minutes=1), lambda by, now: done.append("last")),
    )
    worker = Worker(lines)
    for seconds in (0, 5, 10, 20, 61):
        worker.keep_time(MORNING + timedelta(seconds=seconds))
    assert done.count("quick") == 4 and done.count("slow") == 2 and done.count("last") == 2


def test_every_line_of_the_real_timetable_runs_on_an_empty_database(system: User) -> None:
    for line in TIMETABLE:
        line.do(system, timezone.now())


def test_advice_that_was_left_behind_is_caught_up(cast: Cast) -> None:
    from fenzhen.jobs.reactions import READER
    from fenzhen.office.seal import skip_to_head
    from fenzhen.records.advice import Advice

    worker = Worker()
    ticket = cast.waiting(now=timezone.now() - timedelta(minutes=5))
    skip_to_head(READER, by=worker.system, now=timezone.now())  # nobody will react to it
    while worker.look():
        pass
    assert Advice.objects.filter(ticket=ticket).exists()
