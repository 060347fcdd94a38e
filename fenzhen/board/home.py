"""What matters to one person now: a few numbers by role, and the list behind each of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from fenzhen.board.duty_phones import to_phone
from fenzhen.board.errands import ErrandSeen, errand_counts, my_errands
from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.related import repeated_callers, repeated_tickets
from fenzhen.board.tickets import city_clock_ends, on_live, visible
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.journey import OPEN, OUTSIDE_THE_RATES, Clock
from fenzhen.hotline.rates import RATED_KINDS, Rates
from fenzhen.hotline.roles import Role
from fenzhen.records.callbacks import CallBack
from fenzhen.records.city import CityWord
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Which numbers a role sees, in this order; the first three stand large. Keys of `_TICKETS`, `_SHARES`,
#: `_CALLS`, or of what the page knows itself (drafts).
FIGURES: dict[str, tuple[str, ...]] = {
    Role.AGENT: ("received_today", "my_need_info", "drafts"),
    Role.SHIFT_LEAD: (
        *("late", "city_today", "not_phoned", "waiting", "late_triage", "returned", "untold", "repeated"),
        *("need_info", "voids"),
    ),
    Role.DISPATCHER: (
        *("waiting", "late", "city_today", "not_phoned", "returned", "late_triage", "untold"),
        *("need_info", "voids"),
    ),
    Role.REVIEWER: ("to_review", "to_review_urgent", "reviewed_today"),
    Role.CALLBACK_AGENT: ("calls_due", "appointments", "appointments_late"),
    Role.SUPERVISOR: ("late", "late_sign", "rehandled_today"),
    Role.SECTION_CHIEF: (
        *("late", "city_today", "returned", "not_phoned", "untold", "repeated", "level_1", "rehandled_today"),
        "voids",
    ),
    Role.UNIT_LIAISON: ("to_sign", "in_hand", "due_today", "came_back"),
    Role.UNIT_WORKER: ("errands_late", "errands_today", "errands_waiting"),  # errands only, no tickets
    Role.DISTRICT_LEADER: ("intake_today", "open", "late"),
    Role.ANALYST: ("intake_today", "open", "late"),
    Role.ADMIN: (),
}
#: Numbers that are bad news when they are not nought.
BAD = frozenset(
    {
        *("late", "late_triage", "late_sign", "level_1", "appointments_late", "to_review_urgent"),
        *("city_today", "not_phoned", "errands_late"),
    }
)
#: So many lines at most stand behind a number.
MOST = 50
#: The rates on the home page are of the rounds that ended in so many days.
RATE_DAYS = 30


@dataclass(frozen=True, slots=True)
class HomeLine:
    """One line of the list: a ticket and the clock that matters to the one who looks."""

    ticket: Ticket
    clock: Clock | None = None
    started: datetime | None = None
    due: datetime | None = None
    paused: datetime | None = None
    share: Assignment | None = None
    callback: CallBack | None = None
    is_city: bool = False
    """The clock is the city's."""
    calls: int = 0
    """How often the person called about it, where that is what the list is about."""

    def colour(self, now: datetime) -> Colour | None:
        """The clock's colour, where there is one."""
        if self.due is None or self.started is None:
            return None
        return colour(self.started, self.due, self.paused or now)


def figures_for(viewer: User, now: datetime) -> dict[str, int]:
    """The viewer's numbers in their order. Drafts are not among them: the page counts those itself."""
    if viewer.role == Role.UNIT_WORKER:
        return {f"errands_{name}": count for name, count in errand_counts(viewer, now).items()}
    out: dict[str, int] = {}
    for key in FIGURES.get(viewer.role, ()):
        rows = _rows(viewer, key, now)
        if rows is not None:
            out[key] = rows.count()
    return out


def lines_behind(
    viewer: User, key: str, now: datetime, most: int = MOST, narrow: Narrow = ALL
) -> list[HomeLine]:
    """The list behind one of the viewer's own numbers, most pressing first, at most *most*, of what is left when
    it is narrowed; empty for a number that is not theirs."""
    if key not in FIGURES.get(viewer.role, ()):
        return []
    if key in _SHARES:
        rows = _SHARES[key](viewer, now).filter(narrow.on("ticket", unit="unit"))
        shares = rows.select_related("ticket", "ticket__town", "ticket__place", "unit")[:most]
        return [_share_line(item) for item in shares]
    if key in _CALLS:
        open_calls = _CALLS[key](viewer, now).filter(narrow.on("ticket"))
        calls = open_calls.select_related("ticket", "ticket__town", "ticket__place")[:most]
        return [_call_line(item) for item in calls]
    if key in _TICKETS:
        found = _TICKETS[key](viewer, now).filter(narrow.on())
        tickets = found.select_related("town", "place", "lead_unit")[:most]
        if key == "city_today":
            return [_city_line(item) for item in tickets]
        if key == "repeated":
            often = {one.ticket.pk: one.calls for one in repeated_callers(viewer, now)}
            return [replace(_ticket_line(item), calls=often.get(item.pk, 0)) for item in tickets]
        return [_ticket_line(item) for item in tickets]
    return []


def errands_behind(viewer: User, key: str, now: datetime) -> list[ErrandSeen]:
    """The viewer's open errands behind one of the numbers of those who get errands only."""
    if viewer.role != Role.UNIT_WORKER:
        return []
    tomorrow = _midnight(now) + timedelta(days=1)
    spans = {"errands_late": (None, now), "errands_today": (now, tomorrow), "errands_waiting": (None, None)}
    since, until = spans.get(key, (None, None))
    return [
        seen
        for seen in my_errands(viewer, now)[0]
        if (since is None or seen.errand.due >= since) and (until is None or seen.errand.due < until)
    ]


def how_many(viewer: User, key: str, now: datetime, narrow: Narrow = ALL) -> int:
    """How many stand behind one of the viewer's own numbers when it is narrowed."""
    rows = _rows(viewer, key, now) if key in FIGURES.get(viewer.role, ()) else None
    if rows is None:
        return 0
    if key in _TICKETS:
        return rows.filter(narrow.on()).count()
    return rows.filter(narrow.on("ticket", unit="unit" if key in _SHARES else "")).count()


def rates_lately(viewer: User, now: datetime) -> Rates:
    """Rounds that ended in the last `RATE_DAYS` days among the tickets the viewer may see, as counts (no
    caller in them). Withdrawn and voided tickets and unrated kinds stay out."""
    rounds = (
        CallBack.objects.filter(
            done_at__gte=now - timedelta(days=RATE_DAYS), done_at__lte=now, ticket__kind__in=RATED_KINDS
        )
        .filter(on_live(viewer))
        .exclude(outcome="")
        .exclude(ticket__state__in=OUTSIDE_THE_RATES)
    )
    reached = Q(outcome__in=["closed", "rehandled"])
    which = {
        "ended": Q(),
        "reached": reached,
        "contacted": reached & Q(contacted=True),
        "solved": reached & Q(solved="yes"),
        "partly": reached & Q(solved="partly"),
        "satisfied": reached & Q(satisfied__in=["very", "satisfied"]),
        "basic": reached & Q(satisfied="basic"),
    }
    # The counts have names of their own: a column is called `solved`, too.
    counts = rounds.aggregate(**{f"n_{name}": Count("pk", filter=some) for name, some in which.items()})
    return Rates(**{name: counts[f"n_{name}"] for name in which})


def list_sizes(viewer: User) -> dict[str, int]:
    """How long each reference list is, for the administrator; nothing for anybody else."""
    if viewer.role != Role.ADMIN:
        return {}
    kept = (Unit, Place, Category, Example, Duty, Level, CalendarDay, District, User)
    return {model._meta.model_name or "": model._default_manager.count() for model in kept}


# ---------------------------------------------------------------------------------------------------------

_Tickets = Callable[[User, datetime], "QuerySet[Ticket]"]
_Shares = Callable[[User, datetime], "QuerySet[Assignment]"]
_Calls = Callable[[User, datetime], "QuerySet[CallBack]"]


def _rows(
    viewer: User, key: str, now: datetime
) -> "QuerySet[Ticket] | QuerySet[Assignment] | QuerySet[CallBack] | None":
    for group in (_TICKETS, _SHARES, _CALLS):
        if key in group:
            return group[key](viewer, now)
    return None


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _live(viewer: User) -> "QuerySet[Ticket]":
    return visible(viewer).filter(is_history=False)


def _waiting(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    return _live(viewer).filter(state="pending_dispatch").order_by("level", "triage_due", "id")


def _late(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    """Past due at the desk, at the unit or at the call-back; a unit's clock that is paused is not late."""
    paused = Assignment.objects.filter(ticket=OuterRef("pk"), part="lead", state="waiting")
    at_unit = Q(state__in=["dispatched", "handling", "rehandling"], own_deadline__lt=now) & ~Exists(paused)
    return (
        _live(viewer)
        .filter(
            at_unit
            | Q(state="pending_dispatch", triage_due__lt=now)
            | Q(state="pending_callback", callback_due__lt=now)
            | Q(state="in_consultation", consult_due__lt=now)
        )
        .order_by("level", F("own_deadline").asc(nulls_last=True), "id")
    )


def _city_today(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    return city_clock_ends(viewer, now).order_by("city_deadline", "level", "id")


def _returned(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    """A unit asks to give it back, or did so today; what waits for a word first."""
    asked = Request.objects.filter(kind="return")
    waits, done = asked.filter(decision=""), asked.filter(decision="approved", decided_at__gte=_midnight(now))
    return (
        _live(viewer)
        .filter(Q(pk__in=waits.values("ticket")) | Q(pk__in=done.values("ticket")))
        .annotate(waits=Exists(waits.filter(ticket=OuterRef("pk"))))
        .order_by("-waits", "level", "id")
    )


def _untold(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    """Something stands ready for the city that it was not told yet."""
    owed = CityWord.objects.filter(told_at__isnull=True).values("ticket")
    return _live(viewer).filter(pk__in=owed).order_by(F("city_deadline").asc(nulls_last=True), "level", "id")


def _not_phoned(viewer: User, now: datetime) -> "QuerySet[Assignment]":
    """On the list to phone through, and nobody has phoned the unit."""
    phoned = Note.objects.filter(assignment=OuterRef("pk"), kind="phone_unit")
    return to_phone(viewer, now).filter(on_live(viewer)).filter(~Exists(phoned))


def _voids(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    asked = Request.objects.filter(kind="void", decision="").exclude(applicant=viewer)
    return _live(viewer).filter(pk__in=asked.values("ticket")).order_by("level", "id")


def _rehandled_today(viewer: User, now: datetime) -> "QuerySet[Ticket]":
    back = CallBack.objects.filter(outcome="rehandled", done_at__gte=_midnight(now)).values("ticket")
    return _live(viewer).filter(pk__in=back).order_by("level", "-changed_at", "id")


def _to_review(viewer: User, now: datetime) -> "QuerySet[Assignment]":
    return Assignment.objects.filter(on_live(viewer), state="result_submitted").order_by(
        "level", "submitted_at", "id"
    )


def _reviewed_today(viewer: User, now: datetime) -> "QuerySet[Assignment]":
    mine = Reply.objects.filter(reviewed_by=viewer, reviewed_at__gte=_midnight(now)).values("assignment")
    return Assignment.objects.filter(pk__in=mine).order_by("-id")


def _own(viewer: User) -> "QuerySet[Assignment]":
    """The unit's shares; nothing for somebody who belongs to none."""
    if viewer.role != Role.UNIT_LIAISON or not viewer.unit_id:
        return Assignment.objects.none()
    return Assignment.objects.filter(unit_id=viewer.unit_id, ticket__is_history=False)


def _came_back(viewer: User, now: datetime) -> "QuerySet[Assignment]":
    sent_back = Reply.objects.filter(assignment=OuterRef("pk"), verdict="sent_back")
    return (
        _own(viewer)
        .filter(state__in=["pending_sign", "signed", "waiting"])
        .filter(Exists(sent_back) | Q(round__gt=1))
        .order_by("handle_due", "id")
    )


def _calls(viewer: User) -> "QuerySet[CallBack]":
    return CallBack.objects.filter(on_live(viewer), outcome="", ticket__state="pending_callback")


_TICKETS: dict[str, _Tickets] = {
    "received_today": lambda viewer, now: _live(viewer).filter(
        received_by=viewer, received_at__gte=_midnight(now)
    ),
    "my_need_info": lambda viewer, now: (
        _live(viewer).filter(state="need_info", received_by=viewer).order_by("level", "received_at")
    ),
    "waiting": _waiting,
    "late_triage": lambda viewer, now: _waiting(viewer, now).filter(triage_due__lt=now),
    "need_info": lambda viewer, now: _live(viewer).filter(state="need_info").order_by("level", "received_at"),
    "voids": _voids,
    "late": _late,
    "city_today": _city_today,
    "returned": _returned,
    "untold": _untold,
    "repeated": lambda viewer, now: repeated_tickets(viewer, now).order_by("level", "-changed_at", "id"),
    "level_1": lambda viewer, now: (
        _live(viewer).filter(state__in=OPEN, level=1).order_by(F("own_deadline").asc(nulls_first=True), "id")
    ),
    "rehandled_today": _rehandled_today,
    "intake_today": lambda viewer, now: _live(viewer).filter(
        received_at__gte=_midnight(now), received_at__lte=now
    ),
    "open": lambda viewer, now: (
        _live(viewer).filter(state__in=OPEN).order_by("level", F("own_deadline").asc(nulls_last=True), "id")
    ),
}
_SHARES: dict[str, _Shares] = {
    "not_phoned": _not_phoned,
    "to_review": _to_review,
    "to_review_urgent": lambda viewer, now: _to_review(viewer, now).filter(level__lte=2),
    "reviewed_today": _reviewed_today,
    "late_sign": lambda viewer, now: Assignment.objects.filter(
        on_live(viewer), state="pending_sign", sign_due__lt=now
    ).order_by("level", "sign_due", "id"),
    "to_sign": lambda viewer, now: _own(viewer).filter(state="pending_sign").order_by("sign_due", "id"),
    "in_hand": lambda viewer, now: (
        _own(viewer).filter(state__in=["signed", "waiting"]).order_by("handle_due", "id")
    ),
    "due_today": lambda viewer, now: (
        _own(viewer)
        .filter(state__in=["pending_sign", "signed"], handle_due__lt=_midnight(now) + timedelta(days=1))
        .order_by("handle_due", "id")
    ),
    "came_back": _came_back,
}
_CALLS: dict[str, _Calls] = {
    "calls_due": lambda viewer, now: (
        _calls(viewer)
        .filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=now))
        .order_by("ticket__level", "due_at", "id")
    ),
    "appointments": lambda viewer, now: (
        _calls(viewer).filter(appointment=True, next_try_at__gt=now).order_by("next_try_at", "id")
    ),
    "appointments_late": lambda viewer, now: (
        _calls(viewer).filter(appointment=True, next_try_at__lte=now).order_by("next_try_at", "id")
    ),
}


def _ticket_line(ticket: Ticket) -> HomeLine:
    if ticket.state in {"pending_dispatch", "need_info"}:
        return HomeLine(ticket, Clock.TRIAGE, ticket.received_at, ticket.triage_due, ticket.paused_at)
    if ticket.state == "pending_callback":
        return HomeLine(ticket, Clock.CALLBACK, ticket.changed_at, ticket.callback_due)
    if ticket.state in {"dispatched", "handling", "rehandling"}:
        return HomeLine(
            ticket, Clock.HANDLING, ticket.dispatched_at or ticket.received_at, ticket.own_deadline
        )
    return HomeLine(ticket)


def _city_line(ticket: Ticket) -> HomeLine:
    """By the city's clock, which runs on after our own work is done."""
    started = ticket.city_received_at or ticket.received_at
    return HomeLine(ticket, Clock.HANDLING, started, ticket.city_deadline, is_city=True)


def _share_line(share: Assignment) -> HomeLine:
    if share.state == "pending_sign":
        return HomeLine(share.ticket, Clock.SIGN, share.given_at, share.sign_due, share=share)
    if share.state in {"signed", "waiting"}:
        return HomeLine(
            share.ticket, Clock.HANDLING, share.given_at, share.handle_due, share.paused_at, share=share
        )
    return HomeLine(share.ticket, share=share)


def _call_line(call: CallBack) -> HomeLine:
    if call.appointment and call.next_try_at:
        return HomeLine(call.ticket, Clock.CALLBACK, call.opened_at, call.next_try_at, callback=call)
    return HomeLine(call.ticket, Clock.CALLBACK, call.opened_at, call.due_at, callback=call)
