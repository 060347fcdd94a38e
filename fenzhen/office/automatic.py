"""Automatic dispatch: what goes by itself, what the chief switches on, what an audit finds, what an alarm switches off."""

import logging
from collections import Counter
from datetime import date, datetime, timedelta
from secrets import SystemRandom

import numpy as np
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.advisor.automation import Automation as Automatic
from fenzhen.advisor.automation import Curve, Plan
from fenzhen.advisor.certificate import Allowance, BadCertificate, labels_missing
from fenzhen.advisor.labels import ACCEPTED, AUDITED, STRONG, Promise, certify_by_group, unit_groups
from fenzhen.advisor.watch import BadWatch, Watch
from fenzhen.board.advice import adviser_now
from fenzhen.board.adviser import AUDITS, cases_of, groups_of, trust_now
from fenzhen.board.automatic import anything_automatic
from fenzhen.board.day_plan import WRONG, Evidence, causes, evidence, kinds_of_units, line_of, lines_of
from fenzhen.desk.dispatch import GRACE_MINUTES, LeftToAPerson, dispatch_automatically
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen, NotYours, note_act
from fenzhen.hotline.roles import Role
from fenzhen.office.accounts import system_account
from fenzhen.office.notices import tell
from fenzhen.office.teach import keep_verdict
from fenzhen.records.advice import (
    Advice,
    Audit,
    Automation,
    Certified,
    CertifiedPart,
    DayPlan,
    Decision,
    DriftAlarm,
)
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
#: With fewer strong labels the curve is drawn through the weak ones too.
ENOUGH_FOR_A_CURVE = 100
#: So many dispatches of a suspected unit are audited first, each day.
LOOK_AT = 2
_OF_UNITS = frozenset({"unit_wrong"})
_draw = SystemRandom()


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
        share = Allowance(delta, used=row.calibrations).next()
        made = _promises(by, row, alpha, share)
        found = [part.certificate for part in made.values()]
        looked = any(not one.why.startswith("not enough") for one in found)
        lines = [part.threshold for part in made.values() if part.threshold is not None]
        certified = Certified.objects.create(
            group=group,
            adviser=adviser_now(by),
            made_at=now,
            by=by,
            alpha=alpha,
            delta=delta,
            number=row.calibrations + 1,
            delta_spent=share,
            way=ACCEPTED if any(part.way == ACCEPTED for part in made.values()) else AUDITED,
            threshold=min(lines) if lines else None,
            cases=sum(one.n for one in found),
            automatic=sum(one.automatic for one in found),
            wrong=sum(one.wrong for one in found),
            wrong_at_most=max((one.wrong_at_most for one in found if one.threshold is not None), default=1.0),
            missing=min((one.missing for one in found), default=labels_missing(alpha, share)),
            doubt=max((part.doubt for part in made.values()), default=0.0),
            curve=_curve(by),
        )
        CertifiedPart.objects.bulk_create(
            CertifiedPart(
                certified=certified,
                units=units,
                delta_spent=part.certificate.delta,
                way=part.way,
                threshold=part.threshold,
                cases=part.certificate.n,
                automatic=part.certificate.automatic,
                wrong=part.certificate.wrong,
                wrong_at_most=part.certificate.wrong_at_most,
                missing=part.certificate.missing,
                doubt=part.doubt,
            )
            for units, part in sorted(made.items())
        )
        row.calibrations += int(looked)
        if looked or not _still_holds(row, certified):
            row.certified = certified
            if certified.threshold is None:
                row.is_on = False
        row.changed_at, row.changed_by = now, by
        row.save()
        note_act(
            f"automation:{group}",
            "certify",
            by=by,
            now=now,
            facts={
                "certified": certified.pk,
                "alpha": alpha,
                "delta": delta,
                "threshold": certified.threshold,
                "units": {units: part.threshold for units, part in sorted(made.items())},
            },
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
        if cases_of(by, row.group, stale=True, since=row.cases_from):
            continue  # still being asked
        certify_category(row.group, by=by, now=now, alpha=row.alpha, delta=row.delta)
        row.refresh_from_db()
        if not row.is_on:
            _tell_chiefs(row.group, "automation_uncertified", f"recertified:{row.group}:{version}", now)
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
        if on and row.certified and row.lowered_at is not None and row.certified.made_at <= row.lowered_at:
            raise Incomplete({"group": _("报警停用以后，要用报警以后的样本重新测算，通过了才能再开。")})
        row.is_on, row.changed_at, row.changed_by = on, now, by
        if on:
            row.lowered_at = None
            row.watch = Watch(row.alpha, row.delta).state()
            DriftAlarm.objects.filter(group=group, settled_at=None).update(settled_at=now, settled_by=by)
        row.save()
        note_act(f"automation:{group}", "switch_on" if on else "switch_off", by=by, now=now, facts={})
    if on:
        review_day(by=by, now=now)
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


def review_day(*, by: User, now: datetime) -> int:
    """Each morning: how sure the adviser has to be today, from returns, audits and people's decisions up to midnight. Only ever
    asks for more than is certified; where the causes are gone it asks for less again by itself. Returns how many plans were made.
    """
    if by.role not in SWITCHES | {Role.SYSTEM}:
        raise NotYours
    today = timezone.localtime(now).date()
    alphas = set(
        Automation.objects.filter(is_on=True, certified__isnull=False).values_list("alpha", flat=True)
    )
    alphas -= set(DayPlan.objects.filter(day=today).values_list("alpha", flat=True))
    if not alphas:
        return 0
    found = evidence(by, today)
    with transaction.atomic():
        for alpha in sorted(alphas):
            row = _plan(by, alpha, found, now, today)
            _look_first(row, by, now)
            _tell_change(row, by, now)
    return len(alphas)


def settle_alarm(group: str, *, by: User, now: datetime) -> int:
    """The chief has looked; the alarm is put away. The category stays off until it is switched on."""
    if by.role not in SWITCHES:
        raise NotYours
    return DriftAlarm.objects.filter(group=group, settled_at=None).update(settled_at=now, settled_by=by)


# ---------------------------------------------------------------------------------------------------------


def _promises(by: User, row: Automation, alpha: float, delta: float) -> dict[str, Promise]:
    """Per group of units, from the cases since the last alarm."""
    kinds = kinds_of_units(by)
    cases = cases_of(by, row.group, since=row.cases_from)

    def need(groups: int) -> int:
        return labels_missing(alpha, delta / groups)

    try:
        strong = Counter(case.advised for case in cases if case.source in STRONG)
        groups = unit_groups(strong, lambda unit: kinds.get(unit, "bureau"), need)
        return certify_by_group(
            cases,
            lambda unit: groups.get(unit) or kinds.get(unit, "bureau"),
            alpha=alpha,
            delta=delta,
            trust=trust_now(by),
        )
    except BadCertificate as why:
        raise Incomplete({"alpha": str(why)}) from None


def _curve(by: User) -> list[float]:
    """How often a confidence was wrong, over the labelled tickets of all categories: [slope, shift]."""
    cases = [case for group in groups_of(by) for case in cases_of(by, group)]
    strong = [case for case in cases if case.source in STRONG]
    some = strong if len(strong) >= ENOUGH_FOR_A_CURVE else cases
    curve = Curve.of([case.confidence for case in some], [case.is_right for case in some])
    return [round(curve.slope, 6), round(curve.shift, 6)]


def _still_holds(row: Automation, now: Certified) -> bool:
    """What was promised before for the same adviser is not lost by a question that could not be looked into; an alarm
    ends it."""
    before = row.certified
    if before is None or before.threshold is None or (row.cases_from and before.made_at <= row.cases_from):
        return False
    return (before.adviser, before.alpha, before.delta) == (now.adviser, now.alpha, now.delta)


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
        row.is_on, row.lowered_at, row.cases_from = False, now, now
        alarm = DriftAlarm.objects.create(
            group=group,
            at=now,
            alpha=row.alpha,
            cases=watch.cases,
            wrong=watch.wrong,
            low=watch.interval(row.delta)[0],
        )
        note_act(
            f"automation:{group}",
            "stop_on_alarm",
            by=system_account(),
            now=now,
            facts={"alarm": alarm.pk, "cases": watch.cases, "wrong": watch.wrong, "alpha": row.alpha},
        )
        _tell_chiefs(group, "automation_lowered", f"drift:{alarm.pk}", now)
    row.save()


def _plan(by: User, alpha: float, found: Evidence, now: datetime, today: date) -> DayPlan:
    rows = list(Automation.objects.filter(is_on=True, alpha=alpha).select_related("certified"))
    lines, kinds = {row.group: lines_of(by, row) for row in rows}, kinds_of_units(by)
    seen = found.seen
    asked = [
        line_of(lines.get(str(group), {}), str(unit), kinds.get(str(unit), ""))
        for group, unit in zip(found.category, seen.group, strict=True)
    ]
    line = np.array([np.inf if one is None else one for one in asked], dtype=np.float64)
    scope = np.isin(found.category, list(lines))
    newest = max((row.certified for row in rows if row.certified), key=lambda one: one.made_at)
    lowest = [one for own in lines.values() for one in own.values() if one is not None]
    automation = Automatic(
        alpha=alpha,
        threshold=min(lowest) if lowest else None,
        curve=Curve(*newest.curve) if newest.curve else Curve(),
    )
    plan = automation.review(seen, today.toordinal(), scope=scope, allowed=seen.confidence >= line)
    lately = scope & (seen.day >= today.toordinal() - 10)
    here = {str(unit) for unit in seen.group[lately]}
    return DayPlan.objects.create(
        day=today,
        alpha=alpha,
        made_at=now,
        adviser=adviser_now(by),
        curve=[plan.curve.slope, plan.curve.shift],
        cutoff=plan.cutoff,
        shift=plan.shift,
        held={str(unit): round(share, 6) for unit, share in sorted(plan.held.items())},
        look_first=[str(unit) for unit in plan.look_first if str(unit) in here],
        codes=[code for code in plan.codes if code not in _OF_UNITS or _troubled(plan, here, code)],
        expected_wrong=plan.expected_wrong,
        coverage=plan.coverage,
        certified_coverage=float((seen.confidence >= line)[lately].mean()) if lately.any() else 0.0,
        seen=found.counts,
        digest=found.digest,
    )


def _troubled(plan: Plan, here: set[str], code: str) -> bool:
    """Whether a trouble of units is one of units that tickets go to by themselves."""
    return code != "unit_wrong" or any(
        share > WRONG and str(unit) in here for unit, share in plan.held.items()
    )


def _look_first(row: DayPlan, by: User, now: datetime) -> int:
    """A few dispatches of the units that are suspected are audited first; these say something of the unit and are no
    part of any certificate or of the watch."""
    drawn = 0
    for unit in row.look_first:
        fresh = Decision.objects.filter(
            advised=unit, at__gte=now - timedelta(days=7), taken_back_at=None, afterwards=False, audit=None
        )
        for automatic in (True, False):
            pks = list(fresh.filter(automatic=automatic).order_by("pk").values_list("pk", flat=True))
            some = _draw.sample(pks, min(LOOK_AT - drawn % LOOK_AT, len(pks))) if pks else []
            Audit.objects.bulk_create(
                [Audit(decision_id=pk, drawn_at=now, why="suspected") for pk in some], ignore_conflicts=True
            )
            if some:
                drawn += len(some)
                break
    return drawn


def _tell_change(row: DayPlan, by: User, now: datetime) -> None:
    """The day's plan goes into the journal; chiefs are told when it tightens for a cause, and when the cause is gone."""
    before = DayPlan.objects.filter(alpha=row.alpha, day__lt=row.day).first()
    cause, earlier = causes(row), causes(before) if before else set()
    act = "tighten" if cause - earlier else "ease" if earlier and not cause else "plan_day"
    note_act(
        "automation:all",
        act,
        by=by,
        now=now,
        facts={
            "plan": row.pk,
            "alpha": row.alpha,
            "codes": row.codes,
            "coverage": round(row.coverage, 4),
            "certified_coverage": round(row.certified_coverage, 4),
            "digest": row.digest,
        },
    )
    if act != "plan_day":
        kind = "automation_tightened" if act == "tighten" else "automation_eased"
        _tell_chiefs("", kind, f"plan:{row.pk}", now)


def _tell_chiefs(group: str, kind: str, once: str, now: datetime) -> None:
    people = User.objects.filter(role__in=[Role.SECTION_CHIEF, Role.SHIFT_LEAD], is_active=True).order_by(
        "pk"
    )
    for person in people:
        tell(person, kind, once=once, now=now, urgent=kind != "automation_eased", facts={"group": group})


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
    "review_day",
    "settle_alarm",
    "switch_automation",
]
