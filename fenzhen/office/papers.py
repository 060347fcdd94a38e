"""Papers that the clock has made: filed in the data folder as they stood that morning, and offered to the chief.

Nobody's name or number is in them, so they lie there unsealed; they go after `KEPT` days.
"""

import os
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from fenzhen.desk.step import note_act, verb
from fenzhen.hotline.roles import Role
from fenzhen.office.notices import tell
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket

#: When the list of the day before is made, where the district's `daily.at` says nothing.
AT = "07:30"
KEPT = timedelta(days=90)


def daily_due(*, by: User, now: datetime) -> date | None:
    """The day whose list is to be made now: yesterday, from `daily.at` on, once, if anything came in at all."""
    local = timezone.localtime(now)
    if local.time() < time.fromisoformat(str(setting("daily.at", AT))):
        return None
    day = local.date() - timedelta(days=1)
    since = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    came = Ticket.objects.filter(
        is_history=False, received_at__gte=since, received_at__lt=since + timedelta(days=1)
    )
    if Entry.objects.filter(subject=_subject(day)).exists() or not came.exists():
        return None
    return day


@verb
def file_daily(day: date, files: Mapping[str, bytes], *, by: User, now: datetime) -> int:
    """Keep the list's *files* (name → bytes) and tell the chiefs that it is there. Returns how many were told."""
    folder = Path(settings.FENZHEN_DATA_DIR) / "papers"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        # Whoever looks meanwhile finds the whole file or none.
        fresh = folder / f".{name}.{os.getpid()}"
        fresh.write_bytes(content)
        fresh.chmod(0o600)
        fresh.replace(folder / name)
    for old in folder.glob("daily-*"):
        if now.timestamp() - old.stat().st_mtime > KEPT.total_seconds():
            old.unlink(missing_ok=True)
    note_act(_subject(day), "file_paper", by=by, now=now, facts={"files": sorted(files)})
    chiefs = User.objects.filter(role=Role.SECTION_CHIEF, is_active=True).order_by("pk")
    for chief in chiefs:
        tell(chief, "daily", once=f"daily:{day.isoformat()}", now=now, facts={"day": day.isoformat()})
    return len(chiefs)


def _subject(day: date) -> str:
    return f"daily:{day.isoformat()}"


__all__ = ["AT", "daily_due", "file_daily"]
