"""The learned weights of the link; `bench/spotter/learn.py` writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAIR_BIAS = -2.5016
PAIR = np.array(
    [
        1.7970,
        -3.5174,
        6.4830,
        5.6454,
        1.0483,
        -0.7081,
        0.4531,
        -0.2889,
        1.2982,
        -2.0566,
        -0.1265,
        -1.6657,
        -0.6012,
        1.2137,
        -0.2527,
        1.8362,
        -2.1741,
        4.1961,
        -1.8819,
    ]
)
EVENT_BIAS = -3.1370
EVENT = np.array(
    [
        0.3394,
        0.2055,
        0.2624,
        0.0356,
        3.9338,
        2.6456,
        0.0142,
        -0.5274,
        0.7188,
        0.3985,
        -0.1326,
        0.2330,
        3.0000,
        -3.0000,
        0.7000,
        -0.7000,
    ]
)


def pair_logits(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each pair is of one event, as log odds."""
    return rows @ PAIR + PAIR_BIAS


def event_logit(features: Sequence[float]) -> float:
    """How likely a message belongs to an event, as log odds."""
    return float(np.dot(EVENT, features)) + EVENT_BIAS
