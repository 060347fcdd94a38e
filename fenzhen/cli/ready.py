"""What commands have in common: setting Django up, speaking, failing plainly."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click
from rich.console import Console

P = ParamSpec("P")
R = TypeVar("R")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(chinese: str, english: str) -> None:
    """One line in both languages, as `./run` speaks."""
    out.print(f"{chinese} · [dim]{english}[/dim]")


def fail(chinese: str, english: str, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end with *code*."""
    err.print(f"[red]✗[/red] {chinese}\n  {english}")
    raise click.exceptions.Exit(code)


def set_up() -> None:
    """Set Django up, with the data folder there."""
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenzhen.settings")
    settings.FENZHEN_DATA_DIR.mkdir(parents=True, exist_ok=True)
    django.setup()


def with_database(*, migrated: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A command that needs the database: Django is set up first, and a database that cannot be reached, or that
    `fenzhen migrate` has not seen yet, is said in one sentence instead of a traceback."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            set_up()
            with database_errors():
                if migrated:
                    from fenzhen.board.standing import is_migrated

                    if not is_migrated(None):
                        fail(
                            "数据库还没有建表或版本较旧,请先运行 fenzhen migrate", "run fenzhen migrate first"
                        )
                return function(*args, **kwargs)

        return inner

    return decorate


@contextmanager
def database_errors() -> Iterator[None]:
    """A database that does not answer becomes one sentence."""
    from django.db import InterfaceError, OperationalError

    try:
        yield
    except (OperationalError, InterfaceError) as why:
        fail(f"数据库连不上:{database_name()}", f"the database does not answer: {why}".strip())


def database_name() -> str:
    """Which database is used, without its password."""
    from django.db import connection

    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    place = given.get("HOST") or "localhost"
    port = f":{given['PORT']}" if given.get("PORT") else ""
    return f"{connection.vendor}://{place}{port}/{given['NAME']}"
