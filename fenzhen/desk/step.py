"""The one hand that moves anything.

`step` asks the table, moves the row by a conditional UPDATE (how many rows moved decides who was first, on
SQLite and PostgreSQL alike), keeps the clocks' columns, and writes one journal entry. A verb is one
transaction and its first statement is `step(...)` or `begin(...)`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction

from fenzhen.hotline import roles
from fenzhen.hotline.clock import due
from fenzhen.hotline.journey import Clock, NotOpen, Row, check, has
from fenzhen.hotline.roles import Role
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import clock_rules
from fenzhen.records.tickets import Ticket

P = ParamSpec("P")
R = TypeVar("R")


class MovedMeanwhile(Exception):
    """Somebody else was faster. Says who, with which act, when, and where the ticket is now."""

    def __init__(self, ticket: Ticket, last: Entry | None) -> None:
        self.ticket = ticket
        self.state = ticket.state
        self.who = last.by.name if last else ""
        self.act = last.act if last else ""
        self.at = last.at if last else None
        super().__init__(f"ticket {ticket.pk} moved to {ticket.state} by {self.act}")


class NotYours(Exception):
    """This person's unit or role has nothing to do with this ticket."""


class Incomplete(Exception):
    """What was sent lacks something; `fields` says per field what to do. Nothing was changed."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = {name: str(text) for name, text in fields.items()}
        super().__init__("; ".join(f"{k}: {v}" for k, v in self.fields.items()))


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """One verb is one transaction."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic():
            return function(*args, **kwargs)

    return inner


@dataclass(slots=True)
class Move:
    """One assignment and the act that moves it."""

    assignment: Assignment
    act: str


def begin(
    ticket: Ticket, act: str, *, by: User, now: datetime, facts: Mapping[str, Any] | None = None
) -> Entry:
    """Bring an unsaved ticket into being. Raises `NotOpen`."""
    row = check("ticket", act, None, by.role)
    assert row.to is not None
    ticket.state, ticket.version, ticket.changed_at = row.to, 1, now
    ticket.save(force_insert=True)
    return _write(f"ticket:{ticket.pk}", 1, row, by, now, "", ticket.state, _facts(ticket, (), facts), "")


def step(
    ticket: Ticket,
    act: str,
    *,
    by: User,
    now: datetime,
    moves: Sequence[Move] = (),
    births: Sequence[Assignment] = (),
    facts: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Entry:
    """Move *ticket* by *act*, with the assignments in *moves* and the new ones in *births*.

    Where every move is of an assisting unit, or the ticket's table has no such act, the ticket keeps its
    state and the entry belongs to its story all the same. *changes* are further columns of the ticket.

    Raises `NotOpen` (the table has no such way, or not for this role), `NotYours`, `MovedMeanwhile`.
    """
    seen = ticket.state
    ticket.refresh_from_db()
    carried = has("ticket", act) and (
        not moves or any(m.assignment.part == "lead" or m.act != act for m in moves)
    )
    _same_unit(ticket, by, moves)
    entry_row: Row
    if carried:
        try:
            row = check("ticket", act, ticket.state, by.role)
        except NotOpen:
            if ticket.state != seen:
                raise MovedMeanwhile(ticket, last_entry(ticket)) from None
            raise
        entry_row = row
    else:
        row = None
        entry_row = check("assignment", moves[0].act, _fresh(moves[0].assignment).state, by.role)

    source = ticket.state
    target = row.to if row and row.to else source
    columns: dict[str, Any] = dict(changes)
    if row:
        columns |= _ticket_clocks(ticket, row, now, columns)
    for newborn in births:
        _give(newborn, ticket, act, by, now)
    lead = next((b for b in births if b.part == "lead"), None)
    if lead:
        columns |= {"own_deadline": lead.handle_due, "lead_unit": lead.unit}
    moved = _claim(ticket, row, target, now, columns)

    done: list[dict[str, Any]] = []
    for move in moves:
        done.append(_move(move, ticket, by, now))
    for newborn in births:
        newborn.save(force_insert=True)
        done.append(
            {
                "id": newborn.pk,
                "act": act,
                "unit": newborn.unit_id,
                "part": newborn.part,
                "level": newborn.level,
                "round": newborn.round,
            }
        )
    if any(m.assignment.part == "lead" and m.act in {"resume", "send_back"} for m in moves):
        _follow_lead(ticket, moves)
    previous = Entry.objects.filter(subject=f"ticket:{ticket.pk}", n=moved - 1).values_list("hash", flat=True)
    return _write(
        f"ticket:{ticket.pk}",
        moved,
        entry_row,
        by,
        now,
        source,
        target,
        _facts(ticket, done, facts),
        previous[0] if previous else "",
    )


def note_act(
    subject: str, act: str, *, by: User, now: datetime, facts: Mapping[str, Any] | None = None
) -> Entry:
    """One entry on a subject that is no ticket (``import:3``, ``person:5``): what was done beside the way."""
    last = Entry.objects.filter(subject=subject).order_by("-n").first()
    n, previous = (last.n + 1, last.hash) if last else (1, "")
    row = Row(act, frozenset(), None, frozenset(), act)
    return _write(subject, n, row, by, now, "", "", dict(facts or {}), previous)


def last_entry(ticket: Ticket) -> Entry | None:
    """The newest entry of a ticket's story that moved it."""
    return (
        Entry.objects.filter(subject=f"ticket:{ticket.pk}")
        .exclude(target=models.F("source"))
        .select_related("by")
        .order_by("-n")
        .first()
    )


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the entry and the hash before it, as canonical JSON."""
    return sha256(
        json.dumps(
            [
                entry.subject,
                entry.n,
                entry.act,
                entry.event,
                entry.by_id,
                entry.role,
                entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
                entry.source,
                entry.target,
                entry.facts,
                entry.previous,
            ],
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        ).encode()
    ).hexdigest()


def text_hash(text: str) -> str:
    """What the journal keeps of a text."""
    return sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------------------


def _same_unit(ticket: Ticket, by: User, moves: Iterable[Move]) -> None:
    """Unit staff act on their own unit's assignments and tickets only."""
    if by.role not in roles.UNIT:
        return
    moves = list(moves)
    if moves:
        if by.unit_id is None or any(move.assignment.unit_id != by.unit_id for move in moves):
            raise NotYours
    elif (
        by.unit_id is None
        or not Assignment.objects.filter(ticket=ticket, unit_id=by.unit_id).exclude(state="recalled").exists()
    ):
        raise NotYours


def _claim(ticket: Ticket, row: Row | None, target: str, now: datetime, columns: dict[str, Any]) -> int:
    """The conditional UPDATE. Returns the new version; raises `MovedMeanwhile` if somebody was first."""
    allowed = list(row.sources) if row else [ticket.state]
    for _ in range(8):
        version = ticket.version
        hit = Ticket.objects.filter(
            pk=ticket.pk, state=ticket.state, state__in=allowed, version=version
        ).update(state=target, version=version + 1, changed_at=now, **columns)
        if hit:
            ticket.refresh_from_db()
            return version + 1
        before = ticket.state
        ticket.refresh_from_db()
        if ticket.state != before:
            break
        # Only the version moved: somebody added a note. That is no reason to refuse; take the next number.
    raise MovedMeanwhile(ticket, last_entry(ticket))


def _fresh(assignment: Assignment) -> Assignment:
    assignment.refresh_from_db(fields=["state", "paused_at", "handle_due", "sign_due", "submitted_at"])
    return assignment


def _move(move: Move, ticket: Ticket, by: User, now: datetime) -> dict[str, Any]:
    """One assignment's conditional UPDATE, with the columns of its clocks."""
    item = _fresh(move.assignment)
    row = check("assignment", move.act, item.state, by.role)
    source = item.state
    columns: dict[str, Any] = {"state": row.to}
    if move.act == "sign":
        columns["signed_at"] = now
    if Clock.HANDLING in row.pauses:
        columns["paused_at"] = now
    if Clock.HANDLING in row.resumes:
        since = item.paused_at or item.submitted_at
        if since:
            columns["handle_due"] = item.handle_due + (now - since)
        columns["paused_at"] = None
        columns["submitted_at"] = None
    if move.act == "reply":
        columns["submitted_at"] = now
    if not Assignment.objects.filter(pk=item.pk, state=source).update(**columns):
        raise MovedMeanwhile(ticket, last_entry(ticket))
    item.refresh_from_db()
    return {"id": item.pk, "act": move.act, "from": source, "to": item.state, "part": item.part}


def _follow_lead(ticket: Ticket, moves: Sequence[Move]) -> None:
    """The ticket's own deadline is its lead's."""
    for move in moves:
        if move.assignment.part == "lead":
            Ticket.objects.filter(pk=ticket.pk).update(own_deadline=move.assignment.handle_due)
            ticket.own_deadline = move.assignment.handle_due


def _give(item: Assignment, ticket: Ticket, act: str, by: User, now: datetime) -> None:
    """Fill in a new assignment's state, round and dates from the table and the limits."""
    row = check("assignment", act, None, by.role)
    assert row.to is not None
    rules = clock_rules()
    item.ticket, item.state = ticket, row.to
    item.given_at, item.given_by = now, by
    item.sign_due = due(Clock.SIGN, now, item.level, rules)
    # A new round has the district's own clock: the city's was used up by the first one.
    city = (
        {
            "city_received": ticket.city_received_at or ticket.received_at,
            "city_deadline": ticket.city_deadline,
        }
        if item.round == 1 and ticket.city_deadline
        else {}
    )
    item.handle_due = due(Clock.HANDLING, now, item.level, rules, **city)


def _ticket_clocks(ticket: Ticket, row: Row, now: datetime, changes: Mapping[str, Any]) -> dict[str, Any]:
    level = changes.get("level", ticket.level)
    out: dict[str, Any] = {}
    if Clock.TRIAGE in row.starts:
        out |= {"triage_due": due(Clock.TRIAGE, now, level, clock_rules()), "paused_at": None}
    if Clock.TRIAGE in row.pauses:
        out["paused_at"] = now
    if Clock.TRIAGE in row.resumes and ticket.paused_at and ticket.triage_due:
        out |= {"triage_due": ticket.triage_due + (now - ticket.paused_at), "paused_at": None}
    if Clock.CALLBACK in row.starts:
        out["callback_due"] = due(Clock.CALLBACK, now, level, clock_rules())
    if Clock.CALLBACK in row.stops:
        out["callback_due"] = None
    if Clock.TRIAGE in row.stops:
        out["triage_due"] = None
    return out


def _facts(
    ticket: Ticket, assignments: Iterable[Mapping[str, Any]], facts: Mapping[str, Any] | None
) -> dict[str, Any]:
    out: dict[str, Any] = {"level": ticket.level, "round": ticket.round}
    done = list(assignments)
    if done:
        out["assignments"] = done
    return out | dict(facts or {})


def _write(
    subject: str,
    n: int,
    row: Row,
    by: User,
    now: datetime,
    source: str,
    target: str,
    facts: dict[str, Any],
    previous: str,
) -> Entry:
    entry = Entry(
        subject=subject,
        n=n,
        act=row.act,
        event=row.event,
        by=by,
        role=str(by.role),
        at=now,
        source=str(source),
        target=str(target),
        # Through JSON once, so that what is hashed is what will be read back.
        facts=json.loads(json.dumps(facts, default=str)),
        previous=previous,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry


__all__ = [
    "Incomplete",
    "MovedMeanwhile",
    "Move",
    "NotOpen",
    "NotYours",
    "Role",
    "begin",
    "entry_hash",
    "last_entry",
    "note_act",
    "step",
    "text_hash",
    "verb",
]
