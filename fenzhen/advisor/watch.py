"""Watching automatic dispatches by blind audit: how many are wrong, and does it look as if more than α were?

Few audited cases come in a day (3 % of 300 are nine), and somebody looks after every one of them. An ordinary interval
looked at that often would be wrong much more often than it says; these here may be looked at after every case.

**The interval** is a betting confidence sequence (Waudby-Smith and Ramdas, "Estimating means of bounded random variables
by betting", JRSS-B 2024, arXiv 2010.09686, the hedged capital with a grid of bets): for each possible share m somebody
bets against m, half of the money on "more", half on "less", spread over fixed bets. The money is a martingale if m is
the true share, so it reaches 1/δ with probability at most δ ever (Ville 1939). The interval is every m against which
that has not happened. It speaks of one share that stays the same; for a share that moves there is the alarm.

**The alarm** is a test of "each case so far was wrong with probability at most α". Half of the money is bet from the first
case on, the rest is laid aside and bet from later starts, every `BLOCK` cases one (the k-th gets 1/(2k(k+1))), so that a
long good time does not delay the alarm when times turn bad: the money of a start is not lost on what was before it. The
total is a supermartingale under the hypothesis; the alarm comes when it once was 1/δ. (A mixture over change points as in
Shin, Ramdas, Rinaldo, "E-detectors", arXiv 2203.03532, with money that is spent once, so that the chance of a
false alarm is at most δ for ever and not only rare on average.)

**Weights.** Where some dispatches are audited more often than others, a case counts with (share it has among all) / (share it
has among the audited). The weight has to be known before the result, and its greatest value (``heaviest``) before the first
case. A weight below 1 for every case only makes the evidence weaker: so weak evidence may be counted, never believed.

Nothing depends on the order inside a block, so the whole state is a few counts: `Watch.state` fits into a JSON field.

>>> watch = Watch(0.03, 0.05)
>>> for _ in range(200):
...     watch.add(wrong=False)
>>> low, high = watch.interval(0.05)
>>> low == 0.0 and high < 0.04, watch.alarm
(True, False)
>>> for _ in range(9):
...     watch.add(wrong=True)
>>> watch.alarm, Watch.from_state(watch.state()).alarm
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Every so many audited cases money laid aside is bet anew.
BLOCK = 10
#: Bets as shares of the largest bet that cannot lose everything, evenly on a logarithmic scale.
_BETS: Floats = np.geomspace(0.005, 0.9, 16)
#: Shares m for which the interval is reckoned: finer where shares of wrong dispatches lie.
_SHARES: Floats = np.unique(np.concatenate([np.arange(1, 400) / 2000, np.arange(20, 100) / 100]))
#: A weight is kept to this many digits, so that equal cases are counted together.
_DIGITS = 3


class BadWatch(ValueError):
    """α, δ, a weight or a kept state make no sense: says which."""


class Watch:
    """Audited cases of automatic dispatches, looked at after every one.

    ``alpha``: the share of wrong ones that was promised. ``delta``: chance of a false alarm, ever. ``heaviest``: the greatest
    weight a case will have. Raises `BadWatch` for values that make no sense.
    """

    def __init__(self, alpha: float, delta: float = 0.05, heaviest: float = 1.0) -> None:
        for name, value in (("alpha", alpha), ("delta", delta)):
            if not 0 < value < 1:
                raise BadWatch(f"{name} must lie between 0 and 1, not {value}")
        if not heaviest > 0 or not math.isfinite(heaviest):
            raise BadWatch(f"the heaviest weight must be above 0, not {heaviest}")
        self.alpha = alpha
        self.delta = delta
        self.heaviest = heaviest
        self._blocks: list[dict[tuple[bool, float], int]] = [{}]
        #: Log of the money of each start (rows) with each bet; follows from the blocks.
        self._money: Floats = np.zeros((1, len(_BETS)))
        self._most_wealth = 1.0

    def add(self, wrong: bool, weight: float = 1.0) -> None:
        """Count one audited case. Raises `BadWatch` for a weight below 0 or above ``heaviest``."""
        if not 0 <= weight <= self.heaviest * (1 + 1e-9):
            raise BadWatch(f"a weight must lie between 0 and {self.heaviest}, not {weight}")
        block = self._blocks[-1]
        if sum(block.values()) >= BLOCK:
            block = {}
            self._blocks.append(block)
            self._money = np.vstack([self._money, np.zeros(len(_BETS))])
        key = (bool(wrong), round(float(weight), _DIGITS))
        block[key] = block.get(key, 0) + 1
        self._money += self._gain(*key)
        self._most_wealth = max(self._most_wealth, self._wealth())

    @property
    def cases(self) -> int:
        """How many were audited."""
        return sum(count for block in self._blocks for count in block.values())

    @property
    def wrong(self) -> int:
        """How many of them were wrong."""
        return sum(count for block in self._blocks for (bad, _), count in block.items() if bad)

    @property
    def share(self) -> float | None:
        """Weighted share of wrong ones; None where nothing weighs anything."""
        total = sum(weight * count for block in self._blocks for (_, weight), count in block.items())
        bad = sum(weight * count for block in self._blocks for (b, weight), count in block.items() if b)
        return bad / total if total else None

    @property
    def evidence(self) -> float:
        """The most money the bet against "at most α wrong" ever had; 1/δ of it is the alarm."""
        return self._most_wealth

    @property
    def alarm(self) -> bool:
        """Whether it looks as if more than α were wrong. Once true it stays true; begin a new watch after acting."""
        return self._most_wealth >= 1 / self.delta

    def interval(self, delta: float | None = None) -> tuple[float, float]:
        """Share of wrong ones: from, to. Holds at all times together with probability at least 1-δ."""
        wanted = self.delta if delta is None else delta
        if not 0 < wanted < 1:
            raise BadWatch(f"delta must lie between 0 and 1, not {wanted}")
        bad, weight, count = self._counts(self._blocks)
        if not len(count):
            return 0.0, 1.0
        more = _log_wealth(bad, weight, count, _SHARES, self.heaviest, up=True)
        less = _log_wealth(bad, weight, count, _SHARES, self.heaviest, up=False)
        possible = np.flatnonzero(np.logaddexp(more, less) - math.log(2) < math.log(1 / wanted))
        if not len(possible):
            # Only between two neighbours of the grid: as good as a point.
            middle = self.share or 0.0
            at = int(np.searchsorted(_SHARES, middle))
            return (
                float(_SHARES[at - 1]) if at else 0.0,
                float(_SHARES[at]) if at < len(_SHARES) else 1.0,
            )
        first, last = int(possible[0]), int(possible[-1])
        low = float(_SHARES[first - 1]) if first else 0.0
        high = float(_SHARES[last + 1]) if last + 1 < len(_SHARES) else 1.0
        return low, high

    def state(self) -> dict[str, Any]:
        """Everything, as plain values (JSON)."""
        return {
            "alpha": self.alpha,
            "delta": self.delta,
            "heaviest": self.heaviest,
            "evidence": self._most_wealth,
            "blocks": [
                [[int(bad), weight, count] for (bad, weight), count in block.items()]
                for block in self._blocks
            ],
        }

    @classmethod
    def from_state(cls, kept: Mapping[str, Any]) -> Watch:
        """The watch that `state` came from. Raises `BadWatch` where it is not one."""
        try:
            watch = cls(float(kept["alpha"]), float(kept["delta"]), float(kept["heaviest"]))
            watch._most_wealth = float(kept["evidence"])
            watch._blocks = [
                {(bool(bad), float(weight)): int(count) for bad, weight, count in block}
                for block in kept["blocks"]
            ] or [{}]
            gains = [
                sum((count * watch._gain(*key) for key, count in block.items()), np.zeros(len(_BETS)))
                for block in watch._blocks
            ]
            watch._money = np.cumsum(np.array(gains)[::-1], axis=0)[::-1].copy()
        except (KeyError, TypeError, ValueError) as error:
            raise BadWatch(f"not the state of a watch: {error}") from error
        return watch

    def _gain(self, bad: bool, weight: float) -> Floats:
        """Log of what one case multiplies the money of each bet by."""
        return np.asarray(np.log1p(_BETS / (self.heaviest * self.alpha) * weight * (bad - self.alpha)))

    def _wealth(self) -> float:
        """Money of all starts together, and what is still laid aside."""
        wealth = np.exp(np.minimum(self._money, 600)).mean(axis=1)
        later = len(wealth) - 1
        number = np.arange(1, later + 1)
        total = 0.5 * wealth[0] + float((wealth[1:] / (2 * number * (number + 1))).sum())
        return float(total + 0.5 / (later + 1))

    @staticmethod
    def _counts(
        blocks: list[dict[tuple[bool, float], int]],
    ) -> tuple[Floats, Floats, Floats]:
        together: dict[tuple[bool, float], int] = {}
        for block in blocks:
            for key, count in block.items():
                together[key] = together.get(key, 0) + count
        rows = np.array([(float(b), w, float(n)) for (b, w), n in sorted(together.items())]).reshape(-1, 3)
        return rows[:, 0], rows[:, 1], rows[:, 2]


def _log_wealth(
    bad: Floats,
    weight: Floats,
    count: Floats,
    shares: Floats,
    heaviest: float,
    *,
    up: bool,
) -> Floats:
    """Log of the money of whoever bets on more than m (``up``) or on less, per m; bets averaged."""
    largest = 1 / (heaviest * shares) if up else -1 / (heaviest * (1 - shares))
    bets = largest[:, None] * _BETS[None, :]
    total = np.zeros_like(bets)
    for b, w, n in zip(bad, weight, count, strict=True):
        total += n * np.log1p(bets * (w * (b - shares))[:, None])
    top = total.max(axis=1)
    return np.asarray(top + np.log(np.exp(total - top[:, None]).mean(axis=1)))
