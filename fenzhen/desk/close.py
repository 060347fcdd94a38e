"""The ways out beside a good end: voiding needs a second person. And what every way out does to units, and to
what they had asked for."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, Move, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy
from fenzhen.hotline.journey import ACTIVE
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import VOID_REASONS


def ended(ticket: Ticket) -> list[Move]:
    """Every assignment that still runs ends with the ticket."""
    return [
        Move(item, "end")
        for item in Assignment.objects.filter(ticket=ticket, state__in=[str(s) for s in ACTIVE])
    ]


def open_requests(ticket: Ticket, moves: Sequence[Move] | None = None) -> list[int]:
    """The ids of everything that is asked for on *ticket* and not decided: all of it, or what was asked on the
    shares that *moves* end. An entry that makes them needless names them (`requests`)."""
    rows = Request.objects.filter(ticket=ticket, decision="")
    if moves is not None:
        rows = rows.filter(assignment__in=[move.assignment.pk for move in moves])
    return list(rows.order_by("pk").values_list("pk", flat=True))


def drop_requests(requests: Sequence[int], *, by: User, now: datetime, text: str) -> int:
    """Nobody need decide these any more: *text* says why. Leaves alone what somebody decided meanwhile."""
    return Request.objects.filter(pk__in=requests, decision="").update(
        decision="moot", decided_by=by, decided_at=now, decision_text=text
    )


@verb
def ask_void(ticket: Ticket, *, by: User, now: datetime, reason: str, text: str = "") -> Request:
    """Propose to void a ticket (test, prank, empty, entered twice). A second person decides."""
    if reason not in VOID_REASONS:
        raise Incomplete({"reason": _("请选择作废原因。")})
    if Request.objects.filter(ticket=ticket, kind="void", decision="").exists():
        raise Incomplete({"reason": _("已经有人申请作废,正等待另一人确认。")})
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    step(ticket, "ask_void", by=by, now=now, facts={"reason": reason, "words": text_hash(kept)})
    return Request.objects.create(
        ticket=ticket, kind="void", applicant=by, asked_at=now, reason_code=reason, text=kept
    )


@verb
def decide_void(request: Request, *, by: User, now: datetime, approve: bool, text: str = "") -> Request:
    """The second person's word. Raises `NotYours` for the applicant, `Incomplete` if it is decided already."""
    if request.applicant_id == by.pk:
        raise NotYours
    request.refresh_from_db()
    if request.decision:
        raise Incomplete({"decision": _("这项申请已经有人处理。")})
    ticket = request.ticket
    facts = {"request": request.pk, "reason": request.reason_code, "asked_by": request.applicant_id}
    if approve:
        others = [pk for pk in open_requests(ticket) if pk != request.pk]
        step(
            ticket,
            "void",
            by=by,
            now=now,
            moves=ended(ticket),
            facts=facts | ({"requests": others} if others else {}),
            reason_code=request.reason_code,
            closed_at=now,
            held_by=None,
            held_until=None,
        )
        drop_requests(others, by=by, now=now, text=_("工单已作废"))
    else:
        step(ticket, "refuse_void", by=by, now=now, facts=facts)
    request.decided_by, request.decided_at = by, now
    request.decision = "approved" if approve else "refused"
    request.decision_text = privacy.lift_numbers(privacy.clean_text(text))[0]
    request.save(update_fields=["decided_by", "decided_at", "decision", "decision_text"])
    return request
