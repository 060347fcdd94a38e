"""Writing down that a list left the house."""

import json
from collections.abc import Sequence
from datetime import datetime

from fenzhen.desk.step import note_act, text_hash, verb
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.people import User


@verb
def record_export(
    name: str, *, by: User, now: datetime, filters: Sequence[tuple[str, str]], rows: int
) -> Entry:
    """*by* took the list *name* with so many *rows*. The journal keeps a hash of the filters: somebody may have
    looked for a person's words, and the same export can still be recognised."""
    District.objects.select_for_update().first()  # one after the other, so that no two take the same place
    asked = text_hash(json.dumps([list(pair) for pair in filters], ensure_ascii=False))
    return note_act(f"list:{name}", "export", by=by, now=now, facts={"filters": asked, "rows": rows})
