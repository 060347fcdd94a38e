"""Checking a unit's reply before the caller is phoned."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fenzhen.desk.join import along, shares_beside, went_along
from fenzhen.desk.step import Incomplete, Move, step, text_hash, verb
from fenzhen.hotline import privacy
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import SEND_BACK_REASONS


@verb
def approve_reply(
    assignment: Assignment, *, by: User, now: datetime, along_with: Ticket | None = None
) -> Reply:
    """The reply stands. The lead's opens the call-back of this round, and that of each joined ticket that was
    answered with it."""
    moves = [Move(assignment, "approve")]
    step(assignment.ticket, "approve", by=by, now=now, moves=moves, facts=along(along_with))
    reply = _judged(assignment, by, now, "approved", (), "")
    ticket = assignment.ticket
    if assignment.part == "lead" and ticket.callback_due:
        CallBack.objects.get_or_create(
            ticket=ticket,
            round=ticket.round,
            defaults={"opened_at": now, "due_at": ticket.callback_due, "next_try_at": now},
        )
    for other in _answered_along(assignment):
        approve_reply(other, by=by, now=now, along_with=ticket)
    return reply


@verb
def send_back_reply(
    assignment: Assignment,
    *,
    by: User,
    now: datetime,
    reasons: Sequence[str],
    text: str = "",
    along_with: Ticket | None = None,
) -> Reply:
    """The reply does not stand: the unit goes on, told why; also with the joined tickets that it answered with it."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    unknown = [r for r in reasons if r not in SEND_BACK_REASONS]
    if not reasons or unknown:
        raise Incomplete({"reasons": _("请至少选择一个退回原因。")})
    entry = step(
        assignment.ticket,
        "send_back",
        by=by,
        now=now,
        moves=[Move(assignment, "send_back")],
        facts={"reasons": list(reasons), "words": text_hash(kept), **along(along_with)},
    )
    if kept:
        Note.objects.create(
            ticket=assignment.ticket,
            assignment=assignment,
            n=entry.n,
            by=by,
            at=now,
            kind="send_back",
            text=kept,
        )
    for other in _answered_along(assignment):
        send_back_reply(other, by=by, now=now, reasons=reasons, text=text, along_with=assignment.ticket)
    return _judged(assignment, by, now, "sent_back", reasons, kept)


def _answered_along(assignment: Assignment) -> list[Assignment]:
    """The joined shares whose reply came with this one's and waits for the same word."""
    return [
        item
        for item in shares_beside(assignment, "result_submitted")
        if went_along(item.ticket, "reply", assignment.ticket)
    ]


def _judged(
    assignment: Assignment, by: User, now: datetime, verdict: str, reasons: Sequence[str], text: str
) -> Reply:
    reply = Reply.objects.filter(assignment=assignment).order_by("-id").first()
    assert reply is not None, "an assignment with a result has a reply"
    reply.verdict, reply.verdict_reasons, reply.verdict_text = verdict, list(reasons), text
    reply.reviewed_by, reply.reviewed_at = by, now
    reply.save(update_fields=["verdict", "verdict_reasons", "verdict_text", "reviewed_by", "reviewed_at"])
    return reply
