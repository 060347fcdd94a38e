"""`fenzhen migrate`"""

import click

from fenzhen.cli.ready import say, with_database


@click.command("migrate", short_help="Make or update the database's tables.")
@with_database(migrated=False)
def command() -> None:
    """Make or update the tables of the database named by FENZHEN_DATABASE_URL.

    Safe to run at any time; it changes nothing where nothing is to do. The default database is SQLite in
    FENZHEN_DATA_DIR.
    """
    from fenzhen.cli.ready import database_name

    migrate()
    say(f"数据库已就绪:{database_name()}", "the database is ready")


def migrate() -> None:
    """Bring the tables up to date, quietly."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
