"""A filled Excel template as a district's lists: each sheet's rows by column, with the line they stand in.

Nothing is judged here. What the template itself brought along (hints and example rows) is left out as long as
it stands there unchanged; as soon as somebody wrote into an example row, it counts.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.office.sheets import (
    SETTINGS,
    SETTINGS_SHEET,
    SHEETS,
    Column,
    Sheet,
    key_of_heading,
    plain,
    spoken,
)
from fenzhen.office.tables import Unreadable, text_of

#: Rows above the header that a template may carry.
HEADER_WITHIN = 8
#: What is read of one workbook or zip at most, so that a small file cannot become a large one.
LARGEST = 128 * 1024 * 1024
MOST_ROWS = 200_000


@dataclass(slots=True)
class SheetRead:
    """One sheet: its title, which columns it has, and its rows with the line a spreadsheet shows."""

    title: str
    columns: list[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@dataclass(slots=True)
class Book:
    """What was found in a workbook. `problems`: (sheet, line, text)."""

    sheets: dict[str, SheetRead] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    setting_lines: dict[str, int] = field(default_factory=dict)
    settings_title: str = SETTINGS_SHEET
    problems: list[tuple[str, int, str]] = field(default_factory=list)


def read_book(raw: bytes) -> Book:
    """Read a workbook. Raises `Unreadable` where it is none."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _not_too_large(raw)
    try:
        opened = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise Unreadable(_("这个文件不是完整的 .xlsx 表格，请在表格软件里重新保存。")) from None
    book = Book()
    try:
        for sheet in opened.worksheets:
            sheet.reset_dimensions()
            lines = _lines(sheet)
            if plain(sheet.title) in spoken(SETTINGS_SHEET) | {"district"}:
                book.settings_title = sheet.title
                _settings(lines, book)
                continue
            known = next((s for s in SHEETS if plain(sheet.title) in spoken(s.word) | {s.key}), None)
            if known is not None:
                _sheet(known, sheet.title, lines, book)
    finally:
        opened.close()
    if not book.sheets and not book.settings:
        raise Unreadable(
            _(
                "这个表格里没有认得的工作表。请用 fenzhen template 或「本区清单」页下载的模板填写，工作表名不要改。"
            )
        )
    return book


def unzipped(raw: bytes) -> dict[str, bytes]:
    """The lists in a zip by their bare names, in whatever folder they were packed. Raises `Unreadable`."""
    _not_too_large(raw)
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            for item in packed.infolist():
                name = PurePosixPath(item.filename.replace("\\", "/")).name
                if item.is_dir() or not name.endswith((".csv", ".toml")) or name.startswith("."):
                    continue
                if name in found:
                    raise Unreadable(_("压缩包里有两个 %(name)s，请只留一个。") % {"name": name})
                found[name] = packed.read(item)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, OSError):
        raise Unreadable(_("压缩包打不开，请重新压缩(.zip，不加密)。")) from None
    return found


def _not_too_large(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            total = sum(item.file_size for item in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Unreadable(_("文件打不开，请用 .xlsx 或 .zip。")) from None
    if total > LARGEST:
        raise Unreadable(_("解开后超过 %(n)s MB，太大了。") % {"n": LARGEST // 1024 // 1024})


def _lines(sheet: Any) -> list[tuple[int, list[Any]]]:
    found: list[tuple[int, list[Any]]] = []
    empty = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        row = list(cells)
        while row and (row[-1] is None or not str(row[-1]).strip()):
            row.pop()
        if row:
            found.append((number, row))
            empty = 0
        else:
            # Formatted but empty rows may go on to the end of the sheet.
            empty += 1
        if empty > 5000 or len(found) > MOST_ROWS:
            break
    return found


def _sheet(known: Sheet, title: str, lines: list[tuple[int, list[Any]]], book: Book) -> None:
    keys = {column.key for column in known.columns}
    header: list[str] = []
    at = -1
    for place, (_number, cells) in enumerate(lines[:HEADER_WITHIN]):
        names = [key_of_heading(known.key, text_of(cell)) for cell in cells]
        if sum(name in keys for name in names) >= max(2, len(keys) // 3):
            header, at = names, place
            break
    if at < 0:
        book.problems.append((title, 0, _("找不到表头行，请照模板保留表头。")))
        return
    by_key = {column.key: column for column in known.columns}
    read = SheetRead(title, [name for name in header if name])
    samples = _samples(known)
    for number, cells in lines[at + 1 :]:
        row = {
            name: _cell(cells[n] if n < len(cells) else None, by_key.get(name))
            for n, name in enumerate(header)
            if name
        }
        if not any(row.values()) or _is_hint(known, row) or tuple(row.get(k, "") for k in by_key) in samples:
            continue
        read.rows.append((number, row))
    book.sheets[known.key] = read


def _samples(known: Sheet) -> set[tuple[str, ...]]:
    return {tuple(values) + ("",) * (len(known.columns) - len(values)) for values in known.examples}


def _is_hint(known: Sheet, row: Mapping[str, str]) -> bool:
    hinted = [column for column in known.columns if column.hint]
    same = sum(plain(row.get(column.key, "")) in spoken(column.hint) for column in hinted)
    return bool(hinted) and same * 2 > len(hinted)


def _cell(cell: Any, column: Column | None) -> str:
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    text = text_of(cell).strip()
    if column is None:
        return text
    if column.day and not isinstance(cell, date):
        text = written_day(text)
    return with_zero(text) if column.digits else text


def with_zero(text: str) -> str:
    """A code of 2, 4 or 6 digits whose first zero a spreadsheet ate: 10101 was 010101."""
    return "0" + text if text.isascii() and text.isdigit() and len(text) in {1, 3, 5} else text


def written_day(text: str) -> str:
    """2026/1/5, 2026.1.5 and 2026年1月5日 as 2026-01-05; anything else as it stands."""
    parts = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    pieces = parts.split("-")
    if len(pieces) == 3 and all(piece.strip().isdigit() for piece in pieces) and len(pieces[0]) == 4:
        return f"{pieces[0]}-{int(pieces[1]):02d}-{int(pieces[2]):02d}"
    return text


def _settings(lines: list[tuple[int, list[Any]]], book: Book) -> None:
    """Item, value, confirmed; the sheet's own heading and unknown items are passed over, the latter said."""
    by_name = {name: item for item in SETTINGS for name in spoken(item.word) | {item.path}}
    headings = spoken("项目")
    told = book.settings
    for number, cells in lines:
        name = plain(text_of(cells[0]))
        item = by_name.get(name)
        if item is None:
            if number > 3 and name not in headings and len(cells) > 1:
                book.problems.append(
                    (
                        book.settings_title,
                        number,
                        _("「%(name)s」不认识，请照模板的项目填写。") % {"name": cells[0]},
                    )
                )
            continue
        value = cells[1] if len(cells) > 1 else None
        confirmed = plain(text_of(cells[2])) if len(cells) > 2 else ""
        book.setting_lines[item.path] = number
        try:
            read = _setting(item.kind, value)
        except ValueError:
            book.problems.append(
                (
                    book.settings_title,
                    number,
                    _("「%(name)s」填的「%(value)s」不对：%(hint)s")
                    % {"name": _(item.word), "value": text_of(value), "hint": _(item.hint) or item.default},
                )
            )
            continue
        if read is None:
            continue
        section, _dot, last = item.path.rpartition(".")
        into = told.setdefault(section, {}) if section else told
        into[last] = read
        if item.asks:
            said = confirmed in _YES
            if section:
                into["confirmed"] = bool(into.get("confirmed", True)) and said
            else:
                into[f"{last}_confirmed"] = said


_YES = {"1", "true", "yes", "是"}
_NO = {"0", "false", "no", "否"}


def _setting(kind: str, value: Any) -> Any:
    """One value as ``district.toml`` would hold it; None where the cell is empty. Raises ValueError."""
    if isinstance(value, datetime):
        value = value.time()
    text = value.strftime("%H:%M") if isinstance(value, time) else text_of(value).strip()
    if not text:
        return None
    if kind == "flag":
        if plain(text) not in _YES | _NO:
            raise ValueError
        return plain(text) in _YES
    if kind == "whole":
        return int(text)
    if kind == "share":
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if not 0 <= share < 1:
            raise ValueError
        return share
    if kind == "time":
        return time.fromisoformat(text if len(text) > 4 else f"0{text}").strftime("%H:%M")
    if kind == "levels":
        levels = [int(part) for part in text.replace("；", ";").replace(",", ";").split(";") if part.strip()]
        if not set(levels) <= {1, 2, 3, 4}:
            raise ValueError
        return levels
    return text


__all__ = ["Book", "SheetRead", "read_book", "unzipped", "with_zero", "written_day"]
