"""The second way from a text to a unit: by the words that are this unit's, past categories and duty rules.

A district's lists name each unit's other names, its duties and, in ``unit_words.csv``, the words its matters are told
in. Where a text uses such words, each speaks for the units that have it, a word of many units less for each of them,
and the longest word at a place speaks alone. This hears what a category misses ("公积金" in a letter about something
else) and says nothing where no such word stands: then the categories decide alone.

>>> words = UnitWords([UnitText("JW", "区教委", "教委", "bureau", words=("老师", "学校")),
...                    UnitText("JTJ", "区交通局", "交通局", "bureau", words=("公交", "学校门口公交站"))])
>>> {unit: round(share, 2) for unit, share in words.shares("", "学校的老师").items()}
{'JW': 1.0}
>>> words.shares("公交", "在学校门口公交站等车")
{'JTJ': 1.0}
>>> words.shares("", "您好")
{}
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import ahocorasick

from fenzhen.advisor.catalogue import UnitText
from fenzhen.advisor.text import clean

#: A longer phrase of a duty sentence is not said by anybody.
_SHORTEST, _LONGEST = 2, 8


class UnitWords:
    """Which units' words a text uses."""

    def __init__(self, units: Iterable[UnitText]) -> None:
        owners: dict[str, set[str]] = {}
        for unit in units:
            for word in (unit.short_name, *unit.aliases, *unit.words):
                plain = clean(word)
                if _SHORTEST <= len(plain) <= _LONGEST or plain in unit.aliases:
                    owners.setdefault(plain, set()).add(unit.code)
        self._owners = {word: tuple(sorted(codes)) for word, codes in owners.items()}
        self._finder = ahocorasick.Automaton()
        for word in self._owners:
            self._finder.add_word(word, word)
        if self._owners:
            self._finder.make_automaton()

    def shares(self, title: str, body: str) -> dict[str, float]:
        """Unit → its share (0..1) of what these words say; the title's and the body's are weighed alike."""
        fields = [found for found in (self._heard(title), self._heard(body)) if found]
        shares: dict[str, float] = {}
        for found in fields:
            total = sum(found.values())
            for unit, value in found.items():
                shares[unit] = shares.get(unit, 0.0) + value / total / len(fields)
        return shares

    def _heard(self, text: str) -> dict[str, float]:
        if not text or not self._owners:
            return {}
        counts: dict[str, int] = {}
        spans = sorted(
            (end - len(word) + 1, -len(word), word) for end, word in self._finder.iter(clean(text))
        )
        reached = -1
        for start, length, word in spans:
            if start - length - 1 <= reached:
                continue
            reached = start - length - 1
            counts[word] = counts.get(word, 0) + 1
        found: dict[str, float] = {}
        for word, count in counts.items():
            owners = self._owners[word]
            value = (1 + math.log(count)) * math.sqrt(len(word)) / len(owners)
            for unit in owners:
                found[unit] = found.get(unit, 0.0) + value
        return found
