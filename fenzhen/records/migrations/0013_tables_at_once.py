"""Every table as it stands, and the full text over character pairs: FTS5 with external content on SQLite, a stored
tsvector on PostgreSQL. Made in one go it takes half the time of the twelve steps that led here; a database that
has gone some of these steps takes the rest of them."""

import django.db.models.deletion
import fenzhen.records.keys
import fenzhen.records.words
from django.conf import settings
from django.db import migrations, models
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
    replaces = [
        ("records", "0001_initial"),
        ("records", "0002_search"),
        ("records", "0003_import_parts"),
        ("records", "0004_first_week"),
        ("records", "0005_city"),
        ("records", "0006_kept_lists"),
        ("records", "0007_related"),
        ("records", "0008_advice"),
        ("records", "0009_pages"),
        ("records", "0010_events"),
        ("records", "0011_promises_of_groups"),
        ("records", "0012_surges_and_names"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("date", models.DateField(unique=True)),
                ("day_type", models.CharField(choices=fenzhen.records.words.day_type_choices, max_length=16)),
                ("name", models.CharField(blank=True, max_length=32)),
                ("published", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["date"],
            },
        ),
        migrations.CreateModel(
            name="Caller",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", fenzhen.records.keys.SealedText(blank=True, default="")),
                ("name_index", models.CharField(blank=True, db_index=True, max_length=40)),
                ("phone", fenzhen.records.keys.SealedText(blank=True, default="")),
                ("phone_index", models.CharField(blank=True, db_index=True, max_length=40)),
                ("tail_index", models.CharField(blank=True, db_index=True, max_length=40)),
                ("account", fenzhen.records.keys.SealedText(blank=True, default="")),
                ("account_index", models.CharField(blank=True, db_index=True, max_length=40)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=6, unique=True)),
                ("level1", models.CharField(max_length=64)),
                ("level2", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=64)),
                ("definition", models.TextField(blank=True)),
                ("not_here", models.TextField(blank=True)),
                ("kind_hint", models.CharField(blank=True, max_length=16)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("position", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="District",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=64)),
                ("is_demo", models.BooleanField(default=False)),
                ("banner", models.CharField(blank=True, max_length=64)),
                ("settings", models.JSONField(default=dict)),
                ("loaded_at", models.DateTimeField(null=True)),
                ("checksum", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Duty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule_id", models.CharField(max_length=16, unique=True)),
                ("category", models.CharField(db_index=True, max_length=6)),
                ("territory", models.CharField(blank=True, max_length=16)),
                ("place_type", models.CharField(blank=True, max_length=16)),
                ("lead", models.CharField(max_length=16)),
                ("assist", models.CharField(blank=True, max_length=128)),
                ("level", models.PositiveSmallIntegerField(default=3)),
                ("basis", models.TextField(blank=True)),
                ("basis_doc", models.CharField(blank=True, max_length=128)),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("floor_unit", models.CharField(blank=True, max_length=16)),
                ("not_grassroots", models.BooleanField(default=False)),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "verbose_name_plural": "duties",
                "ordering": ["rule_id"],
            },
        ),
        migrations.CreateModel(
            name="Level",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(unique=True)),
                ("name", models.CharField(max_length=32)),
                ("limit", models.PositiveIntegerField()),
                ("unit", models.CharField(choices=fenzhen.records.words.time_unit_choices, max_length=16)),
                ("sign_minutes", models.PositiveIntegerField()),
                ("contact_hours", models.PositiveIntegerField()),
                ("confirmed", models.BooleanField(default=False)),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["level"],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True)),
                ("name", models.CharField(max_length=128)),
                ("kind", models.CharField(max_length=16)),
                ("parent", models.CharField(blank=True, max_length=16)),
                ("town", models.CharField(blank=True, db_index=True, max_length=16)),
                ("aliases", models.TextField(blank=True)),
                ("run_by", models.CharField(blank=True, max_length=64)),
                ("note", models.TextField(blank=True)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="SealHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveBigIntegerField(default=0)),
                ("sealed", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True)),
                ("name", models.CharField(max_length=128)),
                ("short_name", models.CharField(max_length=64)),
                ("aliases", models.TextField(blank=True)),
                ("kind", models.CharField(choices=fenzhen.records.words.unit_kind_choices, max_length=16)),
                ("line", models.CharField(choices=fenzhen.records.words.line_choices, max_length=16)),
                ("territory", models.CharField(blank=True, max_length=16)),
                ("duties", models.TextField(blank=True)),
                ("note", models.TextField(blank=True)),
                ("pinyin", models.CharField(blank=True, max_length=255)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="DayPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("alpha", models.FloatField()),
                ("made_at", models.DateTimeField()),
                ("adviser", models.CharField(max_length=64)),
                ("curve", models.JSONField(default=list)),
                ("cutoff", models.FloatField()),
                ("shift", models.FloatField()),
                ("held", models.JSONField(default=dict)),
                ("look_first", models.JSONField(default=list)),
                ("codes", models.JSONField(default=list)),
                ("expected_wrong", models.FloatField()),
                ("coverage", models.FloatField()),
                ("certified_coverage", models.FloatField()),
                ("seen", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["-day", "alpha"],
                "constraints": [models.UniqueConstraint(fields=("day", "alpha"), name="day_plan_once")],
            },
        ),
        migrations.CreateModel(
            name="LearnedModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=16, unique=True)),
                ("checksum", models.CharField(max_length=64)),
                ("file", models.CharField(max_length=64)),
                ("trained_at", models.DateTimeField()),
                ("trained_to", models.DateTimeField(null=True)),
                ("share", models.FloatField(default=0.5)),
                ("figures", models.JSONField(default=dict)),
                ("in_use", models.BooleanField(default=False)),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.model_end_choices, max_length=16
                    ),
                ),
            ],
            options={
                "ordering": ["-trained_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("in_use", True)), fields=("in_use",), name="model_one_in_use"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=64)),
                ("role", models.CharField(choices=fenzhen.records.words.role_choices, max_length=32)),
                ("language", models.CharField(blank=True, default="", max_length=16)),
                ("is_active", models.BooleanField(default=True)),
                ("is_demo", models.BooleanField(default=False)),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["username"],
            },
        ),
        migrations.CreateModel(
            name="Example",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="examples",
                        to="records.category",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="DutyPhone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("time", models.CharField(choices=fenzhen.records.words.duty_time_choices, max_length=8)),
                ("phone", models.CharField(max_length=32)),
                ("name", models.CharField(blank=True, max_length=64)),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=255)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="duty_phones",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["unit", "time", "-valid_from", "id"],
            },
        ),
        migrations.CreateModel(
            name="Certified",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=6)),
                ("adviser", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("alpha", models.FloatField()),
                ("delta", models.FloatField()),
                ("number", models.PositiveIntegerField()),
                ("delta_spent", models.FloatField()),
                ("way", models.CharField(choices=fenzhen.records.words.truth_source_choices, max_length=12)),
                ("threshold", models.FloatField(null=True)),
                ("cases", models.PositiveIntegerField()),
                ("automatic", models.PositiveIntegerField()),
                ("wrong", models.PositiveIntegerField()),
                ("wrong_at_most", models.FloatField()),
                ("missing", models.PositiveIntegerField()),
                ("doubt", models.FloatField(default=0.0)),
                ("curve", models.JSONField(default=list)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "indexes": [models.Index(fields=["group", "-made_at"], name="certified_newest")],
            },
        ),
        migrations.CreateModel(
            name="ContactWay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("courier", models.CharField(choices=fenzhen.records.words.courier_choices, max_length=16)),
                ("address", fenzhen.records.keys.SealedText()),
                ("is_active", models.BooleanField(default=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact_ways",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact_ways",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person__isnull", False), ("unit__isnull", True)),
                            models.Q(("person__isnull", True), ("unit__isnull", False)),
                            _connector="OR",
                        ),
                        name="contact_way_of_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("fields", fenzhen.records.keys.SealedJson()),
                ("updated_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-updated_at"],
                "constraints": [models.UniqueConstraint(fields=("owner", "key"), name="draft_once")],
            },
        ),
        migrations.CreateModel(
            name="DriftAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=6)),
                ("at", models.DateTimeField()),
                ("alpha", models.FloatField()),
                ("cases", models.PositiveIntegerField()),
                ("wrong", models.PositiveIntegerField()),
                ("low", models.FloatField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                ("n", models.PositiveIntegerField()),
                ("act", models.CharField(max_length=32)),
                ("event", models.CharField(max_length=32)),
                ("role", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                ("source", models.CharField(blank=True, max_length=24)),
                ("target", models.CharField(blank=True, max_length=24)),
                ("facts", models.JSONField(default=dict)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("position", models.PositiveBigIntegerField(null=True, unique=True)),
                ("sealed", models.CharField(blank=True, max_length=64)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "n"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("position__isnull", True)), fields=["id"], name="entry_unsealed"
                    ),
                    models.Index(fields=["event", "at"], name="entry_event_at"),
                ],
                "constraints": [models.UniqueConstraint(fields=("subject", "n"), name="entry_chain")],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("title", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=fenzhen.records.words.event_state_choices, default="watched", max_length=16
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.alarm_level_choices, max_length=8
                    ),
                ),
                ("people", models.PositiveIntegerField(default=0)),
                ("tickets", models.PositiveIntegerField(default=0)),
                ("place_text", models.CharField(blank=True, max_length=120)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("alerted_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_why", models.CharField(blank=True, max_length=255)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.category",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="records.event",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
                (
                    "town",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
            ],
            options={
                "ordering": ["-last_at", "-id"],
                "indexes": [
                    models.Index(fields=["state", "-last_at"], name="event_live"),
                    models.Index(fields=["place", "state"], name="event_place"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("event", models.CharField(blank=True, max_length=64)),
                ("other", models.CharField(blank=True, max_length=64)),
                ("tickets", models.JSONField(default=list)),
                ("after", models.PositiveBigIntegerField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=255)),
                ("checksum", models.CharField(max_length=64)),
                ("mapping", models.CharField(max_length=64)),
                ("is_history", models.BooleanField(default=False)),
                ("is_city", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("imported", models.PositiveIntegerField(default=0)),
                ("known", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("figures", models.JSONField(default=dict)),
                ("trouble", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="KeptLists",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checksum", models.CharField(max_length=64, unique=True)),
                ("file_name", models.CharField(max_length=255)),
                ("content", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("loaded_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
                (
                    "loaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="OnceToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=64, unique=True)),
                ("result_url", models.CharField(blank=True, max_length=255)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("page", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=64)),
                ("fields", fenzhen.records.keys.SealedJson()),
                ("at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="filters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["page", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "page", "name"), name="filter_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Surge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cell", models.CharField(max_length=40)),
                ("level", models.CharField(choices=fenzhen.records.words.alarm_level_choices, max_length=8)),
                ("since", models.DateTimeField()),
                ("rang_at", models.DateTimeField()),
                ("rung_days", models.FloatField()),
                ("rung_usual", models.FloatField()),
                ("usual_day", models.FloatField()),
                ("days", models.FloatField()),
                ("people", models.PositiveIntegerField()),
                ("tickets", models.PositiveIntegerField()),
                ("most", models.PositiveIntegerField()),
                ("usual", models.FloatField()),
                ("counted_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("dismissed_why", models.CharField(blank=True, max_length=255)),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.category",
                    ),
                ),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="records.surge",
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "town",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
            ],
            options={
                "ordering": ["-rang_at", "-id"],
                "indexes": [models.Index(fields=["cell", "-rang_at"], name="surge_of_cell")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("cell",),
                        name="surge_once_a_cell",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Trial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("file_name", models.CharField(max_length=255)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("facts", models.JSONField(default=dict)),
                ("content", models.BinaryField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("step", models.CharField(blank=True, max_length=64)),
                ("share", models.FloatField(default=0.0)),
                ("done_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=255)),
                ("result", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="UnseenName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=fenzhen.records.words.unseen_state_choices, default="waiting", max_length=12
                    ),
                ),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
            ],
            options={
                "ordering": ["-last_at", "-id"],
                "indexes": [models.Index(fields=["state", "-last_at"], name="unseen_waiting")],
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=24, unique=True)),
                ("source", models.CharField(default="hotline", max_length=24)),
                ("external_no", models.CharField(blank=True, max_length=64, null=True)),
                ("is_history", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(choices=fenzhen.records.words.ticket_state_choices, max_length=24),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                (
                    "kind",
                    models.CharField(
                        choices=fenzhen.records.words.kind_choices, default="help", max_length=16
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=fenzhen.records.words.channel_choices, default="phone", max_length=16
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField(blank=True)),
                ("is_secret", models.BooleanField(default=False)),
                ("is_report", models.BooleanField(default=False)),
                ("place_text", models.CharField(blank=True, max_length=255)),
                ("place_now", models.CharField(blank=True, max_length=255)),
                ("city_category", models.CharField(blank=True, max_length=128)),
                ("level", models.PositiveSmallIntegerField(default=3)),
                ("received_at", models.DateTimeField()),
                ("city_received_at", models.DateTimeField(null=True)),
                ("city_deadline", models.DateTimeField(null=True)),
                ("own_deadline", models.DateTimeField(null=True)),
                ("triage_due", models.DateTimeField(null=True)),
                ("callback_due", models.DateTimeField(null=True)),
                ("consult_due", models.DateTimeField(null=True)),
                ("paused_at", models.DateTimeField(null=True)),
                ("dispatched_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("held_until", models.DateTimeField(null=True)),
                (
                    "city_mode",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.city_mode_choices, max_length=8
                    ),
                ),
                ("city_state", models.CharField(blank=True, max_length=32)),
                ("city_row", models.CharField(blank=True, max_length=64)),
                ("city_changed_at", models.DateTimeField(null=True)),
                ("city_unit", models.CharField(blank=True, max_length=64)),
                ("designated", models.BooleanField(default=False)),
                ("returns", models.PositiveSmallIntegerField(default=0)),
                ("extensions", models.PositiveSmallIntegerField(default=0)),
                ("urges", models.PositiveSmallIntegerField(default=0)),
                ("reason_code", models.CharField(blank=True, max_length=32)),
                ("answer", models.TextField(blank=True)),
                (
                    "first_solved",
                    models.CharField(blank=True, choices=fenzhen.records.words.solved_choices, max_length=12),
                ),
                (
                    "first_satisfied",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.satisfied_choices, max_length=12
                    ),
                ),
                (
                    "final_solved",
                    models.CharField(blank=True, choices=fenzhen.records.words.solved_choices, max_length=12),
                ),
                (
                    "final_satisfied",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.satisfied_choices, max_length=12
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="records.importbatch",
                    ),
                ),
                (
                    "caller",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="records.caller",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.category",
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followers",
                        to="records.ticket",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "town",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.place",
                    ),
                ),
                (
                    "lead_unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="led",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at", "-id"],
                "indexes": [
                    models.Index(fields=["state", "level", "received_at"], name="ticket_queue"),
                    models.Index(
                        models.OrderBy(models.F("received_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="ticket_newest",
                    ),
                    models.Index(fields=["town", "category", "received_at"], name="ticket_town_category"),
                    models.Index(fields=["state", "own_deadline"], name="ticket_deadline"),
                    models.Index(
                        models.OrderBy(models.F("received_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("urges__gt", 0)),
                        name="ticket_urged",
                    ),
                    models.Index(
                        condition=models.Q(("city_deadline__isnull", False)),
                        fields=["city_deadline"],
                        name="ticket_city_clock",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_no__isnull", False)),
                        fields=("source", "external_no"),
                        name="ticket_external_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__gte", 1), ("level__lte", 4)), name="ticket_level_1_to_4"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Automation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=6, unique=True)),
                ("alpha", models.FloatField(default=0.03)),
                ("delta", models.FloatField(default=0.05)),
                ("is_on", models.BooleanField(default=False)),
                ("calibrations", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField()),
                ("watch", models.JSONField(default=dict)),
                ("lowered_at", models.DateTimeField(null=True)),
                ("cases_from", models.DateTimeField(null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "certified",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="records.certified",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CertifiedPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.CharField(max_length=24)),
                ("delta_spent", models.FloatField()),
                ("way", models.CharField(choices=fenzhen.records.words.truth_source_choices, max_length=12)),
                ("threshold", models.FloatField(null=True)),
                ("cases", models.PositiveIntegerField()),
                ("automatic", models.PositiveIntegerField()),
                ("wrong", models.PositiveIntegerField()),
                ("wrong_at_most", models.FloatField()),
                ("missing", models.PositiveIntegerField()),
                ("doubt", models.FloatField(default=0.0)),
                (
                    "certified",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="records.certified",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("certified", "units"), name="certified_part_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveIntegerField()),
                ("rows", fenzhen.records.keys.SealedJson(null=True)),
                ("refused", fenzhen.records.keys.SealedJson(null=True)),
                ("is_done", models.BooleanField(default=False)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="records.importbatch",
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "n"],
                "constraints": [models.UniqueConstraint(fields=("batch", "n"), name="import_part_once")],
            },
        ),
        migrations.CreateModel(
            name="SpecialReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40)),
                ("title", models.CharField(max_length=120)),
                ("sections", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                ("drafted_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="records.event",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("sms_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waves", to="records.event"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sms_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("part", models.CharField(choices=fenzhen.records.words.part_choices, max_length=8)),
                (
                    "state",
                    models.CharField(choices=fenzhen.records.words.assignment_state_choices, max_length=24),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("basis", models.CharField(blank=True, max_length=16)),
                ("word", models.TextField(blank=True)),
                ("given_at", models.DateTimeField()),
                ("sign_due", models.DateTimeField()),
                ("handle_due", models.DateTimeField()),
                ("paused_at", models.DateTimeField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="records.ticket",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["ticket", "round", "id"],
                "indexes": [
                    models.Index(fields=["unit", "state", "handle_due"], name="assignment_unit_queue"),
                    models.Index(fields=["state", "sign_due"], name="assignment_sign_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["recalled", "returned", "ended"]), _negated=True),
                        fields=("ticket", "round", "unit"),
                        name="assignment_unit_once_a_round",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("part", "lead"),
                            models.Q(("state__in", ["recalled", "returned", "ended"]), _negated=True),
                        ),
                        fields=("ticket", "round"),
                        name="assignment_one_lead_a_round",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("appointment", models.BooleanField(default=False)),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("done_at", models.DateTimeField(null=True)),
                ("contacted", models.BooleanField(null=True)),
                (
                    "solved",
                    models.CharField(blank=True, choices=fenzhen.records.words.solved_choices, max_length=12),
                ),
                (
                    "satisfied",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.satisfied_choices, max_length=12
                    ),
                ),
                ("is_true", models.BooleanField(null=True)),
                ("reason_code", models.CharField(blank=True, max_length=32)),
                ("words", models.TextField(blank=True)),
                (
                    "emotion",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.emotion_choices, max_length=12
                    ),
                ),
                (
                    "risk",
                    models.CharField(blank=True, choices=fenzhen.records.words.risk_choices, max_length=12),
                ),
                ("vulnerable", models.JSONField(default=list)),
                ("place_now", models.CharField(blank=True, max_length=255)),
                ("contradiction", models.BooleanField(default=False)),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="callbacks",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["ticket", "round"],
                "indexes": [
                    models.Index(fields=["outcome", "due_at"], name="callback_due"),
                    models.Index(fields=["done_at"], name="callback_done"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "round"), name="callback_once_a_round")
                ],
            },
        ),
        migrations.CreateModel(
            name="JointCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=24, unique=True)),
                ("whistle", models.CharField(choices=fenzhen.records.words.whistle_choices, max_length=16)),
                ("called_at", models.DateTimeField()),
                ("due", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "called_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case", to="records.event"
                    ),
                ),
                (
                    "master",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads_case",
                        to="records.ticket",
                    ),
                ),
                (
                    "lead_unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.unit"
                    ),
                ),
            ],
            options={
                "ordering": ["-called_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("facts", models.JSONField(default=dict)),
                ("once", models.CharField(max_length=80)),
                ("is_urgent", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["person", "seen_at"], name="notice_unseen"),
                    models.Index(
                        condition=models.Q(("seen_at__isnull", True)),
                        fields=["person", "-is_urgent", "-id"],
                        name="notice_bell",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("person", "once"), name="notice_once")],
            },
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="records.ticket",
                    ),
                ),
                ("grams", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="SealedNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(max_length=24)),
                ("kind", models.CharField(max_length=16)),
                ("value", fenzhen.records.keys.SealedText()),
                ("value_index", models.CharField(db_index=True, max_length=40)),
                ("tail_index", models.CharField(db_index=True, max_length=40)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sealed_numbers",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("ticket", "mark"), name="sealed_mark_once")],
            },
        ),
        migrations.CreateModel(
            name="Household",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("door", fenzhen.records.keys.SealedText()),
                ("door_index", models.CharField(db_index=True, max_length=40)),
                ("phone", fenzhen.records.keys.SealedText(blank=True, default="")),
                ("added_at", models.DateTimeField()),
                ("visited_at", models.DateTimeField(null=True)),
                ("mediated_at", models.DateTimeField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("restored_at", models.DateTimeField(null=True)),
                ("called_back_at", models.DateTimeField(null=True)),
                ("is_content", models.BooleanField(null=True)),
                ("note", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="households",
                        to="records.event",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="households",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "door_index"), name="household_door_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="EventTicket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=fenzhen.records.words.joined_how_choices, default="near", max_length=8
                    ),
                ),
                ("chance", models.FloatField(default=1.0)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="records.event",
                    ),
                ),
                (
                    "nearest",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="in_event",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="EventAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(default="event", max_length=8)),
                ("level", models.CharField(choices=fenzhen.records.words.alarm_level_choices, max_length=8)),
                ("at", models.DateTimeField()),
                ("people", models.PositiveIntegerField()),
                ("tickets", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("place_text", models.CharField(blank=True, max_length=120)),
                ("why", models.CharField(blank=True, max_length=64)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="records.event",
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "last_ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("event__isnull", False)),
                        fields=("event", "level"),
                        name="alert_once_a_colour",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CityWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=fenzhen.records.words.city_word_choices, max_length=16)),
                ("once", models.CharField(max_length=64, unique=True)),
                ("fields", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("way", models.CharField(blank=True, max_length=8)),
                ("batch", models.CharField(blank=True, db_index=True, max_length=40)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="city_words",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["told_at", "made_at"], name="city_word_untold")],
            },
        ),
        migrations.CreateModel(
            name="Advice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("adviser", models.CharField(max_length=64)),
                ("categories", models.JSONField(default=list)),
                ("units", models.JSONField(default=list)),
                ("place", models.JSONField(default=dict)),
                ("signals", models.JSONField(default=list)),
                ("words", models.JSONField(default=list)),
                ("level", models.PositiveSmallIntegerField(default=3)),
                ("redirect", models.CharField(blank=True, max_length=8)),
                ("chosen_rank", models.PositiveSmallIntegerField(null=True)),
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="advice",
                        to="records.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=fenzhen.records.words.link_choices, max_length=16)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_in",
                        to="records.ticket",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_out",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("ticket", "other"), name="link_once")],
            },
        ),
        migrations.CreateModel(
            name="Truth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(choices=fenzhen.records.words.truth_source_choices, max_length=12),
                ),
                ("returns", models.PositiveSmallIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="truth", to="records.ticket"
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.unit",
                    ),
                ),
                (
                    "had_it",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.unit",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.unit"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "received_at"], name="truth_source"),
                    models.Index(fields=["received_at"], name="truth_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Instruction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("leader", models.CharField(max_length=64)),
                ("due", models.DateTimeField()),
                ("given_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instructions",
                        to="records.specialreport",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.unit"
                    ),
                ),
            ],
            options={
                "ordering": ["due", "id"],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("automatic", models.BooleanField(default=False)),
                ("afterwards", models.BooleanField(default=False)),
                ("rank", models.PositiveSmallIntegerField(null=True)),
                ("words", models.CharField(blank=True, max_length=16)),
                ("adviser", models.CharField(blank=True, max_length=64)),
                ("group", models.CharField(blank=True, max_length=6)),
                ("category", models.CharField(blank=True, max_length=6)),
                ("advised", models.CharField(blank=True, max_length=16)),
                ("confidence", models.FloatField(null=True)),
                ("why", models.JSONField(default=list)),
                ("grace_until", models.DateTimeField(null=True)),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("now_adviser", models.CharField(blank=True, max_length=64)),
                ("now_group", models.CharField(blank=True, max_length=6)),
                ("now_advised", models.CharField(blank=True, max_length=16)),
                ("now_confidence", models.FloatField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_back_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="records.ticket",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.unit"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["now_group", "now_adviser"], name="decision_group"),
                    models.Index(fields=["automatic", "-at"], name="decision_automatic"),
                    models.Index(fields=["-at"], name="decision_newest"),
                ],
                "constraints": [models.UniqueConstraint(fields=("ticket", "n"), name="decision_once")],
            },
        ),
        migrations.CreateModel(
            name="UnseenMention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.ticket"
                    ),
                ),
                (
                    "name",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to="records.unseenname",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "ticket"), name="unseen_once_a_ticket")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(choices=fenzhen.records.words.attempt_choices, max_length=16)),
                ("channel", models.CharField(default="phone", max_length=16)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "callback",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="records.callback",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Errand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("to_name", models.CharField(max_length=64)),
                ("word", models.TextField(blank=True)),
                ("due", models.DateTimeField()),
                ("given_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="errands",
                        to="records.assignment",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "to_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="errands",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["done_at", "due"], name="errand_open")],
            },
        ),
        migrations.CreateModel(
            name="CaseMaterial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("mime", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=128)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="materials",
                        to="records.jointcase",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="JointMeeting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("where", models.CharField(blank=True, max_length=120)),
                ("minutes", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meetings",
                        to="records.jointcase",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="JointParty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.CharField(choices=fenzhen.records.words.party_part_choices, max_length=8)),
                ("outside", models.CharField(blank=True, max_length=120)),
                ("contact", fenzhen.records.keys.SealedText(blank=True, default="")),
                ("why", models.CharField(blank=True, max_length=255)),
                ("invited_at", models.DateTimeField()),
                ("arrived_at", models.DateTimeField(null=True)),
                ("report", models.TextField(blank=True)),
                ("reported_at", models.DateTimeField(null=True)),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parties",
                        to="records.jointcase",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(choices=fenzhen.records.words.delivery_choices, max_length=12)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=255)),
                (
                    "way",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="records.contactway",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="records.notice",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["state", "next_try_at"], name="delivery_due")],
                "constraints": [models.UniqueConstraint(fields=("notice", "way"), name="delivery_once")],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("contacted", models.BooleanField()),
                ("contact_at", models.DateTimeField(null=True)),
                ("contact_how", models.CharField(blank=True, max_length=64)),
                ("is_true", models.BooleanField(default=True)),
                (
                    "solved_claim",
                    models.CharField(choices=fenzhen.records.words.solved_choices, max_length=12),
                ),
                ("unsolved_reason", models.CharField(blank=True, max_length=255)),
                ("internal_text", models.TextField()),
                ("public_text", models.TextField()),
                ("verdict", models.CharField(blank=True, max_length=12)),
                ("verdict_reasons", models.JSONField(default=list)),
                ("verdict_text", models.TextField(blank=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="records.assignment",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["reviewed_by", "reviewed_at"], name="reply_reviewed")],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=16)),
                ("text", models.TextField()),
                (
                    "assignment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="records.assignment",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="records.ticket"
                    ),
                ),
            ],
            options={
                "ordering": ["ticket", "n"],
                "indexes": [models.Index(fields=["kind", "at"], name="note_kind")],
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "n", "kind"), name="note_once_per_entry")
                ],
            },
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=fenzhen.records.words.request_kind_choices, max_length=16)),
                ("asked_at", models.DateTimeField()),
                ("reason_code", models.CharField(max_length=32)),
                ("text", models.TextField(blank=True)),
                ("basis", models.CharField(blank=True, max_length=255)),
                ("evidence", models.TextField(blank=True)),
                ("until", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True, choices=fenzhen.records.words.decision_choices, max_length=12
                    ),
                ),
                ("decision_text", models.TextField(blank=True)),
                (
                    "applicant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="records.assignment",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="records.ticket",
                    ),
                ),
                (
                    "proposes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["decision", "kind", "asked_at"], name="request_open"),
                    models.Index(fields=["decided_at"], name="request_decided"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decision", ""), ("kind", "void")),
                        fields=("ticket", "kind"),
                        name="request_one_open_void",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decision", ""), models.Q(("kind", "void"), _negated=True)),
                        fields=("assignment", "kind"),
                        name="request_one_open_of_a_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("drawn_at", models.DateTimeField()),
                ("why", models.CharField(choices=fenzhen.records.words.audit_reason_choices, max_length=12)),
                ("judged_at", models.DateTimeField(null=True)),
                ("unclear", models.BooleanField(default=False)),
                (
                    "auditor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audit",
                        to="records.decision",
                    ),
                ),
                (
                    "verdict",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["drawn_at", "id"],
                "indexes": [models.Index(fields=["judged_at", "drawn_at"], name="audit_open")],
            },
        ),
        migrations.CreateModel(
            name="WavePerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("way", models.CharField(choices=fenzhen.records.words.wave_way_choices, max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=fenzhen.records.words.wave_state_choices, default="waiting", max_length=8
                    ),
                ),
                ("at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=255)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=255)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "household",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.household",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
                (
                    "wave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="people", to="records.wave"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "sending"))),
                        fields=["next_try_at"],
                        name="wave_sms_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JointDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("due", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="records.jointcase",
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="records.jointmeeting",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owes",
                        to="records.jointparty",
                    ),
                ),
            ],
            options={
                "ordering": ["due", "id"],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=fenzhen.records.words.attachment_choices, max_length=16)),
                ("file_name", models.CharField(max_length=120)),
                ("mime", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("checksum", models.CharField(max_length=64)),
                ("stored_as", models.CharField(max_length=80, unique=True)),
                ("at", models.DateTimeField()),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="records.assignment",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="records.reply",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
