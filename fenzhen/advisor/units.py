"""Category × place × duty list → units, with the doubt of each carried through.

The adviser is not sure of the category and the locator is not sure of the place. The probability of a unit is the sum
over both of everything that leads to it; the category that contributes most names the rule that is shown.

Where only some units may be named (bureaus without the towns, say), who leads is not what is asked, but who would
answer: then a category speaks for its lead and, less, for those that assist, in the order of the rule; and a second
way, from the text's words straight to units (`UnitWords`), speaks with the same voice as the categories.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from fenzhen.advisor.model import Adviser, Ranked, Word
from fenzhen.advisor.unit_letters import UnitLetters
from fenzhen.advisor.unit_words import UnitWords
from fenzhen.hotline.duty import TOWN, DutyBook, DutyRule, UnitInCharge, unit_in_charge
from fenzhen.hotline.urgency import Found, urgent_level

#: Less likely categories are asked for their unit only while fewer units than wanted are found.
_LEAST_PROBABILITY = 0.003
#: Where only some units may be named: what the first allowed unit of a rule gets, the second, the third, and each
#: further one. An assumption (no list says how often an assisting unit answers), not fitted to anything.
_SHARES = (0.7, 0.2, 0.1, 0.05)
#: Each way may be silent about a unit and wrong in it: the least a category sum, a share of words, one of letters count as.
_LEAST_SUM, _LEAST_SHARE, _LEAST_LIKE = 0.001, 0.01, 0.01


@dataclass(frozen=True, slots=True)
class UnitAdvice:
    """A unit that may lead: how likely, for which category, by which rule. ``unit`` is ``@town`` when the place is
    not known (`needs_place`). ``in_place_of`` names the lead it stands for when only some units were asked for."""

    unit: str
    probability: float
    category: str
    rule: DutyRule
    assist: tuple[str, ...]
    level: int
    needs_place: bool = False
    is_floor: bool = False
    in_place_of: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why the second is not the first: what it would have been for, by how much it is behind, what speaks for it.

    ``same_category``: both would lead the same matter and only the place (or its type) tells them apart.
    """

    unit: str
    category: str
    behind: float
    same_category: bool
    rule: DutyRule
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the desk is told. ``units`` may be empty (no rule fits); then the level is the given one or the signals'."""

    units: tuple[UnitAdvice, ...]
    categories: tuple[Ranked, ...]
    level: int
    signals: tuple[Found, ...] = ()
    redirect: str | None = None
    words: tuple[Word, ...] = ()
    why_not_second: WhyNot | None = None
    needs_place: bool = False


_Speakers = tuple[UnitInCharge | None, tuple[tuple[str, float, float], ...]]
_Known = dict[tuple[str, str | None], _Speakers]


@dataclass(slots=True)
class _Sum:
    total: float = 0.0
    most: float = 0.0
    category: str = ""
    answer: UnitInCharge | None = None
    in_place_of: str = ""


def advise(
    adviser: Adviser,
    book: DutyBook,
    title: str,
    body: str,
    place: Mapping[str, float] | None,
    place_type: str | None,
    on: date,
    level_default: int = 3,
    *,
    top: int = 3,
    only: Collection[str] | None = None,
    words: UnitWords | None = None,
    letters: UnitLetters | None = None,
    explain: bool = True,
) -> Advice:
    """The likeliest units for a matter, with reasons.

    ``place``: place code → probability (what is missing to 1 is "unknown"); None when nothing is known. ``only``: the
    units that may be named; where a rule's lead is another, its allowed assisting units, its floor unit or the lead of
    the next rule stand for it, and ``words`` and ``letters`` are heard beside the categories. ``explain=False`` leaves out
    words and `why_not_second` (for whole files).
    """
    (row,) = adviser.probabilities([(title, body)])
    return _advice(
        adviser,
        book,
        title,
        body,
        place,
        place_type,
        on,
        level_default,
        row,
        top,
        only,
        words,
        letters,
        explain,
    )


def advise_batch(
    adviser: Adviser,
    book: DutyBook,
    texts: Collection[tuple[str, str]],
    on: date,
    *,
    top: int = 3,
    only: Collection[str] | None = None,
    words: UnitWords | None = None,
    letters: UnitLetters | None = None,
    level_default: int = 3,
) -> list[Advice]:
    """`advise` for many texts without places and without explanations."""
    rows = adviser.probabilities(list(texts))
    known: _Known = {}  # what the duty list answers is the same for every text of one day without a place
    return [
        _advice(
            adviser,
            book,
            title,
            body,
            None,
            None,
            on,
            level_default,
            row,
            top,
            only,
            words,
            letters,
            False,
            known,
        )
        for (title, body), row in zip(texts, rows, strict=True)
    ]


def _advice(
    adviser: Adviser,
    book: DutyBook,
    title: str,
    body: str,
    place: Mapping[str, float] | None,
    place_type: str | None,
    on: date,
    level_default: int,
    probabilities: NDArray[np.float64],
    top: int,
    only: Collection[str] | None,
    words: UnitWords | None,
    letters: UnitLetters | None,
    explain: bool,
    known: _Known | None = None,
) -> Advice:
    order = np.argsort(-probabilities, kind="stable").tolist()
    likely = (Ranked(adviser.codes[at], float(probabilities[at])) for at in order)
    sums = _sum_up(book, likely, _places(place), place_type, on, only, top, known)
    if only is not None and (words is not None or letters is not None):
        _hear(
            sums,
            words.shares(title, body) if words is not None else {},
            letters.shares(title, body) if letters is not None else {},
        )
    if any(unit != TOWN and unit in book.towns for unit in sums):
        # The place is known as far as it goes: "some town" is then no advice, only what is missing to 1.
        sums.pop(TOWN, None)
    ranked = sorted(sums.items(), key=lambda item: (-item[1].total, item[0]))[:top]
    units = tuple(_as_advice(unit, one) for unit, one in ranked if one.answer is not None)
    text = f"{title}\n{body}"
    level, signals = urgent_level(text, units[0].level if units else level_default)
    spoke: tuple[Word, ...] = ()
    why_not = None
    if explain and units:
        spoke = tuple(adviser.words(title, body, units[0].category))
        if len(units) > 1:
            why_not = _why_not(adviser, title, body, units[0], units[1])
    return Advice(
        units=units,
        categories=tuple(Ranked(adviser.codes[at], float(probabilities[at])) for at in order[:top]),
        level=level,
        signals=tuple(signals),
        redirect=_redirect(signals),
        words=spoke,
        why_not_second=why_not,
        needs_place=bool(units) and units[0].needs_place,
    )


def _places(place: Mapping[str, float] | None) -> list[tuple[str | None, float]]:
    if not place:
        return [(None, 1.0)]
    known: list[tuple[str | None, float]] = [(code, share) for code, share in place.items() if share > 0]
    total = sum(share for _, share in known)
    if total > 1:
        known = [(code, share / total) for code, share in known]
        total = 1.0
    listed = sorted(known, key=lambda item: (-item[1], str(item[0])))[:6]
    rest = 1 - sum(share for _, share in listed)
    return [*listed, (None, rest)] if rest > 1e-6 else listed


def _sum_up(
    book: DutyBook,
    likely: Iterable[Ranked],
    places: list[tuple[str | None, float]],
    place_type: str | None,
    on: date,
    only: Collection[str] | None,
    wanted: int,
    known: _Known | None,
) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    known = {} if known is None else known
    allowed = frozenset(only) if only is not None else None
    for category in likely:
        if (
            allowed is None
            and category.probability < _LEAST_PROBABILITY
            and len(sums.keys() - {TOWN}) >= wanted
        ):
            break
        for code, share in places:
            key = category.code, code
            if key not in known:
                known[key] = _speakers(book, category.code, code, place_type, on, allowed)
            answer, speakers = known[key]
            if answer is None:
                continue
            weight = category.probability * share
            for unit, part, strength in speakers:
                _add(sums, unit, weight * part, weight * strength, category.code, answer)
    return sums


def _speakers(
    book: DutyBook,
    category: str,
    territory: str | None,
    place_type: str | None,
    on: date,
    allowed: frozenset[str] | None,
) -> _Speakers:
    """For which units a category at a place speaks: unit, its part of the category, how strongly it is meant."""
    answer = unit_in_charge(book, category=category, territory=territory, place_type=place_type, on=on)
    if answer is None:
        return None, ()
    if allowed is None:
        return answer, ((answer.lead, 1.0, 1.0),)
    there = _allowed(book, answer, category, territory, place_type, on, allowed)
    parts = [_SHARES[min(at, len(_SHARES) - 1)] for at in range(len(there))]
    return answer, tuple((unit, part / sum(parts), part) for unit, part in zip(there, parts, strict=True))


def _add(
    sums: dict[str, _Sum], unit: str, weight: float, speaks: float, category: str, answer: UnitInCharge
) -> None:
    one = sums.setdefault(unit, _Sum())
    one.total += weight
    if speaks > one.most:
        one.most, one.category, one.answer = speaks, category, answer
        one.in_place_of = answer.lead if unit != answer.lead else ""


def _hear(sums: dict[str, _Sum], shares: Mapping[str, float], like: Mapping[str, float]) -> None:
    """The geometric mean of what categories and words say, and of that and what letters say; made to sum to one.

    Letters that are like nothing leave the text to the others, and say neither good nor ill of a unit that has none."""
    pooled: dict[str, float] = {}
    unknown = 1 / max(len(like), 1)
    for unit, one in sums.items():
        value = math.sqrt(max(one.total, _LEAST_SUM) * (shares.get(unit, 0.0) + _LEAST_SHARE))
        pooled[unit] = math.sqrt(value * (like.get(unit, unknown) + _LEAST_LIKE)) if like else value
    total = sum(pooled.values())
    for unit, value in pooled.items():
        sums[unit].total = value / total


def _allowed(
    book: DutyBook,
    answer: UnitInCharge,
    category: str,
    territory: str | None,
    place_type: str | None,
    on: date,
    allowed: frozenset[str],
) -> list[str]:
    """The allowed units a rule names, in its order; of the next rule that names one, where it names none."""
    rule = answer.rule
    there = [unit for unit in (answer.lead, *answer.assist, rule.floor_unit) if unit in allowed]
    if not there:
        for other, _ in book.matching(category, territory, place_type, on):
            there = [unit for unit in (other.lead, *other.assist, other.floor_unit) if unit in allowed]
            if there:
                break
    return list(dict.fromkeys(there))


def _as_advice(unit: str, one: _Sum) -> UnitAdvice:
    answer = one.answer
    if answer is None:
        raise ValueError(f"no rule led to {unit}")
    return UnitAdvice(
        unit=unit,
        probability=round(min(one.total, 1.0), 4),
        category=one.category,
        rule=answer.rule,
        assist=tuple(other for other in answer.assist if other != unit),
        level=answer.level,
        needs_place=unit == TOWN,
        is_floor=answer.is_floor,
        in_place_of=one.in_place_of,
        why=answer.why,
    )


def _why_not(adviser: Adviser, title: str, body: str, first: UnitAdvice, second: UnitAdvice) -> WhyNot:
    same = first.category == second.category
    words = () if same else tuple(adviser.words(title, body, second.category, against=first.category, most=3))
    return WhyNot(
        unit=second.unit,
        category=second.category,
        behind=round(first.probability - second.probability, 4),
        same_category=same,
        rule=second.rule,
        words=words,
    )


def _redirect(signals: list[Found]) -> str | None:
    """The emergency line of the gravest signal that names one; fire and life before the rest."""
    lines = {one.redirect for one in signals if one.redirect}
    for line in ("119", "120", "110", "122"):
        if line in lines:
            return line
    return None
