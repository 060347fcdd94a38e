"""The three rates: did they contact you, was it solved, are you satisfied (DOMAIN §5.1).

What is counted are *rounds that ended*, not tickets: a reply that did not help stays in the figures although
a second one did. Beside every rate stand its n and its coverage (how many of those who should have been
asked were reached), because a rate of few people says little and one of few reached people less.

The worked example of DOMAIN §5.1: 100 rounds ended, 4 left out by decision, 2 followers of another ticket,
80 people reached.

>>> example = Rates(ended=100, left_out=6, reached=80, contacted=78, solved=56, partly=6, satisfied=60, basic=8)
>>> example.due, f"{example.coverage:.1%}"
(94, '85.1%')
>>> f"{example.response:.2%} {example.resolution():.2%} {example.satisfaction():.2%} {example.score():.2%}"
'97.50% 70.00% 85.00% 83.50%'

Where "basically satisfied" does not count:

>>> strict = RateRules(basic_counts=False)
>>> f"{example.satisfaction(strict):.2%} {example.score(strict):.2%}"
'75.00% 80.00%'

Where one exclusion is reversed, and that person was contacted but neither helped nor content:

>>> more = example + Rates(left_out=-1, reached=1, contacted=1)
>>> f"{more.response:.2%} {more.resolution():.2%} {more.satisfaction():.2%}"
'97.53% 69.14% 83.95%'
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

#: Kinds whose rounds the rates count: praise asks for nothing, and "other" is nobody's result.
RATED_KINDS: Final = frozenset({"help", "complaint", "report", "suggestion", "consultation"})
#: Answers that count as content whatever the district decided about "basically".
CONTENT: Final = frozenset({"very", "satisfied"})


@dataclass(frozen=True, slots=True)
class RateRules:
    """What a district decides about its rates. The weights are an example (DOMAIN §5.1: no city's exact ones
    are published); they must add up to 1."""

    part_weight: float = 0.0
    """How much of a solution "partly" is."""
    basic_counts: bool = True
    """Is "basically satisfied" satisfied?"""
    weights: tuple[float, float, float] = (0.30, 0.35, 0.35)
    """Response, resolution, satisfaction."""
    rank_from: int = 20
    """Fewer people reached than this: figures yes, rank no."""


DEFAULT_RULES: Final = RateRules()


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts of rounds, and the rates that follow from them; a rate of nobody is None, never 0 or 100 %."""

    ended: int = 0
    left_out: int = 0
    reached: int = 0
    contacted: int = 0
    solved: int = 0
    partly: int = 0
    satisfied: int = 0
    basic: int = 0

    def __add__(self, other: "Rates") -> "Rates":
        return Rates(
            self.ended + other.ended,
            self.left_out + other.left_out,
            self.reached + other.reached,
            self.contacted + other.contacted,
            self.solved + other.solved,
            self.partly + other.partly,
            self.satisfied + other.satisfied,
            self.basic + other.basic,
        )

    @property
    def due(self) -> int:
        """Rounds after which somebody should have been asked."""
        return self.ended - self.left_out

    @property
    def coverage(self) -> float | None:
        """Reached of those due."""
        return self.reached / self.due if self.due > 0 else None

    @property
    def response(self) -> float | None:
        """响应率: the person, not the unit's own entry, says that they were contacted."""
        return self.contacted / self.reached if self.reached else None

    def resolution(self, rules: RateRules = DEFAULT_RULES) -> float | None:
        """解决率."""
        if not self.reached:
            return None
        return (self.solved + rules.part_weight * self.partly) / self.reached

    def satisfaction(self, rules: RateRules = DEFAULT_RULES) -> float | None:
        """满意率. Who gave no verdict stays in the denominator, as DOMAIN §5.1 defines it."""
        if not self.reached:
            return None
        return (self.satisfied + (self.basic if rules.basic_counts else 0)) / self.reached

    def score(self, rules: RateRules = DEFAULT_RULES) -> float | None:
        """The weighted sum of the three, 0 to 1; None while nobody was reached."""
        parts = (self.response, self.resolution(rules), self.satisfaction(rules))
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return sum(weight * part for weight, part in zip(rules.weights, known, strict=True))


def one_round(
    *,
    reached: bool,
    left_out: bool = False,
    contacted: bool | None = None,
    solved: str = "",
    satisfied: str = "",
) -> Rates:
    """One ended round as counts, ready to be added up.

    >>> one_round(reached=True, contacted=True, solved="no", satisfied="no")
    Rates(ended=1, left_out=0, reached=1, contacted=1, solved=0, partly=0, satisfied=0, basic=0)
    >>> one_round(reached=False).coverage
    0.0
    """
    if left_out:
        return Rates(ended=1, left_out=1)
    if not reached:
        return Rates(ended=1)
    return Rates(
        ended=1,
        reached=1,
        contacted=int(contacted is True),
        solved=int(solved == "yes"),
        partly=int(solved == "partly"),
        satisfied=int(satisfied in CONTENT),
        basic=int(satisfied == "basic"),
    )


def added(rounds: Iterable[Rates]) -> Rates:
    """All of them together."""
    total = Rates()
    for item in rounds:
        total += item
    return total


def times(rates: Rates, n: int) -> Rates:
    """*n* rounds that all went alike."""
    return Rates(*(n * getattr(rates, name) for name in Rates.__dataclass_fields__))


def lower_bound(share: float, n: int, z: float = 1.96) -> float:
    """Wilson's lower bound of a share seen in *n* cases (E. B. Wilson, JASA 22, 1927): what it is at least,
    in all likelihood. 10 of 10 is worth less than 95 of 100. 0 for n = 0.

    >>> round(lower_bound(1.0, 10), 3), round(lower_bound(0.95, 100), 3)
    (0.722, 0.888)
    """
    if n <= 0:
        return 0.0
    middle = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n)


def ranks(rates: Mapping[str, Rates], rules: RateRules = DEFAULT_RULES) -> dict[str, int | None]:
    """The place of each unit by the lower bound of its score; equals share a place. None where fewer than
    `rank_from` people were reached: such a unit is shown with its n and stands outside the ranking.

    >>> ranks({"A": one_round(reached=True, contacted=True, solved="yes", satisfied="very")})
    {'A': None}
    """
    bounds: dict[str, float] = {}
    for unit, item in rates.items():
        score = item.score(rules)
        if score is not None and item.reached >= rules.rank_from:
            bounds[unit] = round(lower_bound(score, item.reached), 6)
    return {
        unit: 1 + sum(other > bounds[unit] for other in bounds.values()) if unit in bounds else None
        for unit in rates
    }
