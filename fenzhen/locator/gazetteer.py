"""The list of places, and an automaton that finds all their names in one pass over a text."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path

import ahocorasick
import rjieba

from fenzhen.locator.nearly import Nearly
from fenzhen.locator.place import KINDS, TOWN_KINDS, Place

#: Parts of speech (jieba's letters) of words that are ordinary Chinese before they are a place: 安定, 旧宫, 清源.
_ORDINARY_TAGS = frozenset({"v", "vn", "vd", "a", "ad", "an", "d", "b", "n", "ng", "i", "l", "t", "m", "z"})


class BadGazetteer(ValueError):
    """A list of places cannot be used: says which row and why."""


def _half_width() -> dict[int, str]:
    """Full-width forms and capital letters → their plain small form, one character for one."""
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for code in (*range(0x3000, 0x3040), *range(0xFF01, 0xFFEF)):
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1:
            table[code] = folded
    return table


_HALF_WIDTH = _half_width()


def fold(text: str) -> str:
    """Full-width as half-width and Latin letters small, character for character: positions stay."""
    return text.translate(_HALF_WIDTH)


class Gazetteer:
    """Places by code and by every name they are called.

    Raises `BadGazetteer` for a code given twice, an unknown kind or a parent that is not in the list.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        listed: dict[str, Place] = {}
        for place in places:
            if not place.code or not place.name.strip():
                raise BadGazetteer(f"a place without code or name: {place.code!r} {place.name!r}")
            if place.code in listed:
                raise BadGazetteer(f"code {place.code} is given twice")
            if place.kind not in KINDS:
                raise BadGazetteer(f"{place.code}: unknown kind {place.kind!r}")
            listed[place.code] = place
        for place in listed.values():
            if place.parent and place.parent not in listed:
                raise BadGazetteer(f"{place.code}: parent {place.parent} is not in the list")
        self._places = {
            code: place if place.town else replace(place, town=_town_of(place, listed))
            for code, place in listed.items()
        }
        self.towns = frozenset(code for code, place in self._places.items() if place.kind in TOWN_KINDS)
        self.district_names: tuple[str, ...] = tuple(
            fold(name)
            for place in self._places.values()
            if place.kind == "district"
            for name in (place.name, *place.aliases)
        )
        self._automaton = ahocorasick.Automaton()
        for name, all_codes in self._names().items():
            # The district itself says nothing about where in it: its name only keeps longer names from breaking.
            codes = [code for code in all_codes if self._places[code].kind != "district"]
            official = frozenset(code for code in codes if fold(self._places[code].name) == name)
            self._automaton.add_word(name, (name, tuple(codes), official, _is_ordinary(name)))
        #: Two-character names of towns that no dictionary holds (榆垡): wherever they stand they can hardly mean anything else.
        self.coined = frozenset(
            name
            for name, codes in self._names().items()
            if len(name) == 2 and self.towns & set(codes) and len(rjieba.cut(name, False)) > 1
        )
        self._empty = len(self._automaton) == 0
        if not self._empty:
            self._automaton.make_automaton()

    @cached_property
    def nearly(self) -> Nearly:
        """The same names by their sounds, for what is misheard and mistyped. Made when first asked for."""
        return Nearly(self, names=((name, tuple(codes)) for name, codes in self._names().items()))

    @classmethod
    def from_csv(cls, path: Path | str) -> Gazetteer:
        """Read ``places.csv`` (code,name,kind,parent,aliases,run_by,…; aliases separated by semicolons).

        Raises `BadGazetteer` and `FileNotFoundError`.
        """
        with Path(path).open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = {"code", "name", "kind"} - set(reader.fieldnames or ())
            if missing:
                raise BadGazetteer(f"columns missing: {', '.join(sorted(missing))}")
            return cls(_place_from_row(row) for row in reader)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def __contains__(self, code: object) -> bool:
        return code in self._places

    def get(self, code: str) -> Place | None:
        """The place with that code, or None."""
        return self._places.get(code)

    def __getitem__(self, code: str) -> Place:
        return self._places[code]

    @property
    def parents(self) -> dict[str, str]:
        """Code → code of the place it lies in."""
        return {code: place.parent for code, place in self._places.items() if place.parent}

    def around(self, code: str) -> list[str]:
        """The place and everything it lies in, nearest first."""
        chain: list[str] = []
        while code and code in self._places and code not in chain:
            chain.append(code)
            code = self._places[code].parent
        return chain

    def names_in(self, folded: str) -> Iterator[tuple[int, int, tuple[str, ...], frozenset[str], bool]]:
        """Names in a folded text, leftmost and longest first, none overlapping.

        Each is (start, end, codes, codes whose official name it is, whether it is an ordinary word too).
        """
        if self._empty:
            return
        # Not iter_long: pyahocorasick 2.3 loses a name that begins inside a longer one that fails (南郊旧宫 loses 旧宫).
        found = [(last + 1 - len(entry[0]), -last - 1, entry) for last, entry in self._automaton.iter(folded)]
        found.sort(key=itemgetter(0, 1))
        reached = 0
        for start, minus_end, (_, codes, official, ordinary) in found:
            if start < reached:
                continue
            reached = -minus_end
            if codes:
                yield start, reached, codes, official, ordinary

    def _names(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for place in self._places.values():
            for name in (place.name, *place.aliases):
                key = fold(name.strip())
                if len(key) < 2:
                    continue
                codes = names.setdefault(key, [])
                if place.code not in codes:
                    codes.append(place.code)
        # Everyday short names, where the list gives none and nothing else is called so.
        for place in self._places.values():
            short = _short_name(place)
            if short and short not in names:
                names[short] = [place.code]
        return names


def _place_from_row(row: Mapping[str, str | None]) -> Place:
    def text(column: str) -> str:
        return (row.get(column) or "").strip()

    return Place(
        code=text("code"),
        name=text("name"),
        kind=text("kind"),
        parent=text("parent"),
        aliases=tuple(part.strip() for part in text("aliases").split(";") if part.strip()),
        run_by=text("run_by"),
    )


def _town_of(place: Place, listed: Mapping[str, Place]) -> str:
    seen: set[str] = set()
    here: Place | None = place
    while here is not None and here.code not in seen:
        if here.kind in TOWN_KINDS:
            return here.code
        seen.add(here.code)
        here = listed.get(here.parent)
    return ""


def _short_name(place: Place) -> str:
    """柳河镇 → 柳河, 松岭街道 → 松岭, 晨光园社区 → 晨光园, 巴园子村 → 巴园子; empty when too little would be left."""
    name = fold(place.name.strip())
    if place.kind in TOWN_KINDS:
        for ending in ("街道", "地区", "镇", "乡"):
            if name.endswith(ending):
                return name.removesuffix(ending) if len(name) - len(ending) >= 2 else ""
    ending = {"community": "社区", "village": "村", "estate": "小区"}.get(place.kind, "")
    return (
        name.removesuffix(ending) if ending and name.endswith(ending) and len(name) - len(ending) >= 3 else ""
    )


def _is_ordinary(name: str) -> bool:
    if len(name) > 2:
        return False
    if len(rjieba.cut(name, False)) > 1:
        return False  # no word of the dictionary: what the tagger says of it is a guess
    tagged = rjieba.tag(name)
    return len(tagged) == 1 and tagged[0][1] in _ORDINARY_TAGS
