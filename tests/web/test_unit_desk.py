"""The unit desk through its pages: four groups, one press, and a reply that asks in the right order."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.handle import share_of, unit_desk
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.handle import sign_assignment, wait_for_caller
from fenzhen.desk.review import send_back_reply
from fenzhen.records.drafts import Draft
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from tests.cast import Cast

HTMX = {"HX-Request": "true"}
REPLY = {
    "contacted": "yes",
    "contact_how": "上门",
    "internal_text": "物业张经理到场，换灯六盏。",
    "public_text": "您楼里的灯今天上午全部换好了，请您晚上回家看看。",
    "solved_claim": "yes",
}


@pytest.fixture(autouse=True)
def noon(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=3), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def groups(cast: Cast, now=None) -> dict[str, list[int]]:
    desk = unit_desk(cast.huang, now or cast.now + timedelta(hours=3))
    return {
        name: [share.ticket.pk for share in getattr(desk, name).shares]
        for name in ("came_back", "to_sign", "due_today", "in_hand")
    }


def test_each_assignment_stands_in_one_of_four_groups(cast: Cast) -> None:
    fresh = cast.dispatched(phone="13900000001")
    in_hand = cast.signed(phone="13900000002")
    due = cast.signed(now=cast.now - timedelta(days=7) + timedelta(hours=8), phone="13900000003")
    rejected = cast.replied(now=cast.now - timedelta(hours=6), phone="13900000004")
    send_back_reply(cast.lead(rejected), by=cast.zhao, now=cast.now, reasons=["no_contact"])
    again = cast.to_call_back(now=cast.now - timedelta(hours=8), phone="13900000005")
    rehandle_ticket(
        again, by=cast.sun, now=cast.now, said=cast.said(solved="no", satisfied="no", words="灯又灭了")
    )
    assert groups(cast) == {
        "came_back": [again.pk, rejected.pk],
        "to_sign": [fresh.pk],
        "due_today": [due.pk],
        "in_hand": [in_hand.pk],
    }


def test_level_1_stands_first_and_a_late_one_is_red(cast: Cast) -> None:
    late = cast.dispatched(phone="13900000001")
    urgent = cast.dispatched(phone="13900000002", level=1)
    desk = unit_desk(cast.huang, cast.now + timedelta(hours=3))
    assert [share.ticket.pk for share in desk.to_sign.shares] == [urgent.pk, late.pk]
    assert {str(share.colour) for share in desk.to_sign.shares} == {"red"}
    assert desk.to_sign.late == 2


def test_a_waiting_share_is_not_due_today_however_near_its_date(cast: Cast) -> None:
    ticket = cast.signed(now=cast.now - timedelta(days=7) + timedelta(hours=8))
    wait_for_caller(cast.lead(ticket), by=cast.huang, now=cast.now, text="诉求人出差")
    assert groups(cast)["in_hand"] == [ticket.pk]


def test_a_unit_sees_its_own_and_nothing_else(cast: Cast) -> None:
    ticket = cast.signed()
    assert unit_desk(cast.bai, cast.now).is_empty
    with pytest.raises(Assignment.DoesNotExist):
        share_of(cast.bai, cast.lead(ticket).pk, cast.now)
    pk = cast.lead(ticket).pk
    assert client_of(cast.bai).get(f"/unit/{pk}").status_code == 404
    assert client_of(cast.bai).post(f"/unit/{pk}/reply", REPLY, headers=HTMX).status_code == 404
    assert client_of(cast.wang).get("/unit").status_code == 403
    assert Reply.objects.count() == 0


def test_one_press_signs_many_and_a_colleagues_signature_does_no_harm(cast: Cast) -> None:
    tickets = [cast.dispatched(phone=f"1390000000{n}") for n in range(3)]
    shares = [cast.lead(ticket).pk for ticket in tickets]
    sign_assignment(cast.lead(tickets[0]), by=cast.huang, now=cast.now + timedelta(hours=1))
    answer = client_of(cast.huang).post("/unit/sign", {"share": shares}, follow=True)
    assert "已签收 2 件" in answer.content.decode() and "1 件刚才已由同事签收" in answer.content.decode()
    assert set(Assignment.objects.filter(pk__in=shares).values_list("state", flat=True)) == {"signed"}
    assert Entry.objects.filter(act="sign").count() == 3


def test_another_units_share_cannot_be_slipped_into_the_signing(cast: Cast) -> None:
    ticket = cast.dispatched()
    assist = Assignment.objects.get(ticket=ticket, part="assist")
    client_of(cast.huang).post("/unit/sign", {"share": [assist.pk]})
    assist.refresh_from_db()
    assert assist.state == "pending_sign"


def test_signing_nothing_says_what_to_do(cast: Cast) -> None:
    answer = client_of(cast.huang).post("/unit/sign", {}, headers=HTMX)
    assert answer.status_code == 422


def test_the_reply_form_asks_contact_then_deed_then_words(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    page = client_of(cast.huang).get(f"/unit/{pk}").content.decode()
    at = [
        page.index(f'name="{name}"') for name in ("contacted", "internal_text", "public_text", "solved_claim")
    ]
    assert at == sorted(at)
    assert f'data-draft="reply:{pk}"' in page


def test_a_reply_goes_to_review_and_its_draft_is_gone(cast: Cast) -> None:
    ticket = cast.signed()
    pk = cast.lead(ticket).pk
    client = client_of(cast.huang)
    client.post(f"/drafts/reply:{pk}", REPLY)
    assert Draft.objects.filter(key=f"reply:{pk}").exists()
    answer = client.post(f"/unit/{pk}/reply", REPLY | {"draft": f"reply:{pk}", "once": "a1"}, headers=HTMX)
    assert answer.status_code == 204 and answer.headers["HX-Redirect"] == "/unit"
    ticket.refresh_from_db()
    assert ticket.state == "pending_review"
    reply = Reply.objects.get()
    assert (reply.contacted, reply.contact_how, reply.public_text) == (True, "上门", REPLY["public_text"])
    assert not Draft.objects.filter(key=f"reply:{pk}").exists()


def test_a_reply_sent_twice_is_one_reply(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    client = client_of(cast.huang)
    for _ in range(2):
        answer = client.post(f"/unit/{pk}/reply", REPLY | {"once": "same"}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == "/unit"
    assert Reply.objects.count() == 1


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"contacted": ""}, "contacted"),
        ({"contact_how": ""}, "contact_how"),
        ({"internal_text": ""}, "internal_text"),
        ({"public_text": " \x00 "}, "public_text"),
        ({"solved_claim": "certainly"}, "solved_claim"),
        ({"solved_claim": "no"}, "unsolved_reason"),
        ({"contacted": "no"}, "unsolved_reason"),
        ({"contact_at": "2026-03-12T09:00"}, "contact_at"),
        ({"contact_at": "13月40日"}, "contact_at"),
        ({"contact_at": "2026-02-30T09:00"}, "contact_at"),
    ],
)
def test_a_reply_that_lacks_something_is_told_where_and_nothing_moves(
    cast: Cast, wrong: dict[str, str], field: str
) -> None:
    ticket = cast.signed()
    answer = client_of(cast.huang).post(f"/unit/{cast.lead(ticket).pk}/reply", REPLY | wrong, headers=HTMX)
    assert answer.status_code == 422
    assert field in answer.headers["HX-Trigger"]
    ticket.refresh_from_db()
    assert ticket.state == "handling" and Reply.objects.count() == 0


def test_a_refused_plain_form_comes_back_with_what_was_typed(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    answer = client_of(cast.huang).post(f"/unit/{pk}/reply", REPLY | {"internal_text": ""})
    assert answer.status_code == 422
    assert REPLY["public_text"] in answer.content.decode()


def test_html_in_a_reply_stays_words(cast: Cast) -> None:
    ticket = cast.signed()
    pk = cast.lead(ticket).pk
    client = client_of(cast.huang)
    text = "<script>alert(1)</script> 已经办好，请您放心，欢迎再次致电。🙂"
    assert client.post(f"/unit/{pk}/reply", REPLY | {"public_text": text}, headers=HTMX).status_code == 204
    page = client_of(cast.zhao).get("/review").content.decode()
    assert "<script>alert" not in page and "🙂" in page


def test_the_caller_is_masked_until_one_says_why(cast: Cast) -> None:
    ticket = cast.signed()
    client = client_of(cast.huang)
    page = client.get(f"/unit/{cast.lead(ticket).pk}").content.decode()
    assert "139****0001" in page and "13900000001" not in page and "冯小满" not in page
    assert client.post(f"/tickets/{ticket.pk}/reveal", {"why": ""}, headers=HTMX).status_code == 422
    shown = client.post(f"/tickets/{ticket.pk}/reveal", {"why": "约上门时间"}, headers=HTMX).content.decode()
    assert "13900000001" in shown and "冯小满" in shown
    assert Entry.objects.filter(act="reveal", by=cast.huang).count() == 1
    assert Note.objects.get(kind="reveal").text == "约上门时间"


def test_a_reporter_is_never_shown_to_a_unit(cast: Cast) -> None:
    ticket = cast.signed(kind="report")
    client = client_of(cast.huang)
    page = client.get(f"/unit/{cast.lead(ticket).pk}").content.decode()
    assert "139****" not in page and "由热线转达" in page
    answer = client.post(f"/tickets/{ticket.pk}/reveal", {"why": "想知道是谁"}, headers=HTMX)
    assert answer.status_code == 403 and b"13900000001" not in answer.content


def test_waiting_needs_a_reason_and_resuming_moves_the_date(cast: Cast) -> None:
    item = cast.lead(cast.signed())
    client = client_of(cast.huang)
    assert client.post(f"/unit/{item.pk}/wait", {"text": ""}, headers=HTMX).status_code == 422
    assert client.post(f"/unit/{item.pk}/wait", {"text": "诉求人出差"}, headers=HTMX).status_code == 204
    due = item.handle_due
    with time_machine.travel(cast.now + timedelta(hours=8), tick=False):
        assert client.post(f"/unit/{item.pk}/resume", {}, headers=HTMX).status_code == 204
    item.refresh_from_db()
    assert (item.state, item.handle_due) == ("signed", due + timedelta(hours=5))


def test_a_note_is_kept_with_the_share(cast: Cast) -> None:
    pk = cast.lead(cast.signed()).pk
    client = client_of(cast.huang)
    client.post(f"/unit/{pk}/note", {"text": "已到现场，约好明早九点。"}, headers=HTMX)
    assert "已到现场，约好明早九点。" in client.get(f"/unit/{pk}").content.decode()


def test_what_came_back_says_why(cast: Cast) -> None:
    ticket = cast.to_call_back()
    rehandle_ticket(
        ticket,
        by=cast.sun,
        now=cast.now + timedelta(hours=2),
        said=cast.said(
            solved="no",
            satisfied="no",
            words="灯换了一晚又灭了",
            place_now="女儿家",
            reason_code="broken_again",
        ),
        word="请换整条线路",
    )
    page = client_of(cast.huang).get(f"/unit/{cast.lead(ticket).pk}").content.decode()
    for words in ("灯换了一晚又灭了", "女儿家", "又出现了", "请换整条线路", "与反馈不符", "第 2 次办"):
        assert words in page


def test_empty_groups_say_what_will_stand_there(cast: Cast) -> None:
    page = client_of(cast.huang).get("/unit").content.decode()
    assert len(re.findall(r'class="empty"', page)) == 4
