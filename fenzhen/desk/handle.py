"""What a unit does with its assignment: sign, note, wait for the caller, go on, reply."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from fenzhen.desk.attach import take_along
from fenzhen.desk.join import along, shares_beside
from fenzhen.desk.step import Incomplete, Move, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import PHONE_OUTCOMES, SOLVED


@dataclass(slots=True)
class Answered:
    """A unit's reply, in the order in which its form asks: did you reach the person, what did you do, what
    do you tell them."""

    contacted: bool
    contact_at: datetime | None = None
    contact_how: str = ""
    is_true: bool = True
    solved_claim: str = "yes"
    unsolved_reason: str = ""
    internal_text: str = ""
    public_text: str = ""


@verb
def sign_assignment(
    assignment: Assignment, *, by: User, now: datetime, along_with: Ticket | None = None
) -> Assignment:
    """The unit takes it, and what is joined with it. The lead's signature starts the handling of the ticket."""
    step(
        assignment.ticket,
        "sign",
        by=by,
        now=now,
        moves=[Move(assignment, "sign")],
        facts=_on_behalf(by) | along(along_with),
    )
    for other in shares_beside(assignment, "pending_sign"):
        sign_assignment(other, by=by, now=now, along_with=assignment.ticket)
    return assignment


@verb
def note_assignment(assignment: Assignment, *, by: User, now: datetime, text: str) -> Note:
    """A line of what was done, for the story; nothing moves."""
    kept = _words(text, "text", _("请写下备注内容。"))
    entry = step(
        assignment.ticket,
        "note",
        by=by,
        now=now,
        facts={"words": text_hash(kept), "assignment": assignment.pk, **_on_behalf(by)},
    )
    return Note.objects.create(
        ticket=assignment.ticket, assignment=assignment, n=entry.n, by=by, at=now, kind="note", text=kept
    )


@verb
def wait_for_caller(assignment: Assignment, *, by: User, now: datetime, text: str) -> Assignment:
    """The unit cannot go on without the caller (away, papers missing): its clock waits, with the reason."""
    kept = _words(text, "text", _("请写明在等诉求人做什么。"))
    entry = step(
        assignment.ticket,
        "wait",
        by=by,
        now=now,
        moves=[Move(assignment, "wait")],
        facts={"words": text_hash(kept)},
    )
    Note.objects.create(
        ticket=assignment.ticket, assignment=assignment, n=entry.n, by=by, at=now, kind="wait", text=kept
    )
    return assignment


@verb
def resume_assignment(assignment: Assignment, *, by: User, now: datetime) -> Assignment:
    """The caller is there: the clock goes on, later by what was waited."""
    step(assignment.ticket, "resume", by=by, now=now, moves=[Move(assignment, "resume")])
    return assignment


@verb
def submit_reply(
    assignment: Assignment,
    *,
    by: User,
    now: datetime,
    answered: Answered,
    along_with: Ticket | None = None,
) -> Reply:
    """The unit's result. The contact record is obligatory; the public words are apart from the internal ones. It is
    the result of the joined tickets too, without saying that their callers were contacted.

    Raises `Incomplete` naming every field that lacks something.
    """
    internal = privacy.lift_numbers(privacy.clean_text(answered.internal_text))[0]
    public = privacy.lift_numbers(privacy.clean_text(answered.public_text))[0]
    wrong: dict[str, str] = {}
    if answered.contacted and not answered.contact_how.strip():
        wrong["contact_how"] = _("请写明怎样联系的(电话、上门……)。")
    if answered.contacted and answered.contact_at and answered.contact_at > now:
        wrong["contact_at"] = _("联系时间在将来,请核对。")
    if not internal:
        wrong["internal_text"] = _("请写明做了什么。")
    if not public:
        wrong["public_text"] = _("请写明告诉诉求人的话。")
    if answered.solved_claim not in SOLVED:
        wrong["solved_claim"] = _("请选择是否解决。")
    if answered.solved_claim != "yes" and not answered.unsolved_reason.strip():
        wrong["unsolved_reason"] = _("没有完全解决,请写明原因。")
    if not answered.contacted and not answered.unsolved_reason.strip():
        wrong["unsolved_reason"] = _("没有联系上诉求人,请写明原因。")
    if wrong:
        raise Incomplete(wrong)
    step(
        assignment.ticket,
        "reply",
        by=by,
        now=now,
        moves=[Move(assignment, "reply")],
        facts={
            "words": text_hash(public + "\n" + internal),
            "contacted": answered.contacted,
            "solved_claim": answered.solved_claim,
            **_on_behalf(by),
            **along(along_with),
        },
    )
    reply = Reply.objects.create(
        assignment=assignment,
        by=by,
        at=now,
        contacted=answered.contacted,
        contact_at=answered.contact_at,
        contact_how=privacy.lift_numbers(privacy.clean_text(answered.contact_how))[0][:64],
        is_true=answered.is_true,
        solved_claim=answered.solved_claim,
        unsolved_reason=privacy.lift_numbers(privacy.clean_text(answered.unsolved_reason))[0][:255],
        internal_text=internal,
        public_text=public,
    )
    take_along(assignment, reply)
    for other in shares_beside(assignment, "signed"):
        same = _for_the_joined(answered, assignment.ticket)
        submit_reply(other, by=by, now=now, answered=same, along_with=assignment.ticket)
    return reply


def _for_the_joined(answered: Answered, ticket: Ticket) -> Answered:
    """The same work, but nobody has spoken with this caller: the call-back asks."""
    with translation.override("zh-hans"):
        why = _("随 %(number)s 一并办理，未单独联系这位来电人。") % {"number": ticket.number}
    return replace(
        answered,
        contacted=False,
        contact_at=None,
        contact_how="",
        unsolved_reason=f"{answered.unsolved_reason} {why}".strip(),
    )


@verb
def phone_unit(
    assignment: Assignment,
    *,
    by: User,
    now: datetime,
    outcome: str,
    answered_by: str = "",
    text: str = "",
    signs: bool = False,
) -> Note:
    """The desk rang the unit's duty telephone: who answered, and what was said. With *signs* they take it, and
    the desk signs for them.

    Raises `Incomplete`: how it went is missing, somebody answered and nobody knows who, nobody answered and
    it should be signed for all the same.
    """
    who = privacy.lift_numbers(privacy.clean_text(answered_by))[0][:64]
    said = privacy.lift_numbers(privacy.clean_text(text))[0]
    wrong: dict[str, str] = {}
    if outcome not in PHONE_OUTCOMES:
        wrong["outcome"] = _("请选择电话打得怎样。")
    if outcome == "answered" and not who:
        wrong["answered_by"] = _("请写明对方谁接的电话。")
    if signs and outcome in PHONE_OUTCOMES and outcome != "answered":
        wrong["outcome"] = _("对方接听了才能代为签收。")
    if wrong:
        raise Incomplete(wrong)
    entry = step(
        assignment.ticket,
        "phone_unit",
        by=by,
        now=now,
        facts={"assignment": assignment.pk, "outcome": outcome, "words": text_hash(who + said)},
    )
    told = "，".join(part for part in (str(PHONE_OUTCOMES[outcome]), who, said) if part)
    note = Note.objects.create(
        ticket=assignment.ticket,
        assignment=assignment,
        n=entry.n,
        by=by,
        at=now,
        kind="phone_unit",
        text=told,
    )
    if signs:
        sign_assignment(assignment, by=by, now=now)
    return note


def _words(text: str, column: str, refusal: str) -> str:
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    if not kept:
        raise Incomplete({column: refusal})
    return kept


def _on_behalf(by: User) -> dict[str, bool]:
    """The desk may sign or reply for a unit that has only a telephone; the story says so."""
    return {} if by.role in roles.UNIT else {"on_behalf": True}
