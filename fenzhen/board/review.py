"""Replies that wait for review, beside the words they answer."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.handle import CALLS, Round
from fenzhen.board.tickets import CallerSeen, caller_seen
from fenzhen.hotline import roles
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.review import Remark, promises_in, remarks
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: A reply is compared with as many of its unit's earlier ones.
COMPARED = 120
#: How many waiting replies a page lists.
LONGEST = 300


@dataclass(slots=True)
class ReplyRow:
    """One reply in the queue."""

    item: Assignment
    ticket: Ticket
    reply: Reply
    due: datetime
    colour: Colour
    remarks: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class ReplySeen:
    """One reply with everything that it must be held against."""

    row: ReplyRow
    caller: CallerSeen
    rounds: list[Round]
    earlier: list[Reply]
    """Earlier replies of this very round, sent back or not."""
    others: list[Assignment]
    calls: list[Note]
    notes: list[Note]
    promise: list[tuple[str, bool]]
    """The public text in pieces: (words, do they speak of what is still to come)."""


def replies_to_review(
    viewer: User, now: datetime, longest: int = LONGEST, narrow: Narrow = ALL
) -> list[ReplyRow]:
    """The queue: level 1 first, then by the ticket's deadline; nothing for those who do not review."""
    if viewer.role not in roles.REVIEW:
        return []
    items = list(
        Assignment.objects.filter(narrow.on("ticket", unit="unit"), state="result_submitted")
        .select_related("ticket__place", "ticket__town", "ticket__category", "unit")
        .order_by("level", "handle_due", "id")[:longest]
    )
    newest: dict[int, Reply] = {}
    for reply in Reply.objects.filter(assignment__in=items).select_related("by").order_by("id"):
        newest[reply.assignment_id] = reply
    rows = [_row(item, newest[item.pk], now) for item in items if item.pk in newest]
    earlier = _earlier_texts(rows)
    for row in rows:
        row.remarks = _remarks(row.reply, earlier[row.item.unit_id])
    return rows


def reply_to_review(viewer: User, pk: int, now: datetime) -> ReplySeen:
    """One assignment's newest reply, waiting or judged. Raises `Assignment.DoesNotExist`, also for people who
    do not review."""
    if viewer.role not in roles.REVIEW:
        raise Assignment.DoesNotExist
    item = Assignment.objects.select_related(
        "ticket__place", "ticket__town", "ticket__category", "ticket__caller", "unit", "given_by"
    ).get(pk=pk, replies__isnull=False, replies__pk=_newest_reply(pk))
    ticket = item.ticket
    replies = list(
        Reply.objects.filter(assignment__ticket=ticket)
        .select_related("assignment__unit", "by", "reviewed_by")
        .order_by("id")
    )
    mine = [reply for reply in replies if reply.assignment_id == pk]
    row = _row(item, mine[-1], now)
    row.remarks = _remarks(row.reply, _earlier_texts([row])[item.unit_id])
    callbacks = {cb.round: cb for cb in CallBack.objects.filter(ticket=ticket).exclude(outcome="")}
    rounds = [
        Round(number, [r for r in replies if r.assignment.round == number], callbacks.get(number))
        for number in range(item.round - 1, 0, -1)
    ]
    notes = list(
        Note.objects.filter(ticket=ticket).select_related("by", "assignment__unit").order_by("n", "id")
    )
    return ReplySeen(
        row=row,
        caller=caller_seen(viewer, ticket),
        rounds=[r for r in rounds if r.replies or r.callback],
        earlier=mine[:-1],
        others=list(
            Assignment.objects.filter(ticket=ticket, round=item.round)
            .exclude(pk=pk)
            .exclude(state="recalled")
            .select_related("unit")
            .prefetch_related("replies")
        ),
        calls=[n for n in notes if n.kind in CALLS],
        notes=[n for n in notes if n.assignment_id == pk and n.kind in {"note", "wait"}],
        promise=_pieces(row.reply) if Remark.PROMISE in row.remarks else [(row.reply.public_text, False)],
    )


def next_to_review(viewer: User, after: int | None, now: datetime, narrow: Narrow = ALL) -> int | None:
    """The assignment that comes up next, other than *after*."""
    for row in replies_to_review(viewer, now, narrow=narrow):
        if row.item.pk != after:
            return row.item.pk
    return None


def _newest_reply(pk: int) -> int:
    reply = Reply.objects.filter(assignment_id=pk).order_by("-id").values_list("pk", flat=True).first()
    if reply is None:
        raise Assignment.DoesNotExist
    return int(reply)


def _row(item: Assignment, reply: Reply, now: datetime) -> ReplyRow:
    due = item.handle_due
    return ReplyRow(item, item.ticket, reply, due, colour(item.given_at, due, item.submitted_at or now))


def _earlier_texts(rows: list[ReplyRow]) -> "dict[int, list[tuple[int, str]]]":
    """(id, public text) of the latest replies of every unit in *rows*."""
    out: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for unit_id in {row.item.unit_id for row in rows}:
        out[unit_id] = list(
            Reply.objects.filter(assignment__unit_id=unit_id)
            .order_by("-id")
            .values_list("id", "public_text")[:COMPARED]
        )
    return out


def _remarks(reply: Reply, texts: list[tuple[int, str]]) -> list[Remark]:
    return remarks(
        contacted=reply.contacted,
        solved_claim=reply.solved_claim,
        public_text=reply.public_text,
        internal_text=reply.internal_text,
        earlier=[text for pk, text in texts if pk < reply.pk],
    )


def _pieces(reply: Reply) -> list[tuple[str, bool]]:
    text, at, out = reply.public_text, 0, []
    for start, end in promises_in(text):
        out += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [*out, (text[at:], False)]
