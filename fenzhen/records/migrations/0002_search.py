"""Full text over character pairs: FTS5 with external content on SQLite, a stored tsvector on PostgreSQL."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = (
    """CREATE VIRTUAL TABLE records_searchtext_fts USING fts5(
        grams, content='records_searchtext', content_rowid='ticket_id', tokenize='unicode61'
    )""",
    """CREATE TRIGGER records_searchtext_ai AFTER INSERT ON records_searchtext BEGIN
        INSERT INTO records_searchtext_fts(rowid, grams) VALUES (new.ticket_id, new.grams);
    END""",
    """CREATE TRIGGER records_searchtext_ad AFTER DELETE ON records_searchtext BEGIN
        INSERT INTO records_searchtext_fts(records_searchtext_fts, rowid, grams)
        VALUES ('delete', old.ticket_id, old.grams);
    END""",
    """CREATE TRIGGER records_searchtext_au AFTER UPDATE ON records_searchtext BEGIN
        INSERT INTO records_searchtext_fts(records_searchtext_fts, rowid, grams)
        VALUES ('delete', old.ticket_id, old.grams);
        INSERT INTO records_searchtext_fts(rowid, grams) VALUES (new.ticket_id, new.grams);
    END""",
)
POSTGRES = (
    """ALTER TABLE records_searchtext ADD COLUMN tokens tsvector
        GENERATED ALWAYS AS (to_tsvector('simple', grams)) STORED""",
    "CREATE INDEX records_searchtext_tokens ON records_searchtext USING gin (tokens)",
)


def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Vendor decides."""
    for statement in POSTGRES if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def backwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop what `forwards` made."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE records_searchtext DROP COLUMN tokens")
    else:
        for name in ("ai", "ad", "au"):
            editor.execute(f"DROP TRIGGER records_searchtext_{name}")
        editor.execute("DROP TABLE records_searchtext_fts")


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
