"""The list of places, and an automaton that finds all their names in one pass over a text."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path

import ahocorasick
import rjieba

from fenzhen.locator.elsewhere import AROUND_BEIJING, CITIES, PROVINCES
from fenzhen.locator.nearly import Nearly
from fenzhen.locator.place import KINDS, TOWN_KINDS, Place

#: Parts of speech (jieba's letters) of words that are ordinary Chinese before they are a place: 安定, 旧宫, 清源.
_ORDINARY_TAGS = frozenset({"v", "vn", "vd", "a", "ad", "an", "d", "b", "n", "ng", "i", "l", "t", "m", "z"})
#: Of these the nouns: at the beginning of a clause or behind 在, 去 … a town's name is meant after all (旧宫那家, 来采育).
_NOUN_TAGS = frozenset({"n", "vn", "ng"})


#: The words of the Excel template and what they are here.
_HEADINGS = {
    "代码": "code",
    "名称": "name",
    "类型": "kind",
    "上级": "parent",
    "别名": "aliases",
    "代管": "run_by",
}
_KIND_WORDS = {
    "区": "district", "镇": "town", "乡": "town", "街道": "subdistrict", "社区": "community", "村": "village", "小区": "estate", "道路": "road",
    "地标": "landmark", "公园": "park", "学校": "school", "医院": "hospital", "市场": "market", "车站": "station",
}  # fmt: skip


class BadGazetteer(ValueError):
    """A list of places cannot be used: says which row and why."""


def _half_width() -> dict[int, str]:
    """Full-width forms and capital letters → their plain small form, one character for one."""
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for code in (*range(0x3000, 0x3040), *range(0xFF01, 0xFFEF)):
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1:
            table[code] = folded
    table[ord("\n")] = table[ord("\r")] = "。"  # a new line ends what was said before it
    return table


_HALF_WIDTH = _half_width()


def fold(text: str) -> str:
    """Full-width as half-width and Latin letters small, character for character: positions stay."""
    return text.translate(_HALF_WIDTH)


class Gazetteer:
    """Places by code and by every name they are called.

    Raises `BadGazetteer` for a code given twice, an unknown kind or a parent that is not in the list.
    """

    #: A name nearly said is taken from this chance on; below it the answer is "not sure, which of these?".
    near_from = 0.85

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
        own = {fold(name) for place in self._places.values() for name in (place.name, *place.aliases)}
        own |= {re.sub(r"(?:镇|乡|街道|地区|区|县|市|村|社区|小区|地铁站)$", "", name) for name in own}
        in_beijing = any("北京" in name for name in self.district_names)
        known = (*PROVINCES, *CITIES, *(AROUND_BEIJING if in_beijing else ()))
        foreign = "|".join(
            sorted(
                {
                    re.escape(name)
                    for name in known
                    if name not in own and not (in_beijing and name == "北京")
                },
                key=len,
                reverse=True,
            )
        )
        #: Another district's or city's name, and what may stand between it and a place there.
        self.foreign = re.compile(rf"(?:{foreign})(?:省|市|区|县)?")
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
        #: Those that are rare nouns of the dictionary (旧宫).
        self.nouns = frozenset(
            name
            for name, codes in self._names().items()
            if len(name) == 2 and self.towns & set(codes) and _is_ordinary(name, _NOUN_TAGS)
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

        The headings and kinds may be the words of the template too (代码,名称,类型,上级,别名; 小区), a parent may be a name, and
        the file UTF-8 or what Excel writes on a Chinese Windows.

        Raises `BadGazetteer` and `FileNotFoundError`.
        """
        raw = Path(path).read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030", "replace")
        rows = list(csv.reader(text.splitlines()))
        header = [_HEADINGS.get(fold(one.strip()), one.strip()) for one in (rows[0] if rows else ())]
        missing = {"code", "name", "kind"} - set(header)
        if missing:
            raise BadGazetteer(f"columns missing: {', '.join(sorted(missing))}")
        places = [_place_from_row(dict(zip(header, row, strict=False))) for row in rows[1:] if any(row)]
        codes = {place.code for place in places}
        by_name = {place.name: place.code for place in reversed(places)}
        return cls(
            place if place.parent in codes else replace(place, parent=by_name.get(place.parent, place.parent))
            for place in places
        )

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
        for at, (start, minus_end, (_, codes, official, ordinary)) in enumerate(found):
            if start < reached:
                continue
            # 礼贤敬贤家园|北里一区 is 礼贤|敬贤家园北里一区: a longer name that begins inside and ends later is the better one.
            if any(
                start < other < -minus_end < -other_end and -other_end - other > -minus_end - start
                for other, other_end, _ in found[at + 1 : at + 9]
            ):
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
        for name in list(names):
            for said in _figures_otherwise(name):
                if said not in names:
                    names[said] = names[name]
        return names

    @cached_property
    def bare(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """(Town, two characters) → places of that town that are called so without 村, 社区 or 小区."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for place in self._places.values():
            if place.town and place.kind in ("village", "community", "estate"):
                short = re.sub(r"(?:村|社区|小区)$", "", fold(place.name.strip()))
                if len(short) == 2:
                    found[place.town, short] = (*found.get((place.town, short), ()), place.code)
        return found

    @cached_property
    def divided(self) -> frozenset[str]:
        """Names that the list divides: 南海家园, where 南海家园一里 and 二里 are places of their own."""
        cut = (_PART.sub("", re.sub(r"(?:小区|社区)$", "", name)) for name in self._names())
        return frozenset(name for name in cut if len(name) >= 2) & frozenset(
            _PART.sub("", name)
            for name in (re.sub(r"(?:小区|社区)$", "", name) for name in self._names())
            if _PART.search(name)
        )


_PART = re.compile(r"(?:[东西南北中][里区院]|[一二三四五六七八九十\d]+[里区院期])$")
_FIGURES = re.compile(r"[一二三四五六七八九十]+(?=[里区期号村])|\d{1,2}(?=[里区期号村])")
_ONES = "零一二三四五六七八九"


def _figures_otherwise(name: str) -> Iterator[str]:
    """一里 → 1里, 50号 → 五十号; nothing where there is no figure."""

    def other(match: re.Match[str]) -> str:
        word = match.group()
        if word.isdigit():
            ten_times, one_times = divmod(int(word), 10)
            front = ("" if ten_times < 2 else _ONES[ten_times]) + ("十" if ten_times else "")
            return front + (_ONES[one_times] if one_times or not ten_times else "")
        tens, ten, ones = word.rpartition("十")
        value = (_ONES.find(tens) if tens else 1) * 10 if ten else 0
        return str(value + (_ONES.find(ones) if ones else 0)) if len(tens) <= 1 and len(ones) <= 1 else word

    if (said := _FIGURES.sub(other, name)) != name:
        yield said


def _place_from_row(row: Mapping[str, str | None]) -> Place:
    def text(column: str) -> str:
        return (row.get(column) or "").strip()

    return Place(
        code=text("code"),
        name=text("name"),
        kind=_KIND_WORDS.get(text("kind"), text("kind")),
        parent=text("parent"),
        aliases=tuple(part.strip() for part in re.split(r"[;；]", text("aliases")) if part.strip()),
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


def _is_ordinary(name: str, tags: frozenset[str] = _ORDINARY_TAGS) -> bool:
    if len(name) > 2:
        return False
    if len(rjieba.cut(name, False)) > 1:
        return False  # no word of the dictionary: what the tagger says of it is a guess
    tagged = rjieba.tag(name)
    return len(tagged) == 1 and tagged[0][1] in tags
