"""What labels with common names usually mean: words of our own, known before the first labelled text.

First-level categories of hotlines and petition offices bear much the same names everywhere ("城乡建设", "住建"). For these the file
familiar.csv has the matters that usually belong there, one phrase each. They are no rule: how like a text is to a label's phrases is one
score among others, and the labelled texts say how far it is to be believed. Labels with other names go without.

>>> [label for label, _ in phrases_of(["住建", "甲"])][:1], len(phrases_of(["甲"]))
([0], 0)
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from fenzhen.advisor.text import clean

_FILE = Path(__file__).with_name("familiar.csv")


def phrases_of(labels: Sequence[str]) -> list[tuple[int, str]]:
    """(number of the label, phrase) for all labels with a common name, the names themselves among the phrases."""
    table = _table()
    return [(at, phrase) for at, label in enumerate(labels) for phrase in table.get(clean(label), ())]


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    with _FILE.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            names = [row["label"], *filter(None, row["also"].split("|"))]
            phrases = tuple(clean(phrase) for phrase in [*names, *row["says"].split("|")])
            for name in names:
                found.setdefault(clean(name), phrases)
    return found
