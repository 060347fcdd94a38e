"""`fenzhen locate`: places in CSV files. Needs neither Django nor a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenzhen.cli.texts import (
    EXISTING,
    NEW,
    columns_of,
    header_of,
    outputs_apart,
    plain_errors,
    read_rows,
    say,
    write_rows,
)

if TYPE_CHECKING:
    from fenzhen.locator import Gazetteer, Place

#: What is added to each row.
ADDED = (
    "place_code",
    "place",
    "place_kind",
    "town_code",
    "town",
    "confidence",
    "accepted",
    "candidates",
    "unknown",
)


@click.command("locate", short_help="Name the place and the town that texts in a CSV file speak of.")
@click.option(
    "--district",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with a district's lists (places.csv).",
)
@click.option("--in", "source", type=EXISTING, required=True, help="CSV with texts.")
@click.option("--text", required=True, help="Columns of the text, e.g. topic,detail.")
@click.option("--hint", help="Column of an address, believed more than a mention in passing.")
@click.option(
    "--out", "target", type=NEW, required=True, help="CSV with all columns, place, town, confidence."
)
def command(district: Path, source: Path, text: str, hint: str | None, target: Path) -> None:
    """Name the place and the town of each text; where it is not sure, the place is empty and the candidates are named.

    \b
    Added columns:
      place_code, place, place_kind  the place, empty where it is not sure
      town_code, town                the town, also where only the town is sure
      confidence                     0 to 1; of the likeliest place where none is accepted
      accepted                       yes or no: whether the place is sure enough to be taken
      candidates                     which of these? name（town）:probability, likeliest first
      unknown                        names in the text that the list does not hold

    A place that is heard wrongly, mistyped or cut short is found by its sound; one that is not in the list is left open.
    """
    from fenzhen.locator import Gazetteer, locate, unknown_names

    with plain_errors():
        outputs_apart(source, target)
        columns = columns_of(text)
        rows = read_rows(source, [*columns, hint] if hint else columns)
        path = district / "places.csv"
        if not path.exists():
            raise ValueError(f"{district} has no places.csv")
        places = Gazetteer.from_csv(path)
        found_some = 0
        for row in rows:
            body = "\n".join(row[column] for column in columns)
            found = locate(
                body,
                places,
                hint=(row[hint] or None) if hint else None,
            )
            town = places.get(found.town) if found.town else None
            found_some += found.best is not None
            row |= {
                "place_code": found.best.code if found.best else "",
                "place": found.best.name if found.best else "",
                "place_kind": found.best.kind if found.best else "",
                "town_code": town.code if town else "",
                "town": town.name if town else "",
                "confidence": f"{found.confidence:.4f}",
                "accepted": "yes" if found.best else "no",
                "candidates": ";".join(
                    f"{place.name}{_within(place, places)}:{share:.2f}"
                    for place, share in found.candidates[:4]
                ),
                "unknown": ";".join(unknown_names(body, places)) if not found.best else "",
            }
        write_rows(target, rows, header_of(source), list(ADDED))
        say(f"{target}: {len(rows)} rows, {found_some} with a place")


def _within(place: Place, places: Gazetteer) -> str:
    """The town in brackets: two villages of one name are told apart by it."""
    town = places.get(place.town) if place.town != place.code else None
    return f"（{town.name}）" if town else ""
