"""How good the decisions were, against events a person has read: BCubed, hard negatives, alerts in time, alerts a week.

Only messages of the gold are judged; whether the others are in events of their own nobody has said. BCubed (Bagga & Baldwin 1998)
is reckoned over gold members: for each, which part of the gold members it was put together with are of its event (precision), and which
part of its event it was put together with (recall). A cluster is the messages with the same event id *on arrival*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BCubed:
    """Means over the members."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def bcubed(found: Mapping[str, str], gold: Mapping[str, str]) -> BCubed:
    """Message → event found, message → event of the gold.

    >>> bcubed({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "x", "c": "x"}).precision
    1.0
    """
    clusters: dict[str, set[str]] = defaultdict(set)
    events: dict[str, set[str]] = defaultdict(set)
    for message, event in gold.items():
        events[event].add(message)
        clusters[found.get(message, f"none:{message}")].add(message)
    precision = recall = 0.0
    for message, event in gold.items():
        mine = clusters[found.get(message, f"none:{message}")]
        right = len(mine & events[event])
        precision += right / len(mine)
        recall += right / len(events[event])
    count = max(len(gold), 1)
    return BCubed(precision / count, recall / count)


def wrongly_joined(
    found: Mapping[str, str], gold: Mapping[str, str], hard: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Hard negatives (near event, message) that share a found event with a member of that gold event."""
    where: dict[str, set[str]] = defaultdict(set)
    for message, event in gold.items():
        if message in found:
            where[event].add(found[message])
    return [(event, message) for event, message in hard if found.get(message) in where[event]]


@dataclass(frozen=True, slots=True)
class Promptness:
    """Gold events that rang by their n-th distinct reporter (or, having fewer, by their last message)."""

    in_time: int
    events: int
    late: tuple[str, ...]

    @property
    def share(self) -> float:
        """In time, of all."""
        return self.in_time / self.events if self.events else 0.0


def promptness(
    alerts: Iterable[tuple[str, datetime]],
    found: Mapping[str, str],
    gold: Mapping[str, str],
    stream: Sequence[tuple[str, str, datetime]],
    reporter: int = 4,
    least: int = 3,
) -> Promptness:
    """``alerts`` are (event id, when); ``stream`` (message, who, when) in time order. Events of fewer than ``least`` people are left out."""
    rang: dict[str, datetime] = {}
    for event, when in alerts:
        rang[event] = min(rang.get(event, when), when)
    members: dict[str, list[tuple[str, str, datetime]]] = defaultdict(list)
    for message, who, when in stream:
        if message in gold:
            members[gold[message]].append((message, who, when))
    in_time, total, late = 0, 0, []
    for event, some in sorted(members.items()):
        people: set[str] = set()
        until = some[-1][2]
        for _message, who, when in some:
            people.add(who)
            if len(people) == reporter:
                until = when
                break
        if len({who for _m, who, _w in some}) < least:
            continue
        total += 1
        ids = {found[message] for message, _who, _when in some if message in found}
        if any(rang[one] <= until for one in ids if one in rang):
            in_time += 1
        else:
            late.append(event)
    return Promptness(in_time, total, tuple(late))
