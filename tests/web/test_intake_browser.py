"""Intake in a real browser: by keys, through a crash and a lost line."""

from typing import Any

import pytest

from fenzhen.records.drafts import Draft
from fenzhen.records.tickets import Ticket
from tests import cast as people
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def everybody(transactional_db: None) -> Cast:
    return people.build()


def test_a_call_is_taken_by_keys_alone(everybody: Cast, browser_page: Any, sign_in: Any, shot: Any) -> None:
    page = browser_page
    sign_in(page, everybody.zhang)
    page.goto("/intake")
    page.keyboard.type("13900000001")
    page.keyboard.press("Tab")
    page.keyboard.type("冯小满")
    page.focus("[name=body]")
    page.keyboard.type("三号楼楼道灯坏了。身份证110101199003070011")
    page.focus("[name=place_text]")
    page.keyboard.type("qhy")
    page.wait_for_selector("#place-list li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value("[name=place_text]") == "清荷苑"
    page.wait_for_selector(".thought")
    shot(page, "intake")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".saved-number")
    ticket = Ticket.objects.get()
    assert page.inner_text(".saved-number").replace("\n", "").replace(" ", "") == ticket.number
    assert (ticket.state, ticket.place and ticket.place.code) == ("pending_dispatch", "E1")
    assert ticket.body.endswith("〔证件号1〕")
    assert page.input_value("[name=body]") == ""
    assert not Draft.objects.exists()
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes('unsent')).length") == 0


def test_f8_sends_an_emergency_on_while_one_is_typing(
    everybody: Cast, browser_page: Any, sign_in: Any
) -> None:
    page = browser_page
    sign_in(page, everybody.zhang)
    page.goto("/intake")
    page.focus("[name=body]")
    page.keyboard.type("楼道着火了,快来人!")
    page.wait_for_selector("[data-emergency]")
    page.keyboard.press("F8")
    page.wait_for_selector(".saved-number")
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.reason_code) == ("redirected", "emergency_line")


def test_what_was_typed_survives_a_crash_of_the_page(
    everybody: Cast, browser_page: Any, sign_in: Any
) -> None:
    page = browser_page
    sign_in(page, everybody.zhang)
    page.goto("/intake")
    address = page.url
    page.fill("[name=phone]", "13900000001")
    page.focus("[name=body]")
    page.keyboard.type("电梯坏了半个月")
    page.wait_for_selector("[data-draft-state]:not(:empty)")
    second = page.context.new_page()
    page.close(run_before_unload=False)
    second.goto(address)
    assert second.input_value("[name=body]") == "电梯坏了半个月"
    assert second.input_value("[name=phone]") == "13900000001"
    assert not Ticket.objects.exists()


def test_what_is_saved_while_the_line_is_down_is_sent_when_it_is_back_and_only_once(
    everybody: Cast, browser_page: Any, sign_in: Any, shot: Any
) -> None:
    page = browser_page
    sign_in(page, everybody.zhang)
    page.goto("/intake")
    page.focus("[name=body]")
    page.keyboard.type("楼道灯坏了")
    page.context.set_offline(True)
    page.keyboard.type(",三天了")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast-line")
    shot(page, "intake-offline")
    assert page.input_value("[name=body]") == "楼道灯坏了,三天了"
    assert not Ticket.objects.exists()
    page.context.set_offline(False)
    page.wait_for_selector(".saved-number")
    assert Ticket.objects.get().body == "楼道灯坏了,三天了"


@pytest.mark.parametrize("width", [390, 720, 1440])
def test_nothing_hangs_over_the_edge(
    everybody: Cast, new_page: Any, sign_in: Any, shot: Any, width: int
) -> None:
    ticket = everybody.waiting()
    page = new_page(width, 844)
    sign_in(page, everybody.zhang)
    for address in ("/intake", "/search", "/intake/asked-back"):
        page.goto(address)
        if address == "/intake":
            page.fill("[name=phone]", "13900000001")
            page.wait_for_selector(f"text={ticket.number}")
        shot(page, f"{address.strip('/').replace('/', '-')}-{width}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), address
