"""Asking the adviser about tickets that wait at the desk, and keeping what it says with them."""

import logging
from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.db.models import Exists, OuterRef

from fenzhen.board.advice import advice_on
from fenzhen.desk.step import MovedMeanwhile
from fenzhen.desk.triage import record_advice
from fenzhen.records.advice import Advice
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

log = logging.getLogger("fenzhen.office")


def advise_ticket(pk: int, *, by: User, now: datetime) -> bool:
    """Advice for one ticket, if it still waits for a dispatch; False where it does not."""
    ticket = Ticket.objects.select_related("place").filter(pk=pk, state="pending_dispatch").first()
    if ticket is None:
        return False
    view = advice_on(by, ticket, now)
    try:
        record_advice(ticket, by=by, now=now, advice=view.as_record())
    except MovedMeanwhile:
        return False  # somebody dispatched it while the adviser was thinking
    return True


def advise_waiting(*, by: User, now: datetime, limit: int = 40) -> int:
    """Advice for up to *limit* waiting tickets that have none, the most urgent first; returns how many got it.
    Each is kept by itself, so that stopping half-way loses nothing and one that fails stops nobody else."""
    waiting = (
        Ticket.objects.filter(state="pending_dispatch")
        .exclude(Exists(Advice.objects.filter(ticket=OuterRef("pk"))))
        .order_by("level", "triage_due", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    done = 0
    for pk in list(waiting):
        try:
            advise_ticket(pk, by=by, now=now)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:
            log.exception("no advice for ticket %s", pk)
        else:
            done += 1
    return done
