"""What a paper is made of, before anybody sets it in Word, Excel or a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from fenzhen.board.daily import Figure

#: What may stand in a cell. A figure brings its tickets along.
Cell = str | int | float | Figure | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; *tickets* are those it is about."""

    cells: tuple[Cell, ...]
    tickets: tuple[int, ...] = ()
    is_head: bool = False
    """A line that gathers the ones below it."""
    fields: Mapping[str, str] | None = None
    """The query behind the line, where it is a figure's."""


@dataclass(frozen=True, slots=True)
class Table:
    """A native table: its title, its columns with their shares of the width, what stands there when it is empty."""

    key: str
    title: str
    head: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[Row, ...]
    empty: str = ""
    names_tickets: bool = False
    """Its lines are tickets: they stand a size smaller."""
    is_long: bool = False
    """On paper it is cut off with a word, in Excel never."""
    is_detail: bool = False
    """Not on paper: a chart or a sentence says it there."""

    def numeric(self, column: int) -> bool:
        """Are its cells numbers? (They stand on the right.)"""
        cells = [row.cells[column] for row in self.rows if column < len(row.cells)]
        return bool(cells) and all(
            cell.endswith(("%", "—")) if isinstance(cell, str) else True for cell in cells
        )


@dataclass(frozen=True, slots=True)
class Chart:
    """A native chart: columns side by side (`col`) or bars (`bar`), one value a label in each series."""

    key: str
    title: str
    kind: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its sentences, tables and charts."""

    key: str
    title: str
    said: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole: title, number of the document, sections, notes, who signs it and when."""

    name: str
    """Of the file, without its ending."""
    title: str
    number: str
    under: str
    demo: str
    """What says that all of it is invented; empty where it is not."""
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    signed: str
    dated: date
    numbers: Mapping[int, str] = field(default_factory=dict)
    """Ticket → its number."""


def shown(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return "—"
    if isinstance(cell, Figure):
        return str(cell.count)
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return str(cell)
