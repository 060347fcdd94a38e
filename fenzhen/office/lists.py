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
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import forget_rules
from fenzhen.records.units import Unit
from fenzhen.records.words import KINDS as TICKET_KINDS
from fenzhen.records.words import LINES, ROLES, UNIT_KINDS

#: Counts into the checksum: raise it when this file reads the same lists differently.
READING = 1
#: The demo's password where `FENZHEN_DEMO_PASSWORD` gives no other. It is printed at every start.
DEMO_PASSWORD = "fenzhen-demo"  # noqa: S105 - public on purpose, and given to demo accounts only
#: More faults than anybody reads in one go.
MOST_FAULTS = 40

_FILES = {
    "places": "places.csv",
    "units": "units.csv",
    "categories": "categories.csv",
    "examples": "examples.csv",
    "duties": "duties.csv",
    "levels": "levels.csv",
    "calendar": "calendar.csv",
    "staff": "staff.csv",
}
_TOWN = "@town"
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
        where = self.file
        if self.line:
            where += _(" 第 %(line)s 行") % {"line": self.line}
        if self.column:
            where += f" [{self.column}]"
        return f"{where}: {self.text}"


class BadLists(Exception):
    """The lists have faults; nothing was changed. `faults` names the first `MOST_FAULTS`, `count` all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.count = len(faults)
        self.faults = list(faults[:MOST_FAULTS])
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(slots=True)
class Count:
    """What became of one list's rows. `retired`: vanished from the list, switched off or ended."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    retired: int = 0


@dataclass(slots=True)
class LoadReport:
    """What a loading did."""

    district: str
    is_demo: bool
    checksum: str
    unchanged: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def load_lists(directory: Path | str, *, by: User, now: datetime, force: bool = False) -> LoadReport:
    """Read the lists in *directory* into the records, all or nothing.

    Lists with the checksum that is loaded already are left alone unless *force*. Only ``district.toml``,
    places and units must be there. Raises `BadLists`, naming every fault; then nothing was changed. Raises
    `NotYours` for anybody but an administrator or the system.
    """
    if by.role not in {Role.ADMIN, Role.SYSTEM}:
        raise NotYours
    folder = Path(directory)
    reader = _Reader(folder)
    settings = reader.settings()
    checksum = reader.checksum()
    name, is_demo = str(settings.get("name", "")), bool(settings.get("is_demo", False))
    with transaction.atomic():
        row = District.objects.select_for_update().order_by("pk").first()
        if row and row.checksum == checksum and not force:
            return LoadReport(row.name, row.is_demo, checksum, unchanged=True)
        lists = _read(reader, settings)
        if reader.faults:
            raise BadLists(reader.faults)
        report = LoadReport(
            name, is_demo, checksum, warnings=_warnings(lists, timezone.localtime(now).date())
        )
        _write(lists, report, now)
        row = row or District()
        row.code, row.name, row.is_demo = str(settings["code"]), name, is_demo
        row.banner = str(settings.get("banner", ""))[:64]
        row.settings, row.loaded_at, row.checksum = _plain(settings), now, checksum
        row.save()
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

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

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
            return date.fromisoformat(value)
        except ValueError:
            self.fault(column, _("「%(value)s」不是日期,请写成 2026-01-31 这样。") % {"value": value})
            return None

    def fault(self, column: str, text: str) -> None:
        self.reader.faults.append(Fault(self.file, self.line, column, text))


class _Reader:
    """The files of one district's folder, each read once, and the faults found in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self._bytes: dict[str, bytes] = {}
        self.names = dict(_FILES)

    def settings(self) -> dict[str, Any]:
        """``district.toml``. Raises `BadLists` at once: without it nothing can be read."""
        name = "district.toml"
        if not self.folder.is_dir():
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
                self.names[key] = str(inside)
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
            header = [cell.strip() for cell in next(reader, [])]
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
                found.append(_Row(self, name, line, dict(zip(header, cells, strict=True))))
        except csv.Error as why:
            self.faults.append(Fault(name, reader.line_num, "", _("CSV 写法有误:%(why)s") % {"why": why}))
        return found

    def _read(self, name: str) -> bytes | None:
        if name not in self._bytes:
            try:
                self._bytes[name] = (self.folder / name).read_bytes()
            except FileNotFoundError:
                return None
        return self._bytes[name]


@dataclass(slots=True)
class _Lists:
    """Everything that was read, by code."""

    places: dict[str, dict[str, Any]]
    units: dict[str, dict[str, Any]]
    categories: dict[str, dict[str, Any]]
    examples: list[tuple[str, str]]
    duties: dict[str, dict[str, Any]]
    levels: dict[int, dict[str, Any]]
    days: dict[date, dict[str, Any]]
    staff: dict[str, dict[str, Any]]
    is_demo: bool


def _read(reader: _Reader, settings: Mapping[str, Any]) -> _Lists:
    places = _places(reader)
    units = _units(reader, places)
    categories = _categories(reader)
    return _Lists(
        places,
        units,
        categories,
        _examples(reader, categories),
        _duties(reader, categories, places, units),
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
    for row in reader.rows("units", ("code", "name", "short_name", "kind", "line"), needed=True):
        name, short, aliases = row.needed("name"), row.text("short_name"), _cell_list(row.text("aliases"))
        territory = row.text("territory")
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
    for row in reader.rows("examples", ("category", "text")):
        code, text = row.needed("category"), row.needed("text")
        if code and code not in categories:
            row.fault("category", _("分类「%(code)s」不在分类表里。") % {"code": code})
        found.setdefault((code, text))
    return list(found)


def _duties(
    reader: _Reader, categories: Mapping[str, Any], places: Mapping[str, Any], units: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    prefixes = {code[:n] for code in categories for n in (2, 4, 6)}
    found: dict[str, dict[str, Any]] = {}

    def known(row: _Row, column: str, code: str) -> None:
        if code and code != _TOWN and code not in units:
            row.fault(column, _("单位「%(code)s」不在单位表里(属地写 @town)。") % {"code": code})

    for row in reader.rows("duties", ("id", "category", "lead", "level")):
        category, territory = row.text("category"), row.text("territory")
        if category and category not in prefixes:
            row.fault("category", _("没有以「%(code)s」开头的分类。") % {"code": category})
        if territory and territory not in places:
            row.fault("territory", _("地点「%(code)s」不在地点表里。") % {"code": territory})
        lead, floor = row.needed("lead"), row.text("floor_unit")
        assist = _cell_list(row.text("assist"))
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
    for row in reader.rows("staff", ("username", "name", "role", "unit")):
        username, unit = row.needed("username"), row.text("unit")
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


def _cell_list(cell: str) -> str:
    """A list inside a cell, tidied: semicolons of either width, no blanks, nothing twice."""
    return ";".join(
        dict.fromkeys(part.strip() for part in cell.replace("；", ";").split(";") if part.strip())
    )


def _warnings(lists: _Lists, today: date) -> list[str]:
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


def _write(lists: _Lists, report: LoadReport, now: datetime) -> None:
    today = timezone.localtime(now).date()
    counts = report.counts
    counts["places"] = _sync(Place, "code", lists.places, _switch_off)
    counts["units"] = _sync(Unit, "code", lists.units, _switch_off)
    counts["categories"] = _sync(Category, "code", lists.categories, _switch_off)
    counts["examples"] = _sync_examples(lists.examples)
    counts["duties"] = _sync(Duty, "rule_id", lists.duties, lambda gone: _end_duties(gone, today))
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
    count.retired = retire([row for code, row in there.items() if code not in wanted])
    return count


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
    "LoadReport",
    "demo_password",
    "load_lists",
    "unit_pinyin",
]
