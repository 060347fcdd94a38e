"""Tickets that belong together, and people who call again and again."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.hotline.journey import OPEN, RESTING, WATCHING
from fenzhen.hotline.related import REPEATED, Advice, Called, Repeated, choices, repeated
from fenzhen.records.handling import Note
from fenzhen.records.links import TicketLink
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Calls about one matter are counted over so many days.
COUNTED_DAYS = 90
#: Notes that stand for a further call of the person (thanks are none).
CALLS = ("call", "urge", "more", "told")
#: Who hears of repeated callers; a unit never does.
_TOLD = roles.CHIEFS
_LIVE = [str(state) for state in OPEN | WATCHING]


@dataclass(frozen=True, slots=True)
class Linked:
    """A ticket that has to do with the one that is looked at. `is_later`: it came after it."""

    ticket: Ticket
    kind: str
    is_later: bool
    by: User
    at: datetime
    may_unlink: bool


@dataclass(frozen=True, slots=True)
class RepeatedSeen:
    """One person's matter with its calls; `ticket` is the newest ticket of it."""

    ticket: Ticket
    tickets: int
    calls: int
    last: datetime


def links_of(viewer: User, ticket: Ticket) -> list[Linked]:
    """The tickets linked to *ticket*, as far as the viewer may see them at all, the earliest first."""
    found: list[Linked] = []
    rows = (
        TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket))
        .select_related("ticket__lead_unit", "ticket__place", "other__lead_unit", "other__place", "by")
        .order_by("id")
    )
    seen = set(
        visible(viewer)
        .filter(pk__in=[pk for row in rows for pk in (row.ticket_id, row.other_id)])
        .values_list("pk", flat=True)
    )
    for row in rows:
        is_later = row.other_id == ticket.pk
        there = row.ticket if is_later else row.other
        if there.pk not in seen:
            continue
        may = viewer.role in roles.INTAKE and row.ticket.previous_id != row.other_id
        found.append(Linked(there, row.kind, is_later, row.by, row.at, may))
    return sorted(found, key=lambda one: (one.ticket.received_at, one.ticket.pk))


def urges_of(viewer: User, ticket: Ticket) -> list[Note]:
    """Who urged it and with which words, the newest first; nothing where the viewer may not see the ticket."""
    if not visible(viewer).filter(pk=ticket.pk).exists():
        return []
    return list(Note.objects.filter(ticket=ticket, kind="urge").select_related("by").order_by("-n"))


def choices_for(viewer: User, ticket: Ticket, *, same_person: bool) -> tuple[Advice, ...]:
    """What fits a further call about *ticket*, for those who take calls; the agent chooses."""
    if viewer.role not in roles.INTAKE:
        return ()
    return choices(same_person=same_person, is_open=ticket.state not in RESTING)


def ticket_numbered(viewer: User, number: str) -> Ticket | None:
    """The ticket with this number of ours, or of the city's, as far as the viewer may see it."""
    number = "".join(number.split())[:64]
    if not number:
        return None
    rows = visible(viewer)
    return rows.filter(number=number).first() or rows.filter(external_no=number).first()


def repeated_callers(viewer: User, now: datetime, least: int = REPEATED) -> list[RepeatedSeen]:
    """Matters that one person called about at least *least* times in `COUNTED_DAYS`, the most calls first.

    For the chiefs only: it says that something is not solved, it is no score of anybody.
    """
    found = _repeated(viewer, now, least)
    newest = Ticket.objects.select_related("town", "lead_unit").in_bulk([max(one.tickets) for one in found])
    return [
        RepeatedSeen(newest[max(one.tickets)], len(one.tickets), one.calls, one.last)
        for one in found
        if max(one.tickets) in newest
    ]


def repeated_tickets(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    """The newest ticket of each such matter, as long as one of its tickets is still open or it was called about
    within the last week."""
    lately = now - timedelta(days=7)
    found = _repeated(viewer, now, REPEATED)
    wanted = {ticket for one in found for ticket in one.tickets}
    live = set(visible(viewer).filter(pk__in=wanted, state__in=_LIVE).values_list("pk", flat=True))
    newest = [max(one.tickets) for one in found if one.last >= lately or live.intersection(one.tickets)]
    return visible(viewer).filter(pk__in=newest)


def _repeated(viewer: User, now: datetime, least: int) -> list[Repeated]:
    if viewer.role not in _TOLD:
        return []
    since = now - timedelta(days=COUNTED_DAYS)
    more: Counter[int] = Counter()
    last: dict[int, datetime] = {}
    for ticket, at in Note.objects.filter(
        kind__in=CALLS, at__gte=since, at__lte=now, ticket__is_history=False
    ).values_list("ticket_id", "at"):
        more[ticket] += 1
        last[ticket] = max(last.get(ticket, at), at)
    rows = (
        visible(viewer)
        .filter(is_history=False, received_at__lte=now)
        .exclude(state__in=["voided", "withdrawn"])
        .order_by()
    )
    fresh = rows.filter(received_at__gte=since)
    # Only these can be among them: called about again, one of a chain, or of somebody who called more than once.
    again = fresh.filter(caller__isnull=False).values("caller").annotate(n=Count("pk")).filter(n__gte=2)
    chained = fresh.filter(previous__isnull=False)
    found = rows.filter(
        Q(pk__in=list(more))
        | Q(pk__in=chained.values("pk"))
        | Q(pk__in=chained.values("previous"))
        | Q(pk__in=fresh.filter(caller__in=again.values("caller")).values("pk"))
    ).values_list("pk", "caller_id", "place_id", "category_id", "previous_id", "received_at")
    called = [
        Called(pk, caller, place, category, previous, 1 + more[pk], last.get(pk, received))
        for pk, caller, place, category, previous, received in found.iterator(chunk_size=5000)
    ]
    return repeated(called, least)
