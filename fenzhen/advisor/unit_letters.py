"""The third way from a text to a unit: by letters as people write them to the unit that answers.

A district's lists may hold, in ``unit_letters.csv``, lines of such letters for each unit (a title, a wish, a question).
Which unit's letters use a text's n-grams and words most exclusively is asked by complement naive Bayes (Rennie et al.
2003). How much is added to every count, and how sure an answer may be, are fitted to the letters themselves, each left out of
everything that scores it. No sentence vectors take part, so nothing has to be reckoned beforehand.

>>> letters = UnitLetters([UnitText("JW", "区教委", "", "bureau", letters=("学位不够,孩子上不了小学", "老师收费补课")),
...                        UnitText("JTJ", "区交通局", "", "bureau", letters=("公交车半小时一趟", "请延长公交线路"))])
>>> shares = letters.shares("公交线路", "请把公交车线路延长到小区门口")
>>> max(shares, key=shares.get)
'JTJ'
>>> letters.shares("", "hello")
{}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fenzhen.advisor.catalogue import UnitText
from fenzhen.advisor.text import clean, feature_counts, scale_of

Doubles = NDArray[np.float64]

_SMOOTHINGS = (0.3, 1.0, 3.0)
_SHARPNESS = (2.0, 4.0, 8.0, 15.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0)
#: Known pairs of characters at which a text carries 63 % of full evidence.
_EVIDENCE = 4.0


class UnitLetters:
    """Which unit's letters a text is like."""

    def __init__(self, units: Iterable[UnitText]) -> None:
        listed = [unit for unit in units if unit.letters]
        self.codes: tuple[str, ...] = tuple(unit.code for unit in listed)
        texts = [text for unit in listed for text in unit.letters]
        own = np.repeat(np.arange(len(listed)), [len(unit.letters) for unit in listed])
        counted = [_counts(text) for text in texts]
        frequency = Counter(feature for counts in counted for feature in counts)
        self._index = {feature: at for at, feature in enumerate(frequency)}
        self._scale = np.array([scale_of(feature) for feature in self._index])
        self._is_pair = np.array([len(feature) == 2 for feature in self._index])
        self._scale *= np.log((1 + len(texts)) / (1 + np.array([*frequency.values()]))) + 1
        rows = [self._row(counts) for counts in counted]
        pointers = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        self._weights, self._base, self._sharpness = np.zeros((0, 0)), np.zeros(0), 0.0
        if len(self.codes) > 1:
            letters = sparse.csr_matrix(
                (np.concatenate([v for _, v in rows]), np.concatenate([c for c, _ in rows]), pointers),
                shape=(len(texts), len(self._index)),
            )
            self._fit(letters, own)

    def shares(self, title: str, body: str) -> dict[str, float]:
        """Unit → its share (0..1), summing to one; title and body are two fields of equal weight. Empty where the
        text has nothing in common with any letter."""
        score = np.zeros(len(self.codes))
        fields = known = 0
        for text in (title, body):
            columns, values = self._row(_counts(text)) if text and len(self.codes) > 1 else _NOTHING
            if len(columns):
                score += values @ self._weights[columns] + values.sum() * self._base
                known += int(self._is_pair[columns].sum())
                fields += 1
        if not known:
            return {}
        likely = _softmax(self._sharpness * score[None] / fields)[0]
        evidence = 1 - float(np.exp(-known / _EVIDENCE))
        likely = evidence * likely + (1 - evidence) / len(self.codes)
        return dict(zip(self.codes, likely.tolist(), strict=True))

    def _row(self, counts: Counter[str]) -> tuple[NDArray[np.int64], Doubles]:
        known = [(at, n) for feature, n in counts.items() if (at := self._index.get(feature)) is not None]
        columns = np.array([at for at, _ in known], dtype=np.int64)
        values = (1 + np.log(np.array([n for _, n in known], dtype=np.float64))) * self._scale[columns]
        return columns, values / max(float(np.sqrt(values @ values)), 1e-9)

    def _fit(self, letters: sparse.csr_matrix, own: NDArray[np.int64]) -> None:
        member = np.zeros((len(own), len(self.codes)))
        member[np.arange(len(own)), own] = 1.0
        inside: Doubles = np.asarray(letters.T @ member)
        found: list[tuple[float, float, float]] = []
        for smoothing in _SMOOTHINGS:
            scores = _left_out(letters, own, inside, smoothing)
            for sharpness in _SHARPNESS:
                likely = _softmax(sharpness * scores)[np.arange(len(own)), own]
                found.append((-float(np.mean(np.log(np.maximum(likely, 1e-12)))), smoothing, sharpness))
        _, smoothing, self._sharpness = min(found)
        outside = smoothing + inside.sum(axis=1, keepdims=True) - inside
        self._weights, self._base = -np.log(outside), np.log(outside.sum(axis=0))


_NOTHING: tuple[NDArray[np.int64], Doubles] = (np.zeros(0, dtype=np.int64), np.zeros(0))


def _counts(text: str) -> Counter[str]:
    """The features of a text but for single characters, which say little of a unit."""
    return Counter({one: n for one, n in feature_counts(clean(text)).items() if len(one) > 1})


def _left_out(
    letters: sparse.csr_matrix, own: Sequence[int] | NDArray[np.int64], inside: Doubles, smoothing: float
) -> Doubles:
    """Scores of every letter with its own counts taken out of its unit and of the whole."""
    everywhere, of_unit = inside.sum(axis=1), inside.sum(axis=0)
    scores = np.zeros((len(own), inside.shape[1]))
    for row, mine in enumerate(own):
        here = slice(letters.indptr[row], letters.indptr[row + 1])
        columns, values = letters.indices[here], letters.data[here]
        among = inside[columns]
        among[:, mine] -= values
        rest = np.maximum((everywhere[columns] - values)[:, None] - among, 0.0) + smoothing
        others = of_unit.copy()
        others[mine] -= values.sum()
        total = everywhere.sum() - values.sum() - others + smoothing * len(everywhere)
        scores[row] = values.sum() * np.log(total) - values @ np.log(rest)
    return scores


def _softmax(scores: Doubles) -> Doubles:
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
