"""`fenzhen spot`: events in a stream of messages in CSV files. Needs neither Django nor a database.

What is asked for goes to files; progress goes to standard error.
"""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import click

from fenzhen.cli.texts import EXISTING, NEW, columns_of, outputs_apart, read_rows, texts_of

EVENT_COLUMNS = ("message_id", "event_id", "final_event_id")
ALERT_COLUMNS = ("event_id", "level", "at", "people", "tickets", "title", "place", "last_message_id")


@click.group("spot", short_help="Find events in a stream of messages in a CSV file.")
def command() -> None:
    """See that many messages mean one event, as they come in."""


@command.command("replay")
@click.option("--in", "source", type=EXISTING, required=True, help="CSV with messages.")
@click.option("--id", "id_column", required=True, help="Column of the message's id.")
@click.option("--who", required=True, help="Column that tells people apart.")
@click.option("--when", required=True, help="Column of the moment it came.")
@click.option(
    "--text", required=True, help="Column of the title and column(s) of the body, e.g. topic,detail."
)
@click.option("--place", default="", help="Column of a place code, if there is one.")
@click.option("--town", default="", help="Column of a town code, if there is one.")
@click.option("--category", default="", help="Column of a category, if there is one.")
@click.option(
    "--settings", "settings_file", type=EXISTING, help="TOML with a table [spotter]: thresholds, budget."
)
@click.option(
    "--out", "events_file", type=NEW, required=True, help="CSV: message_id,event_id,final_event_id."
)
@click.option("--alerts", "alerts_file", type=NEW, required=True, help="CSV of the alarms.")
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object on standard output.")
def replay(
    source: Path, id_column: str, who: str, when: str, text: str, place: str, town: str, category: str,
    settings_file: Path | None, events_file: Path, alerts_file: Path, as_json: bool,
) -> None:  # fmt: skip
    """Replay messages in the order of their time; each is decided on with the past only.

    Rows whose time cannot be read, or whose id stands there twice, get an event of their own and are named on standard error.
    """
    from fenzhen.spotter import BadSettings, Message, Settings, Spotter
    from fenzhen.spotter.moments import NoMoment, moment

    columns = columns_of(text)
    try:
        outputs_apart(source, events_file, alerts_file)
        settings = Settings.from_toml(settings_file) if settings_file else Settings()
        rows = read_rows(source, [id_column, who, when, *columns, *filter(None, (place, town, category))])
    except (BadSettings, ValueError, OSError, csv.Error) as why:
        raise click.ClickException(str(why)) from None
    bad: dict[int, str] = {}
    seen: set[str] = set()
    order: list[tuple[object, int]] = []
    for at, row in enumerate(rows):
        try:
            order.append((moment(row[when]), at))
        except NoMoment as why:
            bad[at] = str(why)
            continue
        if not row[id_column].strip():
            bad[at] = "no id"
        elif row[id_column] in seen:
            bad[at] = f"the id {row[id_column]} stood there before"
        seen.add(row[id_column])
    order = [one for one in order if one[1] not in bad]
    order.sort()
    texts = texts_of(rows, text)
    spotter = Spotter(settings)
    arrival: dict[int, str] = {}
    counts: dict[str, int] = {}
    began = time.perf_counter()
    with alerts_file.open("w", encoding="utf-8", newline="") as handle:
        alerts = csv.writer(handle)
        alerts.writerow(ALERT_COLUMNS)
        for moment_, at in order:
            row = rows[at]
            title, body = texts[at]
            decision = spotter.add(
                Message(
                    row[id_column], row[who], moment_, title, body,  # type: ignore[arg-type]  # sorted with its number
                    {row[place]: 1.0} if place and row[place] else {},
                    row[category] if category and row[category] else None, row[town] if town and row[town] else None,
                )
            )  # fmt: skip
            arrival[at] = decision.event
            for alert in decision.alerts:
                if alert.kind != "event":
                    counts[alert.kind] = counts.get(alert.kind, 0) + 1
                    continue
                counts[alert.level.value] = counts.get(alert.level.value, 0) + 1
                alerts.writerow([
                    alert.event, alert.level.value, alert.at.isoformat(sep=" "), alert.people, alert.tickets, _safe(alert.title),
                    _safe(alert.place), alert.last_message,
                ])  # fmt: skip
    seconds = time.perf_counter() - began
    with events_file.open("w", encoding="utf-8", newline="") as handle:
        events = csv.writer(handle)
        events.writerow(EVENT_COLUMNS)
        for at, row in enumerate(rows):
            event = arrival.get(at) or f"row{at + 2}"
            events.writerow([row[id_column], event, spotter.final(event)])
    for at, why_not in sorted(bad.items())[:20]:
        click.echo(f"row {at + 2}: {why_not}; it stays alone", err=True)
    if len(bad) > 20:
        click.echo(f"… and {len(bad) - 20} more such rows", err=True)
    found = {
        "rows": len(rows), "decided": len(order), "bad_rows": len(bad), "events": len(set(arrival.values())), "alerts": counts,
        "seconds": round(seconds, 2), "a_second": round(len(order) / seconds) if seconds else 0,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(", ".join(f"{name} {value}" for name, value in found.items()), err=True)


def _safe(text: str) -> str:
    """One line; nothing a spreadsheet would take for a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line[:1] in "=+-@" else line
