"""The ticket page: who may see it, what it shows of whom, and only the acts that the table opens."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.story import acts_shown, time_shares
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.close import ask_void
from fenzhen.desk.handle import resume_assignment, wait_for_caller
from fenzhen.hotline.journey import TICKET, open_acts
from fenzhen.hotline.roles import Role
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.web.ticket import DOING, ELSEWHERE, FORMS, WITHIN, bars
from tests.cast import Cast

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def morning(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=7), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(person: User, ticket: Ticket) -> str:
    answer = client_of(person).get(f"/tickets/{ticket.pk}")
    assert answer.status_code == 200
    return answer.content.decode()


def forms_on(page: str, ticket: Ticket) -> set[str]:
    return set(re.findall(rf'action="/tickets/{ticket.pk}/acts/(\w+)"', page))


def test_every_act_of_the_table_has_its_place() -> None:
    acts = {row.act for row in TICKET if not row.is_beginning}
    assert acts <= set(FORMS) | set(ELSEWHERE) | set(WITHIN)
    assert set(FORMS) == set(DOING)


@pytest.mark.parametrize("who", ["wang", "zhang", "zhao", "sun", "chen", "xu", "huang", "jian", "leader"])
@pytest.mark.parametrize("point", ["waiting", "dispatched", "signed", "replied", "to_call_back"])
def test_the_forms_on_the_page_are_the_acts_of_the_table(cast: Cast, who: str, point: str) -> None:
    ticket = getattr(cast, point)()
    person = getattr(cast, who)
    if who in {"huang", "jian"} and point == "waiting":
        assert client_of(person).get(f"/tickets/{ticket.pk}").status_code == 404
        return
    allowed = set(open_acts("ticket", ticket.state, person.role))
    shown = forms_on(page_of(person, ticket), ticket)
    expected = allowed & set(FORMS) - {"void"}  # nobody has asked for that
    if person.role in {Role.UNIT_LIAISON, Role.UNIT_WORKER}:
        expected -= {"sign", "reply"}  # done at the unit's own desk
    assert shown == expected


def test_a_unit_sees_its_own_tickets_only(cast: Cast) -> None:
    ticket = cast.dispatched()
    assert client_of(cast.huang).get(f"/tickets/{ticket.pk}").status_code == 200
    assert client_of(cast.jian).get(f"/tickets/{ticket.pk}").status_code == 200
    assert client_of(cast.bai).get(f"/tickets/{ticket.pk}").status_code == 404
    assert client_of(cast.admin).get(f"/tickets/{ticket.pk}").status_code == 404
    posted = client_of(cast.bai).post(f"/tickets/{ticket.pk}/acts/note", {"text": "偷看"}, headers=HTMX)
    assert posted.status_code == 404


def test_no_name_and_no_number_stands_in_the_page_before_it_is_asked_for(cast: Cast) -> None:
    ticket = cast.to_call_back(body="我是冯小满的邻居,我电话13800001111,楼道灯坏了。")
    for person in (cast.wang, cast.zhang, cast.sun, cast.chen, cast.huang, cast.leader):
        page = page_of(person, ticket)
        assert "13900000001" not in page and "13800001111" not in page
    assert "冯**" in page_of(cast.wang, ticket)
    assert "139****0001" not in page_of(cast.leader, ticket)


def test_revealing_needs_a_reason_and_stands_in_the_journal(cast: Cast) -> None:
    ticket = cast.signed()
    client = client_of(cast.wang)
    refused = client.post(f"/tickets/{ticket.pk}/reveal", {"why": ""}, headers=HTMX)
    assert refused.status_code == 422 and "13900000001" not in refused.content.decode()
    assert not Entry.objects.filter(act="reveal").exists()
    shown = client.post(f"/tickets/{ticket.pk}/reveal", {"why": "回电核实情况"}, headers=HTMX)
    assert "冯小满" in shown.content.decode() and "13900000001" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    entry = Entry.objects.get(act="reveal")
    assert entry.by == cast.wang and "回电" not in str(entry.facts)
    again = page_of(cast.wang, ticket)
    assert "13900000001" not in again  # shown once
    assert "回电核实情况" in again  # the centre sees who looked and why
    assert "回电核实情况" not in page_of(cast.huang, ticket)


def test_a_secret_caller_stays_hidden_from_the_unit(cast: Cast) -> None:
    ticket = cast.signed(is_secret=True)
    page = page_of(cast.huang, ticket)
    assert "139****0001" not in page and "/reveal" not in page
    refused = client_of(cast.huang).post(f"/tickets/{ticket.pk}/reveal", {"why": "想看看"}, headers=HTMX)
    assert refused.status_code == 403


def test_voiding_needs_a_second_person(cast: Cast) -> None:
    ticket = cast.waiting()
    asked = client_of(cast.wang).post(
        f"/tickets/{ticket.pk}/acts/ask_void", {"reason": "test", "text": "测试电话"}, headers=HTMX
    )
    assert asked.status_code == 204
    assert "void" not in forms_on(page_of(cast.wang, ticket), ticket)
    mine = client_of(cast.wang).post(f"/tickets/{ticket.pk}/acts/void", {"decision": "approve"}, headers=HTMX)
    assert mine.status_code == 403
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"
    assert "void" in forms_on(page_of(cast.li, ticket), ticket)
    undecided = client_of(cast.li).post(f"/tickets/{ticket.pk}/acts/void", {}, headers=HTMX)
    assert undecided.status_code == 422
    client_of(cast.li).post(f"/tickets/{ticket.pk}/acts/void", {"decision": "approve"}, headers=HTMX)
    assert Ticket.objects.get(pk=ticket.pk).state == "voided"


def test_a_refused_void_leaves_the_ticket_on_its_way(cast: Cast) -> None:
    ticket = cast.waiting()
    ask_void(ticket, by=cast.wang, now=cast.now, reason="prank")
    sent = {"decision": "refuse", "text": "确有其事"}
    client_of(cast.li).post(f"/tickets/{ticket.pk}/acts/void", sent, headers=HTMX)
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"
    assert "确有其事" in page_of(cast.wang, ticket)
    assert "ask_void" in acts_shown(cast.wang, ticket)


def test_internal_words_stay_inside(cast: Cast) -> None:
    ticket = cast.replied()
    internal, public = "已督促物业更换灯具", "楼道灯已于今天下午换好"
    for person, may in ((cast.wang, True), (cast.huang, True), (cast.jian, False), (cast.leader, False)):
        page = page_of(person, ticket)
        assert public in page
        assert (internal in page) is may, person.name


def test_first_and_final_answers_stand_apart(cast: Cast) -> None:
    ticket = cast.to_call_back()
    said = cast.said(solved="no", satisfied="no", words="灯又灭了", place_now="在女儿家")
    rehandle_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=6, minutes=30), said=said)
    page = page_of(cast.chen, ticket)
    assert "首次回访" in page and "未解决 · 不满意" in page
    assert "第 2 次办理" in page and "灯又灭了" in page and "在女儿家" in page
    assert "与承办单位所说不符" in page
    assert "在女儿家" in page_of(cast.huang, ticket)
    assert "在女儿家" not in page_of(cast.leader, ticket)


def test_who_had_the_time(cast: Cast) -> None:
    ticket = cast.signed()
    lead = cast.lead(ticket)
    wait_for_caller(lead, by=cast.huang, now=cast.now + timedelta(hours=1), text="等住户在家")
    resume_assignment(lead, by=cast.huang, now=cast.now + timedelta(hours=3))
    shares = time_shares(cast.wang, ticket, cast.now + timedelta(hours=4))
    assert [(s.holder, round(s.length.total_seconds() / 60)) for s in shares] == [
        ("desk", 1),
        ("unit", 59),
        ("caller", 120),
        ("unit", 60),
    ]
    drawn = bars(shares)
    assert drawn[0].width >= 5 and round(drawn[-1].x + drawn[-1].width) == 1000
    assert 'style="' not in page_of(cast.wang, ticket)


def test_time_stands_still_once_the_ticket_rests(cast: Cast) -> None:
    ticket = cast.waiting()
    client_of(cast.wang).post(f"/tickets/{ticket.pk}/acts/answer", {"answer": "已解释"}, headers=HTMX)
    later = time_shares(cast.wang, ticket, cast.now + timedelta(days=3))
    assert sum(s.length.total_seconds() for s in later) == 7 * 3600


def test_a_form_that_lacks_something_says_what_and_keeps_the_ticket(cast: Cast) -> None:
    ticket = cast.waiting()
    client = client_of(cast.wang)
    for act, sent in (
        ("note", {"text": " "}),
        ("withdraw", {"reason": "xx"}),
        ("classify", {"category": "nope"}),
    ):
        assert client.post(f"/tickets/{ticket.pk}/acts/{act}", sent, headers=HTMX).status_code == 422
    plain = client.post(f"/tickets/{ticket.pk}/acts/note", {"text": ""})
    assert plain.status_code == 303
    assert client.post(f"/tickets/{ticket.pk}/acts/nosuch", {}, headers=HTMX).status_code == 404
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"


def test_the_desk_acts_for_a_unit_that_has_only_a_telephone(cast: Cast) -> None:
    ticket = cast.dispatched()
    client = client_of(cast.wang)
    client.post(f"/tickets/{ticket.pk}/acts/sign", headers=HTMX)
    sent = {
        "contacted": "yes",
        "contact_how": "电话",
        "solved_claim": "yes",
        "internal_text": "镇里电话回复已换灯",
        "public_text": "灯已换好",
    }
    client.post(f"/tickets/{ticket.pk}/acts/reply", sent, headers=HTMX)
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_review"
    assert "热线代办" in page_of(cast.wang, ticket)


def test_reopening_is_for_the_chiefs(cast: Cast) -> None:
    ticket = cast.waiting()
    client_of(cast.wang).post(f"/tickets/{ticket.pk}/acts/answer", {"answer": "已解释"}, headers=HTMX)
    assert "reopen" not in forms_on(page_of(cast.wang, ticket), ticket)
    client_of(cast.chen).post(f"/tickets/{ticket.pk}/acts/reopen", {"text": "又来电,情况有变"}, headers=HTMX)
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"


def test_the_tables_stand_on_a_page_with_their_words(cast: Cast) -> None:
    page = client_of(cast.huang).get("/journey").content.decode()
    for words in ("退回重办", "待派单", "审核通过", "回访时限 开始", "任何状态"):
        assert words in page
