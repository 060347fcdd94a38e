"""Seeing that many are one: every ticket that comes goes past the spotter, once and in the journal's order.

The spotter's memory lives in the one process that works. It is deterministic, so it is never written down: a process that has none yet
(after a start, or after another worker had its turn) reads the last half year again, with every person's word at the moment
it was said, and knows what the other knew. The cursor's row lock lets one worker at a time do this.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from fenzhen.board.advice import places_heard
from fenzhen.board.events import central_title
from fenzhen.hotline.roles import Role
from fenzhen.office.notices import tell
from fenzhen.records.events import Event, EventAlert, EventTicket, EventWord
from fenzhen.records.journal import Cursor, Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.spotter import Alert, Decision, Message, Spotter, Unknown

log = logging.getLogger("fenzhen.office")

READER = "spotter"
#: Slow events count: so far back the spotter looks (DOMAIN.md §6.3, and the half year of its own settings).
LOOKS_BACK = timedelta(days=180)
#: A message older than this when it is first seen (a file of the past) makes no alarm: nobody can act on it.
STALE = timedelta(days=3)
#: Tickets taken in one look; the next look takes the next ones. Few: on SQLite nobody else writes meanwhile.
MOST = 40
#: Of these nobody is told anything more.
_SILENT = ("dismissed", "merged", "closed")


@dataclass(slots=True)
class _Watcher:
    """The spotter of this process and how far in the journal it has come."""

    spotter: Spotter = field(default_factory=lambda: Spotter(parents=_parents()))
    position: int = 0
    word: int = 0


def _parents() -> dict[str, str]:
    """In which place a place lies: an estate and its community are not two different places."""
    return dict(Place.objects.exclude(parent="").values_list("code", "parent"))


_here: list[_Watcher] = []


def forget_spotter() -> None:
    """Let this process read everything again at its next look (other lists, other settings, a test)."""
    _here.clear()


def watch_from(position: int) -> None:
    """Let this process begin at *position* with nothing remembered: for a demo whose past nobody is to be told of."""
    _here[:] = [_Watcher(position=position)]


def spot_arrivals(*, by: User, now: datetime, most: int = MOST) -> int:
    """Show the spotter what has come since the last look, and keep what it makes of it. Returns how many tickets."""
    position = Cursor.objects.filter(name=READER).values_list("position", flat=True).first() or 0
    head = SealHead.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    if head <= position and not EventWord.objects.filter(after=0).exists():
        return 0  # an idle worker writes nothing, and on SQLite takes no lock from those at the desk
    try:
        _watcher(position, now)  # reading what was long ago takes its time: not while others wait to write
        with transaction.atomic():
            return _spot(by, now, most)
    except Exception:
        _here.clear()  # what it has seen was not kept: it must see it again
        raise


def _spot(by: User, now: datetime, most: int) -> int:
    Cursor.objects.get_or_create(name=READER)
    cursor = Cursor.objects.select_for_update().get(name=READER)
    head = SealHead.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    words = EventWord.objects.filter(after=0).exists()
    if head <= cursor.position and not words:
        return 0
    watcher = _watcher(cursor.position, now)
    for word in EventWord.objects.filter(pk__gt=watcher.word).order_by("pk"):
        _obey(watcher, word)
        EventWord.objects.filter(pk=word.pk, after=0).update(after=max(cursor.position, 1))
    births = _births(cursor.position, head, most)
    touched: set[str] = set()
    alerts: list[tuple[Alert, Ticket]] = []
    decisions: list[tuple[Decision, Ticket]] = []
    for ticket in _tickets([pk for _position, pk in births]):
        decision = _shown(watcher, ticket)
        if decision is None:
            continue
        decisions.append((decision, ticket))
        if decision.joined:
            touched.add(decision.event)
        alerts += [(alert, ticket) for alert in decision.alerts]
    nearest = {decision.message: decision for decision, _ticket in decisions if decision.joined}
    for key in sorted({watcher.spotter.final(key) for key in touched}):
        _keep(watcher, key, nearest, now)
    for alert, ticket in alerts:
        _alarm(watcher, alert, ticket, by, now)
    cursor.position = births[-1][0] if len(births) == most else head
    cursor.save(update_fields=["position"])
    watcher.position = cursor.position
    return len(births)


def _watcher(position: int, now: datetime) -> _Watcher:
    """This process's, if it stands where the last one stood; else one that has read everything up to there."""
    if _here and _here[0].position == position:
        return _here[0]
    watcher = _Watcher()
    words = list(EventWord.objects.filter(after__gt=0, after__lte=position).order_by("pk"))
    seen = (
        Entry.objects.filter(
            position__lte=position, n=1, subject__startswith="ticket:", at__gte=now - LOOKS_BACK
        )
        .order_by("position")
        .values_list("position", "subject")
    )
    births = [(at or 0, int(subject[7:])) for at, subject in seen]
    for start in range(0, len(births), 500):
        part = births[start : start + 500]
        for (at, _pk), ticket in zip(part, _tickets([pk for _at, pk in part]), strict=True):
            while words and words[0].after < at:
                _obey(watcher, words.pop(0))
            _shown(watcher, ticket)
    for word in words:
        _obey(watcher, word)
    watcher.position = position
    _here[:] = [watcher]
    return watcher


def _births(after: int, head: int, most: int) -> list[tuple[int, int]]:
    """(position, ticket) of the tickets that came into being behind *after*, in order."""
    rows = (
        Entry.objects.filter(position__gt=after, position__lte=head, n=1, subject__startswith="ticket:")
        .order_by("position")
        .values_list("position", "subject")[:most]
    )
    return [(position or 0, int(subject[7:])) for position, subject in rows]


def _tickets(pks: list[int]) -> list[Ticket]:
    found = Ticket.objects.select_related("place", "town", "category").in_bulk(pks)
    return [found[pk] for pk in pks]


def _shown(watcher: _Watcher, ticket: Ticket) -> Decision | None:
    """What the spotter says of a ticket; None of one that tells nobody anything (voided, empty, seen already)."""
    if ticket.state == "voided" or not (ticket.title or ticket.body).strip():
        return None
    try:
        return watcher.spotter.add(_message(ticket))
    except ValueError:
        return None


def _message(ticket: Ticket) -> Message:
    if ticket.place_id and ticket.place:
        places = {ticket.place.code: 1.0}
    else:
        places = places_heard(ticket.received_by, ticket.title, ticket.body, ticket.place_text)
    return Message(
        id=str(ticket.pk),
        who=f"caller:{ticket.caller_id}" if ticket.caller_id else "",
        when=ticket.received_at,
        title=ticket.title,
        body=ticket.body,
        places=places,
        category=ticket.category.code if ticket.category else None,
        town=ticket.town.code if ticket.town else None,
    )


def _obey(watcher: _Watcher, word: EventWord) -> None:
    """A person's word. One about what is no longer remembered is let go: the rows on the page hold it anyway."""
    spotter = watcher.spotter
    try:
        if word.kind == "merge":
            spotter.merge(word.event, word.other)
        elif word.kind == "apart":
            spotter.split([str(pk) for pk in word.tickets])
        elif word.kind == "put":
            for pk in word.tickets:
                spotter.put_into(str(pk), _meant(spotter, word))
    except (Unknown, ValueError) as why:
        log.info("a word on events is about what is past: %s", type(why).__name__)
    watcher.word = word.pk


def _meant(spotter: Spotter, word: EventWord) -> str:
    """The spotter's event of a word. One that a person began has no name there: it is where its first ticket is."""
    try:
        return spotter.view(word.event).id
    except Unknown:
        return spotter.event_of(str(word.tickets[0]))


def _keep(watcher: _Watcher, key: str, nearest: dict[str, Decision], now: datetime) -> Event | None:
    """The event's row and its members as the spotter sees them now; nothing for an event of one."""
    view = watcher.spotter.view(key)
    if len(view.messages) < 2:
        return None
    pks = [int(message) for message in view.messages]
    event = _event_of(key, pks) or Event.objects.create(
        key=key, title=view.title[:120], first_at=view.first, last_at=view.last
    )
    there = {row.ticket_id: row for row in EventTicket.objects.filter(ticket__in=pks).select_related("event")}
    others: set[int] = set()
    for pk in pks:
        row = there.get(pk)
        if row is not None and row.event_id == event.pk:
            continue
        if row is not None:
            others.add(row.event_id)
            EventTicket.objects.filter(pk=row.pk).update(event=event)
            continue
        said = nearest.get(str(pk))
        EventTicket.objects.create(
            event=event,
            ticket_id=pk,
            at=now,
            chance=round(said.why.chance, 4) if said else 1.0,
            nearest_id=int(said.why.nearest) if said and said.why.nearest else None,
        )
    for other in Event.objects.filter(pk__in=others):
        if not other.members.exists():
            Event.objects.filter(pk=other.pk).update(
                state="merged", merged_into=event, people=0, tickets=0, version=F("version") + 1
            )
            take_over_alarms(event, other)
        else:
            recount(other)
    recount(event, place=view.place)
    return event


def _event_of(key: str, tickets: list[int]) -> Event | None:
    """The row of a spotter's event: by its name, else (a person parted or began it) where most of its tickets are."""
    event = Event.objects.filter(key=key).exclude(state="merged").first()
    if event is not None:
        return event
    holders = _most(EventTicket.objects.filter(ticket__in=tickets).values_list("event", flat=True))
    return Event.objects.filter(pk=holders).exclude(state="merged").first() if holders else None


def named_by_person(event: Event) -> bool:
    """Somebody said what the event is called; no machine renames it then."""
    return EventWord.objects.filter(kind="name", event=event.key).exists()


def take_over_alarms(event: Event, other: Event) -> None:
    """*other* has become part of *event*: its alarms are the event's, which keeps the higher colour of the two."""
    had = set(EventAlert.objects.filter(event=event).values_list("level", flat=True))
    EventAlert.objects.filter(event=other).exclude(level__in=had).update(event=event)
    alarms = list(EventAlert.objects.filter(event=event).order_by("at"))
    if alarms:
        event.level = max((one.level for one in alarms), key=list(TOLD).index)
        event.alerted_at = alarms[0].at
        event.save(update_fields=["level", "alerted_at"])


def recount(event: Event, place: str = "") -> Event:
    """People and tickets of an event, counted apart; where and when it is; the matter most of them have.

    Whoever called without being known counts as a person of their own.
    """
    rows = list(
        event.members.values_list(
            "ticket__caller", "ticket__received_at", "ticket__place", "ticket__town", "ticket__category"
        )
    )
    known = {caller for caller, *_rest in rows if caller}
    event.people = len(known) + sum(1 for caller, *_rest in rows if not caller)
    event.tickets = len(rows)
    if rows:
        event.first_at, event.last_at = min(row[1] for row in rows), max(row[1] for row in rows)
    event.place_id = _most(row[2] for row in rows) or event.place_id
    event.town_id = _most(row[3] for row in rows) or event.town_id
    event.category_id = _most(row[4] for row in rows) or event.category_id
    if place and event.place_id is None:
        listed = Place.objects.filter(code=place).first()
        event.place, event.place_text = listed, "" if listed else place[:120]
    if event.place_id and event.town_id is None:
        town = Place.objects.filter(pk=event.place_id).values_list("town", flat=True).first()
        event.town = Place.objects.filter(code=town).first() if town else None
    if event.state == "watched" and not named_by_person(event):
        members = event.members.select_related("ticket__place", "ticket__town").order_by("pk")[:60]
        where = str(event.place or event.place_text)
        event.title = central_title([one.ticket for one in members], where) or event.title
    event.version += 1
    event.save(
        update_fields=[
            "title",
            "people",
            "tickets",
            "first_at",
            "last_at",
            "place",
            "town",
            "category",
            "place_text",
            "version",
        ]
    )
    return event


def _most(values: Iterable[int | None]) -> int | None:
    counts: dict[int, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return max(counts, key=lambda one: (counts[one], -one)) if counts else None


def _alarm(watcher: _Watcher, alert: Alert, ticket: Ticket, by: User, now: datetime) -> None:
    """Write an alarm down and tell those whom its colour concerns (DOMAIN.md §6.3), each once."""
    if ticket.is_history or now - alert.at > STALE:
        return
    event = None
    if alert.kind == "event":
        event = Event.objects.filter(key=watcher.spotter.final(alert.event)).first()
        if event is None or event.state in _SILENT:
            return
        row, made = EventAlert.objects.get_or_create(
            event=event,
            level=str(alert.level),
            defaults=_alert_columns(alert, ticket, event),
        )
        if not made:
            return
        event.level = str(alert.level)
        event.alerted_at = event.alerted_at or alert.at
        event.save(update_fields=["level", "alerted_at"])
    else:
        row = EventAlert.objects.create(
            kind=alert.kind, level=str(alert.level), **_alert_columns(alert, ticket, None)
        )
    urgent = alert.level.rank >= 3
    for person in User.objects.filter(is_active=True, role__in=TOLD[str(alert.level)]):
        tell(
            person,
            "event_alert",
            once=f"alert:{row.pk}",
            now=now,
            urgent=urgent,
            facts={
                "event": event.pk if event else None,
                "level": str(alert.level),
                "people": alert.people,
                "tickets": alert.tickets,
                "kind": alert.kind,
            },
        )


def _alert_columns(alert: Alert, ticket: Ticket, event: Event | None) -> dict[str, object]:
    place = event.place.name if event and event.place else alert.place
    return {
        "at": alert.at,
        "people": alert.people,
        "tickets": alert.tickets,
        "title": (event.title if event else alert.title)[:120],
        "place_text": (place or "")[:120],
        "last_ticket": ticket,
        "why": alert.why[:64],
    }


#: Whom a colour is pushed to. Blue is watched by analysts and the shift; red reaches the district's leader.
TOLD: dict[str, tuple[Role, ...]] = {
    "blue": (Role.ANALYST, Role.SHIFT_LEAD),
    "yellow": (Role.ANALYST, Role.SHIFT_LEAD, Role.SECTION_CHIEF),
    "orange": (Role.ANALYST, Role.SHIFT_LEAD, Role.SECTION_CHIEF),
    "red": (Role.ANALYST, Role.SHIFT_LEAD, Role.SECTION_CHIEF, Role.DISTRICT_LEADER),
}
