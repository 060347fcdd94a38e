"""Working days: make-up days count, holidays do not, an unpublished year is computed and said to be so."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from fenzhen.hotline.calendar import DayType, WorkingCalendar

BEIJING = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkingCalendar(
    {
        date(2026, 10, 1): DayType.HOLIDAY,
        date(2026, 10, 2): DayType.HOLIDAY,
        date(2026, 10, 5): DayType.HOLIDAY,
        date(2026, 10, 6): DayType.HOLIDAY,
        date(2026, 10, 7): DayType.HOLIDAY,
        date(2026, 9, 27): DayType.MAKEUP,
        date(2026, 10, 10): DayType.MAKEUP,
    }
)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BEIJING)  # type: ignore[arg-type, misc]  # year, month, day, hour


def test_a_make_up_sunday_is_a_working_day() -> None:
    assert CALENDAR.add_workdays(at(2026, 9, 26, 12), 1) == at(2026, 9, 27, 17, 30)


def test_a_term_over_the_national_holiday_skips_it_and_counts_the_make_up_saturday() -> None:
    # from Wednesday 30 September: 8, 9 and Saturday the 10th are the next three working days
    assert CALENDAR.add_workdays(at(2026, 9, 30, 9), 3) == at(2026, 10, 10, 17, 30)


def test_the_day_itself_does_not_count() -> None:
    assert CALENDAR.add_workdays(at(2026, 3, 11, 8), 1) == at(2026, 3, 12, 17, 30)


def test_days_are_those_of_the_districts_own_zone() -> None:
    # 23:30 UTC on Tuesday is Wednesday morning in Beijing: the first working day after it is Thursday.
    assert CALENDAR.add_workdays(datetime(2026, 3, 10, 23, 30, tzinfo=UTC), 1) == at(2026, 3, 12, 17, 30)


def test_a_year_that_is_not_published_is_computed_and_says_so() -> None:
    assert not CALENDAR.is_published(2027)
    assert CALENDAR.is_published(2026)
    assert not CALENDAR.is_workday(date(2027, 1, 1))  # New Year's Day, a Friday, fixed by law
    assert CALENDAR.add_workdays(at(2026, 12, 31, 9), 1) == at(2027, 1, 4, 17, 30)


@given(st.datetimes(datetime(2019, 1, 1), datetime(2031, 1, 1)), st.integers(1, 40))  # noqa: DTZ001 - naive on purpose: local days
def test_the_end_is_a_working_day_and_so_many_working_days_later(start: datetime, count: int) -> None:
    end = CALENDAR.add_workdays(start, count)
    assert CALENDAR.is_workday(end.date())
    assert CALENDAR.workdays_between(start.date(), end.date()) == count
