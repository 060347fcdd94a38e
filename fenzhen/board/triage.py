"""What the triage desk looks at: its queue, one ticket with the advice on it, units to choose from."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from fenzhen.board.advice import similar_open
from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.tickets import (
    CallerSeen,
    ClockSeen,
    NotVisible,
    caller_seen,
    clocks_of,
    ticket_for,
    visible,
    waiting_for_second_word,
)
from fenzhen.hotline import roles, urgency
from fenzhen.hotline.journey import OPEN
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Category, Duty
from fenzhen.records.handling import Note
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Rows of the queue that are drawn at once.
PAGE = 50
#: More rows than this are never drawn again on a poll; whoever scrolls further reads older clocks.
MOST = 400


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue. `holder` is the colleague who has it in hand, "" where it is free or mine."""

    ticket: Ticket
    unit: Unit | None
    percent: int
    is_advised: bool
    holder: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A stretch of the queue. `more` is the key to go on from, "" at the end; `mark` changes when a row does."""

    rows: list[QueueRow]
    total: int
    more: str
    mark: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much lies where at the desk."""

    waiting: int
    urgent: int
    late: int
    need_info: int
    void: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `kind` is "" for plain words, "signal" for danger, "word" for what spoke for the advice."""

    text: str
    kind: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One advised unit with everything that accepting it means."""

    rank: int
    unit: Unit
    percent: int
    level: int
    category: Category | None
    rule: Duty | None
    assist: tuple[Unit, ...]
    ruling: int = 0
    """A ticket on a like matter that a consultation gave to this unit."""


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """A signal of danger with the caller's own words for it."""

    code: str
    name: str
    words: str
    level: int
    redirect: str


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket that may be about the same matter, and why it is shown."""

    ticket: Ticket
    same_caller: bool
    same_place: bool


@dataclass(slots=True)
class TriageView:
    """One ticket as the triage desk sees it."""

    ticket: Ticket
    advice: Advice | None
    title: list[Piece]
    body: list[Piece]
    signals: list[SignalSeen]
    suggestions: list[Suggestion]
    caller: CallerSeen
    clocks: list[ClockSeen]
    notes: list[Note]
    holder: str
    level_from: str
    """Why this level: "signal", "rule", "hand" or "usual"."""
    redirect: str
    ask_place: bool = False
    """It is for "the town of the place", and the place is not known: asking where is the best advice."""
    maybe_places: list[str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """Changes with the ticket, with its advice, and with the colleague who has it in hand."""
        return _mark(self.ticket.version, self.advice, self.ticket.held_by_id if self.holder else None)

    @property
    def shown(self) -> str:
        """See `shown_of`."""
        return shown_of(self.ticket, self.advice)

    @property
    def behind(self) -> int:
        """By how many percentage points the second is behind the first."""
        return self.suggestions[0].percent - self.suggestions[1].percent if len(self.suggestions) > 1 else 0


def queue_key(ticket: Ticket) -> str:
    """Where a ticket stands in the queue: level, then the end of its triage time, then its id."""
    due = ticket.triage_due or ticket.received_at
    return f"{ticket.level}-{int(due.timestamp() * 1_000_000)}-{ticket.pk}"


def tickets_waiting(
    viewer: User, now: datetime, *, after: str = "", limit: int = PAGE, narrow: Narrow = ALL
) -> Queue:
    """The desk's queue, the most urgent first. *after* is a `queue_key` to go on from; a bad one is no key."""
    waiting = _waiting(viewer, narrow)
    limit = max(1, min(limit, MOST))
    found = list(_behind(waiting, after).select_related("place", "town", "held_by", "advice")[: limit + 1])
    more = queue_key(found[limit - 1]) if len(found) > limit else ""
    found = found[:limit]
    firsts = {t.pk: first for t in found if (first := _first_unit(t))}
    units = {u.code: u for u in Unit.objects.filter(code__in={code for code, _ in firsts.values()})}
    rows = []
    for ticket in found:
        code, share = firsts.get(ticket.pk, ("", 0.0))
        rows.append(
            QueueRow(
                ticket,
                units.get(code),
                percent(share),
                hasattr(ticket, "advice"),
                holder_of(viewer, ticket, now),
            )
        )
    return Queue(
        rows, waiting.count(), more, queue_mark(viewer, now, after=after, limit=limit, narrow=narrow)
    )


def queue_mark(
    viewer: User, now: datetime, *, after: str = "", limit: int = PAGE, narrow: Narrow = ALL
) -> str:
    """A short mark of the same stretch of the queue: equal while there is nothing new to draw. Cheap."""
    seen = _behind(_waiting(viewer, narrow), after).values_list(
        "pk", "version", "held_by_id", "held_until", "advice__made_at"
    )[: max(1, min(limit, MOST))]
    plain = [
        (pk, version, holder if until and until > now and holder != viewer.pk else None, made)
        for pk, version, holder, until, made in seen
    ]
    return sha256(repr([plain, _waiting(viewer, narrow).count()]).encode()).hexdigest()[:16]


def counts_at_desk(viewer: User, now: datetime) -> Counts:
    """The figures above the queue."""
    waiting = _waiting(viewer)
    return Counts(
        waiting.count(),
        waiting.filter(level=1).count(),
        waiting.filter(triage_due__lt=now).count(),
        tickets_short_of_words(viewer).count(),
        void_proposals(viewer).count(),
    )


def tickets_short_of_words(viewer: User) -> "QuerySet[Ticket]":
    """Sent back to intake for what is missing; the longest asked first."""
    if viewer.role not in roles.DESK:
        return Ticket.objects.none()
    return (
        visible(viewer).filter(state="need_info").select_related("place", "town").order_by("paused_at", "pk")
    )


def void_proposals(viewer: User) -> "QuerySet[Request]":
    """Proposals of others to void a ticket, which wait for this person's word."""
    return (
        Request.objects.filter(kind="void", decision="", ticket__in=waiting_for_second_word(viewer))
        .exclude(applicant=viewer)
        .select_related("ticket", "applicant")
        .order_by("asked_at")
    )


def next_waiting(viewer: User, now: datetime, *, after: str = "", narrow: Narrow = ALL) -> Ticket | None:
    """Which ticket comes next into this person's hands: a free one of level 1, else the next behind *after*,
    else the first. What colleagues hold is left to them. None when there is nothing left."""
    free = _waiting(viewer, narrow).filter(
        Q(held_by=None) | Q(held_by=viewer) | Q(held_until__lt=now) | Q(held_until=None)
    )
    for some in (free.filter(level=1), _behind(free, after), free):
        first = some.first()
        if first is not None:
            return first
    return None


def held_by_me(viewer: User) -> "QuerySet[Ticket]":
    """What I have in hand."""
    return visible(viewer).filter(held_by=viewer)


def holder_of(viewer: User, ticket: Ticket, now: datetime) -> str:
    """The name of the colleague who has it in hand now, "" otherwise."""
    if ticket.held_by_id in (None, viewer.pk) or not ticket.held_until or ticket.held_until <= now:
        return ""
    return ticket.held_by.name if ticket.held_by else ""


def triage_view(viewer: User, pk: int, now: datetime) -> TriageView:
    """One ticket with the advice on it. Raises `NotVisible` where this person has no business at the desk."""
    if viewer.role not in roles.DESK:
        raise NotVisible
    ticket = ticket_for(viewer, pk)
    advice = Advice.objects.filter(ticket=ticket).first()
    found = urgency.signals_in(f"{ticket.title}\n{ticket.body}")
    suggestions = _suggestions(ticket, advice, min((s.level for s in found), default=4))
    place: Mapping[str, Any] = advice.place if advice else {}
    return TriageView(
        ticket=ticket,
        advice=advice,
        title=marked(ticket.title, _spans(advice, found, "title", 0, len(ticket.title))),
        body=marked(ticket.body, _spans(advice, found, "body", len(ticket.title) + 1, len(ticket.body))),
        signals=_signals(found),
        suggestions=suggestions,
        caller=caller_seen(viewer, ticket),
        clocks=clocks_of(viewer, ticket, now),
        notes=list(
            Note.objects.filter(ticket=ticket).exclude(kind="reveal").select_related("by").order_by("n")
        ),
        holder=holder_of(viewer, ticket, now),
        level_from=_level_from(ticket, found, suggestions),
        redirect=(advice.redirect if advice else "") or next((s.redirect for s in found if s.redirect), ""),
        ask_place=bool(place.get("ask_place")),
        maybe_places=_maybe_places(place) if ticket.place_id is None else [],
    )


def triage_mark(viewer: User, ticket: Ticket, now: datetime) -> str:
    """The `mark` of a ticket's view, without making the view."""
    advice = Advice.objects.only("made_at").filter(ticket=ticket).first()
    return _mark(ticket.version, advice, ticket.held_by_id if holder_of(viewer, ticket, now) else None)


def advised_units(viewer: User, ticket: Ticket) -> tuple[list[Suggestion], str, bool]:
    """What accepting an advice would mean now, the mark of that (`shown_of`), and whether there is an advice."""
    if viewer.role not in roles.DESK | {roles.Role.SYSTEM}:
        raise NotVisible
    advice = Advice.objects.filter(ticket=ticket).first()
    found = urgency.signals_in(f"{ticket.title}\n{ticket.body}")
    suggestions = _suggestions(ticket, advice, min((s.level for s in found), default=4))
    return suggestions, shown_of(ticket, advice), advice is not None


def shown_of(ticket: Ticket, advice: Advice | None) -> str:
    """A mark of what accepting an advice means: another advice or level is another question to the person."""
    return f"{_moment(advice)}.{ticket.level}"


def similar_here(viewer: User, ticket: Ticket, now: datetime, *, limit: int = 4) -> list[Similar]:
    """Open tickets that may be about the same matter: the same caller's of the last month, then like words."""
    found: dict[int, Similar] = {}
    if ticket.caller_id:
        own = (
            visible(viewer)
            .filter(
                caller_id=ticket.caller_id,
                state__in=[str(s) for s in OPEN],
                received_at__gte=now - timedelta(days=30),
            )
            .exclude(pk=ticket.pk)
            .select_related("lead_unit", "place")
            .defer("body", "answer")
            .order_by("-received_at")[:limit]
        )
        for row in own:
            found[row.pk] = Similar(row, True, bool(ticket.place_id and row.place_id == ticket.place_id))
    for other in similar_open(viewer, ticket, limit=limit):
        found.setdefault(other.ticket.pk, Similar(other.ticket, False, other.same_place))
    return list(found.values())[:limit]


def units_matching(viewer: User, text: str, *, limit: int = 8) -> list[Unit]:
    """Units that *text* may mean: a name, an everyday name, the first letters or the whole of their pinyin.

    The best first: what begins with *text* before what contains it. Without a text the first ones of the list.
    """
    if viewer.role not in roles.CENTRE:
        return []
    wanted = "".join(unicodedata.normalize("NFKC", text).lower().split())
    scored: list[tuple[int, int, str, Unit]] = []
    for unit in Unit.objects.filter(is_active=True):
        score = _likeness(unit, wanted) if wanted else 9
        if score is not None:
            scored.append((score, len(unit.short_name), unit.code, unit))
    scored.sort(key=lambda item: item[:3] if wanted else (0, 0, item[2]))
    return [unit for *_, unit in scored[:limit]]


def unit_of_code(viewer: User, code: str) -> Unit | None:
    """An active unit by its code."""
    return Unit.objects.filter(code=code, is_active=True).first() if viewer.role in roles.CENTRE else None


def categories(viewer: User) -> list[Category]:
    """All leaves of the category tree that are in use."""
    return list(Category.objects.filter(is_active=True).defer("definition", "not_here"))


def category_of(viewer: User, code: str) -> Category | None:
    """A category in use, by its code."""
    return Category.objects.filter(code=code, is_active=True).first()


def marked(text: str, spans: Iterable[tuple[int, int, str, int]]) -> list[Piece]:
    """*text* cut at *spans* (start, end, kind, level); signals win over words where they overlap.

    >>> [(p.text, p.kind) for p in marked("楼上漏水三天", [(2, 4, "word", 0)])]
    [('楼上', ''), ('漏水', 'word'), ('三天', '')]
    """
    kinds: list[tuple[str, int]] = [("", 0)] * len(text)
    for start, end, kind, level in sorted(spans, key=lambda span: span[2] == "signal"):
        for at in range(max(start, 0), min(end, len(text))):
            kinds[at] = (kind, level)
    pieces: list[Piece] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or kinds[at] != kinds[start]:
            pieces.append(Piece(text[start:at], *kinds[start]))
            start = at
    return pieces


def percent(share: float) -> int:
    """0.834 → 83; never 100 for what is a guess."""
    return max(0, min(99, round(share * 100)))


# ---------------------------------------------------------------------------------------------------------


def _moment(advice: Advice | None) -> int:
    return int(advice.made_at.timestamp() * 1000) if advice else 0


def _mark(version: int, advice: Advice | None, holder: int | None) -> str:
    return f"{version}.{_moment(advice)}.{holder or 0}"


def _waiting(viewer: User, narrow: Narrow = ALL) -> "QuerySet[Ticket]":
    if viewer.role not in roles.DESK:
        return Ticket.objects.none()
    return (
        visible(viewer)
        .filter(state="pending_dispatch")
        # However narrow the queue is, what cannot wait stays in sight.
        .filter(narrow.on() | Q(level=1) if narrow.is_any else Q())
        .annotate(due=Coalesce("triage_due", "received_at"))
        .order_by("level", "due", "pk")
        .defer("body", "answer")
    )


def _behind(waiting: "QuerySet[Ticket]", key: str) -> "QuerySet[Ticket]":
    try:
        level, micros, pk = (int(part) for part in key.split("-"))
        due = datetime.fromtimestamp(micros // 1_000_000, UTC) + timedelta(microseconds=micros % 1_000_000)
    except (ValueError, OverflowError, OSError):
        return waiting
    return waiting.filter(
        Q(level__gt=level) | Q(level=level, due__gt=due) | Q(level=level, due=due, pk__gt=pk)
    )


def _first_unit(ticket: Ticket) -> tuple[str, float] | None:
    advice = getattr(ticket, "advice", None)
    if advice is None or not advice.units:
        return None
    first = advice.units[0]
    return str(first.get("unit", "")), float(first.get("probability") or 0)


def _suggestions(ticket: Ticket, advice: Advice | None, urgent: int) -> list[Suggestion]:
    """The advised units that exist and are active. The first stands at the ticket's own level, as does every
    one where a person has set the level by hand; the others at their rule's, or the signals' where faster."""
    if advice is None:
        return []
    given: list[dict[str, Any]] = list(advice.units)[:3]
    codes = {str(u.get("unit")) for u in given} | {str(a) for u in given for a in u.get("assist") or ()}
    units = {u.code: u for u in Unit.objects.filter(code__in=codes, is_active=True)}
    rules = {d.rule_id: d for d in Duty.objects.filter(rule_id__in={str(u.get("rule") or "") for u in given})}
    kinds = {
        c.code: c for c in Category.objects.filter(code__in={str(u.get("category") or "") for u in given})
    }
    by_hand = ticket.level != advice.level
    out: list[Suggestion] = []
    for rank, item in enumerate(given, start=1):
        unit = units.get(str(item.get("unit")))
        if unit is None:
            continue
        level = ticket.level
        if rank > 1 and not by_hand:
            level = min(int(item.get("level") or ticket.level), urgent)
        assist = tuple(
            units[str(code)] for code in item.get("assist") or () if str(code) in units and code != unit.code
        )
        out.append(
            Suggestion(
                rank,
                unit,
                percent(float(item.get("probability") or 0)),
                level,
                kinds.get(str(item.get("category") or "")),
                rules.get(str(item.get("rule") or "")),
                assist,
                int(item.get("ruling") or 0),
            )
        )
    return out


def _maybe_places(place: Mapping[str, Any]) -> list[str]:
    codes = [str(item[0]) for item in place.get("candidates") or () if item]
    names = dict(Place.objects.filter(code__in=codes).values_list("code", "name"))
    return [names[code] for code in codes if code in names][:3]


def _spans(
    advice: Advice | None, found: Iterable[urgency.Found], part: str, offset: int, length: int
) -> list[tuple[int, int, str, int]]:
    """Spans inside one part of the text. Signals are reckoned anew (words may have been added since the
    advice was made); those of the advice hold for the words it saw, which stay where they were."""
    spans = [
        (s.start - offset, s.end - offset, "signal", s.level)
        for s in found
        if s.start < offset + length and s.end > offset
    ]
    for word in advice.words if advice else ():
        start, end = int(word.get("start", 0)), int(word.get("end", 0))
        # A single character that spoke a little explains nothing to a reader.
        if word.get("field", "body") == part and end - start > 1:
            spans.append((start, end, "word", 0))
    return spans


def _signals(found: Iterable[urgency.Found]) -> list[SignalSeen]:
    seen: dict[str, SignalSeen] = {}
    for item in found:
        signal = urgency.SIGNALS[item.code]
        seen.setdefault(
            item.code, SignalSeen(item.code, signal.words, item.words, item.level, item.redirect or "")
        )
    return sorted(seen.values(), key=lambda s: s.level)


def _level_from(ticket: Ticket, found: Iterable[urgency.Found], suggestions: list[Suggestion]) -> str:
    if any(s.level == ticket.level for s in found):
        return "signal"
    rule = suggestions[0].rule if suggestions else None
    if rule and rule.level == ticket.level:
        return "rule"
    if suggestions and ticket.level != 3:
        return "hand"
    return "usual"


def _likeness(unit: Unit, wanted: str) -> int | None:
    names = [unit.short_name, unit.name, *unit.aliases.replace("；", ";").split(";")]
    names = ["".join(unicodedata.normalize("NFKC", name).lower().split()) for name in names if name.strip()]
    spoken = unit.pinyin.lower().split()
    if wanted in names or wanted == unit.code.lower():
        return 0
    if names and names[0].startswith(wanted):
        return 1
    if any(s.startswith(wanted) for s in spoken) or any(n.startswith(wanted) for n in names):
        return 2
    if any(wanted in name for name in names):
        return 3
    if len(wanted) > 1 and any(wanted in s for s in spoken):
        return 4
    return None


__all__ = [
    "MOST",
    "PAGE",
    "Counts",
    "Piece",
    "Queue",
    "QueueRow",
    "SignalSeen",
    "Similar",
    "Suggestion",
    "TriageView",
    "advised_units",
    "categories",
    "category_of",
    "counts_at_desk",
    "held_by_me",
    "holder_of",
    "marked",
    "next_waiting",
    "percent",
    "queue_key",
    "queue_mark",
    "shown_of",
    "similar_here",
    "tickets_short_of_words",
    "tickets_waiting",
    "triage_mark",
    "triage_view",
    "unit_of_code",
    "units_matching",
    "void_proposals",
]
