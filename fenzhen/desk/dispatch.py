"""Sending a ticket to the units in charge, and taking that back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.desk.duty import by_duty_list
from fenzhen.desk.handle import phone_unit
from fenzhen.desk.step import Incomplete, Move, NotOpen, step, text_hash, verb
from fenzhen.desk.triage import require_hand
from fenzhen.hotline import privacy
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Category
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit


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
) -> list[Assignment]:
    """Send a waiting ticket to its lead unit and those that assist. Both clocks of each start.

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
    facts |= listed
    if category is not None:
        changes["category"] = category
        facts["category"] = category.code
    step(
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
    return births


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
    return ticket


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
