"""Checking a unit's reply before the caller is phoned."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, Move, step, text_hash, verb
from fenzhen.hotline import privacy
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.words import SEND_BACK_REASONS


@verb
def approve_reply(assignment: Assignment, *, by: User, now: datetime) -> Reply:
    """The reply stands. The lead's opens the call-back of this round."""
    step(assignment.ticket, "approve", by=by, now=now, moves=[Move(assignment, "approve")])
    reply = _judged(assignment, by, now, "approved", (), "")
    ticket = assignment.ticket
    if assignment.part == "lead" and ticket.callback_due:
        CallBack.objects.get_or_create(
            ticket=ticket,
            round=ticket.round,
            defaults={"opened_at": now, "due_at": ticket.callback_due, "next_try_at": now},
        )
    return reply


@verb
def send_back_reply(
    assignment: Assignment, *, by: User, now: datetime, reasons: Sequence[str], text: str = ""
) -> Reply:
    """The reply does not stand: the unit goes on, told why."""
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
        facts={"reasons": list(reasons), "words": text_hash(kept)},
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
    return _judged(assignment, by, now, "sent_back", reasons, kept)


def _judged(
    assignment: Assignment, by: User, now: datetime, verdict: str, reasons: Sequence[str], text: str
) -> Reply:
    reply = Reply.objects.filter(assignment=assignment).order_by("-id").first()
    assert reply is not None, "an assignment with a result has a reply"
    reply.verdict, reply.verdict_reasons, reply.verdict_text = verdict, list(reasons), text
    reply.reviewed_by, reply.reviewed_at = by, now
    reply.save(update_fields=["verdict", "verdict_reasons", "verdict_text", "reviewed_by", "reviewed_at"])
    return reply
