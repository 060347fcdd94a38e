"""The learned weights of the link: numbers in a file, so that a district can learn its own (bench/spotter/learn.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.link import PAIR, PROFILE

#: What an event is weighed by, in this order.
EVENT = (
    "best", "best_three", "mean", "worst", *PROFILE, "tickets", "same_who", "since_last", "since_first",
    *(f"max_{name}" for name in PAIR), *(f"mean_{name}" for name in PAIR),
    "same_place", "other_place", "same_category", "other_category",
)  # fmt: skip
SHIPPED = Path(__file__).with_name("weights.json")


class BadWeights(ValueError):
    """A file of weights that does not fit this release."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Log odds of a pair and of a message in an event."""

    pair: NDArray[np.float64]
    pair_bias: float
    event: NDArray[np.float64]
    event_bias: float

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Weights:
        """Read a file that `save` wrote. Raises `BadWeights` where names are missing or unknown."""
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            parts = []
            for kind, names in (("pair", PAIR), ("event", EVENT)):
                there = given[kind]
                if set(there) != {*names, "bias"}:
                    raise BadWeights(f"{path}: the {kind} weights are of another release")
                parts += [np.array([float(there[name]) for name in names]), float(there["bias"])]
        except (OSError, KeyError, TypeError, ValueError) as why:
            raise BadWeights(f"{path}: {why}") from None
        return cls(*parts)  # type: ignore[arg-type]  # array, number, array, number

    def save(self, path: Path) -> None:
        """Write them by name, rounded to four places."""
        given = {
            kind: {
                "bias": round(bias, 4),
                **{name: round(float(one), 4) for name, one in zip(names, values, strict=True)},
            }
            for kind, names, values, bias in (
                ("pair", PAIR, self.pair, self.pair_bias),
                ("event", EVENT, self.event, self.event_bias),
            )
        }
        path.write_text(json.dumps(given, indent=1) + "\n", encoding="utf-8")
