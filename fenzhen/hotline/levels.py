"""The four levels and their limits. Which matter has which level stands in the duty rules, not here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fenzhen.hotline.calendar import WorkingCalendar


class TimeUnit(StrEnum):
    """What a limit is counted in."""

    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many hours, calendar days or working days."""

    count: int
    unit: TimeUnit = TimeUnit.HOUR

    def after(self, start: datetime, calendar: WorkingCalendar) -> datetime:
        """When a term that starts at *start* ends. Hours and calendar days run through nights and holidays."""
        if self.unit is TimeUnit.HOUR:
            return start + timedelta(hours=self.count)
        if self.unit is TimeUnit.CALENDAR_DAY:
            return start + timedelta(days=self.count)
        return calendar.add_workdays(start, self.count)


@dataclass(frozen=True, slots=True)
class LevelLimits:
    """What one level allows: the handling limit, minutes to sign, hours to reach the caller."""

    level: int
    handling: Limit
    sign_minutes: int
    contact_hours: int


#: Beijing's four levels "in principle" (2 h, 24 h, 7 d, 15 d; city opinions of 2020). The sign and contact
#: limits are this product's defaults: no published source was found, a district confirms its own.
DEFAULT: Mapping[int, LevelLimits] = {
    1: LevelLimits(1, Limit(2, TimeUnit.HOUR), 15, 1),
    2: LevelLimits(2, Limit(24, TimeUnit.HOUR), 30, 2),
    3: LevelLimits(3, Limit(7, TimeUnit.CALENDAR_DAY), 120, 24),
    4: LevelLimits(4, Limit(15, TimeUnit.CALENDAR_DAY), 120, 24),
}
