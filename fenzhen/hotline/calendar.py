"""The working calendar: weekends, public holidays and make-up working days (调休).

The State Council publishes each year's days in the autumn before. A clock that crosses into a year
that is not published yet must neither crash nor pretend: such a year is computed (weekends, and the
holidays whose date the law fixes) and `is_published` says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

#: Holidays whose solar date the State Council's holiday measures fix (全国年节及纪念日放假办法 art. 2).
#: Lunar ones are left out of a computed year on purpose: a computed year errs towards more working days,
#: so a deadline errs towards being early.
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


class DayType(StrEnum):
    """A day that differs from the plain Monday-to-Friday week."""

    HOLIDAY = "holiday"
    MAKEUP = "makeup"


@dataclass(frozen=True)
class WorkingCalendar:
    """Days that differ from the plain week, and the hours of a working day.

    >>> cal = WorkingCalendar({date(2026, 10, 1): DayType.HOLIDAY, date(2026, 10, 10): DayType.MAKEUP})
    >>> cal.is_workday(date(2026, 10, 1)), cal.is_workday(date(2026, 10, 10)), cal.is_workday(date(2026, 10, 11))
    (False, True, False)
    >>> cal.is_published(2027)
    False
    """

    days: Mapping[date, DayType] = field(default_factory=dict)
    day_ends: time = time(17, 30)
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    published_years: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if not self.published_years:
            object.__setattr__(self, "published_years", frozenset(day.year for day in self.days))

    @classmethod
    def of(cls, rows: Iterable[tuple[date, str]], **more: object) -> "WorkingCalendar":
        """A calendar from (day, "holiday" or "makeup") rows."""
        return cls({day: DayType(kind) for day, kind in rows}, **more)  # type: ignore[arg-type]  # keyword pass-through

    def is_published(self, year: int) -> bool:
        """Was this year's arrangement published, or is it computed here?"""
        return year in self.published_years

    def is_workday(self, day: date) -> bool:
        """Is work done on this day?"""
        kind = self.days.get(day)
        if kind is not None:
            return kind is DayType.MAKEUP
        if not self.is_published(day.year) and (day.month, day.day) in _FIXED:
            return False
        return day.weekday() < 5

    def add_workdays(self, start: datetime, count: int) -> datetime:
        """The end of the *count*-th working day after *start*'s day, which itself does not count.

        Terms by days begin on the next day (Civil Code art. 201) and end with the working day. Days are those
        of the calendar's own zone, whatever zone *start* is given in; a naive *start* is taken as local.
        """
        local = start.astimezone(self.zone) if start.tzinfo else start
        day, left = local.date(), count
        while left > 0:
            day += timedelta(days=1)
            if self.is_workday(day):
                left -= 1
        return datetime.combine(day, self.day_ends, tzinfo=local.tzinfo)

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days lie in (start, end]."""
        return sum(
            self.is_workday(start + timedelta(days=n)) for n in range(1, max((end - start).days, 0) + 1)
        )
