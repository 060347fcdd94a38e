"""A list as an Excel file: what a page shows, with its filters, and who took it when.

Native types (a moment is a moment, a number a number), a frozen header, widths that fit, a row with the total.
A text is written as a text, whatever it begins with: nothing that a caller said becomes a formula or a link.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

#: What a cell can be. `TEXT` wraps, `CODE` does not.
TEXT, CODE, NUMBER, MOMENT, DAY = "text", "code", "number", "moment", "day"
#: Characters wide, by kind, where nothing is said; a Chinese character counts two.
_WIDE = {TEXT: 28, CODE: 16, NUMBER: 9, MOMENT: 17, DAY: 12}
#: Excel refuses longer cells.
_LONGEST = 32_000
#: In a sheet's name Excel takes none of these, and 31 characters at most.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what its cells are, and how wide it is in characters."""

    title: str
    kind: str = TEXT
    width: int = 0


@dataclass(slots=True)
class Sheet:
    """A list as it is written down. `total` is how many rows there are in all, where not all are here."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    filters: Sequence[tuple[str, str]] = ()
    """What was filtered by, in words: (what, value). Never a caller's name or number in clear."""
    banner: str = ""
    """Stands above everything where the data are made up."""
    taken_by: str = ""
    taken_at: datetime | None = None
    total: int | None = None
    groups: Sequence[int] = field(default_factory=tuple)
    """Rows (from 0) above which a thicker line stands: a new group begins."""


def workbook(sheet: Sheet) -> bytes:
    """*sheet* as the bytes of an .xlsx file."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(
        memory,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": sheet.title, "author": sheet.taken_by, "created": _naive(sheet.taken_at)})
    page = book.add_worksheet(" ".join(sheet.title.translate(_NOT_IN_NAMES).split())[:31] or "1")
    formats = _formats(book)
    last = max(len(sheet.columns) - 1, 0)
    row = 0
    if sheet.banner:
        _across(page, row, last, sheet.banner, formats["banner"])
        row += 1
    _across(page, row, last, sheet.title, formats["title"])
    page.set_row(row, 24)
    row += 1
    if sheet.filters:
        told = "；".join(f"{what}：{value}" for what, value in sheet.filters)
        _across(page, row, last, _("筛选条件：%(told)s") % {"told": told}, formats["plain"])
        row += 1
    head = row
    for n, column in enumerate(sheet.columns):
        page.write_string(head, n, column.title, formats["head_number" if column.kind == NUMBER else "head"])
        page.set_column(n, n, column.width or _WIDE[column.kind])
    page.set_row(head, 21)
    for offset, cells in enumerate(sheet.rows):
        row += 1
        edge = "2" if offset in sheet.groups and offset else ""
        for n, (column, value) in enumerate(zip(sheet.columns, cells, strict=True)):
            _write(page, row, n, column.kind, value, formats[column.kind + edge])
    if sheet.rows:
        page.autofilter(head, 0, row, last)
    page.freeze_panes(head + 1, min(1, last))
    _foot(page, row + 1, sheet, formats)
    _paper(page, sheet, head, row)
    book.close()
    return memory.getvalue()


# ---------------------------------------------------------------------------------------------------------


def _formats(book: Any) -> dict[str, Any]:
    """Black on white, thin lines; a wide print has no use for colours."""
    base: dict[str, Any] = {"valign": "top", "font_size": 11, "border": 1, "border_color": "#BFBFBF"}
    kinds: dict[str, dict[str, Any]] = {
        TEXT: {"text_wrap": True},
        CODE: {"num_format": "@"},
        NUMBER: {"num_format": "0", "align": "right"},
        MOMENT: {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
        DAY: {"num_format": "yyyy-mm-dd", "align": "left"},
    }
    out = {kind: book.add_format(base | more) for kind, more in kinds.items()}
    group: dict[str, Any] = {"top": 2, "top_color": "#595959"}
    out |= {kind + "2": book.add_format(base | more | group) for kind, more in kinds.items()}
    out["head"] = book.add_format(base | {"bold": True, "bg_color": "#E7EBF0", "valign": "vcenter"})
    out["head_number"] = book.add_format(
        base | {"bold": True, "bg_color": "#E7EBF0", "valign": "vcenter", "align": "right"}
    )
    out["title"] = book.add_format({"bold": True, "font_size": 14, "valign": "vcenter"})
    out["banner"] = book.add_format({"bold": True, "font_color": "#7A4B00", "bg_color": "#FFE9B8"})
    out["plain"] = book.add_format({"font_size": 11})
    return out


def _across(page: Any, row: int, last: int, text: str, form: Any) -> None:
    """Over the whole width, without merged cells: those stand in the way of sorting."""
    page.write_string(row, 0, text, form)
    for n in range(1, last + 1):
        page.write_blank(row, n, None, form)


def _write(page: Any, row: int, n: int, kind: str, value: Any, form: Any) -> None:
    if value is None or value == "":
        page.write_blank(row, n, None, form)
    elif isinstance(value, datetime):
        page.write_datetime(row, n, _naive(value), form)
    elif isinstance(value, date):
        page.write_datetime(row, n, value, form)
    elif isinstance(value, bool):
        page.write_string(row, n, _("是") if value else _("否"), form)
    elif kind == NUMBER and isinstance(value, int | float):
        page.write_number(row, n, value, form)
    else:
        page.write_string(row, n, _legal(str(value))[:_LONGEST], form)


def _foot(page: Any, row: int, sheet: Sheet, formats: dict[str, Any]) -> None:
    here, whole = len(sheet.rows), sheet.total if sheet.total is not None else len(sheet.rows)
    text = _("共 %(n)s 行") % {"n": here}
    if whole > here:
        text = _("这里是前 %(n)s 行，全部 %(whole)s 行") % {"n": here, "whole": whole}
    page.write_string(row, 0, text, formats["plain"])
    if sheet.taken_by and sheet.taken_at:
        page.write_string(row + 1, 0, _taken(sheet), formats["plain"])


def _taken(sheet: Sheet) -> str:
    at = timezone.localtime(sheet.taken_at).strftime("%Y-%m-%d %H:%M")
    return _("%(who)s 于 %(at)s 导出") % {"who": sheet.taken_by, "at": at}


def _paper(page: Any, sheet: Sheet, head: int, row: int) -> None:
    """A4 across, as wide as the paper, the header on every page."""
    page.set_landscape()
    page.set_paper(9)
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
    foot = _taken(sheet) if sheet.taken_by and sheet.taken_at else ""
    foot = " · ".join(filter(None, (sheet.banner, foot))).replace("&", "&&")[:200]
    page.set_footer(f"&L{foot}&R&P / &N")


def _naive(moment: datetime | None) -> datetime | None:
    """Excel knows no time zones: the district's own wall clock, to the second."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0) if moment else None


def _legal(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(c for c in text if c in "\n\t" or c >= " ")
