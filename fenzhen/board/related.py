"""Tickets that belong together, and people who call again and again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Window

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
    """The matters, as `hotline.related.repeated` counts them. The database picks out the tickets that can be part
    of one: called about again, one of a chain, or one of several of the same person about the same category at
    the same place."""
    if viewer.role not in _TOLD:
        return []
    since = now - timedelta(days=COUNTED_DAYS)
    noted = Note.objects.filter(kind__in=CALLS, at__gte=since, at__lte=now, ticket__is_history=False)
    again = {
        ticket: (calls, last)
        for ticket, calls, last in noted.order_by()
        .values("ticket")
        .annotate(calls=Count("pk"), last=Max("at"))
        .values_list("ticket", "calls", "last")
    }
    rows = (
        visible(viewer)
        .filter(is_history=False, received_at__lte=now)
        .exclude(state__in=["voided", "withdrawn"])
        .order_by()
    )
    fresh = rows.filter(received_at__gte=since)
    known = fresh.filter(caller__isnull=False, place__isnull=False, category__isnull=False)
    alike = Window(Count("pk"), partition_by=[F(name) for name in _MATTER])
    wanted = set(again) | set(known.annotate(alike=alike).filter(alike__gte=2).values_list("pk", flat=True))
    for pk, previous in fresh.filter(previous__isnull=False).values_list("pk", "previous_id"):
        wanted |= {pk, previous or pk}
    found = _in_parts(rows, wanted)
    # An older ticket stands here for its further calls: what the person called about since then goes with it.
    older = {row[1:4] for row in found.values() if row[5] < since and None not in row[1:4]}
    found |= {
        pk: row
        for pk, row in _in_parts(known, {caller for caller, *_rest in older}, "caller_id").items()
        if row[1:4] in older
    }
    called = []
    for pk, caller, place, category, previous, received in found.values():
        calls, last = again.get(pk, (0, received))
        called.append(Called(pk, caller, place, category, previous, 1 + calls, last))
    return repeated(called, least)


#: One person's one matter: the same caller, place and category.
_MATTER = ("caller_id", "place_id", "category_id")


def _in_parts(
    rows: "QuerySet[Ticket]", values: Iterable[int], column: str = "pk"
) -> dict[int, tuple[Any, ...]]:
    """(id, caller, place, category, previous, received) of the *rows* with one of *values* in *column*, by id."""
    out: dict[int, tuple[Any, ...]] = {}
    wanted = sorted(set(values))
    for start in range(0, len(wanted), 500):
        part = rows.filter(**{f"{column}__in": wanted[start : start + 500]})
        out |= {row[0]: row for row in part.values_list("pk", *_MATTER, "previous_id", "received_at")}
    return out
