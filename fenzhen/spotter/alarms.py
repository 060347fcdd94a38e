"""When an event rings, in which colour, and how often at all: people in windows, own usual level, sensitive words, a budget.

>>> from fenzhen.spotter.settings import Settings
>>> level_of([(0.0, 1), (0.1, 2), (0.2, 3)], Settings())
(<Level.BLUE: 'blue'>, '3 people in 24 h')
>>> level_of([(0.0, 1)] * 40, Settings()) is None  # one man forty times
True
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fenzhen.spotter.message import Level
from fenzhen.spotter.settings import Rule, Settings

#: (day, person) of each message of an event, oldest first.
Calls = Sequence[tuple[float, int]]


def people_within(calls: Calls, until: float, days: float) -> int:
    """Distinct people in the last so many days."""
    return len({who for day, who in calls if until - days <= day <= until})


def level_of(
    calls: Calls,
    settings: Settings,
    sensitive: Collection[int] = (),
    life: Collection[int] = (),
) -> tuple[Level, str] | None:
    """The colour an event deserves after its last message, and the rule that gives it; None below three people."""
    until = max(day for day, _who in calls)
    if people_within(calls, until, settings.slow.hours / 24) < min(
        settings.slow.people, settings.blue.people
    ):
        return None

    def meets(rule: Rule) -> str:
        found = people_within(calls, until, rule.hours / 24)
        return f"{found} people in {_span(rule.hours)}" if found >= rule.people else ""

    if said := meets(settings.red):
        return Level.RED, said
    if len(set(life)) >= settings.life_people:
        return Level.RED, f"life safety named by {len(set(life))} people"
    if said := meets(settings.orange):
        return Level.ORANGE, said
    if len(set(sensitive)) >= settings.sensitive_people:
        return Level.ORANGE, f"sensitive words of {len(set(sensitive))} people"
    if said := meets(settings.yellow):
        return Level.YELLOW, said
    week = people_within(calls, until, 7)
    before = len({who for day, who in calls if until - 35 <= day < until - 7})
    if week >= settings.yellow.people and before and week >= settings.growth * before / 4:
        return Level.YELLOW, f"{week} people in 7 d, {before} in the 28 d before"
    if said := meets(settings.blue):
        return Level.BLUE, said
    if said := meets(settings.slow):
        return Level.BLUE, said
    return None


def _span(hours: float) -> str:
    return f"{hours:g} h" if hours <= 72 else f"{hours / 24:g} d"


@dataclass(slots=True)
class Budget:
    """Alarms that may ring: so many a message in the long run, and some saved up for bad days."""

    blue: float
    yellow: float

    @classmethod
    def full(cls, settings: Settings) -> Budget:
        """At the beginning all that may be saved up is there."""
        return cls(settings.saved_up, settings.saved_up / 2)

    def earn(self, settings: Settings) -> None:
        """One more message has come."""
        self.blue = min(self.blue + settings.blue_per_message, settings.saved_up)
        self.yellow = min(self.yellow + settings.yellow_per_message, settings.saved_up / 2)

    def spend(self, level: Level) -> bool:
        """May an alarm of this colour ring? Orange and red always may, and are paid for afterwards."""
        if level is Level.BLUE:
            if self.blue < 1:
                return False
            self.blue -= 1
            return True
        if level is Level.YELLOW and self.yellow < 1:
            return False
        self.yellow -= 1
        return True
