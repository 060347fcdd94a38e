"""`fenzhen check SOURCE`"""

import json
from datetime import date
from pathlib import Path

import click

from fenzhen.cli.ready import err, out, say, set_up


@click.command("check", short_help="Say what is missing or contradictory in a district's lists.")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="As of that day (default: today).")
def command(source: Path, as_json: bool, day: object) -> None:
    """Look through the lists in SOURCE: a folder of CSV files, a filled template (.xlsx) or a .zip.

    Every finding names file and line and says what to do. Exits 1 where there are errors; warnings and what is
    to be confirmed do not fail. Nothing is loaded and no database is needed.
    """
    set_up()
    from django.utils import timezone

    from fenzhen.office.checks import check_lists

    today = day.date() if hasattr(day, "date") else timezone.localdate()
    assert isinstance(today, date)
    report = check_lists(source, today=today)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        for mark, title, found in (
            ("[red]✗[/red]", "必须改正 · errors", report.errors),
            ("[yellow]![/yellow]", "建议补上 · warnings", report.warnings),
            ("[cyan]?[/cyan]", "请本区核定 · to confirm", report.to_confirm),
        ):
            if not found:
                continue
            out.print(f"{mark} [bold]{title} ({len(found)})[/bold]")
            for finding in found:
                out.print(f"  {finding.where}: {finding.text}", markup=False, soft_wrap=True)
                if finding.todo:
                    out.print(f"    → {finding.todo}", style="dim", markup=False, soft_wrap=True)
        if not report.findings:
            say("清单没有缺漏和矛盾", "nothing missing, nothing contradictory")
        rows = "、".join(f"{key} {count}" for key, count in report.rows.items())
        if rows:
            out.print(f"{report.district}: {rows}", style="dim", markup=False, soft_wrap=True)
    if report.errors:
        if not as_json:
            err.print(f"{len(report.errors)} 处必须改正 · {len(report.errors)} errors")
        raise click.exceptions.Exit(1)
