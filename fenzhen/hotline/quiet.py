"""Quiet hours: what may wait until the morning, and until when it waits.

>>> quiet = QuietHours(time(21), time(7), frozenset({3, 4}))
>>> quiet.until(datetime(2026, 3, 11, 23, 0), level=3)
datetime.datetime(2026, 3, 12, 7, 0)
>>> quiet.until(datetime(2026, 3, 12, 6, 59), level=4)
datetime.datetime(2026, 3, 12, 7, 0)
>>> quiet.until(datetime(2026, 3, 11, 23, 0), level=1) is None
True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

#: Levels that always go out, whatever a district's file says: a life may hang on them.
ALWAYS = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From *begins* to *ends* (past midnight where it ends earlier than it begins), for these *levels*."""

    begins: time
    ends: time
    levels: frozenset[int]

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> "QuietHours | None":
        """From a district's ``quiet = {from = "21:00", to = "07:00", levels = [3, 4]}``; None where there is none.

        Raises ValueError for a time that is none.
        """
        if not settings:
            return None
        begins = time.fromisoformat(str(settings.get("from", "21:00")))
        ends = time.fromisoformat(str(settings.get("to", "07:00")))
        levels = frozenset(int(level) for level in settings.get("levels", (3, 4))) - ALWAYS
        return cls(begins, ends, levels) if levels and begins != ends else None

    def until(self, local: datetime, level: int) -> datetime | None:
        """When a message of that level may go out that is due at *local* (the district's clock); None: now."""
        if level not in self.levels:
            return None
        at = local.time().replace(tzinfo=None)
        if self.begins < self.ends:
            return self._at_end(local) if self.begins <= at < self.ends else None
        if at >= self.begins:
            return self._at_end(local + timedelta(days=1))
        return self._at_end(local) if at < self.ends else None

    def _at_end(self, day: datetime) -> datetime:
        return day.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)


__all__ = ["ALWAYS", "QuietHours"]
