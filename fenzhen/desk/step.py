"""The one hand that moves anything.

`step` asks the table, moves the row by a conditional UPDATE (how many rows moved decides who was first, on
SQLite and PostgreSQL alike), keeps the clocks' columns, and writes one journal entry. A verb is one
transaction and its first statement is `step(...)` or `begin(...)`.

`play` and `play_begin` do the same to rows that nobody else can see yet (a file that is read in, the past of
a demo): table, clocks and entry come from the same functions, and `write_played` writes many entries at once.
`play` and `write_moved` do it to many rows that this transaction has locked.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from hashlib import sha256
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

from django.db import connection, models, transaction

from fenzhen.hotline import roles
from fenzhen.hotline.clock import ClockRules, due
from fenzhen.hotline.journey import Clock, NotOpen, Row, check, has
from fenzhen.hotline.roles import Role
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import clock_rules
from fenzhen.records.tickets import Ticket

P = ParamSpec("P")
R = TypeVar("R")
#: What an entry says; a function where it needs ids that come only when the rows are written.
Facts = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None


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
    until: datetime | None = None
    """The new end of its handling clock, for acts that set one."""


def begin(
    ticket: Ticket, act: str, *, by: User, now: datetime, facts: Mapping[str, Any] | None = None
) -> Entry:
    """Bring an unsaved ticket into being. Raises `NotOpen`."""
    row = _born(ticket, act, by, now)
    ticket.save(force_insert=True)
    said = _facts(ticket.level, ticket.round, (), facts)
    return _write(f"ticket:{ticket.pk}", 1, row, by, now, "", ticket.state, said, "")


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
    _same_unit(ticket, by, moves)
    if not _carries(act, moves):
        _fresh(moves[0].assignment)
    try:
        plan = _planned(ticket, act, by, now, moves, births, changes, clock_rules)
    except NotOpen:
        if ticket.state != seen:
            raise MovedMeanwhile(ticket, last_entry(ticket)) from None
        raise
    moved = _claim(ticket, plan.row, plan.target, now, plan.columns)

    done: list[dict[str, Any]] = []
    for move in moves:
        done.append(_move(move, ticket, by, now))
    for newborn in births:
        newborn.save(force_insert=True)
        done.append(_birth_fact(newborn, act))
    lead = _with_new_deadline(moves)
    if lead:
        Ticket.objects.filter(pk=ticket.pk).update(own_deadline=lead.handle_due)
        ticket.own_deadline = lead.handle_due
    previous = Entry.objects.filter(subject=f"ticket:{ticket.pk}", n=moved - 1).values_list("hash", flat=True)
    return _write(
        f"ticket:{ticket.pk}",
        moved,
        plan.entry_row,
        by,
        now,
        plan.source,
        plan.target,
        _facts(ticket.level, ticket.round, done, facts),
        previous[0] if previous else "",
    )


@dataclass(slots=True)
class Played:
    """One act on a ticket that is not in the database yet: all of its journal entry but the ids."""

    ticket: Ticket
    n: int
    row: Row
    by: User
    at: datetime
    source: str
    target: str
    level: int
    round: int
    done: list[Callable[[], dict[str, Any]]]
    facts: Facts
    columns: Collection[str] = ()
    """The ticket's columns that it sets, beside state and version."""
    moved: Sequence[tuple[Assignment, str, Collection[str]]] = ()
    """The assignments that it moves: from which state, by which columns."""


def play_begin(ticket: Ticket, act: str, *, by: User, now: datetime, facts: Facts = None) -> Played:
    """`begin` in memory: the ticket stays unsaved until its caller writes it. Raises `NotOpen`."""
    row = _born(ticket, act, by, now)
    return Played(ticket, 1, row, by, now, "", ticket.state, ticket.level, ticket.round, [], facts)


def play(
    ticket: Ticket,
    act: str,
    *,
    by: User,
    now: datetime,
    rules: ClockRules,
    held: Sequence[Assignment],
    moves: Sequence[Move] = (),
    births: Sequence[Assignment] = (),
    facts: Facts = None,
    **changes: Any,
) -> Played:
    """`step` in memory, for a ticket that nobody else can see yet; *held* are its assignments so far.

    Raises `NotOpen` and `NotYours` as `step` does; nobody can have been faster.
    """
    if by.role in roles.UNIT:
        _own_moves(by, moves)
        if not moves and not any(i.unit_id == by.unit_id and i.state != "recalled" for i in held):
            raise NotYours
    plan = _planned(ticket, act, by, now, moves, births, changes, lambda: rules)
    for column, value in {**plan.columns, "state": plan.target, "changed_at": now}.items():
        setattr(ticket, column, value)
    ticket.version += 1
    done: list[Callable[[], dict[str, Any]]] = []
    moved: list[tuple[Assignment, str, Collection[str]]] = []
    for move in moves:
        source = move.assignment.state
        changed = _moved(move, by, now)
        for column, value in changed.items():
            setattr(move.assignment, column, value)
        moved.append((move.assignment, source, changed.keys()))
        done.append(partial(_move_fact, move, source, move.assignment.state))
    # What an entry says of a newborn is what it is now; only its id comes later.
    done += [partial(_with_id, newborn, _birth_fact(newborn, act)) for newborn in births]
    columns = {*plan.columns, "changed_at"}
    lead = _with_new_deadline(moves)
    if lead:
        ticket.own_deadline = lead.handle_due
        columns.add("own_deadline")
    return Played(
        ticket,
        ticket.version,
        plan.entry_row,
        by,
        now,
        plan.source,
        plan.target,
        ticket.level,
        ticket.round,
        done,
        facts,
        columns,
        moved,
    )


def write_moved(played: Sequence[Played]) -> int:
    """Write acts that were played on tickets whose rows this transaction has locked: `step` for many at once, with
    nothing born. Still a conditional UPDATE moves each of them.

    Raises `MovedMeanwhile` where one was not as it was read; then the transaction must not be kept.
    """
    first: dict[int, Played] = {}
    moved: dict[int, tuple[Assignment, str]] = {}
    columns: set[str] = {"state", "version"}
    shares: set[str] = set()
    for one in played:
        first.setdefault(one.ticket.pk, one)
        columns |= set(one.columns)
        for item, source, changed in one.moved:
            moved.setdefault(item.pk, (item, source))
            shares |= set(changed)
    begun = list(first.values())
    as_read: dict[str, list[Any]] = {
        "version": [one.n - 1 for one in begun],
        "state": [one.source for one in begun],
    }
    if not _update([one.ticket for one in begun], columns, as_read):
        raise MovedMeanwhile(begun[0].ticket, last_entry(begun[0].ticket))
    items = [item for item, _source in moved.values()]
    if items and not _update(items, shares, {"state": [source for _item, source in moved.values()]}):
        raise MovedMeanwhile(items[0].ticket, last_entry(items[0].ticket))
    last = Entry.objects.filter(
        subject__in=[f"ticket:{pk}" for pk in first], n__in={one.n - 1 for one in begun}
    )
    hashes = {(subject, n): hash_ for subject, n, hash_ in last.values_list("subject", "n", "hash")}
    heads = {pk: (one.n - 1, hashes[f"ticket:{pk}", one.n - 1]) for pk, one in first.items()}
    return write_played(played, heads)


def write_played(played: Iterable[Played], heads: dict[int, tuple[int, str]] | None = None) -> int:
    """Write the entries of acts that were played, once their tickets and assignments have their ids.

    The acts of one ticket must come in their order, from its first, or on from what *heads* says of it: number
    and hash of its last entry. Returns how many were written.
    """
    heads = dict(heads or {})
    entries: list[Entry] = []
    for one in played:
        n, previous = heads.get(one.ticket.pk, (0, ""))
        if one.n != n + 1:
            raise ValueError(f"ticket {one.ticket.pk}: entry {one.n} cannot follow {n}")
        said = one.facts() if callable(one.facts) else one.facts
        facts = _facts(one.level, one.round, [fact() for fact in one.done], said)
        subject = f"ticket:{one.ticket.pk}"
        entry = _entry(subject, one.n, one.row, one.by, one.at, one.source, one.target, facts, previous)
        heads[one.ticket.pk] = (one.n, entry.hash)
        entries.append(entry)
    _insert(entries)
    return len(entries)


def _insert(entries: Sequence[Entry]) -> None:
    """One prepared statement for all: `bulk_create` spends three times as long on naming columns again."""
    columns = [column for column in Entry._meta.concrete_fields if not column.primary_key]
    names = ", ".join(connection.ops.quote_name(str(column.column)) for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {connection.ops.quote_name(Entry._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    attributes = attrgetter(*(column.attname for column in columns))
    # Texts and numbers go as they are; only moments and facts look different in a database.
    adapted = [
        (n, column.get_db_prep_save)
        for n, column in enumerate(columns)
        if isinstance(column, models.DateTimeField | models.JSONField)
    ]
    rows = []
    for entry in entries:
        row = list(attributes(entry))
        for n, adapt in adapted:
            row[n] = adapt(row[n], connection)
        rows.append(row)
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _update(
    rows: Sequence[models.Model], columns: Iterable[str], guards: Mapping[str, Sequence[Any]]
) -> bool:
    """One prepared statement for all: these columns of each row as they are in memory, where its guards hold in
    the database. True if every row was as expected."""
    model = type(rows[0])
    fields = [model._meta.get_field(name) for name in sorted(columns)]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]  # columns only
    where = " AND ".join(f"{quote(name)} = %s" for name in ("id", *guards))
    values = [
        [
            *(f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields),  # type: ignore[union-attr]  # likewise
            row.pk,
            *(guard[n] for guard in guards.values()),
        ]
        for n, row in enumerate(rows)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {where}", values)  # noqa: S608 - our own names
        return bool(cursor.rowcount == len(values))


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
        _CANONICAL.encode(
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
            ]
        ).encode()
    ).hexdigest()


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def text_hash(text: str) -> str:
    """What the journal keeps of a text."""
    return sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------------------


def _same_unit(ticket: Ticket, by: User, moves: Iterable[Move]) -> None:
    """Unit staff act on their own unit's assignments and tickets only."""
    if by.role not in roles.UNIT:
        return
    moves = list(moves)
    _own_moves(by, moves)
    if by.role == Role.UNIT_WORKER:
        # They were given an errand, not the ticket: they move no assignment.
        if moves or not Errand.objects.filter(assignment__ticket=ticket, to_person=by).exists():
            raise NotYours
        return
    if not moves and (
        by.unit_id is None
        or not Assignment.objects.filter(ticket=ticket, unit_id=by.unit_id).exclude(state="recalled").exists()
    ):
        raise NotYours


def _own_moves(by: User, moves: Iterable[Move]) -> None:
    if any(by.unit_id is None or move.assignment.unit_id != by.unit_id for move in moves):
        raise NotYours


def _born(ticket: Ticket, act: str, by: User, now: datetime) -> Row:
    """The first state of a ticket, by the table. Raises `NotOpen`."""
    row = check("ticket", act, None, by.role)
    ticket.state, ticket.version, ticket.changed_at = str(row.to), 1, now
    return row


@dataclass(slots=True)
class _Plan:
    """What an act will do to a ticket: its row of the table (None where only an assisting unit's share
    moves), the row that names the entry, both states, the columns."""

    row: Row | None
    entry_row: Row
    source: str
    target: str
    columns: dict[str, Any]


def _carries(act: str, moves: Sequence[Move]) -> bool:
    """Does the ticket itself move? What an assisting unit does under a ticket's act moves its share only."""
    return has("ticket", act) and (
        not moves or any(m.assignment.part == "lead" or m.act != act for m in moves)
    )


def _planned(
    ticket: Ticket,
    act: str,
    by: User,
    now: datetime,
    moves: Sequence[Move],
    births: Sequence[Assignment],
    changes: Mapping[str, Any],
    rules: Callable[[], ClockRules],
) -> _Plan:
    """Ask the tables and reckon the columns; *births* get their dates. Raises `NotOpen`; writes nothing."""
    row = check("ticket", act, ticket.state, by.role) if _carries(act, moves) else None
    entry_row = row or check("assignment", moves[0].act, moves[0].assignment.state, by.role)
    columns: dict[str, Any] = dict(changes)
    if row:
        columns |= _ticket_clocks(ticket, row, now, columns, rules)
    for newborn in births:
        _give(newborn, ticket, act, by, now, rules())
    lead = next((b for b in births if b.part == "lead"), None)
    if lead:
        columns |= {"own_deadline": lead.handle_due, "lead_unit": lead.unit}
    target = str(row.to) if row and row.to else ticket.state
    return _Plan(row, entry_row, ticket.state, target, columns)


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
    source = item.state
    columns = _moved(move, by, now)
    if not Assignment.objects.filter(pk=item.pk, state=source).update(**columns):
        raise MovedMeanwhile(ticket, last_entry(ticket))
    item.refresh_from_db()
    return _move_fact(move, source, item.state)


def _moved(move: Move, by: User, now: datetime) -> dict[str, Any]:
    """The columns that an assignment's act sets, by its table. Raises `NotOpen`; writes nothing."""
    item = move.assignment
    row = check("assignment", move.act, item.state, by.role)
    columns: dict[str, Any] = {"state": str(row.to) if row.to else item.state}
    if Clock.HANDLING in row.sets and move.until is not None:
        columns["handle_due"] = move.until
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
    return columns


def _move_fact(move: Move, source: str, target: str) -> dict[str, Any]:
    item = move.assignment
    fact = {"id": item.pk, "act": move.act, "from": source, "to": target, "part": item.part}
    return fact | {"until": _iso(move.until)} if move.until is not None else fact


def _iso(moment: datetime) -> str:
    """One form whatever zone it came in, because it is hashed."""
    return moment.astimezone(UTC).isoformat()


def _birth_fact(item: Assignment, act: str) -> dict[str, Any]:
    ticket = item.ticket
    # The city may change its date later; what this clock was reckoned from stays with its beginning.
    city = (
        {"city": [_iso(ticket.city_received_at or ticket.received_at), _iso(ticket.city_deadline)]}
        if item.round == 1 and ticket.city_deadline
        else {}
    )
    return city | {
        "id": item.pk,
        "act": act,
        "unit": item.unit_id,
        "part": item.part,
        "level": item.level,
        "round": item.round,
    }


def _with_id(item: Assignment, fact: dict[str, Any]) -> dict[str, Any]:
    return fact | {"id": item.pk}


_MOVES_THE_END = frozenset({"resume", "send_back", "extend", "change_city"})


def _with_new_deadline(moves: Iterable[Move]) -> Assignment | None:
    """The ticket's own deadline is its lead's: the lead, where its deadline has just moved."""
    return next(
        (m.assignment for m in moves if m.assignment.part == "lead" and m.act in _MOVES_THE_END),
        None,
    )


def _give(item: Assignment, ticket: Ticket, act: str, by: User, now: datetime, rules: ClockRules) -> None:
    """Fill in a new assignment's state, round and dates from the table and the limits."""
    row = check("assignment", act, None, by.role)
    item.ticket, item.state = ticket, str(row.to)
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


def _ticket_clocks(
    ticket: Ticket, row: Row, now: datetime, changes: Mapping[str, Any], rules: Callable[[], ClockRules]
) -> dict[str, Any]:
    level = changes.get("level", ticket.level)
    out: dict[str, Any] = {}
    if Clock.TRIAGE in row.starts:
        out |= {"triage_due": due(Clock.TRIAGE, now, level, rules()), "paused_at": None}
    if Clock.TRIAGE in row.pauses:
        out["paused_at"] = now
    if Clock.TRIAGE in row.resumes and ticket.paused_at and ticket.triage_due:
        out |= {"triage_due": ticket.triage_due + (now - ticket.paused_at), "paused_at": None}
    if Clock.CALLBACK in row.starts:
        out["callback_due"] = due(Clock.CALLBACK, now, level, rules())
    if Clock.CALLBACK in row.stops:
        out["callback_due"] = None
    if Clock.TRIAGE in row.stops:
        out["triage_due"] = None
    if Clock.CONSULTATION in row.starts:
        out["consult_due"] = due(Clock.CONSULTATION, now, level, rules())
    if Clock.CONSULTATION in row.stops:
        out["consult_due"] = None
    return out


def _facts(
    level: int, ticket_round: int, assignments: Iterable[Mapping[str, Any]], facts: Mapping[str, Any] | None
) -> dict[str, Any]:
    out: dict[str, Any] = {"level": level, "round": ticket_round}
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
    entry = _entry(subject, n, row, by, now, source, target, facts, previous)
    entry.save(force_insert=True)
    return entry


def _entry(
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
    """One entry with its hash, unsaved."""
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
    return entry


__all__ = [
    "Incomplete",
    "MovedMeanwhile",
    "Move",
    "NotOpen",
    "NotYours",
    "Played",
    "Role",
    "begin",
    "entry_hash",
    "last_entry",
    "note_act",
    "play",
    "play_begin",
    "step",
    "text_hash",
    "verb",
    "write_moved",
    "write_played",
]
