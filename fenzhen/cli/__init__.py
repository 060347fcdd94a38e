"""The prompt: one file per command. `fenzhen --help` lists them.

Exit codes: 0 done, 1 failed, 2 wrong usage (also: the port is taken), 3 an import with `--strict` rejected rows.
"""

from importlib import import_module

import click

from fenzhen import __version__

#: Command → module, and its line in the help. Modules are imported when called: `fenzhen journey` never meets Django.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Serve the pages (with --work: and do the background work)."),
    "work": ("work", "Do the background work: seal, react, watch the clock, run tasks."),
    "migrate": ("migrate", "Make or update the database's tables."),
    "load": ("load", "Load a district's reference lists: a folder, a filled template, a zip."),
    "check": ("check", "Say what is missing or contradictory in a district's lists."),
    "template": ("template", "Write the Excel template for a district's lists."),
    "demo": ("demo", "Generate the demo district's fortnight of tickets."),
    "import": ("import_", "Read tickets from an .xlsx or .csv file."),
    "city": ("city", "The daily round trip with the city's platform: files in, words out."),
    "account": ("account", "Make an account, set a password, close an account."),
    "advise": ("advise", "Learn, score and predict labels or units of texts in CSV files."),
    "teach": ("teach", "Learn from decided tickets; do the reckonings that wait."),
    "spot": ("spot", "Find events in a stream of messages in a CSV file."),
    "locate": ("locate", "Name the place and town that texts in a CSV file speak of."),
    "status": ("status", "Say how things stand."),
    "verify": ("verify", "Check both chains of the journal."),
    "daily": ("daily", "Write a day's list (每日清单) as Word and Excel."),
    "journey": ("journey", "Print the tables of the ticket's and the assignment's way."),
}


class _Commands(click.Group):
    """Commands that are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"fenzhen.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are environment variables: FENZHEN_DATA_DIR (where data is kept), FENZHEN_DATABASE_URL "
    "(default: SQLite in the data folder), FENZHEN_KEYS, FENZHEN_LOG … see docs/operations.md. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 rows rejected under --strict.",
)
@click.version_option(__version__, prog_name="fenzhen")
def main() -> None:
    """fenzhen 分诊: the triage desk of a 12345 public-service hotline."""
