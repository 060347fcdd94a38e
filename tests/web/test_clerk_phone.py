"""A clerk's day on one phone page, with the network cut in the middle: nothing typed or photographed is lost."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from fenzhen.records.attachments import Attachment
from fenzhen.records.drafts import Draft
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.journal import Entry
from tests import cast as _cast
from tests.cast import Cast
from tests.desk.pictures import GPS_WORDS, jpeg

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NARROW = {"width": 390, "height": 844, "has_touch": True}
WAITING = """async (person) => {
  const open = indexedDB.open(`fenzhen-files-${person}`, 1);
  const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const asked = db.transaction("files").objectStore("files").count();
  return new Promise((done) => { asked.onsuccess = () => { db.close(); done(asked.result); }; });
}"""


@pytest.fixture
def day(transactional_db: Any) -> Cast:
    made = _cast.build()
    made.now = timezone.now() - timedelta(minutes=30)
    return made


@pytest.fixture
def phone(new_page: "Callable[..., Page]", sign_in: "Callable[..., None]", day: Cast) -> "Page":
    page = new_page(**NARROW)
    sign_in(page, day.huang)
    return page


def photo(name: str = "IMG_0001.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg()}


def no_wider(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def settled(page: "Page", what: "Callable[[], bool]", seconds: float = 40) -> bool:
    for _ in range(int(seconds * 5)):
        if what():
            return True
        page.wait_for_timeout(200)
    return what()


def test_sign_pass_on_photo_and_reply_survive_a_cut(phone: "Page", day: Cast, shot: Any) -> None:
    from playwright.sync_api import expect  # not there where no browser test runs

    ticket = day.dispatched()
    lead = day.lead(ticket)
    phone.goto("/unit")
    assert no_wider(phone)
    shot(phone, "clerk-390-list")

    # sign while the network is away: it goes out by itself when it is back
    phone.goto(f"/unit/{lead.pk}")
    phone.context.set_offline(True)
    phone.click(".share-acts button.btn-primary")
    phone.wait_for_selector("#offline:not([hidden])")
    assert Assignment.objects.get(pk=lead.pk).state == "pending_sign"
    phone.context.set_offline(False)
    assert settled(phone, lambda: Assignment.objects.get(pk=lead.pk).state == "signed")
    phone.wait_for_selector(".reply-form")
    assert no_wider(phone)

    # pass on: typed without a network, the page is thrown away, and what was typed is there again
    phone.click("#pass-on summary")
    phone.context.set_offline(True)
    phone.fill("#to-name", "城建科")
    phone.fill("#errand-word", "今天换灯，拍照")
    due = timezone.localtime(day.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    phone.fill("#errand-due", due)
    phone.wait_for_timeout(700)
    phone.context.set_offline(False)
    phone.goto(f"/unit/{lead.pk}")
    expect(phone.locator("#errand-word")).to_have_value("今天换灯，拍照", timeout=30_000)
    phone.click("#pass-on summary")
    phone.click("#pass-on button.btn-primary")
    phone.wait_for_url("**/errands/*")
    assert Errand.objects.get().to_name == "城建科"
    assert no_wider(phone)
    shot(phone, "clerk-390-slip")

    # photos and the reply: chosen and typed without a network
    phone.goto(f"/unit/{lead.pk}")
    phone.wait_for_selector(".files-add.is-ready")
    phone.set_input_files(f"#choose-{lead.pk}", photo())
    assert settled(phone, lambda: Attachment.objects.count() == 1)
    phone.context.set_offline(True)
    phone.set_input_files(f"#choose-{lead.pk}", [photo("IMG_0002.jpg"), photo("IMG_0003.jpg")])
    phone.wait_for_selector("[data-files-waiting] li:nth-child(2)")
    assert phone.evaluate(WAITING, str(day.huang.pk)) == 2
    phone.locator("label:has(input[name=contacted][value=yes])").click()
    phone.fill("#how", "上门")
    phone.fill("#internal", "物业换灯六盏。")
    phone.fill("#public", "您楼里的灯今天上午全部换好了。")
    phone.locator('label:has(input[name="solved_claim"][value="yes"])').click()
    phone.wait_for_timeout(700)
    shot(phone, "clerk-390-offline")
    assert Attachment.objects.count() == 1 and Reply.objects.count() == 0

    # the phone is put away in the middle: another page, the same browser
    again = phone.context.new_page()
    phone.close()
    phone = again
    phone.context.set_offline(False)
    phone.goto(f"/unit/{lead.pk}")
    expect(phone.locator("#public")).to_have_value(re.compile("^您楼里的灯"), timeout=30_000)
    assert phone.input_value("#how") == "上门"
    assert settled(phone, lambda: Attachment.objects.count() == 3)
    assert settled(phone, lambda: phone.evaluate(WAITING, str(day.huang.pk)) == 0)
    phone.wait_for_selector("[data-files-list] li:nth-child(3)")
    shot(phone, "clerk-390-reply")

    # the reply itself is sent into the cut
    phone.context.set_offline(True)
    phone.click(".reply-form .share-acts button")
    phone.wait_for_selector("#offline:not([hidden])")
    assert phone.input_value("#public").startswith("您楼里的灯")
    phone.context.set_offline(False)
    assert settled(phone, lambda: Reply.objects.count() == 1)
    phone.wait_for_url("**/unit")
    reply = Reply.objects.get()
    assert reply.public_text == "您楼里的灯今天上午全部换好了。"
    assert Attachment.objects.filter(reply=reply).count() == 3
    assert Entry.objects.filter(act="sign").count() == 1
    assert not Draft.objects.filter(key=f"reply:{lead.pk}").exists()


def test_a_photo_chosen_offline_is_sent_from_whichever_page_comes_next(phone: "Page", day: Cast) -> None:
    ticket = day.signed()
    pk = day.lead(ticket).pk
    phone.goto(f"/unit/{pk}")
    phone.wait_for_selector(".files-add.is-ready")
    phone.context.set_offline(True)
    phone.set_input_files(f"#choose-{pk}", photo())
    phone.wait_for_selector("[data-files-waiting] li")
    phone.context.set_offline(False)
    phone.goto("/unit")
    assert settled(phone, lambda: Attachment.objects.count() == 1)
    item = Attachment.objects.get()
    assert item.assignment_id == pk
    raw = phone.request.get(f"/files/{item.pk}").body()
    assert raw.startswith(b"\xff\xd8") and GPS_WORDS not in raw


def test_what_the_server_refuses_is_said_and_not_tried_for_ever(phone: "Page", day: Cast) -> None:
    pk = day.lead(day.signed()).pk
    phone.goto(f"/unit/{pk}")
    phone.wait_for_selector(".files-add.is-ready")
    phone.set_input_files(
        f"#choose-{pk}", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"MZ no picture"}
    )
    phone.wait_for_selector("#toasts >> text=只能上传")
    assert phone.evaluate(WAITING, str(day.huang.pk)) == 0 and Attachment.objects.count() == 0


def test_the_forms_beside_the_reply_fit_a_phone(phone: "Page", day: Cast, shot: Any) -> None:
    ticket = day.signed()
    pk = day.lead(ticket).pk
    phone.goto(f"/unit/{pk}")
    for form in ("#pass-on", "#extension", "#return"):
        phone.click(f"{form} summary")
        assert no_wider(phone), form
        shot(phone, f"clerk-390-{form[1:]}")
        small = phone.eval_on_selector_all(
            f"{form} button, {form} summary",
            "nodes => nodes.filter(n => n.getBoundingClientRect().height < 36).map(n => n.textContent)",
        )
        assert small == []
