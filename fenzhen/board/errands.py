"""Errands: what a unit passed on within its house, and the slip that goes out without the caller."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.duty_phones import phone_of
from fenzhen.board.tickets import NotVisible
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.privacy import executor_text
from fenzhen.hotline.roles import Role
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User

#: So many finished ones stay in sight.
FINISHED = 20


@dataclass(frozen=True, slots=True)
class Slip:
    """The task as it may leave the house: no name, no number, no door of the caller's."""

    number: str
    matter: str
    place: str
    task: str
    to_name: str
    due: datetime
    unit: str
    unit_phone: str


@dataclass(frozen=True, slots=True)
class ErrandSeen:
    """One errand with its slip and its clock."""

    errand: Errand
    slip: Slip
    colour: Colour


def errands_of(viewer: User, share: Assignment, now: datetime) -> list[ErrandSeen]:
    """All errands of one share, for its unit's liaison and whoever got one."""
    return _all_seen(viewer, _mine(viewer).filter(assignment=share), now)


def my_errands(
    viewer: User, now: datetime, finished: int = FINISHED
) -> tuple[list[ErrandSeen], list[ErrandSeen]]:
    """(open, finished) errands that were given to this person; a liaison: those of the whole unit. Of the finished
    ones the latest *finished*."""
    waiting = _mine(viewer).filter(done_at=None).order_by("due", "pk")
    done = _mine(viewer).exclude(done_at=None).order_by("-done_at", "-pk")[:finished]
    return _all_seen(viewer, waiting, now), _all_seen(viewer, done, now)


def errand_counts(viewer: User, now: datetime) -> dict[str, int]:
    """How many of the viewer's open errands are late, end today, and wait in all."""
    tomorrow = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (
        _mine(viewer)
        .filter(done_at=None)
        .aggregate(
            late=Count("pk", filter=Q(due__lt=now)),
            today=Count("pk", filter=Q(due__gte=now, due__lt=tomorrow)),
            waiting=Count("pk"),
        )
    )


def errand_for(viewer: User, pk: int, now: datetime) -> ErrandSeen:
    """One errand. Raises `NotVisible`."""
    found = _all_seen(viewer, _mine(viewer).filter(pk=pk), now)
    if not found:
        raise NotVisible
    return found[0]


def colleagues(viewer: User) -> list[User]:
    """Whom a liaison can give an errand to by account."""
    if viewer.role != Role.UNIT_LIAISON or viewer.unit_id is None:
        return []
    return list(
        User.objects.filter(unit_id=viewer.unit_id, is_active=True, role=Role.UNIT_WORKER).order_by("name")
    )


def earlier_names(viewer: User) -> list[str]:
    """Sections and villages that the unit has passed work on to, the latest first."""
    if viewer.role != Role.UNIT_LIAISON or viewer.unit_id is None:
        return []
    rows = Errand.objects.filter(assignment__unit_id=viewer.unit_id).order_by("-id")
    return list(dict.fromkeys(rows.values_list("to_name", flat=True)[:200]))[:30]


def slip_words(viewer: User, slip: Slip, due: str) -> str:
    """The slip as one text to copy into a message; *due* is the time as the page writes it."""
    lines = [
        _("【任务单 %(number)s】") % {"number": slip.number},
        _("事项：%(matter)s") % {"matter": slip.matter},
        _("地点：%(place)s") % {"place": slip.place} if slip.place else "",
        _("要求：%(task)s") % {"task": slip.task} if slip.task else "",
        _("办好时间：%(due)s前") % {"due": due},
        _("办完请告诉 %(unit)s 联络员%(phone)s，说明做了什么，附现场照片。")
        % {"unit": slip.unit, "phone": f"（{slip.unit_phone}）" if slip.unit_phone else ""},
    ]
    return "\n".join(line for line in lines if line)


# ---------------------------------------------------------------------------------------------------------


def _mine(viewer: User) -> "QuerySet[Errand]":
    rows = Errand.objects.select_related(
        "assignment__ticket__caller",
        "assignment__ticket__place",
        "assignment__ticket__town",
        "assignment__unit",
        "to_person",
        "given_by",
    ).order_by("id")
    if viewer.role == Role.UNIT_LIAISON and viewer.unit_id:
        return rows.filter(assignment__unit_id=viewer.unit_id)
    if viewer.role == Role.UNIT_WORKER and viewer.unit_id:
        return rows.filter(to_person=viewer, assignment__unit_id=viewer.unit_id)
    return rows.none()


def _all_seen(viewer: User, errands: Iterable[Errand], now: datetime) -> list[ErrandSeen]:
    phones: dict[int, str] = {}
    out = []
    for errand in errands:
        unit = errand.assignment.unit
        if unit.pk not in phones:
            phone = phone_of(viewer, unit, now)
            phones[unit.pk] = phone.phone if phone else ""
        out.append(_seen(errand, phones[unit.pk], now))
    return out


def _seen(errand: Errand, unit_phone: str, now: datetime) -> ErrandSeen:
    share = errand.assignment
    ticket = share.ticket
    name = ticket.caller.name if ticket.caller else ""
    said = executor_text(ticket.place_text, name)
    where = [part for part in (str(ticket.place or ""), said) if part]
    if len(where) == 2 and said.startswith(where[0]):
        where = [said]
    if ticket.town and str(ticket.town) not in where:
        where.insert(0, str(ticket.town))
    slip = Slip(
        number=f"R{errand.pk:06d}",
        matter=executor_text(ticket.title, name),
        place=" ".join(where),
        task=executor_text(errand.word, name),
        to_name=errand.to_name,
        due=errand.due,
        unit=str(share.unit),
        unit_phone=unit_phone,
    )
    return ErrandSeen(errand, slip, colour(errand.given_at, errand.due, errand.done_at or now))
