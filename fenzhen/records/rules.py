"""The district's rows as the trade's rules: limits, calendar and settings as `hotline` understands them."""

from datetime import time
from functools import lru_cache
from typing import Any

from django.utils import timezone

from fenzhen.hotline.calendar import DayType, WorkingCalendar
from fenzhen.hotline.clock import ClockRules
from fenzhen.hotline.levels import DEFAULT, LevelLimits, Limit, TimeUnit
from fenzhen.records.district import CalendarDay, District, Level


def district() -> District:
    """The district of this installation; an unsaved empty one before anything was loaded."""
    return District.objects.order_by("pk").first() or District(code="", name="", settings={})


def setting(path: str, default: Any) -> Any:
    """A district's setting, e.g. ``setting("callback.attempts", 3)``."""
    at: Any = district().settings
    for part in path.split("."):
        if not isinstance(at, dict) or part not in at:
            return default
        at = at[part]
    return at


def clock_rules() -> ClockRules:
    """The limits, the calendar and the margins in force. Cached until the lists are loaded again."""
    row = district()
    return _clock_rules(row.pk, row.checksum, repr(sorted(row.settings.items())))


@lru_cache(maxsize=4)
def _clock_rules(pk: int | None, checksum: str, stamp: str) -> ClockRules:
    levels = {
        row.level: LevelLimits(
            row.level, Limit(row.limit, TimeUnit(row.unit)), row.sign_minutes, row.contact_hours
        )
        for row in Level.objects.all()
    }
    days = list(CalendarDay.objects.all())
    ends = str(setting("working_day_ends", "17:30"))
    calendar = WorkingCalendar(
        {day.date: DayType(day.day_type) for day in days},
        day_ends=time.fromisoformat(ends),
        zone=timezone.get_default_timezone(),
        published_years=frozenset(day.date.year for day in days if day.published),
    )
    return ClockRules(
        levels={**DEFAULT, **levels},
        calendar=calendar,
        margin=float(setting("district_internal_margin", 0.2)),
        triage_minutes=int(setting("triage_minutes", 30)),
    )


def forget_rules() -> None:
    """After the lists were loaded again within one process (tests, `fenzhen load`)."""
    _clock_rules.cache_clear()
