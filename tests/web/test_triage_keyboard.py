"""A dispatcher at the desk with the keyboard alone, in a real browser."""

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.triage import hold_ticket, record_advice, release_ticket
from fenzhen.hotline.roles import Role
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast, build

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: A ticket that has just come is not dispatched by the key that was meant for the one before.
GUARD = 400


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The cast, in a database that the browser's server sees too."""
    return build()


def waiting(cast: Cast, count: int, *, advised: bool = True) -> list[Ticket]:
    """So many tickets of today in the queue, in its order."""
    system = User.objects.create(username="system", name="系统", role=Role.SYSTEM)
    start = timezone.now() - timedelta(minutes=count)
    tickets = []
    for n in range(count):
        ticket = cast.waiting(
            now=start + timedelta(seconds=10 * n), title=f"{n + 1}号楼楼道灯坏了没人修", phone=""
        )
        if advised:
            units = [
                {
                    "unit": "T1",
                    "probability": 0.8,
                    "category": "010101",
                    "rule": "D1",
                    "assist": ["ZJW"],
                    "level": 3,
                },
                {
                    "unit": "ZJW",
                    "probability": 0.15,
                    "category": "010101",
                    "rule": "D3",
                    "assist": [],
                    "level": 3,
                },
            ]
            advice = {"adviser": "test", "units": units, "words": [], "level": 3}
            record_advice(ticket, by=system, now=timezone.now(), advice=advice)
        tickets.append(ticket)
    return tickets


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def taken(self) -> int:
        count, self.count = self.count, 0
        return count


def see(page: "Page", ticket: Ticket) -> None:
    """Wait until *ticket* lies open, and as long as a person takes to look at it at the very least."""
    page.wait_for_selector(f"#open[data-ticket='{ticket.pk}'] #dispatch")
    page.wait_for_timeout(GUARD)


def test_a_dispatcher_handles_20_waiting_tickets_by_keyboard_alone(
    cast: Cast, browser_page: "Page", sign_in: Any, shot: Any
) -> None:
    tickets = waiting(cast, 20)
    page, keys = browser_page, Keys(browser_page)
    sign_in(page, cast.wang)
    keys.press("g", "t")  # the desk itself is opened by keys, too
    page.wait_for_url("**/triage")
    keys.taken()
    per_dispatch: list[int] = []
    for at, ticket in enumerate(tickets):
        see(page, ticket)
        if at == 0:
            shot(page, "triage_keyboard")
        if at == 7:  # the second advice
            keys.press("2", "Enter")
        elif at == 11:  # another unit, by two letters
            keys.press("u", "s", "s", "Enter")
            page.wait_for_selector("#dispatch [data-chosen]:text-is('松山镇')")
            keys.press("Enter")
        elif at == 15:  # more urgent than advised; a new level draws the ticket again
            keys.press("l", "2")
            page.wait_for_selector(f"#open[data-ticket='{ticket.pk}'] .triage-ticket .level-2")
            see(page, ticket)
            keys.press("Enter")
        else:
            keys.press("Enter")
        page.wait_for_selector(f"#row-{ticket.pk}", state="detached")
        per_dispatch.append(keys.taken())
    page.wait_for_selector(".triage-nothing")
    print(
        f"keystrokes per dispatch: median {median(per_dispatch)}, most {max(per_dispatch)}, all {sum(per_dispatch)}"
    )
    assert median(per_dispatch) <= 3
    assert set(Ticket.objects.values_list("state", flat=True)) == {"dispatched"}
    leads = {a.ticket_id: a.unit.code for a in Assignment.objects.filter(part="lead").select_related("unit")}
    assert leads[tickets[7].pk] == "ZJW"
    assert leads[tickets[11].pk] == "T2"
    assert leads[tickets[0].pk] == "T1"
    assert Ticket.objects.get(pk=tickets[15].pk).level == 2


def test_undo_moving_asking_back_and_the_sheet_of_keys(
    cast: Cast, browser_page: "Page", sign_in: Any
) -> None:
    one, two, three = waiting(cast, 3)
    page, keys = browser_page, Keys(browser_page)
    sign_in(page, cast.wang)
    page.goto("/triage")
    see(page, one)
    keys.press("?")
    page.wait_for_selector("#keys-sheet[open]")
    sheet = page.inner_text("#keys-sheet")
    for words in ("下一张", "派单", "另选单位", "改等级", "退回补充"):
        assert words in sheet
    keys.press("Escape", "j")
    see(page, two)
    assert page.get_attribute(f"#row-{two.pk} a", "aria-current") == "true"
    keys.press("k")
    see(page, one)
    keys.press("Enter")
    see(page, two)
    assert Ticket.objects.get(pk=one.pk).state == "dispatched"
    keys.press("z")
    see(page, one)
    page.wait_for_selector(f"#row-{one.pk}")  # it is in the queue again
    assert Ticket.objects.get(pk=one.pk).state == "pending_dispatch"
    keys.press("n")
    page.wait_for_selector("#dialog-ask[open]")
    page.keyboard.type("请补充楼号")
    keys.press("Control+Enter")
    see(page, two)
    assert Ticket.objects.get(pk=one.pk).state == "need_info"


def test_a_double_press_dispatches_one_ticket_not_two(cast: Cast, browser_page: "Page", sign_in: Any) -> None:
    one, two = waiting(cast, 2)
    page = browser_page
    sign_in(page, cast.wang)
    page.goto("/triage")
    see(page, one)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#open[data-ticket='{two.pk}'] #dispatch")
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    assert Ticket.objects.get(pk=one.pk).state == "dispatched"
    assert Ticket.objects.get(pk=two.pk).state == "pending_dispatch"


def test_the_queue_and_the_advice_come_by_themselves_and_typing_is_not_disturbed(
    cast: Cast, browser_page: "Page", sign_in: Any
) -> None:
    (one,) = waiting(cast, 1, advised=False)
    page = browser_page
    sign_in(page, cast.wang)
    page.goto("/triage")
    see(page, one)
    page.keyboard.press("u")
    page.keyboard.type("so")
    advice = {"adviser": "test", "units": [{"unit": "T1", "probability": 0.8, "rule": "D1"}], "level": 3}
    record_advice(one, by=User.objects.get(username="system"), now=timezone.now(), advice=advice)
    other = cast.waiting(now=timezone.now(), title="刚来的一张", phone="")
    page.wait_for_selector(f"#row-{other.pk}")  # the queue is new…
    assert page.input_value("#unit-words") == "so"  # …and nothing that was typed is lost
    assert page.evaluate("document.activeElement.id") == "unit-words"
    page.keyboard.press("Escape")
    page.fill("#unit-words", "")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_selector("#dispatch input[name=rank][value='1']")  # now the advice is drawn


def test_two_dispatchers_at_one_ticket(cast: Cast, new_page: Any, sign_in: Any) -> None:
    one, two = waiting(cast, 2)
    now = timezone.now()
    hold_ticket(one, by=cast.li, now=now)
    page = new_page()
    sign_in(page, cast.wang)
    page.goto(f"/triage/{one.pk}")
    page.wait_for_selector("#open[data-held]")
    assert "李派单" in page.inner_text("#desk")
    release_ticket(one, by=cast.li, now=now)
    page.wait_for_selector("#open:not([data-held]) #dispatch")  # the beat saw it
    # Li is faster all the same: he acts in the very moment in which Wang presses the key.
    Ticket.objects.filter(pk=one.pk).update(held_by=None, held_until=None)
    one.refresh_from_db()
    page.wait_for_timeout(GUARD)
    dispatch_ticket(one, by=cast.li, now=timezone.now(), lead=cast.housing)
    page.keyboard.press("Enter")
    page.wait_for_selector(".triage-moved")
    told = page.inner_text("#desk")
    assert "李派单" in told and "区住建委" in told
    page.wait_for_timeout(GUARD)
    page.keyboard.press("Enter")
    see(page, two)
