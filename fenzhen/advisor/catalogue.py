"""What a district's lists say about its categories: the only thing the adviser learns from on the first day."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
_POINTS_THERE = re.compile(r"[\s归属于转见请到去走入为列→:,、(\-—=>]+$")


class BadCatalogue(ValueError):
    """The lists cannot be used: says which and why."""


@dataclass(frozen=True, slots=True)
class Category:
    """A leaf of the category tree and every text that describes it.

    ``elsewhere`` are the phrases with which *other* leaves send a matter here (their ``not_here``).
    """

    code: str
    level1: str
    level2: str
    name: str
    definition: str = ""
    not_here: str = ""
    kind_hint: str = ""
    examples: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The names from the root to the leaf."""
        return " ".join(part for part in (self.level1, self.level2, self.name) if part)


@dataclass(frozen=True, slots=True)
class UnitText:
    """A unit as the lists describe it. ``words``: those its matters are told in; ``letters``: lines of letters that it
    would answer."""

    code: str
    name: str
    short_name: str
    kind: str
    duties: str = ""
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()


def read_categories(folder: Path | str) -> list[Category]:
    """Read ``categories.csv`` and ``examples.csv`` of a district's folder, in the order of the codes.

    Raises `BadCatalogue` (no leaf, a code twice, an example of an unknown leaf) and `FileNotFoundError`.
    """
    base = Path(folder)
    rows = list(_rows(base / "categories.csv"))
    codes = [row["code"] for row in rows]
    if not codes:
        raise BadCatalogue("categories.csv has no rows")
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise BadCatalogue(f"categories.csv gives a code twice: {', '.join(twice)}")
    examples: dict[str, list[str]] = {code: [] for code in codes}
    path = base / "examples.csv"
    if path.exists():
        for row in _rows(path):
            if row["category"] not in examples:
                raise BadCatalogue(f"examples.csv: unknown category {row['category']!r}")
            if row["text"]:
                examples[row["category"]].append(row["text"])
    elsewhere = phrases_from_elsewhere({row["code"]: row.get("not_here", "") for row in rows})
    return [
        Category(
            code=row["code"],
            level1=row.get("level1", ""),
            level2=row.get("level2", ""),
            name=row.get("name", ""),
            definition=row.get("definition", ""),
            not_here=row.get("not_here", ""),
            kind_hint=row.get("kind_hint", ""),
            examples=tuple(dict.fromkeys(examples[row["code"]])),
            elsewhere=tuple(elsewhere.get(row["code"], ())),
        )
        for row in sorted(rows, key=lambda row: row["code"])
    ]


def phrases_from_elsewhere(not_here: Mapping[str, str]) -> dict[str, list[str]]:
    """What the ``not_here`` texts say about the leaves they point to.

    >>> phrases_from_elsewhere({"120101": "工地欠薪归120102 农民工欠薪;辞退归120103", "120102": "", "120103": ""})
    {'120102': ['工地欠薪'], '120103': ['辞退']}
    """
    found: dict[str, list[str]] = {}
    for text in not_here.values():
        for part in re.split(r"[;；。\n]", text):
            codes = list(_CODE.finditer(part))
            if not codes:
                continue
            phrase = _POINTS_THERE.sub("", part[: codes[0].start()]).strip()
            for code in codes:
                if code.group(1) in not_here and len(phrase) >= 2:
                    found.setdefault(code.group(1), []).append(phrase)
    return found


def read_units(folder: Path | str) -> list[UnitText]:
    """Read ``units.csv`` of a district's folder and, where they are there, ``unit_words.csv`` (unit, words) and
    ``unit_letters.csv`` (unit, text).

    Raises `BadCatalogue` (words or letters of an unknown unit) and `FileNotFoundError`.
    """
    base = Path(folder)
    rows = list(_rows(base / "units.csv"))
    codes = [row["code"] for row in rows]
    words = _of_units(base / "unit_words.csv", codes, "words")
    letters = _of_units(base / "unit_letters.csv", codes, "text")
    return [
        UnitText(
            row["code"],
            row["name"],
            row.get("short_name", ""),
            row.get("kind", ""),
            row.get("duties", ""),
            tuple(_listed(row.get("aliases", ""))),
            tuple(dict.fromkeys(word for cell in words[row["code"]] for word in _listed(cell))),
            tuple(dict.fromkeys(letters[row["code"]])),
        )
        for row in rows
    ]


def _of_units(path: Path, codes: Iterable[str], column: str) -> dict[str, list[str]]:
    """What a list that need not be there says of each unit."""
    said: dict[str, list[str]] = {code: [] for code in codes}
    if path.exists():
        for row in _rows(path):
            if row["unit"] not in said:
                raise BadCatalogue(f"{path.name}: unknown unit {row['unit']!r}")
            said[row["unit"]] += [row[column]] if row[column] else []
    return said


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            yield {key: (value or "").strip() for key, value in row.items() if key}
