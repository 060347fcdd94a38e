"""A ticket's whole story for its page: what happened, who had the time, rounds with their replies, answers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fenzhen.board.tickets import StoryLine, acts_for, assignment_acts_for, assignments_of, sight_of, story_of
from fenzhen.hotline import roles
from fenzhen.hotline.privacy import Sight
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story with the names that its ids stand for. `units` are (part, name) of whom it was given
    to; `took` is how long it stayed so until the next line."""

    line: StoryLine
    units: list[tuple[str, str]]
    replies: list["ReplySeen"]
    took: timedelta | None


@dataclass(frozen=True, slots=True)
class TimeShare:
    """A stretch of time in one hand: the desk's, the unit's, or the caller's."""

    holder: str
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class ReplySeen:
    """A unit's reply; `internal` is empty for those who may read its public words only."""

    reply: Reply
    internal: str


@dataclass(frozen=True, slots=True)
class ShareSeen:
    """One unit's share of a round."""

    item: Assignment
    replies: list[ReplySeen]
    acts: tuple[str, ...]


@dataclass(slots=True)
class RoundSeen:
    """One round: who was given it, what they replied, what the person said afterwards."""

    number: int
    shares: list[ShareSeen] = field(default_factory=list)
    callback: CallBack | None = None


def story_told(viewer: User, ticket: Ticket) -> list[Told]:
    """The story's lines in order, with the units' names."""
    lines = story_of(viewer, ticket)
    wanted = {
        done["unit"] for line in lines for done in line.entry.facts.get("assignments", []) if "unit" in done
    }
    names = {unit.pk: str(unit) for unit in Unit.objects.filter(pk__in=wanted)}
    parts = _own_parts(viewer, ticket)
    return [
        Told(
            line,
            [
                (done.get("part", ""), names[done["unit"]])
                for done in line.entry.facts.get("assignments", [])
                if done.get("unit") in names
            ],
            [_reply_seen(viewer, reply, parts) for reply in line.replies],
            line.until - line.entry.at if line.until else None,
        )
        for line in lines
    ]


def time_shares(viewer: User, ticket: Ticket, now: datetime) -> list[TimeShare]:
    """Who had the time, stretch by stretch, until now or until the ticket came to rest.

    While the lead unit waits for the caller, the caller has it.
    """
    shares: list[TimeShare] = []
    waiting = False
    for line in story_of(viewer, ticket):
        entry = line.entry
        lead = any(done.get("part") == "lead" for done in entry.facts.get("assignments", []))
        if entry.act == "wait" and lead:
            waiting = True
        elif lead or entry.source != entry.target:
            waiting = False
        holder = "caller" if waiting and line.held_by == "unit" else line.held_by
        end = line.until or now
        if not holder or end <= entry.at:
            continue
        if shares and shares[-1].holder == holder and shares[-1].end == entry.at:
            shares[-1] = TimeShare(holder, shares[-1].start, end)
        else:
            shares.append(TimeShare(holder, entry.at, end))
    return shares


def rounds_of(viewer: User, ticket: Ticket) -> list[RoundSeen]:
    """Every round, the newest first, with each unit's share and the call-back after it."""
    parts = _own_parts(viewer, ticket)
    rounds: dict[int, RoundSeen] = {}
    for item in assignments_of(viewer, ticket):
        seen = rounds.setdefault(item.round, RoundSeen(item.round))
        replies = [_reply_seen(viewer, reply, parts) for reply in item.replies.all()]
        seen.shares.append(ShareSeen(item, replies, assignment_acts_for(viewer, item)))
    for callback in callbacks_of(viewer, ticket):
        rounds.setdefault(callback.round, RoundSeen(callback.round)).callback = callback
    return sorted(rounds.values(), key=lambda seen: -seen.number)


def callbacks_of(viewer: User, ticket: Ticket) -> list[CallBack]:
    """The call-backs of all rounds in order. Nobody below sight of the matter reads what was said."""
    if sight_of(viewer, ticket) < Sight.MATTER:
        return []
    return list(
        CallBack.objects.filter(ticket=ticket)
        .select_related("done_by")
        .prefetch_related("attempts__by")
        .order_by("round")
    )


def void_requests(viewer: User, ticket: Ticket) -> list[Request]:
    """Proposals to void it and what became of them; for the centre only."""
    if viewer.role not in roles.CENTRE:
        return []
    return list(
        Request.objects.filter(ticket=ticket, kind="void")
        .select_related("applicant", "decided_by")
        .order_by("id")
    )


def open_void(viewer: User, ticket: Ticket) -> Request | None:
    """The proposal that waits for a second person's word."""
    return next((r for r in void_requests(viewer, ticket) if not r.decision), None)


def acts_shown(viewer: User, ticket: Ticket) -> tuple[str, ...]:
    """The acts of the table that this person can really begin now: voiding needs somebody else's proposal, a
    unit acts by its own share only, and nobody reveals what they may not see."""
    acts = list(acts_for(viewer, ticket))
    proposal = open_void(viewer, ticket)
    if proposal is None or proposal.applicant_id == viewer.pk:
        acts = [a for a in acts if a not in {"void", "refuse_void"}]
    if proposal is not None:
        acts = [a for a in acts if a != "ask_void"]
    if viewer.role in roles.UNIT and viewer.unit_id:
        own = {
            act
            for item in Assignment.objects.filter(ticket=ticket, unit_id=viewer.unit_id)
            for act in assignment_acts_for(viewer, item)
        }
        acts = [a for a in acts if a not in {"sign", "reply"}] + sorted(own)
    if sight_of(viewer, ticket) < Sight.MASKED or ticket.caller_id is None:
        acts = [a for a in acts if a != "reveal"]
    return tuple(dict.fromkeys(acts))


def lead_of(viewer: User, ticket: Ticket) -> Assignment | None:
    """The lead's share of the present round."""
    return next(
        (
            item
            for item in assignments_of(viewer, ticket)
            if item.round == ticket.round and item.part == "lead" and item.state != "recalled"
        ),
        None,
    )


# ---------------------------------------------------------------------------------------------------------


def _own_parts(viewer: User, ticket: Ticket) -> set[tuple[int, str]]:
    """(round, part) of the viewer's own unit's shares."""
    if viewer.role not in roles.UNIT or not viewer.unit_id:
        return set()
    return set(
        Assignment.objects.filter(ticket=ticket, unit_id=viewer.unit_id)
        .exclude(state="recalled")
        .values_list("round", "part")
    )


def _reply_seen(viewer: User, reply: Reply, parts: set[tuple[int, str]]) -> ReplySeen:
    """The centre reads everything; a unit its own internal words, and the lead those of who assists it."""
    item = reply.assignment
    may = viewer.role in roles.CENTRE or (
        viewer.role in roles.UNIT
        and (item.unit_id == viewer.unit_id or (item.part == "assist" and (item.round, "lead") in parts))
    )
    return ReplySeen(reply, reply.internal_text if may else "")


#: `Ticket` is named for the faces, which do not meet the records.
__all__ = [
    "ReplySeen",
    "RoundSeen",
    "ShareSeen",
    "Ticket",
    "TimeShare",
    "Told",
    "acts_shown",
    "callbacks_of",
    "lead_of",
    "open_void",
    "rounds_of",
    "story_told",
    "time_shares",
    "void_requests",
]
