"""How much goes automatically today: the certificate sets the limit, what comes back since may only lower it.

A certificate (`fenzhen.advisor.certificate`) speaks of the days it was made from. Later texts get harder, a bureau hands a
matter on before the duty list says so, a new kind of matter turns up. What is seen of that, and what it is worth:

* **audited** tickets, drawn at random and judged blind: right or wrong, believed. Few (3 %).
* **returns**: only of what was dispatched, days later, sometimes of right ones (a unit that bounces), and under the
  first-receiver rule many wrong ones never come back. A return is therefore no "wrong" and an acceptance no "right": both move the
  estimate as far as P(return | wrong) and P(return | right) differ, which come from the audited tickets alone (`ReturnRates`). A ticket
  that is three days old and has not come back counts only as far as returns come within three days (`Delays`, from the
  returns themselves, cut off at today: the reverse hazard of Kalbfleisch and Lawless, JASA 1989).
* what **people** decided where the adviser held back: they saw its suggestion and err too, so each counts less than one (`PERSON`).

Per unit two things may have happened, each day with a small chance: a share x of its tickets is now wrong, or it returns y
times as many right ones as the others. For all together: the odds of being wrong have moved by a factor e^a. A hidden Markov model filters each
on a small grid, one step per day of dispatch; audited tickets tell x from y. That gives every ticket a chance of being wrong as of
today, and the plan is the most tickets of which, in a window of 500, at most α will be wrong with probability `SURE`,
reckoning with chance and with what the filter is not sure of.

This filter is quick and rests on a model. What rests on none is the alarm (`fenzhen.advisor.watch.Watch`, audited tickets only): it
cuts the promise to half of α until a new certificate is made with its own share of δ. Nothing here ever goes below the
certificate's threshold.

>>> import numpy as np
>>> automation = Automation(alpha=0.05, threshold=0.8, curve=Curve(1.0, 0.0))
>>> seen = Dispatches.of(
...     day=np.repeat(np.arange(10), 300), group=["ZJW"] * 3000,
...     confidence=np.tile(np.linspace(0.6, 0.999, 300), 10), automatic=np.tile(np.linspace(0.6, 0.999, 300) >= 0.8, 10))
>>> plan = automation.review(seen, today=10)
>>> plan.allows("ZJW", 0.999), plan.allows("ZJW", 0.7), plan.codes
(True, False, ('no_audits',))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fenzhen.advisor.certificate import Allowance, Certificate
from fenzhen.advisor.watch import BadWatch, Watch

Floats = NDArray[np.float64]

#: Chance, by the filter's own reckoning, that at most α of a 500-ticket window are wrong. Above .95, because it does not see the first days of
#: a sudden change; chosen on streams 1000-1019 of bench/adviser/drift.py, never on those that are measured.
SURE = 0.97
WINDOW = 500
#: A ticket as likely as this to be wrong does not go, even where the promise would hold.
NEVER = 0.5
#: Days that are looked back on; older ones say little about today.
LOOK_BACK = 45
#: Returns later than this are not waited for.
LONGEST_DELAY = 20
#: What a person's decision on a ticket that was held back counts, an audited one counting 1.
PERSON = 0.7
#: Chance per day that a unit gets a new kind of wrong ticket, and that it begins to return otherwise than before: about once in two years each.
NEW_WRONG = 0.0015
NEW_BOUNCE = 0.0015
#: Of people's decisions: chance that the recorded unit differs from a right suggestion, and from a wrong one.
_PERSON_DIFFERS = (0.08, 0.95)

_X = np.array([0.0, 0.05, 0.15, 0.4, 0.9])
#: What a unit's own P(return | right) may be, as a multiple of the common one.
_Y = np.array([0.3, 1.0, 2.5, 6.0, 12.0])
_A = np.linspace(-1.0, 2.0, 25)
#: What the common P(return | right) and P(return | wrong) may be, as multiples of what the audited tickets say.
_RIGHT = np.array([0.5, 0.75, 1.0, 1.35, 1.9])
_WRONG = np.array([0.7, 1.0, 1.4])
#: Tickets that are about as sure are counted together where all units are looked at: limits of the chance of being wrong.
_ABOUT = np.array([0.004, 0.012, 0.03, 0.07, 0.15, 0.3])


@dataclass(frozen=True, slots=True)
class Curve:
    """Confidence → chance of being wrong, by two numbers: logit(right) = slope · logit(confidence) + shift."""

    slope: float = 1.0
    shift: float = 0.0

    @classmethod
    def of(cls, confidence: ArrayLike, right: ArrayLike) -> Curve:
        """Fit to calibration cases (Platt 1999, with his smoothed targets), by Newton's steps."""
        x = special.logit(np.clip(np.asarray(confidence, dtype=float), 1e-4, 1 - 1e-4))
        good = np.asarray(right, dtype=bool)
        if not len(x):
            return cls()
        target = np.where(good, (good.sum() + 1) / (good.sum() + 2), 1 / ((~good).sum() + 2))
        beta = np.array([0.0, 1.0])
        design = np.column_stack([np.ones_like(x), x])
        for _ in range(30):
            p = special.expit(design @ beta)
            slope = design.T @ (target - p) - 0.01 * (beta - [0.0, 1.0])
            bend = (design * (p * (1 - p))[:, None]).T @ design + 0.01 * np.eye(2)
            step = np.linalg.solve(bend, slope)
            beta = beta + step
            if np.abs(step).max() < 1e-8:
                break
        return cls(float(max(beta[1], 0.05)), float(beta[0]))

    def wrong(self, confidence: ArrayLike) -> Floats:
        """Chance of being wrong, as it was when the curve was fitted."""
        x = special.logit(np.clip(np.asarray(confidence, dtype=float), 1e-4, 1 - 1e-4))
        return np.asarray(special.expit(-(self.slope * x + self.shift)))


@dataclass(frozen=True, slots=True)
class Dispatches:
    """Tickets of the last weeks, one place per ticket in every column.

    ``day``: number of the day it was dispatched. ``group``: the unit (or category) the adviser named. ``automatic``: whether it
    went by itself. ``returned_after``: days until the return, nan where there was none. ``audited`` and ``person``: 1 the
    adviser's first unit was wrong, 0 it was right, -1 unknown; by blind audit, and by what people decided on one that was held back.
    ``suspected``: audited because its group was looked at first, not drawn at random; says something of the group, nothing of all.
    """

    day: NDArray[np.int64]
    group: NDArray[Any]
    confidence: Floats
    automatic: NDArray[np.bool_]
    returned_after: Floats
    audited: NDArray[np.int8]
    person: NDArray[np.int8]
    suspected: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        group: Sequence[Any] | NDArray[Any],
        confidence: ArrayLike,
        automatic: ArrayLike,
        returned_after: ArrayLike | None = None,
        audited: ArrayLike | None = None,
        person: ArrayLike | None = None,
        suspected: ArrayLike | None = None,
    ) -> Dispatches:
        """From any columns; those left out are unknown. Raises `BadWatch` for columns of different lengths."""
        days = np.asarray(day, dtype=np.int64)
        n = len(days)
        made = cls(
            days,
            np.asarray(group),
            np.asarray(confidence, dtype=np.float64),
            np.asarray(automatic, dtype=bool),
            np.full(n, np.nan) if returned_after is None else np.asarray(returned_after, dtype=np.float64),
            np.full(n, -1, np.int8) if audited is None else np.asarray(audited, dtype=np.int8),
            np.full(n, -1, np.int8) if person is None else np.asarray(person, dtype=np.int8),
            np.zeros(n, bool) if suspected is None else np.asarray(suspected, dtype=bool),
        )
        lengths = {len(getattr(made, name)) for name in made.__slots__}
        if lengths != {n}:
            raise BadWatch(f"columns of different lengths: {sorted(lengths)}")
        return made

    def where(self, keep: NDArray[np.bool_]) -> Dispatches:
        """Some of them."""
        return Dispatches(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Delays:
    """``by_age[k]``: share of the returns that ever come which have come k whole days after the dispatch."""

    by_age: Floats

    @classmethod
    def of(cls, seen: Dispatches, today: int) -> Delays:
        """From the returns so far. A return that has not come yet cannot be seen, so a delay of k days is only compared
        with shorter ones among tickets at least k days old."""
        come = seen.automatic & ~np.isnan(seen.returned_after)
        delay = np.minimum(seen.returned_after[come].astype(np.int64), LONGEST_DELAY)
        age = today - seen.day[come]
        # A little is known beforehand: most returns come within a few days. Worth twenty returns.
        before = 20 * np.diff(1 - np.exp(-np.arange(LONGEST_DELAY + 2) / 2.0))
        share = np.ones(LONGEST_DELAY + 1)
        for k in range(LONGEST_DELAY, 0, -1):
            old_enough = age >= k
            at = float((delay[old_enough] == k).sum()) + before[k]
            upto = float((delay[old_enough] <= k).sum()) + before[: k + 1].sum()
            share[k - 1] = share[k] * (1 - at / upto)
        return cls(share)

    def come(self, age: ArrayLike) -> Floats:
        """Share of its returns that a ticket of this age (days) has shown."""
        return np.asarray(self.by_age[np.clip(np.asarray(age, dtype=np.int64), 0, LONGEST_DELAY)])


@dataclass(frozen=True, slots=True)
class ReturnRates:
    """P(return | right) and P(return | wrong), from audited automatic dispatches alone, so that neither strategy nor silence
    of the units bends them. ``right`` and ``wrong``: how many audited cases each rests on (un-matured ones count in part)."""

    if_right: float
    if_wrong: float
    right: float = 0.0
    wrong: float = 0.0

    def doubt(self) -> tuple[Floats, Floats]:
        """How likely each of `_RIGHT` and `_WRONG` is (Beta, from the same counts)."""

        def weights(rate: float, cases: float, times: Floats) -> Floats:
            at = np.clip(rate * times, 1e-4, 0.98)
            log = rate * cases * np.log(at) + (1 - rate) * cases * np.log1p(-at)
            likely = np.exp(log - log.max())
            return np.asarray(likely / likely.sum())

        return weights(self.if_right, 25 + self.right, _RIGHT), weights(self.if_wrong, 6 + self.wrong, _WRONG)

    @classmethod
    def of(cls, seen: Dispatches, today: int, delays: Delays) -> ReturnRates:
        """With a little beforehand: one return among 25 right ones, three among six wrong ones."""
        known = seen.automatic & (seen.audited >= 0) & ~seen.suspected
        come = delays.come(today - seen.day)
        back = ~np.isnan(seen.returned_after)

        def rate(which: NDArray[np.bool_], returned: float, cases: float) -> tuple[float, float]:
            ripe = float(come[which].sum())
            return (returned + float(back[which].sum())) / (cases + ripe), ripe

        if_right, right = rate(known & (seen.audited == 0), 1.0, 25.0)
        if_wrong, wrong = rate(known & (seen.audited == 1), 3.0, 6.0)
        return cls(min(if_right, 0.5), min(max(if_wrong, if_right + 0.1), 0.98), right, wrong)


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go automatically from now on. ``cutoff``: the greatest chance of being wrong that is let through. ``shift``: how far the odds of
    being wrong have moved (log). ``held``: group → share of its tickets thought newly wrong. ``look_first``: groups of which
    a few tickets should be audited next, because that would tell most. ``expected_wrong`` and ``coverage``: of the last ten days."""

    threshold: float | None
    cutoff: float
    shift: float
    curve: Curve
    held: Mapping[Any, float]
    look_first: tuple[Any, ...]
    expected_wrong: float
    coverage: float
    codes: tuple[str, ...]

    def chance_wrong(self, group: ArrayLike, confidence: ArrayLike) -> Floats:
        """Chance of being wrong as of today."""
        base = special.expit(special.logit(self.curve.wrong(confidence)) + self.shift)
        names = np.atleast_1d(np.asarray(group))
        known, at = np.unique(names, return_inverse=True)
        extra = np.array(
            [self.held.get(name.item() if hasattr(name, "item") else name, 0.0) for name in known]
        )[at]
        return np.asarray(1 - (1 - np.atleast_1d(base)) * (1 - extra))

    def line(self, group: Any) -> float | None:
        """The least confidence of this group that the plan lets go (the certificate may ask for more); None: none."""
        extra = self.held.get(group, 0.0)
        most = 1 - (1 - self.cutoff) / (1 - extra) if extra < 1 else 0.0
        if most <= 0:
            return None
        at = (self.shift - self.curve.shift - float(special.logit(most))) / self.curve.slope
        return float(special.expit(at))

    def allows(self, group: Any, confidence: float) -> bool:
        """Whether one decision may go automatically."""
        return bool(self.allows_all([group], [confidence])[0])

    def allows_all(self, group: ArrayLike, confidence: ArrayLike) -> NDArray[np.bool_]:
        """The same for many."""
        sure = np.atleast_1d(np.asarray(confidence, dtype=float))
        if self.threshold is None:
            return np.zeros(len(sure), dtype=bool)
        return np.asarray((sure >= self.threshold) & (self.chance_wrong(group, sure) <= self.cutoff))


@dataclass
class Automation:
    """The state between two reviews: what was certified, whether an alarm has cut it, and the watch.

    ``threshold``: of the certificate (None: nothing goes). ``curve``: fitted on the certificate's cases. `audited` feeds the watch;
    `review` makes the plan of the day; `renew` is the only way up after an alarm.
    """

    alpha: float
    threshold: float | None
    curve: Curve = field(default_factory=Curve)
    delta: float = 0.05
    sure: float = SURE
    lowered: bool = False
    watch: Watch = field(init=False)
    allowance: Allowance = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.alpha, self.delta)
        self.allowance = Allowance(self.delta, used=1)  # the first certificate has had its share

    def audited(self, wrong: bool, weight: float = 1.0) -> bool:
        """A blindly audited automatic dispatch; True when it raised the alarm. Audits that were drawn on suspicion do not belong here."""
        self.watch.add(wrong, weight)
        if self.watch.alarm and not self.lowered:
            self.lowered = True
            return True
        return False

    def renew(self, certificate: Certificate, curve: Curve | None = None) -> bool:
        """A new certificate, made from cases since the alarm with δ = ``allowance.next()``. Where it certifies nothing the old limits stay."""
        if certificate.threshold is None:
            return False
        self.threshold = certificate.threshold
        self.curve = curve or self.curve
        self.lowered = False
        self.watch = Watch(self.alpha, self.delta, self.watch.heaviest)
        return True

    def state(self) -> dict[str, Any]:
        """Everything, as plain values (JSON)."""
        return {
            "alpha": self.alpha,
            "threshold": self.threshold,
            "curve": [self.curve.slope, self.curve.shift],
            "delta": self.delta,
            "sure": self.sure,
            "lowered": self.lowered,
            "watch": self.watch.state(),
            "used": self.allowance.used,
        }

    @classmethod
    def from_state(cls, kept: Mapping[str, Any]) -> Automation:
        """What `state` came from. Raises `BadWatch` where it is not one."""
        try:
            made = cls(
                alpha=float(kept["alpha"]),
                threshold=None if kept["threshold"] is None else float(kept["threshold"]),
                curve=Curve(*map(float, kept["curve"])),
                delta=float(kept["delta"]),
                sure=float(kept["sure"]),
                lowered=bool(kept["lowered"]),
            )
            made.watch = Watch.from_state(kept["watch"])
            made.allowance = Allowance(made.delta, used=int(kept["used"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadWatch(f"not the state of an automation: {error}") from error
        return made

    def review(
        self,
        seen: Dispatches,
        today: int,
        *,
        scope: NDArray[np.bool_] | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Plan:
        """The plan for ``today`` from what is known of the dispatches before it.

        All of them are evidence. ``scope``: those the promise is about, where it is not about all (categories that are switched
        on); ``allowed``: those that the certificate lets go, where it is not one threshold for all (a promise per group).
        """
        n = len(seen.day)
        lately = (seen.day < today) & (seen.day >= today - LOOK_BACK)
        scope = np.ones(n, dtype=bool) if scope is None else scope
        if allowed is None:
            allowed = seen.confidence >= (np.inf if self.threshold is None else self.threshold)
        scope, allowed = scope[lately], (scope & allowed)[lately]
        seen = seen.where(lately)
        delays = Delays.of(seen, today)
        rates = ReturnRates.of(seen, today, delays)
        sums = _Sums(seen, self.curve, delays, today)
        units = _units(sums, rates, np.zeros(len(sums.days)))
        shift, path = _all(seen, self.curve, sums, rates, units)
        units = _units(sums, rates, path)
        return self._plan(seen, today, sums, units, shift, scope, allowed)

    def _plan(
        self,
        seen: Dispatches,
        today: int,
        sums: _Sums,
        units: Floats,
        shift: Floats,
        scope: NDArray[np.bool_],
        allowed: NDArray[np.bool_],
    ) -> Plan:
        new_wrong = units.sum(axis=2) @ _X
        spread = np.sqrt(np.maximum(units.sum(axis=2) @ _X**2 - new_wrong**2, 0))
        bounces = units.sum(axis=1)[:, _Y > 2].sum(axis=1)
        moved = float(shift @ _A)
        codes: list[str] = []
        if not (seen.audited >= 0).any():
            codes.append("no_audits")
        if self.lowered:
            codes.append("alarm")
        if float(shift[_A > 0.15].sum()) > 0.8:
            codes.append("harder")
        if (new_wrong > 0.1).any():
            codes.append("unit_wrong")
        if ((bounces > 0.8) & (new_wrong <= 0.1)).any():
            codes.append("unit_bounces")
        recent = (seen.day >= today - 10) & scope
        at, conf = sums.group_at[recent], seen.confidence[recent]
        promised = self.alpha / 2 if self.lowered else self.alpha
        # Where nothing of the kind was seen yet each one has to be good enough by itself.
        cutoff, expected, coverage = promised, 0.0, 0.0
        if allowed[recent].any():
            by_shift = special.expit(special.logit(self.curve.wrong(conf))[:, None] + _A[None, :])
            chance = 1 - (1 - special.expit(special.logit(self.curve.wrong(conf)) + moved)) * (
                1 - new_wrong[at]
            )
            order = np.argsort(chance, kind="stable")
            order = order[allowed[recent][order]]
            cutoff = 0.0
            taken = np.arange(1, len(order) + 1)
            mean = np.cumsum(1 - (1 - (by_shift[order] @ shift)) * (1 - new_wrong[at[order]])) / np.maximum(
                taken, 1
            )
            per_shift = np.cumsum(by_shift[order], axis=0) / np.maximum(taken, 1)[:, None]
            doubt = np.maximum(per_shift**2 @ shift - (per_shift @ shift) ** 2, 0)
            of_group = np.zeros(len(order))
            for number in np.flatnonzero(spread > 0.005):
                of_group += (np.cumsum(at[order] == number) / np.maximum(taken, 1) * spread[number]) ** 2
            in_window = np.maximum(WINDOW * taken / len(conf), 1)
            z = float(special.ndtri(self.sure))
            upper = mean + z * np.sqrt(mean * (1 - mean) / in_window + doubt + of_group)
            # Those that are equally likely to be wrong go together, and nothing that is more likely wrong than right.
            steps = np.append(np.diff(chance[order]) > 1e-9, True)
            fits = np.flatnonzero((upper <= promised) & steps & (chance[order] <= NEVER))
            if len(fits):
                last = int(fits[-1])
                cutoff = float(chance[order[last]])
                if last == len(order) - 1 and self.threshold is not None:
                    # All that the certificate lets go fits, so its threshold is the only limit.
                    at_threshold = float(_moved(self.curve.wrong(self.threshold), moved))
                    cutoff = max(cutoff, min(at_threshold, NEVER))
                expected, coverage = float(mean[last]), float(taken[last] / len(conf))
            if not (len(fits) and fits[-1] == len(order) - 1) and not codes:
                codes.append("margin")
        share = np.bincount(sums.group_at, minlength=len(sums.groups)) / max(len(sums.group_at), 1)
        worth = share * spread
        first = [int(i) for i in np.argsort(-worth)[:3] if spread[i] > 0.03]
        return Plan(
            threshold=self.threshold,
            cutoff=cutoff,
            shift=moved,
            curve=self.curve,
            held={_plain(sums.groups[i]): float(new_wrong[i]) for i in np.flatnonzero(new_wrong > 0.003)},
            look_first=tuple(_plain(sums.groups[i]) for i in first),
            expected_wrong=expected,
            coverage=coverage,
            codes=tuple(codes),
        )


class _Sums:
    """Day × group tables of what is needed, from the tickets."""

    def __init__(
        self,
        seen: Dispatches,
        curve: Curve,
        delays: Delays,
        today: int,
        days: NDArray[np.int64] | None = None,
    ) -> None:
        self.delays, self.today = delays, today
        self.days = np.unique(seen.day) if days is None else days
        day_at = np.searchsorted(self.days, seen.day)
        self.groups, self.group_at = np.unique(seen.group, return_inverse=True)
        shape = (len(self.days), len(self.groups))
        cell = day_at * shape[1] + self.group_at
        wrong = curve.wrong(seen.confidence)
        self.come = delays.come(today - self.days)

        def table(values: ArrayLike) -> Floats:
            counts = np.bincount(cell, np.asarray(values, float), minlength=shape[0] * shape[1])
            return np.asarray(counts, dtype=np.float64).reshape(shape)

        def mean_of(values: Floats, count: Floats) -> Floats:
            return np.asarray(np.where(count > 0, values / np.maximum(count, 1), 0.03))

        back = ~np.isnan(seen.returned_after) & (seen.returned_after <= LONGEST_DELAY)
        self.sent = table(seen.automatic)
        self.wrong = mean_of(table(wrong * seen.automatic), self.sent)
        self.back = table(back & seen.automatic)
        auto, held = seen.automatic & (seen.audited >= 0), ~seen.automatic & (seen.audited >= 0)
        self.looks: list[tuple[Floats, Floats, Floats, float, tuple[float, float]]] = []
        person = ~seen.automatic & (seen.person >= 0) & (seen.audited < 0)
        for which, bad, counts, differs in (
            (auto, seen.audited == 1, 1.0, (0.0, 1.0)),
            (held, seen.audited == 1, 1.0, (0.0, 1.0)),
            (person, seen.person == 1, PERSON, _PERSON_DIFFERS),
        ):
            n = table(which)
            self.looks.append((n, table(which & bad), mean_of(table(wrong * which), n), counts, differs))


def _walk(chance: Floats, stay: Floats, likely: Floats) -> tuple[Floats, Floats]:
    """Forward filter: ``chance`` (groups × states) at the start, ``stay`` (states × states) per day, ``likely`` log-likelihood
    (days × groups × states). Returns the last chances and those of every day."""
    path = np.empty_like(likely)
    now = np.broadcast_to(chance, likely.shape[1:]).copy()
    for day in range(len(likely)):
        now = now @ stay
        now = now * np.exp(likely[day] - likely[day].max(axis=-1, keepdims=True))
        now /= now.sum(axis=-1, keepdims=True)
        path[day] = now
    return now, path


def _moves(size: int, rate: float, to: Sequence[float]) -> Floats:
    """Stay, or with ``rate`` go anywhere."""
    goal = np.asarray(to, dtype=float)
    return (1 - rate) * np.eye(size) + rate * np.tile(goal / goal.sum(), (size, 1))


_UNIT_STAYS: Floats = np.asarray(
    np.kron(
        _moves(len(_X), NEW_WRONG, (0.35, 0.2, 0.15, 0.15, 0.15)),
        _moves(len(_Y), NEW_BOUNCE, (0.1, 0.5, 0.2, 0.12, 0.08)),
    ),
    dtype=np.float64,
)
_UNIT_FIRST: Floats = np.asarray(
    np.kron([0.99, 0.004, 0.003, 0.0015, 0.0015], [0.3, 0.5, 0.14, 0.04, 0.02]), dtype=np.float64
)
_STEP = np.exp(-0.5 * ((_A[:, None] - _A[None, :]) / 0.06) ** 2)
_A_STAYS: Floats = np.asarray(0.99 * _STEP / _STEP.sum(axis=1, keepdims=True) + 0.01 / len(_A))
_FIRST_A: Floats = np.asarray(np.exp(-0.5 * (_A / 0.12) ** 2))


def _moved(wrong: Floats, by: Floats | float) -> Floats:
    return np.asarray(special.expit(special.logit(np.clip(wrong, 1e-6, 1 - 1e-6)) + by))


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, 1e-9)))


def _units(sums: _Sums, rates: ReturnRates, path: Floats) -> Floats:
    """Chances per group of (x, y): groups × X × Y."""
    x, y = np.repeat(_X, len(_Y)), np.tile(_Y, len(_X))
    bad = 1 - (1 - _moved(sums.wrong, path[:, None]))[..., None] * (1 - x)
    p = sums.come[:, None, None] * (np.minimum(rates.if_right * y, 0.95) * (1 - bad) + rates.if_wrong * bad)
    likely = sums.back[..., None] * _log(p) + (sums.sent - sums.back)[..., None] * _log(1 - p)
    for n, k, wrong, counts, (if_right, if_wrong) in sums.looks:
        at = np.nonzero(n)
        w = 1 - (1 - _moved(wrong[at], path[at[0]]))[:, None] * (1 - x)
        q = if_right * (1 - w) + if_wrong * w
        likely[at] += counts * (k[at][:, None] * _log(q) + (n - k)[at][:, None] * _log(1 - q))
    last, _ = _walk(_UNIT_FIRST, _UNIT_STAYS, likely)
    return last.reshape(len(sums.groups), len(_X), len(_Y))


def _all(
    seen: Dispatches, curve: Curve, sums: _Sums, rates: ReturnRates, units: Floats
) -> tuple[Floats, Floats]:
    """Chances of the common shift a, and its mean on each day. Groups with a trouble of their own are left out; the common
    return rates are only as sure as the audited tickets make them."""
    calm = units[:, 0, :].sum(axis=1) > 0.7
    some = calm[sums.group_at]
    about = _Sums(
        Dispatches(
            seen.day[some], np.digitize(curve.wrong(seen.confidence[some]), _ABOUT), *_columns(seen, some)
        ),
        curve, sums.delays, sums.today, sums.days,
    )  # fmt: skip
    f, g = rates.doubt()
    shape = (len(_A), len(_RIGHT), len(_WRONG))
    a, right, wrong_back = (part.ravel() for part in np.meshgrid(_A, _RIGHT, _WRONG, indexing="ij"))
    bad = _moved(about.wrong[..., None], _A)
    of_a = np.repeat(np.arange(len(_A)), shape[1] * shape[2])
    p = about.come[:, None, None] * (
        np.minimum(rates.if_right * right, 0.95) * (1 - bad[..., of_a])
        + np.minimum(rates.if_wrong * wrong_back, 0.98) * bad[..., of_a]
    )
    sent, back = about.sent[..., None], about.back[..., None]
    likely = (back * _log(p) + (sent - back) * _log(1 - p)).sum(axis=1)
    for n, k, wrong, counts, (if_right, if_wrong) in about.looks:
        w = _moved(wrong[..., None], _A)
        q = if_right * (1 - w) + if_wrong * w
        n1, k1 = n[..., None], k[..., None]
        likely = likely + counts * (k1 * _log(q) + (n1 - k1) * _log(1 - q)).sum(axis=1)[:, of_a]
    first = np.einsum("a,f,g->afg", _FIRST_A / _FIRST_A.sum(), f, g)
    now, means = first, np.empty(len(about.days))
    for day in range(len(about.days)):
        # The return rates stay; a little of their doubt comes back each day, because units change.
        now = np.einsum("afg,ab->bfg", now, _A_STAYS)
        now = 0.995 * now + 0.005 * now.sum(axis=(1, 2), keepdims=True) * f[None, :, None] * g[None, None, :]
        now = now * np.exp(likely[day] - likely[day].max()).reshape(shape)
        now /= now.sum()
        means[day] = now.sum(axis=(1, 2)) @ _A
    return now.sum(axis=(1, 2)), means


def _columns(seen: Dispatches, some: NDArray[np.bool_]) -> tuple[Any, ...]:
    return tuple(getattr(seen, name)[some] for name in seen.__slots__ if name not in ("day", "group"))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
