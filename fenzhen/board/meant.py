"""Which live event a caller means, while the words are still being typed: said from the events' own tickets.

The spotter's memory lives with the worker; here the words are held against what the callers of each live event said, weighed by how
rare a string is among recent tickets, with the place and the matter as the locator and the adviser see them. Another known place is
another matter.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from fenzhen.board.advice import places_heard
from fenzhen.board.events import LEAST, LIVE, events_seen
from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.records.advice import Advice
from fenzhen.records.events import Event, EventTicket, Wave
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket

#: An event of which nobody called for so long is not what somebody means today.
LATELY = timedelta(days=60)
#: So many recent tickets say how rare a string is; looked at again after so long.
_SAMPLE, _FRESH = 600, timedelta(minutes=30)
#: So many tickets of an event are read; the latest ones.
_READ = 120
#: With the place known to be the same (and its name left out of the words), so much likeness is enough; without a place, so much; by the town alone, so much.
SAME_PLACE, NO_PLACE, SAME_TOWN = 0.07, 0.24, 0.20
#: What a category that agrees adds, and what the event's own matter adds where the place is the same.
MATTER = 0.12


@dataclass(frozen=True, slots=True)
class Meant:
    """An event the caller probably means. `told` is the approved wording, empty while there is none; `mine` the same
    caller's own ticket in it; `to` the ticket that a new one is linked to."""

    event: Event
    likeness: float
    same_place: bool
    told: str
    to: int
    mine: Ticket | None = None


@dataclass(slots=True)
class _Profile:
    """What the callers of an event say."""

    version: int
    heart: dict[str, float]
    norm: float
    places: frozenset[str]
    categories: Mapping[str, float]


_profiles: OrderedDict[int, _Profile] = OrderedDict()
_rare: dict[str, tuple[datetime, int, dict[str, float]]] = {}


def forget_meant() -> None:
    """Read everything again (a test)."""
    _profiles.clear()
    _rare.clear()


def event_meant(
    viewer: User,
    *,
    title: str = "",
    body: str = "",
    places: Mapping[str, float],
    town: str = "",
    categories: Mapping[str, float],
    now: datetime,
    ticket: Ticket | None = None,
    same_caller: "frozenset[int] | None" = None,
) -> Meant | None:
    """The live event that these words mean, or None. *places* and *categories* are codes with probabilities.

    *ticket*: its own tickets' event is left out. *same_caller*: tickets of the person who is calling.
    """
    if viewer.role not in roles.CENTRE or len(title) + len(body) < 4:
        return None
    rows = events_seen(viewer).filter(state__in=LIVE, last_at__gte=now - LATELY)
    rows = rows.filter(Q(people__gte=LEAST) | Q(state__in=("confirmed", "joint")))
    events = list(rows.select_related("place", "town", "category").order_by("-last_at")[:200])
    if not events:
        return None
    weights, most = _weights(viewer, now)
    said = {gram: weights.get(gram, most) for gram in _grams(f"{title}。{body}")}
    length = math.sqrt(sum(weight * weight for weight in said.values()))
    if not length:
        return None
    known = {code for code, share in places.items() if share >= 0.5}
    best: tuple[float, bool, Event] | None = None
    for event in events:
        profile = _profile(event, weights, most)
        score, same = _score(event, profile, said, length, known, town, categories)
        if score > 0 and (best is None or score > best[0]):
            best = (score, same, event)
    if best is None:
        return None
    score, same, event = best
    members = event.members.select_related("ticket").order_by("ticket__received_at", "ticket")
    if ticket is not None:
        members = members.exclude(ticket=ticket)
    case = getattr(event, "case", None)
    mine = members.filter(ticket__in=same_caller).order_by("-ticket").first() if same_caller else None
    first = case.master_id if case and case.master_id else members.values_list("ticket", flat=True).first()
    if first is None:
        return None
    wave = Wave.objects.filter(event=event, approved_at__isnull=False).order_by("-approved_at").first()
    return Meant(
        event, round(score, 3), same, wave.text if wave else "", first, mine.ticket if mine else None
    )


def event_meant_by(viewer: User, ticket: Ticket, now: datetime) -> Meant | None:
    """The live event that a ticket in none seems to belong to."""
    advice = Advice.objects.filter(ticket=ticket).first()
    place = ticket.place
    return event_meant(
        viewer,
        title=ticket.title,
        body=ticket.body,
        places={place.code: 1.0}
        if place
        else places_heard(viewer, ticket.title, ticket.body, ticket.place_text),
        town=ticket.town.code if ticket.town else "",
        categories={one["category"]: one["probability"] for one in advice.categories} if advice else {},
        now=now,
        ticket=ticket,
    )


def _score(
    event: Event,
    profile: _Profile,
    said: Mapping[str, float],
    length: float,
    known: set[str],
    town: str,
    categories: Mapping[str, float],
) -> tuple[float, bool]:
    """How far above its bar an event is (0: below), and whether the place is the same."""
    same = bool(known & profile.places)
    if known and not same and profile.places:
        return 0.0, False
    home = event.town.code if event.town else ""
    if not same and town and home and town != home:
        return 0.0, False
    heart = profile.heart
    if same and event.place:  # that it is the same place is known: its name says nothing about the matter
        named = _grams(f"{event.place.name};{event.place.aliases}")
        said = {gram: weight for gram, weight in said.items() if gram not in named}
        length = math.sqrt(sum(weight * weight for weight in said.values())) or 1.0
    alike = sum(weight * heart.get(gram, 0.0) for gram, weight in said.items()) / (length * profile.norm)
    matter = sum(share * profile.categories.get(code, 0.0) for code, share in categories.items())
    bar = SAME_PLACE if same else SAME_TOWN if town and town == home else NO_PLACE
    total = alike + MATTER * min(matter * 2, 1.0)
    return (total - bar + 0.001, same) if total >= bar and alike >= 0.02 else (0.0, same)


def _profile(event: Event, weights: Mapping[str, float], most: float) -> _Profile:
    held = _profiles.get(event.pk)
    if held is not None and held.version == event.version:
        _profiles.move_to_end(event.pk)
        return held
    columns = ("ticket__title", "ticket__body", "ticket__place__code", "ticket__category__code")
    rows = list(EventTicket.objects.filter(event=event).order_by("-ticket").values_list(*columns)[:_READ])
    often: Counter[str] = Counter()
    for title, body, _place, _category in rows:
        often.update(_grams(f"{title}。{body}"))
    heart = {gram: weights.get(gram, most) * math.log1p(count) for gram, count in often.items()}
    places = {place for *_words, place, _category in rows if place}
    if event.place:
        places.add(event.place.code)
        for gram in _grams(f"{event.place.name};{event.place.aliases}"):
            heart[gram] = (
                heart.get(gram, 0.0) / 3
            )  # every caller names it; it must not outweigh what they say
    kinds = Counter(category for *_rest, category in rows if category)
    if event.category:
        kinds[event.category.code] += 1
    total = sum(kinds.values()) or 1
    made = _Profile(
        event.version,
        heart,
        math.sqrt(sum(value * value for value in heart.values())) or 1.0,
        frozenset(places - _towns(places)),
        {code: count / total for code, count in kinds.items()},
    )
    _profiles[event.pk] = made
    while len(_profiles) > 256:
        _profiles.popitem(last=False)
    return made


def _towns(codes: set[str]) -> set[str]:
    return set(
        Place.objects.filter(code__in=codes, kind__in=("town", "subdistrict", "district")).values_list(
            "code", flat=True
        )
    )


def _weights(viewer: User, now: datetime) -> tuple[dict[str, float], float]:
    """How rare each string is among recent tickets; what none of them has is the rarest."""
    held = _rare.get("all")
    if held is None or not timedelta(0) <= now - held[0] < _FRESH:
        seen: Counter[str] = Counter()
        many = 0
        recent = visible(viewer).order_by("-pk").values_list("title", "body")[:_SAMPLE]
        for title, body in recent:
            seen.update(_grams(f"{title}。{body}"))
            many += 1
        many = max(many, 50)
        held = (now, many, {gram: math.log((1 + many) / (0.5 + count)) for gram, count in seen.items()})
        _rare["all"] = held
        _profiles.clear()
    return held[2], math.log((1 + held[1]) / 0.5)


def _grams(text: str) -> set[str]:
    plain = text[:600]
    return {
        plain[n : n + 2]
        for n in range(len(plain) - 1)
        if "\u4e00" <= plain[n] <= "\u9fff" and "\u4e00" <= plain[n + 1] <= "\u9fff"
    }


__all__ = ["Meant", "event_meant", "event_meant_by", "forget_meant"]
