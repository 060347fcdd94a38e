"""`fenzhen status`"""

import json
from typing import Any

import click

from fenzhen.cli.ready import out, with_database


@click.command("status", short_help="Say how things stand.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@with_database()
def command(as_json: bool) -> None:
    """Say how things stand: version, database, tickets by state, the queue of background tasks.

    Keys of --json: version, database, district, demo, tickets, by_state, entries, unsealed, unread,
    advice_waiting, queue {ready, running, failed}, last_import.
    """
    facts = _facts()
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in facts.items():
        if key == "by_state":
            from fenzhen.board.words import word

            value = "  ".join(f"{word('ticket_state', state)} {n}" for state, n in value.items() if n) or "–"
        elif isinstance(value, dict):
            value = "  ".join(f"{k} {v}" for k, v in value.items())
        table.add_row(key, "–" if value is None else str(value))
    out.print(table)


def _facts() -> dict[str, Any]:
    from fenzhen import __version__
    from fenzhen.board.standing import standing
    from fenzhen.cli.ready import database_name
    from fenzhen.jobs.queue import queue_counts
    from fenzhen.jobs.reactions import READER
    from fenzhen.office.accounts import system_account

    seen = standing(system_account(), READER)
    last = seen.last_import
    return {
        "version": __version__,
        "database": database_name(),
        "district": seen.district,
        "demo": seen.is_demo,
        "tickets": seen.tickets,
        "by_state": seen.by_state,
        "entries": seen.entries,
        "unsealed": seen.unsealed,
        "unread": seen.unread,
        "advice_waiting": seen.advice_waiting,
        "queue": queue_counts(),
        "last_import": {
            "file": last.file,
            "rows": last.rows,
            "imported": last.imported,
            "known": last.known,
            "rejected": last.rejected,
            "started": last.started.isoformat(),
            "finished": last.finished.isoformat() if last.finished else None,
        }
        if last
        else None,
    }
