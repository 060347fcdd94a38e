"""Names of places that callers use and the list does not know: how often, by how many, where, for whom keeps the lists."""

from collections import Counter
from dataclasses import dataclass

from fenzhen.board.lists import IN_CHARGE
from fenzhen.board.tickets import visible
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.unseen import UnseenName

#: Fewer people than this are a slip of the tongue; shown only on request.
LEAST = 2


@dataclass(frozen=True, slots=True)
class NameSeen:
    """One name. `towns` are those its callers' tickets lie in, most often first; `near` places whose names look alike."""

    name: UnseenName
    people: int
    tickets: int
    towns: tuple[Place, ...]
    near: tuple[Place, ...]
    examples: tuple[Ticket, ...]


class NoSuchName(LookupError):
    """There is no such name, or not for this person."""


def names_unseen(viewer: User, state: str = "waiting", least: int = LEAST, most: int = 100) -> list[NameSeen]:
    """The names in a state, those of most people first; nothing for anybody who does not keep the lists."""
    if viewer.role not in IN_CHARGE:
        return []
    rows = list(
        UnseenName.objects.filter(state=state)
        .select_related("place", "decided_by")
        .prefetch_related("mentions__ticket")[: most * 5]
    )
    towns = {town.pk: town for town in Place.objects.filter(kind__in=("town", "subdistrict"))}
    places = list(Place.objects.filter(is_active=True).exclude(kind__in=("town", "subdistrict", "district")))
    grams = [(place, _grams(place.name)) for place in places]
    seen = []
    for row in rows:
        tickets = [one.ticket for one in row.mentions.all()]
        callers = {one.caller_id for one in tickets if one.caller_id}
        people = len(callers) + sum(1 for one in tickets if not one.caller_id)
        if people >= least:
            seen.append((row, tickets, people))
    seen.sort(key=lambda one: (-one[2], -one[0].last_at.timestamp()))
    out = []
    for row, tickets, people in seen[:most]:
        often = Counter(one.town_id for one in tickets if one.town_id in towns)
        ids = [one.pk for one in sorted(tickets, key=lambda one: -one.pk)[:3]]
        examples = visible(viewer).filter(pk__in=ids).order_by("-pk") if ids else []
        out.append(
            NameSeen(
                row,
                people,
                len(tickets),
                tuple(towns[pk] for pk, _many in often.most_common(3) if pk is not None),
                _near(row.name, grams) if state == "waiting" else (),
                tuple(examples),
            )
        )
    return out


def name_for(viewer: User, pk: int) -> UnseenName:
    """One name. Raises `NoSuchName`."""
    rows = UnseenName.objects.select_related("place")
    found = rows.filter(pk=pk).first() if viewer.role in IN_CHARGE else None
    if found is None:
        raise NoSuchName(pk)
    return found


def place_named(viewer: User, words: str) -> Place | None:
    """The one place of the list with this name or code."""
    rows = Place.objects.filter(is_active=True)
    found = list(rows.filter(code=words)[:1]) or list(rows.filter(name=words)[:2])
    return found[0] if len(found) == 1 else None


def _near(name: str, grams: list[tuple[Place, set[str]]], most: int = 2) -> tuple[Place, ...]:
    mine = _grams(name)
    scored = [(len(mine & other) / max(len(mine | other), 1), place) for place, other in grams]
    best = sorted((one for one in scored if one[0] >= 0.3), key=lambda one: (-one[0], one[1].code))
    return tuple(place for _share, place in best[:most])


def _grams(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)} | set(text[:2])


__all__ = ["LEAST", "NameSeen", "NoSuchName", "name_for", "names_unseen", "place_named"]
