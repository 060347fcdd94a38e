"""Texts in CSV files, for the commands that take some and give some: `advise`, `locate`, `spot`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)
Rows = list[dict[str, str]]


def columns_of(text: str) -> list[str]:
    """The columns that an option names, with commas."""
    return [column.strip() for column in text.split(",") if column.strip()]


def texts_of(rows: Rows, text: str) -> list[tuple[str, str]]:
    """Title and body: the first column and the rest; a single column is a body."""
    columns = columns_of(text)
    if len(columns) == 1:
        return [("", row[columns[0]]) for row in rows]
    return [(row[columns[0]], "\n".join(row[column] for column in columns[1:])) for row in rows]


def read_rows(path: Path, needed: Sequence[str]) -> Rows:
    """All rows. Raises ValueError: no rows, a column that is not there or there twice, an encoding that is none, a quote
    that never ends; cells beyond the last column are said, for they are nobody's.
    """
    if not needed:
        raise ValueError("--text names no column")
    csv.field_size_limit(2**31 - 1)
    with _opened(path) as handle:
        reader = csv.DictReader(_to_the_end(handle, path))
        header = reader.fieldnames or []
        missing = [column for column in needed if column not in header]
        if missing:
            raise ValueError(
                f"{path} has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}"
            )
        twice = sorted({column for column in header if column and header.count(column) > 1})
        if twice:
            raise ValueError(
                f"{path} has the column {', '.join(twice)} twice: which is meant cannot be known"
            )
        rows: Rows = []
        wide: list[int] = []
        for row in reader:
            if row.get(_BEYOND):
                wide.append(len(rows) + 2)
            rows.append({key: (value or "").replace("\x00", "") for key, value in row.items() if key})
    if not rows:
        raise ValueError(f"{path} has no rows")
    if wide:
        some = ", ".join(map(str, wide[:5])) + (" …" if len(wide) > 5 else "")
        say(f"{len(wide)} rows have more cells than columns, read without the cells beyond: row {some}")
    return rows


#: The name under which `csv.DictReader` keeps cells beyond the last column.
_BEYOND: Any = None


def _to_the_end(handle: Iterable[str], path: Path) -> Iterator[str]:
    """The lines of a CSV file. Raises ValueError where a quote is opened and the file ends within it: all after it were lost."""
    told: list[str] = []

    def lines() -> Iterator[str]:
        for line in handle:
            told.append(line)
            yield line
        yield _END

    last: list[str] = []
    began = number = 1
    reader = csv.reader(lines())
    for last in reader:
        began, number = number, reader.line_num + 1
        if last != [_END]:
            yield from told
            told.clear()
    if last != [_END]:
        raise ValueError(f"{path}: the quote opened in line {began} or below never ends")


#: A line no file has: it comes out alone unless a quote has swallowed it.
_END = "\x1cend\x1c"


def outputs_apart(source: Path, *targets: Path) -> None:
    """Raises ValueError where a file would be written over the one that is read, or two into one; makes their folders."""
    known = {source.resolve()}
    for target in targets:
        if target.resolve() in known:
            raise ValueError(f"{target} is named twice: it would be overwritten")
        known.add(target.resolve())
        target.parent.mkdir(parents=True, exist_ok=True)


def header_of(path: Path) -> list[str]:
    """The columns in their order."""
    with _opened(path) as handle:
        return next(csv.reader(handle), [])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """UTF-8 with or without mark, or what Excel writes on a Chinese Windows."""
    with path.open("rb") as raw:
        marked = raw.read(2) in (b"\xff\xfe", b"\xfe\xff")
    if not marked:
        _one_encoding(path)
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as probe:
                for _ in probe:
                    pass
        except UnicodeError:
            continue
        with path.open(encoding=encoding, newline="") as handle:
            yield handle
        return
    raise ValueError(f"{path} is no list of texts: neither UTF-8 nor UTF-16 nor GB18030")


def _one_encoding(path: Path) -> None:
    """Raises ValueError where a file is UTF-8 but for a few bytes: as GB18030 all its other texts would come out as other words."""
    right, wrong = 0, []
    with path.open("rb") as raw:
        for number, line in enumerate(raw, 1):
            if line.isascii():
                continue
            try:
                line.decode()
                right += 1
            except UnicodeError:
                wrong.append(number)
    if wrong and right > len(wrong):
        some = ", ".join(map(str, wrong[:5])) + (" …" if len(wrong) > 5 else "")
        raise ValueError(
            f"{path} is UTF-8 but for {len(wrong)} of its lines: line {some}; mend or remove them"
        )


def write_rows(path: Path, rows: Rows, header: Sequence[str], added: Sequence[str]) -> None:
    """All columns of *header* and then those that were *added*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = [*header, *(column for column in added if column not in header)]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=fields, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What is wrong with files and figures, in one line and with exit code 1."""
    try:
        yield
    except (ValueError, OSError, csv.Error) as wrong:
        raise click.ClickException(str(wrong)) from wrong


def say(words: str) -> None:
    """Progress goes to standard error: what was asked for stays alone on standard output."""
    click.echo(words, err=True)
