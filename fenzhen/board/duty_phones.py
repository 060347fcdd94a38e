"""Whom to phone at a unit now, and which urgent shares nobody has signed for: the list to phone through."""

from dataclasses import dataclass, field
from datetime import datetime, time

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from fenzhen.board.filters import ALL, Narrow
from fenzhen.hotline import roles
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.roles import Role
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import clock_rules, setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Who sees the list and phones.
PHONING = roles.DESK | {Role.SUPERVISOR}
#: Levels that do not wait for a unit to look at its page.
URGENT = 2
#: What share of the time for signing may be left when a unit without an account is phoned for the rest.
LEFT = 0.5


@dataclass(slots=True)
class PhoneNow:
    """One share that nobody has signed for, whom to call, and who called before."""

    item: Assignment
    ticket: Ticket
    phone: DutyPhone | None
    others: list[DutyPhone]
    """The unit's further numbers, where the first does not answer."""
    colour: Colour
    calls: list[Note] = field(default_factory=list)
    has_account: bool = True


def duty_time(viewer: User, now: datetime) -> str:
    """``day``, ``night`` or ``holiday`` by the working calendar and the district's working hours."""
    local = timezone.localtime(now)
    calendar = clock_rules().calendar
    if not calendar.is_workday(local.date()):
        return "holiday"
    begins = time.fromisoformat(str(setting("working_day_begins", "08:30")))
    return "day" if begins <= local.time() < calendar.day_ends else "night"


def phones_of(viewer: User, unit: Unit, now: datetime) -> list[DutyPhone]:
    """The unit's duty telephones in the order to try them now: the time's own, then the night's, then the rest."""
    return _ordered(list(_valid(now).filter(unit=unit)), duty_time(viewer, now))


def phone_of(viewer: User, unit: Unit, now: datetime) -> DutyPhone | None:
    """The one to try first."""
    return next(iter(phones_of(viewer, unit, now)), None)


def to_phone(viewer: User, now: datetime) -> "QuerySet[Assignment]":
    """Unsigned shares that somebody phones about, level 1 first, then by the end of the time for signing.

    Levels 1 and 2 at once; of the others what a unit without an account cannot know of: on no list that it was given
    since, and half of the time for signing gone.
    """
    if viewer.role not in PHONING:
        return Assignment.objects.none()
    open_ = Assignment.objects.filter(state="pending_sign", ticket__is_history=False)
    staffed = User.objects.filter(unit=OuterRef("unit"), is_active=True, role=Role.UNIT_LIAISON)
    rows = open_.filter(~Exists(staffed), level__gt=URGENT).values_list(
        "pk", "unit_id", "given_at", "sign_due"
    )
    near = [row for row in rows if colour(row[2], row[3], now, LEFT) is not Colour.GREEN]
    lists = Entry.objects.filter(
        subject__in={f"unit:{unit}" for _pk, unit, _at, _due in near}, act="take_list"
    )
    listed = dict(lists.values_list("subject").annotate(last=Max("at")))
    unheard = [pk for pk, unit, given, _due in near if listed.get(f"unit:{unit}", given) <= given]
    return open_.filter(Q(level__lte=URGENT) | Q(pk__in=unheard)).order_by("level", "sign_due", "id")


def phone_now(viewer: User, now: datetime, narrow: Narrow = ALL) -> list[PhoneNow]:
    """Each line of the list to phone through (`to_phone`), with the number to try and who called before."""
    rows = list(
        to_phone(viewer, now)
        .filter(narrow.on("ticket", unit="unit"))
        .select_related("ticket__place", "ticket__town", "unit")
    )
    units = {row.unit_id for row in rows}
    by_unit: dict[int, list[DutyPhone]] = {}
    for phone in _valid(now).filter(unit_id__in=units):
        by_unit.setdefault(phone.unit_id, []).append(phone)
    notes: dict[int, list[Note]] = {}
    for note in Note.objects.filter(assignment__in=rows, kind="phone_unit").select_related("by"):
        notes.setdefault(note.assignment_id or 0, []).append(note)
    staffed = set(
        User.objects.filter(unit_id__in=units, is_active=True, role=Role.UNIT_LIAISON).values_list(
            "unit_id", flat=True
        )
    )
    when = duty_time(viewer, now)
    out = []
    for row in rows:
        phones = _ordered(by_unit.get(row.unit_id, []), when)
        out.append(
            PhoneNow(
                row,
                row.ticket,
                phones[0] if phones else None,
                phones[1:],
                colour(row.given_at, row.sign_due, now),
                sorted(notes.get(row.pk, []), key=lambda n: n.pk),
                row.unit_id in staffed,
            )
        )
    return out


def share_to_phone(viewer: User, pk: int) -> Assignment:
    """One live share, for acting on the unit's behalf. Raises `Assignment.DoesNotExist`."""
    if viewer.role not in PHONING:
        raise Assignment.DoesNotExist
    return Assignment.objects.select_related("ticket__place", "ticket__town", "ticket__caller", "unit").get(
        pk=pk, state__in=["pending_sign", "signed", "waiting", "result_submitted"]
    )


def shares_phoned(viewer: User, ticket: Ticket) -> list[Assignment]:
    """The live shares of a ticket, for those who phone units about them."""
    if viewer.role not in PHONING:
        return []
    rows = Assignment.objects.filter(ticket=ticket, state__in=["pending_sign", "signed", "waiting"])
    return list(rows.select_related("unit").order_by("id"))


def calls_to(viewer: User, share: Assignment) -> list[Note]:
    """Who phoned the unit about this share before, the oldest first."""
    if viewer.role not in PHONING:
        return []
    return list(Note.objects.filter(assignment=share, kind="phone_unit").select_related("by").order_by("n"))


def _valid(now: datetime) -> "QuerySet[DutyPhone]":
    today = timezone.localtime(now).date()
    return DutyPhone.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=today), Q(valid_to=None) | Q(valid_to__gte=today)
    ).select_related("unit")


def _ordered(phones: list[DutyPhone], when: str) -> list[DutyPhone]:
    order = {when: 0, "night": 1, "holiday": 2, "day": 3}
    order[when] = 0
    # Of two that are valid, the one that began later is the newer list's.
    return sorted(
        phones, key=lambda p: (order[p.time], -(p.valid_from.toordinal() if p.valid_from else 0), p.pk)
    )
