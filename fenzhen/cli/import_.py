"""`fenzhen import FILE`"""

import gc
import json
from dataclasses import asdict
from pathlib import Path
from time import monotonic

import click

from fenzhen.cli.ready import err, fail, out, say, with_database

#: Rows were refused under --strict.
SOME_REJECTED = 3


@click.command("import", short_help="Read tickets from an .xlsx or .csv file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="MAP.toml",
    help="Which column means what, where no shipped mapping knows the header.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen; nothing is written.")
@click.option(
    "--history", is_flag=True, help="File everything as closed tickets of the past: no clocks, no alarms."
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where refused rows go, with number and reason. Default: beside FILE, else the data folder.",
)
@click.option("--strict", is_flag=True, help=f"Exit {SOME_REJECTED} if any row was refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON and nothing else.")
@with_database()
def command(
    file: Path,
    map_file: Path | None,
    dry_run: bool,
    history: bool,
    rejects: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Read tickets from FILE (.xlsx, or .csv in UTF-8 or GBK). The mapping is told by the header.

    A row that is here already (same source and number) is left alone, so the same file may be read again, also
    after an interruption. Refused rows are written to a file with the reason; the others go in.
    """
    from django.utils import timezone
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from fenzhen.office.accounts import system_account
    from fenzhen.office.imports import import_file
    from fenzhen.office.mapping import BadMapping, NoMapping, mapping_from, shipped_mappings
    from fenzhen.office.tables import Unreadable

    gc.freeze()  # what was loaded so far stays: the collector need not look through it for every block of rows
    started = monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=as_json,
    )
    try:
        mapping = mapping_from(map_file) if map_file else None
        with bar:
            task = bar.add_task("检查 check" if dry_run else "导入 import", total=None)
            report = import_file(
                file,
                by=system_account(),
                now=timezone.now(),
                mapping=mapping,
                history=history,
                dry_run=dry_run,
                rejects=rejects,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except (Unreadable, BadMapping) as why:
        fail(str(why), "the file cannot be read", 2)
    except NoMapping as why:
        known = "\n  ".join(f"{m.name}({m.title}): {', '.join(m.recognise)}" for m in shipped_mappings())
        fail(
            f"{why}\n  已有的映射:\n  {known}",
            "give a mapping with --map MAP.toml, see docs/operations.md",
            2,
        )
    seconds = monotonic() - started
    if as_json:
        click.echo(json.dumps({**asdict(report), "seconds": round(seconds, 2)}, ensure_ascii=False))
    else:
        _tell(report, seconds)
    if strict and report.rejected:
        raise click.exceptions.Exit(SOME_REJECTED)


def _tell(report: object, seconds: float) -> None:
    from rich.table import Table

    from fenzhen.office.imports import Report

    assert isinstance(report, Report)
    if report.dry_run:
        say("试运行:没有写入任何内容", "dry run: nothing was written")
    if report.interrupted_before:
        say("上一次导入这个文件时中断了,这次接着做完", "an interrupted import of this file was continued")
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    for words, count in (
        ("rows 行", report.rows),
        ("imported 入库", report.imported),
        ("  waiting 待派单", report.waiting),
        ("  filed as history 按历史入库", report.filed),
        ("known 已有", report.known),
        ("  twice in this file 文件内重号", report.twice),
        ("rejected 拒收", report.rejected),
        ("caller unknown 来电人不详", report.unknown_caller),
        ("secret 要求保密", report.secret),
        ("place to ask 地点待询问", report.asks_place),
    ):
        if count or not words.startswith("  "):
            table.add_row(words, f"{count:,}")
    out.print(table)
    speed = f"{report.rows / seconds:,.0f}" if seconds else "-"
    mapping = f"{report.mapping} · {report.encoding}"
    out.print(f"{mapping} · {seconds:.1f} s · {speed} 行/秒 rows/s")
    if report.imported == 0 and report.known and not report.dry_run:
        say("没有新的工单:这些编号都已在库里", "nothing new: all these numbers are here already")
    if report.unused_columns:
        out.print(f"未使用的列 unused columns: {', '.join(report.unused_columns)}", markup=False)
    if report.rejects:
        out.print(f"拒收的行 rejected rows: {report.rejects}", markup=False, soft_wrap=True)
