"""Texts that are like a text: by the cosine of their character n-grams, rare ones counting more.

Plain data in, ids out. `SimilarIndex` keeps the open tickets of a desk: one is added when it comes, removed when it
closes; nothing is ever reckoned anew as a whole.

>>> [one.id for one in similar("电梯坏了", {7: "3号楼电梯坏了三天", 8: "路灯不亮", 9: "电梯太慢"}.items())]
[7, 9]
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fenzhen.advisor.text import clean

Id = TypeVar("Id", bound=Hashable)

_RUN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]+|[a-z0-9]+")
#: Only so much of a text is compared: what it is about stands at the beginning.
_LONGEST = 600
#: Rare grams are followed first, and so many of their occurrences at most: what all tickets of a surge say tells none
#: of them apart, and a question must stay quick among thousands. The likeness itself is reckoned with every gram.
_MOST_OCCURRENCES = 40_000


@dataclass(frozen=True, slots=True)
class Similar(Generic[Id]):
    """A text that is alike: its id and how much (0..1)."""

    id: Id
    likeness: float


class SimilarIndex(Generic[Id]):
    """Texts by their character bigrams and trigrams, to be asked for the nearest; `add` and `remove` at any time.

    One process, one index; it is not made for two threads writing at once.
    """

    def __init__(self, texts: Iterable[tuple[Id, str]] = ()) -> None:
        self._rows: dict[Id, dict[str, float]] = {}
        self._postings: dict[str, dict[Id, float]] = {}
        for id_, text in texts:
            self.add(id_, text)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._rows

    def add(self, id_: Id, text: str) -> None:
        """Keep a text; an id that is there already gets the new text."""
        self.remove(id_)
        row = _grams(text)
        self._rows[id_] = row
        for gram, weight in row.items():
            self._postings.setdefault(gram, {})[id_] = weight

    def remove(self, id_: Id) -> None:
        """Forget a text; an id that is not there is no error (closing twice must not fail)."""
        for gram in self._rows.pop(id_, ()):
            posting = self._postings[gram]
            del posting[id_]
            if not posting:
                del self._postings[gram]

    def similar(
        self, text: str, top: int = 5, *, least: float = 0.12, leave_out: Iterable[Id] = ()
    ) -> list[Similar[Id]]:
        """The texts most like this one, best first; those below ``least`` are not alike and stay away."""
        texts = len(self._rows)
        if not texts:
            return []
        weights: dict[str, float] = {}
        for gram, weight in _grams(text).items():
            weights[gram] = weight * self._rarity(gram)
        own = math.sqrt(sum(value * value for value in weights.values()))
        if not own:
            return []
        scores: dict[Id, float] = {}
        followed = 0
        for gram in sorted(weights, key=lambda gram: len(self._postings.get(gram, ()))):
            posting = self._postings.get(gram)
            if posting is None:
                continue
            if followed and followed + len(posting) > _MOST_OCCURRENCES:
                break
            followed += len(posting)
            value = weights[gram] * self._rarity(gram)
            for id_, there in posting.items():
                scores[id_] = scores.get(id_, 0.0) + value * there
        for id_ in leave_out:
            scores.pop(id_, None)
        # Exact likeness only for those that can still win.
        shortlist = heapq.nlargest(
            top * 4 + 20, scores, key=lambda id_: scores[id_] / self._rough_length(id_)
        )
        found = [Similar(id_, self._likeness(weights, own, id_)) for id_ in shortlist]
        found = [one for one in found if one.likeness >= least]
        found.sort(key=lambda one: -one.likeness)
        return found[:top]

    def _rarity(self, gram: str) -> float:
        # A gram that no kept text has cannot say which of them is alike: it weighs as little as one that all have.
        there = len(self._postings.get(gram, ())) or len(self._rows)
        return math.log((1 + len(self._rows)) / (1 + there)) + 1

    def _likeness(self, weights: dict[str, float], own: float, id_: Id) -> float:
        shared = squared = 0.0
        for gram, weight in self._rows[id_].items():
            there = weight * self._rarity(gram)
            squared += there * there
            shared += there * weights.get(gram, 0.0)
        return round(min(shared / (own * math.sqrt(squared)), 1.0), 4) if squared else 0.0

    def _rough_length(self, id_: Id) -> float:
        return math.sqrt(len(self._rows[id_])) or 1.0


def similar(
    query: str, texts: Iterable[tuple[Id, str]], top: int = 5, *, least: float = 0.12
) -> list[Similar[Id]]:
    """The ids of the texts most like the query, best first."""
    return SimilarIndex(texts).similar(query, top, least=least)


def _grams(text: str) -> dict[str, float]:
    counts: dict[str, int] = {}
    for match in _RUN.finditer(clean(text)[:_LONGEST]):
        run = match.group()
        if run[0] < "\u3400":
            counts[run] = counts.get(run, 0) + 1
            continue
        for size in (2, 3):
            for at in range(len(run) - size + 1):
                gram = run[at : at + size]
                counts[gram] = counts.get(gram, 0) + 1
    return {gram: 1 + math.log(count) for gram, count in counts.items()}
