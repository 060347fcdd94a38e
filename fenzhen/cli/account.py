"""`fenzhen account`"""

import csv
import os
import sys
from pathlib import Path
from typing import Any

import click

from fenzhen.cli.ready import fail, say, with_database
from fenzhen.hotline.roles import Role

_ROLES = [str(role) for role in Role if role != Role.SYSTEM]


@click.group("account", short_help="Make an account, set a password, close an account.")
def command() -> None:
    """Accounts: make one, set its password, close it. Passwords are asked for, or read from standard input with
    --password-stdin; they never stand on the command line."""


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = click.prompt("密码 password", hide_input=True, confirmation_prompt="再输一次 again")
    return given


def _do(verb: Any, username: str, **given: Any) -> None:
    from django.utils import timezone

    from fenzhen.desk.step import Incomplete
    from fenzhen.office.accounts import system_account

    try:
        verb(username, by=system_account(), now=timezone.now(), **given)
    except Incomplete as why:
        fail("; ".join(why.fields.values()), "not accepted: " + ", ".join(why.fields))


@command.command("create")
@click.argument("username")
@click.option("--name", required=True, help="The person's name as colleagues see it.")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What the person does.")
@click.option("--unit", default="", help="Code of the unit (obligatory for unit_liaison and unit_worker).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_database()
def create(username: str, name: str, role: str, unit: str, password_stdin: bool) -> None:
    """Make the account USERNAME."""
    from fenzhen.office.accounts import open_account

    _do(open_account, username, name=name, role=role, unit=unit, password=_password(password_stdin))
    say(f"账号已建:{username}", "the account is made")


@command.command("password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_database()
def password(username: str, password_stdin: bool) -> None:
    """Give USERNAME another password; opens the account again if it was closed."""
    from fenzhen.office.accounts import set_password

    _do(set_password, username, password=_password(password_stdin))
    say(f"密码已改:{username}", "the password is set")


@command.command("close")
@click.argument("username")
@with_database()
def close(username: str) -> None:
    """Let nobody sign in as USERNAME any more. What the account did stays in the journal."""
    from fenzhen.office.accounts import close_account

    _do(close_account, username)
    say(f"账号已停用:{username}", "the account is closed")


@command.command("first-passwords")
@click.option(
    "--out",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write account, name, unit and password (CSV, readable by you only).",
)
@with_database()
def first_passwords(target: Path) -> None:
    """Give a random first password to every account that has none, after lists were loaded. Hand them out, then
    delete the file: it is the only place where they stand.
    """
    from django.utils import timezone

    from fenzhen.office import accounts

    try:
        file = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="")
    except FileExistsError:
        fail(f"{target} 已经有了,没有覆盖", "the file is there already")
    with file:
        given = accounts.first_passwords(by=accounts.system_account(), now=timezone.now())
        writer = csv.writer(file)
        file.write("\ufeff")  # a spreadsheet knows by it that the names are UTF-8
        writer.writerow(["账号", "姓名", "单位", "初始密码"])
        writer.writerows(
            [person.username, person.name, str(person.unit or ""), word] for person, word in given
        )
    say(f"{len(given)} 个账号有了初始密码,写在 {target};发完请删除", "hand them out, then delete the file")
