"""Who must be told when something has happened, or has not happened in time.

Everybody is told each thing once. What happened is read from the journal entry at its position, so that a
task that runs twice tells nobody twice. Tickets of the past (`is_history`) raise no alarm.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from fenzhen.hotline.journey import BEYOND_THE_DESK
from fenzhen.hotline.roles import Role
from fenzhen.office.notices import tell
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket

#: A heap of alarms is no alarm: of what is overdue in one look, so many stand on top of the page.
MOST_ON_TOP = 5
#: So many are told of in one look; the next look takes the next ones.
MOST_AT_ONCE = 100


def tell_dispatched(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of every unit that was given a share. Returns how many people were told."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    units = _units_of(entry, recalled=False, born_only=True)
    urgent = entry.facts.get("level") == 1
    return _tell_all(_liaisons(units), "dispatched", entry, ticket, now, urgent=urgent)


def tell_rehandled(position: int, *, by: User, now: datetime) -> int:
    """The unit's liaisons always; at level 1 also the chiefs and the shift leads, and everybody urgently."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    urgent = entry.facts.get("level") == 1
    people = _liaisons(_units_of(entry, recalled=False, born_only=True))
    if urgent:
        people += _in_roles(Role.SECTION_CHIEF, Role.SHIFT_LEAD)
    return _tell_all(people, "rehandled", entry, ticket, now, urgent=urgent)


def tell_sent_back(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of the unit whose reply did not stand."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    return _tell_all(_liaisons(_units_of(entry)), "sent_back", entry, ticket, now)


def tell_asked_back(position: int, *, by: User, now: datetime) -> int:
    """Whoever took the call; the shift leads where that was a file or nobody who still works here."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    taker = ticket.received_by
    people = [taker] if taker.is_active and taker.role != Role.SYSTEM else _in_roles(Role.SHIFT_LEAD)
    return _tell_all(people, "need_info", entry, ticket, now, urgent=ticket.level == 1)


def tell_taken_back(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of every unit that had been given a share and not signed yet."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    return _tell_all(_liaisons(_units_of(entry)), "taken_back", entry, ticket, now)


def tell_call_joined(position: int, *, by: User, now: datetime) -> int:
    """The chiefs, when somebody rings again about a matter of level 1 or 2."""
    found = _happened(position)
    if found is None or found[1].level > 2:
        return 0
    entry, ticket = found
    return _tell_all(
        _in_roles(Role.SECTION_CHIEF), "call_joined", entry, ticket, now, urgent=ticket.level == 1
    )


def tell_urged(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of the units that work on it, when the caller or a leader urges; where no unit has it yet,
    the dispatchers."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    working = Assignment.objects.filter(ticket=ticket, state__in=["pending_sign", "signed", "waiting"])
    people = _liaisons(working.values_list("unit_id", flat=True))
    if ticket.state == "pending_dispatch":
        people = _in_roles(Role.DISPATCHER)
    return _tell_all(people, "urged", entry, ticket, now, urgent=ticket.level == 1)


def tell_void_asked(position: int, *, by: User, now: datetime) -> int:
    """Those who may say the second word, except whoever asked."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    people = [p for p in _in_roles(Role.SHIFT_LEAD, Role.SECTION_CHIEF) if p.pk != entry.by_id]
    return _tell_all(people, "void_asked", entry, ticket, now)


def tell_city_changed(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of the units that have it now: what the caller wants, or the city's date, is another one. Where
    the city has given a unit itself what our units have in hand: the dispatchers, who say which of them goes on."""
    found = _happened(position)
    if found is None or set(found[0].facts.get("fields", ())) <= {"status"}:
        return 0
    entry, ticket = found
    moved = 0
    if "mode" in entry.facts["fields"] and ticket.city_mode == "direct" and ticket.state in BEYOND_THE_DESK:
        people = _in_roles(Role.DISPATCHER)
        moved = _tell_all(people, "city_moved", entry, ticket, now, urgent=ticket.level == 1)
    running = Assignment.objects.filter(ticket=ticket, state__in=["pending_sign", "signed", "waiting"])
    units = set(running.values_list("unit_id", flat=True))
    return moved + _tell_all(_liaisons(units), "city_changed", entry, ticket, now, urgent=ticket.level == 1)


def tell_withdrawn(position: int, *, by: User, now: datetime) -> int:
    """The liaisons of the units whose share has ended with it: nobody should drive out for nothing."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    return _tell_all(_liaisons(_units_of(entry)), str(entry.event), entry, ticket, now)


def tell_request_asked(position: int, *, by: User, now: datetime) -> int:
    """A unit wants to return a ticket, or more time: those who dispatch; the chief where only they may agree."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    people = _in_roles(Role.DISPATCHER, Role.SHIFT_LEAD)
    if entry.act == "ask_return" and ticket.returns + 1 >= int(setting("return.max", 2)):
        people = _in_roles(Role.SECTION_CHIEF)
    people = [person for person in people if person.pk != entry.by_id]
    return _tell_all(people, str(entry.event), entry, ticket, now, urgent=ticket.level == 1)


def tell_request_decided(position: int, *, by: User, now: datetime) -> int:
    """The desk's word on what a unit asked for: the unit's liaisons."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    asked = Request.objects.filter(pk=entry.facts.get("request")).select_related("assignment").first()
    if asked is None or asked.assignment is None:
        return 0
    people = _liaisons({asked.assignment.unit_id})
    return _tell_all(people, str(entry.event), entry, ticket, now)


def tell_passed_on(position: int, *, by: User, now: datetime) -> int:
    """Whoever was given an errand, where they have an account; without the ticket, which they do not see."""
    found = _happened(position)
    if found is None:
        return 0
    entry, _ticket = found
    person = User.objects.filter(pk=entry.facts.get("to"), is_active=True).first()
    if person is None:
        return 0
    tell(person, "passed_on", once=f"passed_on:{entry.position}", now=now, facts={"n": entry.n})
    return 1


def tell_errand_finished(position: int, *, by: User, now: datetime) -> int:
    """The unit's liaisons, unless they wrote it down themselves."""
    found = _happened(position)
    if found is None:
        return 0
    entry, ticket = found
    item = Assignment.objects.filter(pk=entry.facts.get("assignment")).first()
    people = [p for p in _liaisons({item.unit_id} if item else ()) if p.pk != entry.by_id]
    return _tell_all(people, "errand_finished", entry, ticket, now)


def tell_triage_overdue(*, by: User, now: datetime) -> int:
    """Level 1 or 2 still waits for a dispatch after its time: every dispatcher, urgently, once a clock."""
    late = Ticket.objects.filter(
        state="pending_dispatch", level__lte=2, is_history=False, triage_due__lt=now
    ).filter(~_told("late_triage", ticket=OuterRef("pk"), since=OuterRef("triage_due")))
    people = _in_roles(Role.DISPATCHER)
    told = 0
    for place, ticket in enumerate(late.order_by("level", "triage_due")[:MOST_AT_ONCE]):
        assert ticket.triage_due is not None  # the query asks for it
        for person in people:
            told += 1
            tell(
                person,
                "late_triage",
                once=f"late_triage:{ticket.pk}:{ticket.triage_due.timestamp():.0f}",
                now=now,
                ticket=ticket,
                urgent=place < MOST_ON_TOP,
                facts={"level": ticket.level, "due": ticket.triage_due.isoformat()},
            )
    return told


def tell_sign_overdue(*, by: User, now: datetime) -> int:
    """A unit has not signed for level 1 or 2 in time: dispatchers and chiefs, once an assignment."""
    late = (
        Assignment.objects.filter(
            state="pending_sign", level__lte=2, sign_due__lt=now, ticket__is_history=False
        )
        .filter(
            ~_told(
                "late_sign",
                ticket=OuterRef("ticket_id"),
                since=OuterRef("sign_due"),
                item=OuterRef("pk"),
            )
        )
        .select_related("ticket")
        .order_by("level", "sign_due")
    )
    people = _in_roles(Role.DISPATCHER, Role.SECTION_CHIEF)
    told = 0
    for place, item in enumerate(late[:MOST_AT_ONCE]):
        for person in people:
            told += 1
            tell(
                person,
                "late_sign",
                once=f"late_sign:{item.pk}",
                now=now,
                ticket=item.ticket,
                urgent=item.level == 1 and place < MOST_ON_TOP,
                facts={"assignment": item.pk, "unit": item.unit_id, "level": item.level},
            )
    return told


def tell_callbacks_overdue(*, by: User, now: datetime) -> int:
    """Pressing call-backs (level 1 and 2) whose time is over: the call-back agents, once each. Ordinary ones
    stand red on the desk's list; a bell that rings for each of them would be heard by nobody."""
    late = (
        CallBack.objects.filter(outcome="", due_at__lt=now, ticket__is_history=False, ticket__level__lte=2)
        .filter(ticket__state="pending_callback", ticket__round=F("round"))
        .filter(~_told("late_callback", ticket=OuterRef("ticket_id"), since=OuterRef("due_at")))
        .select_related("ticket")
        .order_by("ticket__level", "due_at")
    )
    people = _in_roles(Role.CALLBACK_AGENT)
    told = 0
    for place, item in enumerate(late[:MOST_AT_ONCE]):
        for person in people:
            told += 1
            tell(
                person,
                "late_callback",
                once=f"late_callback:{item.pk}",
                now=now,
                ticket=item.ticket,
                urgent=item.ticket.level == 1 and place < MOST_ON_TOP,
                facts={"callback": item.pk, "level": item.ticket.level},
            )
    return told


def tell_appointments(*, by: User, now: datetime) -> int:
    """The agreed time for ringing again has come: the call-back agents, once an appointment."""
    due = (
        CallBack.objects.filter(outcome="", appointment=True, next_try_at__lte=now, ticket__is_history=False)
        .filter(ticket__state="pending_callback", ticket__round=F("round"))
        .filter(~_told("appointment", ticket=OuterRef("ticket_id"), since=OuterRef("next_try_at")))
        .select_related("ticket")
        .order_by("next_try_at")
    )
    people = _in_roles(Role.CALLBACK_AGENT)
    told = 0
    for item in due[:MOST_AT_ONCE]:
        assert item.next_try_at is not None  # the query asks for it
        for person in people:
            told += 1
            tell(
                person,
                "appointment",
                once=f"appointment:{item.pk}:{item.next_try_at.timestamp():.0f}",
                now=now,
                ticket=item.ticket,
                facts={"callback": item.pk},
            )
    return told


def _happened(position: int) -> tuple[Entry, Ticket] | None:
    """The entry and its ticket; None where there is nothing to tell of (no ticket, or one of the past)."""
    entry = Entry.objects.filter(position=position, subject__startswith="ticket:").first()
    if entry is None:
        return None
    ticket = Ticket.objects.select_related("received_by").filter(pk=int(entry.subject[7:])).first()
    return (entry, ticket) if ticket and not ticket.is_history else None


def _units_of(entry: Entry, *, recalled: bool = True, born_only: bool = False) -> set[int]:
    """Units whose assignments the entry made or moved."""
    done = [d for d in entry.facts.get("assignments", []) if not born_only or "unit" in d]
    rows = Assignment.objects.filter(pk__in=[d["id"] for d in done])
    if not recalled:
        rows = rows.exclude(state="recalled")
    return set(rows.values_list("unit_id", flat=True))


def _liaisons(units: Iterable[int]) -> list[User]:
    """The liaisons of these units; for a unit that has none, everybody who works there."""
    people: list[User] = []
    for unit in sorted(units):
        staff = list(User.objects.filter(unit_id=unit, is_active=True).order_by("pk"))
        people += [p for p in staff if p.role == Role.UNIT_LIAISON] or staff
    return people


def _in_roles(*wanted: Role) -> list[User]:
    return list(User.objects.filter(role__in=wanted, is_active=True).order_by("pk"))


def _tell_all(
    people: Iterable[User], kind: str, entry: Entry, ticket: Ticket, now: datetime, *, urgent: bool = False
) -> int:
    told = 0
    for person in people:
        tell(
            person,
            kind,
            once=f"{kind}:{entry.position}",
            now=now,
            ticket=ticket,
            urgent=urgent,
            facts={"n": entry.n, "level": entry.facts.get("level"), "round": entry.facts.get("round")},
        )
        told += 1
    return told


def _told(kind: str, *, ticket: OuterRef, since: OuterRef, item: OuterRef | None = None) -> Exists:
    """Somebody was told this of the ticket (of its one *item*) since that clock ran out: a new clock is a new alarm."""
    rows: QuerySet[Notice] = Notice.objects.filter(kind=kind, ticket=ticket, created_at__gte=since)
    if item is not None:
        rows = rows.filter(once=Concat(Value(f"{kind}:"), Cast(item, CharField())))
    return Exists(rows)


__all__ = [
    "tell_appointments",
    "tell_asked_back",
    "tell_call_joined",
    "tell_callbacks_overdue",
    "tell_dispatched",
    "tell_errand_finished",
    "tell_passed_on",
    "tell_rehandled",
    "tell_request_asked",
    "tell_request_decided",
    "tell_sent_back",
    "tell_sign_overdue",
    "tell_taken_back",
    "tell_triage_overdue",
    "tell_urged",
    "tell_void_asked",
]
