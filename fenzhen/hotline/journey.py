"""The way of a ticket and of an assignment: two tables, and nothing else decides what may move.

A *ticket* (工单) is what a caller wants; an *assignment* (承办) is one unit's share of it in
one round. Each row of a table reads: this act, from these states, to that state, by these roles;
then this event has happened, and these clocks start, stop, pause or go on.

An act that stands in both tables under one name is one act: when the *lead* unit's assignment makes
it, the ticket moves with it, and one journal entry records both.

Sources: Beijing regulation on swift response (2021) art. 10-15, 23; DOMAIN §2.2-2.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role


class TicketState(StrEnum):
    """Where a ticket is."""

    REGISTERED = "registered"
    PENDING_DISPATCH = "pending_dispatch"
    NEED_INFO = "need_info"
    IN_CONSULTATION = "in_consultation"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    PENDING_REVIEW = "pending_review"
    PENDING_CALLBACK = "pending_callback"
    REHANDLING = "rehandling"
    WATCHED = "watched"
    CLOSED = "closed"
    ANSWERED = "answered"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class AssignmentState(StrEnum):
    """Where one unit's share is."""

    PENDING_SIGN = "pending_sign"
    SIGNED = "signed"
    WAITING = "waiting"
    RESULT_SUBMITTED = "result_submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    RECALLED = "recalled"
    ENDED = "ended"


class Clock(StrEnum):
    """What is timed."""

    TRIAGE = "triage"  # from the desk's queue to a dispatch
    SIGN = "sign"  # from the dispatch to the unit's signature
    HANDLING = "handling"  # from the dispatch to the unit's result
    CALLBACK = "callback"  # from the accepted result to the call-back
    CONSULTATION = "consultation"  # from opening a consultation to its decision


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `to=None` means that the act leaves the state as it is."""

    act: str
    sources: frozenset[str]
    to: str | None
    who: frozenset[Role]
    event: str
    starts: frozenset[Clock] = frozenset()
    stops: frozenset[Clock] = frozenset()
    pauses: frozenset[Clock] = frozenset()
    resumes: frozenset[Clock] = frozenset()
    sets: frozenset[Clock] = frozenset()
    """Clocks that get another end, which stands in the entry (an extension; a changed date of the city's)."""

    @property
    def is_beginning(self) -> bool:
        """True for the act that brings a ticket or an assignment into being."""
        return not self.sources


T = TicketState
A = AssignmentState

#: States in which somebody still owes the caller something.
OPEN: Final = frozenset(
    {
        T.REGISTERED,
        T.PENDING_DISPATCH,
        T.NEED_INFO,
        T.IN_CONSULTATION,
        T.DISPATCHED,
        T.HANDLING,
        T.PENDING_REVIEW,
        T.PENDING_CALLBACK,
        T.REHANDLING,
    }
)
#: Orders that the city gave to a unit itself: the district watches, and may take over.
WATCHING: Final = frozenset({T.WATCHED})
#: A unit has it, or is about to.
WITH_UNITS: Final = frozenset({T.DISPATCHED, T.HANDLING, T.REHANDLING})
#: Units have worked on it already: what comes from above no longer moves it by itself.
BEYOND_THE_DESK: Final = WITH_UNITS | {T.PENDING_REVIEW, T.PENDING_CALLBACK}
#: States in which a ticket rests; `reopen` leads out of the first three.
RESTING: Final = frozenset({T.CLOSED, T.ANSWERED, T.REDIRECTED, T.WITHDRAWN, T.VOIDED})
#: States that no rate counts (withdrawn by the caller or the city; prank, test or empty).
OUTSIDE_THE_RATES: Final = frozenset({T.WITHDRAWN, T.VOIDED})
ANY: Final = frozenset(T)
ACTIVE: Final = frozenset({A.PENDING_SIGN, A.SIGNED, A.WAITING, A.RESULT_SUBMITTED})

_PEOPLE = roles.CENTRE
_UNIT_OR_DESK = roles.UNIT | roles.DESK


def _row(
    act: str,
    sources: Iterable[str],
    to: str | None,
    who: Iterable[Role],
    event: str,
    *,
    starts: Iterable[Clock] = (),
    stops: Iterable[Clock] = (),
    pauses: Iterable[Clock] = (),
    resumes: Iterable[Clock] = (),
    sets: Iterable[Clock] = (),
) -> Row:
    return Row(
        act,
        frozenset(sources),
        to,
        frozenset(who),
        event,
        frozenset(starts),
        frozenset(stops),
        frozenset(pauses),
        frozenset(resumes),
        frozenset(sets),
    )


TICKET: Final[tuple[Row, ...]] = (
    # intake
    _row("receive", (), T.REGISTERED, roles.INTAKE, "received"),
    _row("file_history", (), T.CLOSED, {Role.ADMIN, Role.SECTION_CHIEF, Role.SYSTEM}, "history_filed"),
    _row(
        "answer",
        {T.REGISTERED, T.PENDING_DISPATCH},
        T.ANSWERED,
        roles.INTAKE,
        "answered",
        stops={Clock.TRIAGE},
    ),
    _row(
        "redirect",
        {T.REGISTERED, T.PENDING_DISPATCH},
        T.REDIRECTED,
        roles.INTAKE,
        "redirected",
        stops={Clock.TRIAGE},
    ),
    _row("submit", {T.REGISTERED}, T.PENDING_DISPATCH, roles.INTAKE, "submitted", starts={Clock.TRIAGE}),
    # the triage desk
    _row("ask_back", {T.PENDING_DISPATCH}, T.NEED_INFO, roles.DESK, "asked_back", pauses={Clock.TRIAGE}),
    _row(
        "supplement",
        {T.NEED_INFO},
        T.PENDING_DISPATCH,
        roles.INTAKE,
        "supplemented",
        resumes={Clock.TRIAGE},
    ),
    _row(
        "dispatch",
        {T.PENDING_DISPATCH},
        T.DISPATCHED,
        roles.DESK,
        "dispatched",
        stops={Clock.TRIAGE},
    ),
    # certified, by the system itself: an act of its own, so that it is marked for ever
    _row(
        "dispatch_automatically",
        {T.PENDING_DISPATCH},
        T.DISPATCHED,
        {Role.SYSTEM},
        "dispatched",
        stops={Clock.TRIAGE},
    ),
    _row("take_back", {T.DISPATCHED}, T.PENDING_DISPATCH, roles.DESK, "taken_back", starts={Clock.TRIAGE}),
    # within its time of grace, even where the unit has signed already
    _row(
        "recall_automatic",
        {T.DISPATCHED, T.HANDLING},
        T.PENDING_DISPATCH,
        roles.DESK,
        "taken_back",
        starts={Clock.TRIAGE},
    ),
    _row(
        "consult",
        {T.PENDING_DISPATCH},
        T.IN_CONSULTATION,
        roles.DESK,
        "consultation_opened",
        starts={Clock.CONSULTATION},
        stops={Clock.TRIAGE},
    ),
    _row(
        "settle",
        {T.IN_CONSULTATION},
        T.PENDING_DISPATCH,
        roles.DESK,
        "consultation_settled",
        starts={Clock.TRIAGE},
        stops={Clock.CONSULTATION},
    ),
    _row("redispatch", WITH_UNITS, T.DISPATCHED, roles.DESK, "redispatched"),
    _row("add_unit", WITH_UNITS, None, roles.DESK, "unit_added"),
    _row("phone_unit", WITH_UNITS, None, roles.DESK | {Role.SUPERVISOR}, "unit_phoned"),
    # orders of the city's that another unit handles under the city's own hand
    _row("copy_city", (), T.WATCHED, roles.INTAKE, "city_copied"),
    _row("end_watch", {T.WATCHED}, T.CLOSED, roles.INTAKE, "watch_ended"),
    _row(
        "take_over",
        {T.WATCHED},
        T.PENDING_DISPATCH,
        roles.DESK | {Role.SYSTEM},
        "taken_over",
        starts={Clock.TRIAGE},
    ),
    _row("hand_up", OPEN, T.WATCHED, roles.DESK | {Role.SYSTEM}, "handed_up", stops=set(Clock)),
    _row("keep_ours", BEYOND_THE_DESK, None, roles.DESK, "kept_ours"),
    # the unit (the lead's assignment carries these)
    _row("sign", {T.DISPATCHED, T.REHANDLING}, T.HANDLING, _UNIT_OR_DESK, "signed"),
    _row("reply", {T.HANDLING}, T.PENDING_REVIEW, _UNIT_OR_DESK, "replied"),
    _row("ask_return", WITH_UNITS, None, _UNIT_OR_DESK, "return_asked"),
    _row("refuse_return", WITH_UNITS, None, roles.DESK, "return_refused"),
    _row(
        "approve_return",
        WITH_UNITS,
        T.PENDING_DISPATCH,
        roles.DESK,
        "returned",
        starts={Clock.TRIAGE},
    ),
    _row("ask_extension", {T.HANDLING}, None, _UNIT_OR_DESK, "extension_asked"),
    _row("refuse_extension", OPEN, None, roles.DESK, "extension_refused"),
    _row("extend", {T.HANDLING}, None, roles.DESK, "extended"),
    _row("pass_on", WITH_UNITS, None, roles.UNIT, "passed_on"),
    _row("finish_errand", WITH_UNITS | {T.PENDING_REVIEW}, None, roles.UNIT, "errand_finished"),
    # review and call-back
    _row("send_back", {T.PENDING_REVIEW}, T.HANDLING, roles.REVIEW, "sent_back"),
    _row(
        "approve", {T.PENDING_REVIEW}, T.PENDING_CALLBACK, roles.REVIEW, "approved", starts={Clock.CALLBACK}
    ),
    _row("miss", {T.PENDING_CALLBACK}, None, roles.CALLBACK, "missed"),
    _row("close", {T.PENDING_CALLBACK}, T.CLOSED, roles.CALLBACK, "closed", stops={Clock.CALLBACK}),
    _row(
        "close_unreached",
        {T.PENDING_CALLBACK},
        T.CLOSED,
        roles.CALLBACK,
        "closed_unreached",
        stops={Clock.CALLBACK},
    ),
    _row(
        "rehandle",
        {T.PENDING_CALLBACK},
        T.REHANDLING,
        roles.CALLBACK,
        "rehandled",
        stops={Clock.CALLBACK},
    ),
    _row(
        "reopen",
        {T.CLOSED, T.ANSWERED, T.REDIRECTED},
        T.PENDING_DISPATCH,
        roles.CHIEFS,
        "reopened",
        starts={Clock.TRIAGE},
    ),
    _row(
        "undo",
        {T.ANSWERED, T.REDIRECTED},
        T.PENDING_DISPATCH,
        roles.DESK,
        "undone",
        starts={Clock.TRIAGE},
    ),
    # leaving the way
    _row("withdraw", OPEN | WATCHING, T.WITHDRAWN, roles.INTAKE, "withdrawn", stops=set(Clock)),
    _row(
        "void", OPEN | WATCHING | {T.ANSWERED, T.REDIRECTED}, T.VOIDED, roles.DESK, "voided", stops=set(Clock)
    ),
    # what the city had taken back and gives again goes to where it belongs
    _row(
        "restore",
        {T.WITHDRAWN},
        T.PENDING_DISPATCH,
        roles.DESK | {Role.SYSTEM},
        "restored",
        starts={Clock.TRIAGE},
    ),
    _row("restore_watch", {T.WITHDRAWN}, T.WATCHED, roles.DESK | {Role.SYSTEM}, "watch_restored"),
    _row(
        "restore_callback",
        {T.WITHDRAWN},
        T.PENDING_CALLBACK,
        roles.DESK | {Role.SYSTEM},
        "callback_restored",
        starts={Clock.CALLBACK},
    ),
    # beside the way: the state stays
    _row("ask_void", OPEN | WATCHING | {T.ANSWERED, T.REDIRECTED}, None, roles.INTAKE, "void_asked"),
    _row("refuse_void", ANY, None, roles.DESK, "void_refused"),
    _row("change_level", {T.PENDING_DISPATCH}, None, roles.DESK, "level_changed"),
    _row("classify", {T.REGISTERED, T.PENDING_DISPATCH}, None, roles.INTAKE, "classified"),
    _row("note", ANY, None, _PEOPLE | roles.UNIT, "noted"),
    _row("join_call", ANY, None, roles.INTAKE, "call_joined"),
    _row("urge", OPEN | WATCHING, None, roles.INTAKE | {Role.SUPERVISOR}, "urged"),
    _row("link", ANY, None, roles.INTAKE, "linked"),
    _row("unlink", ANY, None, roles.INTAKE, "unlinked"),
    _row("attach", ANY, None, _PEOPLE | roles.UNIT, "attached"),
    _row("drop_attachment", ANY, None, _PEOPLE | roles.UNIT, "attachment_dropped"),
    _row("change_city", ANY, None, roles.INTAKE, "city_changed"),
    _row("owe_city", ANY, None, roles.INTAKE | roles.REVIEW | roles.CALLBACK, "city_owed"),
    _row("tell_city", ANY, None, roles.INTAKE, "city_told"),
    _row("reveal", ANY, None, _PEOPLE | roles.UNIT, "revealed"),
    _row("advise", ANY, None, {Role.SYSTEM}, "advised"),
)

ASSIGNMENT: Final[tuple[Row, ...]] = (
    _row("dispatch", (), A.PENDING_SIGN, roles.DESK, "dispatched", starts={Clock.SIGN, Clock.HANDLING}),
    _row(
        "dispatch_automatically",
        (),
        A.PENDING_SIGN,
        {Role.SYSTEM},
        "dispatched",
        starts={Clock.SIGN, Clock.HANDLING},
    ),
    _row(
        "recall_automatic",
        {A.PENDING_SIGN, A.SIGNED, A.WAITING},
        A.RECALLED,
        roles.DESK,
        "taken_back",
        stops={Clock.SIGN, Clock.HANDLING},
    ),
    _row("rehandle", (), A.PENDING_SIGN, roles.CALLBACK, "rehandled", starts={Clock.SIGN, Clock.HANDLING}),
    _row("redispatch", (), A.PENDING_SIGN, roles.DESK, "redispatched", starts={Clock.SIGN, Clock.HANDLING}),
    _row("add_unit", (), A.PENDING_SIGN, roles.DESK, "unit_added", starts={Clock.SIGN, Clock.HANDLING}),
    _row(
        "take_back",
        {A.PENDING_SIGN},
        A.RECALLED,
        roles.DESK,
        "taken_back",
        stops={Clock.SIGN, Clock.HANDLING},
    ),
    _row("sign", {A.PENDING_SIGN}, A.SIGNED, _UNIT_OR_DESK, "signed", stops={Clock.SIGN}),
    _row("wait", {A.SIGNED}, A.WAITING, roles.UNIT, "waiting_for_caller", pauses={Clock.HANDLING}),
    _row("resume", {A.WAITING}, A.SIGNED, roles.UNIT, "resumed", resumes={Clock.HANDLING}),
    _row(
        "reply",
        {A.SIGNED},
        A.RESULT_SUBMITTED,
        _UNIT_OR_DESK,
        "replied",
        stops={Clock.HANDLING},
    ),
    _row("send_back", {A.RESULT_SUBMITTED}, A.SIGNED, roles.REVIEW, "sent_back", resumes={Clock.HANDLING}),
    _row("approve", {A.RESULT_SUBMITTED}, A.ACCEPTED, roles.REVIEW, "approved"),
    _row(
        "approve_return",
        {A.PENDING_SIGN, A.SIGNED, A.WAITING},
        A.RETURNED,
        roles.DESK,
        "returned",
        stops={Clock.SIGN, Clock.HANDLING},
    ),
    _row("extend", {A.SIGNED, A.WAITING}, None, roles.DESK, "extended", sets={Clock.HANDLING}),
    _row(
        "change_city",
        {A.PENDING_SIGN, A.SIGNED, A.WAITING},
        None,
        roles.INTAKE,
        "city_changed",
        sets={Clock.HANDLING},
    ),
    _row(
        "end",
        {A.PENDING_SIGN, A.SIGNED, A.WAITING, A.RESULT_SUBMITTED},
        A.ENDED,
        roles.CALLBACK | roles.DESK | roles.INTAKE,
        "ended",
        stops={Clock.SIGN, Clock.HANDLING},
    ),
)

_BY_ACT: Final = {
    "ticket": {row.act: row for row in TICKET},
    "assignment": {row.act: row for row in ASSIGNMENT},
}


class NotOpen(Exception):
    """The table has no such way: this act does not lead out of this state, or not for this role."""

    def __init__(self, table: str, act: str, state: str | None, role: str | None = None) -> None:
        self.table, self.act, self.state, self.role = table, act, state, role
        super().__init__(
            f"{act!r} is not open for a {table} in state {state!r}" + (f" to {role!r}" if role else "")
        )


def row_of(table: str, act: str) -> Row:
    """The row of *act* in `"ticket"` or `"assignment"`. Raises `NotOpen` for an unknown act."""
    try:
        return _BY_ACT[table][act]
    except KeyError:
        raise NotOpen(table, act, None) from None


def has(table: str, act: str) -> bool:
    """Does *table* know *act*?"""
    return act in _BY_ACT[table]


def check(table: str, act: str, state: str | None, role: Role | str) -> Row:
    """The row, if *act* leads out of *state* (None: does not exist yet) and *role* may do it.

    Raises `NotOpen` otherwise.
    """
    row = row_of(table, act)
    if (state is None) != row.is_beginning or (state is not None and state not in row.sources):
        raise NotOpen(table, act, state)
    if role not in row.who:
        raise NotOpen(table, act, state, str(role))
    return row


def open_acts(table: str, state: str, role: Role | str) -> tuple[str, ...]:
    """The acts that lead on from *state* for *role*, in the order of the table."""
    rows = TICKET if table == "ticket" else ASSIGNMENT
    return tuple(row.act for row in rows if state in row.sources and role in row.who)


def printed(words: dict[str, str] | None = None) -> str:
    """Both tables as Markdown, as `docs/journey.md` and `fenzhen journey` show them.

    *words* gives a state's or an act's name in the reader's language, where there is one.
    """
    name = words or {}

    def cell(items: Iterable[str]) -> str:
        return ", ".join(sorted(items)) or "–"

    def spoken(code: str) -> str:
        return f"{code} {name[code]}" if code in name else code

    lines: list[str] = []
    for title, rows, states in (
        ("Ticket 工单", TICKET, tuple(TicketState)),
        ("Assignment 承办", ASSIGNMENT, tuple(AssignmentState)),
    ):
        order = [str(s) for s in states]
        lines += [
            f"## {title}",
            "",
            "| act | from | to | who | event | clocks |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows:
            clocks = [
                f"{verb} {clock}"
                for verb, some in (
                    ("starts", row.starts),
                    ("stops", row.stops),
                    ("pauses", row.pauses),
                    ("resumes", row.resumes),
                    ("sets", row.sets),
                )
                for clock in sorted(some)
            ]
            sources = "–" if row.is_beginning else ", ".join(sorted(row.sources, key=order.index))
            if row.sources == ANY:
                sources = "any"
            lines.append(
                f"| {spoken(row.act)} | {sources} | {spoken(row.to) if row.to else 'stays'} "
                f"| {cell(row.who)} | {row.event} | {', '.join(clocks) or '–'} |"
            )
        lines.append("")
    return "\n".join(lines)
