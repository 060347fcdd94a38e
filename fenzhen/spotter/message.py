"""What goes in and what comes out: a message, the decision on it, an alert, an event as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """Colours of the national four-level warning scale; red is the highest (DOMAIN.md §6.3)."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """1 for blue … 4 for red."""
        return _ORDER.index(self) + 1


_ORDER = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)


@dataclass(frozen=True, slots=True)
class Message:
    """One call, letter or post. ``places`` are codes with probabilities, most exact first known; they may be empty.

    ``when`` may be with or without a zone, but all messages of one spotter alike. ``who`` is whatever tells people apart (a keyed
    hash is best); an empty one is nobody known, and counts as a person of its own.
    """

    id: str
    who: str
    when: datetime
    title: str
    body: str
    places: Mapping[str, float] = field(default_factory=dict)
    category: str | None = None
    town: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a message was put where it is: the nearest earlier message, how sure, and which letters both have."""

    nearest: str = ""
    chance: float = 0.0
    shared: tuple[str, ...] = ()
    said: str = ""  # "person": a person decided it; "alone": nothing was near; "near": the model


@dataclass(frozen=True, slots=True)
class Alert:
    """An alarm about an event (``kind`` "event"), a town and category ("cell") or the whole ("surge").

    ``people`` and ``tickets`` are counted apart: one caller calling forty times is one. ``why`` names the rule.
    """

    event: str
    level: Level
    at: datetime
    people: int
    tickets: int
    title: str
    place: str
    last_message: str
    why: str
    kind: str = "event"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a message when it arrived. ``event`` is an id of its own when nothing was near."""

    message: str
    event: str
    joined: bool
    why: Why
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as it stands."""

    id: str
    messages: tuple[str, ...]
    people: int
    tickets: int
    first: datetime
    last: datetime
    title: str
    place: str
    level: Level | None


@dataclass(frozen=True, slots=True)
class Likely:
    """A message that may belong to an event and was not put there: for a person to confirm."""

    message: str
    event: str
    chance: float
