"""What is known of the right unit of past tickets, how far it is to be believed, and what may be promised from it.

The truth about a ticket is the unit that in the end was the right one. It is known in four ways:

- *audited*: somebody who was not shown what had been decided said so. Drawn at random, it is the only unbiased source;
- *ruled*: a consultation decided it;
- *solved*: the unit that had it last solved it, and the caller said so when phoned;
- *accepted*: the unit that had it last did not send it back. Under the rule of the first receiver a unit may be
  keeping what is not its own, so this is weak.

For learning each counts with its weight. For a *promise* weak labels are not believed on their own word:

    P(adviser is not the right unit) ≤ P(adviser is not the unit that had it) + P(the unit that had it is not the right one)

The first is seen on every finished ticket, the second only where such a ticket was audited too. So weak labels are
counted once enough audits have found them right, and pay for it: where the second share is at most ε at confidence 1-δ/2, the first is
certified at α-ε and δ/2. Which of the two ways is taken depends on numbers of labels alone, never on how they came out.
The second share is taken over all categories together; that acceptance is about as good in one as in another is an assumption.

>>> right = [Case(0.9, "T1", "T1", "audited")] * 99
>>> certify_cases(right, alpha=0.03, delta=0.05).certificate.threshold
0.9
>>> certify_cases(right[:40], alpha=0.03, delta=0.05).certificate.missing
59
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fenzhen.advisor.certificate import Certificate, certify, certify_groups, labels_missing, wrong_at_most

AUDITED, RULED, SOLVED, ACCEPTED = "audited", "ruled", "solved", "accepted"
#: How much a label counts in learning; in the order of what outranks what.
WEIGHTS: Final = {AUDITED: 1.0, RULED: 1.0, SOLVED: 0.8, ACCEPTED: 0.4}
STRONG: Final = frozenset({AUDITED, RULED})
#: Of α so much at most is given away to doubt about weak labels; with more doubt they are not counted.
MOST_DOUBT: Final = 0.5
#: A unit gets a promise of its own where it and the rest of its group keep so many times the least number of cases.
ROOMY: Final = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One past ticket: what the adviser says of it, how sure it is, the unit it had in the end, and how that is known.

    The adviser must not have learned from it.
    """

    confidence: float
    advised: str
    unit: str
    source: str

    @property
    def is_right(self) -> bool:
        """Whether the adviser names the unit."""
        return self.advised == self.unit


@dataclass(frozen=True, slots=True)
class Trust:
    """How far weak labels hold: of ``pairs`` finished tickets that were audited too, ``wrong`` had another right unit."""

    pairs: int = 0
    wrong: int = 0

    def doubt(self, delta: float) -> float:
        """At most so large a share of weak labels is wrong, at confidence 1-δ."""
        return wrong_at_most(self.pairs, self.wrong, delta)


@dataclass(frozen=True, slots=True)
class Promise:
    """What may be promised, and from what: ``way`` is ``audited`` or ``accepted``."""

    certificate: Certificate
    way: str
    strong: int
    weak: int
    doubt: float = 0.0

    @property
    def threshold(self) -> float | None:
        """From which confidence on; None where nothing may be promised."""
        return self.certificate.threshold


def certify_cases(
    cases: Sequence[Case], *, alpha: float, delta: float, trust: Trust | None = None
) -> Promise:
    """What may be promised for the category or unit of these cases. Raises `BadCertificate` for α or δ outside (0, 1)."""
    strong = [case for case in cases if case.source in STRONG]
    weak = [case for case in cases if case.source not in STRONG]
    few = len(strong) < labels_missing(alpha, delta)
    if few and trust is not None and trust.pairs >= pairs_needed(alpha, delta):
        doubt = trust.doubt(delta / 2)
        if doubt < MOST_DOUBT * alpha:
            certificate = _certified(cases, alpha - doubt, delta / 2)
            return Promise(certificate, ACCEPTED, len(strong), len(weak), doubt)
    return Promise(_certified(strong, alpha, delta), AUDITED, len(strong), len(weak))


def certify_by_group(
    cases: Sequence[Case],
    group_of: Callable[[str], str],
    *,
    alpha: float,
    delta: float,
    trust: Trust | None = None,
) -> dict[str, Promise]:
    """A promise per group of units (``group_of`` the advised unit), so that towns that are easily told do not hide bureaus that
    are not. The probability that *any* of them is false is at most δ (`certify_groups`). Weak labels count in groups
    whose strong ones do not reach; then half of δ pays for the doubt about them, once for all groups.

    >>> cases = [Case(0.9, "T1", "T1", "audited")] * 200 + [Case(0.9, "B1", "B1", "audited")] * 20
    >>> made = certify_by_group(cases, {"T1": "town", "B1": "bureau"}.__getitem__, alpha=0.03, delta=0.05)
    >>> made["town"].threshold, made["bureau"].threshold, made["bureau"].certificate.missing
    (0.9, None, 102)
    """
    members: dict[str, list[Case]] = {}
    for case in cases:
        members.setdefault(group_of(case.advised), []).append(case)
    strong = {group: [c for c in own if c.source in STRONG] for group, own in members.items()}
    doubt = 0.0
    leaning: set[str] = set()
    if trust is not None and trust.pairs >= pairs_needed(alpha, delta):
        doubt = trust.doubt(delta / 2)
        if doubt < MOST_DOUBT * alpha:
            few = labels_missing(alpha, delta / max(len(members), 1))
            enough = labels_missing(alpha - doubt, delta / 2 / max(len(members), 1))
            leaning = {g for g, own in members.items() if len(strong[g]) < few and len(own) >= enough}
    counted = [
        (group, case)
        for group, own in members.items()
        for case in (own if group in leaning else strong[group])
    ]
    share = delta / 2 if leaning else delta
    made = certify_groups(
        np.array([case.confidence for _, case in counted], dtype=np.float64),
        np.array([case.is_right for _, case in counted], dtype=bool),
        [group for group, _ in counted],
        alpha={group: alpha - doubt if group in leaning else alpha for group in members},
        delta=share,
    )
    out = {}
    for group, own in members.items():
        one = made.get(group)
        if one is None:  # no strong label at all
            one = _none_yet(alpha, share / (1 + sum(c.threshold is not None for c in made.values())))
        weak = len(own) - len(strong[group])
        leans = group in leaning
        out[group] = Promise(
            one, ACCEPTED if leans else AUDITED, len(strong[group]), weak, doubt if leans else 0.0
        )
    return out


def unit_groups(
    cases: Mapping[str, int], kind_of: Callable[[str], str], need: Callable[[int], int]
) -> dict[str, str]:
    """Unit → its group: the kind it is of, or ``unit:`` and its code where it has cases enough to stand alone and its
    kind can spare them. *cases*: how many each unit has; ``need(k)``: the least number of cases with which one of k
    groups can be certified. Hangs on numbers alone, never on how the cases came out, so nothing is paid for it.

    >>> kinds = {"T1": "town", "T2": "town", "B1": "bureau"}
    >>> need = lambda k: labels_missing(0.03, 0.05 / k)
    >>> unit_groups({"T1": 400, "T2": 350, "B1": 30}, kinds.__getitem__, need)
    {'T1': 'unit:T1', 'T2': 'town', 'B1': 'bureau'}
    >>> unit_groups({"T1": 200, "T2": 50, "B1": 30}, kinds.__getitem__, need)
    {'T1': 'town', 'T2': 'town', 'B1': 'bureau'}
    """
    out = {unit: kind_of(unit) for unit in cases}
    sizes: dict[str, int] = {}
    for unit, n in cases.items():
        sizes[out[unit]] = sizes.get(out[unit], 0) + n
    for unit, n in sorted(cases.items(), key=lambda item: (-item[1], item[0])):
        kind = out[unit]
        tested = [size for size in sizes.values() if size >= need(1)]
        least = ROOMY * need(len(tested) + 1)
        others = [size for group, size in sizes.items() if size >= need(1) and group != kind]
        if min([n, sizes[kind] - n]) >= least and all(size >= need(len(tested) + 1) for size in others):
            out[unit] = f"unit:{unit}"
            sizes[kind] -= n
            sizes[f"unit:{unit}"] = n
    return out


def pairs_needed(alpha: float, delta: float) -> int:
    """How many audits of finished tickets, all agreeing, let weak labels count: at α=.03 and δ=.05 it is 245.

    >>> pairs_needed(0.03, 0.05)
    245
    """
    return labels_missing(MOST_DOUBT * alpha, delta / 2)


def thinned(keys: Iterable[tuple[int, str]]) -> list[bool]:
    """Which labels a model learns from: each with the probability of its weight, always the same ones.

    A weight by leaving out: the learners know no weights, and where there are many tickets nothing is lost. *keys* are
    (ticket, source).

    >>> thinned([(1, "audited"), (2, "audited")])
    [True, True]
    """
    return [_share_of(key) < WEIGHTS.get(source, 0.0) for key, source in keys]


def _none_yet(alpha: float, delta: float) -> Certificate:
    least = labels_missing(alpha, delta)
    why = f"not enough data to certify: 0 of {least} error-free cases"
    return Certificate(alpha, delta, None, 0, 0, 0, 1.0, least, why)


def _share_of(number: int) -> float:
    """A number in [0, 1) that hangs on *number* alone (multiplicative hashing, Knuth)."""
    return ((number * 2654435761) & 0xFFFFFFFF) / 2**32


def _certified(cases: Sequence[Case], alpha: float, delta: float) -> Certificate:
    return certify(
        np.array([case.confidence for case in cases], dtype=np.float64),
        np.array([case.is_right for case in cases], dtype=bool),
        alpha=alpha,
        delta=delta,
    )
