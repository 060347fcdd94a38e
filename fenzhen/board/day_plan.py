"""What was seen of dispatches up to last midnight, and the plan that was made of it: how sure the adviser has to be today.

Only what carries its own moment is looked at (decisions, requests, audits), so the same question about the same midnight has the
same answer on any later day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from fenzhen.advisor.automation import LOOK_BACK, Curve, Dispatches, Plan
from fenzhen.hotline import roles
from fenzhen.records.advice import Audit, Automation, CertifiedPart, DayPlan, Decision, LearnedModel
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.units import Unit

#: Who is told.
SEES = roles.DESK | {roles.Role.SYSTEM}
#: A line above every confidence: nothing goes.
NOTHING_GOES = 2.0
#: A unit of whose tickets so large a share is thought newly wrong is told about.
WRONG = 0.1
#: Kinds of units that are promised for together.
_GROUP_OF_KIND = {"town": "grassroots", "subdistrict": "grassroots"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Dispatches of the last weeks as `advisor.automation` wants them; `category` is the group that is switched, `decision` the row."""

    until: datetime
    seen: Dispatches
    category: NDArray[Any]
    decision: NDArray[np.int64]

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of each."""
        one = self.seen
        return {
            "decisions": len(one.day),
            "automatic": int(one.automatic.sum()),
            "returned": int((one.automatic & ~np.isnan(one.returned_after)).sum()),
            "audited": int((one.audited >= 0).sum()),
            "audited_wrong": int((one.audited == 1).sum()),
            "people": int(((one.person >= 0) & ~one.automatic).sum()),
        }

    @property
    def digest(self) -> str:
        """Of everything that goes in."""
        kept = sha256()
        for name in self.seen.__slots__:
            column = getattr(self.seen, name)
            kept.update(",".join(map(str, column.tolist())).encode())
        return kept.hexdigest()


def units_group(kind: str) -> str:
    """The group of units that a kind belongs to.

    >>> units_group("subdistrict"), units_group("bureau")
    ('grassroots', 'bureau')
    """
    return _GROUP_OF_KIND.get(kind, kind)


def kinds_of_units(viewer: User) -> dict[str, str]:
    """Code of a unit → its group."""
    if viewer.role not in SEES:
        return {}
    return {code: units_group(kind) for code, kind in Unit.objects.values_list("code", "kind")}


def midnight(day: date) -> datetime:
    """The moment at which *day* begins here."""
    return timezone.make_aware(datetime.combine(day, time.min))


def evidence(viewer: User, day: date) -> Evidence:
    """What was known when *day* began: one row per ticket, its first dispatch that was not taken back.

    A return counts from the day it was asked for, unless the desk had refused it by then; what people decided is the last
    unit that a ticket was sent to by then. Older dispatches than the model in use count nothing: it was not asked.
    """
    until = midnight(day)
    since = until - timedelta(days=LOOK_BACK)
    changed = [
        moment
        for pair in LearnedModel.objects.exclude(began_at=None).values_list("began_at", "ended_at")
        for moment in pair
        if moment is not None and moment < until
    ]
    since = max([since, *changed])
    made = Decision.objects.filter(at__gte=since, at__lt=until, afterwards=False, confidence__isnull=False)
    if viewer.role not in SEES:
        made = made.none()
    rows: dict[int, dict[str, Any]] = {}
    last: dict[int, str] = {}
    wanted = (
        "pk", "ticket_id", "at", "automatic", "unit__code", "advised", "group", "confidence", "taken_back_at",
    )  # fmt: skip
    for one in made.order_by("at", "pk").values(*wanted):
        row: dict[str, Any] = dict(one)
        if row["taken_back_at"] is not None and row["taken_back_at"] < until:
            continue
        last[row["ticket_id"]] = row["unit__code"]
        rows.setdefault(row["ticket_id"], row)
    rows = {ticket: row for ticket, row in rows.items() if row["advised"]}
    back = _returned(since, until)
    judged = _judged(since, until)
    days = []
    columns: dict[str, list[Any]] = {name: [] for name in Dispatches.__slots__}
    for ticket, kept in rows.items():
        verdict, why = judged.get(kept["pk"], ("", ""))
        asked = back.get(ticket)
        days.append(timezone.localtime(kept["at"]).date().toordinal())
        columns["group"].append(kept["advised"])
        columns["confidence"].append(float(kept["confidence"]))
        columns["automatic"].append(bool(kept["automatic"]))
        columns["returned_after"].append(
            (asked - kept["at"]) / timedelta(days=1) if asked is not None and asked >= kept["at"] else np.nan
        )
        columns["audited"].append(-1 if not verdict else int(verdict != kept["advised"]))
        columns["person"].append(-1 if kept["automatic"] else int(last[ticket] != kept["advised"]))
        columns["suspected"].append(bool(why) and why != "random")
    del columns["day"]
    group = np.array(columns.pop("group"), dtype=str)
    return Evidence(
        until,
        Dispatches.of(days, group, **columns),
        np.array([row["group"] for row in rows.values()], dtype=str),
        np.array([row["pk"] for row in rows.values()], dtype=np.int64),
    )


def lines_of(viewer: User, row: Automation) -> dict[str, float | None]:
    """What is certified for a category: group of units → threshold; ``""`` stands for all units (no groups yet)."""
    if row.certified is None or viewer.role not in SEES:
        return {}
    parts = list(CertifiedPart.objects.filter(certified=row.certified))
    return {part.units: part.threshold for part in parts} or {"": row.certified.threshold}


def line_of(lines: Mapping[str, float | None], unit: str, group: str) -> float | None:
    """The certified threshold for one unit: its own, or that of its group.

    >>> line_of({"unit:T1": 0.9, "grassroots": 0.95}, "T1", "grassroots"), line_of({"bureau": None}, "B1", "bureau")
    (0.9, None)
    """
    for key in (f"unit:{unit}", group, ""):
        if key in lines:
            return lines[key]
    return None


def newest_plan(viewer: User, alpha: float, on: date | None = None) -> DayPlan | None:
    """The plan of *on*, or the last one before it: a worker that stands still does not loosen anything."""
    if viewer.role not in SEES:
        return None
    rows = DayPlan.objects.filter(alpha=alpha)
    return (rows.filter(day__lte=on) if on else rows).first()


def as_plan(row: DayPlan) -> Plan:
    """The kept plan, to be asked."""
    return Plan(
        threshold=0.0,
        cutoff=row.cutoff,
        shift=row.shift,
        curve=Curve(*row.curve),
        held=row.held,
        look_first=tuple(row.look_first),
        expected_wrong=row.expected_wrong,
        coverage=row.coverage,
        codes=tuple(row.codes),
    )


def causes(row: DayPlan) -> set[str]:
    """What has tightened a plan and is worth telling: that all got harder, and the units that went wrong."""
    units = (
        {unit for unit, share in row.held.items() if share > WRONG} if "unit_wrong" in row.codes else set()
    )
    return units | ({"harder"} if "harder" in row.codes else set())


def line_today(row: DayPlan | None, unit: str) -> float:
    """What the plan asks for a unit; 0 where there is no plan, above 1 where nothing goes to it."""
    if row is None:
        return 0.0
    line = as_plan(row).line(unit)
    return NOTHING_GOES if line is None or line > 0.9999 else line


# ---------------------------------------------------------------------------------------------------------


def _returned(since: datetime, until: datetime) -> dict[int, datetime]:
    """Ticket → when the unit first asked to give it back and was not refused."""
    asked = Request.objects.filter(
        kind="return", assignment__part="lead", asked_at__gte=since, asked_at__lt=until
    )
    refused = Q(decision="refused", decided_at__lt=until)
    out: dict[int, datetime] = {}
    for ticket, moment in asked.exclude(refused).order_by("asked_at").values_list("ticket_id", "asked_at"):
        out.setdefault(ticket, moment)
    return out


def _judged(since: datetime, until: datetime) -> dict[int, tuple[str, str]]:
    """Decision → the unit that a blind auditor found right, and why it was audited."""
    found = Audit.objects.filter(decision__at__gte=since, judged_at__lt=until, verdict__isnull=False)
    return {pk: (unit, why) for pk, unit, why in found.values_list("decision_id", "verdict__code", "why")}


__all__ = [
    "NOTHING_GOES",
    "WRONG",
    "Evidence",
    "as_plan",
    "causes",
    "evidence",
    "kinds_of_units",
    "line_of",
    "line_today",
    "lines_of",
    "midnight",
    "newest_plan",
    "units_group",
]
