"""The review desk: a reply beside the words it answers, remarks that speak, and the next one at once."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.review import replies_to_review, reply_to_review
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.review import approve_reply
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

HTMX = {"HX-Request": "true"}
GOOD = "三号楼二单元的六盏楼道灯都已换好，您晚上回家可以看清路了。"


@pytest.fixture(autouse=True)
def afternoon(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=6), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def replied(cast: Cast, n: int = 1, **fields) -> Ticket:
    ticket = cast.signed(phone=f"1390000{n:04d}", level=fields.pop("level", 3))
    answered = cast.answered(**({"public_text": GOOD} | fields))
    submit_reply(
        cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(hours=5, minutes=n), answered=answered
    )
    ticket.refresh_from_db()
    return ticket


def remarks_on(cast: Cast, ticket: Ticket) -> list[str]:
    pk = Assignment.objects.filter(ticket=ticket, part="lead").latest("id").pk
    return [str(r) for r in reply_to_review(cast.zhao, pk, cast.now).row.remarks]


def test_a_plain_good_reply_has_no_remark(cast: Cast) -> None:
    assert remarks_on(cast, replied(cast)) == []


@pytest.mark.parametrize(
    "fields, remark",
    [
        ({"contacted": False, "contact_how": "", "unsolved_reason": "没人接"}, "no_contact"),
        ({"public_text": "我单位将尽快安排人员更换楼道里的灯，感谢您的理解与支持。"}, "promise"),
        ({"public_text": "已处理。"}, "short"),
        ({"solved_claim": "partly", "unsolved_reason": "灯具缺货"}, "unsolved"),
        ({"internal_text": GOOD}, "same_text"),
    ],
)
def test_what_speaks_against_a_reply_is_said(cast: Cast, fields: dict[str, object], remark: str) -> None:
    assert remark in remarks_on(cast, replied(cast, **fields))


def test_having_taken_something_away_is_no_promise(cast: Cast) -> None:
    assert (
        remarks_on(cast, replied(cast, public_text="我们今天已将楼道里的旧灯全部拆走，装上了六盏新灯。"))
        == []
    )


def test_a_copy_of_an_earlier_reply_is_noticed_even_with_another_date(cast: Cast) -> None:
    first = replied(cast, 1, public_text="经核实，3月9日已对您反映的问题进行了整改，感谢您的关注。")
    second = replied(cast, 2, public_text="经核实，3月11日已对您反映的问题进行了整改，感谢您的关注。")
    assert remarks_on(cast, first) == []
    assert remarks_on(cast, second) == ["copy"]


def test_the_words_and_the_reply_stand_side_by_side_with_earlier_rounds(cast: Cast) -> None:
    ticket = cast.to_call_back(now=cast.now - timedelta(days=1))
    rehandle_ticket(
        ticket,
        by=cast.sun,
        now=cast.now,
        said=cast.said(solved="no", satisfied="no", words="换了一晚又灭了", reason_code="broken_again"),
    )
    item = cast.lead(ticket)
    sign_assignment(item, by=cast.huang, now=cast.now + timedelta(minutes=5))
    submit_reply(
        item, by=cast.huang, now=cast.now + timedelta(hours=2), answered=cast.answered(public_text=GOOD)
    )
    page = client_of(cast.zhao).get(f"/review/{item.pk}").content.decode()
    for words in ("老人晚上回来看不见", GOOD, "换了一晚又灭了", "楼道灯已于今天下午换好"):
        assert words in page
    assert "13900000001" not in page


def test_urgent_replies_come_first(cast: Cast) -> None:
    plain, urgent = replied(cast, 1), replied(cast, 2, level=1)
    assert [row.ticket.pk for row in replies_to_review(cast.zhao, cast.now)] == [urgent.pk, plain.pk]


def test_approving_opens_the_call_back_and_the_next_one_is_there(cast: Cast) -> None:
    first, second = replied(cast, 1), replied(cast, 2)
    answer = client_of(cast.zhao).post(f"/review/{cast.lead(first).pk}/approve", {"once": "x"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/review/{cast.lead(second).pk}"
    first.refresh_from_db()
    assert first.state == "pending_callback" and CallBack.objects.filter(ticket=first, outcome="").exists()


def test_sending_back_needs_a_reason_and_reaches_the_unit(cast: Cast) -> None:
    ticket = replied(cast)
    pk = cast.lead(ticket).pk
    client = client_of(cast.zhao)
    refused = client.post(f"/review/{pk}/send-back", {"text": "太笼统"}, headers=HTMX)
    assert refused.status_code == 422 and "reasons" in refused.headers["HX-Trigger"]
    again = client.post(f"/review/{pk}/send-back", {"text": "太笼统"})
    assert again.status_code == 422 and "太笼统" in again.content.decode()
    done = client.post(
        f"/review/{pk}/send-back",
        {"reasons": ["off_topic", "no_evidence"], "text": "请写明谁到了现场"},
        headers=HTMX,
    )
    assert done.headers["HX-Redirect"] == "/review"
    reply = Reply.objects.get()
    assert (reply.verdict, reply.verdict_reasons) == ("sent_back", ["off_topic", "no_evidence"])
    page = client_of(cast.huang).get(f"/unit/{pk}").content.decode()
    assert "请写明谁到了现场" in page and "答非所问" in page


def test_two_reviewers_at_once_the_second_learns_who_was_first(cast: Cast) -> None:
    ticket = replied(cast)
    item = cast.lead(ticket)
    approve_reply(item, by=cast.xu, now=cast.now + timedelta(hours=6))
    answer = client_of(cast.zhao).post(f"/review/{item.pk}/approve", {}, headers=HTMX)
    assert answer.status_code == 409 and "fenzhen:moved" in answer.headers["HX-Trigger"]
    assert "许班长 已审核：通过" in client_of(cast.zhao).get(f"/review/{item.pk}").content.decode()


def test_units_and_agents_do_not_review(cast: Cast) -> None:
    pk = cast.lead(replied(cast)).pk
    for person in (cast.huang, cast.zhang, cast.sun):
        assert client_of(person).get("/review").status_code == 403
        assert client_of(person).post(f"/review/{pk}/approve").status_code == 403
    assert replies_to_review(cast.huang, cast.now) == []
    with pytest.raises(Assignment.DoesNotExist):
        reply_to_review(cast.huang, pk, cast.now)


def test_an_empty_desk_says_what_will_come(cast: Cast) -> None:
    assert "承办单位提交结果后会出现在这里" in client_of(cast.zhao).get("/review").content.decode()
    assert client_of(cast.zhao).get("/review/999").status_code == 404
