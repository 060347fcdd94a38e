"""Sending a ticket to the units in charge, by a person or by itself, and taking that back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from fenzhen.board.automatic import weighed
from fenzhen.desk.decision import note_decision
from fenzhen.desk.duty import by_duty_list
from fenzhen.desk.handle import phone_unit
from fenzhen.desk.join import along, joined_with, went_along
from fenzhen.desk.step import Incomplete, Move, MovedMeanwhile, NotOpen, step, text_hash, verb
from fenzhen.desk.triage import require_hand
from fenzhen.hotline import privacy
from fenzhen.records.advice import Advice, Audit, Decision
from fenzhen.records.directory import Category
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: So long an automatic dispatch can be taken back with one press.
GRACE_MINUTES = 30


@verb
def dispatch_ticket(
    ticket: Ticket,
    *,
    by: User,
    now: datetime,
    lead: Unit,
    assist: Sequence[Unit] = (),
    level: int | None = None,
    category: Category | None = None,
    basis: str = "",
    word: str = "",
    chosen_rank: int | None = None,
    along_with: Ticket | None = None,
) -> list[Assignment]:
    """Send a waiting ticket to its lead unit and those that assist. Both clocks of each start. Tickets that are
    joined with it and wait too go along (each of them *along_with* this one).

    *basis* is the id of the duty rule it rests on, *chosen_rank* which advice was taken (0: another unit). A unit
    chosen by hand is held against the duty list: the entry says which rule spoke.
    Raises `MovedMeanwhile` (a colleague was faster or has it in hand), `Incomplete` (also for a town where the
    list keeps the matter from the grassroots).
    """
    level = level or ticket.level
    wrong: dict[str, str] = {}
    if level not in (1, 2, 3, 4):
        wrong["level"] = _("等级只有一级到四级。")
    if not lead.is_active:
        wrong["lead"] = _("这个单位已停用,请另选。")
    if any(unit.pk == lead.pk for unit in assist):
        wrong["assist"] = _("主办单位不能同时是协办单位。")
    basis, listed = by_duty_list(
        ticket, lead, now=now, category=category or ticket.category, basis=basis, wrong=wrong
    )
    if wrong:
        raise Incomplete(wrong)
    require_hand(ticket, by, now)
    word = privacy.lift_numbers(privacy.clean_text(word))[0]
    helpers = list({unit.pk: unit for unit in assist}.values())
    births = [
        Assignment(unit=unit, part=part, level=level, round=ticket.round, basis=basis, word=word)
        for unit, part in [(lead, "lead"), *((unit, "assist") for unit in helpers)]
    ]
    changes: dict[str, Any] = {"level": level, "dispatched_at": now, "held_by": None, "held_until": None}
    facts: dict[str, Any] = {"basis": basis, "rank": chosen_rank, "word": text_hash(word) if word else ""}
    facts |= listed | along(along_with)
    if category is not None:
        changes["category"] = category
        facts["category"] = category.code
    entry = step(
        ticket,
        "dispatch",
        by=by,
        now=now,
        births=births,
        facts=facts,
        **changes,
    )
    if chosen_rank is not None:
        Advice.objects.filter(ticket=ticket).update(chosen_rank=chosen_rank)
    note_decision(ticket, lead, by=by, now=now, n=entry.n, rank=chosen_rank)
    _bring_along(ticket, lead, helpers, by=by, now=now)
    return births


def _bring_along(ticket: Ticket, lead: Unit, assist: Sequence[Unit], *, by: User, now: datetime) -> None:
    """Joined tickets that wait, to the same units. One that a colleague has in hand, or that the duty list keeps from
    this unit, stays in the queue."""
    for other in joined_with(ticket, "pending_dispatch"):
        try:
            dispatch_ticket(
                other,
                by=by,
                now=now,
                lead=lead,
                assist=assist,
                category=other.category or ticket.category,
                word=together(ticket),
                along_with=ticket,
            )
        except (Incomplete, MovedMeanwhile):
            continue


def together(ticket: Ticket) -> str:
    """What a unit reads of a ticket that was joined with *ticket*."""
    with translation.override("zh-hans"):
        return _("与 %(number)s 是同一件事，一并办理；来电人各自回访。") % {"number": ticket.number}


class LeftToAPerson(Exception):
    """This ticket does not go by itself; `reasons` are codes of `hotline.automatic`."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(", ".join(reasons))


@verb
def dispatch_automatically(ticket: Ticket, *, by: User, now: datetime) -> list[Assignment]:
    """Send a new ticket to the unit that the adviser is sure of, where the chief has switched that on and nothing
    speaks against it. Both clocks start and the unit is told at once, as after a person's dispatch: most of these are
    right, and the caller should not wait for the few that are not. Within the time of grace the desk may take it back,
    even where the unit has signed (`recall_automatic`).

    Raises `LeftToAPerson`, `MovedMeanwhile`.
    """
    require_hand(ticket, by, now)
    found = weighed(by, ticket, now)
    if found.reasons or found.first is None:
        raise LeftToAPerson(found.reasons or ("no_advice",))
    first, rule = found.first, found.first.rule
    wrong: dict[str, str] = {}
    by_duty_list(
        ticket,
        first.unit,
        now=now,
        category=first.category or ticket.category,
        basis=rule.rule_id if rule else "",
        wrong=wrong,
    )
    if wrong:
        raise LeftToAPerson(("town_barred",))
    births = [
        Assignment(
            unit=unit,
            part=part,
            level=first.level,
            round=ticket.round,
            basis=rule.rule_id if rule else "",
        )
        for unit, part in [(first.unit, "lead"), *((unit, "assist") for unit in first.assist)]
    ]
    changes: dict[str, Any] = {"level": first.level, "dispatched_at": now}
    facts: dict[str, Any] = {
        "basis": rule.rule_id if rule else "",
        "rank": 1,
        "word": "",
        "adviser": found.adviser,
        "confidence": found.confidence,
        "threshold": found.threshold,
        "line": round(max(found.line, found.threshold or 0.0), 4),
    }
    if first.category is not None:
        changes["category"] = first.category
        facts["category"] = first.category.code
    entry = step(
        ticket,
        "dispatch_automatically",
        by=by,
        now=now,
        births=births,
        facts=facts,
        **changes,
    )
    Advice.objects.filter(ticket=ticket).update(chosen_rank=1)
    grace = timedelta(minutes=float(setting("adviser.grace_minutes", GRACE_MINUTES)))
    note_decision(
        ticket, first.unit, by=by, now=now, n=entry.n, rank=1, automatic=True, grace_until=now + grace
    )
    return births


@verb
def recall_automatic(ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """Take an automatic dispatch back within its time of grace, also where a unit has signed. It waits at the desk
    again, and never goes by itself any more. Raises `NotOpen` when the grace is over or a person sent it."""
    decision = (
        Decision.objects.filter(ticket=ticket, automatic=True, taken_back_at=None, grace_until__gt=now)
        .order_by("-n")
        .first()
    )
    if decision is None:
        raise NotOpen("ticket", "recall_automatic", ticket.state, str(by.role))
    running = Assignment.objects.filter(
        ticket=ticket, round=ticket.round, state__in=["pending_sign", "signed", "waiting"]
    )
    step(
        ticket,
        "recall_automatic",
        by=by,
        now=now,
        moves=[Move(item, "recall_automatic") for item in running],
        own_deadline=None,
        lead_unit=None,
        dispatched_at=None,
    )
    Advice.objects.filter(ticket=ticket).update(chosen_rank=None)
    _taken_back(ticket, by, now)
    return ticket


@verb
def dispatch_by_phone(
    ticket: Ticket,
    *,
    by: User,
    now: datetime,
    lead: Unit,
    outcome: str,
    answered_by: str = "",
    text: str = "",
    word: str = "",
    signs: bool = False,
) -> Assignment:
    """What cannot wait for a page: the unit was rung first; dispatch, call and (with *signs*) its signature are
    written down together or not at all. Raises as `dispatch_ticket` and `phone_unit` do."""
    births = dispatch_ticket(ticket, by=by, now=now, lead=lead, category=ticket.category, word=word)
    phone_unit(births[0], by=by, now=now, outcome=outcome, answered_by=answered_by, text=text, signs=signs)
    return births[0]


@verb
def take_back(ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """Undo a dispatch while no unit has signed: every assignment is recalled, the ticket waits again."""
    active = list(Assignment.objects.filter(ticket=ticket, round=ticket.round).exclude(state="recalled"))
    step(
        ticket,
        "take_back",
        by=by,
        now=now,
        moves=[Move(item, "take_back") for item in active],
        own_deadline=None,
        lead_unit=None,
        dispatched_at=None,
    )
    Advice.objects.filter(ticket=ticket).update(chosen_rank=None)
    _taken_back(ticket, by, now)
    for other in joined_with(ticket, "dispatched"):
        if went_along(other, "dispatch", ticket):
            take_back(other, by=by, now=now)
    return ticket


def _taken_back(ticket: Ticket, by: User, now: datetime) -> None:
    """What was taken back was no decision; an audit of it that nobody has begun is no work any more."""
    rows = Decision.objects.filter(ticket=ticket, taken_back_at=None)
    Audit.objects.filter(decision__in=rows, judged_at=None).exclude(decision__automatic=True).delete()
    rows.update(taken_back_at=now, taken_back_by=by)


@verb
def reopen_ticket(ticket: Ticket, *, by: User, now: datetime, text: str) -> Ticket:
    """Bring a resting ticket back to the triage desk, with the new fact that it rests on.

    A dispatcher may so undo an answer or a redirection of their own for a few minutes; later, and for
    closed tickets, it takes a shift lead or the chief. The next dispatch is a new round.
    """
    from fenzhen.hotline.roles import CHIEFS

    text = privacy.lift_numbers(privacy.clean_text(text))[0]
    if by.role not in CHIEFS:
        raise NotOpen("ticket", "reopen", ticket.state, str(by.role))
    if not text:
        raise Incomplete({"text": _("请写明重新启动的新情况。")})
    rounds = Assignment.objects.filter(ticket=ticket).exclude(state="recalled").order_by("-round").first()
    entry = step(
        ticket,
        "reopen",
        by=by,
        now=now,
        facts={"words": text_hash(text)},
        round=(rounds.round + 1) if rounds else ticket.round,
        closed_at=None,
        reason_code="",
        own_deadline=None,
    )
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="reopen", text=text)
    return ticket


@verb
def undo_desk_act(ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """Undo my own last act at the desk (dispatch, redirection, answer, asking back), within the district's
    `undo_minutes`. Raises `NotOpen` where there is nothing of mine to undo any more."""
    from fenzhen.desk.step import last_entry

    last = last_entry(ticket)
    grace = timedelta(minutes=int(setting("undo_minutes", 5)))
    if last is None or last.by_id != by.pk or now - last.at > grace:
        raise NotOpen("ticket", "undo", ticket.state, str(by.role))
    if last.act == "dispatch":
        return take_back(ticket, by=by, now=now)
    if last.act in {"redirect", "answer"}:
        step(ticket, "undo", by=by, now=now, closed_at=None, reason_code="", answer="")
        return ticket
    if last.act == "ask_back":
        step(ticket, "supplement", by=by, now=now, facts={"undo": True})
        return ticket
    raise NotOpen("ticket", "undo", ticket.state, str(by.role))
