"""`fenzhen journey`: needs neither Django nor a database."""

from pathlib import Path

import click

from fenzhen.hotline.journey import printed

HEAD = """# The way of a ticket

Printed from the two tables in `fenzhen/hotline/journey.py` by `fenzhen journey --write docs/journey.md`; change the
tables, not this file. An act that stands in both tables under one name is one act: when the lead unit's assignment
makes it, the ticket moves with it. "stays" means that the act leaves the state as it is.

"""


@click.command("journey", short_help="Print the tables of the ticket's and the assignment's way.")
@click.option(
    "--write",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them to a file, e.g. docs/journey.md.",
)
def command(write: Path | None) -> None:
    """Print the ticket's and the assignment's table as Markdown: each act, from which states, to which state, who
    may, what has then happened, which clocks it starts, stops, pauses or resumes."""
    text = HEAD + printed()
    if write is None:
        click.echo(text)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    write.write_text(text, encoding="utf-8")
    click.echo(f"{write}")
