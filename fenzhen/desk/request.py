"""What a unit asks for beside the way, and the desk's word on it: returns, extensions; and what the desk does
when it is disputed whose matter it is: consultation, designation, other units, urging.

The first receiver leads (regulation art. 14): asking to return moves nothing, the clock runs on. A second
return is the chief's to decide and goes to consultation; a designated unit may not return at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.desk.close import drop_requests, ended, open_requests
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.duty import by_duty_list
from fenzhen.desk.join import along, shares_beside
from fenzhen.desk.step import Incomplete, Move, NotOpen, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.journey import WITH_UNITS
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import EXTENSION_REASONS, RETURN_REASONS, URGE_REASONS


@dataclass(slots=True)
class Asked:
    """An application: its coded reason, the words, the law or list it rests on, the evidence."""

    reason: str = ""
    text: str = ""
    basis: str = ""
    evidence: str = ""
    proposes: Unit | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the district allows of requests."""

    return_hours: float = 4
    most_returns: int = 2
    before_deadline_only: bool = True
    factor: float = 1.0
    extensions: int = 1


def allowed() -> Allowed:
    """The district's settings."""
    return Allowed(
        float(setting("return.hours", 4)),
        int(setting("return.max", 2)),
        bool(setting("extension.before_deadline_only", True)),
        float(setting("extension.max_factor", 1.0)),
        int(setting("extension.max_times", 1)),
    )


def return_faults(asked: Asked, assignment: Assignment, now: datetime, rules: Allowed) -> dict[str, str]:
    """What a request to return lacks, per field."""
    wrong: dict[str, str] = {}
    if asked.reason not in RETURN_REASONS:
        wrong["reason"] = _("请选择退回原因。")
    if not asked.text.strip():
        wrong["text"] = _("请写明为什么应当退回。")
    if not asked.basis.strip():
        wrong["basis"] = _("请写明依据的法规或权责清单条目。")
    if now > assignment.given_at + timedelta(hours=rules.return_hours):
        wrong["reason"] = _("派单已超过 %(hours)g 小时,不能再申请退回;请先办理并联系派单台会商。") % {
            "hours": rules.return_hours
        }
    return wrong


def extension_faults(
    asked: Asked, assignment: Assignment, extensions: int, now: datetime, rules: Allowed
) -> dict[str, str]:
    """What a request for more time lacks, per field; *extensions*: how many the ticket has had."""
    wrong: dict[str, str] = {}
    if asked.reason not in EXTENSION_REASONS:
        wrong["reason"] = _("请选择延期原因。")
    if not asked.text.strip():
        wrong["text"] = _("请写明办到哪一步、还需要做什么。")
    if rules.before_deadline_only and now > assignment.handle_due:
        wrong["until"] = _("已经超过时限,不能再申请延期。")
    elif asked.until is None or asked.until <= assignment.handle_due:
        wrong["until"] = _("申请的日期应晚于现在的时限。")
    elif asked.until - assignment.handle_due > (assignment.handle_due - assignment.given_at) * rules.factor:
        wrong["until"] = _("延长的时间不能超过原来的时限。")
    if extensions >= rules.extensions:
        wrong["reason"] = _("已经延过期,不能再延;请与派单台商量。")
    return wrong


@verb
def ask_return(assignment: Assignment, *, by: User, now: datetime, asked: Asked) -> Request:
    """A unit says that the matter is not its own. Its clock runs on until somebody has decided.

    Raises `Incomplete` (no reason, no basis, too late by `return.hours` after the dispatch, asked already),
    `NotOpen` for a unit that was designated.
    """
    ticket = assignment.ticket
    ticket.refresh_from_db(fields=["designated"])
    if ticket.designated and assignment.part == "lead":
        raise NotOpen("ticket", "ask_return", ticket.state, str(by.role))
    wrong = return_faults(asked, assignment, now, allowed())
    _no_open(assignment, "return", wrong)
    kept = kept_words(asked)
    step(
        ticket,
        "ask_return",
        by=by,
        now=now,
        facts=asked_facts(kept, assignment, by),
    )
    return _filed(assignment, "return", kept, by, now)


@verb
def decide_return(request: Request, *, by: User, now: datetime, approve: bool, text: str) -> Request:
    """The desk's word on a return. An approved one brings the ticket back to the desk; the second one is the
    chief's to approve and goes on into consultation, so that nobody plays ping-pong with a caller.

    Raises `NotYours` (a second return without the chief), `Incomplete` (no words; decided already).
    """
    request.refresh_from_db()
    assignment, ticket = _open_request(request, text)
    if not approve:
        step(ticket, "refuse_return", by=by, now=now, facts=decided_facts(request, text))
        return _decide(request, by, now, "refused", text)
    most = allowed().most_returns
    ticket.refresh_from_db(fields=["returns"])
    is_last = ticket.returns + 1 >= most
    if is_last and by.role != roles.Role.SECTION_CHIEF:
        raise NotYours
    moves = [Move(assignment, "approve_return")]
    changes: dict[str, Any] = {"returns": ticket.returns + 1}
    if assignment.part == "lead":
        moves += [move for move in ended(ticket) if move.assignment.pk != assignment.pk]
        changes |= {"own_deadline": None, "lead_unit": None}
    others = [pk for pk in open_requests(ticket, moves) if pk != request.pk]
    facts = decided_facts(request, text) | ({"requests": others} if others else {})
    step(ticket, "approve_return", by=by, now=now, moves=moves, facts=facts, **changes)
    drop_requests(others, by=by, now=now, text=_("工单已退回派单台"))
    done = _decide(request, by, now, "approved", text)
    for item in shares_beside(assignment, "pending_sign", "signed", "waiting"):
        _return_along(item, ticket, by=by, now=now)
    if is_last and assignment.part == "lead":
        open_consultation(
            ticket, by=by, now=now, text=_("第 %(n)s 次退回,转会商定责。") % {"n": ticket.returns}
        )
    return done


def _return_along(item: Assignment, other: Ticket, *, by: User, now: datetime) -> None:
    """What is joined with *other* goes back to the desk with it."""
    ticket = item.ticket
    moves = [
        Move(item, "approve_return"),
        *(move for move in ended(ticket) if move.assignment.pk != item.pk),
    ]
    asked = open_requests(ticket, moves)
    step(
        ticket,
        "approve_return",
        by=by,
        now=now,
        moves=moves,
        facts=along(other) | ({"requests": asked} if asked else {}),
        returns=ticket.returns + 1,
        own_deadline=None,
        lead_unit=None,
    )
    drop_requests(asked, by=by, now=now, text=_("工单已退回派单台"))


@verb
def ask_extension(assignment: Assignment, *, by: User, now: datetime, asked: Asked) -> Request:
    """More time, asked before the end; the caller must be told why (regulation art. 15).

    Raises `Incomplete`: no reason, a date not after the present end, longer than `extension.max_factor` times
    the first limit, too late, or asked as often as the district allows.
    """
    ticket = assignment.ticket
    ticket.refresh_from_db(fields=["extensions"])
    wrong = extension_faults(asked, assignment, ticket.extensions, now, allowed())
    _no_open(assignment, "extension", wrong)
    kept = kept_words(asked)
    step(
        ticket,
        "ask_extension",
        by=by,
        now=now,
        facts=asked_facts(kept, assignment, by),
    )
    return _filed(assignment, "extension", kept, by, now)


@verb
def decide_extension(
    request: Request, *, by: User, now: datetime, approve: bool, text: str, until: datetime | None = None
) -> Request:
    """The desk's word on more time. Never beyond the city's own deadline: that is the city's to move.

    What is joined (并办) and waits on the same work gets the same end, but never a later one than its own city
    deadline, nor one that it has passed.
    """
    request.refresh_from_db()
    assignment, ticket = _open_request(request, text)
    if not approve:
        step(ticket, "refuse_extension", by=by, now=now, facts=decided_facts(request, text))
        return _decide(request, by, now, "refused", text)
    assignment.refresh_from_db()
    end = until or request.until
    if end is None or end <= assignment.handle_due:
        raise Incomplete({"until": _("新的日期应晚于现在的时限。")})
    if assignment.round == 1 and ticket.city_deadline and end > ticket.city_deadline:
        raise Incomplete({"until": _("超过了市级时限;请先向市平台申请延期,批准后再改。")})
    changes: dict[str, Any] = {"extensions": ticket.extensions + 1} if assignment.part == "lead" else {}
    step(
        ticket,
        "extend",
        by=by,
        now=now,
        moves=[Move(assignment, "extend", until=end)],
        facts=decided_facts(request, text),
        **changes,
    )
    for item in shares_beside(assignment, "signed", "waiting"):
        beside = item.ticket
        limit = beside.city_deadline if item.round == 1 else None
        theirs = min(end, limit) if limit else end
        if theirs > item.handle_due:
            moves = [Move(item, "extend", until=theirs)]
            given = beside.extensions + 1
            step(beside, "extend", by=by, now=now, moves=moves, facts=along(ticket), extensions=given)
    return _decide(request, by, now, "approved", text)


@verb
def add_unit(
    ticket: Ticket, *, by: User, now: datetime, unit: Unit, word: str = "", level: int | None = None
) -> Assignment:
    """One more unit assists; it reports to the lead."""
    running = Assignment.objects.filter(ticket=ticket, round=ticket.round, unit=unit)
    if running.exclude(state__in=["recalled", "returned", "ended"]).exists():
        raise Incomplete({"unit": _("这个单位已经在办。")})
    if not unit.is_active:
        raise Incomplete({"unit": _("这个单位已停用,请另选。")})
    birth = Assignment(
        unit=unit,
        part="assist",
        level=level or ticket.level,
        round=ticket.round,
        word=privacy.lift_numbers(privacy.clean_text(word))[0],
    )
    step(ticket, "add_unit", by=by, now=now, births=[birth])
    return birth


@verb
def redispatch_ticket(
    ticket: Ticket,
    *,
    by: User,
    now: datetime,
    lead: Unit,
    assist: Sequence[Unit] = (),
    word: str,
    level: int | None = None,
    designate: bool = False,
    along_with: Ticket | None = None,
) -> list[Assignment]:
    """Another unit leads: every running share ends, new ones begin, the reason stands in the story. What is joined
    with it and led by the same unit goes along.

    *designate* (chief and shift lead) closes the way back: the unit may not return it.
    """
    kept = privacy.lift_numbers(privacy.clean_text(word))[0]
    wrong: dict[str, str] = {}
    if not kept:
        wrong["word"] = _("请写明改派的理由。")
    if not lead.is_active:
        wrong["lead"] = _("这个单位已停用,请另选。")
    if ticket.lead_unit_id == lead.pk:
        wrong["lead"] = _("它已经是主办单位。")
    if any(unit.pk == lead.pk for unit in assist):
        wrong["assist"] = _("主办单位不能同时是协办单位。")
    basis, said = by_duty_list(ticket, lead, now=now, category=ticket.category, wrong=wrong)
    if wrong:
        raise Incomplete(wrong)
    if designate and by.role not in roles.CHIEFS:
        raise NotYours
    helpers = list({unit.pk: unit for unit in assist}.values())
    births = [
        Assignment(
            unit=unit, part=part, level=level or ticket.level, round=ticket.round, basis=basis, word=kept
        )
        for unit, part in [(lead, "lead"), *((unit, "assist") for unit in helpers)]
    ]
    moves = ended(ticket)
    beside = [
        item.ticket
        for move in moves
        for item in shares_beside(move.assignment, "pending_sign", "signed", "waiting")
    ]
    asked = open_requests(ticket, moves)
    entry = step(
        ticket,
        "redispatch",
        by=by,
        now=now,
        moves=moves,
        births=births,
        facts={
            "words": text_hash(kept),
            "designated": designate,
            "basis": basis,
            **said,
            **along(along_with),
            **({"requests": asked} if asked else {}),
        },
        level=level or ticket.level,
        designated=designate or ticket.designated,
        dispatched_at=now,
    )
    drop_requests(asked, by=by, now=now, text=_("已改派其他单位"))
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="redispatch", text=kept)
    for other in beside:
        other.refresh_from_db()
        if other.lead_unit_id != lead.pk and other.state in WITH_UNITS:
            redispatch_ticket(
                other,
                by=by,
                now=now,
                lead=lead,
                assist=assist,
                word=word,
                designate=designate,
                along_with=ticket,
            )
    return births


@verb
def open_consultation(ticket: Ticket, *, by: User, now: datetime, text: str) -> Ticket:
    """It is disputed whose matter it is: hand it to a consultation, with its own clock."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    if not kept:
        raise Incomplete({"text": _("请写明争议在哪里、请哪些单位来商量。")})
    entry = step(
        ticket,
        "consult",
        by=by,
        now=now,
        facts={"words": text_hash(kept)},
        held_by=None,
        held_until=None,
    )
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="consult", text=kept)
    return ticket


@verb
def settle_consultation(
    ticket: Ticket, *, by: User, now: datetime, lead: Unit, text: str, assist: Sequence[Unit] = ()
) -> list[Assignment]:
    """What the consultation decided: the ticket goes to the designated unit, which may not return it."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    if not kept:
        raise Incomplete({"text": _("请写明会商的结论和理由。")})
    entry = step(
        ticket,
        "settle",
        by=by,
        now=now,
        facts={"unit": lead.pk, "words": text_hash(kept)},
        designated=True,
    )
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="settle", text=kept)
    return dispatch_ticket(ticket, by=by, now=now, lead=lead, assist=assist, word=kept)


@verb
def urge_ticket(ticket: Ticket, *, by: User, now: datetime, reason: str, text: str = "") -> Note:
    """The caller (or a leader) asks where it is: a line on the open ticket and a word to its units."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    if reason not in URGE_REASONS:
        raise Incomplete({"reason": _("请选择催办原因。")})
    entry = step(
        ticket,
        "urge",
        by=by,
        now=now,
        facts={"reason": reason, "words": text_hash(kept)},
        urges=ticket.urges + 1,
    )
    return Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="urge", text=kept)


# ---------------------------------------------------------------------------------------------------------


def _no_open(assignment: Assignment, kind: str, wrong: dict[str, str]) -> None:
    """Adds to *wrong* where one is open already, then raises `Incomplete` where anything is wrong."""
    if Request.objects.filter(assignment=assignment, kind=kind, decision="").exists():
        wrong["reason"] = _("已经申请过,正等待派单台答复。")
    if wrong:
        raise Incomplete(wrong)


def kept_words(asked: Asked) -> Asked:
    """The application as it is kept: without numbers of people."""

    def lift(text: str) -> str:
        return privacy.lift_numbers(privacy.clean_text(text))[0]

    return Asked(
        asked.reason,
        lift(asked.text),
        lift(asked.basis)[:255],
        lift(asked.evidence),
        asked.proposes,
        asked.until,
    )


def asked_facts(asked: Asked, assignment: Assignment, by: User) -> dict[str, object]:
    """What the journal says of an application."""
    return {
        "reason": asked.reason,
        "assignment": assignment.pk,
        "words": text_hash(asked.text),
        **({} if by.role in roles.UNIT else {"on_behalf": True}),
    }


def _filed(assignment: Assignment, kind: str, asked: Asked, by: User, now: datetime) -> Request:
    request = file_request(assignment, kind, asked, by, now)
    request.save(force_insert=True)
    return request


def file_request(assignment: Assignment, kind: str, asked: Asked, by: User, now: datetime) -> Request:
    """The unsaved row of an application."""
    return Request(
        ticket=assignment.ticket,
        assignment=assignment,
        kind=kind,
        applicant=by,
        asked_at=now,
        reason_code=asked.reason,
        text=asked.text,
        basis=asked.basis,
        evidence=asked.evidence,
        proposes=asked.proposes,
        until=asked.until,
    )


def _open_request(request: Request, text: str) -> tuple[Assignment, Ticket]:
    if request.decision:
        raise Incomplete({"decision": _("这项申请已经有人处理。")})
    if not privacy.clean_text(text):
        raise Incomplete({"text": _("请写明同意或不同意的理由,单位会看到。")})
    if request.assignment is None:
        raise NotOpen("ticket", request.kind, request.ticket.state)
    return request.assignment, request.ticket


def decided_facts(request: Request, text: str) -> dict[str, object]:
    """What the journal says of a decision."""
    return {
        "request": request.pk,
        "asked_by": request.applicant_id,
        "reason": request.reason_code,
        "words": text_hash(text),
    }


def fill_in_decision(request: Request, by: User, now: datetime, decision: str, text: str) -> None:
    """Put the desk's word into the row."""
    request.decided_by, request.decided_at, request.decision = by, now, decision
    request.decision_text = privacy.lift_numbers(privacy.clean_text(text))[0]


def _decide(request: Request, by: User, now: datetime, decision: str, text: str) -> Request:
    fill_in_decision(request, by, now, decision, text)
    request.save(update_fields=["decided_by", "decided_at", "decision", "decision_text"])
    return request


__all__ = [
    "Asked",
    "add_unit",
    "ask_extension",
    "ask_return",
    "decide_extension",
    "decide_return",
    "open_consultation",
    "redispatch_ticket",
    "settle_consultation",
    "urge_ticket",
]
