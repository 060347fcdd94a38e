"""One unit's work for several callers: tickets that are joined (并办) go with the one that is acted on.

Nobody is swallowed: each keeps the ticket, the number and the call-back, and a No in one call-back opens a second round of
that ticket alone. Sent, signed, given more time, answered, approved, sent back, taken back and returned they are together, as long as
the same unit leads them and they stand where the other one stood. Whoever was answered apart goes apart.
"""

from django.db.models import F, Q

from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.links import TicketLink
from fenzhen.records.tickets import Ticket


def joined_with(ticket: Ticket, *states: str) -> list[Ticket]:
    """The tickets that are joined with it and in one of *states*, the earliest first."""
    links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket), kind="joined")
    pks = {pk for pair in links.values_list("ticket_id", "other_id") for pk in pair} - {ticket.pk}
    if not pks:
        return []
    return list(Ticket.objects.filter(pk__in=pks, state__in=states).order_by("received_at", "pk"))


def shares_beside(assignment: Assignment, *states: str) -> list[Assignment]:
    """What the same unit leads of the joined tickets in their present round, in one of *states*."""
    if assignment.part != "lead":
        return []
    ticket = assignment.ticket
    links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket), kind="joined")
    pks = {pk for pair in links.values_list("ticket_id", "other_id") for pk in pair} - {ticket.pk}
    if not pks:
        return []
    return list(
        Assignment.objects.filter(
            ticket__in=pks,
            ticket__round=F("round"),
            unit=assignment.unit_id,
            part="lead",
            state__in=states,
        )
        .select_related("ticket", "unit")
        .order_by("ticket__received_at", "ticket_id")
    )


def along(ticket: Ticket | None) -> dict[str, int]:
    """What an entry says of an act that was made with another ticket's."""
    return {"along": ticket.pk} if ticket is not None else {}


def went_along(ticket: Ticket, act: str, other: Ticket) -> bool:
    """Was the last *act* of *ticket* made with *other*'s?"""
    entry = Entry.objects.filter(subject=f"ticket:{ticket.pk}", act=act).order_by("-n").first()
    return entry is not None and entry.facts.get("along") == other.pk


__all__ = ["along", "joined_with", "shares_beside", "went_along"]
