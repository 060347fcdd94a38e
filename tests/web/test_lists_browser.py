"""Pages with lists in a real browser: no accessibility rule broken, nothing over the edge of a telephone."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.filters import save_filter
from fenzhen.office.notices import tell
from fenzhen.records.couriers import ContactWay, Delivery
from tests.cast import Cast, build

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: Who looks at which pages.
PAGES = {
    "chen": ("/deliveries", "/lists", "/callback", "/review", "/phone-now", "/triage"),
    "huang": ("/unit",),
}


@pytest.fixture
def full(transactional_db: None) -> Cast:
    """The cast, with something in every list and the lists narrowed."""
    cast = build()
    now = timezone.now()
    cast.now = now - timedelta(hours=8)
    cast.dispatched(level=1, city_deadline=now + timedelta(hours=1))
    cast.replied(phone="13900000002")
    for n in (3, 4):
        cast.to_call_back(phone=f"1390000000{n}", level=1, city_deadline=now - timedelta(hours=5))
    for n in (5, 6):
        cast.waiting(phone=f"1390000000{n}", level=2)
    way = ContactWay.objects.create(person=cast.huang, courier="sms", address="13900009999")
    notice = tell(cast.huang, "dispatched", once="x", now=now, ticket=cast.dispatched(phone="13900000007"))
    Delivery.objects.update_or_create(
        notice=notice, way=way, defaults={"state": "failed", "trouble": "timeout"}
    )
    asked = {"town": cast.town.code}
    for name in ("callback", "review", "phone-now", "triage"):
        keep_draft(by=cast.chen, key=f"narrow:{name}", fields={"town": [cast.town.code]}, now=now)
        save_filter(by=cast.chen, now=now, page=name, name="柳河镇今天要紧的", fields=asked)
    return cast


def test_no_rule_is_broken_and_nothing_hangs_over_the_edge_of_a_telephone(
    full: Cast, new_page: "Callable[..., Page]", sign_in: Any, shot: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    broken: dict[str, Any] = {}
    for who, addresses in PAGES.items():
        page = new_page(390, 844)
        sign_in(page, getattr(full, who))
        for address in addresses:
            page.goto(address)
            summary = page.locator(".narrow-form > summary")
            if summary.count() and summary.first.is_visible():
                summary.first.click()
            shot(page, f"lists{address.replace('/', '-')}-390")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found = Axe().run(page).response["violations"]
            told = [(v["id"], v["nodes"][0]["html"][:120]) for v in found]
            if over > 0 or told:
                broken[address] = (over, told)
    assert broken == {}, broken
