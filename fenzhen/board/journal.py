"""Reading the journal onwards, by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fenzhen.hotline.roles import Role
from fenzhen.records.journal import Cursor, Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Happened:
    """One sealed entry as whoever follows the journal needs it: ids, codes and times, no words."""

    position: int
    event: str
    ticket: int | None
    at: datetime
    by: int
    is_history: bool
    facts: dict[str, Any]


def position_of(viewer: User, reader: str) -> int:
    """How far *reader* has come; 0 before its first time."""
    return Cursor.objects.filter(name=reader).values_list("position", flat=True).first() or 0


def happened_after(viewer: User, position: int, limit: int = 500) -> list[Happened]:
    """The sealed entries behind *position*, in order. Only the system itself and administrators read everything."""
    if viewer.role not in {Role.SYSTEM, Role.ADMIN}:
        return []
    entries: Sequence[Entry] = list(Entry.objects.filter(position__gt=position).order_by("position")[:limit])
    of_ticket = {e.pk: int(e.subject[7:]) for e in entries if e.subject.startswith("ticket:")}
    history = set(
        Ticket.objects.filter(pk__in=set(of_ticket.values()), is_history=True).values_list("pk", flat=True)
    )
    return [
        Happened(
            e.position or 0,
            e.event,
            of_ticket.get(e.pk),
            e.at,
            e.by_id,
            of_ticket.get(e.pk) in history,
            e.facts,
        )
        for e in entries
    ]
