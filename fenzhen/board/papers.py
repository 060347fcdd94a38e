"""Papers that were filed: which ones there are, and what is in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings

from fenzhen.board.daily import READERS
from fenzhen.records.people import User


@dataclass(frozen=True, slots=True)
class Filed:
    """One file as it was made by the clock."""

    name: str
    made_at: datetime
    path: Path


def filed_daily(viewer: User, day: date) -> dict[str, Filed]:
    """The list of *day* as it was filed in the morning: docx, xlsx → file. Empty where there is none, or for
    somebody who does not read lists."""
    if viewer.role not in READERS:
        return {}
    out = {}
    for kind in ("docx", "xlsx"):
        path = Path(settings.FENZHEN_DATA_DIR) / "papers" / f"daily-{day.isoformat()}.{kind}"
        if path.is_file():
            out[kind] = Filed(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC), path)
    return out
