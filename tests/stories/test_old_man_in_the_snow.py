"""The old man under the bridge: a call-back that listens (STORY 4).

The seventh day of the lunar new year 2020, snow, five degrees below zero. A vegetable seller, over sixty, back
from Shandong, is not let into his village. The town "explained"; the call-back finds him under a bridge.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from fenzhen.board.callbacks import callback_for, callbacks_due
from fenzhen.board.handle import unit_desk
from fenzhen.board.rates import three_rates
from fenzhen.board.tickets import replayed_clocks, story_of
from fenzhen.desk.callback import close_ticket, rehandle_ticket
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.intake import join_call, receive_ticket, submit_ticket
from fenzhen.desk.review import approve_reply
from fenzhen.desk.step import entry_hash
from fenzhen.desk.story import add_note, reveal_caller
from fenzhen.hotline.callback import urgency_of
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.journey import Clock
from fenzhen.jobs.worker import work_forever
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.tickets import Ticket
from tests.cast import BEIJING, Cast
from tests.patience import allowed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

M, H = timedelta(minutes=1), timedelta(hours=1)
DAY = datetime(2020, 1, 31, tzinfo=BEIJING)
PHONE = "13911112222"
CALL = "我从山东老家回来,卖菜的,村口拦着不让我进,说我租的那间房不合要求。"
EXPLAINED = "已电话向您说明村里的防疫要求,并请村委会做好解释工作,感谢理解。"
SAID = "没人管我。我在五环路桥底下站了一天了,下着雪,冻得受不了,六十多了也没口热的。"
BRIDGE = "五环路南桥桥下"
SHELTERED = "十六点五十分派车在桥下接到您,已住进镇里的临时安置点,安排了热饭和被褥。"
THANKS = "是我,桥底下那个卖菜的。车来接我了,现在有地方住,饭也吃上了,谢谢你们。"


@pytest.fixture
def at_work(cast: Cast) -> Iterator[None]:
    """The real worker, beside the test."""
    stop = Event()

    def work() -> None:
        try:
            work_forever(stop, interval=0.1)
        finally:
            connections.close_all()

    thread = Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive()


def explained_away(cast: Cast, at: datetime) -> Ticket:
    """Up to the call-back: taken in at *at*, sent to the town as an ordinary matter, answered with words."""
    heard = cast.heard(
        title="从外地回来,村里不让进",
        body=CALL,
        name="赵大贵",
        phone=PHONE,
        place=cast.town,
        place_text="柳河镇后营村出租房",
        category=cast.stranded,
    )
    ticket = receive_ticket(heard, by=cast.zhang, now=at)
    submit_ticket(ticket, by=cast.zhang, now=at + M)
    dispatch_ticket(ticket, by=cast.wang, now=at + 3 * M, lead=cast.liuhe, basis="D2")
    sign_assignment(cast.lead(ticket), by=cast.huang, now=at + 20 * M)
    answered = cast.answered(public_text=EXPLAINED, internal_text="村委会已电话解释。")
    submit_reply(cast.lead(ticket), by=cast.huang, now=at + 2 * H, answered=answered)
    approve_reply(cast.lead(ticket), by=cast.zhao, now=at + 3 * H)
    ticket.refresh_from_db()
    return ticket


def wait_for(found: Callable[[], bool], seconds: float) -> float:
    """How long it took until *found*, or more than *seconds*."""
    began = monotonic()
    while not found():
        took = monotonic() - began
        if took > seconds:
            return took
        sleep(0.05)
    return monotonic() - began


def chief_told(cast: Cast, ticket: Ticket) -> bool:
    return Notice.objects.filter(person=cast.chen, ticket=ticket, kind="rehandled", is_urgent=True).exists()


def test_the_call_back_finds_him_under_the_bridge(cast: Cast, at_work: None) -> None:
    with time_machine.travel(DAY + 8.5 * H, tick=True):
        ticket = explained_away(cast, DAY + 8.5 * H)
        assert ticket.level == 3  # his words in the morning spoke of no danger

    calling = DAY + 15.5 * H
    with time_machine.travel(calling, tick=True):
        callback = CallBack.objects.get(ticket=ticket)
        desk = callbacks_due(cast.sun, calling)
        assert [row.callback.pk for row in desk.due] == [callback.pk]
        seen = callback_for(cast.sun, callback.pk, calling)
        assert seen.claim is not None and seen.claim.solved_claim == "yes"
        reveal_caller(ticket, by=cast.sun, now=calling, why="回访拨号")

        # He is asked four questions, and somebody listens.
        said = cast.said(
            contacted=True,
            solved="no",
            satisfied="no",
            is_true=False,
            reason_code="nothing_done",
            words=SAID,
            emotion="despair",
            vulnerable=["elder", "stranded"],
            place_now=BRIDGE,
        )
        urgency = urgency_of(
            ticket.level, words=said.words, place_now=said.place_now, vulnerable=said.vulnerable
        )
        assert urgency.level == 1 and urgency.is_cold
        rehandle_ticket(
            ticket, by=cast.sun, now=calling, said=said, level=urgency.level, word="先派车接人,安置好再回话。"
        )
        took = wait_for(lambda: chief_told(cast, ticket), 60)
        assert took < allowed(5), f"the chief waited {took:.1f} s"

        ticket.refresh_from_db()
        assert (ticket.state, ticket.round, ticket.level) == ("rehandling", 2, 1)
        assert (ticket.place_text, ticket.place_now) == ("柳河镇后营村出租房", BRIDGE)
        assert wait_for(lambda: Notice.objects.filter(person=cast.huang, kind="rehandled").exists(), 5) < 5
        callback.refresh_from_db()
        assert callback.contradiction and callback.outcome == "rehandled"

        # The chief calls him herself.
        add_note(
            ticket, by=cast.chen, now=calling + 4 * M, text="已给他打电话,让他先到桥边加油站里暖和着等车。"
        )

        item = cast.lead(ticket)
        assert (item.sign_due, item.handle_due) == (calling + 15 * M, calling + 2 * H)
        [share] = unit_desk(cast.huang, calling + 5 * M).came_back.shares
        assert (share.item.pk, share.came_back, share.item.word) == (
            item.pk,
            "callback",
            "先派车接人,安置好再回话。",
        )
        sign_assignment(item, by=cast.huang, now=calling + 6 * M)

    sheltered = calling + 100 * M
    with time_machine.travel(sheltered, tick=True):
        answered = cast.answered(
            contact_how="上门", public_text=SHELTERED, internal_text="镇应急车接到人,临时安置点登记入住。"
        )
        submit_reply(item, by=cast.huang, now=sheltered, answered=answered)
        item.refresh_from_db()
        assert item.submitted_at == sheltered < item.handle_due
        assert colour(item.given_at, item.handle_due, sheltered) is Colour.YELLOW
        ticket.refresh_from_db()
        reading = replayed_clocks(cast.chen, ticket)[Clock.HANDLING, f"a{item.pk}"]
        assert (reading.started, reading.due, reading.stopped) == (calling, calling + 2 * H, sheltered)
        approve_reply(item, by=cast.zhao, now=sheltered + 5 * M)
        ticket.refresh_from_db()
        assert ticket.callback_due == sheltered + 65 * M  # level 1 is called back within the hour
        close_ticket(
            ticket,
            by=cast.sun,
            now=sheltered + 20 * M,
            said=cast.said(satisfied="very", words="有地方住了,吃上饭了。", is_true=True),
        )

    # He phones later, by himself.
    evening = DAY + 20 * H
    with time_machine.travel(evening, tick=True):
        join_call(ticket, by=cast.zhang, now=evening, text=THANKS, kind="thanks", phone=PHONE)
        ticket.refresh_from_db()
        assert Ticket.objects.count() == 1 and ticket.state == "closed"
        last = story_of(cast.chen, ticket)[-1]
        assert last.entry.act == "join_call" and [note.text for note in last.notes] == [THANKS]

        # The first answer stays.
        assert (ticket.first_solved, ticket.first_satisfied) == ("no", "no")
        assert (ticket.final_solved, ticket.final_satisfied) == ("yes", "very")
        rates = three_rates(cast.leader, DAY, DAY + 24 * H, evening)
        assert (rates.rounds.reached, rates.rounds.solved, rates.resolution) == (2, 1, 0.5)
        assert (rates.first.reached, rates.first.resolution()) == (1, 0.0)
        assert (rates.final.reached, rates.final.resolution()) == (1, 1.0)

    entries = list(Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n"))
    assert [entry.act for entry in entries] == [
        *("receive", "submit", "dispatch", "sign", "reply", "approve"),
        *("reveal", "rehandle", "note", "sign", "reply", "approve", "close", "join_call"),
    ] or [e.act for e in entries if e.act != "advise"][-8:] == [
        *("reveal", "rehandle", "note", "sign", "reply", "approve", "close", "join_call")
    ]
    assert all(entry.hash == entry_hash(entry) for entry in entries)
    facts = "".join(str(entry.facts) for entry in entries)
    assert all(word not in facts for word in (PHONE, "赵大贵", "桥", "卖菜"))


@pytest.mark.browser
def test_the_same_through_the_pages(
    cast: Cast,
    at_work: None,
    new_page: "Callable[..., Page]",
    sign_in: "Callable[[Page, object], None]",
    shot: "Callable[[Page, str], None]",
) -> None:
    ticket = explained_away(cast, timezone.now() - 6 * H)

    chief = new_page()
    sign_in(chief, cast.chen)
    sun = new_page()
    sign_in(sun, cast.sun)
    phone = new_page(390, 844, has_touch=True, is_mobile=True)
    sign_in(phone, cast.huang)

    # The call-back agent reads, listens, and presses digits.
    sun.goto("/callback")
    sun.keyboard.press("j")
    sun.wait_for_url("**/callback/*")
    assert PHONE not in sun.content()
    sun.keyboard.press("p")
    sun.wait_for_selector(f"text={PHONE}")
    assert "后营村" not in sun.inner_text(".script") and "赵" not in sun.inner_text(".script")
    for key in "1352":  # contacted, not solved, not content, not as they say
        sun.keyboard.press(key)
    sun.keyboard.press("2")  # contacted, nothing done
    sun.keyboard.press("5")  # despair
    sun.fill("#words", SAID)
    sun.fill("#place-now", BRIDGE)
    sun.check("input[name=vulnerable][value=stranded]")
    sun.check("input[name=vulnerable][value=elder]")
    sun.wait_for_selector("#urgency[data-level='1'][data-raised]")
    assert sun.is_checked("input[name=level][value='1']")
    assert sun.is_visible(".contradiction")
    assert sun.is_disabled("button[value=close]")
    shot(sun, "snow-1-callback")

    # A crash: everything typed is there again.
    sun.wait_for_selector("#call [data-draft-state]:not(:empty)")
    sun.reload()
    sun.wait_for_selector("input[name=satisfied][value=no]:checked")
    assert sun.input_value("#words") == SAID and sun.input_value("#place-now") == BRIDGE
    sun.wait_for_selector("input[name=level][value='1']:checked")

    sun.locator("#words").blur()
    before = monotonic()
    sun.keyboard.press("r")
    chief.wait_for_selector(".strip-urgent")
    took = monotonic() - before
    assert took < allowed(5), f"the chief waited {took:.1f} s"
    assert ticket.number in chief.inner_text("#urgent")
    shot(chief, "snow-2-chief")
    sun.wait_for_url("**/callback")

    # The town, on a telephone.
    phone.goto("/unit")
    assert "第 2 次办" in phone.inner_text("#group-came_back")
    phone.click(f"text={ticket.title}")
    phone.wait_for_url("**/unit/*")
    assert BRIDGE in phone.inner_text(".place-now")
    assert SAID in phone.inner_text(".came-back")
    assert PHONE not in phone.content()
    shot(phone, "snow-3-unit-phone")
    phone.click("text=签收 >> visible=true >> nth=-1")
    phone.wait_for_selector(".reply-form")
    item = Assignment.objects.get(ticket=ticket, round=2)
    assert (item.state, item.level) == ("signed", 1)
    assert item.handle_due - item.given_at == 2 * H

    with time_machine.travel(item.given_at + 100 * M, tick=True):
        phone.reload()
        phone.check("input[name=contacted][value=yes]")
        phone.click("[data-how=上门]")
        phone.fill("#internal", "镇应急车接到人，临时安置点登记入住，发了盒饭和被褥。")
        phone.fill("#public", SHELTERED)
        phone.check("input[name=solved_claim][value=yes]")
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        small = phone.evaluate(
            "[...document.querySelectorAll('.unit-share .btn:not(.btn-sm), .reply-form .choice span, .reply-form .form-control')]"
            ".filter(n => n.getClientRects().length && n.getBoundingClientRect().height < 44).map(n => n.outerHTML)"
        )
        assert small == []
        shot(phone, "snow-4-unit-reply")
        phone.click(".reply-form .btn-primary")
        phone.wait_for_url("**/unit")
        item.refresh_from_db()
        assert item.submitted_at is not None and item.submitted_at < item.handle_due
        assert Reply.objects.filter(assignment=item, contact_how="上门").exists()

        zhao = new_page()
        sign_in(zhao, cast.zhao)
        zhao.goto("/review")
        assert CALL in zhao.inner_text(".side-by-side") and SHELTERED in zhao.inner_text(".side-by-side")
        assert EXPLAINED in zhao.inner_text(".side-by-side")  # the earlier round stands beside it
        shot(zhao, "snow-5-review")
        zhao.keyboard.press("a")
        zhao.wait_for_selector("text=没有等待审核的反馈")

        sun.goto("/callback")
        sun.keyboard.press("j")
        sun.wait_for_url("**/callback/*")
        for key in "1111":
            sun.keyboard.press(key)
        sun.keyboard.press("1")  # calm
        shot(sun, "snow-6-solved")
        sun.keyboard.press("c")
        sun.wait_for_url("**/callback")
        ticket.refresh_from_db()
        assert ticket.state == "closed"

        # His own call, taken by an agent who sees who it is.
        zhang = new_page()
        sign_in(zhang, cast.zhang)
        zhang.goto("/intake")
        zhang.fill("#in-phone", PHONE)
        zhang.wait_for_selector(f"#caller >> text={ticket.number}")
        zhang.fill("#in-body", THANKS)
        zhang.check("input[name=join_kind][value=thanks]")
        shot(zhang, "snow-7-thanks")
        zhang.click(f"#caller button[name=join][value='{ticket.pk}']")
        zhang.wait_for_selector("text=来电已并入这张工单")

    assert Ticket.objects.count() == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_solved, ticket.final_solved) == ("closed", "no", "yes")
    assert story_of(cast.chen, ticket)[-1].notes[0].kind == "thanks"
    now = timezone.now()
    rates = three_rates(cast.chen, now - 24 * H, now + 24 * H, now)
    assert (rates.rounds.reached, rates.rounds.solved, rates.first.solved) == (2, 1, 0)
