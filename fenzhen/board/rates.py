"""The three rates of what ended in some time, with their n and their coverage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from fenzhen.hotline import roles
from fenzhen.hotline.journey import OUTSIDE_THE_RATES
from fenzhen.hotline.rates import RATED_KINDS, RateRules, Rates, added, one_round, times
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.units import Unit


@dataclass(frozen=True, slots=True)
class ThreeRates:
    """Rounds that ended between `since` and `until`."""

    since: datetime
    until: datetime
    rounds: Rates
    """Every round: the figure that is reported. A reply that did not help counts, whatever came later."""
    first: Rates
    """First answers only: how good the first reply was."""
    final: Rates
    """Last answers of tickets that were closed: how it ended for people."""
    waiting: int
    """Call-backs still to be made at the time of looking; they are in no rate."""
    rules: RateRules

    @property
    def resolution(self) -> float | None:
        """解决率 of all rounds as this district counts it."""
        return self.rounds.resolution(self.rules)

    @property
    def satisfaction(self) -> float | None:
        """满意率 of all rounds as this district counts it."""
        return self.rounds.satisfaction(self.rules)

    @property
    def is_enough(self) -> bool:
        """Were enough people reached for a percentage to say something?"""
        return self.rounds.reached >= self.rules.rank_from


def rate_rules(viewer: User) -> RateRules:
    """What this district decided about its rates; anybody may know."""
    del viewer
    plain = RateRules()
    given = setting("rates.weights", {})
    response, resolution, satisfaction = plain.weights
    return RateRules(
        part_weight=float(setting("rates.partly_solved", plain.part_weight)),
        basic_counts=bool(setting("rates.basic_counts_as_satisfied", plain.basic_counts)),
        weights=(
            float(given.get("response", response)),
            float(given.get("resolution", resolution)),
            float(given.get("satisfaction", satisfaction)),
        ),
        rank_from=int(setting("rates.min_n_for_rank", plain.rank_from)),
    )


def three_rates(
    viewer: User, since: datetime, until: datetime, now: datetime, unit: Unit | None = None
) -> ThreeRates:
    """Rates of the rounds whose call-back was made, or given up, in [since, until), as far as *viewer* may know:
    unit staff only their own unit's, as its lead. *unit* limits it further. Withdrawn and voided tickets
    are left out, and so are kinds that nobody is asked about.
    """
    rows = _visible(viewer, unit)
    ended = rows.filter(done_at__gte=since, done_at__lt=until).exclude(outcome="")
    before = CallBack.objects.filter(
        ticket=OuterRef("ticket"), round__lt=OuterRef("round"), outcome__in=["closed", "rehandled"]
    )
    said = list(
        ended.annotate(is_first=~Exists(before))
        .values("outcome", "contacted", "solved", "satisfied", "is_first", state=F("ticket__state"))
        .annotate(n=Count("id"))
    )
    return ThreeRates(
        since=since,
        until=until,
        rounds=added(map(_counted, said)),
        first=added(_counted(row) for row in said if row["is_first"]),
        final=added(_counted(row) for row in said if row["outcome"] == "closed"),
        waiting=rows.filter(outcome="", opened_at__lte=now, ticket__state="pending_callback").count(),
        rules=rate_rules(viewer),
    )


def rates_by_unit(viewer: User, since: datetime, until: datetime) -> dict[str, Rates]:
    """The rounds' rates per lead unit (by its code); for the centre and for readers, else only one's own."""
    lead = _answering()
    rows = (
        _visible(viewer, None)
        .filter(done_at__gte=since, done_at__lt=until)
        .exclude(outcome="")
        .annotate(unit=lead.values("unit__code")[:1])
        .values("unit", "outcome", "contacted", "solved", "satisfied", state=F("ticket__state"))
        .annotate(n=Count("id"))
    )
    out: dict[str, Rates] = {}
    for row in rows:
        if row["unit"]:
            out[row["unit"]] = out.get(row["unit"], Rates()) + _counted(row)
    return out


def _answering() -> "QuerySet[Assignment]":
    """The lead share of a round that was answered: not one that was taken back, given back or ended before it."""
    leads = Assignment.objects.filter(ticket=OuterRef("ticket"), round=OuterRef("round"), part="lead")
    return leads.exclude(state__in=["recalled", "returned", "ended"]).order_by("-id")


def _visible(viewer: User, unit: Unit | None) -> "QuerySet[CallBack]":
    rows = CallBack.objects.filter(ticket__kind__in=RATED_KINDS)
    lead = _answering()
    if viewer.role in roles.UNIT and viewer.unit_id:
        rows = rows.filter(Exists(lead.filter(unit_id=viewer.unit_id)))
    elif viewer.role not in roles.CENTRE | roles.READERS:
        return rows.none()
    if unit is not None:
        rows = rows.filter(Exists(lead.filter(unit=unit)))
    return rows.filter(Q(ticket__is_history=False))


def _counted(row: Any) -> Rates:
    one = one_round(
        reached=row["outcome"] in {"closed", "rehandled"},
        left_out=row["state"] in OUTSIDE_THE_RATES,
        contacted=row["contacted"],
        solved=row["solved"],
        satisfied=row["satisfied"],
    )
    return times(one, row["n"])
