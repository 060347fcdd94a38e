"""What goes between the district and the city's platform, for the desk: files, changes, watched orders, what the
city was not told yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, QuerySet

from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.hotline.journey import BEYOND_THE_DESK
from fenzhen.hotline.roles import Role
from fenzhen.records.city import CityWord
from fenzhen.records.handling import Note
from fenzhen.records.imports import ImportBatch
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Who sees the city's page; those at the desk also act on it.
SEES = roles.DESK | {Role.SUPERVISOR}
#: How many lines of each list stand on the page.
MOST = 100
FILES = 12
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CityFile:
    """One file that came in and what it brought."""

    batch: ImportBatch
    new: int = 0
    direct: int = 0
    changed: int = 0
    withdrawn: int = 0
    same: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class ToldBatch:
    """One file that went out."""

    name: str
    at: datetime
    by: str
    words: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that the city changed or took back, in the words of its story."""

    ticket: Ticket
    at: datetime
    text: str
    is_withdrawn: bool


def city_files(viewer: User, most: int = FILES) -> list[CityFile]:
    """The newest files of the city's."""
    if viewer.role not in SEES:
        return []
    rows = ImportBatch.objects.filter(is_city=True).select_related("by").order_by("-pk")[:most]
    return [CityFile(row, **row.figures.get("city", {})) for row in rows]


def city_changes(viewer: User, now: datetime, most: int = 30) -> list[Changed]:
    """What the city changed lately, newest first, with what its note says."""
    if viewer.role not in SEES:
        return []
    notes = (
        Note.objects.filter(kind="change_city", at__gte=now - LATELY)
        .select_related("ticket")
        .order_by("-pk")[:most]
    )
    return [
        Changed(
            note.ticket,
            note.at,
            note.text,
            note.ticket.state == "withdrawn" and note.ticket.reason_code == "city",
        )
        for note in notes
    ]


def watched_orders(viewer: User) -> "QuerySet[Ticket]":
    """Orders that the city gave to a unit itself and has not closed yet, the most pressing first."""
    if viewer.role not in SEES:
        return Ticket.objects.none()
    return (
        visible(viewer)
        .filter(state="watched")
        .select_related("town")
        .order_by(F("city_deadline").asc(nulls_last=True), "id")
    )


def moved_orders(viewer: User) -> "QuerySet[Ticket]":
    """Orders that the city calls direct since our units have them: a dispatcher says who goes on, the most
    pressing first."""
    if viewer.role not in SEES:
        return Ticket.objects.none()
    return (
        visible(viewer)
        .filter(state__in=[str(state) for state in BEYOND_THE_DESK], city_mode="direct")
        .select_related("town", "lead_unit")
        .order_by(F("city_deadline").asc(nulls_last=True), "id")
    )


def is_moved(viewer: User, ticket: Ticket) -> bool:
    """Is it one of those, and the viewer's to decide?"""
    return viewer.role in roles.DESK and ticket.state in BEYOND_THE_DESK and ticket.city_mode == "direct"


def city_untold(viewer: User) -> "QuerySet[CityWord]":
    """Done here, not yet told to the city: the oldest of the city's deadlines first."""
    return (
        _words(viewer)
        .filter(told_at=None)
        .order_by(F("ticket__city_deadline").asc(nulls_last=True), "made_at", "id")
    )


def told_batches(viewer: User, most: int = 20) -> list[ToldBatch]:
    """The files that went out, newest first."""
    if viewer.role not in SEES:
        return []
    rows = (
        CityWord.objects.exclude(batch="")
        .values("batch")
        .annotate(at=Min("told_at"), by=Max("told_by__name"), n=Count("pk"))
        .order_by("-at")[:most]
    )
    return [ToldBatch(row["batch"], row["at"], row["by"], row["n"]) for row in rows]


def told_by_hand(viewer: User, now: datetime, most: int = 20) -> list[CityWord]:
    """What somebody typed in and ticked lately, newest first: a tick can still be taken back."""
    return list(
        _words(viewer).filter(way="typed", told_at__gte=now - LATELY).order_by("-told_at", "-id")[:most]
    )


def batch_exists(viewer: User, batch: str) -> bool:
    """Is there such a batch, for this person?"""
    return bool(batch) and _words(viewer).filter(batch=batch).exists()


def words_for(viewer: User, pks: list[int]) -> list[CityWord]:
    """The words with these ids that this person may see."""
    return list(_words(viewer).filter(pk__in=pks))


def city_words_of(viewer: User, ticket: Ticket) -> list[CityWord]:
    """Everything that the city was or must be told of one order, newest first."""
    return list(_words(viewer).filter(ticket=ticket).order_by("-id"))


def changes_of(viewer: User, ticket: Ticket) -> list[Note]:
    """What the city changed in one order, newest first."""
    if viewer.role not in SEES:
        return []
    return list(Note.objects.filter(ticket=ticket, kind="change_city").order_by("-n"))


def _words(viewer: User) -> "QuerySet[CityWord]":
    rows = CityWord.objects.select_related("ticket__caller", "ticket__lead_unit", "made_by", "told_by")
    return rows if viewer.role in SEES else rows.none()
