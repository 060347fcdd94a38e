"""`fenzhen verify`"""

import click

from fenzhen.cli.ready import fail, say, with_database

_WHY = {
    "changed": ("内容被改动过", "what it says was changed"),
    "chain": ("与前一条对不上", "it does not follow the one before it"),
    "missing": ("前面少了一条", "one before it is missing"),
    "position": ("总序号不连续", "the order over everything has a gap"),
    "sealed": ("总链对不上", "the chain over everything is broken"),
    "tail": ("末尾少了记录", "entries at the end are missing"),
}


@click.command("verify", short_help="Check both chains of the journal.")
@with_database()
def command() -> None:
    """Recompute the journal's two chains (per ticket, and over everything) and name the first entry that was
    changed, moved or removed. Exits 1 if there is one."""
    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.seal import verify_journal

    found = verify_journal(by=system_account(), now=timezone.now())
    if found.broken:
        chinese, english = _WHY[found.broken.why]
        where = f"{found.broken.subject} #{found.broken.n}"
        if found.broken.position:
            where += f", position {found.broken.position}"
        fail(f"日志被动过:{where} {chinese}", f"the journal was tampered with: {where}: {english}")
    say(
        f"日志完整:{found.entries} 条,已封存 {found.sealed} 条",
        f"the journal is whole; head {found.head[:16] or '–'}",
    )
