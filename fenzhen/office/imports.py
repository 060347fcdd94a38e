"""Reading tickets from a file: at the prompt in one go, from a page after a look at what would happen.

Idempotent by (source, external number): a file may be read again, whole or after it was interrupted, and
nothing is doubled or lost, because each block of rows and its counts are one transaction. Every row is
imported, known already, or refused with its number and reason: the three always add up to the rows.

An imported ticket waits at the desk and its clocks start now, whatever the file says of its age; the city's
times stay with it. What the file calls finished, or everything under *history*, is filed as closed: it starts
no clock and raises no alarm.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fenzhen.desk.intake import file_history, put_down, receive_ticket, submit_ticket
from fenzhen.desk.past import Past
from fenzhen.desk.step import Incomplete, NotYours, note_act
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.office.accounts import system_account
from fenzhen.office.mapping import (
    BadMapping,
    Fitted,
    MappingFile,
    NoMapping,
    Places,
    Rejected,
    Taken,
    fit,
    parsed_mapping,
    shipped_mappings,
    taken_from,
)
from fenzhen.office.tables import Cell, Readable, Row, Table, Unreadable, open_table, text_of
from fenzhen.records.imports import ImportBatch, ImportPart
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Rows in one transaction.
BLOCK = 200
#: Rows of an upload kept in one sealed part; also what the worker does in one go.
PART = 400
#: A page takes so many rows; longer files are for the prompt, which nobody waits for.
MOST_BY_PAGE = 10_000
#: An upload that nobody confirmed, and refused rows that nobody fetched, are thrown away after this.
KEPT = timedelta(days=7)

Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class Report:
    """What became of a file. `filed` and `waiting` add up to `imported`; `twice` is a part of `known`."""

    file: str = ""
    mapping: str = ""
    encoding: str = ""
    batch: int | None = None
    dry_run: bool = False
    rows: int = 0
    imported: int = 0
    known: int = 0
    rejected: int = 0
    waiting: int = 0
    filed: int = 0
    twice: int = 0
    unknown_caller: int = 0
    secret: int = 0
    asks_place: int = 0
    interrupted_before: bool = False
    unused_columns: list[str] = field(default_factory=list)
    rejects: str = ""

    def add(self, other: "Report") -> None:
        """Add another block's counts."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


COUNTS = (
    "rows",
    "imported",
    "known",
    "rejected",
    "waiting",
    "filed",
    "twice",
    "unknown_caller",
    "secret",
    "asks_place",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its number in the file, its cells, everything that is wrong with it."""

    number: int
    cells: list[Cell]
    reasons: list[str]


def import_file(
    path: Path,
    *,
    by: User,
    now: datetime,
    mapping: MappingFile | None = None,
    history: bool = False,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read *path* into tickets; with *dry_run* only say what would happen.

    Refused rows go with number and reason to *rejects* (default: beside the input, else into the data
    folder), which is written only if there are any. Raises `Unreadable`, `NoMapping`, `NotYours`.
    """
    _may(by)
    table = open_table(path)
    fitted = fit(table.rows(), [mapping] if mapping else shipped_mappings())
    total = table.count() - 1 if table.kind == "csv" else None
    report = Report(
        file=path.name,
        mapping=fitted.mapping.name,
        encoding=table.encoding or table.kind,
        dry_run=dry_run,
        unused_columns=fitted.unused,
    )
    run = _Run(fitted, now=now, history=history, dry_run=dry_run)
    book = _RejectsFile(rejects, path, fitted)
    checksum = sha256(table.raw).hexdigest()
    batch = None
    if not dry_run:
        batch, report.interrupted_before = _begun(path.name, checksum, fitted, history, by, now)
        report.batch = batch.pk
    with book:
        for block in blocks_of(body_of(table, fitted), BLOCK):
            counts, refused = run.take(block, batch)
            report.add(counts)
            if not dry_run:
                book.write(refused)
            if progress:
                progress(report.rows, total)
    report.rejects = str(book.path) if book.path else ""
    if batch:
        _finished(batch, report, by, now)
    return report


# from a page ---------------------------------------------------------------------------------------------


def keep_upload(
    source: Readable,
    *,
    by: User,
    now: datetime,
    name: str,
    history: bool = False,
    mapping: MappingFile | None = None,
) -> ImportBatch:
    """Look an uploaded file through and keep its rows, sealed, until somebody confirms or drops it.

    The batch's `figures` say what would happen. Raises `Unreadable` (also for more than `MOST_BY_PAGE`
    rows), `NoMapping`, `NotYours`.
    """
    _may(by)
    table = open_table(source, name)
    fitted = fit(table.rows(), [mapping] if mapping else shipped_mappings())
    run = _Run(fitted, now=now, history=history, dry_run=True)
    report = Report(mapping=fitted.mapping.name, encoding=table.encoding or table.kind)
    reasons: dict[str, int] = {}
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            file_name=os.path.basename(name)[:255],
            checksum=sha256(table.raw).hexdigest(),
            mapping=fitted.mapping.name,
            is_history=history,
            by=by,
            started_at=now,
        )
        for n, block in enumerate(blocks_of(body_of(table, fitted), PART)):
            if n * PART >= MOST_BY_PAGE:
                raise Unreadable(
                    _("这个文件超过 %(n)s 行,请在命令行用 fenzhen import 导入。") % {"n": MOST_BY_PAGE}
                )
            counts, refused = run.take(block, None)
            report.add(counts)
            for one in refused:
                for reason in one.reasons:
                    kind = reason.split(":")[0].split(":")[0]
                    reasons[kind] = reasons.get(kind, 0) + 1
            rows = [[number, [_kept(cell) for cell in cells]] for number, cells in block]
            _seal(ImportPart(batch=batch, n=n), rows=rows, refused=None)
        batch.rows = report.rows
        batch.figures = {
            "expected": {name: getattr(report, name) for name in COUNTS},
            "reasons": reasons,
            "encoding": report.encoding,
            "header": list(fitted.header),
            "header_row": fitted.header_row,
            "columns": {ours: fitted.header[column] for ours, column in fitted.at.items()},
            "unused": fitted.unused,
            "mapping": _mapping_kept(fitted.mapping),
        }
        batch.save(update_fields=["rows", "figures"])
    return batch


def confirm_import(batch: ImportBatch, *, by: User, now: datetime) -> ImportBatch:
    """Say "go" to a kept upload; the worker does the rest. Doing so twice does it once."""
    _may(by)
    with transaction.atomic():
        hit = ImportBatch.objects.filter(pk=batch.pk, confirmed_at=None).update(confirmed_at=now)
        batch.refresh_from_db()
        if hit:
            _note_start(batch, by, now)
    return batch


def drop_upload(batch: ImportBatch, *, by: User, now: datetime) -> None:
    """Throw a kept upload away that nobody has confirmed; a confirmed one stays."""
    _may(by)
    ImportBatch.objects.filter(pk=batch.pk, confirmed_at=None).delete()


def work_imports(*, by: User, now: datetime) -> int:
    """Take in the next part of the oldest confirmed upload; returns how many rows that were.

    Called again and again by the worker: each part is one transaction, so a crash costs nothing. What cannot
    go on for a reason of its own is marked so, for the page, and does not stand in the way of the next one.
    """
    waiting = ImportBatch.objects.filter(
        confirmed_at__isnull=False, finished_at=None, parts__isnull=False, trouble=""
    )
    batch = waiting.order_by("pk").first()
    if batch is None:
        return 0
    try:
        return _work(batch, now)
    except DatabaseError:
        raise  # the database is busy or away: the same part again, later
    except Exception as why:
        ImportBatch.objects.filter(pk=batch.pk).update(trouble=type(why).__name__)
        raise


def _work(batch: ImportBatch, now: datetime) -> int:
    with transaction.atomic():
        part = ImportPart.objects.select_for_update().filter(batch=batch, is_done=False).order_by("n").first()
        if part is not None:
            run = _Run(_refitted(batch), now=now, history=batch.is_history, dry_run=False)
            kept: Any = part.rows or []
            counts, refused = run.take(
                [(number, list(cells)) for number, cells in kept], batch, counted=False
            )
            lines = [[one.number, [_kept(c) for c in one.cells], one.reasons] for one in refused]
            part.is_done = True
            _seal(part, rows=None, refused=lines or None)
            _count(batch, counts, rows=False)
            return counts.rows
    report = Report()
    for name, count in dict(batch.figures.get("done", {})).items():
        setattr(report, name, int(count))
    _finished(batch, report, batch.by, now)
    ImportPart.objects.filter(batch=batch, refused__isnull=True).delete()
    return 0


def rejects_of(batch: ImportBatch, *, by: User, now: datetime) -> bytes:
    """The refused rows of an upload as CSV, with number and reason. That they were fetched is noted.

    Raises `NotYours`.
    """
    _may(by)
    fitted = _refitted(batch)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*fitted.header, _("行号"), _("原因")])
    count = 0
    for part in ImportPart.objects.filter(batch=batch, is_done=True).order_by("n"):
        lines: Any = part.refused or []
        for number, cells, reasons in lines:
            writer.writerow(_reject_line(fitted, Refused(number, cells, reasons)))
            count += 1
    note_act(f"import:{batch.pk}", "fetch_rejects", by=by, now=now, facts={"rows": count})
    return text.getvalue().encode("utf-8-sig")


def forget_uploads(*, by: User, now: datetime) -> int:
    """Throw away old uploads that nobody confirmed, and refused rows that were there to be fetched long
    enough. Returns how many parts went."""
    ImportBatch.objects.filter(confirmed_at=None, started_at__lt=now - KEPT).delete()
    return ImportPart.objects.filter(batch__finished_at__lt=now - KEPT).delete()[0]


# ---------------------------------------------------------------------------------------------------------


class _Run:
    """One walk over a file's rows."""

    def __init__(self, fitted: Fitted, *, now: datetime, history: bool, dry_run: bool) -> None:
        self.fitted, self.now, self.history, self.dry_run = fitted, now, history, dry_run
        self.places = Places()
        self.system = system_account()
        self.seen: set[str] = set()

    def take(
        self, block: Sequence[Row], batch: ImportBatch | None, *, counted: bool = True
    ) -> tuple[Report, list[Refused]]:
        """Take a block of rows; one transaction. *counted*: add its counts to the batch."""
        refused: list[Refused] = []
        rows: list[tuple[Row, Taken]] = []
        for row in block:
            try:
                taken = taken_from(row, self.fitted, self.places, now=self.now, history=self.history)
                taken.heard.batch = batch
                rows.append((row, taken))
            except Rejected as why:
                refused.append(Refused(row[0], row[1], why.reasons))
        here = self._known([taken for _row, taken in rows])
        fresh: list[tuple[Row, Taken]] = []
        counts = Report(rows=len(block))
        for row, taken in rows:
            number = taken.heard.external_no
            if number in here or number in self.seen:
                counts.known += 1
                counts.twice += number in self.seen
            else:
                fresh.append((row, taken))
                self.seen.add(number)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    bad = self._write(fresh)
            except IntegrityError:
                # Somebody else reads the same file in this instant: now each row asks for itself.
                bad = self._write_singly(fresh, counts)
            bad_rows = {one.number for one in bad}
            self.seen -= {t.heard.external_no for row, t in fresh if row[0] in bad_rows}
            refused += bad
            for row, taken in fresh:
                if row[0] not in bad_rows:
                    counts.imported += 1
                    counts.filed += taken.outcome is not None
                    counts.waiting += taken.outcome is None
                    counts.unknown_caller += taken.unknown_caller
                    counts.secret += taken.heard.is_secret
                    counts.asks_place += taken.asks_place
            counts.rejected = len(refused)
            if batch and counted:
                _count(batch, counts, rows=True)
        return counts, sorted(refused, key=lambda one: one.number)

    def _known(self, rows: Sequence[Taken]) -> set[str | None]:
        numbers = [taken.heard.external_no for taken in rows]
        return set(
            Ticket.objects.filter(source=self.fitted.mapping.source, external_no__in=numbers).values_list(
                "external_no", flat=True
            )
        )

    def _write(self, rows: Sequence[tuple[Row, Taken]]) -> list[Refused]:
        past = Past()
        refused: list[Refused] = []
        for row, taken in rows:
            try:
                if self.dry_run:
                    put_down(taken.heard, now=self.now)
                elif taken.outcome is not None:
                    past.file_history(taken.heard, by=self.system, now=self.now, **taken.outcome)
                else:
                    story = past.receive(taken.heard, by=self.system, now=self.now)
                    story.submit(by=self.system, now=self.now)
            except Incomplete as why:
                refused.append(Refused(row[0], row[1], list(why.fields.values())))
        past.write()
        return refused

    def _write_singly(self, rows: list[tuple[Row, Taken]], counts: Report) -> list[Refused]:
        refused: list[Refused] = []
        for pair in list(rows):
            row, taken = pair
            try:
                with transaction.atomic():
                    if taken.outcome is not None:
                        file_history(taken.heard, by=self.system, now=self.now, **taken.outcome)
                    else:
                        ticket = receive_ticket(taken.heard, by=self.system, now=self.now)
                        submit_ticket(ticket, by=self.system, now=self.now)
            except IntegrityError:
                counts.known += 1
                rows.remove(pair)
            except Incomplete as why:
                refused.append(Refused(row[0], row[1], list(why.fields.values())))
        return refused


class _RejectsFile:
    """The refused rows as CSV, opened with the first of them, readable by its owner only."""

    def __init__(self, wanted: Path | None, source: Path, fitted: Fitted) -> None:
        self.path: Path | None = None
        self._wanted, self._source, self._fitted = wanted, source, fitted
        self._file: io.TextIOWrapper | None = None

    def __enter__(self) -> "_RejectsFile":
        return self

    def __exit__(self, *_why: object) -> None:
        if self._file:
            self._file.close()

    def write(self, refused: Iterable[Refused]) -> None:
        """Add rows and flush: what was refused before a crash stands in the file."""
        for one in refused:
            if self._file is None:
                self._open()
            csv.writer(self._file, lineterminator="\r\n").writerow(_reject_line(self._fitted, one))  # type: ignore[arg-type]  # opened above
        if self._file:
            self._file.flush()

    def _open(self) -> None:
        name = f"{self._source.stem}.rejects.csv"
        places = [self._wanted] if self._wanted else []
        if not self._wanted:
            places = [self._source.with_name(name), Path(settings.FENZHEN_DATA_DIR) / name]
        for place in places:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                raw = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as why:
                trouble = why
                continue
            self._file = os.fdopen(raw, "w", encoding="utf-8-sig", newline="")
            self.path = place
            csv.writer(self._file, lineterminator="\r\n").writerow(
                [*self._fitted.header, _("行号"), _("原因")]
            )
            return
        raise Unreadable(_("写不了拒收文件:%(why)s") % {"why": trouble.strerror})


def rejects_file(source: Path, fitted: Fitted) -> _RejectsFile:
    """A file for the refused rows of *source*, beside it where one may write there."""
    return _RejectsFile(None, source, fitted)


def _reject_line(fitted: Fitted, one: Refused) -> list[str]:
    width = len(fitted.header)
    cells = [text_of(cell) for cell in one.cells]
    cells = cells[:width] + [""] * (width - len(cells))
    return [*cells, str(one.number), ";".join(one.reasons)]


def _may(by: User) -> None:
    if by.role not in roles.CHIEFS | {Role.ADMIN, Role.SYSTEM}:
        raise NotYours


def body_of(table: Table, fitted: Fitted) -> Iterator[Row]:
    """The rows below the header."""
    return (row for row in table.rows() if row[0] > fitted.header_row)


def blocks_of(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows by the block."""
    walk = iter(rows)
    while block := list(islice(walk, size)):
        yield block


def _begun(
    name: str, checksum: str, fitted: Fitted, history: bool, by: User, now: datetime
) -> tuple[ImportBatch, bool]:
    with transaction.atomic():
        before = ImportBatch.objects.filter(checksum=checksum, confirmed_at__isnull=False, finished_at=None)
        batch = ImportBatch.objects.create(
            file_name=name[:255],
            checksum=checksum,
            mapping=fitted.mapping.name,
            is_history=history,
            by=by,
            started_at=now,
            confirmed_at=now,
        )
        interrupted = (
            before.filter(parts=None).exclude(pk=batch.pk).update(trouble=f"continued by {batch.pk}")
        )
        _note_start(batch, by, now)
    return batch, bool(interrupted)


def _note_start(batch: ImportBatch, by: User, now: datetime) -> None:
    note_act(
        f"import:{batch.pk}",
        "start_import",
        by=by,
        now=now,
        facts={"checksum": batch.checksum, "mapping": batch.mapping, "history": batch.is_history},
    )


def _finished(batch: ImportBatch, report: Report, by: User, now: datetime) -> None:
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(finished_at=max(now, batch.started_at))
        facts = {name: getattr(report, name) for name in COUNTS}
        note_act(f"import:{batch.pk}", "finish_import", by=by, now=now, facts=facts)


def _count(batch: ImportBatch, counts: Report, *, rows: bool) -> None:
    """Add a block's counts, in its transaction. *rows*: the number of rows was not known beforehand."""
    done = dict(batch.figures.get("done", {}))
    for name in COUNTS:
        done[name] = done.get(name, 0) + getattr(counts, name)
    batch.figures = {**batch.figures, "done": done}
    ImportBatch.objects.filter(pk=batch.pk).update(
        rows=F("rows") + (counts.rows if rows else 0),
        imported=F("imported") + counts.imported,
        known=F("known") + counts.known,
        rejected=F("rejected") + counts.rejected,
        figures=batch.figures,
    )


def _mapping_kept(mapping: MappingFile) -> dict[str, Any]:
    kept = asdict(mapping)
    kept["closed"] = {"status": sorted(mapping.closed)}
    kept["withdrawn"] = {"status": sorted(mapping.withdrawn)}
    return kept


def _refitted(batch: ImportBatch) -> Fitted:
    """The mapping of a kept upload, laid over its header again."""
    figures = batch.figures
    mapping = parsed_mapping(figures["mapping"], f"import:{batch.pk}")
    header: list[Cell] = list(figures["header"])
    return fit([(int(figures["header_row"]), header)], [mapping])


def _seal(part: ImportPart, *, rows: Any, refused: Any) -> None:
    part.rows, part.refused = rows, refused
    part.save()


def _kept(cell: Cell) -> str | int | float | bool | None:
    """A cell as it is sealed: figures stay figures, because a spoiled number must be seen as one."""
    if isinstance(cell, datetime | date | time):
        return text_of(cell)
    return cell


__all__ = [
    "COUNTS",
    "BadMapping",
    "NoMapping",
    "Refused",
    "Report",
    "Unreadable",
    "confirm_import",
    "drop_upload",
    "forget_uploads",
    "import_file",
    "keep_upload",
    "rejects_of",
    "work_imports",
]
