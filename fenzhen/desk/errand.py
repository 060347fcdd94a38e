"""What a unit passes on within its own house: to a section, a community, a village; earlier than its own time.

The unit stays responsible and its clock is not touched. Whoever gets the errand gets the task and the place of
the matter, never who called (regulation art. 8; the leaks that were are all of forwarded slips).
"""

from datetime import datetime

from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.people import User


@verb
def pass_on(
    assignment: Assignment,
    *,
    by: User,
    now: datetime,
    to_name: str,
    due: datetime | None,
    word: str = "",
    to_person: User | None = None,
) -> Errand:
    """Give the task, or a part of it, to a section or village of the unit's own, due before the unit itself is.

    Raises `Incomplete` (nobody named, a time that has passed or is not before the unit's own, somebody of another
    unit), `NotYours` for unit staff who were themselves only given an errand.
    """
    assignment.refresh_from_db()
    if by.role == roles.Role.UNIT_WORKER or by.unit_id != assignment.unit_id:
        raise NotYours
    kept = privacy.lift_numbers(privacy.clean_text(word))[0]
    name = privacy.lift_numbers(privacy.clean_text(to_name))[0][:64] or (to_person.name if to_person else "")
    wrong: dict[str, str] = {}
    if assignment.state not in {"pending_sign", "signed", "waiting"}:
        wrong["to_name"] = _("已经反馈或结束，不能再转交。")
    if not name:
        wrong["to_name"] = _("请写明交给哪个科室、社区或村。")
    if to_person is not None and (to_person.unit_id != assignment.unit_id or not to_person.is_active):
        wrong["to_person"] = _("只能交给本单位的人。")
    if due is None:
        wrong["due"] = _("请写明什么时候办好。")
    elif due <= now:
        wrong["due"] = _("这个时间已经过去。")
    elif due >= assignment.handle_due:
        wrong["due"] = _("要早于本单位的时限，才来得及核实和反馈。")
    if wrong or due is None:
        raise Incomplete(wrong)
    entry = step(
        assignment.ticket,
        "pass_on",
        by=by,
        now=now,
        facts={
            "assignment": assignment.pk,
            "due": due.isoformat(),
            "words": text_hash(kept),
            "to": to_person.pk if to_person else None,
        },
    )
    errand = Errand.objects.create(
        assignment=assignment,
        to_name=name,
        to_person=to_person,
        word=kept,
        due=due,
        given_by=by,
        given_at=now,
    )
    Note.objects.create(
        ticket=assignment.ticket,
        assignment=assignment,
        n=entry.n,
        by=by,
        at=now,
        kind="pass_on",
        text=f"{name}：{kept}" if kept else name,
    )
    return errand


@verb
def finish_errand(errand: Errand, *, by: User, now: datetime, answer: str) -> Errand:
    """It is done, in a sentence. By whoever it was given to, or by the unit's liaison whom they told.

    Raises `Incomplete` (no words; finished already), `NotYours`.
    """
    errand.refresh_from_db()
    assignment = errand.assignment
    if by.unit_id != assignment.unit_id or (
        by.role == roles.Role.UNIT_WORKER and errand.to_person_id != by.pk
    ):
        raise NotYours
    kept = privacy.lift_numbers(privacy.clean_text(answer))[0]
    if errand.done_at is not None:
        raise Incomplete({"answer": _("已经办完并记下了。")})
    if not kept:
        raise Incomplete({"answer": _("请写一句办得怎么样。")})
    entry = step(
        assignment.ticket,
        "finish_errand",
        by=by,
        now=now,
        facts={"assignment": assignment.pk, "errand": errand.pk, "words": text_hash(kept)},
    )
    errand.done_at, errand.answer = now, kept
    errand.save(update_fields=["done_at", "answer"])
    Note.objects.create(
        ticket=assignment.ticket,
        assignment=assignment,
        n=entry.n,
        by=by,
        at=now,
        kind="finish_errand",
        text=f"{errand.to_name}：{kept}",
    )
    return errand


__all__ = ["finish_errand", "pass_on"]
