"""What somebody has typed but not sent."""

from datetime import datetime
from typing import Any

from fenzhen.records.drafts import Draft
from fenzhen.records.people import User


def draft_of(viewer: User, key: str) -> dict[str, list[str]]:
    """The fields of the viewer's own draft of one form; empty where there is none."""
    draft = Draft.objects.filter(owner=viewer, key=key).first()
    return _fields(draft.fields) if draft else {}


def drafts_of(viewer: User, prefix: str = "") -> list[tuple[str, datetime, dict[str, list[str]]]]:
    """The viewer's own drafts, newest first, as (key, when, fields); *prefix* (``intake:``) chooses a kind."""
    rows = (
        Draft.objects.filter(owner=viewer, key__startswith=prefix)
        if prefix
        else Draft.objects.filter(owner=viewer)
    )
    return [(row.key, row.updated_at, _fields(row.fields)) for row in rows[:50]]


def _fields(kept: Any) -> dict[str, list[str]]:
    return {str(name): [str(v) for v in values] for name, values in (kept or {}).items()}
