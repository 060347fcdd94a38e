"""The journal has one gap-free order, and whatever is done to it behind the desk's back is found."""

import pytest

from fenzhen.board.journal import happened_after, position_of
from fenzhen.desk.step import NotYours
from fenzhen.desk.story import add_note
from fenzhen.office.seal import (
    advance_cursor,
    seal_entries,
    seal_everything,
    skip_to_head,
    verify_journal,
)
from fenzhen.records.journal import Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import MORNING, Cast


@pytest.fixture
def system(db: None) -> User:
    return User.objects.system()


@pytest.fixture
def story(cast: Cast, system: User) -> Ticket:
    """A ticket on its whole way, and another one; everything sealed."""
    ticket = cast.to_call_back()
    cast.waiting(title="另一件事")
    seal_everything(by=system, now=MORNING)
    return ticket


def broken(system: User) -> tuple[str, str, int] | None:
    found = verify_journal(by=system, now=MORNING).broken
    return (found.why, found.subject, found.n) if found else None


def test_positions_have_no_gap_and_follow_each_subject(story: Ticket) -> None:
    entries = list(Entry.objects.order_by("position"))
    assert [e.position for e in entries] == list(range(1, len(entries) + 1))
    for subject in {e.subject for e in entries}:
        numbers = [e.n for e in entries if e.subject == subject]
        assert numbers == sorted(numbers)
    head = SealHead.objects.get()
    assert (head.position, head.sealed) == (len(entries), entries[-1].sealed)


def test_sealing_in_small_steps_gives_the_same_chain(cast: Cast, system: User) -> None:
    cast.to_call_back()
    assert seal_entries(by=system, now=MORNING, limit=2) == 2
    while seal_entries(by=system, now=MORNING, limit=3):
        pass
    assert broken(system) is None
    assert seal_entries(by=system, now=MORNING) == 0


def test_an_entry_that_was_committed_late_comes_next(cast: Cast, system: User) -> None:
    """Its id is smaller than sealed ones: reading by id would lose it, the order by position does not."""
    first, second = cast.waiting(), cast.waiting(title="后一件")
    late = list(Entry.objects.filter(subject=f"ticket:{first.pk}").values())
    Entry.objects.filter(subject=f"ticket:{first.pk}").delete()  # as if not committed yet
    seal_everything(by=system, now=MORNING)
    read = happened_after(system, 0)
    assert {h.ticket for h in read} == {second.pk}
    Entry.objects.bulk_create(Entry(**row) for row in late)
    seal_everything(by=system, now=MORNING)
    assert {h.ticket for h in happened_after(system, read[-1].position)} == {first.pk}
    assert broken(system) is None


def test_a_whole_journal_verifies(story: Ticket, system: User) -> None:
    found = verify_journal(by=system, now=MORNING)
    assert found.broken is None
    assert found.entries == found.sealed == Entry.objects.count() >= 8
    assert found.head == SealHead.objects.get().sealed


def test_unsealed_entries_are_checked_too(story: Ticket, cast: Cast, system: User) -> None:
    add_note(story, by=cast.wang, now=MORNING, text="补一句")
    assert broken(system) is None
    Entry.objects.filter(position=None).update(role="section_chief")
    assert broken(system) == ("changed", f"ticket:{story.pk}", Entry.objects.get(position=None).n)


@pytest.mark.parametrize(
    "column, value", [("act", "close"), ("role", "admin"), ("facts", {"level": 4}), ("target", "closed")]
)
def test_a_changed_entry_is_found(story: Ticket, system: User, column: str, value: object) -> None:
    Entry.objects.filter(subject=f"ticket:{story.pk}", n=3).update(**{column: value})
    assert broken(system) == ("changed", f"ticket:{story.pk}", 3)


def test_a_changed_entry_with_a_fitting_hash_breaks_the_chain_behind_it(story: Ticket, system: User) -> None:
    from fenzhen.desk.step import entry_hash

    entry = Entry.objects.get(subject=f"ticket:{story.pk}", n=3)
    entry.role = "admin"
    entry.hash = entry_hash(entry)
    entry.save()
    assert broken(system) == ("chain", f"ticket:{story.pk}", 4)


def test_a_removed_entry_is_missed(story: Ticket, system: User) -> None:
    Entry.objects.get(subject=f"ticket:{story.pk}", n=2).delete()
    assert broken(system) == ("missing", f"ticket:{story.pk}", 3)


def test_an_entry_cut_off_at_the_end_is_missed(story: Ticket, system: User) -> None:
    last = Entry.objects.filter(subject=f"ticket:{story.pk}").order_by("-n")[0]
    last.delete()
    assert broken(system) == ("tail", f"ticket:{story.pk}", last.n - 1)


def test_swapped_positions_are_found(story: Ticket, system: User) -> None:
    a, b = Entry.objects.get(position=2), Entry.objects.get(position=3)
    Entry.objects.filter(pk=a.pk).update(position=None)
    Entry.objects.filter(pk=b.pk).update(position=2)
    Entry.objects.filter(pk=a.pk).update(position=3)
    found = verify_journal(by=system, now=MORNING).broken
    assert found is not None and (found.why, found.position) == ("sealed", 2)


def test_a_whole_subject_that_vanished_leaves_a_gap(story: Ticket, system: User) -> None:
    other = Ticket.objects.exclude(pk=story.pk).get()
    Entry.objects.filter(subject=f"ticket:{other.pk}").delete()
    Ticket.objects.filter(pk=other.pk).update(version=0)
    assert verify_journal(by=system, now=MORNING).broken is not None


def test_nobody_but_the_system_seals(cast: Cast) -> None:
    with pytest.raises(NotYours):
        seal_entries(by=cast.chen, now=MORNING)


def test_a_cursor_only_moves_on(system: User) -> None:
    assert position_of(system, "x") == 0
    assert advance_cursor("x", by=system, now=MORNING, to=5)
    assert not advance_cursor("x", by=system, now=MORNING, to=5)
    assert not advance_cursor("x", by=system, now=MORNING, to=3)
    assert position_of(system, "x") == 5


def test_a_reader_can_begin_behind_a_generated_past(story: Ticket, cast: Cast, system: User) -> None:
    head = skip_to_head("x", by=system, now=MORNING)
    assert head == Entry.objects.count() and happened_after(system, position_of(system, "x")) == []
    later = cast.waiting(title="新来的")
    seal_everything(by=system, now=MORNING)
    assert {h.ticket for h in happened_after(system, head)} == {later.pk}


def test_only_the_system_reads_the_whole_journal(story: Ticket, cast: Cast) -> None:
    assert happened_after(cast.wang, 0) == [] and happened_after(cast.huang, 0) == []
    assert happened_after(cast.admin, 0)
