"""The learned weights of the link; `bench/spotter/learn.py` writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAIR_BIAS = 0.0
PAIR = np.array([1.0] * 19)
EVENT_BIAS = -3.0
EVENT = np.array([0.5, 0.5, 0, 0, 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])


def pair_logits(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each pair is of one event, as log odds."""
    return rows @ PAIR + PAIR_BIAS


def event_logit(features: Sequence[float]) -> float:
    """How likely a message belongs to an event, as log odds."""
    return float(np.dot(EVENT, features)) + EVENT_BIAS
