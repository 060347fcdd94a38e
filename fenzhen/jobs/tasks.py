"""What follows from something that happened, one function each. Arguments are ids and positions only.

Every one may run twice: the worker that ran it may have died before it could say so.
"""

from django.utils import timezone
from django_tasks import task

from fenzhen.board import standing
from fenzhen.jobs import queue
from fenzhen.office import advise, alarms, automatic, city_words
from fenzhen.office.accounts import system_account

#: People are told before the adviser goes on thinking.
URGENT = 50
SOON = 0
LATER = -10
#: So many at a time: about a second's work, so that whoever must be told does not wait behind an import.
ADVISED_AT_ONCE = 40


@task(priority=SOON)
def advise_ticket(ticket: int, position: int) -> bool:
    """Advice for one ticket that has come to the desk."""
    return advise.advise_ticket(ticket, by=system_account(), now=timezone.now())


@task(priority=LATER)
def advise_waiting(ticket: int, position: int) -> int:
    """Advice for waiting tickets that have none, after an import; goes on until none is left."""
    done = advise.advise_waiting(by=system_account(), now=timezone.now(), limit=ADVISED_AT_ONCE)
    if done and standing.advice_waiting(system_account()) and not queue.is_waiting(advise_waiting):
        advise_waiting.enqueue(ticket, position)
    return done


@task(priority=SOON)
def consider_ticket(ticket: int, position: int) -> bool:
    """It has its advice: it goes by itself where it may."""
    return automatic.consider_ticket(ticket, by=system_account(), now=timezone.now())


@task(priority=LATER)
def consider_waiting(ticket: int, position: int) -> int:
    """The same after an import."""
    return automatic.consider_waiting(by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_dispatched(ticket: int, position: int) -> int:
    """See `alarms.tell_dispatched`; likewise the others."""
    return alarms.tell_dispatched(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_rehandled(ticket: int, position: int) -> int:
    return alarms.tell_rehandled(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_sent_back(ticket: int, position: int) -> int:
    return alarms.tell_sent_back(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_asked_back(ticket: int, position: int) -> int:
    return alarms.tell_asked_back(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_taken_back(ticket: int, position: int) -> int:
    return alarms.tell_taken_back(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_call_joined(ticket: int, position: int) -> int:
    return alarms.tell_call_joined(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_urged(ticket: int, position: int) -> int:
    return alarms.tell_urged(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_void_asked(ticket: int, position: int) -> int:
    return alarms.tell_void_asked(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_request_asked(ticket: int, position: int) -> int:
    return alarms.tell_request_asked(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_request_decided(ticket: int, position: int) -> int:
    return alarms.tell_request_decided(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_passed_on(ticket: int, position: int) -> int:
    return alarms.tell_passed_on(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_errand_finished(ticket: int, position: int) -> int:
    return alarms.tell_errand_finished(position, by=system_account(), now=timezone.now())


@task(priority=SOON)
def owe_result(ticket: int, position: int) -> bool:
    """The city must be told what became of its order; likewise once and no more."""
    return city_words.owe_result(position, by=system_account(), now=timezone.now()) is not None


@task(priority=SOON)
def drop_result(ticket: int, position: int) -> int:
    """An order goes on that had ended: what the city was not told yet is no result any more."""
    return city_words.drop_result(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_city_changed(ticket: int, position: int) -> int:
    return alarms.tell_city_changed(position, by=system_account(), now=timezone.now())


@task(priority=URGENT)
def tell_withdrawn(ticket: int, position: int) -> int:
    return alarms.tell_withdrawn(position, by=system_account(), now=timezone.now())
