"""What automatic dispatch may promise: with probability ≥ 1-δ, at most α of what goes automatically is wrong.

A decision goes automatically when its confidence reaches a threshold. The threshold is found by Learn-then-Test with a
fixed sequence (Angelopoulos et al., arXiv 2110.01052): thresholds are tested from the strict end to the loose end, each
at the full δ, until the first that cannot be rejected; the last that was rejected is used. Nothing is paid for the
many thresholds, because their order is fixed before the labels are looked at.

What is tested at a threshold t is "more than α of the decisions with confidence ≥ t are wrong". Among m cases of the
calibration with confidence ≥ t the wrong ones are binomial under it, so its p-value is the binomial tail
P(Bin(m, α) ≤ wrong), which is the Clopper–Pearson bound read backwards. The betting test (Waudby-Smith and Ramdas,
arXiv 2010.09686) is there too: it stays valid when somebody looks after every case (`BettingTest`), which the binomial
does not; for a fixed number of cases it is a little weaker.

**Where the sequence starts.** A start with too few cases can never be rejected (0 wrong of 50 leaves 5.8 %), and would
end the sequence before it began. The start is the confidence of the k-th surest case, k depending on the number of
cases alone. Given the value of that order statistic the cases above it are an independent sample of the population above
it, so the test at the start is exact; all later thresholds are a grid that is fixed once and for all, so theirs are
exact as well. Where being wrong gets no rarer as confidence falls, the chance of a false certificate is at most
δ(1 + P(the start itself is not good enough)); the factor matters only where that probability is neither 0 nor 1, and
the simulation in tests/advisor/test_certificate.py stays within δ there too.

**Which cases.** The promise holds for a model that did not learn from the cases it is certified with: `held out` cases.
`cross-fitted` cases are scored each by a model that did not learn from it, while the model in use learned from all. What is certified is
then, strictly, the average risk of the models that scored the cases (one for each part), and the cases are no longer independent of
each other given a model; the binomial is exact only in the limit, for learners that change little when a part of the cases is exchanged
(Bayle et al. 2020, arXiv 2007.12671; ridge regression, naive Bayes on thousands of texts and a regression on a handful of scores are such).
Three things hold it on the safe side: the weighing of the scores is left out as well, so no case helped to choose its own confidence;
the model in use has learned from more cases than those that scored, and is better rather than worse; near-duplicates are kept in one part and
counted once. What is not left out are the frequencies of n-grams (they know no labels). `bench/adviser/prove.py --validity` measures the
rate of broken promises on real texts. Whoever must not rely on a limit asks for held-out cases and pays with coverage.

Any number may be the confidence, for the promise does not hang on what it means: here it is how far the first label is ahead of the second.

>>> import numpy as np
>>> labels_missing(0.03, 0.05)
99
>>> sure = np.linspace(0.5, 0.99, 98)
>>> certify(sure, np.ones(98, bool), alpha=0.03, delta=0.05).why
'not enough data to certify: 98 of 99 error-free cases'
>>> certify(np.append(sure, 0.9), np.ones(99, bool), alpha=0.03, delta=0.05).threshold is not None
True
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Bound = Literal["binomial", "betting"]
Cases = Literal["held out", "cross-fitted"]

#: Confidences tested, from strict to loose: even steps of the log-odds. Fixed; never made from the data at hand.
GRID: NDArray[np.float64] = 1 / (1 + np.exp(-np.arange(9.0, -3.0, -0.02)))
#: The start has up to this many times the least number of cases, so that one unlucky case does not end everything.
_ROOMY = 4


class BadCertificate(ValueError):
    """α, δ or the cases make no sense: says which."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What may be promised.

    ``threshold`` is None when nothing can be promised; then ``missing`` says how many further error-free cases would be
    the least to change that, and ``why`` says it in words. ``coverage`` and ``precision`` are those of the calibration
    cases at the threshold; ``wrong_at_most`` is the upper bound of the share of wrong ones at confidence 1-δ.
    """

    alpha: float
    delta: float
    threshold: float | None
    n: int
    automatic: int
    wrong: int
    wrong_at_most: float
    missing: int
    why: str
    bound: Bound = "binomial"
    cases: Cases = "held out"

    @property
    def coverage(self) -> float:
        """Share of the calibration cases that would have gone automatically."""
        return self.automatic / self.n if self.n else 0.0

    @property
    def precision(self) -> float | None:
        """Share of right ones among these; None when there are none."""
        return 1 - self.wrong / self.automatic if self.automatic else None

    def allows(self, confidence: ArrayLike) -> NDArray[np.bool_]:
        """Which decisions may go automatically."""
        values = np.asarray(confidence, dtype=np.float64)
        if self.threshold is None:
            return np.zeros(values.shape, dtype=bool)
        return np.asarray(values >= self.threshold)


def labels_missing(alpha: float, delta: float, cases: int = 0, wrong: int = 0) -> int:
    """The least number of further cases, all right, after which α can be certified at δ.

    With none wrong it is ceil(ln δ / ln(1-α)): 99 for α=.03, δ=.05.

    >>> labels_missing(0.03, 0.05, cases=60), labels_missing(0.03, 0.05, cases=99, wrong=1)
    (39, 58)
    """
    _check(alpha, delta)
    low, high = cases, max(cases, 1)
    while _binomial_p(high, wrong, alpha) > delta:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if middle and _binomial_p(middle, wrong, alpha) <= delta:
            high = middle
        else:
            low = middle + 1
    return max(high - cases, 0)


def wrong_at_most(cases: int, wrong: int, delta: float) -> float:
    """One-sided Clopper–Pearson upper bound of a share at confidence 1-δ.

    >>> round(wrong_at_most(99, 0, 0.05), 4), round(wrong_at_most(50, 0, 0.05), 4)
    (0.0298, 0.0582)
    """
    if wrong >= cases:
        return 1.0
    return float(special.betaincinv(wrong + 1, cases - wrong, 1 - delta))


class BettingTest:
    """A bet against "at least α are wrong", one case after the other; may be looked at after every one.

    Wealth starts at 1 and is multiplied by 1 - b(wrong - α) with a bet b fixed before the case is seen; if α or more are
    wrong on average it is a supermartingale, so it reaches 1/δ with probability at most δ (Ville), whenever one looks. The bet is the one that
    would have grown fastest so far (regularised), never more than 1/(1-α).

    >>> test = BettingTest(0.03)
    >>> for _ in range(140):
    ...     test.add(wrong=False)
    >>> test.p_value <= 0.05
    True
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self._log_wealth = 0.0
        self._best = 0.0
        self._cases = 0
        self._wrong = 0

    def add(self, wrong: bool) -> None:
        """Count one case."""
        # Growth-optimal for a share p of wrong ones: b = (α - p) / (α(1 - α)). The share is guessed from the past.
        share = (self._wrong + self.alpha / 4) / (self._cases + 1)
        bet = min(max((self.alpha - share) / (self.alpha * (1 - self.alpha)), 0.0), 0.95 / (1 - self.alpha))
        self._log_wealth += math.log1p(-bet * (float(wrong) - self.alpha))
        self._best = max(self._best, self._log_wealth)
        self._cases += 1
        self._wrong += int(wrong)

    @property
    def p_value(self) -> float:
        """Valid at every moment."""
        return math.exp(-self._best)


def certify(
    confidence: ArrayLike,
    right: ArrayLike,
    *,
    alpha: float,
    delta: float,
    bound: Bound = "binomial",
    cases: Cases = "held out",
    same: ArrayLike | None = None,
) -> Certificate:
    """The loosest threshold that can be promised.

    ``confidence`` and ``right``: of the calibration cases. ``same``: a number per case, equal for near-duplicates; of these
    only the least favourable counts (a wrong one before a right one, the surest wrong one).
    Raises `BadCertificate` for α or δ outside (0, 1), different lengths, or confidences that are no numbers.
    """
    _check(alpha, delta)
    sure, good = _cases(confidence, right)
    if same is not None:
        keep = _one_of_each(sure, good, np.asarray(same))
        sure, good = sure[keep], good[keep]
    order = np.argsort(-sure, kind="stable")
    sure, good = sure[order], good[order]
    n = len(sure)
    least = labels_missing(alpha, delta)

    def answer(threshold: float | None, why: str = "", missing: int = 0) -> Certificate:
        taken = int(np.searchsorted(-sure, -threshold, side="right")) if threshold is not None else 0
        wrong = int((~good[:taken]).sum())
        most = wrong_at_most(taken, wrong, delta) if taken else 1.0
        return Certificate(alpha, delta, threshold, n, taken, wrong, most, missing, why, bound, cases)

    if n < least:
        wrong = int((~good).sum())
        of = (
            f"{n - wrong} of {least} error-free cases"
            if not wrong
            else f"{n} cases, {wrong} wrong; {least} error-free needed"
        )
        return answer(None, f"not enough data to certify: {of}", labels_missing(alpha, delta, n, wrong))
    first = max(least, min(n // 4, _ROOMY * least))
    wrong_before = np.concatenate([[0], np.cumsum(~good)])
    start = float(sure[first - 1])
    sequence = np.concatenate([[start], GRID[start > GRID]])
    taken_at = np.searchsorted(-sure, -sequence, side="right")
    if bound == "betting":
        p_values = np.full(len(sequence), 2.0)
        for at, taken in enumerate(taken_at):
            p_values[at] = (
                p_values[at - 1] if at and taken == taken_at[at - 1] else _betting_p(good[:taken], alpha)
            )
            if p_values[at] > delta:
                break
    else:
        p_values = special.bdtr(wrong_before[taken_at].astype(float), taken_at, alpha)
    held_back = np.flatnonzero(p_values > delta)
    passed = int(held_back[0]) if len(held_back) else len(sequence)
    if not passed:
        wrong = int(wrong_before[first])
        missing = labels_missing(alpha, delta, first, wrong)
        why = f"not good enough to certify: {wrong} of the {first} surest are wrong"
        return answer(
            None, f"{why}; {missing} further error-free cases as sure as these would be needed", missing
        )
    # Where no case was seen nothing was learned: not below the least sure case that passed.
    return answer(float(sure[taken_at[passed - 1] - 1]))


def certify_groups(
    confidence: ArrayLike,
    right: ArrayLike,
    groups: Sequence[Hashable],
    *,
    alpha: float | Mapping[Any, float],
    delta: float,
    bound: Bound = "binomial",
    cases: Cases = "held out",
    never: frozenset[Any] = frozenset(),
    same: ArrayLike | None = None,
) -> dict[Any, Certificate]:
    """A certificate per group (unit, category), so that good ones do not hide bad ones.

    The probability that *any* of them is false is at most δ: each group is tested at an equal share of δ, and a group in
    which everything passed to the loosest threshold hands its share on to those that are still held back (Holm's way,
    as a graph: Bretz et al. 2009). Groups with too few cases to pass take no share: how many cases a group has says nothing
    about how many are wrong. ``never``: groups that may never go automatically; they are neither tested nor paid for.
    ``same``: as for `certify`; near-duplicates count once in each group they are in.
    """
    sure, good = _cases(confidence, right)
    if len(groups) != len(sure):
        raise BadCertificate("groups and confidences differ in length")
    members: dict[Any, list[int]] = {}
    for at, group in enumerate(groups):
        members.setdefault(group, []).append(at)

    def alpha_of(group: Any) -> float:
        return alpha[group] if isinstance(alpha, Mapping) else alpha

    def once(at: NDArray[np.int64]) -> NDArray[np.int64]:
        return at if same is None else at[_one_of_each(sure[at], good[at], np.asarray(same)[at])]

    candidates = {
        group: once(np.array(at))
        for group, at in sorted(members.items(), key=lambda item: str(item[0]))
        if group not in never
    }
    # Those that could not pass even alone at a full share leave, then the shares are drawn up among the rest.
    testable = dict(candidates)
    while testable:
        few = [
            g for g, at in testable.items() if len(at) < labels_missing(alpha_of(g), delta / len(testable))
        ]
        if not few:
            break
        del testable[min(few, key=lambda group: len(testable[group]))]
    out: dict[Any, Certificate] = {}
    shares = {group: delta / len(testable) for group in testable}
    finished: set[Any] = set()
    while True:
        for group, share in shares.items():
            if group not in finished:
                at = testable[group]
                out[group] = certify(
                    sure[at], good[at], alpha=alpha_of(group), delta=share, bound=bound, cases=cases
                )
        done = {
            g
            for g in shares
            if g not in finished and out[g].threshold is not None and out[g].automatic == out[g].n
        }
        left = [group for group in shares if group not in finished | done]
        if not done or not left:
            break
        handed = sum(shares[group] for group in done) / len(left)
        finished |= done
        for group in left:
            shares[group] += handed
    for group, own in candidates.items():
        if group not in out:
            # It took no share, so it may not use one, however good its few cases are.
            share, wrong = delta / (len(testable) + 1), int((~good[own]).sum())
            least = labels_missing(alpha_of(group), share)
            missing = labels_missing(alpha_of(group), share, len(own), wrong)
            why = f"not enough data to certify: {len(own)} cases, {wrong} wrong; {least} error-free needed"
            out[group] = Certificate(
                alpha_of(group), share, None, len(own), 0, 0, 1.0, missing, why, bound, cases
            )
    return out


@dataclass
class Allowance:
    """δ is spent over re-calibrations: the k-th may use δ·6/(π²k²), and all of them together use at most δ.

    >>> year = Allowance(0.05)
    >>> [round(year.next(), 4) for _ in range(3)], round(year.spent, 4)
    ([0.0304, 0.0076, 0.0034], 0.0414)
    """

    delta: float
    used: int = field(default=0)

    def next(self) -> float:
        """δ of the next calibration; counts as spent."""
        self.used += 1
        return self._share(self.used)

    @property
    def spent(self) -> float:
        """What the calibrations so far have used."""
        return sum(self._share(number) for number in range(1, self.used + 1))

    def _share(self, number: int) -> float:
        return self.delta * 6 / (math.pi**2 * number**2)


def _betting_p(good: NDArray[np.bool_], alpha: float) -> float:
    """`BettingTest` over some cases at once. They are drawn in a random order: in the order of confidence the first ones
    would be righter than the rest, and a bet won on them would prove nothing about all."""
    wrong = (~np.random.default_rng(len(good)).permutation(good)).astype(np.float64)
    before = np.concatenate([[0.0], np.cumsum(wrong)[:-1]])
    share = (before + alpha / 4) / np.arange(1, len(wrong) + 1)
    bets = np.clip((alpha - share) / (alpha * (1 - alpha)), 0.0, 0.95 / (1 - alpha))
    best = np.cumsum(np.log1p(-bets * (wrong - alpha))).max(initial=0.0)
    return math.exp(-max(float(best), 0.0))


def _binomial_p(cases: int, wrong: int, alpha: float) -> float:
    return float(special.bdtr(wrong, cases, alpha)) if cases else 1.0


def _check(alpha: float, delta: float) -> None:
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0 < value < 1:
            raise BadCertificate(f"{name} must lie between 0 and 1, not {value}")


def _cases(confidence: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    sure = np.asarray(confidence, dtype=np.float64).ravel()
    good = np.asarray(right, dtype=bool).ravel()
    if len(sure) != len(good):
        raise BadCertificate(f"{len(sure)} confidences, but {len(good)} outcomes")
    if not np.isfinite(sure).all():
        raise BadCertificate("a confidence is not a number")
    return sure, good


def _one_of_each(sure: NDArray[np.float64], good: NDArray[np.bool_], same: NDArray[Any]) -> NDArray[np.int64]:
    """Of near-duplicates the least favourable case: wrong before right, then the surest wrong or the least sure right."""
    order = np.lexsort((np.where(good, sure, -sure), good, same))
    _, first = np.unique(same[order], return_index=True)
    return np.asarray(order[first], dtype=np.int64)
