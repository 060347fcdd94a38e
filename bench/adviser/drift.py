"""Automatic dispatch while the world moves: `make prove-drift`.

A simulator, so its figures are a simulator's and nobody else's; docs/adviser-drift.md says what is in it and why. 200 streams of 60 days with
about 270 tickets a day, five kinds (40 each): nothing happens; everything gets slowly harder; suddenly harder; new matter types;
a unit's duties change before the list says so. In all of them units return late, return right ones (some from a day on more than before)
and keep wrong ones silently. The same streams, with the same chances drawn, go past every policy.

    drift.py [--streams 200] [--first 0] [--alpha 0.05,0.03] [--policies 'a|b'] [--keep FILE] [--json]

Measured, in consecutive windows of 500 tickets: are at most α of the automatic ones truly wrong (counted; and, apart from chance,
in expectation), and the coverage against two oracles that know every ticket's true chance: one that sets the best threshold on confidence
for each window, and one that may pick the best tickets whatever their confidence.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402  (the number of threads is read when numpy is imported)
from numpy.typing import NDArray  # noqa: E402  (as above)
from scipy import special  # noqa: E402  (as above)

from fenzhen.advisor.automation import Automation, Curve, Dispatches, Plan  # noqa: E402  (as above)
from fenzhen.advisor.certificate import certify, labels_missing  # noqa: E402  (as above)

DAYS = 60
WINDOW = 500
KINDS = ("nothing", "gradual", "sudden", "new matters", "duty list")
#: Log-odds of being right: normal. Fitted to the measured coverage-precision pairs of METHODS §2 (.637 @ .99 … .943 @ .95, accuracy ≈ .93).
BASE, SPREAD, OF_UNIT = 4.0, 2.1, 0.5
UNITS = 40
LABELLED = 3000
AUDIT = 0.03
AUDIT_TAKES = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """Everything that will happen, also what nobody sees. ``chance`` is the true chance that the adviser's first unit is wrong."""

    kind: str
    day: NDArray[np.int64]
    unit: NDArray[np.int64]
    confidence: Floats
    chance: Floats
    wrong: NDArray[np.bool_]
    delay: Floats
    audit: NDArray[np.bool_]
    person: NDArray[np.int8]
    cases: tuple[Floats, NDArray[np.bool_]]
    began: int


def shown(logit: Floats) -> Floats:
    """Confidence the adviser shows for true log-odds: under-confident in the middle, as measured (.605 shown, .70 right)."""
    return np.asarray(special.expit(0.9 * logit - 0.25))


def make(number: int, kind: str | None = None) -> Stream:
    """Stream ``number``; its kind is number modulo five."""
    rng = np.random.default_rng([2026, number])
    kind = kind or KINDS[number % len(KINDS)]
    share = rng.permutation(np.arange(1, UNITS + 1) ** -0.8)
    share /= share.sum()
    easy = rng.normal(0, OF_UNIT, UNITS)

    def texts(n: int) -> tuple[NDArray[np.int64], Floats]:
        unit = rng.choice(UNITS, n, p=share)
        return unit, np.asarray(BASE + easy[unit] + rng.normal(0, SPREAD, n))

    _, logit = texts(LABELLED)
    cases = shown(logit), rng.random(LABELLED) < special.expit(logit)

    per_day = rng.poisson(np.where(np.arange(DAYS) % 7 < 5, 300, 200))
    day = np.repeat(np.arange(DAYS), per_day)
    n = len(day)
    unit, logit = texts(n)
    confidence = shown(logit)
    chance = special.expit(-logit)
    began = int(rng.integers(10, 41))
    if kind == "gradual":
        long = int(rng.integers(15, 31))
        chance = special.expit(-logit + rng.uniform(0.4, 1.0) * np.clip((day - began) / long, 0, 1))
    elif kind == "sudden":
        chance = special.expit(-logit + rng.uniform(0.3, 0.8) * (day >= began))
    elif kind == "new matters":
        # They look like the matters of one or two units; half of the confidence is kept.
        like = rng.choice(UNITS, int(rng.integers(1, 3)), replace=False)
        part = rng.uniform(0.02, 0.06) * np.clip((day - began + 1) / 3, 0, 1)
        new = rng.random(n) < part
        unit = np.where(new, rng.choice(like, n), unit)
        confidence = np.where(new, shown(logit - rng.uniform(0.5, 2.0)), confidence)
        chance = np.where(new, rng.uniform(0.7, 0.95), chance)
    elif kind == "duty list":
        fit = np.flatnonzero((share > 0.01) & (share < 0.05))
        moved = np.isin(unit, rng.choice(fit, int(rng.integers(1, 3)), replace=False)) & (day >= began)
        chance = np.where(moved, 1 - (1 - chance) * (1 - rng.uniform(0.8, 1.0)), chance)
    wrong = rng.random(n) < chance

    # Returns: three units bounce from the start, one from some day on; three keep silent, one from some day on.
    if_right, if_wrong = rng.beta(1.5, 50, UNITS), rng.beta(9, 6, UNITS)
    odd = rng.permutation(UNITS)
    if_right[odd[:3]] = rng.uniform(0.08, 0.15, 3)
    if_wrong[odd[4:7]] = rng.uniform(0.1, 0.3, 3)
    right_back, wrong_back = if_right[unit], if_wrong[unit]
    later = day >= rng.integers(10, 50)
    right_back = np.where((unit == odd[3]) & later, rng.uniform(0.15, 0.3), right_back)
    wrong_back = np.where((unit == odd[7]) & later, rng.uniform(0.05, 0.3), wrong_back)
    back = rng.random(n) < np.where(wrong, wrong_back, right_back)
    delay = np.where(back, np.minimum(rng.lognormal(np.log(1.5), 0.8, n), 18.0), np.nan)
    audit = rng.random(n) < AUDIT
    person = (rng.random(n) < np.where(wrong, 0.93, 0.10)).astype(np.int8)
    return Stream(kind, day, unit, confidence, chance, wrong, delay, audit, person, cases, began)


class Policy:
    """Sees what a district would see, and says each morning which confidences (and units) go automatically."""

    def __init__(self, stream: Stream, alpha: float) -> None:
        self.stream = stream
        self.alpha = alpha
        self.automatic = np.zeros(len(stream.day), dtype=bool)
        self.extra = np.full(len(stream.day), DAYS * 2)
        confidence, right = stream.cases
        self.certificate = certify(confidence, right, alpha=alpha, delta=0.05)
        self.threshold = self.certificate.threshold if self.certificate.threshold is not None else 1.1

    def audited_today(self, today: int) -> NDArray[np.int64]:
        """Random audits whose results come today, whatever way the ticket went."""
        return np.flatnonzero(self.stream.audit & (self.stream.day == today - AUDIT_TAKES))

    def morning(self, today: int) -> None:
        """Learn from what came in."""

    def choose(self, todays: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of today's tickets go automatically."""
        return np.asarray(self.stream.confidence[todays] >= self.threshold)

    def run(self) -> None:
        """The whole stream."""
        for today in range(DAYS):
            self.morning(today)
            todays = np.flatnonzero(self.stream.day == today)
            self.automatic[todays] = self.choose(todays)


class Fixed(Policy):
    """The certificate of the first day, for ever."""


class Bare(Policy):
    """Confidence of at least .40, no certificate (what Signalen does)."""

    def __init__(self, stream: Stream, alpha: float) -> None:
        super().__init__(stream, alpha)
        self.threshold = 0.4


class Aci(Policy):
    """Adaptive conformal inference (Gibbs and Candès 2021) on the threshold's log-odds: after each audited automatic dispatch a step
    up if it was wrong, down if not, so that in the long run ``target`` are wrong. Audited cases alone."""

    #: The best compromise of .1 to 2 on streams 1000-1019.
    step = 0.6
    margin = False

    def __init__(self, stream: Stream, alpha: float) -> None:
        super().__init__(stream, alpha)
        self.target = with_margin(alpha) if self.margin else alpha

    def move(self, wrong: NDArray[np.bool_], times: float = 1.0) -> None:
        """One step per case."""
        moved = special.logit(np.clip(self.threshold, 0.01, 0.9999)) + self.step * times * float(
            (wrong - self.target).sum()
        )
        self.threshold = float(special.expit(np.clip(moved, -3, 9)))

    def morning(self, today: int) -> None:
        """Steps for yesterday's results."""
        new = self.audited_today(today)
        self.move(self.stream.wrong[new[self.automatic[new]]])


class AciMargin(Aci):
    """The same, aiming low enough that chance alone breaks few windows."""

    margin = True


class AciReturns(Aci):
    """Adaptive conformal inference that believes the units: a return within five days is wrong, everything else right."""

    #: Of .01 to .15 on streams 1000-1019.
    step = 0.01
    margin = True

    def morning(self, today: int) -> None:
        """Tickets of five days ago."""
        ripe = np.flatnonzero(self.automatic & (self.stream.day == today - 5))
        self.move(self.stream.delay[ripe] <= 5)


class Ours(Policy):
    """`fenzhen.advisor.automation`."""

    returns = True
    directed = True

    def __init__(self, stream: Stream, alpha: float) -> None:
        super().__init__(stream, alpha)
        self.automation = Automation(
            alpha=alpha,
            threshold=self.certificate.threshold,
            curve=Curve.of(*stream.cases),
        )
        self.plan: Plan | None = None
        self.alarmed: list[int] = []
        self.tried = -99
        self.rng = np.random.default_rng(5)

    def seen(self, today: int) -> Dispatches:
        """What is known this morning."""
        s = self.stream
        before = (s.day < today) & (s.day >= today - 45)
        known = (s.audit & (s.day <= today - AUDIT_TAKES)) | (self.extra <= today)
        come = self.automatic & (s.day + s.delay < today) & self.returns
        columns = (
            s.day,
            s.unit,
            s.confidence,
            self.automatic,
            np.where(come, s.delay, np.nan),
            np.where(known, s.wrong, -1),
            np.where(~self.automatic & (s.day < today - 1), s.person, -1),
            self.extra <= DAYS,
        )
        return Dispatches.of(*(column[before] for column in columns))

    def morning(self, today: int) -> None:
        """Results to the watch, then a new plan."""
        new = self.audited_today(today)
        for at in new[self.automatic[new]]:
            if self.automation.audited(bool(self.stream.wrong[at])):
                self.alarmed.append(today)
        if self.automation.lowered:
            self.renew(today)
        self.plan = self.automation.review(self.seen(today), today)
        if self.directed:
            for unit in self.plan.look_first:
                fresh = np.flatnonzero(
                    self.automatic & (self.stream.unit == unit) & (self.stream.day >= today - 3)
                    & (self.stream.day < today) & ~self.stream.audit & (self.extra > DAYS)
                )  # fmt: skip
                for at in self.rng.permutation(fresh)[:2]:
                    self.extra[at] = today + AUDIT_TAKES

    def renew(self, today: int) -> None:
        """A new certificate from random audits since the alarm, at most every ten days."""
        s = self.stream
        new = s.audit & (s.day >= self.alarmed[-1]) & (s.day <= today - AUDIT_TAKES)
        if today - self.tried < 10 or new.sum() < labels_missing(self.alpha, 0.01):
            return
        self.tried = today
        delta = self.automation.allowance.next()
        self.automation.renew(certify(s.confidence[new], ~s.wrong[new], alpha=self.alpha, delta=delta))

    def choose(self, todays: NDArray[np.int64]) -> NDArray[np.bool_]:
        """By the plan."""
        assert self.plan is not None
        return self.plan.allows_all(self.stream.unit[todays], self.stream.confidence[todays])


class OursAudits(Ours):
    """Ours without the returns."""

    returns = False


class OursRandom(Ours):
    """Ours without the audits drawn on suspicion."""

    directed = False


POLICIES: dict[str, Callable[[Stream, float], Policy]] = {
    "bare .40": Bare,
    "certificate": Fixed,
    "ACI": Aci,
    "ACI, margin": AciMargin,
    "ACI, returns": AciReturns,
    "ours, no returns": OursAudits,
    "ours, random only": OursRandom,
    "ours": Ours,
}


def with_margin(alpha: float, automatic: float = 430.0) -> float:
    """The share of which chance makes more than α in 5 % of windows."""
    grid = np.linspace(0, alpha, 200)
    return float(grid[grid + 1.645 * np.sqrt(grid * (1 - grid) / automatic) <= alpha].max())


def oracles(stream: Stream, alpha: float) -> tuple[Floats, Floats, Floats]:
    """Coverage per window: best threshold on confidence; best choice of tickets; and that choice if at most α may be
    counted wrong in 95 % of windows, not only on average. All know the true chances, so none can be reached."""
    by_confidence, free, careful = [], [], []
    for window in windows(len(stream.day)):
        chance, confidence = stream.chance[window], stream.confidence[window]
        for order, out in (
            (np.argsort(-confidence), by_confidence),
            (np.argsort(chance), free),
        ):
            mean = np.cumsum(chance[order]) / np.arange(1, len(order) + 1)
            fits = np.flatnonzero(mean <= alpha)
            out.append((fits[-1] + 1) / len(order) if len(fits) else 0.0)
        taken = np.arange(1, len(chance) + 1)
        mean = np.cumsum(np.sort(chance)) / taken
        fits = np.flatnonzero(mean + 1.645 * np.sqrt(mean * (1 - mean) / taken) <= alpha)
        careful.append((fits[-1] + 1) / len(chance) if len(fits) else 0.0)
    return np.array(by_confidence), np.array(free), np.array(careful)


def windows(n: int) -> list[slice]:
    """Consecutive windows of 500 tickets; what is left over at the end is not looked at."""
    return [slice(at, at + WINDOW) for at in range(0, n - WINDOW + 1, WINDOW)]


def measure(number: int, alpha: float, names: list[str]) -> dict[str, Any]:
    """One stream past some policies."""
    stream = make(number)
    a, b, c = oracles(stream, alpha)
    out: dict[str, Any] = {
        "kind": stream.kind, "oracle": a.tolist(), "free": b.tolist(), "careful": c.tolist(), "policies": {},
    }  # fmt: skip
    for name in names:
        began = time.process_time()
        policy = POLICIES[name](stream, alpha)
        policy.run()
        rows = []
        for window in windows(len(stream.day)):
            auto = policy.automatic[window]
            rows.append(
                [
                    int(auto.sum()),
                    int(stream.wrong[window][auto].sum()),
                    float(stream.chance[window][auto].sum()),
                ]
            )
        out["policies"][name] = {
            "windows": rows,
            "alarms": getattr(policy, "alarmed", []),
            "audits": float((stream.audit | (policy.extra < DAYS * 2)).mean()),
            "seconds": time.process_time() - began,
        }
    return out


def table(found: list[dict[str, Any]], alpha: float, names: list[str]) -> dict[str, Any]:
    """Figures per policy, all and by kind."""
    result: dict[str, Any] = {}
    for name in names:
        result[name] = {}
        for kind in ("all", *KINDS):
            some = [one for one in found if kind in ("all", one["kind"])]
            if not some:
                continue
            rows = np.concatenate([np.array(one["policies"][name]["windows"]) for one in some])
            oracle = np.concatenate([one["oracle"] for one in some])
            free = np.concatenate([one["free"] for one in some])
            careful = np.concatenate([one["careful"] for one in some])
            coverage = rows[:, 0] / WINDOW
            result[name][kind] = {
                "windows": len(rows),
                "kept": round(float((rows[:, 1] <= alpha * rows[:, 0]).mean()), 4),
                "kept_in_expectation": round(float((rows[:, 2] <= alpha * rows[:, 0]).mean()), 4),
                "wrong": round(float(rows[:, 1].sum() / max(rows[:, 0].sum(), 1)), 4),
                "coverage": round(float(coverage.mean()), 4),
                "of_oracle": round(float(coverage.sum() / oracle.sum()), 4),
                "of_free_oracle": round(float(coverage.sum() / free.sum()), 4),
                "careful_oracle_of_oracle": round(float(careful.sum() / oracle.sum()), 4),
                "streams_with_alarm": sum(bool(one["policies"][name]["alarms"]) for one in some),
                "audited": round(float(np.mean([one["policies"][name]["audits"] for one in some])), 4),
            }
    return result


def show(result: dict[str, Any], alpha: float) -> None:
    """The table, in words."""
    print(f"α = {alpha}")
    print(
        f"{'policy':18} {'streams':12} {'windows':>7} {'kept':>6} {'expect':>6} {'wrong':>6} {'cover':>6} {'/oracle':>7} {'/free':>6} {'alarms':>6} {'audited':>7}"
    )
    for name, kinds in result.items():
        for kind, f in kinds.items():
            print(
                f"{name:18} {kind:12} {f['windows']:7} {f['kept']:6.3f} {f['kept_in_expectation']:6.3f} {f['wrong']:6.4f} {f['coverage']:6.3f} "
                f"{f['of_oracle']:7.3f} {f['of_free_oracle']:6.3f} {f['streams_with_alarm']:6} {f['audited']:7.4f}"
            )


def main() -> None:
    """Run the streams, print the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--streams", type=int, default=200)
    ask.add_argument("--first", type=int, default=0)
    ask.add_argument("--alpha", default="0.05,0.03")
    ask.add_argument("--policies", default="|".join(POLICIES), help="names, with | between")
    ask.add_argument("--json", action="store_true")
    ask.add_argument(
        "--keep", help="a file that gets one line of JSON per stream; those in it already are not run again"
    )
    given = ask.parse_args()
    names = given.policies.split("|")
    everything, kept = {}, {}
    if given.keep and os.path.exists(given.keep):
        with open(given.keep, encoding="utf-8") as handle:
            kept = {json.dumps(key): one for key, one in map(json.loads, handle)}
    for alpha in map(float, given.alpha.split(",")):
        found = []
        for number in range(given.first, given.first + given.streams):
            key = [number, alpha, names]
            if (one := kept.get(json.dumps(key))) is None:
                one = measure(number, alpha, names)
                if given.keep:
                    with open(given.keep, "a", encoding="utf-8") as handle:
                        handle.write(json.dumps([key, one]) + "\n")
            found.append(one)
            if sys.stderr.isatty():
                print(f"\r{number - given.first + 1} of {given.streams}", end="", file=sys.stderr)
        everything[str(alpha)] = table(found, alpha, names)
        if not given.json:
            show(everything[str(alpha)], alpha)
    if given.json:
        print(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
