"""Other people's calls about the same matter, joined: one unit's work serves all, and every caller keeps their own
ticket, answer and call-back."""

from datetime import timedelta

import pytest

from fenzhen.desk.callback import close_ticket, rehandle_ticket
from fenzhen.desk.dispatch import dispatch_ticket, take_back
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.link import link_tickets, take_in_beside, unlink_tickets
from fenzhen.desk.request import (
    Asked,
    ask_extension,
    ask_return,
    decide_extension,
    decide_return,
    redispatch_ticket,
)
from fenzhen.desk.review import approve_reply, send_back_reply
from fenzhen.desk.step import Incomplete
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def three(cast: Cast) -> list[Ticket]:
    """A first ticket at the desk, and two neighbours' joined with it."""
    first = cast.waiting()
    out = [first]
    for n, (name, phone) in enumerate((("吴大", "13900000002"), ("郑二", "13900000003")), start=1):
        heard = cast.heard(name=name, phone=phone, category=cast.category)
        one = take_in_beside(heard, first, by=cast.zhang, now=cast.now + timedelta(minutes=n))
        unlink_tickets(one, first, by=cast.wang, now=cast.now + timedelta(minutes=n))
        link_tickets(one, first, by=cast.wang, now=cast.now + timedelta(minutes=n), kind="joined")
        out.append(one)
    return out


def states(tickets: list[Ticket]) -> list[str]:
    for one in tickets:
        one.refresh_from_db()
    return [str(one.state) for one in tickets]


def answered(cast: Cast, tickets: list[Ticket]) -> None:
    now = cast.now + HOUR
    dispatch_ticket(tickets[0], by=cast.wang, now=now, lead=cast.liuhe)
    sign_assignment(cast.lead(tickets[0]), by=cast.huang, now=now + HOUR)
    submit_reply(cast.lead(tickets[0]), by=cast.huang, now=now + 2 * HOUR, answered=cast.answered())


def test_one_dispatch_one_signature_one_reply_and_a_call_back_for_each_caller(
    cast: Cast, three: list[Ticket]
) -> None:
    answered(cast, three)
    assert states(three) == ["pending_review"] * 3
    replies = Reply.objects.filter(assignment__ticket__in=three).order_by("assignment__ticket_id")
    assert len({reply.public_text for reply in replies}) == 1
    assert [reply.contacted for reply in replies] == [True, False, False]
    assert three[0].number in replies[1].unsolved_reason, "nobody claims to have spoken with the neighbours"
    approve_reply(cast.lead(three[0]), by=cast.zhao, now=cast.now + 4 * HOUR)
    assert states(three) == ["pending_callback"] * 3
    assert CallBack.objects.filter(ticket__in=three, outcome="").count() == 3
    assert len({one.caller_id for one in three}) == 3
    said = [Entry.objects.get(subject=f"ticket:{one.pk}", act="reply").facts.get("along") for one in three]
    assert said == [None, three[0].pk, three[0].pk]
    close_ticket(three[0], by=cast.sun, now=cast.now + 5 * HOUR, said=cast.said())
    assert states(three) == ["closed", "pending_callback", "pending_callback"]


def test_a_no_in_one_call_back_opens_a_second_round_of_that_ticket_alone(
    cast: Cast, three: list[Ticket]
) -> None:
    answered(cast, three)
    approve_reply(cast.lead(three[0]), by=cast.zhao, now=cast.now + 4 * HOUR)
    three[1].refresh_from_db()
    no = cast.said(contacted=False, solved="no", satisfied="no", words="我家门口的没换")
    rehandle_ticket(three[1], by=cast.sun, now=cast.now + 5 * HOUR, said=no)
    assert states(three) == ["pending_callback", "rehandling", "pending_callback"]
    assert three[1].lead_unit == cast.liuhe
    sign_assignment(Assignment.objects.get(ticket=three[1], round=2), by=cast.huang, now=cast.now + 6 * HOUR)
    assert states(three)[1] == "handling"


def test_whoever_was_answered_apart_is_not_answered_again_nor_approved_unread(
    cast: Cast, three: list[Ticket]
) -> None:
    now = cast.now + HOUR
    dispatch_ticket(three[0], by=cast.wang, now=now, lead=cast.liuhe)
    sign_assignment(cast.lead(three[0]), by=cast.huang, now=now)
    unlinked = three[2]
    unlink_tickets(unlinked, three[0], by=cast.wang, now=now)
    own = cast.answered(public_text="已与您当面说明。")
    submit_reply(cast.lead(unlinked), by=cast.huang, now=now + HOUR, answered=own)
    link_tickets(unlinked, three[0], by=cast.wang, now=now + HOUR, kind="joined")
    submit_reply(cast.lead(three[0]), by=cast.huang, now=now + 2 * HOUR, answered=cast.answered())
    assert Reply.objects.filter(assignment__ticket=unlinked).count() == 1
    approve_reply(cast.lead(three[0]), by=cast.zhao, now=now + 3 * HOUR)
    assert states(three) == ["pending_callback", "pending_callback", "pending_review"]


def test_more_time_is_given_to_all_but_never_past_the_citys_own_date(cast: Cast, three: list[Ticket]) -> None:
    dispatch_ticket(three[0], by=cast.wang, now=cast.now + HOUR, lead=cast.liuhe)
    sign_assignment(cast.lead(three[0]), by=cast.huang, now=cast.now + HOUR)
    before = [cast.lead(one).handle_due for one in three]
    bound = before[2] + 6 * HOUR
    Ticket.objects.filter(pk=three[2].pk).update(city_deadline=bound)
    until = before[0] + 24 * HOUR
    asked = Asked(reason="construction", text="灯具缺货，周五到货。", until=until)
    request = ask_extension(cast.lead(three[0]), by=cast.huang, now=cast.now + 2 * HOUR, asked=asked)
    decide_extension(request, by=cast.wang, now=cast.now + 3 * HOUR, approve=True, text="同意。")
    assert [cast.lead(one).handle_due for one in three] == [until, until, bound]
    told = Entry.objects.get(subject=f"ticket:{three[1].pk}", act="extend")
    assert told.facts["along"] == three[0].pk


def test_what_review_sends_back_goes_back_together(cast: Cast, three: list[Ticket]) -> None:
    answered(cast, three)
    send_back_reply(cast.lead(three[0]), by=cast.zhao, now=cast.now + 4 * HOUR, reasons=["no_evidence"])
    assert states(three) == ["handling"] * 3
    submit_reply(cast.lead(three[0]), by=cast.huang, now=cast.now + 5 * HOUR, answered=cast.answered())
    assert states(three) == ["pending_review"] * 3


def test_a_neighbour_who_calls_later_is_joined_to_the_unit_that_has_it(cast: Cast) -> None:
    first = cast.signed()
    later = cast.waiting(now=cast.now + HOUR, name="吴大", phone="13900000002")
    link_tickets(later, first, by=cast.wang, now=cast.now + 2 * HOUR, kind="joined")
    later.refresh_from_db()
    share = cast.lead(later)
    assert (later.state, share.unit, share.state) == ("handling", cast.liuhe, "signed")
    assert first.number in share.word
    assert share.handle_due > cast.lead(first).handle_due, "the later caller has a clock of their own"


def test_taken_back_returned_and_redispatched_they_go_together(cast: Cast, three: list[Ticket]) -> None:
    now = cast.now + HOUR
    dispatch_ticket(three[0], by=cast.wang, now=now, lead=cast.liuhe)
    take_back(three[0], by=cast.wang, now=now + timedelta(minutes=1))
    assert states(three) == ["pending_dispatch"] * 3
    dispatch_ticket(three[0], by=cast.wang, now=now + timedelta(minutes=2), lead=cast.liuhe)
    why = Asked(reason="not_our_duty", text="不属镇里职责", basis="权责清单")
    asked = ask_return(cast.lead(three[0]), by=cast.huang, now=now + timedelta(minutes=9), asked=why)
    decide_return(asked, by=cast.wang, now=now + timedelta(minutes=10), approve=True, text="同意")
    assert states(three) == ["pending_dispatch"] * 3
    assert [one.lead_unit for one in three] == [None] * 3
    dispatch_ticket(three[0], by=cast.wang, now=now + timedelta(minutes=11), lead=cast.housing)
    redispatch_ticket(
        three[0], by=cast.wang, now=now + timedelta(minutes=20), lead=cast.songshan, word="实际在松山镇"
    )
    assert states(three) == ["dispatched"] * 3
    assert {one.lead_unit for one in three} == {cast.songshan}


def test_joining_is_the_desks_to_say(cast: Cast) -> None:
    one, two = cast.waiting(), cast.waiting(now=cast.now + HOUR, phone="13900000002")
    with pytest.raises(Incomplete):
        link_tickets(two, one, by=cast.zhang, now=cast.now + HOUR, kind="joined")
    link_tickets(two, one, by=cast.zhang, now=cast.now + HOUR, kind="same_matter")
    dispatch_ticket(one, by=cast.wang, now=cast.now + HOUR, lead=cast.liuhe)
    assert states([one, two]) == ["dispatched", "pending_dispatch"], "same matter alone moves nobody"
