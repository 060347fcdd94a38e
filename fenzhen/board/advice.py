"""Joining the rooms that know words, places and duties into advice on one matter.

The adviser, the gazetteer and the duty list are built once per process from the district's rows, and again when
the lists were loaded again. `warm` builds them before the server forks, so that its processes share them.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Length
from django.utils import timezone

from fenzhen import advisor
from fenzhen.advisor import Adviser, BadCatalogue, SimilarIndex
from fenzhen.advisor.catalogue import phrases_from_elsewhere
from fenzhen.advisor.classify import Classifier
from fenzhen.advisor.storage import BadModelFile, load
from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.hotline.duty import TOWN, DutyBook
from fenzhen.hotline.journey import OPEN
from fenzhen.hotline.urgency import SIGNALS, Found, urgent_level
from fenzhen.locator import BadGazetteer, Gazetteer, locate, unknown_names
from fenzhen.locator import Place as Spot
from fenzhen.records.advice import LearnedModel
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import duty_book
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

log = logging.getLogger("fenzhen.board")

#: Units that are shown.
TOP = 3
#: Units that are weighed: a model that learned may lift one that the lists put low.
WEIGHED = 12
#: Who may ask the adviser about the past.
ASKS = roles.DESK | {roles.Role.SYSTEM}
#: From this likeness on a ruling on another ticket is a precedent for this one.
PRECEDENT = 0.5
#: Without a rule and without a signal: an ordinary matter.
USUAL_LEVEL = 3
#: Nobody waits for these in hours, whatever their subject; a signal of danger still counts.
_UNHURRIED = frozenset({"consultation", "suggestion", "praise"})


@dataclass(frozen=True, slots=True)
class UnitSeen:
    """A unit that may lead, and the rule that says so. `assist` are (code, name) pairs."""

    unit: str
    name: str
    short_name: str
    probability: float
    category: str
    category_name: str
    rule: str
    basis: str
    basis_doc: str
    valid_from: date | None
    assist: tuple[tuple[str, str], ...]
    level: int
    is_floor: bool = False
    not_grassroots: bool = False
    ruling: int = 0
    """A ticket on a like matter that a consultation gave to this unit."""
    lifted: bool = False
    """It stands first because of that ruling, not by its probability."""


@dataclass(frozen=True, slots=True)
class CategorySeen:
    """A category and its probability."""

    code: str
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class WordSeen:
    """``[start, end)`` of the title or the body (`field`), and its share of what the words said."""

    field: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class SignalFound:
    """A signal of danger: its Chinese name, where the words for it stand, what it asks for."""

    code: str
    name: str
    field: str
    start: int
    end: int
    level: int
    redirect: str


@dataclass(frozen=True, slots=True)
class PlaceSeen:
    """Where it is, or "not sure, which of these?". `candidates` are (code, name, town's name, probability)."""

    code: str = ""
    name: str = ""
    town: str = ""
    town_name: str = ""
    confidence: float = 0.0
    not_sure: bool = True
    candidates: tuple[tuple[str, str, str, float], ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviceView:
    """All that the desk is told about one matter. Positions count characters of the title or the body.

    `level_from` says why this level: ``signal``, ``rule`` or ``usual``. `town_share` is the probability that it is
    for "the town of the place" while the place is not known; then asking where is the best advice (`ask_place`).
    """

    units: tuple[UnitSeen, ...] = ()
    categories: tuple[CategorySeen, ...] = ()
    words: tuple[WordSeen, ...] = ()
    signals: tuple[SignalFound, ...] = ()
    redirect: str = ""
    level: int = USUAL_LEVEL
    level_from: str = "usual"
    place: PlaceSeen = field(default_factory=PlaceSeen)
    town_share: float = 0.0
    ask_place: bool = False
    why_not_second: Mapping[str, Any] = field(default_factory=dict)
    adviser: str = ""

    def as_record(self) -> dict[str, Any]:
        """The columns of the advice that is kept with a ticket: codes, numbers and positions, no words."""
        sure_place = self.place.code if not self.place.not_sure else ""
        return {
            "adviser": self.adviser,
            "categories": [{"category": c.code, "probability": c.probability} for c in self.categories],
            "units": [
                {
                    "unit": u.unit,
                    "probability": u.probability,
                    "category": u.category,
                    "rule": u.rule,
                    "assist": [code for code, _name in u.assist],
                    "level": u.level,
                    "is_floor": u.is_floor,
                    **({"ruling": u.ruling} if u.ruling else {}),
                    **({"lifted": True} if u.lifted else {}),
                }
                for u in self.units
            ],
            "place": {
                "code": self.place.code,
                "town": self.place.town,
                "confidence": self.place.confidence,
                "not_sure": self.place.not_sure,
                "candidates": [[code, share] for code, _name, _town, share in self.place.candidates],
                "town_share": self.town_share,
                "ask_place": self.ask_place,
            },
            "signals": [
                {
                    "code": s.code,
                    "field": s.field,
                    "start": s.start,
                    "end": s.end,
                    "level": s.level,
                    "redirect": s.redirect,
                }
                for s in self.signals
            ],
            "words": [asdict(word) for word in self.words],
            "level": self.level,
            "redirect": self.redirect,
            "category_code": self.units[0].category if self.units else self._first_category(),
            "place_code": sure_place,
            "town_code": self.place.town,
        }

    def _first_category(self) -> str:
        return self.categories[0].code if self.categories and self.ask_place else ""


@dataclass(frozen=True, slots=True)
class SimilarOpen:
    """An open ticket that may be about the same matter; `likeness` 0..1 of the words alone."""

    ticket: Ticket
    likeness: float
    same_place: bool
    same_town: bool


@dataclass(frozen=True, slots=True)
class SimilarDecided:
    """A finished ticket about a like matter; its lead unit is who had it in the end."""

    ticket: Ticket
    likeness: float
    solved: bool
    was_ruled: bool
    same_place: bool


def advice_for(
    viewer: User,
    *,
    title: str,
    body: str,
    place_text: str = "",
    place_code: str = "",
    kind: str = "",
    now: datetime,
) -> AdviceView:
    """What the adviser thinks of a matter. Empty for those who neither take calls nor send tickets to units.

    *place_code* is a place that a person chose, and is believed; *place_text* is what is known of the address.
    A consultation, suggestion or praise is not hurried by its subject's rule, only by a signal.
    """
    if viewer.role not in roles.INTAKE | roles.CENTRE:
        return AdviceView()
    room = _room()
    where, shares, spot = _where(room, title, body, place_text, place_code)
    text = f"{title}\n{body}"
    if room.adviser is None:
        level, found = urgent_level(text, USUAL_LEVEL)
        return AdviceView(
            signals=_signals(found, len(title)),
            redirect=_first_redirect(found),
            level=level,
            level_from="signal" if level < USUAL_LEVEL else "usual",
            place=where,
        )
    advice = advisor.advise(
        room.adviser,
        room.book,
        title,
        body,
        shares,
        spot.kind if spot else None,
        timezone.localtime(now).date(),
        USUAL_LEVEL,
        # "the town of the place" may be one of them and is told apart
        top=WEIGHED if room.learned else TOP + 1,
    )
    shown = room.joined(advice, title, body, spot.code if spot else where.town)
    ranked = _ruled(room, shown, title, body, spot.code if spot else where.town)
    asks = bool(advice.units) and advice.units[0].unit == TOWN
    ruled = ranked[0].level if ranked and not asks else advice.units[0].level if asks else USUAL_LEVEL
    if kind in _UNHURRIED:
        ruled = max(ruled, USUAL_LEVEL)
    level = min([ruled, *(one.level for one in advice.signals)])
    town_share = sum(u.probability for u in advice.units if u.unit == TOWN)
    why_not = advice.why_not_second
    if why_not and [u.unit for u in ranked[:2]] != [u.unit for u in advice.units[:2]]:
        why_not = None  # it speaks of the lists' order, which is not the one that is shown
    return AdviceView(
        units=tuple(ranked[:TOP]),
        categories=tuple(
            CategorySeen(c.code, room.categories.get(c.code, c.code), round(c.probability, 4))
            for c in advice.categories[:TOP]
        ),
        words=tuple(WordSeen(w.field, w.start, w.end, w.weight) for w in advice.words),
        signals=_signals(advice.signals, len(title)),
        redirect=advice.redirect or "",
        level=level,
        level_from="signal" if advice.signals and level < ruled else "rule" if advice.units else "usual",
        place=where,
        town_share=round(town_share, 4),
        ask_place=asks,
        why_not_second={
            "unit": why_not.unit,
            "behind": why_not.behind,
            "same_category": why_not.same_category,
            "rule": why_not.rule.id,
        }
        if why_not
        else {},
        adviser=room.version,
    )


def adviser_now(viewer: User) -> str:
    """The version of the adviser in use: the lists it knows and the model that learned beside them."""
    return _room().version


def opinions_on(
    viewer: User, matters: Sequence[tuple[str, str, str, str]], on: date, *, learned: bool = True
) -> list[tuple[str, str, float]]:
    """What the adviser in use would say first of past matters (title, body, words of the place, code of the place):
    (unit or "", category, confidence). Rulings are left out: they are about these very matters.

    ``learned=False``: what it would say from the lists alone. For people who answer for the adviser, and the system.
    """
    room = _room()
    if viewer.role not in ASKS or room.adviser is None:
        return [("", "", 0.0)] * len(matters)
    out: list[tuple[str, str, float]] = []
    for title, body, place_text, place_code in matters:
        where, shares, spot = _where(room, title, body, place_text, place_code)
        advice = advisor.advise(
            room.adviser,
            room.book,
            title,
            body,
            shares,
            spot.kind if spot else None,
            on,
            USUAL_LEVEL,
            top=WEIGHED if room.learned else TOP + 1,
            explain=False,
        )
        ranked = room.joined(advice, title, body, spot.code if spot else where.town, learned=learned)
        first = ranked[0] if ranked else None
        ask = bool(advice.units) and advice.units[0].unit == TOWN
        out.append(
            ("", "", 0.0) if first is None else ("" if ask else first.unit, first.category, first.probability)
        )
    return out


def trial_opinions(
    viewer: User,
    matters: Sequence[tuple[str, str, str, str]],
    on: date,
    classifier: Classifier,
    shares: Sequence[float],
) -> list[list[str]]:
    """The first unit of each matter by the adviser in use, and by one in which *classifier* had each of the *shares*."""
    room = _room()
    if viewer.role not in ASKS or room.adviser is None:
        return [[""] * (1 + len(shares))] * len(matters)
    others = [replace(room, learned=classifier, share=share) for share in shares]
    asked = classifier.probabilities([(title, body) for title, body, _text, _code in matters]).tolist()
    out = []
    for (title, body, place_text, place_code), chances in zip(matters, asked, strict=True):
        where, places, spot = _where(room, title, body, place_text, place_code)
        kind = spot.kind if spot else None
        advice = advisor.advise(
            room.adviser, room.book, title, body, places, kind, on, USUAL_LEVEL, top=WEIGHED, explain=False
        )
        at = spot.code if spot else where.town
        likely = dict(zip(classifier.labels, chances, strict=True))
        ranked = [room.joined(advice, title, body, at)]
        ranked += [one.joined(advice, title, body, at, likely=likely) for one in others]
        out.append([units[0].unit if units else "" for units in ranked])
    return out


def towns_of(viewer: User) -> dict[str, str]:
    """Units of towns and sub-districts → their territory: what a model learns of them is "the town of the place"."""
    if viewer.role not in ASKS:
        return {}
    rows = Unit.objects.filter(kind__in=["town", "subdistrict"]).exclude(territory="")
    return dict(rows.values_list("code", "territory"))


def similar_decided(
    viewer: User, ticket: Ticket, *, limit: int = 3, least: float = 0.2
) -> list[SimilarDecided]:
    """Finished tickets with similar words, and who solved them; of those that *viewer* may see."""
    text = f"{ticket.title}\n{ticket.body}"
    if len(text.strip()) < 4:
        return []
    likely = _decided_words.nearest(text, limit * 4, least=least, leave_out=ticket.pk)
    rows = (
        visible(viewer)
        .filter(pk__in=list(likely), state="closed", lead_unit__isnull=False)
        .select_related("lead_unit", "place", "town")
        .defer("body", "answer")
    )
    ruled = set(
        Entry.objects.filter(subject__in=[f"ticket:{row.pk}" for row in rows], act="settle").values_list(
            "subject", flat=True
        )
    )
    found = [
        SimilarDecided(
            row,
            likely[row.pk],
            row.final_solved == "yes",
            f"ticket:{row.pk}" in ruled,
            bool(ticket.place_id and row.place_id == ticket.place_id),
        )
        for row in rows
    ]
    found.sort(key=lambda one: (-one.was_ruled, -one.likeness - 0.1 * one.same_place, -one.ticket.pk))
    return found[:limit]


def places_heard(viewer: User, title: str, body: str, place_text: str = "") -> dict[str, float]:
    """Code of a place → probability, as the words tell it; empty where they name none. Plain data for the spotter."""
    found = locate(f"{title}\n{body}", _places(), hint=place_text or None)
    return found.probabilities()


def names_unknown(viewer: User, text: str) -> list[str]:
    """What the words call places that are on no list, as said."""
    return unknown_names(text, _places())


def advice_on(viewer: User, ticket: Ticket, now: datetime) -> AdviceView:
    """What the adviser thinks of a ticket."""
    return advice_for(
        viewer,
        title=ticket.title,
        body=ticket.body,
        place_text=ticket.place_text,
        place_code=ticket.place.code if ticket.place else "",
        kind=ticket.kind,
        now=now,
    )


def similar_open(
    viewer: User,
    ticket: Ticket | None = None,
    *,
    title: str = "",
    body: str = "",
    place_code: str = "",
    limit: int = 5,
    least: float = 0.12,
) -> list[SimilarOpen]:
    """Open tickets with similar words, nearer ones first, of those that *viewer* may see.

    Like *ticket*, or like a matter that is being typed (*title*, *body*, and *place_code* where that is known).
    """
    if ticket is not None:
        text, own, place, town = f"{ticket.title}\n{ticket.body}", ticket.pk, ticket.place_id, ticket.town_id
    else:
        text, own = f"{title}\n{body}", None
        row = Place.objects.filter(code=place_code).first() if place_code else None
        home = Place.objects.filter(code=row.town).first() if row and row.town else None
        place, town = (row.pk if row else None), (home.pk if home else None)
    if len(text.strip()) < 4:
        return []
    likely = _open_words.nearest(text, limit * 4, least=least, leave_out=own)
    rows = (
        visible(viewer)
        .filter(pk__in=list(likely), state__in=[str(s) for s in OPEN])
        .select_related("place", "town", "lead_unit", "category")
        .defer("body", "answer")
    )
    found = [
        SimilarOpen(
            row,
            likely[row.pk],
            same_place=place is not None and row.place_id == place,
            same_town=town is not None and row.town_id == town,
        )
        for row in rows
    ]
    # Two broken lifts in two towns are two matters: a place that agrees weighs as much as many words.
    found.sort(key=lambda one: (-(one.likeness + 0.3 * one.same_place + 0.1 * one.same_town), -one.ticket.pk))
    return found[:limit]


def warm(*, with_similar: bool = True) -> dict[str, float | int | bool]:
    """Build and load everything before the first caller (and before the server forks); says what there is."""
    room = _room()
    if room.adviser is not None:
        room.adviser.warm()
    if with_similar:
        for words in (_open_words, _decided_words):
            words.nearest("预热预热", 1, least=1.0, leave_out=None)
    return {
        "categories": len(room.categories),
        "places": len(room.gazetteer),
        "duties": len(room.book),
        "embedding": bool(room.adviser and room.adviser.uses_embedding),
    }


# --- the district's rows as the ground rooms take them -----------------------------------------------------


@dataclass(slots=True)
class _Room:
    """Everything that advice is made from, of one loading of the lists. Read-only."""

    stamp: str
    adviser: Adviser | None
    book: DutyBook
    gazetteer: Gazetteer
    units: dict[str, tuple[str, str]]
    categories: dict[str, str]
    version: str = ""
    learned: Classifier | None = None
    share: float = 0.0

    def joined(
        self,
        advice: advisor.Advice,
        title: str,
        body: str,
        place: str,
        *,
        learned: bool = True,
        likely: Mapping[str, float] | None = None,
    ) -> list[UnitSeen]:
        """The units of the lists' advice, best first; where a model has learned, its word counts with its share.

        The model knows towns only as "the town of the place"; without a place that share goes to nobody. *likely*: what
        the model says, where it was asked already.
        """
        seen = [self.seen(u) for u in advice.units if u.unit in self.units]
        if self.learned is None or not learned or not self.share or not advice.categories:
            return seen
        if likely is None:
            likely = dict(
                zip(self.learned.labels, self.learned.probabilities([(title, body)])[0].tolist(), strict=True)
            )
        town = self.book.town_unit(place) if place else None
        said = {(town or "") if unit == TOWN else unit: chance for unit, chance in likely.items()}
        best = sorted((unit for unit in said if unit in self.units), key=lambda unit: -said[unit])[:TOP]
        there = {one.unit for one in seen}
        seen += [
            UnitSeen(
                unit=unit,
                name=self.units[unit][0],
                short_name=self.units[unit][1],
                probability=0.0,
                category=advice.categories[0].code,
                category_name=self.categories.get(advice.categories[0].code, ""),
                rule="",
                basis="",
                basis_doc="",
                valid_from=None,
                assist=(),
                level=USUAL_LEVEL,
            )
            for unit in best
            if unit not in there
        ]
        mixed = [
            replace(
                one,
                probability=round(
                    (1 - self.share) * one.probability + self.share * said.get(one.unit, 0.0), 4
                ),
            )
            for one in seen
        ]
        return sorted(mixed, key=lambda one: (-one.probability, one.unit))

    def seen(self, one: advisor.UnitAdvice) -> UnitSeen:
        name, short = self.units[one.unit]
        return UnitSeen(
            unit=one.unit,
            name=name,
            short_name=short,
            probability=one.probability,
            category=one.category,
            category_name=self.categories.get(one.category, one.category),
            rule=one.rule.id,
            basis=one.rule.basis,
            basis_doc=one.rule.basis_doc,
            valid_from=one.rule.valid_from,
            assist=tuple((code, self.units[code][1]) for code in one.assist if code in self.units),
            level=one.level,
            is_floor=one.is_floor,
            not_grassroots=one.rule.not_grassroots,
        )


_held: dict[str, _Room] = {}
_building = Lock()


def _room() -> _Room:
    """The room of the lists as they are loaded now. One thread builds it; meanwhile the others go on with the one
    before, where there is one."""
    stamp = _stamp()
    room = _held.get("room")
    if room is not None and room.stamp == stamp:
        return room
    if not _building.acquire(blocking=room is None):
        assert room is not None  # else we would have waited
        return room
    try:
        room = _held.get("room")
        if room is None or room.stamp != stamp:
            room = _held["room"] = _build(stamp)
        return room
    finally:
        _building.release()


def _stamp() -> str:
    """Changes when the lists were loaded again, when a row was added or removed by hand, and when another model is in use."""
    district = District.objects.order_by("pk").values_list("checksum", "loaded_at").first()
    checksum, loaded = district or ("", None)
    sizes = [
        list(model._default_manager.aggregate(n=Count("pk"), last=Max("pk")).values())
        for model in (Category, Example, Duty, Place, Unit)
    ]
    by_hand = Place.objects.aggregate(
        aliases=Sum(Length("aliases")), live=Count("pk", filter=Q(is_active=True))
    )
    sizes.append(list(by_hand.values()))
    model = LearnedModel.objects.filter(in_use=True).values_list("checksum", flat=True).first()
    return f"{checksum[:16]} {loaded or ''} {sizes} {model or ''}"


def _build(stamp: str) -> _Room:
    units = {u.code: u for u in Unit.objects.filter(is_active=True)}
    places = list(Place.objects.filter(is_active=True))
    known = {p.code for p in places}
    learned, share = _learned()
    return _Room(
        stamp=stamp,
        # What it advises from, without the hour of loading: the same lists loaded again are the same adviser.
        version=sha256(repr(_ground(learned, share)).encode()).hexdigest()[:16],
        learned=learned,
        share=share,
        adviser=_adviser(),
        book=duty_book(),
        gazetteer=_gazetteer(places, known),
        units={code: (u.name, u.short_name or u.name) for code, u in units.items()},
        categories={c.code: c.name for c in Category.objects.all()},
    )


def _ground(learned: Classifier | None, share: float) -> list[object]:
    """Everything that an advice hangs on, in an order of its own."""
    model = LearnedModel.objects.filter(in_use=True).values_list("checksum", flat=True).first()
    return [
        list(
            Category.objects.filter(is_active=True)
            .order_by("code")
            .values_list("code", "name", "definition", "not_here")
        ),
        list(Example.objects.order_by("category__code", "text").values_list("category__code", "text")),
        list(
            Duty.objects.order_by("rule_id").values_list(
                "rule_id",
                "category",
                "territory",
                "place_type",
                "lead",
                "valid_from",
                "valid_to",
                "floor_unit",
                "not_grassroots",
            )
        ),
        list(
            Place.objects.filter(is_active=True)
            .order_by("code")
            .values_list("code", "name", "parent", "town", "aliases")
        ),
        list(Unit.objects.filter(is_active=True).order_by("code").values_list("code", "kind", "territory")),
        (model, share) if learned is not None else None,
    ]


def _learned() -> tuple[Classifier | None, float]:
    """The model in use and its share; none where its file is gone or damaged, which the adviser's page then says."""
    row = LearnedModel.objects.filter(in_use=True).first()
    if row is None:
        return None, 0.0
    try:
        classifier, _notes, checksum = load(models_folder() / row.file)
    except (BadModelFile, FileNotFoundError):
        log.exception("the model %s cannot be used", row.version)
        return None, 0.0
    if checksum != row.checksum:
        log.error("the model %s is not the file that was kept", row.version)
        return None, 0.0
    return classifier, row.share


def models_folder() -> Path:
    """Where learned models lie."""
    return Path(settings.FENZHEN_DATA_DIR) / "models"


def _ruled(room: _Room, ranked: list[UnitSeen], title: str, body: str, place: str) -> list[UnitSeen]:
    """A ruling on a like matter outranks what was learned and reckoned: the unit that it named comes first."""
    precedent = _rulings.unit_for(f"{title}\n{body}")
    if precedent is None or not ranked:
        return ranked
    ticket, code, is_town = precedent
    unit = room.book.town_unit(place) if is_town else code
    if unit is None or unit not in room.units:
        return ranked
    at = next((n for n, one in enumerate(ranked) if one.unit == unit), None)
    if at is None:
        first = ranked[0]
        name, short = room.units[unit]
        one = replace(
            first, unit=unit, name=name, short_name=short, probability=0.0, rule="", basis="", basis_doc="",
            valid_from=None, assist=(), is_floor=False, not_grassroots=False,
        )  # fmt: skip
        return [replace(one, ruling=ticket, lifted=True), *ranked]
    one = replace(ranked[at], ruling=ticket, lifted=at > 0)
    return [one, *ranked[:at], *ranked[at + 1 :]]


def _adviser() -> Adviser | None:
    """None while there is no category to advise on."""
    rows = list(Category.objects.filter(is_active=True))
    texts: dict[int, list[str]] = {}
    for example in Example.objects.filter(category__is_active=True):
        texts.setdefault(example.category_id, []).append(example.text)
    elsewhere = phrases_from_elsewhere({row.code: row.not_here for row in rows})
    cache = Path(settings.FENZHEN_CACHE_DIR)
    cache.mkdir(parents=True, exist_ok=True)
    try:
        return Adviser.from_categories(
            [
                advisor.Category(
                    code=row.code,
                    level1=row.level1,
                    level2=row.level2,
                    name=row.name,
                    definition=row.definition,
                    not_here=row.not_here,
                    kind_hint=row.kind_hint,
                    examples=tuple(texts.get(row.pk, ())),
                    elsewhere=tuple(elsewhere.get(row.code, ())),
                )
                for row in rows
            ],
            cache=cache,
        )
    except BadCatalogue:
        return None


_listed: dict[str, Gazetteer] = {}


def _places() -> Gazetteer:
    """The list of places by itself: whoever asks only where needs no adviser, which takes long to make."""
    stamp = repr(
        Place.objects.aggregate(
            n=Count("pk"),
            last=Max("pk"),
            active=Count("pk", filter=Q(is_active=True)),
            aliases=Sum(Length("aliases")),
        )
    )
    stamp += str(District.objects.order_by("pk").values_list("checksum", flat=True).first())
    if stamp not in _listed:
        places = list(Place.objects.filter(is_active=True))
        _listed.clear()
        _listed[stamp] = _gazetteer(places, {p.code for p in places})
    return _listed[stamp]


def _gazetteer(places: list[Place], known: set[str]) -> Gazetteer:
    spots = [
        Spot(
            code=p.code,
            name=p.name,
            kind=p.kind,
            parent=p.parent if p.parent in known else "",
            town=p.town,
            aliases=tuple(a.strip() for a in p.aliases.split(";") if a.strip()),
            run_by=p.run_by,
        )
        for p in places
    ]
    try:
        return Gazetteer(spots)
    except BadGazetteer:
        return Gazetteer(
            []
        )  # a place spoilt by hand must not stop the desk; `fenzhen load` names such faults


def _where(
    room: _Room, title: str, body: str, place_text: str, place_code: str
) -> tuple[PlaceSeen, dict[str, float] | None, Spot | None]:
    """The place for the page, place → probability for the adviser, and the best place."""
    chosen = room.gazetteer.get(place_code) if place_code else None
    if chosen is not None:
        seen = PlaceSeen(
            chosen.code, chosen.name, chosen.town, _name(room, chosen.town), 1.0, False, (), ("chosen",)
        )
        return seen, {chosen.code: 1.0}, chosen
    found = locate(f"{title}\n{body}", room.gazetteer, hint=place_text or None)
    best = found.best
    seen = PlaceSeen(
        code=best.code if best else "",
        name=best.name if best else "",
        town=found.town or "",
        town_name=_name(room, found.town or ""),
        confidence=round(found.confidence, 4),
        not_sure=best is None,
        candidates=tuple(
            (p.code, p.name, _name(room, p.town), round(share, 4)) for p, share in found.candidates[:4]
        ),
        why=found.why,
    )
    return seen, found.probabilities() or None, best


def _name(room: _Room, code: str) -> str:
    place = room.gazetteer.get(code) if code else None
    return place.name if place else ""


def _signals(found: tuple[Found, ...] | list[Found], title_length: int) -> tuple[SignalFound, ...]:
    """Positions in ``title \\n body`` become positions in the title or in the body."""
    out = []
    for one in found:
        in_title = one.start < title_length
        shift = 0 if in_title else title_length + 1
        end = min(one.end, title_length) if in_title else one.end - shift
        out.append(
            SignalFound(
                one.code,
                SIGNALS[one.code].words,
                "title" if in_title else "body",
                one.start - shift,
                end,
                one.level,
                one.redirect or "",
            )
        )
    return tuple(out)


def _first_redirect(found: list[Found]) -> str:
    lines = {one.redirect for one in found if one.redirect}
    return next((line for line in ("119", "120", "110", "122") if line in lines), "")


class _Words:
    """The words of tickets in some states, kept up by reading what changed since the last look. *since*: older ones
    are left out at the first look."""

    #: A transaction may commit later than its own time says; so far back is read again.
    OVERLAP = timedelta(seconds=60)

    def __init__(
        self, states: Collection[str], since: timedelta | None = None, most: int | None = None
    ) -> None:
        self._states = {str(state) for state in states}
        self._since = since
        self._most = most
        self._lock = Lock()
        self._index: SimilarIndex[int] = SimilarIndex()
        self._kept: dict[int, tuple[str, int]] = {}
        self._seen_to: datetime | None = None
        self._last_pk = 0

    def nearest(self, text: str, top: int, *, least: float, leave_out: int | None) -> dict[int, float]:
        """Ticket id → likeness."""
        with self._lock:  # the index is not made for reading while it is written
            self._catch_up()
            found = self._index.similar(text, top, least=least, leave_out=[leave_out] if leave_out else [])
        return {one.id: one.likeness for one in found}

    def _catch_up(self) -> None:
        states = self._states
        rows = Ticket.objects.order_by("changed_at")
        if self._seen_to is None:
            rows = rows.filter(state__in=states)
            if self._since is not None:
                rows = rows.filter(changed_at__gte=timezone.now() - self._since)
            if self._most is not None:
                newest = rows.order_by("-changed_at").values_list("changed_at", flat=True)
                oldest = newest[self._most : self._most + 1]
                rows = rows.filter(changed_at__gt=oldest[0]) if oldest else rows
        else:
            rows = rows.filter(changed_at__gte=self._seen_to - self.OVERLAP) | Ticket.objects.order_by(
                "changed_at"
            ).filter(pk__gt=self._last_pk)
        changed = rows.values_list("pk", "number", "version", "state", "changed_at")
        wanted: list[int] = []
        for pk, number, version, state, changed_at in changed:
            self._seen_to = max(self._seen_to or changed_at, changed_at)
            self._last_pk = max(self._last_pk, pk)
            if state not in states:
                if pk in self._kept:
                    del self._kept[pk]
                    self._index.remove(pk)
            elif self._kept.get(pk) != (number, version):
                self._kept[pk] = (number, version)
                wanted.append(pk)
        for start in range(0, len(wanted), 500):
            some = Ticket.objects.filter(pk__in=wanted[start : start + 500])
            for pk, title, body in some.values_list("pk", "title", "body"):
                self._index.add(pk, f"{title}\n{body}")


class _Rulings:
    """Tickets that a consultation settled, by their words: (ticket, unit, whether that is the town of the place)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._index: SimilarIndex[int] = SimilarIndex()
        self._units: dict[int, tuple[str, bool]] = {}
        self._seen: tuple[int, int] | None = None

    def unit_for(self, text: str) -> tuple[int, str, bool] | None:
        """The ruling on the matter most like *text*, if it is like enough."""
        with self._lock:
            self._catch_up()
            found = self._index.similar(text, 1, least=PRECEDENT) if self._units else []
        return (found[0].id, *self._units[found[0].id]) if found else None

    def _catch_up(self) -> None:
        entries = Entry.objects.filter(event="consultation_settled")
        seen = entries.aggregate(last=Max("pk"), n=Count("pk"))
        mark = (seen["last"] or 0, seen["n"])
        if mark == self._seen:
            return
        after = self._seen[0] if self._seen and mark[1] > self._seen[1] else 0
        rows = list(entries.filter(pk__gt=after).order_by("pk").values_list("subject", "facts"))
        units = {u.pk: u for u in Unit.objects.filter(pk__in={facts.get("unit") for _s, facts in rows})}
        for subject, facts in rows:
            pk, unit = int(subject[7:]), units.get(facts.get("unit"))
            ticket = Ticket.objects.filter(pk=pk).values_list("title", "body").first()
            if unit is None or ticket is None:
                continue
            self._index.add(pk, f"{ticket[0]}\n{ticket[1]}")
            self._units[pk] = (unit.code, unit.kind in {"town", "subdistrict"})
        self._seen = mark


_open_words = _Words(OPEN)
#: Each takes 15 to 50 KB of every process; the newest three thousand are precedents enough.
_decided_words = _Words({"closed"}, since=timedelta(days=180), most=3_000)
_rulings = _Rulings()

__all__ = [
    "AdviceView",
    "CategorySeen",
    "PlaceSeen",
    "SignalFound",
    "SimilarDecided",
    "SimilarOpen",
    "UnitSeen",
    "WordSeen",
    "adviser_now",
    "advice_for",
    "advice_on",
    "models_folder",
    "names_unknown",
    "opinions_on",
    "similar_decided",
    "similar_open",
    "towns_of",
    "trial_opinions",
    "warm",
]
