"""What surrounds every page, in a real browser: notices, shortcuts, light and dark, a session that ends."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from fenzhen.office.notices import tell
from fenzhen.records.notices import Notice
from tests.cast import Cast, build
from tests.patience import allowed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The cast, in a database that the browser's server sees too."""
    return build()


def urgent(cast: Cast, person: Any) -> Notice:
    ticket = cast.signed()
    facts = {"level": 1}
    return tell(
        person, "rehandled", once=f"r{ticket.pk}", now=timezone.now(), ticket=ticket, urgent=True, facts=facts
    )


def test_an_urgent_notice_comes_within_five_seconds_and_goes_when_read(
    cast: Cast, browser_page: "Page", sign_in: Any, shot: Any
) -> None:
    page = browser_page
    sign_in(page, cast.chen)
    page.wait_for_load_state("networkidle")
    assert page.locator("#urgent .strip").count() == 0
    notice = urgent(cast, cast.chen)
    strip = page.wait_for_selector("#urgent .strip-urgent", timeout=1000 * allowed(5))
    assert "一级" in strip.inner_text() and notice.ticket.number in strip.inner_text()
    assert page.locator("#bell .bell-count").inner_text() == "1"
    shot(page, "frame_urgent")
    page.keyboard.press("Tab")  # to the skip link, so that the page has the focus
    page.focus("#urgent button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#urgent .strip-urgent", state="detached")
    assert Notice.objects.get(pk=notice.pk).seen_at is not None


def test_shortcuts_are_on_their_sheet_and_rest_while_one_types(
    cast: Cast, browser_page: "Page", sign_in: Any, shot: Any
) -> None:
    page = browser_page
    sign_in(page, cast.wang)
    page.keyboard.press("?")
    sheet = page.wait_for_selector("#keys-sheet[open]")
    assert "派单台" in sheet.inner_text() and "查工单" in sheet.inner_text()
    shot(page, "frame_keys")
    page.keyboard.press("Escape")
    page.wait_for_selector("#keys-sheet:not([open])", state="attached")
    page.keyboard.press("/")
    page.keyboard.type("g t ? 1")
    assert page.input_value("#top-words") == "g t ? 1"
    assert page.url.endswith("/") and not page.locator("#keys-sheet[open]").count()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.wait_for_url("**/?show=late")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/")


def test_a_session_that_ends_loses_nothing(cast: Cast, browser_page: "Page", sign_in: Any) -> None:
    from playwright.sync_api import expect  # not there where no browser test runs

    page = browser_page
    sign_in(page, cast.zhang)
    page.goto("/intake")
    page.wait_for_selector("form[data-draft]")
    address = page.url
    page.context.clear_cookies(name="sessionid")
    page.fill("form[data-draft] [name=body]", "楼道灯坏了，老人看不见")
    page.wait_for_selector("#signed-out:not([hidden])")
    page.click("#signed-out a")
    page.fill("input[name=username]", cast.zhang.username)
    page.fill("input[name=password]", "test-only-password")
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    field = page.locator("form[data-draft] [name=body]")
    expect(field).to_have_value(re.compile("老人看不见"), timeout=30_000)
    assert field.input_value() == "楼道灯坏了，老人看不见"


def test_a_form_sent_while_the_line_is_down_goes_out_by_itself_once(
    cast: Cast, browser_page: "Page", sign_in: Any
) -> None:
    page = browser_page
    urgent_one = urgent(cast, cast.chen)
    plain = tell(cast.chen, "imported", once="i", now=timezone.now())
    sign_in(page, cast.chen)
    page.evaluate(
        """() => {
            const form = document.createElement("form");
            form.id = "held";
            form.setAttribute("hx-post", "/notices/seen");
            form.setAttribute("hx-swap", "none");
            form.innerHTML = '<input type="hidden" name="once" value="held-1"><button>go</button>';
            document.querySelector("#main").append(form);
            htmx.process(form);
        }"""
    )
    page.context.set_offline(True)
    page.click("#held button")
    page.wait_for_selector("#offline:not([hidden])")
    assert Notice.objects.get(pk=plain.pk).seen_at is None
    page.context.set_offline(False)
    page.wait_for_url("**/notices")
    assert Notice.objects.get(pk=plain.pk).seen_at is not None
    assert Notice.objects.get(pk=urgent_one.pk).seen_at is None


def test_light_and_dark_follow_the_machine_until_one_chooses(
    cast: Cast, new_page: "Callable[..., Page]", sign_in: Any, shot: Any
) -> None:
    page = new_page(color_scheme="dark")
    sign_in(page, cast.wang)
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "dark"
    shot(page, "frame_dark")
    page.click("[data-act=theme]")
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light"


@pytest.mark.parametrize("width", [320, 390, 683, 1440])
def test_nothing_hangs_over_the_edge(
    cast: Cast, new_page: "Callable[..., Page]", sign_in: Any, shot: Any, width: int
) -> None:
    """683 is a 1366 screen at 200 %."""
    for _ in range(3):
        cast.waiting(title="一个很长的标题" * 20)
    urgent(cast, cast.chen)
    page = new_page(width, 800)
    sign_in(page, cast.chen)
    for address in ["/", "/notices", "/no-such-page", "/journey"]:
        page.goto(address)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        shot(page, f"frame{address.replace('/', '_')}_{width}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(
    cast: Cast, new_page: "Callable[..., Page]", sign_in: Any, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    cast.replied()
    cast.waiting(level=1)
    urgent(cast, cast.chen)
    page = new_page(color_scheme=scheme)
    found = {}
    page.goto("/sign-in")
    found["/sign-in"] = Axe().run(page).response["violations"]
    sign_in(page, cast.chen)
    for address in ["/", "/notices", "/no-such-page"]:
        page.goto(address)
        page.wait_for_selector("#urgent .strip-urgent")
        found[address] = Axe().run(page).response["violations"]
    assert {
        address: [(v["id"], v["nodes"][0]["html"][:120]) for v in some]
        for address, some in found.items()
        if some
    } == {}
