"""Texts that are nearly the same: they must not stand on both sides of a test.

Two texts belong together when the sets of their character 4-grams overlap by 70 % or more (Jaccard). Candidates come from MinHash
(48 hashes in 16 bands of 3: two texts at .7 meet with probability .999), and each is then checked exactly. Belonging is passed on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fenzhen.advisor.ngrams import gram_keys

_BANDS, _ROWS = 16, 3


def near_duplicates(texts: Sequence[str], *, least: float = 0.7) -> NDArray[np.int64]:
    """A number per text, equal for texts that are nearly the same. ``texts``: cleaned.

    >>> near_duplicates(["路灯坏了三天没有人来修理怎么办", "小区停水", "路灯坏了三天没有人来修理怎么办啊"]).tolist()
    [0, 1, 0]
    """
    count = len(texts)
    draw = np.random.default_rng(12345)
    factors = draw.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
    sets: list[NDArray[np.uint64]] = []
    signatures = np.zeros((count, _BANDS * _ROWS), dtype=np.uint64)
    owners, keys = gram_keys(texts, sizes=(4,))
    starts = np.searchsorted(owners, np.arange(count + 1))
    for at in range(count):
        own = np.unique(keys[starts[at] : starts[at + 1]])
        sets.append(own)
        if len(own):
            signatures[at] = ((own[:, None] * factors) >> np.uint64(20)).min(axis=0)
    parent = np.arange(count)

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = int(parent[at])
        return at

    # A text too short for a 4-gram is a duplicate of nothing but itself.
    first_of: dict[str, int] = {}
    for at, text in enumerate(texts):
        if text.strip() and not len(sets[at]):
            parent[at] = first_of.setdefault(text, at)
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for at in range(count):
            if len(sets[at]):
                part = signatures[at, band * _ROWS : (band + 1) * _ROWS].tobytes()
                buckets.setdefault(part, []).append(at)
        for bucket in buckets.values():
            # In a bucket of a surge (hundreds of the same text) each is compared with the first ones only.
            for place, one in enumerate(bucket):
                for other in bucket[: min(place, 20)]:
                    first, second = root(other), root(one)
                    if first == second:
                        continue
                    shared = len(np.intersect1d(sets[one], sets[other], assume_unique=True))
                    if shared >= least * (len(sets[one]) + len(sets[other]) - shared):
                        parent[max(first, second)] = min(first, second)
    return np.array([root(at) for at in range(count)], dtype=np.int64)
