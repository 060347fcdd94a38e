"""What comes from the city's platform: the same orders again and again, new, changed, withdrawn, doubled, late.

A row is known by (source, number) and seen by a keyed fingerprint of each of its fields: the same row twice
does nothing, a changed one says what changed. Which of two states is newer is told by the city's own time of
change where the file has one, else by the moment in the file's name; where neither is there, a state that was
seen before is taken for a late file and not for a change back.

Each block of rows and its counts are one transaction: a run that was broken off is simply done again. What
goes back to the city stands in `city_words.py`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.city import CityChanges, CityNews, end_watch, hand_up, restore_ticket, take_over
from fenzhen.desk.intake import withdraw_ticket
from fenzhen.desk.past import Past, Story
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotYours, note_act
from fenzhen.hotline import roles
from fenzhen.hotline.journey import BEYOND_THE_DESK, OPEN, WATCHING, TicketState
from fenzhen.hotline.roles import Role
from fenzhen.office.accounts import system_account
from fenzhen.office.city_words import drop_words, owe_city, tell_city
from fenzhen.office.imports import Refused, blocks_of, body_of, rejects_file
from fenzhen.office.mapping import (
    BadMapping,
    Fitted,
    MappingFile,
    NoMapping,
    Places,
    Rejected,
    Taken,
    fit,
    mapping_from,
    shipped_mappings,
    taken_from,
)
from fenzhen.office.tables import Readable, Row, Unreadable, open_table
from fenzhen.records.imports import ImportBatch
from fenzhen.records.journal import Entry
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Rows in one transaction. Few: nobody should wait long behind a file.
BLOCK = 50
#: A page takes so many rows at once; longer files are for the folder or the prompt.
MOST_BY_PAGE = 2_000
#: The city's clock may be so much ahead of ours.
CLOCKS_DIFFER = timedelta(hours=1)
#: What can become of a row; the first five are what `take_city_row` says.
OUTCOMES = ("new", "direct", "changed", "withdrawn", "same", "rejected")
_SEEN = ("receive", "copy_city", "change_city", "file_history")
_MOMENT_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})(?:[-_ T.]?(\d{2})[-_:.]?(\d{2})(?:[-_:.]?(\d{2}))?)?(?!\d)")  # fmt: skip


@dataclass(slots=True)
class CityRow:
    """One row of the city's: what it says, a fingerprint of each field, and when it came to be so."""

    taken: Taken
    prints: dict[str, str]
    row: str
    at: datetime | None = None

    @property
    def mode(self) -> str:
        """Whose it is; the district's where the file does not say."""
        return self.taken.mode or "district"

    @property
    def is_closed(self) -> bool:
        return self.taken.outcome is not None


@dataclass(slots=True)
class CityReport:
    """What became of a file; the counts of `OUTCOMES` add up to the rows."""

    file: str = ""
    mapping: str = ""
    batch: int | None = None
    rows: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    reasons: list[str] = field(default_factory=list)
    """The first refused rows: number and reason."""
    rejects: str = ""


def city_row(taken: Taken, *, as_of: datetime | None = None) -> CityRow:
    """Fingerprint a row that was read. *as_of*: the file's own moment, for rows that carry none.

    The fingerprints are keyed: nobody can find out a number by trying.
    """
    heard = taken.heard
    said: dict[str, object] = {
        "title": heard.title,
        "body": heard.body,
        "kind": heard.kind,
        "city_category": heard.city_category,
        "place": heard.place_text,
        "caller": f"{heard.name}|{heard.phone}|{heard.account}|{heard.is_secret}",
        "city_received_at": heard.city_received_at,
        "city_deadline": heard.city_deadline,
        "mode": taken.mode,
        "unit": taken.city_unit,
        "status": taken.status,
    }
    prints = {name: blind_index(f"{name}|{value or ''}", "city")[:16] for name, value in said.items()}
    whole = blind_index("|".join(prints.values()), "city")
    return CityRow(taken, prints, whole, taken.changed_at or as_of)


def take_city_row(row: CityRow, *, by: User, now: datetime, batch: ImportBatch | None = None) -> str:
    """Take one row in; says what became of it: ``new``, ``direct``, ``changed``, ``withdrawn`` or ``same``.

    Raises `Incomplete` for a row that cannot be.
    """
    with transaction.atomic():
        heard = row.taken.heard
        again = _Again(heard.source, [heard.external_no.strip()[:64]], by=by, now=now, batch=batch)
        if again.has(row):
            outcome = again.take(row)
            again.write()
            return outcome
        past = Past()
        outcome = _told(past, row, by=by, now=now, batch=batch)
        past.write()
        return outcome


def take_city_file(
    path: Path,
    *,
    by: User,
    now: datetime,
    mapping: MappingFile | None = None,
    rejects: Path | None = None,
    as_of: datetime | None = None,
) -> CityReport:
    """Read a file of the city's into the tickets, at the prompt or from the folder.

    Refused rows go to *rejects* (default: beside the file). Raises `Unreadable`, `NoMapping`, `BadMapping`,
    `NotYours`.
    """
    return _take(path, path.name, by, now, mapping, rejects or path, as_of)


def take_city_upload(source: Readable, name: str, *, by: User, now: datetime) -> CityReport:
    """The same from a page, at once; its refused rows are told by number and reason only, nothing is kept.

    Raises `Unreadable` also for more than `MOST_BY_PAGE` rows.
    """
    return _take(source, name, by, now, None, None, None)


def city_mappings() -> list[MappingFile]:
    """How the city's columns are read: the installation's own ``city/in.toml``, else what is shipped."""
    own = city_folder() / "in.toml"
    return [mapping_from(own)] if own.exists() else shipped_mappings()


def city_folder() -> Path:
    """Where files from and to the city lie: ``in``, ``done``, ``trouble`` and the mappings."""
    return Path(settings.FENZHEN_DATA_DIR) / "city"


def moment_in(name: str) -> datetime | None:
    """The moment in a file's name: ``工单20260311-0900.xlsx`` → 2026-03-11 09:00; None where there is none.

    A day without a time says too little to tell the morning's file from the evening's: it counts as none.
    """
    for found in _MOMENT_IN_NAME.finditer(name):
        year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
        if hour is None:
            continue
        try:
            naive = datetime(year or 0, month or 0, day or 0, hour, minute or 0, second or 0)  # noqa: DTZ001 - made aware below
        except ValueError:
            continue
        return timezone.make_aware(naive)
    return None


# ---------------------------------------------------------------------------------------------------------


def _take(
    source: Path | Readable,
    name: str,
    by: User,
    now: datetime,
    mapping: MappingFile | None,
    rejects: Path | None,
    as_of: datetime | None,
) -> CityReport:
    if by.role not in roles.DESK | {Role.ADMIN, Role.SYSTEM}:
        raise NotYours
    table = open_table(source, name)
    fitted = fit(table.rows(), [mapping] if mapping else city_mappings())
    rows: Iterable[Row] = body_of(table, fitted)
    if rejects is None:
        rows = held = list(rows)
        if len(held) > MOST_BY_PAGE:
            raise Unreadable(
                _("这个文件超过 %(n)s 行，请放进市平台文件夹，或在命令行用 fenzhen city in 读入。")
                % {"n": MOST_BY_PAGE}
            )
    report = CityReport(file=name, mapping=fitted.mapping.name)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            file_name=name[:255],
            checksum=sha256(table.raw).hexdigest(),
            mapping=fitted.mapping.name,
            is_city=True,
            by=by,
            started_at=now,
            confirmed_at=now,
        )
        facts = {"checksum": batch.checksum, "mapping": batch.mapping, "city": True}
        note_act(f"import:{batch.pk}", "start_import", by=by, now=now, facts=facts)
    report.batch = batch.pk
    walk = _Walk(fitted, batch, now, as_of or moment_in(name))
    if rejects is None:
        for block in blocks_of(rows, BLOCK):
            _add(report, walk.take(block))
    else:
        with rejects_file(rejects, fitted) as book:
            for block in blocks_of(rows, BLOCK):
                refused = walk.take(block)
                _add(report, refused)
                book.write(refused)
            report.rejects = str(book.path) if book.path else ""
    report.rows, report.counts = walk.rows, walk.counts
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(finished_at=max(now, batch.started_at))
        note_act(f"import:{batch.pk}", "finish_import", by=by, now=now, facts=dict(walk.counts))
    return report


def _add(report: CityReport, refused: Sequence[Refused]) -> None:
    for one in refused[: max(0, 20 - len(report.reasons))]:
        report.reasons.append(_("第 %(n)s 行：%(why)s") % {"n": one.number, "why": "；".join(one.reasons)})


class _Walk:
    """One walk over a file's rows."""

    def __init__(self, fitted: Fitted, batch: ImportBatch, now: datetime, as_of: datetime | None) -> None:
        self.fitted, self.batch, self.now, self.as_of = fitted, batch, now, as_of
        self.places = Places()
        self.system = system_account()
        self.rows = 0
        self.counts = dict.fromkeys(OUTCOMES, 0)

    def take(self, block: Sequence[Row]) -> list[Refused]:
        """Take a block of rows and its counts in one transaction; returns those that were refused."""
        refused: list[Refused] = []
        read: list[tuple[Row, CityRow]] = []
        for row in block:
            try:
                read.append((row, self._read(row)))
            except Rejected as why:
                refused.append(Refused(row[0], row[1], why.reasons))
        with transaction.atomic():
            counts = dict.fromkeys(OUTCOMES, 0)
            try:
                with transaction.atomic():
                    refused += self._write(read, counts)
            except (IntegrityError, MovedMeanwhile):
                # Somebody else reads the same orders in this instant: now each row asks for itself.
                counts = dict.fromkeys(OUTCOMES, 0)
                refused += self._singly(read, counts)
            counts["rejected"] = len(refused)
            self._count(counts, len(block))
        self.rows += len(block)
        for name, count in counts.items():
            self.counts[name] += count
        return sorted(refused, key=lambda one: one.number)

    def _read(self, row: Row) -> CityRow:
        taken = taken_from(row, self.fitted, self.places, now=self.now, history=False)
        if taken.changed_at and taken.changed_at > self.now + CLOCKS_DIFFER:
            raise Rejected([_("变更时间在将来")])
        if not self.fitted.at.keys() >= {"external_no"} or taken.heard.external_no.startswith("x"):
            raise Rejected([_("没有工单编号，认不出是哪一单")])
        return city_row(taken, as_of=self.as_of)

    def _write(self, read: Sequence[tuple[Row, CityRow]], counts: dict[str, int]) -> list[Refused]:
        """New orders together, changes in known ones together, in the file's order."""
        refused: list[Refused] = []
        numbers = [row.taken.heard.external_no for _raw, row in read]
        rows = Ticket.objects.filter(source=self.fitted.mapping.source, external_no__in=numbers)
        stands = {
            no: (print_, at)
            for no, print_, at in rows.values_list("external_no", "city_row", "city_changed_at")
        }
        known = set(stands)
        past = Past()
        told: set[str] = set()
        again = _Again(
            self.fitted.mapping.source,
            sorted(
                {
                    no
                    for _raw, row in read
                    if (no := row.taken.heard.external_no) in stands and not _is_nothing_new(row, *stands[no])
                }
            ),
            by=self.system,
            now=self.now,
            batch=self.batch,
        )
        for raw, row in read:
            number = row.taken.heard.external_no
            try:
                if (
                    number in told
                ):  # twice in one file: the first one must stand before the second is looked at
                    past.write()
                    known |= told
                    told = set()
                if number in stands and _is_nothing_new(row, *stands[number]):
                    outcome = "same"
                elif again.has(row):
                    stands.pop(number, None)  # it is another one from here on
                    outcome = again.take(row)
                elif number in known:
                    outcome = take_city_row(row, by=self.system, now=self.now, batch=self.batch)
                else:
                    outcome = _told(past, row, by=self.system, now=self.now, batch=self.batch)
                    told.add(number)
                counts[outcome] += 1
            except Incomplete as why:
                refused.append(Refused(raw[0], raw[1], list(why.fields.values())))
        again.write()
        past.write()
        return refused

    def _singly(self, read: Sequence[tuple[Row, CityRow]], counts: dict[str, int]) -> list[Refused]:
        refused: list[Refused] = []
        for raw, row in read:
            try:
                counts[self._once_more(row)] += 1
            except Incomplete as why:
                refused.append(Refused(raw[0], raw[1], list(why.fields.values())))
        return refused

    def _once_more(self, row: CityRow) -> str:
        try:
            with transaction.atomic():
                return take_city_row(row, by=self.system, now=self.now, batch=self.batch)
        except IntegrityError:  # now it is there
            return take_city_row(row, by=self.system, now=self.now, batch=self.batch)

    def _count(self, counts: dict[str, int], rows: int) -> None:
        batch = self.batch
        done: dict[str, int] = dict(batch.figures.get("city", dict.fromkeys(OUTCOMES, 0)))
        batch.figures = {
            **batch.figures,
            "city": {name: done.get(name, 0) + counts[name] for name in OUTCOMES},
        }
        ImportBatch.objects.filter(pk=batch.pk).update(
            rows=F("rows") + rows,
            imported=F("imported") + counts["new"] + counts["direct"],
            known=F("known") + counts["same"] + counts["changed"] + counts["withdrawn"],
            rejected=F("rejected") + counts["rejected"],
            figures=batch.figures,
        )


def _is_nothing_new(row: CityRow, stands: str, last: datetime | None) -> bool:
    """Is it the state that stands, or one that is older? Then its ticket need not be looked at."""
    if row.row == stands:
        return row.at is None or (last is not None and row.at <= last)
    return row.at is not None and last is not None and row.at < last


def _told(past: Past, row: CityRow, *, by: User, now: datetime, batch: ImportBatch | None) -> str:
    """A row that was never seen, as a story not yet written. Raises `Incomplete`; then nothing is kept of it.

    What is withdrawn or closed already when we first hear of it is kept all the same: its earlier states may
    still come in a late file.
    """
    taken, heard = row.taken, row.taken.heard
    heard.batch = batch
    direct = row.mode == "direct"
    if direct:
        story = past.copy_city(heard, by=by, now=now)
    elif taken.outcome is not None and not taken.is_withdrawn:
        story = past.file_history(heard, by=by, now=now, **taken.outcome)
    else:
        story = past.receive(heard, by=by, now=now)
    _mark(story, row)
    if taken.is_withdrawn:
        story.withdraw(by=by, now=now, reason="city")
    elif direct and taken.outcome is not None:
        story.end_watch(by=by, now=now, closed_at=taken.outcome["closed_at"])
    elif not direct and taken.outcome is None:
        story.submit(by=by, now=now)
    return "direct" if direct else "new"


def _mark(story: Story, row: CityRow) -> None:
    ticket = story.ticket
    ticket.city_mode, ticket.city_state = row.mode, row.taken.status
    ticket.city_unit, ticket.city_row, ticket.city_changed_at = row.taken.city_unit, row.row, row.at
    begun = story.played[0]
    said: Any = begun.facts
    begun.facts = {**said, "city": row.prints, "city_row": row.row}


class _Again:
    """Rows of tickets that are here already: the tickets locked, what was seen of each, and what changes in them
    kept until it is written together."""

    def __init__(
        self, source: str, numbers: Sequence[str], *, by: User, now: datetime, batch: ImportBatch | None
    ) -> None:
        self.by, self.now, self.batch = by, now, batch
        self.changes = CityChanges(source, numbers)
        self._seen: dict[str, list[dict[str, Any]]] | None = None

    def has(self, row: CityRow) -> bool:
        return row.taken.heard.external_no.strip()[:64] in self.changes.tickets

    def write(self) -> None:
        self.changes.write()

    def take(self, row: CityRow) -> str:
        """One row; says what became of it. Raises `Incomplete` for a row that cannot be."""
        ticket = self.changes.tickets[row.taken.heard.external_no.strip()[:64]]
        last = ticket.city_changed_at
        if ticket.city_row == row.row:
            if row.at and (last is None or row.at > last):
                # Nothing new, but known to have been so still at that time: what is older than this is late.
                Ticket.objects.filter(pk=ticket.pk).update(city_changed_at=row.at)
                ticket.city_changed_at = row.at
            return "same"
        if row.at and last and row.at < last:
            return "same"  # a late file
        seen = self._seen_of(ticket)
        if not (row.at and last and row.at > last) and any(facts["city_row"] == row.row for facts in seen):
            return "same"  # the state before the present one, once more
        before = seen[-1]["city"] if seen else {}
        taken = row.taken
        news = CityNews(
            heard=taken.heard,
            # Of an order that came in by another way before, only what stands in columns can be compared.
            changed={name for name in row.prints if before.get(name) != row.prints[name]}
            if before
            else {"city_category", "city_deadline", "city_received_at", "mode", "unit", "status"},
            state=taken.status,
            mode=taken.mode or ("" if ticket.city_mode else row.mode),
            unit=taken.city_unit,
            row=row.row,
            changed_at=row.at,
            facts={
                "city": row.prints,
                "city_row": row.row,
                "batch": self.batch.pk if self.batch else None,
            },
        )
        self.changes.change(ticket, by=self.by, now=self.now, news=news)
        seen.append({"city": row.prints, "city_row": row.row})
        return self._follow(ticket, taken)

    def _follow(self, ticket: Ticket, taken: Taken) -> str:
        """What the change does to the ticket's way; that is an act of its own, on what stands in the database."""
        by, now = self.by, self.now
        if taken.is_withdrawn:
            if ticket.state not in OPEN | WATCHING:
                return "changed"
            self.write()
            withdraw_ticket(ticket, by=by, now=now, reason="city")
            drop_words(ticket, by=by, now=now)
            return "withdrawn"
        if ticket.state == TicketState.WITHDRAWN and ticket.reason_code == "city":
            # An empty cell says nothing, and what the city has closed meanwhile is not to be begun again.
            if taken.status and taken.outcome is None:
                self.write()
                restore_ticket(ticket, by=by, now=now)
            return "changed"
        if ticket.city_mode == "direct" and ticket.state in OPEN - BEYOND_THE_DESK:
            self.write()
            hand_up(ticket, by=by, now=now, text=_("市平台改为直派"))
        if ticket.state == TicketState.WATCHED and taken.outcome is not None:
            self.write()
            end_watch(ticket, by=by, now=now, closed_at=taken.outcome["closed_at"])
        elif ticket.state == TicketState.WATCHED and ticket.city_mode == "district":
            self.write()
            take_over(ticket, by=by, now=now, text=_("市平台改派至区"))
        return "changed"

    def _seen_of(self, ticket: Ticket) -> list[dict[str, Any]]:
        """What was seen of it so far, the oldest first."""
        if self._seen is None:
            self._seen = {f"ticket:{one.pk}": [] for one in self.changes.tickets.values()}
            entries = Entry.objects.filter(subject__in=self._seen, act__in=_SEEN).order_by("subject", "n")
            for subject, facts in entries.values_list("subject", "facts"):
                if "city_row" in facts:
                    self._seen[subject].append(facts)
        return self._seen[f"ticket:{ticket.pk}"]


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files in the order in which the city wrote them, as far as their names tell."""
    long_ago = timezone.make_aware(datetime(1990, 1, 1))  # noqa: DTZ001 - made aware at once
    return sorted(paths, key=lambda path: (moment_in(path.name) or long_ago, path.name))


__all__ = [
    "OUTCOMES",
    "BadMapping",
    "CityReport",
    "CityRow",
    "NoMapping",
    "Unreadable",
    "city_folder",
    "city_mappings",
    "city_row",
    "files_of",
    "moment_in",
    "owe_city",
    "take_city_file",
    "take_city_row",
    "take_city_upload",
    "tell_city",
]
