"""Returns, extensions and consultations through the pages, on the unit's side and on the desk's."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.request import open_consultation
from fenzhen.records.attachments import Attachment
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.desk.pictures import GPS_WORDS, jpeg

HTMX = {"HX-Request": "true"}
RETURN = {
    "reason": "not_our_duty",
    "text": "楼道设施属物业管理范围。",
    "basis": "权责清单第3条",
    "evidence": "物业合同",
    "proposes": "区住建委",
}


@pytest.fixture(autouse=True)
def noon(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=3), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def asked(cast: Cast, ticket: Ticket, **fields: str) -> Request:
    pk = cast.lead(ticket).pk
    answer = client_of(cast.huang).post(f"/unit/{pk}/return", RETURN | fields, headers=HTMX)
    assert answer.status_code == 204, answer.headers
    return Request.objects.latest("id")


def test_a_unit_asks_to_return_and_reads_the_desks_word(cast: Cast) -> None:
    ticket = cast.signed()
    request = asked(cast, ticket)
    assert (request.proposes, request.basis) == (cast.housing, "权责清单第3条")
    pk = cast.lead(ticket).pk
    page = client_of(cast.huang).get(f"/unit/{pk}").content.decode()
    assert "等派单台答复" in page and f"/unit/{pk}/return" not in page  # asked once
    desk = client_of(cast.wang)
    seen = desk.get("/requests").content.decode()
    for words in ("楼道设施属物业管理范围", "区住建委", "老人晚上回来看不见", "属地管理", "还没有这样的先例"):
        assert words in seen
    answer = desk.post(
        f"/requests/{request.pk}/decide", {"decision": "refuse", "text": "属地先办。"}, headers=HTMX
    )
    assert answer.status_code == 204
    page = client_of(cast.huang).get(f"/unit/{pk}").content.decode()
    assert "属地先办。" in page and "不同意" in page


def test_what_lacks_something_is_told_where(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    client = client_of(cast.huang)
    for wrong, field in (
        ({"reason": ""}, "reason"),
        ({"basis": " "}, "basis"),
        ({"proposes": "没有"}, "proposes"),
    ):
        answer = client.post(f"/unit/{pk}/return", RETURN | wrong, headers=HTMX)
        assert answer.status_code == 422 and field in answer.headers["HX-Trigger"]
    plain = client.post(f"/unit/{pk}/return", RETURN | {"basis": ""})
    assert plain.status_code == 422 and "楼道设施属物业管理范围" in plain.content.decode()
    assert Request.objects.count() == 0


def test_an_approved_return_leads_back_to_the_triage_desk(cast: Cast) -> None:
    ticket = cast.signed()
    request = asked(cast, ticket)
    answer = client_of(cast.wang).post(
        f"/requests/{request.pk}/decide", {"decision": "approve", "text": "同意。"}, headers=HTMX
    )
    assert answer.headers["HX-Redirect"] == f"/triage/{ticket.pk}"


def test_the_second_return_is_shown_as_the_chiefs_and_goes_to_consultation(cast: Cast) -> None:
    ticket = cast.dispatched()
    first = asked(cast, ticket)
    client_of(cast.wang).post(f"/requests/{first.pk}/decide", {"decision": "approve", "text": "转住建。"})
    ticket.refresh_from_db()
    dispatch_ticket(ticket, by=cast.wang, now=cast.now + timedelta(hours=3), lead=cast.housing)
    client_of(cast.jian).post(f"/unit/{cast.lead(ticket).pk}/return", RETURN | {"proposes": ""}, headers=HTMX)
    second = Request.objects.latest("id")
    page = client_of(cast.wang).get(f"/requests/{second.pk}").content.decode()
    assert "第二次退回" in page and 'value="approve"' not in page and 'value="refuse"' in page
    assert "同意过 1 次" in page
    go = {"decision": "approve", "text": "会商。"}
    assert client_of(cast.wang).post(f"/requests/{second.pk}/decide", go, headers=HTMX).status_code == 403
    answer = client_of(cast.chen).post(f"/requests/{second.pk}/decide", go, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/consultations/{ticket.pk}"
    page = client_of(cast.chen).get(f"/consultations/{ticket.pk}").content.decode()
    assert "柳河镇" in page and "clock" in page
    settled = {"lead": "柳河镇", "assist": "区住建委", "text": "属地牵头，住建指导。"}
    client_of(cast.chen).post(f"/consultations/{ticket.pk}/settle", settled, headers=HTMX)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.designated, ticket.lead_unit) == ("dispatched", True, cast.liuhe)
    page = client_of(cast.huang).get(f"/unit/{cast.lead(ticket).pk}").content.decode()
    assert "不能退回" in page and "/return" not in page


def test_an_extension_is_asked_and_agreed_to_a_shorter_date(cast: Cast) -> None:
    ticket = cast.signed()
    lead = cast.lead(ticket)
    form = {"reason": "construction", "text": "等材料。", "until": "2026-03-20T17:30"}
    assert client_of(cast.huang).post(f"/unit/{lead.pk}/extension", form, headers=HTMX).status_code == 204
    request = Request.objects.get()
    client_of(cast.wang).post(
        f"/requests/{request.pk}/decide",
        {"decision": "approve", "text": "先延两天。", "until": "2026-03-19T17:30"},
        headers=HTMX,
    )
    lead.refresh_from_db()
    assert lead.handle_due.astimezone(cast.now.tzinfo).strftime("%m-%d %H:%M") == "03-19 17:30"


def test_only_the_desk_sees_requests_and_nobody_else_decides(cast: Cast) -> None:
    request = asked(cast, cast.signed())
    for person in (cast.huang, cast.zhang, cast.zhao, cast.leader, cast.admin):
        client = client_of(person)
        assert client.get("/requests").status_code == 403
        assert (
            client.post(f"/requests/{request.pk}/decide", {"decision": "approve", "text": "x"}).status_code
            == 403
        )
    request.refresh_from_db()
    assert request.decision == ""


def test_c_at_the_triage_desk_opens_a_consultation(cast: Cast) -> None:
    ticket = cast.waiting()
    desk = client_of(cast.wang)
    drawn = desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    assert 'data-key="c"' in drawn and "dialog-consult" in drawn
    assert desk.post(f"/triage/{ticket.pk}/consult", {"text": ""}, headers=HTMX).status_code == 422
    assert (
        desk.post(f"/triage/{ticket.pk}/consult", {"text": "住建与属地有争议"}, headers=HTMX).status_code
        == 200
    )
    ticket.refresh_from_db()
    assert ticket.state == "in_consultation"


def test_the_ticket_page_redispatches_adds_urges_and_shows_the_way_to_the_consultation(cast: Cast) -> None:
    ticket = cast.signed()
    desk = client_of(cast.wang)
    page = desk.get(f"/tickets/{ticket.pk}").content.decode()
    for act in ("redispatch", "add_unit", "urge"):
        assert f"/tickets/{ticket.pk}/acts/{act}" in page
    post = lambda act, **form: desk.post(f"/tickets/{ticket.pk}/acts/{act}", form, headers=HTMX)  # noqa: E731 - short
    assert post("add_unit", unit="柳山公安分局", word="维持秩序").status_code == 204
    assert post("add_unit", unit="没有这个").status_code == 422
    assert post("urge", reason="caller", text="又来问").status_code == 204
    assert post("redispatch", lead="松山镇", word="").status_code == 422
    assert post("redispatch", lead="松山镇", word="在松山镇界内。").status_code == 204
    ticket.refresh_from_db()
    assert (ticket.lead_unit, ticket.urges) == (cast.songshan, 1)
    other = cast.waiting(phone="13900000009")
    open_consultation(other, by=cast.wang, now=cast.now + timedelta(hours=3), text="争议")
    assert f"/consultations/{other.pk}" in desk.get(f"/tickets/{other.pk}").content.decode()


def test_a_photo_goes_up_is_shown_without_place_and_reaches_review(cast: Cast) -> None:
    from io import BytesIO

    ticket = cast.signed()
    pk = cast.lead(ticket).pk
    client = client_of(cast.huang)

    def send(raw: bytes, once: str, name: str = "a.jpg"):
        file = BytesIO(raw)
        file.name = name
        return client.post(f"/unit/{pk}/files", {"file": file, "kind": "photo", "once": once}, headers=HTMX)

    assert send(jpeg(), "f1").status_code == 200
    assert send(jpeg(), "f1").status_code == 204  # the answer was lost, the page sends it again
    assert send(b"MZ", "f2").status_code == 422
    item = Attachment.objects.get()
    served = client.get(f"/files/{item.pk}")
    assert served.headers["Content-Type"] == "image/jpeg"
    assert served.headers["Content-Disposition"].startswith("inline")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in served.headers["Cache-Control"]
    assert GPS_WORDS not in served.content
    reply = {
        "contacted": "yes",
        "contact_how": "上门",
        "internal_text": "换灯六盏。",
        "public_text": "灯今天上午全部换好了。",
        "solved_claim": "yes",
    }
    client.post(f"/unit/{pk}/reply", reply, headers=HTMX)
    page = client_of(cast.zhao).get(f"/review/{pk}").content.decode()
    assert f"/files/{item.pk}" in page
    assert client_of(cast.bai).get(f"/files/{item.pk}").status_code == 404
    assert Client().get(f"/files/{item.pk}").status_code == 302


def test_the_page_of_a_unit_asks_for_the_photo_before_the_words(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    page = client_of(cast.huang).get(f"/unit/{pk}").content.decode()
    assert page.index('type="file"') < page.index('name="contacted"')


def test_passing_on_leads_to_a_slip_that_may_leave_the_house(cast: Cast) -> None:
    ticket = cast.signed()
    pk = cast.lead(ticket).pk
    client = client_of(cast.huang)
    form = {"to_name": "城建科", "due": "2026-03-12T09:00", "word": "今天换灯"}
    late = client.post(f"/unit/{pk}/pass-on", form | {"due": "2026-04-12T09:00"}, headers=HTMX)
    assert late.status_code == 422 and "due" in late.headers["HX-Trigger"]
    answer = client.post(f"/unit/{pk}/pass-on", form, headers=HTMX)
    errand = Errand.objects.get()
    assert answer.headers["HX-Redirect"] == f"/errands/{errand.pk}"
    page = client.get(f"/errands/{errand.pk}").content.decode()
    assert "今天换灯" in page and "冯" not in page and "139****" not in page and "老人晚上" not in page
    assert client.post(f"/errands/{errand.pk}/finish", {"answer": "换好了"}, headers=HTMX).status_code == 204
    assert "换好了" in client.get(f"/unit/{pk}").content.decode()
    assert client_of(cast.jian).get(f"/errands/{errand.pk}").status_code == 404


def test_who_gets_errands_lands_on_their_own_list(cast: Cast) -> None:
    gu = User.objects.create(username="gu", name="顾科员", role="unit_worker", unit=cast.liuhe)
    pk = cast.lead(cast.signed()).pk
    form = {"to_name": "", "to_person": str(gu.pk), "due": "2026-03-12T09:00", "word": "今天换灯"}
    assert client_of(cast.huang).post(f"/unit/{pk}/pass-on", form, headers=HTMX).status_code == 204
    client = client_of(gu)
    assert client.get("/unit").headers["Location"] == "/errands"
    errand = Errand.objects.get()
    assert errand.to_name == "顾科员" and f"/errands/{errand.pk}" in client.get("/errands").content.decode()
    for address in ("/", f"/errands/{errand.pk}"):
        assert client.get(address).status_code == 200
    assert client.get(f"/unit/{pk}").status_code in {303, 404}
    assert client.get(f"/tickets/{Assignment.objects.get(pk=pk).ticket_id}").status_code == 404
    assert Entry.objects.filter(act="pass_on").count() == 1
