"""What a further call has to do with a ticket that is there: urge, tell, follow, or stand beside it.

DOMAIN §2.7; Beijing regulation on swift response (2021) art. 11 (3): a matter that was dealt with and is brought
up again without a new fact is explained, not dispatched again. Whether it *is* the same matter, only the person
on the line can judge: these rules name the right act and its reason, the agent decides.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: From so many calls of one person about one matter on, the chief hears of it.
REPEATED = 3


class Fitting(StrEnum):
    """What fits a further call about the same matter."""

    URGE = "urge"  # a line on the open ticket, and a word to its units
    ADD = "add"  # what is new goes onto the open ticket
    TELL = "tell"  # told what is so, and logged; no order
    FOLLOW = "follow"  # a new ticket that names the earlier one
    LINK = "link"  # their own ticket beside the other's: a person is never swallowed


class Because(StrEnum):
    """Why it fits."""

    STILL_OPEN = "still_open"
    OPEN_AND_NEW = "open_and_new"
    CLOSED_NOTHING_NEW = "closed_nothing_new"
    CLOSED_BUT_NEW = "closed_but_new"
    SOMEBODY_ELSE = "somebody_else"


@dataclass(frozen=True, slots=True)
class Advice:
    """The act and its reason."""

    act: Fitting
    because: Because


def fitting(*, same_person: bool, is_open: bool, new_fact: bool) -> Advice:
    """The act that fits a call about a matter of which there is a ticket already.

    >>> fitting(same_person=True, is_open=True, new_fact=False).act.value
    'urge'
    >>> fitting(same_person=True, is_open=False, new_fact=False).act.value
    'tell'
    >>> fitting(same_person=True, is_open=False, new_fact=True).act.value
    'follow'
    >>> fitting(same_person=False, is_open=True, new_fact=False).act.value
    'link'
    """
    if not same_person:
        return Advice(Fitting.LINK, Because.SOMEBODY_ELSE)
    if is_open:
        if new_fact:
            return Advice(Fitting.ADD, Because.OPEN_AND_NEW)
        return Advice(Fitting.URGE, Because.STILL_OPEN)
    if new_fact:
        return Advice(Fitting.FOLLOW, Because.CLOSED_BUT_NEW)
    return Advice(Fitting.TELL, Because.CLOSED_NOTHING_NEW)


def choices(*, same_person: bool, is_open: bool) -> tuple[Advice, ...]:
    """What the agent chooses between, by the one question that is left: is there a new fact? The answer "no"
    comes first."""
    both = (fitting(same_person=same_person, is_open=is_open, new_fact=new) for new in (False, True))
    return tuple(dict.fromkeys(both))


def urge_reason(urges: int) -> str:
    """The coded reason of an urge by the caller: from the third on it is called repeated."""
    return "repeat" if urges + 1 >= REPEATED else "caller"


@dataclass(frozen=True, slots=True)
class Called:
    """One ticket as a count of calls sees it. *caller* and *place*, *category* may be None: unknown."""

    ticket: int
    caller: Hashable | None
    place: Hashable | None
    category: Hashable | None
    previous: int | None
    calls: int
    """The call that made the ticket, and every further one that stands in its story."""
    last: datetime


@dataclass(frozen=True, slots=True)
class Repeated:
    """One person's one matter that was called about again and again. `tickets` are its ids in their order."""

    tickets: tuple[int, ...]
    calls: int
    last: datetime


def repeated(called: Iterable[Called], least: int = REPEATED) -> list[Repeated]:
    """Matters with at least *least* calls of one person, the most calls first.

    Tickets are one matter where one names the other as its `previous`, or where the same person called about
    the same category at the same place. Where person, place or category is unknown, nothing is guessed.
    """
    rows = {one.ticket: one for one in called}
    root = {ticket: ticket for ticket in rows}

    def top(ticket: int) -> int:
        while root[ticket] != ticket:
            root[ticket] = root[root[ticket]]
            ticket = root[ticket]
        return ticket

    first: dict[tuple[Hashable, ...], int] = {}
    for one in rows.values():
        if one.previous in root:
            root[top(one.ticket)] = top(one.previous)
        if None not in (one.caller, one.place, one.category):
            key = (one.caller, one.place, one.category)
            root[top(one.ticket)] = top(first.setdefault(key, one.ticket))
    matters: dict[int, list[Called]] = defaultdict(list)
    for one in rows.values():
        matters[top(one.ticket)].append(one)
    found = [
        Repeated(
            tuple(sorted(one.ticket for one in some)),
            sum(one.calls for one in some),
            max(one.last for one in some),
        )
        for some in matters.values()
    ]
    return sorted(
        (one for one in found if one.calls >= least), key=lambda one: (-one.calls, -one.last.timestamp())
    )
