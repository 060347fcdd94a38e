"""每日清单: the day in figures, each of which opens its tickets; the same as Word and Excel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from fenzhen.board.daily import READERS, DailyList, Figure, daily_list, daily_tickets, day_of
from fenzhen.board.papers import filed_daily
from fenzhen.board.words import word
from fenzhen.papers.daily import daily_files, daily_paper
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.papers.paper import Cell, Chart, Row, Section, Table, shown
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, page, typed

#: What a file is called in an answer.
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: A longer list waits folded until somebody opens it.
MOST_OPEN = 15
#: The drawing of a day's hours, in its own units.
HIGH, STEP = 120, 30


@dataclass(frozen=True, slots=True)
class CellSeen:
    """One cell of a table on the page."""

    text: str
    url: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class RowSeen:
    """One line, as cells."""

    cells: tuple[CellSeen, ...]
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class TableSeen:
    """One table; *is_folded* until somebody opens it."""

    title: str
    head: tuple[CellSeen, ...]
    rows: tuple[RowSeen, ...]
    empty: str
    is_folded: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour's two columns, measured from above."""

    label: str
    x: int
    y: float
    high: float
    mean_y: float
    mean_high: float
    words: str


@dataclass(frozen=True, slots=True)
class SectionSeen:
    """One heading of the page."""

    key: str
    title: str
    said: tuple[str, ...]
    tables: tuple[TableSeen, ...]
    bars: tuple[Bar, ...]
    chart: str = ""


@page(roles=READERS)
def daily(request: PageRequest) -> HttpResponse:
    """The list of a day (`day`, today where none is given)."""
    now = timezone.now()
    today = day_of(now)
    day = _day(request.GET.get("day", ""), today)
    found = daily_list(request.user, day, now)
    paper = daily_paper(found)
    context = {
        "found": found,
        "paper": paper,
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "behind": day + timedelta(days=1) if day < today else None,
        "sections": [_section_seen(found, one) for one in paper.sections],
        "figures": _large(found),
        "filed": filed_daily(request.user, day),
        "now": now,
    }
    return render(request, "daily.html", context)


@page(roles=READERS)
def tickets(request: PageRequest, day: str) -> HttpResponse:
    """The tickets behind one figure; the address carries its query."""
    now = timezone.now()
    of = _day(day, None)
    fields = {name: str(value) for name, value in request.GET.items() if value}
    figure, lines = daily_tickets(request.user, of, now, fields)
    if figure is None:
        # The figure was there when the list was drawn; nothing of that kind is left now.
        figure = Figure(0, fields)
    context = {"figure": figure, "lines": lines, "day": of, "now": now, "query": urlencode(fields)}
    return render(request, "daily_tickets.html", context)


@page(roles=READERS)
def file(request: PageRequest, day: str, kind: str) -> HttpResponse:
    """The list as a file: made now, or as it was `filed` in the morning."""
    if kind not in TYPES:
        raise Http404
    of = _day(day, None)
    filed = filed_daily(request.user, of).get(kind) if "filed" in request.GET else None
    if filed:
        name, content = filed.name, filed.path.read_bytes()
    else:
        # A document is in the district's language, whatever language its maker's pages are in.
        with translation.override(settings.LANGUAGE_CODE):
            files = daily_files(request.user, of, timezone.now(), kinds=(kind,))
        name, content = next(iter(files.items()))
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# ---------------------------------------------------------------------------------------------------------


def _day(text: str, otherwise: date | None) -> date:
    """A day as 2026-11-23; *otherwise* where it is none, or, where there is no other, 404."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        if otherwise is None:
            raise Http404 from None
        return otherwise


def _large(found: DailyList) -> list[dict[str, object]]:
    """The numbers on top."""
    late = sum(line.late.count for line in found.clocks if line.clock == "handling")
    named = {pk for _reason, figure in found.leader for pk in figure.tickets}
    return [
        {"key": "came", "count": found.total.figure.count, "url": _url(found, found.total.figure.query)},
        {"key": "leader", "count": len(named), "url": "#leader", "is_late": bool(named)},
        {"key": "late", "count": late, "url": "#clocks", "is_late": late > 0},
        {
            "key": "rehandled",
            "count": found.rehandled.count,
            "url": _url(found, found.rehandled.query),
        },
    ]


def _url(found: DailyList, fields: Mapping[str, str]) -> str:
    there = reverse("daily-tickets", args=[found.day.isoformat()])
    return f"{there}?{urlencode(fields)}"


def _section_seen(found: DailyList, section: Section) -> SectionSeen:
    columns = [chart for chart in section.charts if chart.kind == "col"]
    return SectionSeen(
        section.key,
        section.title,
        section.said,
        tuple(_table_seen(found, table) for table in section.tables),
        tuple(_bars(columns[0])) if columns else (),
        columns[0].title if columns else "",
    )


def _table_seen(found: DailyList, table: Table) -> TableSeen:
    numeric = [table.numeric(n) for n in range(len(table.head))]
    return TableSeen(
        table.title,
        tuple(CellSeen(text, is_number=numeric[n]) for n, text in enumerate(table.head)),
        tuple(_row_seen(found, table, row, numeric) for row in table.rows),
        table.empty,
        table.is_detail or (table.is_long and len(table.rows) > MOST_OPEN),
    )


def _row_seen(found: DailyList, table: Table, row: Row, numeric: list[bool]) -> RowSeen:
    cells = []
    for n, cell in enumerate(row.cells):
        url = ""
        if isinstance(cell, Figure) and cell.count:
            url = _url(found, cell.query)
        elif n == 0 and table.names_tickets and row.tickets:
            url = reverse("ticket", args=[row.tickets[0]])
        cells.append(CellSeen(_text(cell), url, numeric[n]))
    return RowSeen(tuple(cells), row.is_head)


def _text(cell: Cell) -> str:
    return shown(cell).strip("　")


def _bars(chart: Chart) -> list[Bar]:
    """The chart as rectangles: the day's column, and behind it the mean's."""
    values = chart.series[0][1]
    means = chart.series[1][1] if len(chart.series) > 1 else tuple(0.0 for _value in values)
    top = max([*values, *means, 1.0])
    bars = []
    for n, (label, value, mean) in enumerate(zip(chart.labels, values, means, strict=True)):
        high, mean_high = HIGH * value / top, HIGH * mean / top
        words = f"{label}: {value:g}" + (f" ({mean:g})" if len(chart.series) > 1 else "")
        bars.append(
            Bar(
                label,
                n * STEP,
                round(HIGH - high, 1),
                round(high, 1),
                round(HIGH - mean_high, 1),
                round(mean_high, 1),
                words,
            )
        )
    return bars


@listing("daily-tickets", roles=READERS)
def daily_tickets_list(request: PageRequest) -> Sheet:
    """The tickets behind one figure of a day's list (`day`, and the figure's own `query`)."""
    of = _day(typed(request, "day", 10), None)
    query = dict(parse_qsl(typed(request, "query", 190)))
    figure, lines = daily_tickets(request.user, of, timezone.now(), query)
    columns = [
        Column(_("工单号"), CODE, 16),
        Column(_("等级"), CODE, 7),
        Column(_("状态"), CODE, 11),
        Column(_("标题"), width=44),
        Column(_("镇街"), CODE, 14),
        Column(_("承办单位"), CODE, 18),
        Column(_("受理时间"), MOMENT),
        Column(_("第几次办"), NUMBER, 9),
    ]
    rows = [
        [line.number, word("level", line.level), word("ticket_state", line.state), line.title, line.town]
        + [line.unit, line.received_at, line.round]
        for line in lines
    ]
    total = len(figure.tickets) if figure else None
    return Sheet(
        "daily-tickets", _("清单中的工单"), columns, rows, filters=[(_("日期"), f"{of}")], total=total
    )


routes = [
    path("daily", daily, name="daily"),
    path("daily/<str:day>/tickets", tickets, name="daily-tickets"),
    path("daily/<str:day>/<str:kind>", file, name="daily-file"),
]
