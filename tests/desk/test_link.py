"""Repeat and related calls at the desk: urged, told, followed, linked; and nobody is swallowed."""

from datetime import timedelta

import pytest

from fenzhen.board.related import links_of, repeated_callers, ticket_numbered, urges_of
from fenzhen.board.tickets import replayed_clocks
from fenzhen.desk.callback import close_ticket
from fenzhen.desk.link import (
    follow_up,
    link_tickets,
    take_in_beside,
    tell_again,
    unlink_tickets,
    urge_again,
)
from fenzhen.desk.step import Incomplete, NotOpen
from fenzhen.hotline.journey import Clock
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Note
from fenzhen.records.journal import Entry
from fenzhen.records.links import TicketLink
from fenzhen.records.tickets import SealedNumber, Ticket
from tests.cast import Cast

HOUR = timedelta(hours=1)


def closed(cast: Cast, **fields: object) -> Ticket:
    ticket = cast.to_call_back(**fields)
    close_ticket(ticket, by=cast.sun, now=cast.now + 8 * HOUR, said=cast.said())
    ticket.refresh_from_db()
    return ticket


def acts(ticket: Ticket) -> list[str]:
    return list(
        Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n").values_list("act", flat=True)
    )


def test_an_urge_counts_and_moves_neither_state_nor_clock(cast: Cast) -> None:
    ticket = cast.dispatched()
    lead = cast.lead(ticket)
    due = lead.handle_due
    urge_again(ticket, by=cast.zhang, now=cast.now + HOUR, text="怎么还没有人来？")
    urge_again(ticket, by=cast.zhang, now=cast.now + 2 * HOUR)
    ticket.refresh_from_db()
    lead.refresh_from_db()
    assert (ticket.state, ticket.urges, lead.handle_due) == ("dispatched", 2, due)
    assert replayed_clocks(cast.chen, ticket)[Clock.HANDLING, f"a{lead.pk}"].due == due
    assert [note.text for note in urges_of(cast.huang, ticket)] == ["", "怎么还没有人来？"]
    assert urges_of(cast.bai, ticket) == []


def test_the_third_urge_says_repeated_and_a_daughters_number_is_sealed(cast: Cast) -> None:
    ticket = cast.dispatched()
    for n in range(3):
        urge_again(ticket, by=cast.zhang, now=cast.now + n * HOUR, phone="13700000009")
    last = Entry.objects.filter(act="urge").order_by("-n")[0]
    assert last.facts["reason"] == "repeat"
    assert "13700000009" not in str(list(Entry.objects.values_list("facts", flat=True)))
    assert SealedNumber.objects.filter(ticket=ticket, value_index__gt="").count() == 3
    assert "13700000009" not in Note.objects.filter(ticket=ticket).first().text  # type: ignore[union-attr]  # there is one


def test_a_ticket_that_rests_cannot_be_urged(cast: Cast) -> None:
    with pytest.raises(NotOpen):
        urge_again(closed(cast), by=cast.zhang, now=cast.now + 9 * HOUR)


def test_nothing_new_about_a_closed_ticket_is_told_and_logged_without_an_order(cast: Cast) -> None:
    ticket = closed(cast)
    tell_again(ticket, by=cast.zhang, now=cast.now + 9 * HOUR, text="已告知灯已换好，请再看一眼。")
    ticket.refresh_from_db()
    entry = Entry.objects.get(subject=f"ticket:{ticket.pk}", act="join_call")
    assert (ticket.state, Ticket.objects.count()) == ("closed", 1)
    assert (entry.facts["kind"], entry.facts["reason"]) == ("told", "duplicate_no_new_fact")
    assert Note.objects.get(ticket=ticket, kind="told").text == "已告知灯已换好，请再看一眼。"


def test_telling_needs_words_and_a_ticket_that_rests(cast: Cast) -> None:
    with pytest.raises(Incomplete):
        tell_again(closed(cast), by=cast.zhang, now=cast.now + 9 * HOUR, text=" ")
    with pytest.raises(Incomplete):
        tell_again(cast.dispatched(), by=cast.zhang, now=cast.now + 9 * HOUR, text="请等待。")


def test_a_new_fact_makes_a_ticket_that_names_the_earlier_one(cast: Cast) -> None:
    before = closed(cast)
    fresh = follow_up(
        cast.heard(body="新换的灯又坏了，这次还冒火花。"), before, by=cast.zhang, now=cast.now + 30 * HOUR
    )
    assert (fresh.state, fresh.previous_id) == ("pending_dispatch", before.pk)
    assert [(one.ticket.pk, one.kind, one.is_later) for one in links_of(cast.zhang, before)] == [
        (fresh.pk, "follows", True)
    ]
    assert acts(fresh) == ["receive", "link", "submit"]
    assert acts(before)[-1] == "link"
    with pytest.raises(Incomplete):
        unlink_tickets(fresh, before, by=cast.zhang, now=cast.now + 31 * HOUR)


def test_neighbours_with_the_same_matter_each_keep_their_ticket_and_their_call_back(cast: Cast) -> None:
    first = cast.to_call_back()
    others = [
        take_in_beside(
            cast.heard(name=name, phone=phone), first, by=cast.zhang, now=cast.now + timedelta(minutes=n)
        )
        for n, (name, phone) in enumerate((("吴大", "13900000002"), ("郑二", "13900000003")), start=5)
    ]
    assert len({first.pk, *(one.pk for one in others)}) == 3
    assert len({one.caller_id for one in (first, *others)}) == 3
    assert len({one.number for one in (first, *others)}) == 3
    assert {one.ticket.pk for one in links_of(cast.zhang, first)} == {one.pk for one in others}
    close_ticket(first, by=cast.sun, now=cast.now + 8 * HOUR, said=cast.said())
    for one in others:
        one.refresh_from_db()
        assert one.state == "pending_dispatch", "the first caller's word closes nobody else's ticket"


def test_each_of_several_linked_tickets_gets_its_own_call_back(cast: Cast) -> None:
    one = cast.to_call_back()
    two = cast.to_call_back(now=cast.now + HOUR, name="吴大", phone="13900000002")
    link_tickets(one, two, by=cast.wang, now=cast.now + 9 * HOUR, kind="joined")
    assert CallBack.objects.filter(ticket__in=[one, two], outcome="").count() == 2
    close_ticket(one, by=cast.sun, now=cast.now + 10 * HOUR, said=cast.said())
    assert CallBack.objects.get(ticket=two).outcome == ""


def test_a_link_points_at_the_earlier_ticket_whichever_way_it_was_said(cast: Cast) -> None:
    early = cast.waiting()
    late = cast.waiting(now=cast.now + HOUR, phone="13900000002")
    link = link_tickets(early, late, by=cast.wang, now=cast.now + 2 * HOUR, kind="same_matter")
    assert (link.ticket_id, link.other_id) == (late.pk, early.pk)
    with pytest.raises(Incomplete):
        link_tickets(late, early, by=cast.wang, now=cast.now + 2 * HOUR, kind="joined")


def test_a_ticket_is_not_linked_to_itself_nor_in_an_unknown_way(cast: Cast) -> None:
    ticket = cast.waiting()
    for kind in ("same_matter", "swallowed"):
        with pytest.raises(Incomplete):
            link_tickets(ticket, Ticket.objects.get(), by=cast.wang, now=cast.now, kind=kind)
    assert acts(ticket) == ["receive", "submit"]


def test_a_link_can_be_taken_back_and_both_stories_remember_it(cast: Cast) -> None:
    one, two = cast.waiting(), cast.waiting(now=cast.now + HOUR, phone="13900000002")
    link_tickets(one, two, by=cast.wang, now=cast.now + 2 * HOUR, kind="same_matter")
    assert unlink_tickets(one, two, by=cast.wang, now=cast.now + 3 * HOUR) == "same_matter"
    assert not TicketLink.objects.exists()
    assert acts(one)[-2:] == acts(two)[-2:] == ["link", "unlink"]


def test_a_unit_sees_a_linked_ticket_only_where_it_sees_the_ticket(cast: Cast) -> None:
    ours = cast.dispatched()
    theirs = cast.waiting(now=cast.now + HOUR, phone="13900000002")
    link_tickets(ours, theirs, by=cast.wang, now=cast.now + 2 * HOUR, kind="same_matter")
    assert links_of(cast.huang, ours) == []
    assert len(links_of(cast.wang, ours)) == 1
    assert ticket_numbered(cast.huang, theirs.number) is None
    assert ticket_numbered(cast.wang, f" {theirs.number} ") == theirs


def test_three_calls_about_one_matter_reach_the_chiefs_and_never_a_unit(cast: Cast) -> None:
    ticket = cast.dispatched()
    cast.dispatched(name="吴大", phone="13900000002")
    urge_again(ticket, by=cast.zhang, now=cast.now + HOUR)
    assert repeated_callers(cast.chen, cast.now + 2 * HOUR) == []
    urge_again(ticket, by=cast.zhang, now=cast.now + 2 * HOUR)
    found = repeated_callers(cast.chen, cast.now + 3 * HOUR)
    assert [(one.ticket.pk, one.calls) for one in found] == [(ticket.pk, 3)]
    for somebody in (cast.huang, cast.zhang, cast.jian, cast.leader):
        assert repeated_callers(somebody, cast.now + 3 * HOUR) == []


def test_a_follow_up_goes_on_counting_where_the_first_ticket_stopped(cast: Cast) -> None:
    before = closed(cast)
    tell_again(before, by=cast.zhang, now=cast.now + 9 * HOUR, text="已告知结果。")
    fresh = follow_up(cast.heard(), before, by=cast.zhang, now=cast.now + 10 * HOUR)
    found = repeated_callers(cast.chen, cast.now + 11 * HOUR)
    assert [(one.ticket.pk, one.tickets, one.calls) for one in found] == [(fresh.pk, 2, 3)]


def test_the_units_that_work_on_it_are_told_of_an_urge_and_before_a_dispatch_the_dispatchers(
    cast: Cast,
) -> None:
    from fenzhen.office.accounts import system_account
    from fenzhen.office.alarms import tell_urged
    from fenzhen.office.seal import seal_everything
    from fenzhen.records.notices import Notice

    ticket = cast.dispatched()
    waiting = cast.waiting(phone="13900000002")
    for one in (ticket, waiting):
        urge_again(one, by=cast.zhang, now=cast.now + HOUR)
    seal_everything(by=system_account(), now=cast.now + HOUR)
    for entry in Entry.objects.filter(act="urge"):
        assert entry.position is not None
        for _twice in range(2):
            tell_urged(entry.position, by=system_account(), now=cast.now + HOUR)
    told = {(n.person, n.ticket) for n in Notice.objects.filter(kind="urged")}
    assert told == {
        (cast.huang, ticket),
        (cast.jian, ticket),
        (cast.wang, waiting),
        (cast.li, waiting),
    }
    assert Notice.objects.filter(kind="urged").count() == 4
