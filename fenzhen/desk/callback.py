"""Phoning afterwards. A No goes back at once; the first answer stays in the statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.close import ended
from fenzhen.desk.duty import by_duty_list
from fenzhen.desk.step import Incomplete, NotOpen, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import ATTEMPTS, EMOTIONS, RISKS, SATISFIED, SOLVED, UNSOLVED_REASONS, VULNERABLE


@dataclass(slots=True)
class Said:
    """What the person said: the four questions, their words, how the voice sounded, where they are now."""

    contacted: bool | None = None
    solved: str = ""
    satisfied: str = ""
    is_true: bool | None = None
    reason_code: str = ""
    words: str = ""
    emotion: str = ""
    risk: str = "none"
    vulnerable: Sequence[str] = field(default_factory=tuple)
    place_now: str = ""


@verb
def hold_callback(callback: CallBack, *, by: User, now: datetime) -> bool:
    """Take a call-back into one's hands for a short while, so that nobody is phoned by two people at once.

    True if it is (still) mine; False if a colleague holds it. Holding moves nothing and is not journaled.
    """
    if by.role not in roles.CALLBACK:
        raise NotYours
    until = now + timedelta(seconds=int(setting("callback.hold_seconds", 300)))
    free = Q(held_by=None) | Q(held_by=by) | Q(held_until__lt=now)
    hit = Ticket.objects.filter(free, pk=callback.ticket_id, state="pending_callback").update(
        held_by=by, held_until=until
    )
    callback.ticket.refresh_from_db(fields=["held_by", "held_until", "state"])
    return bool(hit)


@verb
def miss_call(
    ticket: Ticket,
    *,
    by: User,
    now: datetime,
    outcome: str,
    next_try_at: datetime | None = None,
) -> CallBack:
    """Not reached, or asked to ring later. The next try is proposed where none is given."""
    if outcome not in ATTEMPTS or outcome == "reached":
        raise Incomplete({"outcome": _("请选择未接通的情况。")})
    if next_try_at is not None and next_try_at <= now:
        raise Incomplete({"next_try_at": _("下次联系时间应在现在之后。")})
    if outcome == "appointment" and next_try_at is None:
        raise Incomplete({"next_try_at": _("请填写约定的时间。")})
    callback = open_callback(ticket)
    step(
        ticket,
        "miss",
        by=by,
        now=now,
        facts={"outcome": outcome, "callback": callback.pk},
        held_by=None,
        held_until=None,
    )
    Attempt.objects.create(callback=callback, at=now, by=by, outcome=outcome)
    callback.next_try_at = next_try_at or proposed_try(callback, now)
    callback.appointment = outcome == "appointment"
    callback.save(update_fields=["next_try_at", "appointment"])
    return callback


@verb
def close_ticket(ticket: Ticket, *, by: User, now: datetime, said: Said) -> CallBack:
    """Reached, and it may rest: solved and content, or unsolved but explained and understood."""
    check_said(said)
    callback = open_callback(ticket)
    step(
        ticket,
        "close",
        by=by,
        now=now,
        moves=ended(ticket),
        facts=said_facts(said, callback),
        closed_at=now,
        final_solved=said.solved,
        final_satisfied=said.satisfied,
        held_by=None,
        held_until=None,
        **first_answers(ticket, said),
    )
    return _keep(callback, said, by, now, "closed")


@verb
def rehandle_ticket(
    ticket: Ticket,
    *,
    by: User,
    now: datetime,
    said: Said,
    level: int | None = None,
    unit: Unit | None = None,
    word: str = "",
) -> CallBack:
    """It was not solved: a new round begins at once, with a fresh clock and, where needed, a higher level.

    The same unit goes on unless *unit* names another one. Where the person is *now* goes with it.
    """
    check_said(said)
    level = level or ticket.level
    if level not in (1, 2, 3, 4):
        raise Incomplete({"level": _("等级只有一级到四级。")})
    if not (said.words.strip() or word.strip()):
        raise Incomplete({"words": _("请写下诉求人的话:哪一点还没有解决?")})
    callback = open_callback(ticket)
    last_lead = (
        Assignment.objects.filter(ticket=ticket, part="lead")
        .exclude(state__in=["recalled", "returned"])
        .select_related("unit")
        .order_by("-round", "-id")  # another unit may have had it in the same round before
        .first()
    )
    lead = unit or (last_lead.unit if last_lead else None)
    if lead is None:
        raise Incomplete({"unit": _("请选择重办的承办单位。")})
    basis = last_lead.basis if last_lead else ""
    listed: dict[str, str] = {}
    if last_lead is None or lead.pk != last_lead.unit_id:
        wrong: dict[str, str] = {}
        basis, listed = by_duty_list(ticket, lead, now=now, category=ticket.category, wrong=wrong)
        if wrong:
            raise Incomplete({"unit": wrong["lead"]})
    kept_word = privacy.lift_numbers(privacy.clean_text(word))[0]
    now_at = privacy.lift_numbers(privacy.clean_text(said.place_now))[0][:255]
    birth = Assignment(
        unit=lead,
        part="lead",
        level=level,
        round=ticket.round + 1,
        basis=basis,
        word=kept_word,
    )
    step(
        ticket,
        "rehandle",
        by=by,
        now=now,
        births=[birth],
        moves=ended(ticket),
        facts={**said_facts(said, callback), "from_level": ticket.level, **listed},
        round=ticket.round + 1,
        level=level,
        place_now=now_at or ticket.place_now,
        final_solved=said.solved,
        final_satisfied=said.satisfied,
        held_by=None,
        held_until=None,
        **first_answers(ticket, said),
    )
    return _keep(callback, said, by, now, "rehandled")


@verb
def close_unreached(ticket: Ticket, *, by: User, now: datetime) -> CallBack:
    """Close without an answer, after enough tries over enough days; outside the rates.

    Raises `NotOpen` before the district's `callback.attempts` tries over `callback.span_days` days.
    """
    callback = open_callback(ticket)
    tries = list(Attempt.objects.filter(callback=callback).order_by("at"))
    days = {timezone.localtime(t.at).date() for t in tries}
    if len(tries) < int(setting("callback.attempts", 3)) or len(days) < int(setting("callback.span_days", 2)):
        raise NotOpen("ticket", "close_unreached", ticket.state, str(by.role))
    step(
        ticket,
        "close_unreached",
        by=by,
        now=now,
        moves=ended(ticket),
        facts={"tries": len(tries)},
        closed_at=now,
        held_by=None,
        held_until=None,
    )
    callback.outcome, callback.done_at, callback.done_by = "unreached", now, by
    callback.save(update_fields=["outcome", "done_at", "done_by"])
    return callback


def open_callback(ticket: Ticket) -> CallBack:
    """The call-back of the present round. Raises `NotOpen` where there is none to make."""
    row = CallBack.objects.filter(ticket=ticket, round=ticket.round).first()
    if row is None or row.outcome:
        raise NotOpen("ticket", "call back", ticket.state)
    return row


def proposed_try(callback: CallBack, now: datetime) -> datetime:
    """When to try again: after two hours in the daytime, else next day at ten, so that tries spread over
    the day and over days. Level 1 is tried again after fifteen minutes."""
    if callback.ticket.level == 1:
        return now + timedelta(minutes=15)
    later = timezone.localtime(now) + timedelta(hours=2)
    if 8 <= later.hour < 20:
        return later
    day = later.date() if later.hour < 8 else later.date() + timedelta(days=1)
    return later.replace(
        year=day.year, month=day.month, day=day.day, hour=10, minute=0, second=0, microsecond=0
    )


def check_said(said: Said) -> None:
    """Raises `Incomplete`, naming every question that has no answer or an unknown one."""
    wrong: dict[str, str] = {}
    if said.contacted is None:
        wrong["contacted"] = _("请回答:承办单位联系您了吗?")
    if said.solved not in SOLVED:
        wrong["solved"] = _("请回答:问题解决了吗?")
    if said.satisfied not in SATISFIED:
        wrong["satisfied"] = _("请回答:对办理结果满意吗?")
    if said.reason_code and said.reason_code not in UNSOLVED_REASONS:
        wrong["reason_code"] = _("请选择没有解决的原因。")
    if said.emotion and said.emotion not in EMOTIONS:
        wrong["emotion"] = _("请选择语气。")
    if said.risk and said.risk not in RISKS:
        wrong["risk"] = _("请选择风险。")
    if any(v not in VULNERABLE for v in said.vulnerable):
        wrong["vulnerable"] = _("请选择需要照顾的情形。")
    if wrong:
        raise Incomplete(wrong)


def first_answers(ticket: Ticket, said: Said) -> dict[str, Any]:
    """The first round's answers are written once and never again."""
    if ticket.first_solved:
        return {}
    return {"first_solved": said.solved, "first_satisfied": said.satisfied}


def said_facts(said: Said, callback: CallBack) -> dict[str, object]:
    """What the journal says of an answer: codes, and a hash of the words."""
    return {
        "callback": callback.pk,
        "contacted": said.contacted,
        "solved": said.solved,
        "satisfied": said.satisfied,
        "emotion": said.emotion,
        "risk": said.risk,
        "words": text_hash(said.words),
    }


def _keep(callback: CallBack, said: Said, by: User, now: datetime, outcome: str) -> CallBack:
    claim = (
        Reply.objects.filter(assignment__ticket=callback.ticket, assignment__part="lead")
        .order_by("-id")
        .first()
    )
    Attempt.objects.create(callback=callback, at=now, by=by, outcome="reached")
    fill_in(callback, said, by=by, now=now, outcome=outcome, claim=claim)
    callback.save()
    return callback


def fill_in(
    callback: CallBack, said: Said, *, by: User, now: datetime, outcome: str, claim: Reply | None
) -> None:
    """Put the answers into the call-back's row; *claim* is what the lead unit had reported last."""
    callback.outcome, callback.done_at, callback.done_by = outcome, now, by
    callback.contacted, callback.solved, callback.satisfied = said.contacted, said.solved, said.satisfied
    callback.is_true, callback.reason_code = said.is_true, said.reason_code
    callback.words = privacy.lift_numbers(privacy.clean_text(said.words))[0]
    callback.emotion, callback.risk, callback.vulnerable = said.emotion, said.risk, list(said.vulnerable)
    callback.place_now = privacy.lift_numbers(privacy.clean_text(said.place_now))[0][:255]
    callback.contradiction = bool(claim and claim.solved_claim == "yes" and said.solved == "no")


__all__ = [
    "Said",
    "close_ticket",
    "close_unreached",
    "hold_callback",
    "miss_call",
    "open_callback",
    "proposed_try",
    "rehandle_ticket",
]
