"""Real threads on a real database: of two at the same instant exactly one is first, on SQLite and PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections

from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.intake import receive_ticket
from fenzhen.desk.step import MovedMeanwhile, NotOpen, entry_hash
from fenzhen.desk.story import add_note
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests import cast as the_cast

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all in threads that start together; what each returned or raised."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=20)
            return act()
        except Exception as why:  # the refusals are what is looked at
            return why
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def needs_threads() -> None:
    """An in-memory SQLite database belongs to one thread; the test database is a file then or it is PostgreSQL."""
    if connection.vendor == "sqlite" and "mode=memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("the test database is in memory")


def test_of_two_dispatchers_one_is_first_and_the_other_is_told() -> None:
    needs_threads()
    cast = the_cast.build()
    for n in range(6):
        ticket = cast.waiting(phone=f"1390000010{n}")
        first, second = Ticket.objects.get(pk=ticket.pk), Ticket.objects.get(pk=ticket.pk)
        now = cast.now + timedelta(minutes=1)
        results = at_once(
            lambda t=first, now=now: dispatch_ticket(t, by=cast.wang, now=now, lead=cast.liuhe),
            lambda t=second, now=now: dispatch_ticket(t, by=cast.li, now=now, lead=cast.housing),
        )
        refused = [r for r in results if isinstance(r, Exception)]
        assert len(refused) == 1
        assert isinstance(refused[0], MovedMeanwhile | NotOpen)
        if isinstance(refused[0], MovedMeanwhile):
            assert refused[0].who in {"王派单", "李派单"}
        assert Assignment.objects.filter(ticket=ticket).count() == 1
        assert Entry.objects.filter(subject=f"ticket:{ticket.pk}", act="dispatch").count() == 1


def test_no_number_is_given_twice_and_no_call_is_lost() -> None:
    needs_threads()
    cast = the_cast.build()
    results = at_once(
        *[
            lambda n=n: [
                receive_ticket(cast.heard(phone=f"139000{n:02}{k:03}"), by=cast.zhang, now=cast.now).number
                for k in range(5)
            ]
            for n in range(6)
        ]
    )
    assert all(isinstance(r, list) for r in results), results
    numbers = [number for some in results if isinstance(some, list) for number in some]
    assert len(numbers) == len(set(numbers)) == 30
    assert Ticket.objects.count() == 30


def test_many_notes_at_once_make_one_unbroken_chain() -> None:
    needs_threads()
    cast = the_cast.build()
    ticket = cast.waiting()
    results = at_once(
        *[
            lambda n=n: add_note(
                Ticket.objects.get(pk=ticket.pk), by=cast.wang, now=cast.now, text=f"备注{n}"
            )
            for n in range(8)
        ]
    )
    assert not [r for r in results if isinstance(r, Exception)], results
    entries = list(Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n"))
    assert [e.n for e in entries] == list(range(1, 11))
    for before, entry in zip(entries, entries[1:], strict=False):
        assert entry.previous == before.hash
        assert entry.hash == entry_hash(entry)
