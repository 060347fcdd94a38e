"""The sealer: gives journal entries their gap-free position and the chain over everything.

Writers chain their entries per ticket and never queue for one global head. One sealer at a time (a row lock
on `SealHead`) then puts what was committed into one order. Whoever reads the journal onwards reads by
position; reading by id would lose entries whose transaction committed late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import Max

from fenzhen.desk.step import NotYours, entry_hash
from fenzhen.hotline.roles import Role
from fenzhen.records.journal import Cursor, Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not fit. `why`: ``changed`` (its hash does not match what it says), ``chain``
    (it does not follow the one before it on its subject), ``missing`` (one before it is gone), ``position`` or
    ``sealed`` (the order over everything was touched), ``tail`` (entries at the end are gone)."""

    entry: int | None
    subject: str
    n: int
    position: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries were looked at, how many are sealed, the head to write down elsewhere, and what broke."""

    entries: int
    sealed: int
    head: str
    broken: Broken | None


def seal_entries(*, by: User, now: datetime, limit: int = 2000) -> int:
    """Seal up to *limit* entries in the order of their ids; returns how many. Two sealers never work at once.

    An entry that was committed late has a smaller id than some sealed ones; it simply comes next. Entries of
    one subject stay in their order, because nobody can write the second before the first is committed.
    """
    if by.role != Role.SYSTEM:
        raise NotYours
    with transaction.atomic():
        SealHead.objects.get_or_create(pk=1)
        head = SealHead.objects.select_for_update().get(pk=1)
        position, seal = head.position, head.sealed
        waiting = Entry.objects.filter(position__isnull=True).order_by("id").values_list("id", "hash")[:limit]
        rows = []
        for pk, link in waiting:
            position += 1
            seal = _next_seal(seal, position, link)
            rows.append((position, seal, pk))
        if not rows:
            return 0
        # One prepared statement: bulk_update's CASE with thousands of branches takes minutes after an import.
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {Entry._meta.db_table} SET position = %s, sealed = %s WHERE id = %s",  # noqa: S608 - a table's name
                rows,
            )
        head.position, head.sealed = position, seal
        head.save(update_fields=["position", "sealed"])
    return len(rows)


def seal_everything(*, by: User, now: datetime) -> int:
    """Seal all there is, after an import or a generated fortnight; returns how many."""
    total = 0
    while done := seal_entries(by=by, now=now, limit=5000):
        total += done
    return total


def advance_cursor(name: str, *, by: User, now: datetime, to: int) -> bool:
    """Say how far the reader *name* has come. Call it in the transaction that does what follows from the
    entries read. False (and nothing moved) where another process of the same reader was further already."""
    if by.role != Role.SYSTEM:
        raise NotYours
    Cursor.objects.get_or_create(name=name)
    return bool(Cursor.objects.filter(name=name, position__lt=to).update(position=to))


def skip_to_head(name: str, *, by: User, now: datetime) -> int:
    """Let the reader *name* begin behind everything that is there: nobody is told of a generated past."""
    seal_everything(by=by, now=now)
    with transaction.atomic():
        position = SealHead.objects.values_list("position", flat=True).filter(pk=1).first() or 0
        advance_cursor(name, by=by, now=now, to=position)
    return position


def verify_journal(*, by: User, now: datetime) -> Verified:
    """Recompute both chains over the whole journal; names the first entry that was changed, moved or removed."""
    count, broken = _verify_subjects()
    sealed, head, broken_seal = _verify_seals()
    return Verified(count, sealed, head, broken or broken_seal)


def _next_seal(before: str, position: int, link: str) -> str:
    return sha256(f"{before}|{position}|{link}".encode()).hexdigest()


def _verify_subjects() -> tuple[int, Broken | None]:
    count = 0
    last: Entry | None = None
    ends: dict[str, int] = {}
    for entry in _stream("subject", "n"):
        count += 1
        first = last is None or last.subject != entry.subject
        expected = 1 if first or last is None else last.n + 1
        if entry.n != expected:
            return count, _broken(entry, "missing")
        if entry.previous != ("" if first or last is None else last.hash):
            return count, _broken(entry, "chain")
        if entry.hash != entry_hash(entry):
            return count, _broken(entry, "changed")
        ends[entry.subject] = entry.n
        last = entry
    # A ticket's version is the number of its last entry: so entries cut off at the end are missed too.
    for pk, version in Ticket.objects.values_list("pk", "version").iterator(chunk_size=5000):
        n = ends.get(f"ticket:{pk}", 0)
        if n != version:
            return count, Broken(None, f"ticket:{pk}", n, None, "tail")
    return count, None


def _verify_seals() -> tuple[int, str, Broken | None]:
    position, seal = 0, ""
    for entry in _stream("position"):
        if entry.position is None:
            continue
        position += 1
        if entry.position != position:
            return position, seal, _broken(entry, "position")
        seal = _next_seal(seal, position, entry.hash)
        if entry.sealed != seal:
            return position, seal, _broken(entry, "sealed")
    head = SealHead.objects.filter(pk=1).first()
    if (head.position if head else 0) != position or (head.sealed if head else "") != seal:
        end = Entry.objects.aggregate(last=Max("position"))["last"]
        return position, seal, Broken(None, "journal", 0, end, "tail")
    return position, seal, None


def _stream(*order: str) -> Iterator[Entry]:
    rows = Entry.objects.order_by(*order)
    if order == ("position",):
        rows = rows.filter(position__isnull=False)
    return rows.iterator(chunk_size=2000)


def _broken(entry: Entry, why: str) -> Broken:
    return Broken(entry.pk, entry.subject, entry.n, entry.position, why)


__all__ = [
    "Broken",
    "Verified",
    "advance_cursor",
    "seal_entries",
    "seal_everything",
    "skip_to_head",
    "verify_journal",
]
