"""How the adviser does: what was decided beside what was advised, what audits found, what is promised, what went by itself."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from fenzhen.advisor.certificate import Allowance, labels_missing
from fenzhen.advisor.labels import STRONG, Case, Trust, pairs_needed
from fenzhen.advisor.watch import BadWatch, Watch
from fenzhen.board.advice import adviser_now
from fenzhen.board.automatic import GROUP
from fenzhen.board.day_plan import as_plan, causes, kinds_of_units, newest_plan
from fenzhen.board.tickets import NotVisible, visible
from fenzhen.board.words import word
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.records.advice import (
    Audit,
    Automation,
    Certified,
    CertifiedPart,
    DayPlan,
    Decision,
    DriftAlarm,
    LearnedModel,
    Trial,
    Truth,
)
from fenzhen.records.directory import Category
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Who sees the adviser's page.
SEES = roles.DESK
#: Who may judge.
AUDITS = roles.DESK
#: Who reckons with all of it.
_RECKONS = SEES | {Role.SYSTEM}
#: What is shown of automatic dispatches at once.
MOST = 30
WEEKS = 12
#: Where nothing has been chosen yet.
ALPHA, DELTA = 0.03, 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with an interval that holds at all times together with probability 95 %."""

    cases: int = 0
    wrong: int = 0
    low: float = 0.0
    high: float = 1.0

    @property
    def share(self) -> float | None:
        """The plain share; None where there is nothing."""
        return self.wrong / self.cases if self.cases else None


@dataclass(frozen=True, slots=True)
class Week:
    """One week's dispatches. `wrong` and `audited` are of automatic ones and people's together."""

    monday: date
    dispatched: int
    automatic: int
    audited: int
    wrong: int

    @property
    def coverage(self) -> float | None:
        """Share that went by itself."""
        return self.automatic / self.dispatched if self.dispatched else None

    @property
    def error(self) -> float | None:
        """Share of the audited that were wrong."""
        return self.wrong / self.audited if self.audited else None


@dataclass(slots=True)
class PartSeen:
    """One group of units (or one unit that stands alone) within a category: what is promised for it and how it does."""

    units: str
    """A kind of units, or ``unit:`` and a code."""
    name: str = ""
    decided: int = 0
    automatic: int = 0
    returned: int = 0
    """Of the automatic ones."""
    finished: int = 0
    agreed: int = 0
    strong: int = 0
    strong_wrong: int = 0
    audited: Rate = field(default_factory=Rate)
    """Automatic ones, drawn at random."""
    certified: CertifiedPart | None = None
    missing: int = 0

    @property
    def coverage(self) -> float | None:
        """Share of the last 30 days' dispatches that went by themselves."""
        return self.automatic / self.decided if self.decided else None

    @property
    def threshold(self) -> float | None:
        """From which confidence on; None where nothing is promised."""
        return self.certified.threshold if self.certified else None


@dataclass(slots=True)
class UnitsSeen:
    """One group of units over all categories."""

    units: str
    name: str
    decided: int = 0
    automatic: int = 0
    returned: int = 0
    audited: Rate = field(default_factory=Rate)
    certified: list[tuple[str, str, float]] = field(default_factory=list)
    """Categories in which something is promised for it: code, name, threshold."""
    missing: int = 0
    """Where nothing is promised anywhere: the least number of cases that any category lacks."""

    @property
    def coverage(self) -> float | None:
        """Share of the last 30 days' dispatches that went by themselves."""
        return self.automatic / self.decided if self.decided else None

    @property
    def lowest(self) -> float | None:
        """The lowest threshold among its categories."""
        return min((line for _code, _name, line in self.certified), default=None)

    @property
    def highest(self) -> float | None:
        """The highest."""
        return max((line for _code, _name, line in self.certified), default=None)


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """Today's plan in words: the line for ordinary units, and the units that are held, with their own (None: nothing goes)."""

    row: DayPlan
    line: float | None
    held: list[tuple[str, float, float | None]]


@dataclass(slots=True)
class GroupSeen:
    """One category: what is known of it, what is promised, whether it is on."""

    group: str
    name: str
    row: Automation | None
    decided: int = 0
    """Past dispatches that the adviser in use was asked about."""
    agreed: int = 0
    """Of those that are finished: the adviser names the unit that had it in the end."""
    finished: int = 0
    strong: int = 0
    strong_wrong: int = 0
    weak: int = 0
    open_audits: int = 0
    automatic: int = 0
    missing: int = 0
    """Labels still missing for the next reckoning at the chosen α and δ, if all of them come out right."""
    next_delta: float = DELTA
    alarm: DriftAlarm | None = None
    parts: list[PartSeen] = field(default_factory=list)

    @property
    def certified(self) -> Certified | None:
        """What was reckoned last."""
        return self.row.certified if self.row else None

    @property
    def alpha(self) -> float:
        """What was chosen, or would be."""
        return self.row.alpha if self.row else ALPHA

    @property
    def delta(self) -> float:
        """What was chosen, or would be."""
        return self.row.delta if self.row else DELTA

    @property
    def is_on(self) -> bool:
        """Whether it goes by itself."""
        return bool(self.row and self.row.is_on)

    @property
    def watched(self) -> Rate:
        """What audits have found since it was switched on."""
        return _watched(self.row.watch if self.row else None)


@dataclass(slots=True)
class AdviserSeen:
    """The adviser's page."""

    groups: list[GroupSeen]
    weeks: list[Week]
    dispatched: int = 0
    automatic: int = 0
    taken_back: int = 0
    returned: int = 0
    """Of the automatic ones: sent back by the unit."""
    audits_open: int = 0
    people: Rate = field(default_factory=Rate)
    """Audited dispatches of people."""
    machine: Rate = field(default_factory=Rate)
    """Audited automatic dispatches."""
    truths: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    """Finished tickets that the adviser in use was asked about."""
    agreed: int = 0
    people_right: int = 0
    people_known: int = 0
    to_ask: int = 0
    """Finished tickets that it was not asked about yet."""
    units: list[UnitsSeen] = field(default_factory=list)
    plans: list[PlanSeen] = field(default_factory=list)
    trust: Trust = field(default_factory=Trust)
    pairs_needed: int = 0
    alarms: list[DriftAlarm] = field(default_factory=list)
    version: str = ""
    model: LearnedModel | None = None


def groups_of(viewer: User) -> dict[str, str]:
    """The categories that are certified and switched: code of the first level → name."""
    if viewer.role not in _RECKONS:
        return {}
    names: dict[str, str] = {}
    for code, name in Category.objects.filter(is_active=True).order_by("code").values_list("code", "level1"):
        names.setdefault(code[:GROUP], name)
    return names


def cases_of(viewer: User, group: str, *, stale: bool = False, since: datetime | None = None) -> list[Case]:
    """The labelled tickets of a category, as the adviser in use judges them; tickets that it learned from are left out,
    and those that never go by themselves. With *stale* the strong ones that it has not been asked about; with *since* only
    those received from then on."""
    if viewer.role not in _RECKONS:
        return []
    rows = _labelled(viewer).filter(now_group=group)
    if since is not None:
        rows = rows.filter(ticket__received_at__gte=since)
    if stale:
        rows = rows.filter(ticket__truth__source__in=STRONG).exclude(now_adviser=adviser_now(viewer))
    else:
        rows = rows.filter(now_adviser=adviser_now(viewer))
    seen: dict[int, Case] = {}
    found = rows.exclude(now_advised="").values_list(
        "ticket_id", "now_confidence", "now_advised", "ticket__truth__unit__code", "ticket__truth__source"
    )
    for ticket, confidence, advised, unit, source in found:
        seen.setdefault(ticket, Case(float(confidence or 0), advised, unit, source))
    return list(seen.values())


def trust_now(viewer: User) -> Trust:
    """How often a blind audit has found the unit that had a ticket in the end to be the right one, over all categories."""
    if viewer.role not in _RECKONS:
        return Trust()
    pairs = Truth.objects.filter(source="audited", had_it__isnull=False)
    found = pairs.aggregate(n=Count("pk"), wrong=Count("pk", filter=~Q(unit=F("had_it"))))
    return Trust(found["n"], found["wrong"])


def adviser_seen(viewer: User, now: datetime) -> AdviserSeen:
    """Everything on the adviser's page. Raises `NotVisible`."""
    if viewer.role not in SEES:
        raise NotVisible
    version = adviser_now(viewer)
    made = Decision.objects.filter(taken_back_at=None)
    month = made.filter(at__gte=now - timedelta(days=30))
    counted = month.aggregate(n=Count("pk"), auto=Count("pk", filter=Q(automatic=True)))
    automatic = Decision.objects.filter(automatic=True, at__gte=now - timedelta(days=30))
    finished = _finished(version)
    known = Truth.objects.filter(first__isnull=False)
    trust = trust_now(viewer)
    groups = groups_seen(viewer, now)
    return AdviserSeen(
        groups=groups,
        units=_units_seen(groups),
        plans=plans_today(viewer, now),
        weeks=weeks_of(viewer, now),
        dispatched=counted["n"],
        automatic=counted["auto"],
        taken_back=automatic.filter(taken_back_at__isnull=False).count(),
        returned=automatic.filter(taken_back_at=None, ticket__returns__gt=0).count(),
        audits_open=audits_waiting(viewer).count(),
        people=_audited(automatic=False),
        machine=_audited(automatic=True),
        truths={
            str(source): n
            for source, n in Truth.objects.values_list("source").annotate(n=Count("pk")).order_by()
        },
        asked=finished.count(),
        agreed=finished.filter(now_advised=F("ticket__truth__unit__code")).count(),
        people_right=known.filter(first=F("unit")).count(),
        people_known=known.count(),
        to_ask=to_ask(viewer).count(),
        trust=trust,
        pairs_needed=pairs_needed(ALPHA, DELTA),
        alarms=list(DriftAlarm.objects.filter(settled_at=None)),
        version=version,
        model=LearnedModel.objects.filter(in_use=True).first(),
    )


def groups_seen(viewer: User, now: datetime) -> list[GroupSeen]:
    """Every category, the ones that are on first, then those with the most tickets."""
    if viewer.role not in SEES:
        return []
    version = adviser_now(viewer)
    rows = {row.group: row for row in Automation.objects.select_related("certified", "changed_by")}
    seen = {group: GroupSeen(group, name, rows.get(group)) for group, name in groups_of(viewer).items()}
    labelled = _labelled(viewer).filter(now_adviser=version).exclude(now_advised="")
    for row in rows.values():
        if row.cases_from is not None:
            labelled = labelled.exclude(now_group=row.group, ticket__received_at__lt=row.cases_from)
    parts = _parts(viewer, rows)
    strong = Q(ticket__truth__source__in=STRONG)
    right = Q(now_advised=F("ticket__truth__unit__code"))
    for group, unit, n, agreed, sure, sure_wrong in (
        labelled.order_by()
        .values_list("now_group", "now_advised")
        .annotate(
            n=Count("ticket", distinct=True),
            agreed=Count("ticket", filter=right, distinct=True),
            sure=Count("ticket", filter=strong, distinct=True),
            sure_wrong=Count("ticket", filter=strong & ~right, distinct=True),
        )
    ):
        if group in seen:
            for one in (seen[group], parts.of(group, unit)):
                one.finished += n
                one.agreed += agreed
                one.strong += sure
                one.strong_wrong += sure_wrong
            seen[group].weak += n - sure
    month = Decision.objects.filter(at__gte=now - timedelta(days=30), taken_back_at=None).order_by()
    for group, unit, n, auto, back in month.values_list("now_group", "now_advised").annotate(
        n=Count("pk"),
        auto=Count("pk", filter=Q(automatic=True)),
        back=Count("pk", filter=Q(automatic=True, ticket__returns__gt=0)),
    ):
        if group in seen:
            seen[group].decided += n
            seen[group].automatic += auto
            if unit:
                part = parts.of(group, unit)
                part.decided, part.automatic, part.returned = (
                    part.decided + n,
                    part.automatic + auto,
                    part.returned + back,
                )
    judged = Audit.objects.filter(verdict__isnull=False, decision__automatic=True).exclude(why="suspected")
    for group, unit, n, wrong in (
        judged.order_by()
        .values_list("decision__group", "decision__unit__code")
        .annotate(n=Count("pk"), wrong=Count("pk", filter=~Q(verdict=F("decision__unit"))))
    ):
        if group in seen:
            part = parts.of(group, unit)
            part.audited = Rate(part.audited.cases + n, part.audited.wrong + wrong)
    waiting = Audit.objects.filter(judged_at=None).order_by().values_list("decision__now_group")
    for group, n in waiting.annotate(n=Count("pk")):
        if group in seen:
            seen[group].open_audits = n
    alarms = {alarm.group: alarm for alarm in DriftAlarm.objects.filter(settled_at=None).order_by("at")}
    for one in seen.values():
        one.alarm = alarms.get(one.group)
        used = one.row.calibrations if one.row else 0
        one.next_delta = Allowance(one.delta, used=used).next()
        one.parts = parts.listed(one.group)
        least = labels_missing(one.alpha, one.next_delta)
        tested = [part for part in one.parts if part.strong >= least]
        for part in one.parts:
            share = one.next_delta / (len(tested) + (part not in tested))
            part.missing = labels_missing(one.alpha, share, part.strong, part.strong_wrong)
            part.audited = _rate(part.audited.cases, part.audited.wrong)
        one.missing = min((part.missing for part in one.parts), default=least)
    return sorted(seen.values(), key=lambda one: (not one.is_on, not one.alarm, -one.decided, one.group))


def plans_today(viewer: User, now: datetime) -> list[PlanSeen]:
    """The newest plan of each α that something goes by."""
    if viewer.role not in SEES:
        return []
    alphas = Automation.objects.filter(is_on=True).values_list("alpha", flat=True).distinct()
    names = {unit.code: str(unit) for unit in Unit.objects.all()}
    out = []
    for alpha in sorted(set(alphas)):
        row = newest_plan(viewer, alpha, timezone.localtime(now).date())
        if row is None:
            continue
        plan = as_plan(row)
        held = sorted(
            ((unit, share) for unit, share in row.held.items() if unit in causes(row)),
            key=lambda one: -one[1],
        )
        out.append(
            PlanSeen(row, plan.line(""), [(names.get(unit, unit), x, plan.line(unit)) for unit, x in held])
        )
    return out


def group_seen(viewer: User, group: str, now: datetime) -> GroupSeen:
    """One category. Raises `NotVisible`."""
    for one in groups_seen(viewer, now):
        if one.group == group:
            return one
    raise NotVisible


def certified_of(viewer: User, group: str) -> list[Certified]:
    """What was reckoned for a category, the newest first."""
    if viewer.role not in SEES:
        return []
    return list(Certified.objects.filter(group=group).select_related("by")[:20])


def weeks_of(viewer: User, now: datetime) -> list[Week]:
    """The last weeks' dispatches and audits, from the first that has any."""
    if viewer.role not in SEES:
        return []
    today = timezone.localtime(now).date()
    first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    since = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    rows = Decision.objects.filter(at__gte=since, taken_back_at=None).values_list(
        "at", "automatic", "afterwards", "unit_id", "audit__verdict_id", "audit__why"
    )
    counts: dict[date, Counter[str]] = {}
    for at, automatic, afterwards, unit, verdict, why in rows:
        day = timezone.localtime(at).date()
        week = counts.setdefault(day - timedelta(days=day.weekday()), Counter())
        week["dispatched"] += 1
        week["automatic"] += automatic
        if verdict is not None and (why == "random" or afterwards):
            week["audited"] += 1
            week["wrong"] += verdict != unit
    if not counts:
        return []
    out, monday = [], min(counts)
    while monday <= today:
        week = counts.get(monday, Counter())
        out.append(Week(monday, week["dispatched"], week["automatic"], week["audited"], week["wrong"]))
        monday += timedelta(days=7)
    return out


def automatic_lately(viewer: User, now: datetime, limit: int = MOST) -> list[Decision]:
    """Automatic dispatches of the last 30 days, the newest first, of tickets that *viewer* may see."""
    if viewer.role not in SEES:
        return []
    rows = Decision.objects.filter(automatic=True, at__gte=now - timedelta(days=30))
    return list(
        rows.filter(ticket__in=visible(viewer)).select_related("ticket", "unit", "taken_back_by")[:limit]
    )


def may_recall(viewer: User, decision: Decision, now: datetime) -> bool:
    """Whether one press still takes it back."""
    return (
        viewer.role in roles.DESK
        and decision.automatic
        and decision.taken_back_at is None
        and decision.grace_until is not None
        and decision.grace_until > now
        and decision.ticket.state in {"dispatched", "handling"}
    )


def audits_waiting(viewer: User) -> "QuerySet[Audit]":
    """Decisions that wait for this person's blind word: never their own."""
    if viewer.role not in AUDITS:
        return Audit.objects.none()
    return (
        Audit.objects.filter(judged_at=None, decision__ticket__in=visible(viewer))
        .exclude(decision__by=viewer)
        .order_by("drawn_at", "pk")
    )


def audit_for(viewer: User, pk: int) -> Audit:
    """One audit with its ticket. Raises `NotVisible` for one's own decision, or one that is judged already."""
    row = (
        audits_waiting(viewer)
        .select_related("decision", "decision__ticket", "decision__ticket__place", "decision__ticket__town")
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def to_ask(viewer: User) -> "QuerySet[Truth]":
    """Tickets whose right unit is known and that the adviser in use was not asked about. Those that its model learned from
    are not asked about again: their answers would prove nothing."""
    if viewer.role not in _RECKONS:
        return Truth.objects.none()
    asked = Decision.objects.filter(ticket=OuterRef("ticket_id"), now_adviser=adviser_now(viewer))
    rows = Truth.objects.filter(~Exists(asked))
    model = LearnedModel.objects.filter(in_use=True).first()
    if model and model.trained_to:
        ever = Decision.objects.filter(ticket=OuterRef("ticket_id"))
        rows = rows.filter(Q(received_at__gt=model.trained_to) | ~Exists(ever))
    return rows


def drawable(viewer: User, group: str) -> list[int]:
    """Decisions of a category that may be drawn for an audit: on finished tickets that the adviser in use was asked about
    and did not learn from, not audited yet."""
    if viewer.role not in SEES:
        return []
    rows = _labelled(viewer).filter(now_group=group, now_adviser=adviser_now(viewer), audit=None)
    rows = rows.exclude(now_advised="").exclude(ticket__truth__source__in=STRONG)
    newest = dict(rows.values_list("ticket_id", "pk"))
    return sorted(newest.values())


def audits_done(viewer: User) -> int:
    """How many this person has judged."""
    return Audit.objects.filter(auditor=viewer).count()


def models_kept(viewer: User) -> list[LearnedModel]:
    """Models that learned from decided tickets, the newest first."""
    return list(LearnedModel.objects.all()[:20]) if viewer.role in SEES else []


def trials_of(viewer: User) -> list[Trial]:
    """Trials on past tickets, the newest first."""
    if viewer.role not in SEES:
        return []
    return list(Trial.objects.filter(facts__kind="history").select_related("by").defer("content")[:20])


def trial_for(viewer: User, pk: int) -> Trial:
    """One trial. Raises `NotVisible`."""
    if viewer.role not in SEES:
        raise NotVisible
    row = Trial.objects.filter(pk=pk).select_related("by").defer("content").first()
    if row is None:
        raise NotVisible
    return row


def teaching_now(viewer: User) -> Trial | None:
    """The teaching that waits or runs, or else the last one."""
    if viewer.role not in SEES:
        return None
    return Trial.objects.filter(facts__kind="teach").defer("content").order_by("-pk").first()


def recently_decided(viewer: User, ticket: Ticket) -> Decision | None:
    """The automatic dispatch of this ticket that can still be taken back, or was the last thing to move it."""
    if viewer.role not in SEES:
        return None
    return Decision.objects.filter(ticket=ticket, automatic=True).order_by("-n").first()


def line_passed(viewer: User, decision: Decision) -> float | None:
    """How sure the adviser had to be for this automatic dispatch (0..1), as its journal entry has it."""
    if viewer.role not in SEES:
        return None
    facts = (
        Entry.objects.filter(subject=f"ticket:{decision.ticket_id}", n=decision.n)
        .values_list("facts", flat=True)
        .first()
        or {}
    )
    line = facts.get("line", facts.get("threshold"))
    return float(line) if line is not None else None


# ---------------------------------------------------------------------------------------------------------


def _labelled(viewer: User) -> "QuerySet[Decision]":
    """Decisions on tickets whose right unit is known, that may go by themselves and that the model did not learn from."""
    rows = Decision.objects.filter(
        ticket__truth__isnull=False, ticket__level__gt=1, ticket__is_report=False, ticket__is_secret=False
    ).exclude(ticket__kind="report")
    # What was audited because its unit was suspected is no random sample of anything.
    rows = rows.exclude(ticket__in=Audit.objects.filter(why="suspected").values("decision__ticket"))
    model = LearnedModel.objects.filter(in_use=True).first()
    if model and model.trained_to:
        rows = rows.filter(ticket__received_at__gt=model.trained_to)
    return rows.order_by("ticket_id", "-n")


@dataclass(slots=True)
class _Parts:
    """The groups of units of every category; a unit's decisions are put to the group that it is promised with."""

    kinds: dict[str, str]
    names: dict[str, str]
    certified: dict[str, dict[str, CertifiedPart]]
    found: dict[str, dict[str, PartSeen]] = field(default_factory=dict)

    def of(self, group: str, unit: str) -> PartSeen:
        """The part that *unit* belongs to."""
        own = f"unit:{unit}"
        return self._part(
            group, own if own in self.certified.get(group, {}) else self.kinds.get(unit, "bureau")
        )

    def listed(self, group: str) -> list[PartSeen]:
        """Every kind there is, then the units that stand alone."""
        for units in (*_KINDS, *self.certified.get(group, {})):
            self._part(group, units)
        return sorted(self.found[group].values(), key=lambda part: _place(part.units))

    def _part(self, group: str, units: str) -> PartSeen:
        there = self.found.setdefault(group, {})
        if units not in there:
            name = (
                self.names.get(units[5:], units[5:])
                if units.startswith("unit:")
                else word("unit_group", units)
            )
            there[units] = PartSeen(units, name, certified=self.certified.get(group, {}).get(units))
        return there[units]


#: In the order in which they are listed.
_KINDS = ("grassroots", "bureau", "enterprise")


def _parts(viewer: User, rows: dict[str, Automation]) -> _Parts:
    kept: dict[str, dict[str, CertifiedPart]] = {}
    newest = [row.certified_id for row in rows.values() if row.certified_id]
    for part in CertifiedPart.objects.filter(certified__in=newest).select_related("certified"):
        kept.setdefault(part.certified.group, {})[part.units] = part
    names = {unit.code: str(unit) for unit in Unit.objects.all()}
    return _Parts(kinds_of_units(viewer), names, kept)


def _units_seen(groups: list[GroupSeen]) -> list[UnitsSeen]:
    """The same groups over all categories."""
    out: dict[str, UnitsSeen] = {}
    least: dict[str, int] = {}
    for one in groups:
        for part in one.parts:
            units = out.setdefault(part.units, UnitsSeen(part.units, part.name))
            units.decided += part.decided
            units.automatic += part.automatic
            units.returned += part.returned
            units.audited = Rate(
                units.audited.cases + part.audited.cases, units.audited.wrong + part.audited.wrong
            )
            if part.threshold is not None:
                units.certified.append((one.group, one.name, part.threshold))
            least[part.units] = min(least.get(part.units, part.missing), part.missing)
    for key, units in out.items():
        units.missing = least[key]
        units.audited = _rate(units.audited.cases, units.audited.wrong)
    return sorted(out.values(), key=lambda one: _place(one.units))


def _place(units: str) -> tuple[int, str]:
    """Kinds first, in their order, then units that stand alone."""
    return (_KINDS.index(units) if units in _KINDS else len(_KINDS), units)


def _rate(n: int, wrong: int) -> Rate:
    """With the interval, which hangs on the counts alone, so the cases need not be put in one by one."""
    block = [[int(bad), 1.0, count] for bad, count in ((True, wrong), (False, n - wrong)) if count]
    kept = {"alpha": ALPHA, "delta": DELTA, "heaviest": 1.0, "evidence": 1.0, "blocks": [block]}
    low, high = Watch.from_state(kept).interval(DELTA) if n else (0.0, 1.0)
    return Rate(n, wrong, low, high)


def _finished(version: str) -> "QuerySet[Decision]":
    rows = Decision.objects.filter(ticket__truth__isnull=False, now_adviser=version)
    model = LearnedModel.objects.filter(in_use=True).first()
    return rows.filter(ticket__received_at__gt=model.trained_to) if model and model.trained_to else rows


def _audited(*, automatic: bool) -> Rate:
    """Audited decisions; those asked for of the past count for people, random ones for both, suspected ones for nobody."""
    rows = Audit.objects.filter(verdict__isnull=False, decision__automatic=automatic).exclude(why="suspected")
    return _rate(rows.count(), rows.exclude(verdict=F("decision__unit")).count())


def _watched(kept: object) -> Rate:
    if not isinstance(kept, dict) or not kept:
        return Rate()
    try:
        watch = Watch.from_state(kept)
    except BadWatch:
        return Rate()
    low, high = watch.interval(DELTA)
    return Rate(watch.cases, watch.wrong, low, high)


__all__ = [
    "ALPHA",
    "AUDITS",
    "DELTA",
    "SEES",
    "AdviserSeen",
    "GroupSeen",
    "PartSeen",
    "PlanSeen",
    "Rate",
    "UnitsSeen",
    "Week",
    "adviser_seen",
    "audit_for",
    "audits_done",
    "audits_waiting",
    "automatic_lately",
    "cases_of",
    "certified_of",
    "drawable",
    "group_seen",
    "groups_of",
    "groups_seen",
    "may_recall",
    "models_kept",
    "plans_today",
    "recently_decided",
    "teaching_now",
    "to_ask",
    "trial_for",
    "trials_of",
    "trust_now",
    "weeks_of",
]
