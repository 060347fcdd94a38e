"""The district's rows as the trade's rules: limits, calendar and settings as `hotline` understands them."""

from datetime import time
from functools import lru_cache
from typing import Any

from django.utils import timezone

from fenzhen.hotline.calendar import DayType, WorkingCalendar
from fenzhen.hotline.clock import ClockRules
from fenzhen.hotline.duty import DutyBook, DutyRule
from fenzhen.hotline.levels import DEFAULT, LevelLimits, Limit, TimeUnit
from fenzhen.records.directory import Duty
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.places import Place
from fenzhen.records.units import Unit


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


def duty_rule(row: Duty) -> DutyRule:
    """A row of the duty list as the trade's rule."""
    return DutyRule(
        id=row.rule_id,
        category=row.category,
        territory=row.territory,
        place_type=row.place_type,
        lead=row.lead,
        assist=tuple(a.strip() for a in row.assist.split(";") if a.strip()),
        level=row.level,
        basis=row.basis,
        basis_doc=row.basis_doc,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        floor_unit=row.floor_unit,
        not_grassroots=row.not_grassroots,
        note=row.note,
    )


def duties_of(category: str, territory: str) -> DutyBook:
    """What the duty list has to say of one matter: a few small queries, so that a rule that was changed by hand a
    moment ago counts at once."""
    prefixes = [category[:length] for length in range(len(category) + 1)]
    towns = Unit.objects.filter(kind__in=["town", "subdistrict"], is_active=True).exclude(territory="")
    parents: dict[str, str] = {}
    place = territory
    while place and place not in parents:  # a circle in the list must not hang the desk
        parents[place] = str(Place.objects.filter(code=place).values_list("parent", flat=True).first() or "")
        place = parents[place]
    return DutyBook(
        [duty_rule(row) for row in Duty.objects.filter(category__in=prefixes)],
        {str(code): str(unit) for code, unit in towns.values_list("territory", "code")},
        {code: parent for code, parent in parents.items() if parent},
    )


def duty_book() -> DutyBook:
    """The whole duty list, for whoever asks of many matters."""
    towns = Unit.objects.filter(kind__in=["town", "subdistrict"], is_active=True).exclude(territory="")
    places = Place.objects.filter(is_active=True).exclude(parent="")
    return DutyBook(
        [duty_rule(row) for row in Duty.objects.all()],
        {str(code): str(unit) for code, unit in towns.values_list("territory", "code")},
        {str(code): str(parent) for code, parent in places.values_list("code", "parent")},
    )


def forget_rules() -> None:
    """After the lists were loaded again within one process (tests, `fenzhen load`)."""
    _clock_rules.cache_clear()
