"""Returns, extensions, consultation: asked beside the way, decided by somebody else, replayable."""

from datetime import timedelta

import pytest

from fenzhen.board.tickets import replayed_clocks
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.request import (
    Asked,
    add_unit,
    ask_extension,
    ask_return,
    decide_extension,
    decide_return,
    redispatch_ticket,
    settle_consultation,
    urge_ticket,
)
from fenzhen.desk.review import approve_reply
from fenzhen.desk.step import Incomplete, NotOpen, NotYours
from fenzhen.hotline.journey import Clock
from fenzhen.records.handling import Assignment
from tests.cast import Cast


def why(**fields: object) -> Asked:
    base: dict[str, object] = {
        "reason": "not_our_duty",
        "text": "楼道设施属物业管理范围。",
        "basis": "权责清单第3条",
        "evidence": "物业合同照片",
    }
    return Asked(**(base | fields))  # type: ignore[arg-type]  # the fields of Asked


def test_asking_to_return_moves_nothing_and_the_clock_runs_on(cast: Cast) -> None:
    ticket = cast.dispatched()
    lead = cast.lead(ticket)
    ask_return(lead, by=cast.huang, now=cast.now + timedelta(minutes=30), asked=why())
    ticket.refresh_from_db()
    assert (ticket.state, lead.state) == ("dispatched", "pending_sign")
    assert replayed_clocks(cast.chen, ticket)[Clock.SIGN, f"a{lead.pk}"].is_running


def test_a_return_needs_a_reason_words_and_a_basis(cast: Cast) -> None:
    lead = cast.lead(cast.dispatched())
    with pytest.raises(Incomplete) as refusal:
        ask_return(lead, by=cast.huang, now=cast.now, asked=Asked())
    assert set(refusal.value.fields) == {"reason", "text", "basis"}


def test_a_return_after_the_districts_hours_is_too_late(cast: Cast) -> None:
    lead = cast.lead(cast.dispatched())
    with pytest.raises(Incomplete):
        ask_return(lead, by=cast.huang, now=cast.now + timedelta(hours=4, minutes=2), asked=why())


def test_nobody_asks_twice_while_the_first_is_open(cast: Cast) -> None:
    lead = cast.lead(cast.dispatched())
    ask_return(lead, by=cast.huang, now=cast.now + timedelta(minutes=5), asked=why())
    with pytest.raises(Incomplete):
        ask_return(lead, by=cast.huang, now=cast.now + timedelta(minutes=6), asked=why())


def test_an_approved_return_comes_back_to_the_desk_and_every_share_ends(cast: Cast) -> None:
    ticket = cast.dispatched()
    lead = cast.lead(ticket)
    asked = ask_return(lead, by=cast.huang, now=cast.now + timedelta(minutes=30), asked=why())
    decide_return(asked, by=cast.wang, now=cast.now + timedelta(minutes=40), approve=True, text="同意,转派。")
    ticket.refresh_from_db()
    lead.refresh_from_db()
    assert (ticket.state, ticket.returns, ticket.lead_unit) == ("pending_dispatch", 1, None)
    assert lead.state == "returned"
    assert Assignment.objects.get(ticket=ticket, part="assist").state == "ended"
    dispatch_ticket(ticket, by=cast.wang, now=cast.now + timedelta(minutes=41), lead=cast.housing)
    assert ticket.state == "dispatched"


def test_a_no_in_the_call_back_goes_to_the_unit_that_answered_not_to_the_one_that_returned(
    cast: Cast,
) -> None:
    ticket = cast.dispatched()
    asked = ask_return(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=30), asked=why())
    decide_return(asked, by=cast.wang, now=cast.now + timedelta(minutes=40), approve=True, text="同意")
    dispatch_ticket(ticket, by=cast.wang, now=cast.now + timedelta(minutes=41), lead=cast.housing)
    lead = Assignment.objects.get(ticket=ticket, unit=cast.housing, part="lead")
    sign_assignment(lead, by=cast.jian, now=cast.now + timedelta(hours=1))
    submit_reply(lead, by=cast.jian, now=cast.now + timedelta(hours=2), answered=cast.answered())
    approve_reply(lead, by=cast.zhao, now=cast.now + timedelta(hours=3))
    ticket.refresh_from_db()
    no = cast.said(solved="no", satisfied="no", words="没修好")
    rehandle_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=4), said=no)
    assert Assignment.objects.get(ticket=ticket, round=2).unit == cast.housing


def test_a_refused_return_leaves_the_unit_in_charge(cast: Cast) -> None:
    ticket = cast.dispatched()
    asked = ask_return(cast.lead(ticket), by=cast.huang, now=cast.now, asked=why())
    with pytest.raises(Incomplete):
        decide_return(asked, by=cast.wang, now=cast.now, approve=False, text=" ")
    decide_return(asked, by=cast.wang, now=cast.now, approve=False, text="属地负责,请先办理。")
    sign_assignment(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=50))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.returns) == ("handling", 0)


def test_the_second_return_is_the_chiefs_and_goes_to_consultation_whose_unit_may_not_return(
    cast: Cast,
) -> None:
    ticket = cast.dispatched()
    first = ask_return(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=5), asked=why())
    decide_return(first, by=cast.wang, now=cast.now + timedelta(minutes=6), approve=True, text="转住建。")
    ticket.refresh_from_db()
    now = cast.now + timedelta(minutes=10)
    dispatch_ticket(ticket, by=cast.wang, now=now, lead=cast.housing)
    second = ask_return(cast.lead(ticket), by=cast.jian, now=now + timedelta(minutes=5), asked=why())
    with pytest.raises(NotYours):
        decide_return(second, by=cast.wang, now=now + timedelta(minutes=6), approve=True, text="再转。")
    decide_return(second, by=cast.chen, now=now + timedelta(minutes=7), approve=True, text="会商。")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.returns) == ("in_consultation", 2)
    assert ticket.consult_due == now + timedelta(hours=4, minutes=7)
    settle_consultation(
        ticket,
        by=cast.chen,
        now=now + timedelta(hours=1),
        lead=cast.liuhe,
        text="属地牵头,住建指导。",
        assist=[cast.housing],
    )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.designated, ticket.consult_due) == ("dispatched", True, None)
    with pytest.raises(NotOpen):
        ask_return(cast.lead(ticket), by=cast.huang, now=now + timedelta(hours=1, minutes=5), asked=why())


def test_an_extension_moves_the_end_and_the_journal_can_replay_it(cast: Cast) -> None:
    ticket = cast.signed()
    lead = cast.lead(ticket)
    until = lead.handle_due + timedelta(days=3)
    asked = ask_extension(
        lead, by=cast.huang, now=cast.now + timedelta(days=1), asked=why(reason="construction", until=until)
    )
    assert Assignment.objects.get(pk=lead.pk).handle_due == lead.handle_due
    decide_extension(
        asked, by=cast.wang, now=cast.now + timedelta(days=1, hours=1), approve=True, text="同意。"
    )
    ticket.refresh_from_db()
    lead.refresh_from_db()
    assert lead.handle_due == ticket.own_deadline == until
    assert lead.state == "signed"
    assert replayed_clocks(cast.chen, ticket)[Clock.HANDLING, f"a{lead.pk}"].due == until
    with pytest.raises(Incomplete):  # once only
        ask_extension(
            lead,
            by=cast.huang,
            now=cast.now + timedelta(days=2),
            asked=why(reason="season", until=until + timedelta(days=1)),
        )


def test_an_extension_is_asked_before_the_end_for_no_longer_than_the_first_limit(cast: Cast) -> None:
    lead = cast.lead(cast.signed())
    for now, until in (
        (lead.handle_due + timedelta(minutes=1), lead.handle_due + timedelta(days=1)),
        (cast.now + timedelta(days=1), lead.handle_due),
        (cast.now + timedelta(days=1), lead.handle_due + timedelta(days=8)),
    ):
        with pytest.raises(Incomplete):
            ask_extension(lead, by=cast.huang, now=now, asked=why(reason="construction", until=until))


def test_no_extension_goes_beyond_the_citys_deadline(cast: Cast) -> None:
    ticket = cast.signed(city_received_at=cast.now, city_deadline=cast.now + timedelta(days=5))
    lead = cast.lead(ticket)
    asked = ask_extension(
        lead,
        by=cast.huang,
        now=cast.now + timedelta(days=1),
        asked=why(reason="construction", until=cast.now + timedelta(days=6)),
    )
    with pytest.raises(Incomplete):
        decide_extension(asked, by=cast.wang, now=cast.now + timedelta(days=1), approve=True, text="同意。")


def test_another_unit_and_one_more(cast: Cast) -> None:
    ticket = cast.signed()
    add_unit(
        ticket, by=cast.wang, now=cast.now + timedelta(hours=1), unit=cast.police, word="请到场维持秩序。"
    )
    with pytest.raises(Incomplete):
        add_unit(ticket, by=cast.wang, now=cast.now + timedelta(hours=1), unit=cast.police)
    redispatch_ticket(
        ticket, by=cast.wang, now=cast.now + timedelta(hours=2), lead=cast.songshan, word="实际在松山镇界内。"
    )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead_unit) == ("dispatched", cast.songshan)
    assert set(
        Assignment.objects.filter(ticket=ticket).exclude(unit=cast.songshan).values_list("state", flat=True)
    ) == {"ended"}
    with pytest.raises(NotYours):
        redispatch_ticket(
            ticket,
            by=cast.wang,
            now=cast.now + timedelta(hours=3),
            lead=cast.liuhe,
            word="指定。",
            designate=True,
        )


def test_an_urge_is_counted_and_moves_nothing(cast: Cast) -> None:
    ticket = cast.signed()
    urge_ticket(
        ticket, by=cast.zhang, now=cast.now + timedelta(hours=3), reason="caller", text="又打来问什么时候修。"
    )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.urges) == ("handling", 1)
