"""Tickets as one person may see them: which ones, how much of each, its story, what is open to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from fenzhen.hotline import privacy, roles
from fenzhen.hotline.clock import Colour, Reading, Tick, colour, replay
from fenzhen.hotline.journey import OPEN, WATCHING, Clock, has, open_acts
from fenzhen.hotline.privacy import Sight
from fenzhen.records.city import CityWord
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import clock_rules
from fenzhen.records.tickets import Ticket

#: What ends earlier than this has to be done on the working day before.
OFFICE_OPENS = time(9, 0)


class NotVisible(Exception):
    """There is no such ticket, or not for this person: the two look the same on purpose."""


@dataclass(frozen=True, slots=True)
class CallerSeen:
    """The caller as this viewer may see it: masked, or nothing at all."""

    name: str
    phone: str
    is_known: bool
    may_reveal: bool
    is_secret: bool


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """One clock for a page."""

    clock: Clock
    started: datetime
    due: datetime
    colour: Colour
    stopped: datetime | None = None
    paused: datetime | None = None


@dataclass(slots=True)
class StoryLine:
    """One line of a ticket's story. `held_by` says who had the time until the next line: the desk, the unit,
    the caller, or nobody any more."""

    entry: Entry
    notes: list[Note] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    held_by: str = ""
    until: datetime | None = None


def visible(viewer: User) -> "QuerySet[Ticket]":
    """All tickets that *viewer* may see at all. Units: those they have, or had, an assignment on; within a unit
    those who get errands see their errands (`board/errands.py`) and no tickets."""
    rows = Ticket.objects.all()
    if _sees_all(viewer):
        return rows
    if viewer.role == roles.Role.UNIT_LIAISON and viewer.unit_id:
        mine = Assignment.objects.filter(unit_id=viewer.unit_id).exclude(state="recalled").values("ticket_id")
        return rows.filter(pk__in=mine)
    return rows.none()


def on_live(viewer: User) -> Q:
    """For rows that belong to a `ticket`: it is none of the past that was filed as history, and *viewer* may see
    it. Whoever sees everything is not held against a list of all tickets."""
    live = Q(ticket__is_history=False)
    return live if _sees_all(viewer) else live & Q(ticket__in=visible(viewer))


def _sees_all(viewer: User) -> bool:
    return viewer.role in roles.CENTRE or viewer.role in roles.READERS


def ticket_for(viewer: User, pk: int) -> Ticket:
    """One ticket with what a page needs of it. Raises `NotVisible`."""
    row = (
        visible(viewer)
        .select_related(
            "place", "town", "category", "lead_unit", "caller", "received_by", "held_by", "previous"
        )
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def city_clock_ends(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    """Tickets whose clock at the city ends before the office opens on the next working day, or has ended, while the
    city does not have our result: still open, watched, or done here and not yet told. Nobody would see one that
    ends in the night, or on a Sunday, before it is late."""
    day, calendar = timezone.localtime(now).date() + timedelta(days=1), clock_rules().calendar
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    opens = datetime.combine(day, OFFICE_OPENS, timezone.get_current_timezone())
    results = CityWord.objects.filter(kind="result")
    owed = results.filter(told_at__isnull=True).values("ticket")
    told = results.filter(ticket=OuterRef("pk"), told_at__isnull=False)
    return (
        visible(viewer)
        .filter(is_history=False, city_deadline__lt=opens)
        .filter(Q(pk__in=owed) | (Q(state__in=[*OPEN, *WATCHING]) & ~Exists(told)))
    )


def sight_of(viewer: User, ticket: Ticket) -> Sight:
    """How much of *ticket* the viewer may see."""
    same = bool(
        viewer.unit_id
        and viewer.role != roles.Role.UNIT_WORKER
        and Assignment.objects.filter(ticket=ticket, unit_id=viewer.unit_id)
        .exclude(state="recalled")
        .exists()
    )
    return privacy.sight(viewer.role, same_unit=same, is_secret=ticket.is_secret, is_report=ticket.is_report)


def caller_seen(viewer: User, ticket: Ticket) -> CallerSeen:
    """The caller, masked; `may_reveal` where this person may have it shown after saying why."""
    sight = sight_of(viewer, ticket)
    caller = ticket.caller
    if sight < Sight.MASKED:
        return CallerSeen("", "", caller is not None, False, ticket.is_secret)
    return CallerSeen(
        privacy.masked_name(caller.name) if caller else "",
        privacy.masked_phone(caller.phone) if caller else "",
        caller is not None,
        True,
        ticket.is_secret,
    )


def assignments_of(viewer: User, ticket: Ticket) -> list[Assignment]:
    """All units' shares in the order they were given, with their replies. A unit sees that others work on it
    (it must know whom to talk to), in every round."""
    return list(
        Assignment.objects.filter(ticket=ticket)
        .select_related("unit", "given_by")
        .prefetch_related("replies__by", "replies__reviewed_by")
        .order_by("round", "id")
        if visible(viewer).filter(pk=ticket.pk).exists()
        else []
    )


def story_of(viewer: User, ticket: Ticket) -> list[StoryLine]:
    """The ticket's story, oldest first. Units do not see who looked at the caller, nor the desk's advice."""
    entries: Iterable[Entry] = Entry.objects.filter(subject=f"ticket:{ticket.pk}").select_related(
        "by", "by__unit"
    )
    notes: dict[int, list[Note]] = {}
    for note in Note.objects.filter(ticket=ticket).select_related("by"):
        notes.setdefault(note.n, []).append(note)
    replies: dict[int, list[Reply]] = {}
    for reply in Reply.objects.filter(assignment__ticket=ticket).select_related("by", "assignment__unit"):
        replies.setdefault(reply.assignment_id, []).append(reply)
    hidden = {"reveal", "advise"} if viewer.role in roles.UNIT | roles.READERS else set()
    lines: list[StoryLine] = []
    for entry in sorted(entries, key=lambda e: e.n):
        if entry.act in hidden:
            continue
        line = StoryLine(entry, notes.get(entry.n, []), held_by=_HOLDERS.get(entry.target, ""))
        if entry.act == "reply":
            for done in entry.facts.get("assignments", []):
                line.replies += [r for r in replies.get(done["id"], []) if r.at == entry.at]
        lines.append(line)
    for line, following in zip(lines, lines[1:], strict=False):
        line.until = following.entry.at
    return lines


#: Who has the time while a ticket is in a state.
_HOLDERS = {
    "registered": "desk",
    "pending_dispatch": "desk",
    "need_info": "caller",
    "dispatched": "unit",
    "handling": "unit",
    "pending_review": "desk",
    "pending_callback": "desk",
    "rehandling": "unit",
}


def acts_for(viewer: User, ticket: Ticket) -> tuple[str, ...]:
    """The acts on the ticket that the table opens to this person now."""
    return open_acts("ticket", ticket.state, viewer.role)


def assignment_acts_for(viewer: User, assignment: Assignment) -> tuple[str, ...]:
    """Likewise for one assignment; unit staff only on their own unit's."""
    if viewer.role in roles.UNIT and assignment.unit_id != viewer.unit_id:
        return ()
    return open_acts("assignment", assignment.state, viewer.role)


def clocks_of(viewer: User, ticket: Ticket, now: datetime) -> list[ClockSeen]:
    """The clocks that run now: the city's deadline is a column, the others come from the ticket's columns,
    which `tests/board/test_clock_replay.py` holds against the journal."""
    seen: list[ClockSeen] = []
    if ticket.triage_due and ticket.state in {"pending_dispatch", "need_info"}:
        seen.append(_seen(Clock.TRIAGE, ticket.received_at, ticket.triage_due, now, paused=ticket.paused_at))
    for item in Assignment.objects.filter(ticket=ticket, state__in=["pending_sign", "signed", "waiting"]):
        if viewer.role in roles.UNIT and item.unit_id != viewer.unit_id:
            continue
        if item.state == "pending_sign":
            seen.append(_seen(Clock.SIGN, item.given_at, item.sign_due, now))
        if item.part == "lead" or viewer.role in roles.UNIT:
            seen.append(_seen(Clock.HANDLING, item.given_at, item.handle_due, now, paused=item.paused_at))
    if ticket.callback_due:
        seen.append(_seen(Clock.CALLBACK, ticket.changed_at, ticket.callback_due, now))
    return seen


def _seen(
    clock: Clock, started: datetime, due: datetime, now: datetime, paused: datetime | None = None
) -> ClockSeen:
    return ClockSeen(clock, started, due, colour(started, due, paused or now), paused=paused)


#: Acts of both tables; made by an assisting unit they move its share only.
_SHARED = frozenset({"sign", "reply", "approve", "send_back", "approve_return", "extend"})


def ticks_of(ticket: Ticket) -> list[Tick]:
    """The ticket's journal as its clocks see it, for replaying them."""
    ticks: list[Tick] = []
    levels: dict[int, int] = {}
    for entry in Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n"):
        level = int(entry.facts.get("level", ticket.level))
        done = entry.facts.get("assignments", [])
        # An entry that an assisting unit made alone is not an act of the ticket.
        alone = bool(done) and entry.source == entry.target and entry.act in _SHARED
        if not alone and has("ticket", entry.act):
            ticks.append(Tick(entry.at, "ticket", str(ticket.pk), entry.act, level))
        for item in done:
            if "level" in item:
                levels[item["id"]] = item["level"]
            received, deadline = map(datetime.fromisoformat, item["city"]) if "city" in item else (None, None)
            ticks.append(
                Tick(
                    entry.at,
                    "assignment",
                    f"a{item['id']}",
                    item["act"],
                    levels[item["id"]],
                    received,
                    deadline,
                    datetime.fromisoformat(item["until"]) if "until" in item else None,
                )
            )
    return ticks


def replayed_clocks(viewer: User, ticket: Ticket) -> dict[tuple[Clock, str], Reading]:
    """Every clock of the ticket, computed from its journal alone."""
    return replay(ticks_of(ticket), clock_rules())


def waiting_for_second_word(viewer: User) -> "QuerySet[Ticket]":
    """Tickets somebody else proposed to void."""
    if viewer.role not in roles.DESK:
        return Ticket.objects.none()
    return visible(viewer).filter(
        Q(requests__kind="void") & Q(requests__decision="") & ~Q(requests__applicant_id=viewer.pk)
    )
