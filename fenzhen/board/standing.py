"""How things stand, in figures: for `fenzhen status` and for the worker."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Exists, OuterRef

from fenzhen.hotline.journey import TicketState
from fenzhen.records.advice import Advice
from fenzhen.records.district import District
from fenzhen.records.imports import ImportBatch
from fenzhen.records.journal import Cursor, Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


@dataclass(frozen=True, slots=True)
class LastImport:
    """The newest file that was read in. `finished` is None while it runs, or where it was cut off."""

    file: str
    rows: int
    imported: int
    known: int
    rejected: int
    started: datetime
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts over everything; no ticket and no person is named."""

    district: str
    is_demo: bool
    lists_loaded: datetime | None
    tickets: int
    by_state: dict[str, int]
    entries: int
    unsealed: int
    head: int
    unread: int
    advice_waiting: int
    last_import: LastImport | None


def standing(viewer: User, reader: str) -> Standing:
    """How things stand. `unread` is what the journal's *reader* has not read yet."""
    counted = dict(Ticket.objects.order_by().values_list("state").annotate(n=Count("pk")))
    by_state = {str(state): counted.get(str(state), 0) for state in TicketState}
    district = District.objects.order_by("pk").first()
    head = SealHead.objects.values_list("position", flat=True).filter(pk=1).first() or 0
    read = Cursor.objects.values_list("position", flat=True).filter(name=reader).first() or 0
    batch = ImportBatch.objects.order_by("-pk").first()
    return Standing(
        district=district.name if district else "",
        is_demo=bool(district and district.is_demo),
        lists_loaded=district.loaded_at if district else None,
        tickets=sum(counted.values()),
        by_state=by_state,
        entries=Entry.objects.count(),
        unsealed=Entry.objects.filter(position__isnull=True).count(),
        head=head,
        unread=head - read,
        advice_waiting=advice_waiting(viewer),
        last_import=LastImport(
            batch.file_name,
            batch.rows,
            batch.imported,
            batch.known,
            batch.rejected,
            batch.started_at,
            batch.finished_at,
        )
        if batch
        else None,
    )


def advice_waiting(viewer: User, *, since: datetime | None = None) -> int:
    """How many tickets wait at the desk without advice (where *since* is given: longer than that)."""
    rows = Ticket.objects.filter(state="pending_dispatch").exclude(
        Exists(Advice.objects.filter(ticket=OuterRef("pk")))
    )
    return (rows.filter(changed_at__lt=since) if since else rows).count()


def has_tickets(viewer: User) -> bool:
    """Whether anything was ever taken in here."""
    return Ticket.objects.exists()


def is_migrated(viewer: User | None) -> bool:
    """Whether the tables are there and as new as this program. Everybody may know it."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
