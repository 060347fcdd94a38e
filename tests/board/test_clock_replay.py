"""What the columns say of a ticket's clocks follows from its journal alone."""

from datetime import timedelta

from fenzhen.board.tickets import replayed_clocks
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.handle import resume_assignment, sign_assignment, wait_for_caller
from fenzhen.desk.intake import supplement_ticket
from fenzhen.desk.review import send_back_reply
from fenzhen.desk.triage import ask_back
from fenzhen.hotline.journey import Clock
from fenzhen.records.handling import Assignment
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


def agree(cast: Cast, ticket: Ticket) -> None:
    ticket.refresh_from_db()
    clocks = replayed_clocks(cast.chen, ticket)
    triage = clocks.get((Clock.TRIAGE, str(ticket.pk)))
    if ticket.triage_due:
        assert triage is not None and triage.due == ticket.triage_due
        assert triage.paused == ticket.paused_at
    else:
        assert triage is None or triage.stopped is not None
    callback = clocks.get((Clock.CALLBACK, str(ticket.pk)))
    assert (callback.due if callback and callback.stopped is None else None) == ticket.callback_due
    for item in Assignment.objects.filter(ticket=ticket):
        sign = clocks[Clock.SIGN, f"a{item.pk}"]
        handling = clocks[Clock.HANDLING, f"a{item.pk}"]
        assert (sign.due, handling.due, handling.paused) == (item.sign_due, item.handle_due, item.paused_at)


def test_a_plain_way(cast: Cast) -> None:
    agree(cast, cast.waiting())
    agree(cast, cast.dispatched(phone="13900000002"))
    agree(cast, cast.to_call_back(phone="13900000003"))


def test_asking_back_moves_the_triage_clock_by_what_was_waited(cast: Cast) -> None:
    ticket = cast.waiting()
    due = ticket.triage_due
    ask_back(ticket, by=cast.wang, now=cast.now + timedelta(minutes=5), text="哪个小区?")
    agree(cast, ticket)
    supplement_ticket(ticket, by=cast.zhang, now=cast.now + timedelta(minutes=65), text="清荷苑。")
    agree(cast, ticket)
    assert due is not None and ticket.triage_due == due + timedelta(minutes=60)


def test_waiting_for_the_caller_and_a_reply_sent_back_move_the_unit_clock(cast: Cast) -> None:
    ticket = cast.signed()
    item = cast.lead(ticket)
    due = item.handle_due
    wait_for_caller(item, by=cast.huang, now=cast.now + timedelta(hours=1), text="诉求人出差,周五回来开门。")
    agree(cast, ticket)
    resume_assignment(item, by=cast.huang, now=cast.now + timedelta(hours=49))
    agree(cast, ticket)
    assert item.handle_due == due + timedelta(hours=48)
    assert ticket.own_deadline == item.handle_due

    other = cast.replied(phone="13900000005")
    lead = cast.lead(other)
    before = lead.handle_due
    send_back_reply(lead, by=cast.zhao, now=cast.now + timedelta(hours=8), reasons=["no_contact"])
    agree(cast, other)
    assert lead.handle_due == before + timedelta(hours=3)


def test_a_new_round_has_a_fresh_clock_and_the_citys_deadline_stays_with_the_first(cast: Cast) -> None:
    ticket = cast.to_call_back(
        city_received_at=cast.now - timedelta(hours=1), city_deadline=cast.now + timedelta(days=5)
    )
    first = Assignment.objects.get(ticket=ticket, part="lead")
    # 20 % of the city's five days and one hour stay with the district.
    assert first.handle_due == cast.now + timedelta(days=5) - timedelta(hours=121) * 0.2
    rehandle_ticket(
        ticket,
        by=cast.sun,
        now=cast.now + timedelta(hours=7),
        said=cast.said(solved="no", satisfied="no", words="没修"),
        level=1,
    )
    agree(cast, ticket)
    second = cast.lead(ticket)
    assert second.handle_due == cast.now + timedelta(hours=9)
    assert ticket.own_deadline == second.handle_due
    assert ticket.city_deadline == cast.now + timedelta(days=5)
    sign_assignment(second, by=cast.huang, now=cast.now + timedelta(hours=7, minutes=5))
    agree(cast, ticket)
