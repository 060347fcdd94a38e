"""`fenzhen city in FILE…` and `fenzhen city out --out FILE.xlsx`"""

import os
from pathlib import Path
from time import monotonic, sleep

import click

from fenzhen.cli.ready import fail, out, say, with_database


@click.group("city", short_help="The daily round trip with the city's platform.")
def command() -> None:
    """The daily round trip with the city's platform."""


@command.command("in", short_help="Read files of the city's platform.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--folder", is_flag=True, help="Read what lies in the drop folder (city/in) and wait for no more."
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="MAP.toml",
    help="Which column means what. Default: city/in.toml in the data folder, else the shipped mappings.",
)
@with_database()
def city_in(files: tuple[Path, ...], folder: bool, map_file: Path | None) -> None:
    """Read FILES, or with --folder whatever lies in the drop folder: new orders, changes, withdrawals.

    A file may be read again, and late files in any order: the same row does nothing twice, and an older state
    never overwrites a newer one.
    """
    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.city import BadMapping, NoMapping, Unreadable, files_of, take_city_file
    from fenzhen.office.city_drop import SETTLED, DropFolder, make_folders
    from fenzhen.office.mapping import mapping_from

    if not files and not folder:
        fail("请给出文件,或用 --folder 读市平台文件夹", "give files, or --folder", 2)
    if folder:
        there = make_folders()
        drop = DropFolder()
        started = monotonic()
        reports = drop.look(by=system_account(), now=timezone.now())
        if any(there.iterdir()):
            sleep(SETTLED + 0.1)
            reports += drop.look(by=system_account(), now=timezone.now())
        _tell(reports, monotonic() - started - SETTLED)
        if left := [path.name for path in there.iterdir() if not path.name.startswith(".")]:
            say(f"还没有读:{', '.join(left)}", "not read: still growing, or unreadable")
    try:
        mapping = mapping_from(map_file) if map_file else None
        for path in files_of(files):
            started = monotonic()
            report = take_city_file(path, by=system_account(), now=timezone.now(), mapping=mapping)
            _tell([report], monotonic() - started)
    except (Unreadable, BadMapping, NoMapping) as why:
        fail(str(why), "the file cannot be read", 2)


@command.command("out", short_help="Write what the city must be told into an .xlsx file.")
@click.option(
    "--out", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx"
)
@click.option("--batch", default="", metavar="NAME", help="Write an earlier batch again.")
@with_database()
def city_out(target: Path, batch: str) -> None:
    """Write results and requests that the city was not told yet into FILE.xlsx, in the city's columns.

    Each goes out once: what is written is ticked as told. A lost file is written again with --batch.
    """
    from django.utils import timezone

    from fenzhen.desk.step import Incomplete
    from fenzhen.office.accounts import system_account
    from fenzhen.office.city_words import city_book, city_sheets, tell_in_file
    from fenzhen.office.mapping import BadMapping

    try:
        city_sheets()
        if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
            fail(f"写不进 {target.parent}", "the folder cannot be written to", 2)
        again = bool(batch)
        batch = batch or tell_in_file(by=system_account(), now=timezone.now())
        if not batch:
            say("没有要告诉市平台的", "nothing to tell the city")
            return
        target.write_bytes(city_book(batch))
    except BadMapping as why:
        fail(str(why), "the mapping cannot be used", 2)
    except Incomplete as why:
        fail("、".join(why.fields.values()), "there is no such batch", 2)
    except OSError as why:
        fail(
            f"写不了 {target}:{why.strerror};再来一次:fenzhen city out --batch {batch} --out FILE.xlsx",
            "write it again with --batch",
        )
    say(f"已写入 {target}(批次 {batch})", "written again" if again else "written; each is told once")


def _tell(reports: object, seconds: float) -> None:
    from rich.table import Table

    from fenzhen.office.city import OUTCOMES, CityReport

    assert isinstance(reports, list)
    table = Table("文件\nfile", "行\nrows", "新\nnew", "直派\ndirect", "变更\nchanged", "撤回\nwithdrawn", "同\nsame", "拒\nrejected", box=None, pad_edge=False)  # fmt: skip
    rows = 0
    for report in reports:
        assert isinstance(report, CityReport)
        rows += report.rows
        table.add_row(report.file, f"{report.rows:,}", *(f"{report.counts[name]:,}" for name in OUTCOMES))
    if not reports:
        say("没有新文件", "no whole file there")
        return
    out.print(table)
    if seconds > 0:
        out.print(f"{seconds:.1f} s · {rows / seconds:,.0f} 行/秒 rows/s")
    for report in reports:
        if report.rejects:
            out.print(f"拒收的行 rejected rows: {report.rejects}", markup=False, soft_wrap=True)
