"""Weighing scores: a multinomial logistic regression that first believes every way of scoring alike for all labels.

The logit of a label is the weighed sum of *its own* scores, the same weights for all labels, plus a correction from all scores of all labels.
The correction is held down hard: there are hundreds of numbers in it, while a few thousand texts can say surely only how far each way
is to be believed. (A regression without that order loses two points of coverage: docs/adviser.md.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Numbers = NDArray[np.float64]

_HELD, _HELD_SHARED = 100.0, 1.0
#: What a way counts before any text has shown how far it is to be believed.
_AT_FIRST = 0.3
#: With more labels there is no correction: it would have more numbers than there are texts.
_MOST_LABELS = 40


def weigh(
    scores: Numbers, label_at: NDArray[np.int64], labels: int, fair: NDArray[np.bool_] | None = None
) -> Numbers:
    """Weights for `scores` with a column of ones behind: (columns + 1) × labels.

    ``scores``: labels within ways, as they are (their spread is taken out and put into the weights). ``fair``: rows to learn from,
    all when not given. A label without any row to learn from (all its texts are nearly the same, so no model that scored them had met it)
    takes no part in the weighing; it is weighed as the others are on average, and less as it is rarer than they.
    """
    n, width = scores.shape
    ways = width // labels
    cube = scores.reshape(n, ways, labels)
    middle = cube.mean(axis=(0, 2))
    spread = cube.std(axis=(0, 2)) + 1e-9
    cube = (cube - middle[:, None]) / spread[:, None]
    often = np.bincount(label_at, minlength=labels)
    if fair is not None:
        cube, label_at = cube[fair], label_at[fair]
        n = len(cube)
    seen = np.unique(label_at)
    flat = with_one(cube.reshape(n, width))
    free = labels <= _MOST_LABELS
    used = flat if free else flat[:, -1:]
    rows = np.arange(n)
    cube, label_at = cube[:, :, seen], np.searchsorted(seen, label_at)

    def parts(numbers: Numbers) -> tuple[Numbers, Numbers]:
        return numbers[:ways], numbers[ways:].reshape(used.shape[1], len(seen))

    def loss(numbers: Numbers) -> tuple[float, Numbers]:
        shared, own = parts(numbers)
        likely = softmax(np.einsum("nwl,w->nl", cube, shared) + used @ own)
        value = -float(np.log(np.maximum(likely[rows, label_at], 1e-300)).sum())
        likely[rows, label_at] -= 1
        held = own.copy()
        held[-1] = 0
        slope_shared = np.einsum("nwl,nl->w", cube, likely) + _HELD_SHARED * (shared - _AT_FIRST)
        slope_own = used.T @ likely + _HELD * held
        value += 0.5 * _HELD * float((held * held).sum())
        value += 0.5 * _HELD_SHARED * float(((shared - _AT_FIRST) ** 2).sum())
        return value, np.concatenate([slope_shared, slope_own.ravel()])

    start = np.concatenate([np.full(ways, _AT_FIRST), np.zeros(used.shape[1] * len(seen))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x if n else start
    shared, own = parts(np.asarray(found, dtype=np.float64))
    weights = np.zeros((width + 1, labels))
    if len(seen):
        rarer = np.log((often + 1) / (often[seen].mean() + 1))
        weights[-1] = own[-1].mean() + np.minimum(rarer, 0.0)
        weights[-len(own) :, seen] = own
    for way in range(ways):
        weights[way * labels : (way + 1) * labels] += shared[way] * np.eye(labels)
    weights[:-1] /= np.repeat(spread, labels)[:, None]
    weights[-1] -= np.repeat(middle, labels) @ weights[:-1]
    return weights


def softmax(scores: Numbers) -> Numbers:
    """Shares that add up to 1."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def with_one(scores: Numbers) -> Numbers:
    """A column of ones behind."""
    return np.hstack([scores, np.ones((len(scores), 1))])
