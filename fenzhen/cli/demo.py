"""`fenzhen demo`"""

from pathlib import Path

import click

from fenzhen.cli.ready import fail, out, say, with_database


@click.command("demo", short_help="Generate the demo district's fortnight of tickets.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The district's folder; default FENZHEN_DISTRICT_DIR.",
)
@click.option("--days", type=click.IntRange(1, 366), help="How many days back; default as in outcome.toml.")
@click.option("--per-day", type=click.IntRange(1, 5000), help="Tickets a day; default as in outcome.toml.")
@click.option("--seed", type=int, help="Draw another past; default as in outcome.toml.")
@with_database()
def command(folder: Path | None, days: int | None, per_day: int | None, seed: int | None) -> None:
    """Load the demo district's lists and generate a made-up past that ends now, in every state.

    All or nothing, and only into a database without tickets; otherwise it exits 1 and changes nothing. Nobody is
    told of what happened in it.
    """
    from django.conf import settings

    from fenzhen.board.standing import has_tickets
    from fenzhen.cli.load import load
    from fenzhen.cli.settle import advise_now, settle
    from fenzhen.office.accounts import system_account

    folder = folder or Path(settings.FENZHEN_DISTRICT_DIR)
    if has_tickets(system_account()):
        fail("库里已有工单,演示工单不与它们混在一起", "there are tickets already; nothing was changed")
    load(folder, quiet=True)
    made = generate(folder, days=days, per_day=per_day, seed=seed)
    settle(folder)
    with out.status("为待派工单准备建议 · advice for what waits"):
        advise_now()
    say(f"已生成 {made} 张演示工单", f"{made} made-up tickets")


def generate(
    folder: Path, *, days: int | None = None, per_day: int | None = None, seed: int | None = None
) -> int:
    """The made-up past, with a bar; returns how many tickets. An interrupted one leaves nothing behind."""
    from django.utils import timezone
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from fenzhen.office.accounts import system_account
    from fenzhen.office.demo import DemoThere, NoDemo, make_demo

    label = "生成两周演示工单 · a fortnight of made-up tickets"
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=out, transient=True
    )
    try:
        with bar:
            task = bar.add_task(label, total=None)
            made = make_demo(
                folder,
                by=system_account(),
                now=timezone.now(),
                days=days,
                per_day=per_day,
                seed=seed,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except DemoThere:
        fail("库里已有工单,演示工单不与它们混在一起", "there are tickets already; nothing was changed")
    except NoDemo as why:
        fail(str(why), "no demo can be made from this folder")
    return made.tickets
