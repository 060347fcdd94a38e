"""`fenzhen load DIR`"""

from pathlib import Path

import click

from fenzhen.cli.ready import err, out, say, with_database


@click.command("load", short_help="Load a district's reference lists: a folder, a filled template, a zip.")
@click.argument("directory", metavar="SOURCE", type=click.Path(exists=True, path_type=Path))
@click.option("--force", is_flag=True, help="Load also when nothing has changed since the last time.")
@with_database()
def command(directory: Path, force: bool) -> None:
    """Load the reference lists in SOURCE: a folder with district.toml and the CSV files (places, units, categories,
    examples, duties, duty phones, limits, the calendar, staff), a filled template (.xlsx), or a .zip of them.

    Look first with fenzhen check. All or nothing: if a list has faults, each is named with file, line and column, and nothing changes. What
    vanished from a list is switched off, never deleted. Lists that did not change are left alone.

    A map of the district (map.geojson in the folder, or SOURCE itself a .geojson) is loaded as well: a polygon for each town, named by
    its property code or name.
    """
    if directory.suffix.lower() == ".geojson":
        load_own_map(directory)
        return
    if load(directory, force=force):
        from fenzhen.board.advice import warm

        # What the adviser learns is kept in the cache folder: pages that are being served only read it.
        with out.status("建议模型学习目录 · the adviser learns the lists"):
            warm(with_similar=False)


def load(directory: Path, *, force: bool = False, quiet: bool = False) -> bool:
    """Load and say what came of it; False where nothing had changed. Exits 1 where the lists have faults."""
    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.lists import BadLists, load_lists

    try:
        report = load_lists(directory, by=system_account(), now=timezone.now(), force=force)
    except BadLists as bad:
        err.print(
            f"[red]✗[/red] 目录有 {bad.count} 处错误,没有装入任何内容 · {bad.count} faults, nothing was loaded"
        )
        for fault in bad.faults:
            err.print(f"  {fault}", markup=False)
        if bad.count > len(bad.faults):
            err.print(f"  …… +{bad.count - len(bad.faults)}")
        raise click.exceptions.Exit(1) from None
    if (directory / "map.geojson").is_file() and not (quiet and report.unchanged):
        load_own_map(directory / "map.geojson")
    for warning in report.warnings:
        err.print(f"[yellow]![/yellow] {warning}")
    if report.unchanged:
        if not quiet:
            say(f"{report.district}的目录没有变化", "unchanged: nothing to load")
        return False
    say(f"已装入{report.district}的目录", "the lists are loaded")
    if not quiet:
        from rich.table import Table

        table = Table("", "rows 行", "added 新增", "changed 更改", "retired 停用", box=None, pad_edge=False)
        for name, count in report.counts.items():
            table.add_row(name, *(str(n) for n in (count.rows, count.added, count.changed, count.retired)))
        out.print(table)
    return True


def load_own_map(file: Path) -> None:
    """Load the district's map and say what came of it. Exits 1 where it has faults; then nothing was changed."""
    from django.utils import timezone

    from fenzhen.desk.step import Incomplete
    from fenzhen.office.accounts import system_account
    from fenzhen.office.maps import load_map

    try:
        drawn = load_map(file.read_bytes(), by=system_account(), now=timezone.now())
    except Incomplete as why:
        err.print("[red]✗[/red] 地图有错误,没有装入 · the map has faults, it was not loaded")
        for fault in why.fields["file"].split("；"):
            err.print(f"  {fault}", markup=False)
        raise click.exceptions.Exit(1) from None
    say(f"已装入地图:{len(drawn.towns)} 个镇街", f"the map is loaded: {len(drawn.towns)} towns")
