"""Finding tickets by number, words, place, person, unit, state, level and time."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from fenzhen.board.tickets import caller_seen, city_clock_ends, visible
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.privacy import BadPhone
from fenzhen.records.handling import Assignment
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.search import terms, tickets_with
from fenzhen.records.tickets import Caller, SealedNumber, Ticket
from fenzhen.records.units import Unit

#: Tickets on one page.
PAGE = 20
#: Beyond this many the exact count is not worth its time: the page says "more than".
COUNTED = 1000
#: With more finds than this the list is walked from its newest end instead of being sorted.
_MANY = 2000
#: A number shorter than this is a service line, not a person's.
_SHORTEST = 7


@dataclass(slots=True)
class Wanted:
    """What is looked for; empty means "any". `since` and `until` are days of reception, both included."""

    words: str = ""
    name: str = ""
    phone: str = ""
    place: str = ""
    unit: str = ""
    town: str = ""
    state: str = ""
    level: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    city: str = ""
    """``today``: the city's clock ends today or has ended, and the city does not have our result."""
    returned: str = ""
    """Anything: a unit asked to give it back, once or more often."""
    urged: str = ""
    """Anything: the caller or a leader urged it."""
    watched: str = ""
    """Anything: the city gave it to a unit itself and the district watches."""

    @property
    def is_empty(self) -> bool:
        """Nothing was asked."""
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class Hit:
    """One ticket of the result. The caller is masked, and empty for whoever may not know."""

    ticket: Ticket
    caller_name: str
    caller_phone: str


@dataclass(slots=True)
class Found:
    """A page of results. `total` counts up to `COUNTED`, `is_more_than` says that there are more.

    `looked_for` are the persons that were looked for, as (what, normalised value): the face has them written
    down by `desk.story.record_lookup`. `problem`: why nothing can be found (``phone``, ``dates``, ``words``).
    """

    hits: list[Hit] = field(default_factory=list)
    page: int = 1
    total: int = 0
    is_more_than: bool = False
    has_next: bool = False
    looked_for: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


def may_look_for_people(viewer: User) -> bool:
    """Only the sub-centre finds tickets by who called; units and readers find them by the matter."""
    return viewer.role in roles.CENTRE


def units_to_choose(viewer: User) -> list[Unit]:
    """Units that tickets can be looked for by; none for unit staff, who see their own unit's only."""
    return [] if viewer.role in roles.UNIT else list(Unit.objects.filter(is_active=True).order_by("code"))


def tickets_found(viewer: User, wanted: Wanted, page: int = 1, *, now: datetime | None = None) -> Found:
    """The tickets that *viewer* may see and that are *wanted*, newest first, `PAGE` of them.

    Words: every one must be there; two Chinese characters are enough. A whole telephone number or its last
    four digits among the words finds callers, too, and numbers that were lifted out of the words.
    """
    found = Found(page=max(1, min(page, COUNTED // PAGE)))
    listed = _listed(viewer, wanted, found, now or timezone.now())
    found.is_more_than = len(listed) > COUNTED
    found.total = min(len(listed), COUNTED)
    start = (found.page - 1) * PAGE
    found.has_next = len(listed) > start + PAGE and found.page < COUNTED // PAGE
    found.hits = _hits(viewer, listed[start : start + PAGE])
    return found


def all_found(viewer: User, wanted: Wanted, most: int, *, now: datetime | None = None) -> Found:
    """The same, all on one page, at most *most* and never more than `COUNTED`: what the pages together show."""
    found = Found()
    listed = _listed(viewer, wanted, found, now or timezone.now())
    found.is_more_than = len(listed) > COUNTED
    found.total = min(len(listed), COUNTED)
    found.hits = _hits(viewer, listed[: min(most, COUNTED)])
    return found


# ---------------------------------------------------------------------------------------------------------


def _listed(viewer: User, wanted: Wanted, found: Found, now: datetime) -> list[int]:
    """The ids in their order, up to one more than `COUNTED`; writes into *found* what was looked for and why
    nothing can be found."""
    if wanted.since and wanted.until and wanted.since > wanted.until:
        found.problem = "dates"
        return []
    rows = _filtered(city_clock_ends(viewer, now) if wanted.city else visible(viewer), wanted)
    sets: list[list[int]] = []
    people = may_look_for_people(viewer)
    if not people and (wanted.phone.strip() or wanted.name.strip()):
        return []
    if people and wanted.phone.strip():
        number = _number(wanted.phone)
        if not number:
            found.problem = "phone"
            return []
        sets.append(_of_number(number, found))
    if people and wanted.name.strip():
        name = " ".join(privacy.clean_text(wanted.name).split())[:64]
        found.looked_for.append(("name", name))
        sets.append(_of_callers(name_index=blind_index(name, "name")))
    for words, may_be_number in ((wanted.words, people), (wanted.place, False)):
        if words.strip():
            more = _of_words(words, may_be_number, found)
            if more is None:
                found.problem = "words"
                return []
            sets += more
    return _ordered(rows, sets)


def _filtered(rows: "QuerySet[Ticket]", wanted: Wanted) -> "QuerySet[Ticket]":
    if wanted.unit:
        unit = Unit.objects.filter(code=wanted.unit).first()
        if unit is None:
            return rows.none()
        work = Assignment.objects.filter(ticket=OuterRef("pk"), unit=unit).exclude(state="recalled")
        rows = rows.filter(Exists(work))
    if wanted.town:
        rows = rows.filter(town__code=wanted.town)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.level:
        rows = rows.filter(level=int(wanted.level)) if wanted.level in {"1", "2", "3", "4"} else rows.none()
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.since:
        rows = rows.filter(received_at__gte=_midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        rows = rows.filter(received_at__lt=_midnight(wanted.until + timedelta(days=1)))
    if wanted.city not in {"", "today"}:
        return rows.none()
    if wanted.returned:
        rows = rows.filter(pk__in=Request.objects.filter(kind="return").values("ticket"))
    if wanted.urged:
        rows = rows.filter(urges__gt=0)
    if wanted.watched:
        rows = rows.filter(state="watched")
    return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _of_words(words: str, people: bool, found: Found) -> list[list[int]] | None:
    """Per condition the ids that meet it; None where what was typed holds no word at all."""
    sets: list[list[int]] = []
    plain: list[list[str]] = []
    for part in [words] if people and _number(words) else words.split():
        number = _number(part) if people else ""
        if number:
            sets.append(list(dict.fromkeys([*_of_number(number, found), *tickets_with(terms(part))])))
        else:
            plain += terms(part)
    if plain:
        sets.append(tickets_with(plain))
    return sets or None


def _number(text: str) -> str:
    """A whole telephone number, or its last four digits, if that is what was typed; else nothing."""
    try:
        number = privacy.normal_phone(text)
    except BadPhone:
        digits = "".join(privacy.clean_text(text).split()).translate(_NARROW)
        return digits if len(digits) == 4 and digits.isascii() and digits.isdigit() else ""
    return number if len(number) >= _SHORTEST or len(number) == 4 else ""


_NARROW = {0xFF10 + n: 0x30 + n for n in range(10)}


def _of_number(number: str, found: Found) -> list[int]:
    what = "tail" if len(number) == 4 else "phone"
    found.looked_for.append((what, number))
    index = blind_index(number, what)
    sealed = SealedNumber.objects.filter(**{"tail_index" if what == "tail" else "value_index": index})
    callers = _of_callers(**{f"{what}_index": index})
    return list(dict.fromkeys([*callers, *sealed.values_list("ticket_id", flat=True)]))


def _of_callers(**index: str) -> list[int]:
    callers = Caller.objects.filter(**index).values("pk")
    return list(Ticket.objects.filter(caller__in=callers).order_by("-pk").values_list("pk", flat=True))


def _ordered(rows: "QuerySet[Ticket]", sets: list[list[int]]) -> list[int]:
    order = ("-received_at", "-pk")
    if sets:
        ids = sets[0] if len(sets) == 1 else list(set(sets[0]).intersection(*sets[1:]))
        if len(ids) > _MANY:
            return _walked(rows.order_by(*order), set(ids))
        rows = rows.filter(pk__in=ids)
    return list(rows.order_by(*order).values_list("pk", flat=True)[: COUNTED + 1])


def _hits(viewer: User, here: list[int]) -> list[Hit]:
    shown = Ticket.objects.select_related("place", "town", "lead_unit", "category", "caller").in_bulk(here)
    hits = []
    for pk in here:
        ticket = shown[pk]
        caller = caller_seen(viewer, ticket) if may_look_for_people(viewer) else None
        hits.append(Hit(ticket, caller.name if caller else "", caller.phone if caller else ""))
    return hits


def _walked(rows: "QuerySet[Ticket]", ids: set[int]) -> list[int]:
    """The first of *rows*, in their order, that are in *ids*: for a common word this beats sorting them all."""
    out: list[int] = []
    for pk in rows.values_list("pk", flat=True).iterator(chunk_size=2000):
        if pk in ids:
            out.append(pk)
            if len(out) > COUNTED:
                break
    return out
