"""Loading a district's reference lists: places, units, categories, duties, limits, the calendar, staff.

The lists are plain CSV that a district keeps by hand, and they are loaded again whenever they change. Three
promises: a list with a fault changes nothing and every fault is named with file, line and column; what
vanished from a list is switched off, never deleted, because tickets refer to it; lists that did not change
cost nothing.
"""

import csv
import io
import os
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.step import NotYours, note_act
from fenzhen.hotline import roles
from fenzhen.hotline.calendar import DayType
from fenzhen.hotline.levels import TimeUnit
from fenzhen.hotline.roles import Role
from fenzhen.locator.place import KINDS, TOWN_KINDS
from fenzhen.office.book import Book, read_book, unzipped, with_zero, written_day
from fenzhen.office.sheets import BY_KEY, SETTINGS, SHEETS, code_of, key_of_heading
from fenzhen.office.tables import Unreadable
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.lists import KeptLists
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import forget_rules
from fenzhen.records.units import Unit
from fenzhen.records.words import DUTY_TIMES, LINES, ROLES, UNIT_KINDS
from fenzhen.records.words import KINDS as TICKET_KINDS

#: Counts into the checksum: raise it when this file reads the same lists differently.
READING = 1
#: The demo's password where `FENZHEN_DEMO_PASSWORD` gives no other. It is printed at every start.
DEMO_PASSWORD = "fenzhen-demo"  # noqa: S105 - public on purpose, and given to demo accounts only
#: More faults than anybody reads in one go.
MOST_FAULTS = 40
#: So many loaded sets of lists are kept.
MOST_KEPT = 20
#: So many codes of each kind are named in a report.
MOST_NAMED = 12

_FILES = {
    "places": "places.csv",
    "units": "units.csv",
    "categories": "categories.csv",
    "examples": "examples.csv",
    "duties": "duties.csv",
    "duty_phones": "duty_phones.csv",
    "levels": "levels.csv",
    "calendar": "calendar.csv",
    "staff": "staff.csv",
}
_TOWN = "@town"
#: (list, column) of codes whose leading zero spreadsheets eat.
_DIGITS = {(sheet.key, column.key) for sheet in SHEETS for column in sheet.columns if column.digits}
_YES = {"1", "true", "yes", "是"}
_NO = {"", "0", "false", "no", "否"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a list, and what to do about it. `line` 0 means the file as a whole."""

    file: str
    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"

    @property
    def where(self) -> str:
        """File, line and column as a person reads them."""
        where = self.file
        if self.line:
            where += _(" 第 %(line)s 行") % {"line": self.line}
        if self.column:
            where += f" [{self.column}]"
        return where


class BadLists(Exception):
    """The lists have faults; nothing was changed. `faults` names the first `MOST_FAULTS`, `count` all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.count = len(faults)
        self.faults = list(faults[:MOST_FAULTS])
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(slots=True)
class Count:
    """What became of one list's rows. `retired`: vanished from the list, switched off or ended.

    `names` shows which: the first codes of each kind.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    retired: int = 0
    names: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class LoadReport:
    """What a loading did."""

    district: str
    is_demo: bool
    checksum: str
    unchanged: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


#: A folder, a filled template (.xlsx) or a .zip of the lists; or the bytes of either file with its name.
Source = Path | str | tuple[str, bytes]


def load_lists(source: Source, *, by: User, now: datetime, force: bool = False) -> LoadReport:
    """Read the lists in *source* into the records, all or nothing, and keep them so that they can be loaded again.

    Lists with the checksum that is loaded already are left alone unless *force*. Only the district's settings,
    places and units must be there. Raises `BadLists`, naming every fault; then nothing was changed. Raises
    `NotYours` for anybody but an administrator, a chief or the system.
    """
    if by.role not in {Role.ADMIN, Role.SECTION_CHIEF, Role.SYSTEM}:
        raise NotYours
    reader, settings, checksum, report = _opened(source)
    with transaction.atomic():
        row = District.objects.select_for_update().order_by("pk").first()
        if row and row.checksum == checksum and not force:
            return LoadReport(row.name, row.is_demo, checksum, unchanged=True)
        lists = _whole(reader, settings)
        report.warnings = _warnings(lists, timezone.localtime(now).date())
        _write(lists, report, now)
        row = row or District()
        row.code, row.name, row.is_demo = str(settings["code"]), report.district, report.is_demo
        row.banner = str(settings.get("banner", ""))[:64]
        row.settings, row.loaded_at, row.checksum = _plain(settings), now, checksum
        row.save()
        _keep_loaded(reader, checksum, report, by, now)
        note_act(
            f"district:{row.pk}",
            "load_lists",
            by=by,
            now=now,
            facts={
                "checksum": checksum,
                "rows": {key: count.rows for key, count in report.counts.items()},
            },
        )
    forget_rules()
    return report


def would_change(source: Source, *, by: User, now: datetime) -> LoadReport:
    """What `load_lists` would do, without doing it. Raises `BadLists`."""
    reader, settings, _checksum, report = _opened(source)
    lists = _whole(reader, settings)
    with transaction.atomic():
        _write(lists, report, now)
        transaction.set_rollback(True)
    return report


def _opened(source: Source) -> tuple["_Reader", dict[str, Any], str, LoadReport]:
    reader = reader_of(source)
    settings = reader.settings()
    checksum = reader.checksum()
    name, is_demo = str(settings.get("name", "")), bool(settings.get("is_demo", False))
    return reader, settings, checksum, LoadReport(name, is_demo, checksum)


def _whole(reader: "_Reader", settings: Mapping[str, Any]) -> "Lists":
    lists = read_lists(reader, settings)
    if reader.faults:
        raise BadLists(reader.faults)
    return lists


def _keep_loaded(reader: "_Reader", checksum: str, report: LoadReport, by: User, now: datetime) -> None:
    """The lists as they were loaded, so that they can be loaded again; the newest `MOST_KEPT`."""
    name, raw = reader.packed()
    KeptLists.objects.update_or_create(
        checksum=checksum,
        defaults={
            "file_name": name[:255],
            "content": raw,
            "made_at": now,
            "made_by": by,
            "loaded_at": now,
            "loaded_by": by,
            "counts": {
                key: [count.rows, count.added, count.changed, count.retired]
                for key, count in report.counts.items()
            },
        },
    )
    kept = KeptLists.objects.filter(loaded_at__isnull=False).order_by("-loaded_at", "-pk")
    old = list(kept.values_list("pk", flat=True)[MOST_KEPT:])
    if old:
        KeptLists.objects.filter(pk__in=old).delete()


def demo_password() -> str:
    """The password that demo accounts get when they are made."""
    return os.environ.get("FENZHEN_DEMO_PASSWORD") or DEMO_PASSWORD


def unit_pinyin(names: Iterable[str]) -> str:
    """Full pinyin and initials of every name, so that a unit is found by two letters.

    >>> unit_pinyin(["黄村镇", "黄村"])
    'huangcunzhen hcz huangcun hc'
    """
    from pypinyin import Style, lazy_pinyin  # its tables take a while to read; only loading needs them

    words: list[str] = []
    for name in names:
        # 区城管委 is called 城管委 by everybody who types in a hurry.
        for spoken in (name, name.removeprefix("区") if len(name) > 3 else name):
            for style in (Style.NORMAL, Style.FIRST_LETTER):
                word = "".join(lazy_pinyin(spoken, style=style, errors=_latin)).lower()
                if word and word not in words:
                    words.append(word)
    longest = Unit._meta.get_field("pinyin").max_length or 255
    kept = ""
    for word in words:
        longer = f"{kept} {word}".strip()
        if len(longer) > longest:
            break  # the short name came first, so what falls off is a rare alias
        kept = longer
    return kept


# --- reading -----------------------------------------------------------------------------------------------


def _latin(characters: str) -> str:
    """What is no Chinese character: letters and digits stay, punctuation goes."""
    return "".join(c for c in characters if c.isascii() and c.isalnum())


@dataclass(frozen=True, slots=True)
class _Row:
    reader: "_Reader"
    file: str
    line: int
    cells: Mapping[str, str]

    key: str = ""

    def text(self, column: str) -> str:
        text = code_of(self.key, column, self.cells.get(column, "").strip())
        return with_zero(text) if (self.key, column) in _DIGITS else text

    def meant(self, column: str, codes: Iterable[str], names: Mapping[str, str]) -> str:
        """A code, or the code of what is named; as it stands where neither is known."""
        value = self.text(column)
        return value if value in codes else names.get(value, value)

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            self.fault(column, _("这一格不能空。"))
        return value

    def one_of(self, column: str, choices: Iterable[object], *, empty: str | None = None) -> str:
        value = self.text(column)
        if not value and empty is not None:
            return empty
        allowed = sorted(str(choice) for choice in choices)
        if value not in allowed:
            self.fault(
                column,
                _("「%(value)s」不认识,请填:%(choices)s") % {"value": value, "choices": "、".join(allowed)},
            )
        return value

    def number(self, column: str, low: int, high: int, default: int | None = None) -> int:
        value = self.text(column)
        if not value and default is not None:
            return default
        try:
            number = int(value)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.fault(
                column,
                _("「%(value)s」应是 %(low)s 到 %(high)s 的整数。")
                % {"value": value, "low": low, "high": high},
            )
            return low
        return number

    def flag(self, column: str) -> bool:
        value = self.text(column).lower()
        if value not in _YES | _NO:
            self.fault(column, _("「%(value)s」应是 1 或 0。") % {"value": value})
        return value in _YES

    def day(self, column: str, *, needed: bool = False) -> date | None:
        value = self.needed(column) if needed else self.text(column)
        if not value:
            return None
        try:
            return date.fromisoformat(written_day(value))
        except ValueError:
            self.fault(column, _("「%(value)s」不是日期,请写成 2026-01-31 这样。") % {"value": value})
            return None

    def fault(self, column: str, text: str) -> None:
        self.reader.faults.append(
            Fault(self.file, self.line, self.reader.column_name(self.key, column), text)
        )


class _Reader:
    """The lists of one district, each file read once, and the faults found in them."""

    def __init__(self, folder: Path | None = None, files: Mapping[str, bytes] | None = None) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self._bytes: dict[str, bytes] = dict(files or {})
        self.names = dict(_FILES)
        self.lines: dict[tuple[str, str], int] = {}
        """(list, code) → line, for whoever finds something later."""

    def file(self, key: str) -> str:
        """The file's (or the sheet's) name as a person knows it."""
        return self.names[key]

    def column_name(self, key: str, column: str) -> str:
        """A column as it is called in this kind of file."""
        return column

    def where_is_setting(self, path: str) -> tuple[str, int, str]:
        """File, line (0: unknown) and the name of a setting, for whoever has something to say about it."""
        return "district.toml", 0, path

    def settings(self) -> dict[str, Any]:
        """``district.toml``. Raises `BadLists` at once: without it nothing can be read."""
        name = "district.toml"
        if self.folder is not None and not self.folder.is_dir():
            raise BadLists([Fault(str(self.folder), 0, "", _("没有这个文件夹,请核对路径。"))])
        raw = self._read(name)
        if raw is None:
            raise BadLists(
                [Fault(name, 0, "", _("缺少这个文件;每个区的文件夹里都要有它,可照 demo/daxing 的样子写。"))]
            )
        try:
            settings = tomllib.loads(raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise BadLists([Fault(name, 0, "", _("请存成 UTF-8 编码。"))]) from None
        except tomllib.TOMLDecodeError as why:
            raise BadLists([Fault(name, 0, "", _("TOML 写法有误:%(why)s") % {"why": why})]) from None
        for key in ("name", "code"):
            if not isinstance(settings.get(key), str) or not settings[key]:
                self.faults.append(Fault(name, 0, key, _('请写上,例如 name = "大兴区"、code = "110115"。')))
        for key, value in (settings.get("files") or {}).items():
            inside = PurePosixPath(str(value))
            if inside.is_absolute() or ".." in inside.parts:
                self.faults.append(Fault(name, 0, f"files.{key}", _("只能是本文件夹里的文件。")))
            elif key in self.names:
                self.names[key] = str(inside) if self.folder is not None else inside.name
        if self.faults:
            raise BadLists(self.faults)
        return settings

    def checksum(self) -> str:
        """SHA-256 over the names and contents of all lists."""
        total = sha256(f"lists {READING}\n".encode())
        for name in ["district.toml", *self.names.values()]:
            raw = self._read(name)
            if raw is not None:
                total.update(f"{name} {len(raw)}\n".encode() + raw)
        return total.hexdigest()

    def packed(self) -> tuple[str, bytes]:
        """A name and the lists as one zip."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as into:
            for name in ["district.toml", *self.names.values()]:
                raw = self._read(name)
                if raw is not None:
                    into.writestr(name, raw)
        return f"{self.folder.resolve().name if self.folder else 'lists'}.zip", packed.getvalue()

    def rows(self, key: str, columns: Sequence[str], *, needed: bool = False) -> list[_Row]:
        """The rows of one list; none where an optional file is missing."""
        name = self.names[key]
        raw = self._read(name)
        if raw is None:
            if needed:
                self.faults.append(Fault(name, 0, "", _("缺少这个文件。")))
            return []
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            try:
                text = raw.decode("gb18030")  # what a Chinese Excel writes
            except UnicodeDecodeError:
                self.faults.append(Fault(name, 0, "", _("编码认不出来,请存成 UTF-8。")))
                return []
        found: list[_Row] = []
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = [key_of_heading(key, cell) for cell in next(reader, [])]
            missing = [column for column in columns if column not in header]
            if missing:
                self.faults.append(
                    Fault(name, 1, "", _("表头缺少列:%(columns)s") % {"columns": "、".join(missing)})
                )
                return []
            begins = reader.line_num + 1
            for cells in reader:
                line, begins = begins, reader.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    self.faults.append(
                        Fault(
                            name,
                            line,
                            "",
                            _("有 %(n)s 格,表头是 %(m)s 格;内容里的逗号要用英文双引号包起来。")
                            % {"n": len(cells), "m": len(header)},
                        )
                    )
                    continue
                found.append(_Row(self, name, line, dict(zip(header, cells, strict=True)), key))
        except csv.Error as why:
            self.faults.append(Fault(name, reader.line_num, "", _("CSV 写法有误:%(why)s") % {"why": why}))
        return found

    def _read(self, name: str) -> bytes | None:
        if name not in self._bytes:
            if self.folder is None:
                return None
            try:
                self._bytes[name] = (self.folder / name).read_bytes()
            except FileNotFoundError:
                return None
        return self._bytes[name]


class _BookReader(_Reader):
    """The same from the sheets of one workbook; a fault names the sheet and the line that a spreadsheet shows."""

    def __init__(self, name: str, raw: bytes) -> None:
        super().__init__()
        self.name, self.raw = name, raw
        try:
            self.book: Book = read_book(raw)
        except Unreadable as why:
            raise BadLists([Fault(name, 0, "", str(why))]) from None
        self.faults = [Fault(sheet, line, "", text) for sheet, line, text in self.book.problems]

    def file(self, key: str) -> str:
        """The sheet's title."""
        read = self.book.sheets.get(key)
        return read.title if read else _(BY_KEY[key].word)

    def column_name(self, key: str, column: str) -> str:
        """Its word."""
        return next((_(c.word) for c in BY_KEY[key].columns if c.key == column), column)

    def where_is_setting(self, path: str) -> tuple[str, int, str]:
        """The sheet's title, the line, and the item as it is called there."""
        items = [item for item in SETTINGS if item.path == path or item.path.startswith(f"{path}.")]
        names = "、".join(_(item.word) for item in items) or path
        lines = [self.book.setting_lines.get(item.path, 0) for item in items]
        return self.book.settings_title, lines[0] if lines else 0, names

    def settings(self) -> dict[str, Any]:
        """The sheet of settings. Faults of the workbook itself are told here."""
        for key in ("name", "code"):
            if not self.book.settings.get(key):
                line = self.book.setting_lines.get(key, 0)
                word = next(item.word for item in SETTINGS if item.path == key)
                self.faults.append(
                    Fault(self.book.settings_title, line, "", _("「%(name)s」不能空。") % {"name": _(word)})
                )
        return self.book.settings

    def checksum(self) -> str:
        """SHA-256 over the workbook."""
        return sha256(f"book {READING}\n".encode() + self.raw).hexdigest()

    def packed(self) -> tuple[str, bytes]:
        """The workbook itself."""
        return self.name, self.raw

    def rows(self, key: str, columns: Sequence[str], *, needed: bool = False) -> list[_Row]:
        """The rows of one sheet; none where an optional one is missing."""
        read = self.book.sheets.get(key)
        if read is None:
            told = any(title == _(BY_KEY[key].word) for title, _line, _text in self.book.problems)
            if needed and not told:
                self.faults.append(Fault(self.file(key), 0, "", _("缺少这个工作表。")))
            return []
        missing = [column for column in columns if column not in read.columns]
        if missing:
            words = "、".join(_(BY_KEY[key].column(column).word) for column in missing)
            self.faults.append(Fault(read.title, 0, "", _("表头缺少列:%(columns)s") % {"columns": words}))
            return []
        if needed and not read.rows:
            self.faults.append(Fault(read.title, 0, "", _("这张表还没有填。")))
        return [_Row(self, read.title, line, cells, key) for line, cells in read.rows]


def reader_of(source: Source) -> _Reader:
    """Whatever the lists are in, opened. Raises `BadLists` where it cannot be read at all."""
    if isinstance(source, tuple):
        name, raw = source
        if raw[:4] != b"PK\x03\x04":
            raise BadLists([Fault(name, 0, "", _("请用填好的模板(.xlsx)，或各清单压成的 .zip。"))])
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as packed:
                is_book = any(item.startswith("xl/") for item in packed.namelist())
        except (zipfile.BadZipFile, ValueError, OSError):
            raise BadLists([Fault(name, 0, "", _("文件打不开，可能没有传完整，请重新保存。"))]) from None
        if is_book:
            return _BookReader(name, raw)
        try:
            return _Reader(files=unzipped(raw))
        except Unreadable as why:
            raise BadLists([Fault(name, 0, "", str(why))]) from None
    path = Path(source)
    if path.is_file():
        return reader_of((path.name, path.read_bytes()))
    return _Reader(path)


@dataclass(slots=True)
class Lists:
    """Everything that was read, by code."""

    places: dict[str, dict[str, Any]]
    units: dict[str, dict[str, Any]]
    categories: dict[str, dict[str, Any]]
    examples: list[tuple[str, str]]
    duties: dict[str, dict[str, Any]]
    duty_phones: dict[str, dict[str, Any]]
    levels: dict[int, dict[str, Any]]
    days: dict[date, dict[str, Any]]
    staff: dict[str, dict[str, Any]]
    is_demo: bool


def read_lists(reader: "_Reader", settings: Mapping[str, Any]) -> Lists:
    """All lists, by code; what is wrong with them stands in the reader's faults."""
    places = _places(reader)
    units = _units(reader, places)
    categories = _categories(reader)
    return Lists(
        places,
        units,
        categories,
        _examples(reader, categories),
        _duties(reader, categories, places, units),
        _duty_phones(reader, units),
        _levels(reader),
        _days(reader),
        _staff(reader, units),
        bool(settings.get("is_demo", False)),
    )


def _keep(
    into: dict[Any, dict[str, Any]],
    row: _Row,
    column: str,
    key: Any,
    model: type[models.Model],
    **values: Any,
) -> None:
    """Take a row in, unless its code stood there before or a value is longer than its column."""
    if key in ("", None):
        return
    if key in into:
        row.fault(column, _("「%(code)s」重复了,前面已有这一行。") % {"code": key})
        return
    for name, value in values.items():
        longest = getattr(model._meta.get_field(name), "max_length", None)
        if longest and isinstance(value, str) and len(value) > longest:
            row.fault(name, _("太长:%(n)s 字,最多 %(most)s 字。") % {"n": len(value), "most": longest})
    into[key] = values
    row.reader.lines[row.key, str(key)] = row.line


def _places(reader: _Reader) -> dict[str, dict[str, Any]]:
    rows = reader.rows("places", ("code", "name", "kind", "parent"), needed=True)
    found: dict[str, dict[str, Any]] = {}
    lines: dict[str, _Row] = {}
    for row in rows:
        code = row.needed("code")
        lines.setdefault(code, row)
        _keep(
            found,
            row,
            "code",
            code,
            Place,
            name=row.needed("name"),
            kind=row.one_of("kind", KINDS),
            parent=row.text("parent"),
            aliases=_cell_list(row.text("aliases")),
            run_by=row.text("run_by"),
            note=row.text("note"),
        )
    names = _by_name(found, "name")
    for values in found.values():
        if values["parent"] not in found:
            values["parent"] = names.get(values["parent"], values["parent"])
    for code, values in found.items():
        parent = values["parent"]
        if parent and parent not in found:
            lines[code].fault("parent", _("上级「%(code)s」不在本表里。") % {"code": parent})
        values["town"] = _town_of(code, found, lines[code])
    return found


def _town_of(code: str, places: Mapping[str, Mapping[str, Any]], row: _Row) -> str:
    """The town or sub-district that a place lies in, or is; empty where it lies in none."""
    walked: list[str] = []
    at = code
    while at in places:
        if at in walked:
            row.fault("parent", _("上级绕成了圈:%(way)s") % {"way": " → ".join([*walked, at])})
            return ""
        if places[at]["kind"] in TOWN_KINDS:
            return at
        walked.append(at)
        at = places[at]["parent"]
    return ""


def _units(reader: _Reader, places: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    place_names = _by_name({c: v for c, v in places.items() if v["kind"] in TOWN_KINDS}, "name", "aliases")
    for row in reader.rows("units", ("code", "name", "short_name", "kind", "line"), needed=True):
        name, short, aliases = row.needed("name"), row.text("short_name"), _cell_list(row.text("aliases"))
        territory = row.meant("territory", places, place_names)
        if territory and territory not in places:
            row.fault("territory", _("地点「%(code)s」不在地点表里。") % {"code": territory})
        _keep(
            found,
            row,
            "code",
            row.needed("code"),
            Unit,
            name=name,
            short_name=short or name,
            aliases=aliases,
            kind=row.one_of("kind", UNIT_KINDS),
            line=row.one_of("line", LINES),
            territory=territory,
            duties=row.text("duties"),
            note=row.text("note"),
            pinyin=unit_pinyin(filter(None, [short, *aliases.split(";"), name])),
        )
    return found


def _categories(reader: _Reader) -> dict[str, dict[str, Any]]:
    kinds = {str(word): code for code, word in TICKET_KINDS.items()} | {code: code for code in TICKET_KINDS}
    found: dict[str, dict[str, Any]] = {}
    for row in reader.rows("categories", ("code", "level1", "level2", "name")):
        code = row.needed("code")
        if code and not (len(code) == 6 and code.isascii() and code.isdigit()):
            row.fault("code", _("「%(code)s」应是六位数字(2-2-2)。") % {"code": code})
        _keep(
            found,
            row,
            "code",
            code,
            Category,
            level1=row.needed("level1"),
            level2=row.needed("level2"),
            name=row.needed("name"),
            definition=row.text("definition"),
            not_here=row.text("not_here"),
            kind_hint=kinds.get(row.one_of("kind_hint", kinds, empty=""), ""),
        )
    return found


def _examples(reader: _Reader, categories: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    names = _category_names(categories)
    for row in reader.rows("examples", ("category", "text")):
        row.needed("category")
        code, text = row.meant("category", categories, names), row.needed("text")
        if code and code not in categories:
            row.fault("category", _("分类「%(code)s」不在分类表里。") % {"code": code})
        found.setdefault((code, text))
    return list(found)


def _duties(
    reader: _Reader, categories: Mapping[str, Any], places: Mapping[str, Any], units: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    prefixes = {code[:n] for code in categories for n in (2, 4, 6)}
    found: dict[str, dict[str, Any]] = {}
    unit_names = _by_name(units, "name", "short_name", "aliases")
    category_names = _category_names(categories)
    place_names = _by_name(places, "name")

    def known(row: _Row, column: str, code: str) -> None:
        if code and code != _TOWN and code not in units:
            row.fault(column, _("单位「%(code)s」不在单位表里(属地写 @town)。") % {"code": code})

    for row in reader.rows("duties", ("id", "category", "lead", "level")):
        category = row.meant("category", prefixes, category_names)
        territory = row.meant("territory", places, place_names)
        if category and category not in prefixes:
            row.fault("category", _("没有以「%(code)s」开头的分类。") % {"code": category})
        if territory and territory not in places:
            row.fault("territory", _("地点「%(code)s」不在地点表里。") % {"code": territory})
        row.needed("lead")
        lead = row.meant("lead", units, unit_names)
        floor = row.meant("floor_unit", units, unit_names)
        assist = ";".join(
            dict.fromkeys(
                unit if unit in units else unit_names.get(unit, unit)
                for unit in (
                    code_of("duties", "assist", part) for part in _cell_list(row.text("assist")).split(";")
                )
                if unit
            )
        )
        for column, code in [
            ("lead", lead),
            ("floor_unit", floor),
            *(("assist", a) for a in assist.split(";")),
        ]:
            known(row, column, code)
        first, last = row.day("valid_from"), row.day("valid_to")
        if first and last and last < first:
            row.fault("valid_to", _("失效日早于生效日。"))
        _keep(
            found,
            row,
            "id",
            row.needed("id"),
            Duty,
            category=category,
            territory=territory,
            place_type=row.one_of("place_type", KINDS, empty=""),
            lead=lead,
            assist=assist,
            level=row.number("level", 1, 4),
            basis=row.text("basis"),
            basis_doc=row.text("basis_doc"),
            valid_from=first,
            valid_to=last,
            floor_unit=floor,
            not_grassroots=row.flag("not_grassroots"),
            note=row.text("note"),
        )
    return found


def _duty_phones(reader: _Reader, units: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    names = _by_name(units, "name", "short_name", "aliases")
    for row in reader.rows("duty_phones", ("unit", "time", "phone")):
        row.needed("unit")
        unit, time = row.meant("unit", units, names), row.one_of("time", DUTY_TIMES)
        phone = row.needed("phone")
        if unit and unit not in units:
            row.fault("unit", _("单位「%(code)s」不在单位表里。") % {"code": unit})
        if phone and not (set(phone) <= set("0123456789-+ ()转") and sum(c.isdigit() for c in phone) >= 3):
            row.fault("phone", _("「%(value)s」不像电话号码。") % {"value": phone})
        first, last = row.day("valid_from"), row.day("valid_to")
        if first and last and last < first:
            row.fault("valid_to", _("失效日早于生效日。"))
        _keep(
            found,
            row,
            "phone",
            f"{unit} {time} {phone} {first or ''}",
            DutyPhone,
            unit=unit,
            time=time,
            phone=phone,
            name=row.text("name"),
            valid_from=first,
            valid_to=last,
            note=row.text("note"),
        )
    return found


def _levels(reader: _Reader) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in reader.rows("levels", ("level", "name", "limit", "unit", "sign_minutes", "contact_hours")):
        _keep(
            found,
            row,
            "level",
            row.number("level", 1, 4),
            Level,
            name=row.needed("name"),
            limit=row.number("limit", 1, 10_000),
            unit=row.one_of("unit", TimeUnit),
            sign_minutes=row.number("sign_minutes", 1, 100_000),
            contact_hours=row.number("contact_hours", 1, 10_000),
            confirmed=row.flag("confirmed"),
            note=row.text("note"),
        )
    return found


def _days(reader: _Reader) -> dict[date, dict[str, Any]]:
    found: dict[date, dict[str, Any]] = {}
    for row in reader.rows("calendar", ("date", "day_type")):
        _keep(
            found,
            row,
            "date",
            row.day("date", needed=True),
            CalendarDay,
            day_type=row.one_of("day_type", DayType),
            name=row.text("name"),
            published=row.flag("published") if "published" in row.cells else True,
        )
    return found


def _staff(reader: _Reader, units: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    choices = [role for role in ROLES if role != Role.SYSTEM]
    unit_names = _by_name(units, "name", "short_name", "aliases")
    for row in reader.rows("staff", ("username", "name", "role", "unit")):
        username, unit = row.needed("username"), row.meant("unit", units, unit_names)
        role = row.one_of("role", choices)
        if username == "system":
            row.fault("username", _("这个名字留给系统自己,请换一个。"))
        if unit and unit not in units:
            row.fault("unit", _("单位「%(code)s」不在单位表里。") % {"code": unit})
        if role in roles.UNIT and not unit:
            row.fault("unit", _("承办单位的人要写明单位。"))
        _keep(found, row, "username", username, User, name=row.needed("name"), role=role)
        if username in found:
            found[username]["unit"] = unit
    return found


def _by_name(found: Mapping[str, Mapping[str, Any]], *columns: str) -> dict[str, str]:
    """Name → code, for every name that means one row only."""
    names: dict[str, set[str]] = {}
    for code, values in found.items():
        for column in columns:
            for name in str(values[column]).split(";"):
                if name:
                    names.setdefault(name, set()).add(code)
    return {name: next(iter(codes)) for name, codes in names.items() if len(codes) == 1}


def _category_names(categories: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Name of a branch or leaf → its code, two to six digits; what is named twice means nothing."""
    names: dict[str, set[str]] = {}
    for code, values in categories.items():
        for column, length in (("level1", 2), ("level2", 4), ("name", 6)):
            names.setdefault(str(values[column]), set()).add(code[:length])
    return {name: next(iter(codes)) for name, codes in names.items() if len(codes) == 1}


def _cell_list(cell: str) -> str:
    """A list inside a cell, tidied: semicolons of either width, no blanks, nothing twice."""
    return ";".join(
        dict.fromkeys(part.strip() for part in cell.replace("；", ";").split(";") if part.strip())
    )


def _warnings(lists: Lists, today: date) -> list[str]:
    """What is no fault but will be felt: leaves that nobody is in charge of today."""
    valid = {
        values["category"]
        for values in lists.duties.values()
        if not values["territory"]
        and not values["place_type"]
        and (values["valid_from"] is None or values["valid_from"] <= today)
        and (values["valid_to"] is None or today <= values["valid_to"])
    }
    bare = [code for code in lists.categories if not any(code[:n] in valid for n in (0, 2, 4, 6))]
    if not bare:
        return []
    return [
        _("%(n)s 个分类今天没有任何单位负责:%(codes)s")
        % {"n": len(bare), "codes": "、".join(bare[:10]) + ("……" if len(bare) > 10 else "")}
    ]


# --- writing -----------------------------------------------------------------------------------------------


def _write(lists: Lists, report: LoadReport, now: datetime) -> None:
    today = timezone.localtime(now).date()
    counts = report.counts
    counts["places"] = _sync(Place, "code", lists.places, _switch_off)
    counts["units"] = _sync(Unit, "code", lists.units, _switch_off)
    counts["categories"] = _sync(Category, "code", lists.categories, _switch_off)
    counts["examples"] = _sync_examples(lists.examples)
    counts["duties"] = _sync(Duty, "rule_id", lists.duties, lambda gone: _end_duties(gone, today))
    counts["duty_phones"] = _sync_duty_phones(lists.duty_phones)
    counts["levels"] = _sync(Level, "level", lists.levels, _remove)
    counts["calendar"] = _sync(CalendarDay, "date", lists.days, _remove)
    counts["staff"] = _sync_staff(lists.staff, lists.is_demo)


def _sync(
    model: type[models.Model],
    key: str,
    wanted: Mapping[Any, Mapping[str, Any]],
    retire: Callable[[list[Any]], int],
) -> Count:
    """Make the table say what the list says; only rows that differ are written."""
    count = Count(rows=len(wanted))
    has_switch = any(column.name == "is_active" for column in model._meta.fields)
    there = {getattr(row, key): row for row in model._default_manager.all()}
    fresh, differing = [], []
    columns: set[str] = set()
    for code, values in wanted.items():
        values = {**values, "is_active": True} if has_switch else values
        row = there.get(code)
        if row is None:
            fresh.append(model(**{key: code, **values}))
            continue
        unlike = [name for name, value in values.items() if getattr(row, name) != value]
        if unlike:
            for name in unlike:
                setattr(row, name, values[name])
            columns.update(unlike)
            differing.append(row)
    model._default_manager.bulk_create(fresh, batch_size=500)
    if differing:
        model._default_manager.bulk_update(differing, sorted(columns), batch_size=200)
    count.added, count.changed = len(fresh), len(differing)
    gone = [row for code, row in there.items() if code not in wanted]
    in_use = {row.pk for row in gone if getattr(row, "is_active", True)}
    count.retired = retire(gone)
    count.names = {
        "added": [str(getattr(row, key)) for row in fresh[:MOST_NAMED]],
        "changed": [str(getattr(row, key)) for row in differing[:MOST_NAMED]],
        "retired": [str(getattr(row, key)) for row in gone if row.pk in in_use][:MOST_NAMED]
        if count.retired
        else [],
    }
    return count


def _sync_duty_phones(wanted: Mapping[str, Mapping[str, Any]]) -> Count:
    """Whom to phone; nothing refers to a row, so what changed is written anew. Without a list, what was entered
    by hand stays."""
    if not wanted:
        return Count()
    units = {row.code: row for row in Unit.objects.all()}
    there = {
        f"{row.unit.code} {row.time} {row.phone} {row.valid_from or ''}": row
        for row in DutyPhone.objects.select_related("unit")
    }
    fresh = [
        DutyPhone(**{**values, "unit": units[values["unit"]]})
        for key, values in wanted.items()
        if key not in there
    ]
    differing = []
    for key, values in wanted.items():
        row = there.get(key)
        if row is not None and any(getattr(row, n) != values[n] for n in ("name", "valid_to", "note")):
            row.name, row.valid_to, row.note = values["name"], values["valid_to"], values["note"]
            differing.append(row)
    gone = [row.pk for key, row in there.items() if key not in wanted]
    DutyPhone.objects.filter(pk__in=gone).delete()
    DutyPhone.objects.bulk_create(fresh, batch_size=500)
    DutyPhone.objects.bulk_update(differing, ["name", "valid_to", "note"], batch_size=200)
    return Count(len(wanted), len(fresh), len(differing), len(gone))


def _switch_off(gone: list[Any]) -> int:
    active = [row for row in gone if row.is_active]
    for row in active:
        row.is_active = False
    if active:
        type(active[0])._default_manager.bulk_update(active, ["is_active"], batch_size=200)
    return len(active)


def _end_duties(gone: list[Duty], today: date) -> int:
    """A rule that vanished ends yesterday: tickets that rest on it still find what it said."""
    yesterday = today - timedelta(days=1)
    ending = [row for row in gone if row.valid_to is None or row.valid_to > yesterday]
    for row in ending:
        row.valid_to = yesterday
    if ending:
        Duty.objects.bulk_update(ending, ["valid_to"], batch_size=200)
    return len(ending)


def _remove(gone: list[Any]) -> int:
    """Limits and days: nothing refers to them."""
    if gone:
        type(gone[0])._default_manager.filter(pk__in=[row.pk for row in gone]).delete()
    return len(gone)


def _sync_examples(wanted: Sequence[tuple[str, str]]) -> Count:
    codes = {row.code: row.pk for row in Category.objects.only("code")}
    rows = {(codes[code], text) for code, text in wanted}
    there = {(row.category_id, row.text): row.pk for row in Example.objects.all()}
    gone = [pk for key, pk in there.items() if key not in rows]
    for start in range(0, len(gone), 500):
        Example.objects.filter(pk__in=gone[start : start + 500]).delete()
    fresh = [
        Example(category_id=codes[code], text=text)
        for code, text in wanted
        if (codes[code], text) not in there
    ]
    Example.objects.bulk_create(fresh, batch_size=500)
    return Count(rows=len(wanted), added=len(fresh), retired=len(gone))


def _sync_staff(wanted: Mapping[str, Mapping[str, Any]], is_demo: bool) -> Count:
    """Accounts of the list. Passwords of accounts that are there already are never touched, with one
    exception: an account that stops being a demo account loses the demo's public password."""
    count = Count(rows=len(wanted))
    units = {row.code: row for row in Unit.objects.all()}
    there = {row.username: row for row in User.objects.select_related("unit")}
    # Argon2 takes its time on purpose. All demo accounts share one public password, so they share its hash;
    # a hundred different salts would keep nothing secret and cost ten seconds.
    shared = make_password(demo_password()) if is_demo else ""
    for username, given in wanted.items():
        values = {**given, "unit": units.get(given["unit"]), "is_demo": is_demo, "is_active": True}
        row = there.get(username)
        if row is None:
            User.objects.bulk_create(
                [User(username=username, password=shared or make_password(None), **values)]
            )
            count.added += 1
            continue
        unlike = [name for name, value in values.items() if getattr(row, name) != value]
        if unlike:
            if row.is_demo and not is_demo:
                row.set_unusable_password()
            for name in unlike:
                setattr(row, name, values[name])
            row.save()
            count.changed += 1
    # An account that a person made at the prompt is not the list's to close; the demo's are.
    gone = [row for name, row in there.items() if name not in wanted and row.is_demo]
    count.retired = _switch_off(gone)
    return count


def _plain(value: Any) -> Any:
    """TOML as JSON keeps it: dates and times as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


__all__ = [
    "DEMO_PASSWORD",
    "BadLists",
    "Count",
    "Fault",
    "Lists",
    "LoadReport",
    "Source",
    "demo_password",
    "load_lists",
    "read_lists",
    "reader_of",
    "unit_pinyin",
    "would_change",
]
