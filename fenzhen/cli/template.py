"""`fenzhen template`"""

from pathlib import Path

import click

from fenzhen.cli.ready import fail, say, set_up


@click.command("template", short_help="Write the Excel template for a district's lists.")
@click.option(
    "--out",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("district.xlsx"),
    show_default=True,
    help="Where to write it.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def command(target: Path, force: bool) -> None:
    """Write an Excel template with a sheet per list: words, drop-downs, greyed examples. Fill it, then
    fenzhen check FILE and fenzhen load FILE.
    """
    set_up()
    from fenzhen.papers.template import template

    if target.exists() and not force:
        fail(
            f"{target} 已经有了,没有覆盖;要覆盖请加 --force",
            "the file is there already: use --force to overwrite it",
        )
    target.write_bytes(template())
    say(f"模板已写到 {target}", f"fill it, then: fenzhen check {target}")
