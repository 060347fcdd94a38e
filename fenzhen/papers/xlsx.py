"""A paper as an Excel workbook: a sheet per section, native charts, the tickets' numbers behind every line."""

from io import BytesIO
from math import ceil
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from fenzhen.board.daily import Figure
from fenzhen.papers.charts import COLOURS
from fenzhen.papers.paper import Cell, Chart, Paper, Section, Table, shown

#: Excel takes no longer text in a cell.
LONGEST = 32_000
#: Characters of a sheet's whole width, shared out among its columns.
WIDE = 128


def workbook(paper: Paper) -> bytes:
    """The .xlsx file. Texts are written as texts: a title that begins with = stays a title."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": paper.title, "subject": paper.under, "comments": paper.demo})
        styles = _styles(book)
        taken: set[str] = set()
        for section in paper.sections:
            _sheet(book, styles, paper, section, _sheet_name(section.title, taken))
        _notes(book, styles, paper, _sheet_name(_("说明"), taken))
    return out.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "等线", "font_size": 10.5, "valign": "vcenter"}
    line = base | {"border": 1, "border_color": "#C5CCD4"}
    return {
        "title": book.add_format(base | {"font_size": 15, "bold": True}),
        "demo": book.add_format(base | {"bold": True, "font_color": "#B3201B"}),
        "said": book.add_format(base | {"text_wrap": True, "valign": "top"}),
        "under": book.add_format(base | {"font_color": "#4B5763"}),
        "table": book.add_format(base | {"bold": True, "font_size": 12}),
        "head": book.add_format(line | {"bold": True, "bg_color": "#E9EDF2", "text_wrap": True}),
        "head_number": book.add_format(
            line | {"bold": True, "bg_color": "#E9EDF2", "text_wrap": True, "align": "right"}
        ),
        "text": book.add_format(line | {"text_wrap": True}),
        "text_head": book.add_format(line | {"text_wrap": True, "bold": True}),
        "number": book.add_format(line | {"num_format": "0"}),
        "number_head": book.add_format(line | {"num_format": "0", "bold": True}),
        "mean": book.add_format(line | {"num_format": "0.0"}),
        "mean_head": book.add_format(line | {"num_format": "0.0", "bold": True}),
        "tickets": book.add_format(line | {"font_color": "#4B5763", "text_wrap": True, "valign": "top"}),
    }


def _sheet_name(title: str, taken: set[str]) -> str:
    name = "".join(c for c in title if c not in "[]:*?/\\")[:28] or "…"
    while name in taken:
        name += "·"
    taken.add(name)
    return name


def _sheet(book: Any, styles: dict[str, Any], paper: Paper, section: Section, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if paper.demo:
        sheet.set_header(f"&C&B&K{'B3201B'}{paper.demo}")
    sheet.set_footer("&C— &P —")
    columns = max([len(table.head) for table in section.tables] or [4])
    first = max(section.tables, key=lambda table: len(table.head), default=None)
    shares = _shares(first)
    for n, share in enumerate(shares):
        sheet.set_column(n, n, share)
    sheet.set_column(columns, columns, 48)
    row = 0
    sheet.write_string(row, 0, section.title, styles["title"])
    row += 1
    sheet.write_string(row, 0, f"{paper.title}　{paper.number}　{paper.under}", styles["under"])
    row += 1
    if paper.demo:
        sheet.write_string(row, 0, paper.demo, styles["demo"])
        row += 1
    for sentence in section.said:
        sheet.merge_range(row, 0, row, columns, "", styles["said"])
        sheet.write_string(row, 0, sentence, styles["said"])
        sheet.set_row(row, 16 * (1 + len(sentence) // 60))
        row += 1
    row += 1
    for chart in section.charts:
        row = _chart(book, sheet, name, chart, row, shares) + 1
    for table in section.tables:
        row = _table(sheet, styles, paper, table, row, shares) + 1
    # The tickets' numbers are for the screen: on paper they would make everything else too small to read.
    sheet.print_area(0, 0, row, columns - 1)


def _shares(table: Table | None) -> list[float]:
    if table is None:
        return [24.0] * 4
    whole = sum(table.widths) or 1
    shares = [max(WIDE * width / whole, 8) for width in table.widths]
    return [max(shares[0], 28), *shares[1:]]


def _table(
    sheet: Any, styles: dict[str, Any], paper: Paper, table: Table, row: int, shares: list[float]
) -> int:
    """Write it from *row* on, its tickets' numbers in the column behind the sheet's; returns the row behind it."""
    last = len(shares)
    sheet.write_string(row, 0, table.title, styles["table"])
    row += 1
    numbers = [isinstance(cell, Figure | float | int) for cell in table.rows[0].cells] if table.rows else []
    for column, text in enumerate(table.head):
        is_number = column < len(numbers) and numbers[column]
        sheet.write_string(row, column, text, styles["head_number" if is_number else "head"])
    if not table.names_tickets:
        sheet.write_string(row, last, _("工单号"), styles["head"])
    row += 1
    if not table.rows:
        sheet.write_string(row, 0, table.empty, styles["under"])
        return row + 1
    for line in table.rows:
        for column, cell in enumerate(line.cells):
            _cell(sheet, styles, row, column, cell, "_head" if line.is_head else "")
        # Said here because three hundred numbers in one cell would make their line a page high.
        sheet.set_row(row, 3 + 14 * _lines(line.cells, shares))
        if not table.names_tickets:
            sheet.write_string(row, last, _numbers(paper, line.tickets), styles["tickets"])
        row += 1
    return row


def _lines(cells: tuple[Cell, ...], shares: list[float]) -> int:
    """How many lines the longest text takes; a Chinese character is two wide."""
    wide = [sum(2 if ord(c) > 0x2E80 else 1 for c in shown(cell)) for cell in cells]
    return max(ceil(text / (share - 1)) for text, share in zip(wide, shares, strict=False))


def _numbers(paper: Paper, tickets: tuple[int, ...]) -> str:
    text = "、".join(paper.numbers[pk] for pk in tickets if pk in paper.numbers)
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit("、", 1)[0] + "…"


def _cell(sheet: Any, styles: dict[str, Any], row: int, column: int, cell: Cell, style: str) -> None:
    if isinstance(cell, Figure):
        sheet.write_number(row, column, cell.count, styles[f"number{style}"])
    elif isinstance(cell, float):
        sheet.write_number(row, column, cell, styles[f"mean{style}"])
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell, styles[f"number{style}"])
    else:
        sheet.write_string(row, column, "—" if cell is None else cell, styles[f"text{style}"])


def _chart(book: Any, sheet: Any, name: str, chart: Chart, row: int, shares: list[float]) -> int:
    """Draw it from *row* on over the sheet's columns; its numbers stand far to the right, where they can be edited.
    Returns the row behind it."""
    data = len(shares) + 3
    for n, label in enumerate(chart.labels, start=1):
        sheet.write_string(row + n, data, label)
    made = book.add_chart({"type": "column" if chart.kind == "col" else "bar"})
    for n, (title, values) in enumerate(chart.series):
        at = data + 1 + n
        sheet.write_string(row, at, title)
        for line, value in enumerate(values, start=1):
            sheet.write_number(row + line, at, value)
        made.add_series(
            {
                "name": [name, row, at],
                "categories": [name, row + 1, data, row + len(chart.labels), data],
                "values": [name, row + 1, at, row + len(chart.labels), at],
                "fill": {"color": f"#{COLOURS[n % len(COLOURS)]}"},
                "gap": 60,
            }
        )
    made.set_title({"name": chart.title, "name_font": {"size": 12, "bold": False}, "overlay": False})
    made.set_legend({"position": "bottom"})
    made.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9DEE4"}}})
    if chart.kind == "bar":
        made.set_y_axis({"reverse": True, "interval_unit": 1})
        made.set_x_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9DEE4"}}})
    high = max(320, 24 * len(chart.labels)) if chart.kind == "bar" else 320
    made.set_size({"width": int(7 * sum(shares)) - 8, "height": high})
    sheet.insert_chart(row, 0, made, {"x_offset": 4, "y_offset": 4})
    return row + high // 20 + 1


def _notes(book: Any, styles: dict[str, Any], paper: Paper, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 110)
    lines = [paper.title, f"{paper.number}　{paper.under}"] + ([paper.demo] if paper.demo else [])
    for row, text in enumerate([*lines, *paper.notes, paper.signed, f"{paper.dated:%Y-%m-%d}"]):
        sheet.write_string(row, 0, text, styles["title" if row == 0 else "said"])
