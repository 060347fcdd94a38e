"""Who is responsible: the duty list (权责清单) of a district, and the one question asked of it.

A rule says: matters of this category (and, if given, in this territory, in this type of place) are led by this unit,
with these assisting, at this level, because of this law or list item, from this day to that day. Where several rules
fit, the more particular one speaks: the longest category prefix first, then the rule that names a territory (the
nearest one), then the rule that names a type of place, then the one that came into force last.

``@town`` in a rule stands for the town or sub-district in whose area the place lies. Matters marked
``not_grassroots`` belong to a functional bureau by law and never go to a town, whatever a list says.

>>> book = DutyBook(
...     [DutyRule("1", "04", lead="CGW"), DutyRule("2", "0401", lead="@town", assist=("SHUI",), level=2)],
...     town_units={"110115006": "T006"},
...     parents={"110115006205": "110115006"},
... )
>>> unit_in_charge(book, category="040102", territory="110115006205", place_type=None, on=date(2024, 5, 1)).lead
'T006'
>>> unit_in_charge(book, category="040102", territory=None, place_type=None, on=date(2024, 5, 1)).needs_place
True
>>> unit_in_charge(book, category="040203", territory=None, place_type=None, on=date(2024, 5, 1)).lead
'CGW'
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

TOWN = "@town"

#: Why this unit: code words, to be put into the reader's language by whoever shows them.
BY_CATEGORY = "category"
BY_TERRITORY = "territory"
BY_PLACE_TYPE = "place_type"
BY_TOWN = "town_of_place"
BY_FLOOR = "floor_unit"
NOT_FOR_TOWNS = "not_for_towns"
PLACE_UNKNOWN = "place_unknown"


class BadDutyList(ValueError):
    """A duty list cannot be read: says which row and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class DutyRule:
    """One line of the duty list.

    ``category`` is a code prefix (two, four or six digits, empty for everything); ``territory`` a place code, empty
    for the whole district; ``place_type`` a kind of place, empty for all; ``level`` 1 (two hours) to 4 (fifteen days).
    """

    id: str
    category: str
    territory: str = ""
    place_type: str = ""
    lead: str = TOWN
    assist: tuple[str, ...] = ()
    level: int = 3
    basis: str = ""
    basis_doc: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    floor_unit: str = ""
    not_grassroots: bool = False
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the rule is valid on that day (both ends belong to it)."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class UnitInCharge:
    """The answer: who leads, who assists, how fast, and which rule says so.

    ``needs_place``: the rule names the town of the place and the place is not known; ``lead`` is then ``@town``.
    ``is_floor``: the named lead cannot take it, so the rule's floor unit does.
    """

    lead: str
    assist: tuple[str, ...]
    level: int
    rule: DutyRule
    why: tuple[str, ...]
    is_floor: bool = False
    needs_place: bool = False


class DutyBook:
    """The duty list, indexed so that one look-up asks for each category prefix and no more.

    ``town_units``: place code of a town or sub-district → its unit code. ``parents``: place code → code of the place
    it lies in; used to find the town of an estate and the territories around it.
    """

    __slots__ = ("_by_key", "_lengths", "parents", "rules", "town_units", "towns")

    def __init__(
        self,
        rules: Iterable[DutyRule],
        town_units: Mapping[str, str] | None = None,
        parents: Mapping[str, str] | None = None,
    ) -> None:
        self.rules: tuple[DutyRule, ...] = tuple(rules)
        self.town_units: dict[str, str] = dict(town_units or {})
        self.parents: dict[str, str] = dict(parents or {})
        self.towns: frozenset[str] = frozenset(self.town_units.values())
        self._by_key: dict[tuple[str, str, str], list[DutyRule]] = {}
        for rule in self.rules:
            self._by_key.setdefault((rule.category, rule.territory, rule.place_type), []).append(rule)
        for listed in self._by_key.values():
            # The newest first; the id makes the order the same on every machine.
            listed.sort(key=lambda rule: (rule.valid_from or date.min, rule.id), reverse=True)
        self._lengths: tuple[int, ...] = tuple(
            sorted({len(rule.category) for rule in self.rules}, reverse=True)
        )

    def __len__(self) -> int:
        return len(self.rules)

    @classmethod
    def from_district(cls, path: Path | str) -> DutyBook:
        """Read ``duties.csv``, ``units.csv`` and ``places.csv`` of a district's folder.

        Raises `BadDutyList` for a row that cannot be read and `FileNotFoundError` for a missing file.
        """
        folder = Path(path)
        parents: dict[str, str] = {}
        for _, row in _rows(folder / "places.csv"):
            if row.get("parent"):
                parents[row["code"]] = row["parent"]
        town_units: dict[str, str] = {}
        for _, row in _rows(folder / "units.csv"):
            if row.get("kind") in ("town", "subdistrict") and row.get("territory"):
                town_units[row["territory"]] = row["code"]
        return cls(read_duties(folder / "duties.csv"), town_units, parents)

    def around(self, territory: str | None) -> tuple[str, ...]:
        """The place itself and everything it lies in, nearest first."""
        chain: list[str] = []
        place = territory
        while place and place not in chain:  # a circle in the list must not hang the desk
            chain.append(place)
            place = self.parents.get(place)
        return tuple(chain)

    def town_unit(self, territory: str | None) -> str | None:
        """Unit code of the town or sub-district in whose area the place lies."""
        for place in self.around(territory):
            if place in self.town_units:
                return self.town_units[place]
        return None

    def matching(
        self, category: str, territory: str | None, place_type: str | None, on: date
    ) -> Iterator[tuple[DutyRule, str]]:
        """Every rule that fits, the most particular first, each with the territory it matched ('' for none)."""
        places = (*self.around(territory), "")
        types = (place_type, "") if place_type else ("",)
        for length in self._lengths:
            if length > len(category):
                continue
            prefix = category[:length]
            for place in places:
                for type_ in types:
                    for rule in self._by_key.get((prefix, place, type_), ()):
                        if rule.in_force(on):
                            yield rule, place


def unit_in_charge(
    rules: DutyBook, *, category: str, territory: str | None, place_type: str | None, on: date
) -> UnitInCharge | None:
    """Which unit leads a matter of this category at this place on this day; None when no rule covers it.

    ``territory`` may be any place code (estate, community, town); its town is found through the book's parents.
    A rule marked not for the grassroots whose lead would be a town gives way to its floor unit or to the next fitting
    rule that names a bureau; it is never answered with a town.
    """
    return _spoken(rules, category, territory, place_type, on)[0]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the duty list says of a unit that somebody wants to lead: `named` is the list's own answer, `rule` the
    one on which the choice rests (None where the list names another unit, or nobody), `barred` the rule that keeps
    the matter from towns where the unit is one: then it may not lead."""

    named: UnitInCharge | None
    rule: DutyRule | None = None
    barred: DutyRule | None = None


def judge(
    rules: DutyBook,
    unit: str,
    *,
    is_town: bool,
    category: str,
    territory: str | None,
    place_type: str | None,
    on: date,
) -> Judgement:
    """Hold a unit that was chosen by hand against the list.

    *is_town*: it is a town or a sub-district. What a functional department must do is not sent to the grassroots
    (国办函〔2025〕66号), whoever chooses.

    >>> book = DutyBook([DutyRule("9", "12", lead="RSJ", not_grassroots=True)])
    >>> asked = {"category": "120101", "territory": None, "place_type": None, "on": date(2026, 3, 1)}
    >>> judge(book, "T1", is_town=True, **asked).barred.id
    '9'
    >>> judge(book, "RSJ", is_town=False, **asked).rule.id
    '9'
    >>> judge(book, "XFB", is_town=False, **asked).rule is None
    True
    """
    named, bar = _spoken(rules, category, territory, place_type, on)
    if named is None:
        return Judgement(None, barred=bar if is_town else None)
    agrees = named.lead == unit or (named.needs_place and is_town)
    return Judgement(named, named.rule if agrees else None, bar if is_town else None)


def _spoken(
    rules: DutyBook, category: str, territory: str | None, place_type: str | None, on: date
) -> tuple[UnitInCharge | None, DutyRule | None]:
    """The answer, and the rule on the way to it that keeps the matter from towns."""
    town = rules.town_unit(territory)
    bar: DutyRule | None = None
    for rule, _ in rules.matching(category, territory, place_type, on):
        if bar is None and rule.not_grassroots:
            bar = rule
        answer = _by_rule(rules, rule, town, bar is not None)
        if answer is not None:
            return answer, bar
    return None, bar


def _by_rule(book: DutyBook, rule: DutyRule, town: str | None, barred: bool) -> UnitInCharge | None:
    why = [BY_CATEGORY]
    if rule.territory:
        why.append(BY_TERRITORY)
    if rule.place_type:
        why.append(BY_PLACE_TYPE)

    def is_a_town(unit: str) -> bool:
        return unit == TOWN or unit in book.towns

    lead, is_floor = rule.lead, False
    if not lead or (barred and is_a_town(lead)):
        if lead:
            why.append(NOT_FOR_TOWNS)
        if not rule.floor_unit or (barred and is_a_town(rule.floor_unit)):
            return None
        lead, is_floor = rule.floor_unit, True
        why.append(BY_FLOOR)
    needs_place = False
    if lead == TOWN:
        if town is not None:
            lead = town
            why.append(BY_TOWN)
        else:
            needs_place = True
            why.append(PLACE_UNKNOWN)
    assist: list[str] = []
    for unit in rule.assist:
        if barred and is_a_town(unit):
            continue
        named = (town or TOWN) if unit == TOWN else unit
        if named != lead and named not in assist:
            assist.append(named)
    return UnitInCharge(
        lead=lead,
        assist=tuple(assist),
        level=rule.level,
        rule=rule,
        why=tuple(why),
        is_floor=is_floor,
        needs_place=needs_place,
    )


#: What a duty list may say against itself, or leave unsaid.
SAME_DAY = "same_day"
OVERLAP = "overlap"
TOWN_LEADS = "town_leads"
UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something in a duty list that nobody can obey, or a matter that it leaves to nobody.

    ``same_day``: two rules for the same matter, in force together since the same day, name different units or
    levels: only their numbers decide. ``overlap``: likewise, but one is newer and wins. ``town_leads``: kept from the
    grassroots, yet led by a town and without a bureau behind it. ``uncovered``: nobody is in charge of ``category``
    in ``towns``.
    """

    kind: str
    rule: str = ""
    other: str = ""
    category: str = ""
    towns: tuple[str, ...] = ()


def contradictions(
    book: DutyBook, *, leaves: Iterable[str], towns: Iterable[str], on: date
) -> list[Contradiction]:
    """Everything in *book* that is contradictory from that day on, or missing on it.

    *leaves* are six-digit categories, *towns* place codes of towns and sub-districts.

    >>> book = DutyBook([DutyRule("1", "0101", lead="A"), DutyRule("2", "0101", lead="B")])
    >>> [(c.kind, c.rule, c.other) for c in contradictions(book, leaves=["010101"], towns=["T"], on=date(2026, 1, 1))]
    [('same_day', '1', '2')]
    >>> [c.kind for c in contradictions(book, leaves=["020101"], towns=["T"], on=date(2026, 1, 1))][-1]
    'uncovered'
    """
    found: list[Contradiction] = []
    by_key: dict[tuple[str, str, str], list[DutyRule]] = {}
    for rule in book.rules:
        if rule.valid_to is None or rule.valid_to >= on:
            by_key.setdefault((rule.category, rule.territory, rule.place_type), []).append(rule)
        if rule.not_grassroots and _by_rule(book, rule, None, True) is None:
            found.append(Contradiction(TOWN_LEADS, rule.id))
    for rules in by_key.values():
        for place, rule in enumerate(rules):
            for other in rules[place + 1 :]:
                if _says(rule) != _says(other) and _together(rule, other):
                    same = (rule.valid_from or date.min) == (other.valid_from or date.min)
                    found.append(Contradiction(SAME_DAY if same else OVERLAP, rule.id, other.id))
    towns = list(towns)
    for leaf in leaves:
        bare = tuple(
            town
            for town in towns
            if unit_in_charge(book, category=leaf, territory=town, place_type=None, on=on) is None
        )
        if bare:
            found.append(Contradiction(UNCOVERED, category=leaf, towns=bare))
    return found


def _says(rule: DutyRule) -> tuple[object, ...]:
    return rule.lead, rule.assist, rule.level, rule.floor_unit, rule.not_grassroots


def _together(one: DutyRule, other: DutyRule) -> bool:
    """Is there a day on which both are in force?"""
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    ends = min(one.valid_to or date.max, other.valid_to or date.max)
    return begins <= ends


def read_duties(path: Path | str) -> list[DutyRule]:
    """Read a duty list (CSV with the columns of `DutyRule`; lists inside a cell separated by semicolons).

    Raises `BadDutyList` naming the row for a wrong level, a wrong date or a missing id.
    """
    return [duty_from_row(row, number) for number, row in _rows(Path(path))]


@dataclass(frozen=True, slots=True)
class _Row:
    cells: Mapping[str, str]
    number: int

    def text(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def day(self, column: str) -> date | None:
        value = self.text(column)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadDutyList(f"row {self.number}: {column} is not a date: {value!r}") from None


def duty_from_row(cells: Mapping[str, str], number: int = 0) -> DutyRule:
    """One rule from one row of a CSV. Raises `BadDutyList`."""
    row = _Row(cells, number)
    if not row.text("id"):
        raise BadDutyList(f"row {number}: no id")
    level = row.text("level") or "3"
    if level not in ("1", "2", "3", "4"):
        raise BadDutyList(f"row {number}: level must be 1 to 4, not {level!r}")
    first, last = row.day("valid_from"), row.day("valid_to")
    if first and last and last < first:
        raise BadDutyList(f"row {number}: valid_to lies before valid_from")
    return DutyRule(
        id=row.text("id"),
        category=row.text("category"),
        territory=row.text("territory"),
        place_type=row.text("place_type"),
        lead=row.text("lead"),
        assist=tuple(part.strip() for part in row.text("assist").split(";") if part.strip()),
        level=int(level),
        basis=row.text("basis"),
        basis_doc=row.text("basis_doc"),
        valid_from=first,
        valid_to=last,
        floor_unit=row.text("floor_unit"),
        not_grassroots=row.text("not_grassroots").lower() in ("1", "true", "yes", "是"),
        note=row.text("note"),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            yield number, {key: value or "" for key, value in row.items() if key}
