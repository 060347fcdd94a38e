"""The learned weights of the link. How they were learned, and on what, is told in docs/spotter.md."""

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
EVENT_BIAS = -4.7216
EVENT = np.array(
    [
        0.0685,
        0.0508,
        0.0569,
        0.0259,
        0.7770,
        1.1681,
        -0.1610,
        0.7422,
        0.4388,
        0.6488,
        -0.1941,
        -0.0060,
        0.2199,
        0.2086,
        1.0205,
        1.0082,
        -0.0704,
        0.0514,
        0.2712,
        0.3269,
        0.6255,
        -0.2183,
        0.3507,
        -0.7037,
        -0.0111,
        0.6488,
        -0.2302,
        0.3120,
        0.5141,
        2.0184,
        1.0204,
        0.5343,
        0.6078,
        0.6510,
        1.0116,
        -0.1928,
        -0.0335,
        0.2522,
        0.1726,
        0.1080,
        -0.5102,
        0.1276,
        -0.9737,
        -0.1329,
        -0.6699,
        -0.1434,
        0.4967,
        0.6638,
        1.5555,
        1.7882,
        3.0000,
        -3.0000,
        2.0000,
        -4.0000,
    ]
)


def pair_logits(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each pair is of one event, as log odds."""
    return rows @ PAIR + PAIR_BIAS


def event_logit(features: Sequence[float]) -> float:
    """How likely a message belongs to an event, as log odds."""
    return float(np.dot(EVENT, np.asarray(features))) + EVENT_BIAS
