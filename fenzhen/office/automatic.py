"""Automatic dispatch: what goes by itself, what the chief switches on, what an audit finds, what an alarm switches off."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, transaction
from django.utils.translation import gettext as _

from fenzhen.advisor.certificate import Allowance, BadCertificate
from fenzhen.advisor.labels import Promise, certify_cases
from fenzhen.advisor.watch import BadWatch, Watch
from fenzhen.board.advice import adviser_now
from fenzhen.board.adviser import AUDITS, cases_of, groups_of, trust_now
from fenzhen.board.automatic import anything_automatic
from fenzhen.desk.dispatch import GRACE_MINUTES, LeftToAPerson, dispatch_automatically
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen, NotYours, note_act
from fenzhen.hotline.roles import Role
from fenzhen.office.notices import tell
from fenzhen.office.teach import keep_verdict
from fenzhen.records.advice import Advice, Audit, Automation, Certified, DriftAlarm
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

log = logging.getLogger("fenzhen.office")

#: What may be chosen on the page; looser promises than these are none.
ALPHAS = (0.01, 0.02, 0.03, 0.05)
DELTAS = (0.05, 0.1)
#: Who switches automatic dispatch.
SWITCHES = frozenset({Role.SECTION_CHIEF})


def grace() -> timedelta:
    """How long one press takes an automatic dispatch back."""
    return timedelta(minutes=float(setting("adviser.grace_minutes", GRACE_MINUTES)))


def consider_ticket(pk: int, *, by: User, now: datetime) -> bool:
    """Send a waiting ticket by itself, if it may go; True where it went."""
    ticket = Ticket.objects.filter(pk=pk, state="pending_dispatch").first()
    if ticket is None or not anything_automatic(by):
        return False
    try:
        dispatch_automatically(ticket, by=by, now=now)
    except (LeftToAPerson, MovedMeanwhile, NotOpen, Incomplete):
        return False  # a person decides, or has decided already
    return True


def consider_waiting(*, by: User, now: datetime, limit: int = 200) -> int:
    """The same for the waiting tickets that were never sent anywhere, after an import."""
    if not anything_automatic(by):
        return 0
    advised = Advice.objects.filter(ticket__state="pending_dispatch", ticket__dispatched_at=None)
    done = 0
    for pk in list(advised.order_by("ticket__triage_due").values_list("ticket_id", flat=True)[:limit]):
        try:
            done += consider_ticket(pk, by=by, now=now)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:
            log.exception("ticket %s could not be considered", pk)
    return done


def certify_category(group: str, *, by: User, now: datetime, alpha: float, delta: float) -> Certified:
    """Reckon what may be promised for a category, and keep it. Each reckoning spends its share of δ, the next one a
    smaller one, so that all of them together are wrong with probability at most δ. Where there are too few labels to
    be right about anything nothing is looked at and nothing is spent.

    Raises `NotYours` (anybody but the chief, or the system going on with what the chief chose), `Incomplete`.
    """
    if by.role not in SWITCHES | {Role.SYSTEM}:
        raise NotYours
    if group not in groups_of(by):
        raise Incomplete({"group": _("没有这类事项。")})
    if alpha not in ALPHAS or delta not in DELTAS:
        raise Incomplete({"alpha": _("请从给出的数值里选。")})
    with transaction.atomic():
        row, _made = Automation.objects.select_for_update().get_or_create(
            group=group,
            defaults={"alpha": alpha, "delta": delta, "changed_at": now, "changed_by": by},
        )
        if (row.alpha, row.delta) != (alpha, delta) and by.role != Role.SYSTEM:
            # Another promise is another row of tests; what was spent stays spent.
            row.alpha, row.delta = alpha, delta
        allowance = Allowance(delta, used=row.calibrations)
        share = allowance.next()
        promise = _promise(by, group, alpha, share)
        looked = promise.certificate.n >= 1 and not promise.certificate.why.startswith("not enough")
        certified = Certified.objects.create(
            group=group,
            adviser=adviser_now(by),
            made_at=now,
            by=by,
            alpha=alpha,
            delta=delta,
            number=row.calibrations + 1,
            delta_spent=share,
            way=promise.way,
            threshold=promise.threshold,
            cases=promise.certificate.n,
            automatic=promise.certificate.automatic,
            wrong=promise.certificate.wrong,
            wrong_at_most=promise.certificate.wrong_at_most,
            missing=promise.certificate.missing,
            doubt=promise.doubt,
        )
        row.calibrations += int(looked)
        if looked or not _still_holds(row, certified):
            row.certified = certified
            if promise.threshold is None:
                row.is_on = False
        row.changed_at, row.changed_by = now, by
        row.save()
        note_act(
            f"automation:{group}",
            "certify",
            by=by,
            now=now,
            facts={"certified": certified.pk, "alpha": alpha, "delta": delta, "threshold": promise.threshold},
        )
    return certified


def recertify(*, by: User, now: datetime) -> int:
    """After the lists or the model have changed: the promise of every category that is on is reckoned anew for the
    adviser in use, once it has been asked about the labelled tickets. Until then nothing of it goes by itself."""
    if not anything_automatic(by):
        return 0
    version = adviser_now(by)
    done = 0
    for row in Automation.objects.filter(is_on=True).select_related("certified"):
        if row.certified and row.certified.adviser == version:
            continue
        if cases_of(by, row.group, stale=True):
            continue  # still being asked
        certify_category(row.group, by=by, now=now, alpha=row.alpha, delta=row.delta)
        row.refresh_from_db()
        if not row.is_on:
            _tell_chiefs(row.group, "automation_lowered", f"recertified:{row.group}:{version}", now)
        done += 1
    return done


def switch_automation(group: str, *, by: User, now: datetime, on: bool) -> Automation:
    """Switch a category on or off. On only where something is promised for the adviser in use.

    Raises `NotYours`, `Incomplete` (nothing promised).
    """
    if by.role not in SWITCHES:
        raise NotYours
    with transaction.atomic():
        rows = Automation.objects.select_for_update(of=("self",)).select_related("certified")
        row = rows.filter(group=group).first()
        if row is None or (on and (row.certified is None or row.certified.threshold is None)):
            raise Incomplete({"group": _("这类事项还没有把握线，不能开启。请先测算。")})
        if on and row.certified and row.certified.adviser != adviser_now(by):
            raise Incomplete({"group": _("目录或模型变了，请先重新测算。")})
        row.is_on, row.changed_at, row.changed_by = on, now, by
        if on:
            row.lowered_at = None
            row.watch = Watch(row.alpha, row.delta).state()
            DriftAlarm.objects.filter(group=group, settled_at=None).update(settled_at=now, settled_by=by)
        row.save()
        note_act(f"automation:{group}", "switch_on" if on else "switch_off", by=by, now=now, facts={})
    return row


def judge_audit(
    audit: Audit, *, by: User, now: datetime, verdict: Unit | None = None, unclear: bool = False
) -> Audit:
    """The blind auditor's word: the unit that is right, or that it cannot be told. Nobody judges what they decided.

    What it says of an automatic dispatch is put to the watch of its category, which may switch it off.
    Raises `NotYours`, `Incomplete` (judged already, no unit).
    """
    if by.role not in AUDITS or audit.decision.by_id == by.pk:
        raise NotYours
    if not unclear and verdict is None:
        raise Incomplete({"lead": _("请选择应当主办的单位，或者选“看不出来”。")})
    with transaction.atomic():
        hit = Audit.objects.filter(pk=audit.pk, judged_at=None).update(
            auditor=by, judged_at=now, verdict=None if unclear else verdict, unclear=unclear
        )
        audit.refresh_from_db()
        if not hit:
            raise Incomplete({"lead": _("这一件刚才已经有人判过。")})
        facts = {"decision": audit.decision_id, "unclear": unclear}
        note_act(f"audit:{audit.pk}", "judge", by=by, now=now, facts=facts)
        if audit.verdict is not None:
            keep_verdict(audit, now=now)
            if audit.decision.automatic and audit.why == "random":
                _watch(audit, now)
    return audit


def settle_alarm(group: str, *, by: User, now: datetime) -> int:
    """The chief has looked; the alarm is put away. The category stays off until it is switched on."""
    if by.role not in SWITCHES:
        raise NotYours
    return DriftAlarm.objects.filter(group=group, settled_at=None).update(settled_at=now, settled_by=by)


# ---------------------------------------------------------------------------------------------------------


def _promise(by: User, group: str, alpha: float, delta: float) -> Promise:
    try:
        return certify_cases(cases_of(by, group), alpha=alpha, delta=delta, trust=trust_now(by))
    except BadCertificate as why:
        raise Incomplete({"alpha": str(why)}) from None


def _still_holds(row: Automation, now: Certified) -> bool:
    """What was promised before for the same adviser is not lost by a question that could not be looked into."""
    before = row.certified
    same = before is not None and (before.adviser, before.alpha, before.delta) == (
        now.adviser,
        now.alpha,
        now.delta,
    )
    return same and before is not None and before.threshold is not None


def _watch(audit: Audit, now: datetime) -> None:
    """One audited automatic dispatch more. An alarm switches the category off and tells the chiefs."""
    group = audit.decision.group
    row = Automation.objects.select_for_update().filter(group=group).first()
    if row is None:
        return
    try:
        watch = Watch.from_state(row.watch) if row.watch else Watch(row.alpha, row.delta)
    except BadWatch:
        watch = Watch(row.alpha, row.delta)
    watch.add(audit.verdict_id != audit.decision.unit_id)
    row.watch = watch.state()
    if watch.alarm and row.is_on:
        row.is_on, row.lowered_at = False, now
        alarm = DriftAlarm.objects.create(
            group=group,
            at=now,
            alpha=row.alpha,
            cases=watch.cases,
            wrong=watch.wrong,
            low=watch.interval(row.delta)[0],
        )
        _tell_chiefs(group, "automation_lowered", f"drift:{alarm.pk}", now)
    row.save()


def _tell_chiefs(group: str, kind: str, once: str, now: datetime) -> None:
    people = User.objects.filter(role__in=[Role.SECTION_CHIEF, Role.SHIFT_LEAD], is_active=True).order_by(
        "pk"
    )
    for person in people:
        tell(person, kind, once=once, now=now, urgent=True, facts={"group": group})


__all__ = [
    "ALPHAS",
    "DELTAS",
    "SWITCHES",
    "certify_category",
    "consider_ticket",
    "consider_waiting",
    "grace",
    "judge_audit",
    "recertify",
    "settle_alarm",
    "switch_automation",
]
