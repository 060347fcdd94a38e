"""Reading tables that people send: .csv in whatever encoding and with whatever delimiter, .xlsx.

Nothing is interpreted here. A row is its number as a spreadsheet counts it (the first line is 1) and its cells.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _

#: A cell may be this long before it is taken for a quotation mark that was never closed.
LONGEST_CELL = 1_000_000
_DELIMITERS = (",", "\t", ";", "|")
#: What stands for bytes that no encoding explains.
DAMAGED = "\ufffd"

Cell = str | int | float | bool | datetime | date | time | None
Row = tuple[int, list[Cell]]


class Unreadable(Exception):
    """The file as a whole cannot be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows. `kind`: ``csv`` or ``xlsx``; `encoding` and `delimiter` as they were found."""

    kind: str
    raw: bytes
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def rows(self) -> Iterator[Row]:
        """Every row that has anything in it, from the top; may be called again. Raises `Unreadable`."""
        found = _csv_rows(self) if self.kind == "csv" else _xlsx_rows(self)
        for number, cells in found:
            if any(cell not in (None, "") and str(cell).strip() for cell in cells):
                yield number, cells

    def count(self) -> int:
        """How many rows `rows` gives. Reads the file once."""
        return sum(1 for _row in self.rows())


class Readable(Protocol):
    """Whatever gives its bytes: an open file, an upload."""

    def read(self) -> bytes: ...


def open_table(source: Path | Readable, name: str = "") -> Table:
    """Look at a file's bytes: what kind it is, which encoding and delimiter. Raises `Unreadable`.

    The kind is told by the content, not by the name: many an .xls is a CSV that was renamed.
    """
    if isinstance(source, Path):
        name = name or source.name
        try:
            raw = source.read_bytes()
        except OSError as why:
            raise Unreadable(_("打不开文件:%(why)s") % {"why": why.strerror or why}) from None
    else:
        raw = source.read()
    if not raw.strip():
        raise Unreadable(_("文件是空的。"))
    if raw[:4] == b"PK\x03\x04":
        return _opened_xlsx(raw)
    if raw[:4] == b"\xd0\xcf\x11\xe0":
        raise Unreadable(_("这是旧版 .xls 文件,请在表格软件里另存为 .xlsx 或 .csv 再导入。"))
    if raw[:5] == b"%PDF-":
        raise Unreadable(_("这是 PDF 文件,请用 .xlsx 或 .csv。"))
    encoding = encoding_of(raw)
    return Table("csv", raw, encoding, _delimiter_of(_decoded(raw, encoding)))


def encoding_of(raw: bytes) -> str:
    """UTF-8 (with or without its mark), UTF-16 by its mark, else GB 18030 (which contains GBK and GB 2312).

    Where neither explains every byte, the one that leaves fewer riddles.
    """
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    riddles: dict[str, int] = {}
    for encoding in ("utf-8", "gb18030"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            riddles[encoding] = raw.decode(encoding, "replace").count(DAMAGED)
        else:
            return encoding
    return min(riddles, key=lambda encoding: riddles[encoding])


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a decimal point, dates in full, no null bytes."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell).replace("\0", "")


def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "replace").replace("\0", "")


def _delimiter_of(text: str) -> str:
    """The one that cuts the first line into most pieces."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda d: len(next(csv.reader([first], delimiter=d), [])))


def _csv_rows(table: Table) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(
        io.StringIO(_decoded(table.raw, table.encoding), newline=""), delimiter=table.delimiter
    )
    number = 0
    while True:
        number += 1
        try:
            cells: Sequence[str] = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(
                _("第 %(n)s 行附近有没有配对的引号,后面的内容连成了一格。请修正后再导入。") % {"n": number}
            ) from None
        yield number, list(cells)


def _opened_xlsx(raw: bytes) -> Table:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise Unreadable(_("这个文件不是完整的 .xlsx 表格,请在表格软件里重新保存。")) from None
    names = [sheet.title for sheet in book.worksheets]
    book.close()
    if not names:
        raise Unreadable(_("表格里没有工作表。"))
    return Table("xlsx", raw, sheet=names[0])


def _xlsx_rows(table: Table) -> Iterator[Row]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(table.raw), read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        # Some programs write a wrong size into the sheet; what is really there counts.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            row: list[Cell] = list(cells)
            while row and row[-1] in (None, ""):
                row.pop()
            yield number, row
    except (zipfile.BadZipFile, KeyError, ValueError) as why:
        raise Unreadable(_("表格读到一半读不下去了:%(why)s") % {"why": why}) from None
    finally:
        book.close()
