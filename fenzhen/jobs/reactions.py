"""What follows an act: one table. Left the event that has happened, right what is done about it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django_tasks.base import Task

from fenzhen.board.automatic import anything_automatic
from fenzhen.board.journal import Happened
from fenzhen.jobs import tasks
from fenzhen.jobs.queue import Order
from fenzhen.office.accounts import system_account

#: This reader's cursor in the journal.
READER = "reactions"
#: From so many of one kind in one reading, one task takes them all (an import).
CROWD = 20


#: After these the city may have to be told a result.
ENDS = ("approved", "closed", "closed_unreached", "answered", "redirected", "withdrawn", "voided")


@dataclass(frozen=True, slots=True)
class Reaction:
    """*task* follows *event* (where *only* says so). A crowd of the same goes to *crowd* instead."""

    event: str
    task: Task
    only: Callable[[Happened], bool] | None = None
    crowd: Task | None = None


def _urgent_matter(what: Happened) -> bool:
    return int(what.facts.get("level", 4)) <= 2


def _may_go(what: Happened) -> bool:
    return anything_automatic(system_account())


REACTIONS: tuple[Reaction, ...] = (
    # a ticket stands at the desk: it wants advice
    Reaction("submitted", tasks.advise_ticket, crowd=tasks.advise_waiting),
    Reaction("supplemented", tasks.advise_ticket),
    Reaction("reopened", tasks.advise_ticket),
    Reaction("undone", tasks.advise_ticket),
    Reaction("taken_over", tasks.advise_ticket),
    Reaction("restored", tasks.advise_ticket),
    # an order of the city's has ended, or goes on after all: the city must be told
    *(Reaction(event, tasks.owe_result) for event in ENDS),
    *(Reaction(event, tasks.drop_result) for event in ("reopened", "undone", "rehandled")),
    Reaction("taken_back", tasks.advise_ticket),
    # it has its advice, and may go by itself where the chief has switched that on
    Reaction("advised", tasks.consider_ticket, only=_may_go, crowd=tasks.consider_waiting),
    # somebody must be told
    Reaction("dispatched", tasks.tell_dispatched),
    Reaction("rehandled", tasks.tell_rehandled),
    Reaction("taken_back", tasks.tell_taken_back),
    Reaction("sent_back", tasks.tell_sent_back),
    Reaction("asked_back", tasks.tell_asked_back),
    Reaction("call_joined", tasks.tell_call_joined, only=_urgent_matter),
    Reaction("urged", tasks.tell_urged),
    Reaction("void_asked", tasks.tell_void_asked),
    Reaction("return_asked", tasks.tell_request_asked),
    Reaction("extension_asked", tasks.tell_request_asked),
    Reaction("returned", tasks.tell_request_decided),
    Reaction("return_refused", tasks.tell_request_decided),
    Reaction("extended", tasks.tell_request_decided),
    Reaction("extension_refused", tasks.tell_request_decided),
    Reaction("redispatched", tasks.tell_dispatched),
    Reaction("unit_added", tasks.tell_dispatched),
    Reaction("passed_on", tasks.tell_passed_on),
    Reaction("errand_finished", tasks.tell_errand_finished),
    Reaction("city_changed", tasks.tell_city_changed),
    Reaction("withdrawn", tasks.tell_withdrawn),
    Reaction("handed_up", tasks.tell_withdrawn),
)


def orders_after(happened: Iterable[Happened], table: Sequence[Reaction] = REACTIONS) -> list[Order]:
    """The tasks that follow from what happened. What was filed as history sets nothing going."""
    by_event: dict[str, list[Reaction]] = {}
    for reaction in table:
        by_event.setdefault(reaction.event, []).append(reaction)
    found: list[tuple[Reaction, Happened]] = [
        (reaction, what)
        for what in happened
        if what.ticket is not None and not what.is_history
        for reaction in by_event.get(what.event, ())
        if reaction.only is None or reaction.only(what)
    ]
    counts = Counter((reaction.event, reaction.task.name) for reaction, _what in found)
    orders: dict[str, Order] = {}
    for reaction, what in found:
        crowded = reaction.crowd is not None and counts[reaction.event, reaction.task.name] >= CROWD
        task: Task = reaction.crowd if crowded and reaction.crowd else reaction.task
        key = f"{reaction.event}>{task.name}:{'crowd' if crowded else what.position}"
        # Of a crowd the last one gives its position: reading the same entries again orders the same task.
        name = f"{reaction.event}>{task.name}:{what.position}"
        orders[key] = Order(name, task, (what.ticket or 0, what.position), alone=crowded)
    return list(orders.values())
