"""What waits for a unit: to sign, in hand, due today, came back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.tickets import CallerSeen, caller_seen
from fenzhen.hotline import roles
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.journey import Clock
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import CALL_KINDS

#: More rows than this in one group help nobody; the count beside the group is true all the same.
LONGEST = 200
#: A unit works on these.
_WORK = ("pending_sign", "signed", "waiting")
#: Kinds of notes that are the caller's own further words.
CALLS = frozenset({*CALL_KINDS, "supplement"})


@dataclass(slots=True)
class Share:
    """One assignment as its unit sees it in a list: the clock that runs now, and why it came back."""

    item: Assignment
    ticket: Ticket
    clock: Clock
    started: datetime
    due: datetime
    paused: datetime | None
    colour: Colour
    came_back: str = ""
    """`callback`: the caller said it did not help; `review`: the reply was sent back; empty: new."""


@dataclass(slots=True)
class Group:
    """One of the four lists, the most urgent first, and how many there are in all."""

    shares: list[Share] = field(default_factory=list)
    count: int = 0
    late: int = 0


@dataclass(slots=True)
class UnitDesk:
    """A unit's whole day. Each assignment stands in one group only."""

    came_back: Group
    to_sign: Group
    due_today: Group
    in_hand: Group
    replied: int
    """Replies that wait for review or for the call-back: nothing to do, but not forgotten."""

    @property
    def is_empty(self) -> bool:
        """Nothing to do at all."""
        return not (self.came_back.count or self.to_sign.count or self.due_today.count or self.in_hand.count)


@dataclass(slots=True)
class Round:
    """An earlier round: what was replied, and what the caller said to it."""

    number: int
    replies: list[Reply]
    callback: CallBack | None


@dataclass(slots=True)
class ShareSeen:
    """One assignment with all that its unit needs to work on it."""

    share: Share
    caller: CallerSeen
    others: list[Assignment]
    rounds: list[Round]
    """Earlier rounds, the newest first, where the viewer may know of them."""
    sent_back: Reply | None
    """The reply that review sent back, while it is to be written again."""
    notes: list[Note]
    calls: list[Note]
    """Further calls of the same person."""


def unit_desk(viewer: User, now: datetime, longest: int = LONGEST, narrow: Narrow = ALL) -> UnitDesk:
    """The four groups of the viewer's own unit, each with its first *longest*; nothing for people without one."""
    groups = {name: Group() for name in ("came_back", "to_sign", "due_today", "in_hand")}
    rows = list(
        _own(viewer)
        .filter(narrow.on("ticket"), state__in=_WORK)
        .select_related("ticket__place", "ticket__town", "ticket__category", "given_by")
        .order_by("handle_due", "id")
    )
    returned = _sent_back([row.pk for row in rows])
    today = timezone.localtime(now).date()
    for row in rows:
        share = _share(row, now, "review" if row.pk in returned else "callback" if row.round > 1 else "")
        if share.came_back:
            name = "came_back"
        elif row.state == "pending_sign":
            name = "to_sign"
        elif row.state != "waiting" and timezone.localtime(row.handle_due).date() <= today:
            name = "due_today"
        else:
            name = "in_hand"
        group = groups[name]
        group.count += 1
        group.late += share.colour is Colour.RED
        group.shares.append(share)
    for group in groups.values():
        group.shares.sort(key=lambda s: (s.paused is not None, s.item.level != 1, s.due))
        del group.shares[longest:]
    replied = _own(viewer).filter(state="result_submitted").count()
    return UnitDesk(**groups, replied=replied)


def share_of(viewer: User, pk: int, now: datetime) -> ShareSeen:
    """One assignment of the viewer's own unit, in any state. Raises `Assignment.DoesNotExist`."""
    row = (
        _own(viewer)
        .select_related(
            "ticket__place", "ticket__town", "ticket__category", "ticket__caller", "given_by", "unit"
        )
        .get(pk=pk)
    )
    ticket = row.ticket
    replies = list(
        Reply.objects.filter(assignment__ticket=ticket)
        .select_related("assignment__unit", "by")
        .order_by("id")
    )
    callbacks = {cb.round: cb for cb in CallBack.objects.filter(ticket=ticket).exclude(outcome="")}
    mine = [reply for reply in replies if reply.assignment_id == row.pk]
    last = mine[-1] if mine else None
    notes = list(Note.objects.filter(ticket=ticket).select_related("by", "assignment").order_by("n", "id"))
    return ShareSeen(
        share=_share(
            row,
            now,
            "review" if last and last.verdict == "sent_back" else "callback" if row.round > 1 else "",
        ),
        caller=caller_seen(viewer, ticket),
        others=list(
            Assignment.objects.filter(ticket=ticket, round=row.round)
            .exclude(pk=row.pk)
            .exclude(state="recalled")
            .select_related("unit")
        ),
        rounds=_rounds(row.round, replies, callbacks),
        sent_back=last if last and last.verdict == "sent_back" and row.state in _WORK else None,
        notes=[note for note in notes if note.assignment_id == row.pk and note.kind in {"note", "wait"}],
        calls=[note for note in notes if note.kind in CALLS],
    )


def shares_to_sign(viewer: User, pks: Sequence[int]) -> list[Assignment]:
    """Those of *pks* that the viewer's unit may still sign; others are left out silently."""
    return list(_own(viewer).filter(pk__in=pks, state="pending_sign").select_related("ticket").order_by("id"))


def _own(viewer: User) -> "QuerySet[Assignment]":
    # Whoever only gets errands sees those (board/errands.py), never the caller's words.
    if viewer.role != roles.Role.UNIT_LIAISON or viewer.unit_id is None:
        return Assignment.objects.none()
    return Assignment.objects.filter(unit_id=viewer.unit_id).exclude(state="recalled")


def _sent_back(pks: Iterable[int]) -> set[int]:
    """Assignments whose newest reply review sent back."""
    newest: dict[int, str] = {}
    for pk, verdict in (
        Reply.objects.filter(assignment_id__in=list(pks))
        .order_by("id")
        .values_list("assignment_id", "verdict")
    ):
        newest[pk] = verdict
    return {pk for pk, verdict in newest.items() if verdict == "sent_back"}


def _share(row: Assignment, now: datetime, came_back: str) -> Share:
    """The clock that runs now: the signature's first, then the handling's; a late handling always shows."""
    paused = row.paused_at if row.state == "waiting" else None
    if row.state == "pending_sign" and now <= row.handle_due:
        clock, due = Clock.SIGN, row.sign_due
    else:
        clock, due = Clock.HANDLING, row.handle_due
    moment = paused or row.submitted_at or now
    return Share(
        row, row.ticket, clock, row.given_at, due, paused, colour(row.given_at, due, moment), came_back
    )


def _rounds(current: int, replies: Sequence[Reply], callbacks: dict[int, CallBack]) -> list[Round]:
    out = []
    for number in range(current - 1, 0, -1):
        said = [r for r in replies if r.assignment.round == number]
        if said or number in callbacks:
            out.append(Round(number, said, callbacks.get(number)))
    return out
