"""What the agent needs while somebody is on the line: who calls, what is still open, where the place is."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Count, OuterRef, Q, Subquery

from fenzhen.board.tickets import CallerSeen, caller_seen, visible
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.journey import OPEN
from fenzhen.hotline.privacy import BadPhone
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Note
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Caller, Ticket

#: Tickets of one caller that a page shows; somebody who called more often is told so by the count.
SHOWN = 12
#: "Lately", for counting how often somebody called.
LATELY = timedelta(days=30)
_OPEN = [str(state) for state in OPEN]
#: A number shorter than this is a service line (110, 12345), not a person.
_SHORTEST = 7


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """Somebody who called from this number before, masked."""

    name: str
    phone: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PastTicket:
    """One earlier ticket of a caller."""

    ticket: Ticket
    is_open: bool


@dataclass(slots=True)
class CallerHistory:
    """What is known of a number: who called from it (masked), their tickets (open ones first), and what to mind.

    `risks`, `vulnerable`, `emotion` come from call-backs; `lately` counts tickets of the last 30 days.
    """

    phone: str
    callers: list[KnownCaller] = field(default_factory=list)
    tickets: list[PastTicket] = field(default_factory=list)
    open_count: int = 0
    total: int = 0
    lately: int = 0
    emotion: str = ""
    risks: list[str] = field(default_factory=list)
    vulnerable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PlaceHint:
    """A place to choose from. `within`: what was typed already holds its name, so the words stay as they are."""

    code: str
    name: str
    kind: str
    town: str
    within: bool = False


@dataclass(frozen=True, slots=True)
class AskedBack:
    """A ticket that the desk sent back for more words, and what it asks."""

    ticket: Ticket
    asked: str
    by: str
    at: datetime
    is_mine: bool
    caller: CallerSeen


def callers_matching(viewer: User, phone: str) -> list[KnownCaller]:
    """Who called from *phone* before, masked, newest first; empty for a number that cannot exist, and for
    roles that take no calls."""
    index = _phone_index(viewer, phone)
    if not index:
        return []
    known: dict[str, KnownCaller] = {}
    for row in Caller.objects.filter(phone_index=index).order_by("-pk")[:50]:
        if row.name and row.name_index not in known:
            known[row.name_index] = KnownCaller(
                privacy.masked_name(row.name), privacy.masked_phone(row.phone), row.created_at
            )
    return list(known.values())


def history_of(viewer: User, phone: str, now: datetime) -> CallerHistory | None:
    """The history of *phone*; None while it is no whole number yet, or for roles that take no calls."""
    index = _phone_index(viewer, phone)
    if not index:
        return None
    rows = visible(viewer).filter(caller__phone_index=index)
    history = CallerHistory(
        privacy.masked_phone(privacy.normal_phone(phone)), callers_matching(viewer, phone)
    )
    counts = rows.aggregate(
        total=Count("pk"),
        open=Count("pk", filter=Q(state__in=_OPEN)),
        lately=Count("pk", filter=Q(received_at__gte=now - LATELY)),
    )
    history.total, history.open_count, history.lately = counts["total"], counts["open"], counts["lately"]
    if not history.total:
        return history
    looked = rows.select_related("lead_unit", "place", "town")
    live = list(looked.filter(state__in=_OPEN).order_by("-received_at", "-pk")[:SHOWN])
    done = list(looked.exclude(state__in=_OPEN).order_by("-received_at", "-pk")[: SHOWN - len(live)])
    history.tickets = [PastTicket(t, True) for t in live] + [PastTicket(t, False) for t in done]
    for said in (
        CallBack.objects.filter(ticket__in=rows.values("pk"))
        .exclude(done_at=None)
        .exclude(outcome="unreached")
        .order_by("-done_at")[:20]
    ):
        if not history.emotion and said.emotion not in {"", "calm"}:
            history.emotion = said.emotion
        if said.risk not in {"", "none", *history.risks}:
            history.risks.append(said.risk)
        history.vulnerable += [v for v in said.vulnerable if v not in history.vulnerable]
    return history


def of_the_same_caller(viewer: User, phone: str, tickets: list[int]) -> set[int]:
    """Those of *tickets* (ids) that somebody with this number opened."""
    index = _phone_index(viewer, phone)
    if not index or not tickets:
        return set()
    return set(visible(viewer).filter(pk__in=tickets, caller__phone_index=index).values_list("pk", flat=True))


def tickets_of_number(viewer: User, phone: str) -> frozenset[int]:
    """Ids of the newest tickets that somebody with this number opened; none while it is no whole number."""
    index = _phone_index(viewer, phone)
    rows = visible(viewer).filter(caller__phone_index=index).order_by("-pk") if index else None
    return frozenset(rows.values_list("pk", flat=True)[:50]) if rows is not None else frozenset()


def tickets_asked_back(viewer: User) -> list[AskedBack]:
    """Tickets that wait for more words from the caller: the viewer's own first, the longest waiting first."""
    if viewer.role not in roles.INTAKE:
        return []
    asked = Note.objects.filter(ticket=OuterRef("pk"), kind="ask_back").order_by("-n")
    rows = visible(viewer).filter(state="need_info").order_by("changed_at")
    listed = list(rows.select_related("caller", "place", "town", "lead_unit", "received_by")[:200])
    last = rows.annotate(asked=Subquery(asked.values("pk")[:1])).values_list("pk", "asked")
    notes = {n.ticket_id: n for n in Note.objects.select_related("by").filter(pk__in=[n for _pk, n in last])}
    out: list[AskedBack] = []
    for ticket in listed:
        note = notes.get(ticket.pk)
        out.append(
            AskedBack(
                ticket,
                note.text if note else "",
                note.by.name if note else "",
                note.at if note else ticket.changed_at,
                ticket.received_by_id == viewer.pk,
                caller_seen(viewer, ticket),
            )
        )
    return sorted(out, key=lambda one: not one.is_mine)


def asked_back_count(viewer: User) -> int:
    """How many tickets wait for more words."""
    return visible(viewer).filter(state="need_info").count() if viewer.role in roles.INTAKE else 0


# places --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    code: str
    name: str
    kind: str
    town: str
    names: tuple[str, ...]
    letters: tuple[str, ...]


#: Finer places first: an estate says more than its town.
_ORDER = (
    "estate",
    "village",
    "community",
    "landmark",
    "market",
    "hospital",
    "school",
    "station",
    "park",
    "road",
)


def places_suggested(viewer: User, text: str, limit: int = 8) -> list[PlaceHint]:
    """Places for what was typed: two characters of a name or alias, or pinyin in full or by initials.

    Longer words that hold a place's name ("清荷苑3号楼") suggest that place and keep the words.
    """
    needle = _fold(text)
    if len(needle) < 2:
        return []
    is_letters = needle.isascii() and needle.isalpha()
    found: list[tuple[tuple[int, int, int, str], PlaceHint]] = []
    for place in _known_places(_stamp()):
        rank, within = 9, False
        for name in place.letters if is_letters else place.names:
            if name == needle:
                rank = 0
            elif name.startswith(needle):
                rank = min(rank, 1)
            elif needle in name:
                rank = min(rank, 2 if not is_letters else 4)
            elif not is_letters and len(name) >= 2 and name in needle:
                rank, within = (3, True) if rank > 3 else (rank, within)
        if rank < 9:
            order = _ORDER.index(place.kind) if place.kind in _ORDER else len(_ORDER)
            longest = -max(map(len, place.names)) if within else len(place.name)
            found.append(
                (
                    (rank, longest, order, place.code),
                    PlaceHint(place.code, place.name, place.kind, place.town, within),
                )
            )
    return [hint for _key, hint in sorted(found, key=lambda pair: pair[0])[:limit]]


def place_chosen(viewer: User, code: str, text: str) -> Place | None:
    """The place *code*, if the words beside it still speak of it: a choice that was typed over is none."""
    if not code:
        return None
    place = Place.objects.filter(code=code, is_active=True).first()
    if place is None:
        return None
    needle = _fold(text)
    return place if any(name and name in needle for name in map(_fold, _names(place))) else None


def towns(viewer: User) -> list[Place]:
    """The district's towns and sub-districts, for choosing."""
    return list(Place.objects.filter(kind__in=["town", "subdistrict"], is_active=True))


def warm() -> int:
    """Load the places and their pinyin before the first caller; returns how many there are."""
    return len(_known_places(_stamp()))


def _names(place: Place) -> list[str]:
    return [place.name, *filter(None, (a.strip() for a in place.aliases.split(";")))]


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _stamp() -> int:
    """What the places say now, as one number: the same words, the same number (a few ms for thousands).

    Counting rows would be quicker and wrong: a place renamed, or one taken back and another added, leaves
    every count as it was.
    """
    told = Place.objects.filter(is_active=True).values_list(
        "code", "name", "aliases", "kind", "town", "parent"
    )
    return hash(tuple(told))


@lru_cache(maxsize=2)
def _known_places(stamp: int) -> tuple[_Known, ...]:
    """Every place with its names and their pinyin; built once for what the places say (*stamp*)."""
    from pypinyin import lazy_pinyin  # takes half a second to load, and only places need it

    rows = list(Place.objects.filter(is_active=True).exclude(kind="district"))
    by_code = {row.code: row.name for row in rows}
    out: list[_Known] = []
    for row in rows:
        names = tuple(dict.fromkeys(_fold(name) for name in _names(row)))
        letters: list[str] = []
        for name in names:
            syllables = lazy_pinyin(name)
            letters += ["".join(syllables), "".join(one[0] for one in syllables)]
        town = by_code.get(row.town, "") if row.town != row.code else ""
        out.append(_Known(row.code, row.name, row.kind, town, names, tuple(dict.fromkeys(letters))))
    return tuple(out)


def _phone_index(viewer: User, phone: str) -> str:
    if viewer.role not in roles.INTAKE:
        return ""
    try:
        number = privacy.normal_phone(phone)
    except BadPhone:
        return ""
    return blind_index(number, "phone") if len(number) >= _SHORTEST else ""
