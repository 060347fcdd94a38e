"""The one hand: the table decides, the first one wins, the journal tells it all."""

from datetime import timedelta

import pytest

from fenzhen.desk.dispatch import dispatch_ticket, take_back, undo_desk_act
from fenzhen.desk.handle import sign_assignment
from fenzhen.desk.step import MovedMeanwhile, NotOpen, NotYours, entry_hash, step
from fenzhen.desk.story import add_note
from fenzhen.desk.triage import hold_ticket
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


def story(ticket: Ticket) -> list[Entry]:
    return list(Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n"))


def test_every_move_has_one_entry_and_each_entry_hashes_the_one_before(cast: Cast) -> None:
    ticket = cast.to_call_back()
    entries = story(ticket)
    assert [e.act for e in entries] == ["receive", "submit", "dispatch", "sign", "reply", "approve"]
    assert [e.n for e in entries] == list(range(1, 7))
    assert ticket.version == 6
    assert ticket.state == "pending_callback"
    for before, entry in zip([None, *entries], entries, strict=False):
        assert entry.previous == (before.hash if before else "")
        assert entry.hash == entry_hash(entry)


def test_an_entry_that_was_changed_no_longer_fits_its_hash(cast: Cast) -> None:
    entry = story(cast.dispatched())[2]
    entry.facts["basis"] = "D9"
    assert entry.hash != entry_hash(entry)


def test_the_second_dispatcher_is_told_who_was_faster_and_where_the_ticket_is(cast: Cast) -> None:
    ticket = cast.waiting()
    stale = Ticket.objects.get(pk=ticket.pk)
    dispatch_ticket(ticket, by=cast.wang, now=cast.now + timedelta(minutes=1), lead=cast.liuhe)
    with pytest.raises(MovedMeanwhile) as refusal:
        dispatch_ticket(stale, by=cast.li, now=cast.now + timedelta(minutes=1), lead=cast.housing)
    assert refusal.value.who == "王派单"
    assert refusal.value.act == "dispatch"
    assert refusal.value.state == "dispatched"
    assert Assignment.objects.filter(ticket=ticket).count() == 1


def test_a_note_in_the_same_instant_does_not_refuse_a_dispatch(cast: Cast) -> None:
    ticket = cast.waiting()
    stale = Ticket.objects.get(pk=ticket.pk)
    add_note(ticket, by=cast.zhang, now=cast.now, text="又来电补充:灯在二单元。")
    dispatch_ticket(stale, by=cast.wang, now=cast.now, lead=cast.liuhe)
    stale.refresh_from_db()
    assert stale.state == "dispatched"
    assert [e.n for e in story(stale)] == [1, 2, 3, 4]


def test_a_way_that_the_table_does_not_have_is_refused_and_nothing_is_written(cast: Cast) -> None:
    ticket = cast.waiting()
    with pytest.raises(NotOpen):
        step(ticket, "close", by=cast.sun, now=cast.now)
    assert len(story(ticket)) == 2


def test_a_role_that_the_row_does_not_name_is_refused(cast: Cast) -> None:
    ticket = cast.waiting()
    with pytest.raises(NotOpen):
        dispatch_ticket(ticket, by=cast.zhang, now=cast.now, lead=cast.liuhe)


def test_a_unit_cannot_sign_what_was_given_to_another_unit(cast: Cast) -> None:
    ticket = cast.dispatched()
    with pytest.raises(NotYours):
        sign_assignment(cast.lead(ticket), by=cast.bai, now=cast.now)
    assert Ticket.objects.get(pk=ticket.pk).state == "dispatched"


def test_an_assisting_unit_signs_without_moving_the_ticket(cast: Cast) -> None:
    ticket = cast.dispatched()
    assist = Assignment.objects.get(ticket=ticket, part="assist")
    sign_assignment(assist, by=cast.jian, now=cast.now + timedelta(minutes=3))
    ticket.refresh_from_db()
    assert (assist.state, ticket.state) == ("signed", "dispatched")
    assert story(ticket)[-1].act == "sign"


def test_a_dispatch_is_taken_back_while_nobody_has_signed_and_never_afterwards(cast: Cast) -> None:
    ticket = cast.dispatched()
    take_back(ticket, by=cast.wang, now=cast.now + timedelta(minutes=2))
    assert ticket.state == "pending_dispatch"
    assert set(Assignment.objects.filter(ticket=ticket).values_list("state", flat=True)) == {"recalled"}
    assert (ticket.lead_unit, ticket.own_deadline) == (None, None)
    again = cast.signed(phone="13900000002")
    with pytest.raises(NotOpen):
        take_back(again, by=cast.wang, now=cast.now + timedelta(minutes=20))


def test_after_taking_back_the_ticket_can_be_dispatched_to_the_same_unit(cast: Cast) -> None:
    ticket = cast.dispatched()
    take_back(ticket, by=cast.wang, now=cast.now + timedelta(minutes=2))
    dispatch_ticket(ticket, by=cast.li, now=cast.now + timedelta(minutes=3), lead=cast.liuhe)
    assert ticket.state == "dispatched"


def test_undo_is_for_ones_own_act_and_a_few_minutes(cast: Cast) -> None:
    ticket = cast.dispatched()
    with pytest.raises(NotOpen):
        undo_desk_act(ticket, by=cast.li, now=cast.now + timedelta(minutes=2))
    with pytest.raises(NotOpen):
        undo_desk_act(ticket, by=cast.wang, now=cast.now + timedelta(minutes=9))
    undo_desk_act(ticket, by=cast.wang, now=cast.now + timedelta(minutes=3))
    assert ticket.state == "pending_dispatch"


def test_what_a_colleague_holds_cannot_be_dispatched_until_the_hold_runs_out(cast: Cast) -> None:
    ticket = cast.waiting()
    assert hold_ticket(ticket, by=cast.wang, now=cast.now)
    assert not hold_ticket(ticket, by=cast.li, now=cast.now + timedelta(seconds=30))
    with pytest.raises(MovedMeanwhile) as refusal:
        dispatch_ticket(ticket, by=cast.li, now=cast.now + timedelta(seconds=30), lead=cast.liuhe)
    assert refusal.value.who == "王派单"
    assert hold_ticket(ticket, by=cast.li, now=cast.now + timedelta(seconds=121))
