"""Texts in CSV files, for the commands that take some and give some: `advise`, `locate`, `spot`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
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
    """All rows. Raises ValueError: no rows, a column that is not there, an encoding that is none."""
    if not needed:
        raise ValueError("--text names no column")
    csv.field_size_limit(2**31 - 1)
    with _opened(path) as handle:
        reader = csv.DictReader(handle)
        header = reader.fieldnames or []
        missing = [column for column in needed if column not in header]
        if missing:
            raise ValueError(
                f"{path} has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}"
            )
        rows = [
            {key: (value or "").replace("\x00", "") for key, value in row.items() if key} for row in reader
        ]
    if not rows:
        raise ValueError(f"{path} has no rows")
    return rows


def header_of(path: Path) -> list[str]:
    """The columns in their order."""
    with _opened(path) as handle:
        return next(csv.reader(handle), [])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """UTF-8 with or without mark, or what Excel writes on a Chinese Windows."""
    with path.open("rb") as raw:
        marked = raw.read(2) in (b"\xff\xfe", b"\xfe\xff")
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
