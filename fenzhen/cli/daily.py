"""`fenzhen daily`"""

from datetime import datetime, timedelta
from pathlib import Path

import click

from fenzhen.cli.ready import fail, say, with_database


@click.command("daily", short_help="Write a day's list (每日清单) as Word and Excel.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Which day; default yesterday.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    show_default=True,
    help="The folder the files go to; it is made where it is missing.",
)
@click.option("--as", "username", help="Whose list: an account's name; default the first section chief.")
@with_database()
def command(day: datetime | None, out: Path, username: str | None) -> None:
    """Write the daily list of a day as daily-YYYY-MM-DD.docx and .xlsx.

    What came in belongs to the day; what is late or open stands as it is now. Files of that name are written anew.
    Exits 1 where there is no such account, or none that may read the list.
    """
    from django.conf import settings
    from django.utils import timezone, translation

    from fenzhen.board.daily import day_of, reader_of_lists
    from fenzhen.office.accounts import system_account
    from fenzhen.papers.daily import daily_files

    reader = reader_of_lists(system_account(), username)
    if reader is None:
        fail("没有可以看清单的账号(科长、班长、分析员、督办员、区领导)", "no account that may read the list")
    now = timezone.now()
    wanted = day.date() if day else day_of(now) - timedelta(days=1)
    out.mkdir(parents=True, exist_ok=True)
    with translation.override(settings.LANGUAGE_CODE):
        for name, content in daily_files(reader, wanted, now).items():
            (out / name).write_bytes(content)
            say(f"已写出 {out / name}", f"{len(content) // 1024} KB")
