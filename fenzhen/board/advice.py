"""Joining the rooms that know words, places and duties into advice on one matter.

The adviser, the gazetteer and the duty list are built once per process from the district's rows, and again when
the lists were loaded again. `warm` builds them before the server forks, so that its processes share them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import Count, Max
from django.utils import timezone

from fenzhen import advisor
from fenzhen.advisor import Adviser, BadCatalogue, SimilarIndex
from fenzhen.advisor.catalogue import phrases_from_elsewhere
from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.hotline.duty import TOWN, DutyBook, DutyRule
from fenzhen.hotline.journey import OPEN
from fenzhen.hotline.urgency import SIGNALS, Found, urgent_level
from fenzhen.locator import BadGazetteer, Gazetteer, locate
from fenzhen.locator import Place as Spot
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import District
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Units that are shown.
TOP = 3
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
        top=TOP + 1,  # "the town of the place" may be one of them and is told apart
    )
    ruled = advice.units[0].level if advice.units else USUAL_LEVEL
    if kind in _UNHURRIED:
        ruled = max(ruled, USUAL_LEVEL)
    level = min([ruled, *(one.level for one in advice.signals)])
    town_share = sum(u.probability for u in advice.units if u.unit == TOWN)
    why_not = advice.why_not_second
    return AdviceView(
        units=tuple(room.seen(u) for u in advice.units if u.unit in room.units)[:TOP],
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
        ask_place=bool(advice.units) and advice.units[0].unit == TOWN,
        why_not_second={
            "unit": why_not.unit,
            "behind": why_not.behind,
            "same_category": why_not.same_category,
            "rule": why_not.rule.id,
        }
        if why_not
        else {},
        adviser=room.stamp[:16],
    )


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
        _open_words.nearest("预热预热", 1, least=1.0, leave_out=None)
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
    """Changes when the lists were loaded again, or when a row was added or removed by hand."""
    district = District.objects.order_by("pk").values_list("checksum", "loaded_at").first()
    checksum, loaded = district or ("", None)
    sizes = [
        list(model._default_manager.aggregate(n=Count("pk"), last=Max("pk")).values())
        for model in (Category, Example, Duty, Place, Unit)
    ]
    return f"{checksum[:16]} {loaded or ''} {sizes}"


def _build(stamp: str) -> _Room:
    units = {u.code: u for u in Unit.objects.filter(is_active=True)}
    towns = {u.territory: u.code for u in units.values() if u.kind in {"town", "subdistrict"} and u.territory}
    places = list(Place.objects.filter(is_active=True))
    known = {p.code for p in places}
    parents = {p.code: p.parent for p in places if p.parent}
    return _Room(
        stamp=stamp,
        adviser=_adviser(),
        book=DutyBook([_rule(row) for row in Duty.objects.all()], towns, parents),
        gazetteer=_gazetteer(places, known),
        units={code: (u.name, u.short_name or u.name) for code, u in units.items()},
        categories={c.code: c.name for c in Category.objects.all()},
    )


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


def _rule(row: Duty) -> DutyRule:
    return DutyRule(
        id=row.rule_id,
        category=row.category,
        territory=row.territory,
        place_type=row.place_type,
        lead=row.lead,
        assist=tuple(a.strip() for a in row.assist.split(";") if a.strip()),
        level=row.level,
        basis=row.basis,
        basis_doc=row.basis_doc,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        floor_unit=row.floor_unit,
        not_grassroots=row.not_grassroots,
        note=row.note,
    )


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


class _OpenWords:
    """The words of all open tickets, kept up by reading what changed since the last look."""

    #: A transaction may commit later than its own time says; so far back is read again.
    OVERLAP = timedelta(seconds=60)

    def __init__(self) -> None:
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
        states = {str(s) for s in OPEN}
        rows = Ticket.objects.order_by("changed_at")
        if self._seen_to is None:
            rows = rows.filter(state__in=states)
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


_open_words = _OpenWords()

__all__ = [
    "AdviceView",
    "CategorySeen",
    "PlaceSeen",
    "SignalFound",
    "SimilarOpen",
    "UnitSeen",
    "WordSeen",
    "advice_for",
    "advice_on",
    "similar_open",
    "warm",
]
