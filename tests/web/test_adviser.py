"""The adviser's pages: who sees them, what the chief can do, a blind audit that is blind, a trial on an export."""

import csv
import io
import random
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fenzhen.office import trials
from fenzhen.office.accounts import system_account
from fenzhen.records.advice import Audit, Automation, Decision, DriftAlarm, Trial, Truth
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.desk.test_automatic import advised, go, switched_on
from tests.office.test_teach import past
from tests.web.pages import refused


@pytest.fixture(autouse=True)
def morning(cast: Cast):
    with time_machine.travel(cast.now + timedelta(minutes=10), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(person: User, address: str, status: int = 200) -> str:
    response = client_of(person).get(address, follow=True)
    assert response.status_code == status, address
    text = response.content.decode()
    assert refused(text) == []
    return text


def test_only_the_desk_sees_it_and_without_labels_it_promises_nothing(cast: Cast) -> None:
    for person in (cast.zhang, cast.huang, cast.sun, cast.leader, cast.admin):
        assert client_of(person).get("/adviser").status_code == 403
    page = text_of(cast.wang, "/adviser")
    assert 'href="/adviser"' in page and "没有自动派单" in page
    assert "缺 115 件样本" in page  # the first reckoning spends 61 % of δ = 5 %
    assert "现在什么也不能承诺" in text_of(cast.chen, "/adviser/groups/01")
    assert client_of(cast.chen).get("/adviser/groups/zz").status_code == 404


def test_the_chief_reckons_and_switches_in_words_and_nobody_else_may(cast: Cast) -> None:
    past(cast, 120)
    chief = client_of(cast.chen)
    assert client_of(cast.wang).post("/adviser/groups/01/switch", {"on": "1"}).status_code == 403
    refusal = chief.post("/adviser/groups/01/switch", {"on": "1"})
    assert refusal.status_code == 422 and "还没有把握线" in refusal.content.decode()
    chief.post("/adviser/groups/01/certify", {"alpha": "0.03", "delta": "0.05"})
    page = text_of(cast.chen, "/adviser/groups/01")
    assert "<b>0.90</b> 的自动派；有 95% 的把握，这样派出去的错单不超过 3%" in page
    chief.post("/adviser/groups/01/switch", {"on": "1"})
    assert Automation.objects.get().is_on and "自动派单已开启" in text_of(cast.chen, "/adviser/groups/01")
    assert chief.post("/adviser/groups/01/certify", {"alpha": "0.5", "delta": "0.05"}).status_code == 422


def test_each_group_of_units_stands_with_its_promise_its_audits_and_what_came_back(cast: Cast) -> None:
    past(cast, 160)
    chief = client_of(cast.chen)
    chief.post("/adviser/groups/01/certify", {"alpha": "0.03", "delta": "0.05"})
    chief.post("/adviser/groups/01/switch", {"on": "1"})
    page = text_of(cast.chen, "/adviser/groups/01")
    assert "街乡镇" in page and "把握线 0.90" in page
    assert re.search(r"样本不够，还要 \d+ 件全对的", page)  # the bureaus
    ticket = advised(cast.waiting(), cast)
    go(ticket, cast)
    decision = Decision.objects.get(ticket=ticket)
    audit = Audit.objects.filter(decision=decision).first() or Audit.objects.create(
        decision=decision, drawn_at=cast.now, why="random"
    )
    client_of(cast.li).post(f"/adviser/audits/{audit.pk}/judge", {"lead": "区住建委"})
    page = text_of(cast.wang, "/adviser")
    towns = re.search(r"<td>街乡镇</td>(.*?)</tr>", page, re.S).group(1)
    assert "1 类已有把握线" in towns and "1 / 1" in towns and "100.0%</span>" in towns
    assert "今天的把握线" in page and "按今天的线可自动派" in page


def test_an_automatic_dispatch_is_listed_and_taken_back_with_one_press(cast: Cast) -> None:
    switched_on(cast)
    ticket = advised(cast.waiting(), cast)
    go(ticket, cast)
    page = text_of(cast.li, "/adviser")
    assert ticket.title in page and f"/adviser/tickets/{ticket.pk}/recall" in page
    assert "收回自动派单" in text_of(cast.li, f"/tickets/{ticket.pk}")
    own = client_of(cast.li).get(f"/tickets/{ticket.pk}").content.decode()
    assert "系统自动派的" in own and "，要求不低于 " in own  # how sure it was, and how sure it had to be
    client_of(cast.li).post(f"/adviser/tickets/{ticket.pk}/recall")
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"
    assert "李派单 已收回" in text_of(cast.li, "/adviser")


def test_an_auditor_sees_neither_the_decision_nor_the_advice(cast: Cast) -> None:
    ticket = advised(cast.waiting(), cast)
    decision = Decision.objects.create(
        ticket=ticket, n=9, at=cast.now, by=cast.wang, unit=cast.housing, advised="T1", confidence=0.9
    )
    audit = Audit.objects.create(decision=decision, drawn_at=cast.now, why="random")
    page = text_of(cast.li, "/adviser/audits")
    shown = re.sub(r"<datalist.*?</datalist>", "", page, flags=re.S)
    assert ticket.title in shown and ticket.number not in shown
    for hidden in (cast.housing.short_name, cast.liuhe.name, "公共设施维修", "0.9"):
        assert hidden not in shown
    assert text_of(cast.wang, "/adviser/audits").count(ticket.title) == 0
    assert client_of(cast.wang).get(f"/adviser/audits/{audit.pk}").status_code == 404
    answer = client_of(cast.li).post(f"/adviser/audits/{audit.pk}/judge", {"lead": "没有这个单位"})
    assert answer.status_code == 422
    client_of(cast.li).post(f"/adviser/audits/{audit.pk}/judge", {"lead": "区住建委"})
    assert Truth.objects.get().unit == cast.housing


def test_an_alarm_stands_on_the_page_until_the_chief_has_seen_it(cast: Cast) -> None:
    switched_on(cast)
    DriftAlarm.objects.create(group="01", at=cast.now, alpha=0.03, cases=20, wrong=4, low=0.05)
    assert "盲审 20 件错了 4 件" in text_of(cast.wang, "/adviser")
    client_of(cast.chen).post("/adviser/groups/01/settle")
    assert "盲审 20 件" not in text_of(cast.wang, "/adviser")


def test_the_triage_desk_says_why_a_person_decides_and_who_solved_the_like(cast: Cast) -> None:
    ticket = advised(cast.waiting(), cast)
    client = client_of(cast.wang)
    assert "为什么由人派" not in client.post(f"/triage/{ticket.pk}/open").content.decode()
    switched_on(cast, threshold=0.99)
    before = cast.to_call_back(phone="13900000009")
    Ticket.objects.filter(pk=before.pk).update(state="closed", final_solved="yes")
    page = client.post(f"/triage/{ticket.pk}/open").content.decode()
    assert "把握低于这类事项的把握线" in page
    near = client_of(cast.wang).get(f"/triage/{ticket.pk}/similar").content.decode()
    assert "已办结的相近工单" in near and before.number in near and "柳河镇" in near


# --- a trial on one's own history ------------------------------------------------------------------------


def export(
    n: int = 260, header: tuple[str, ...] = ("标题", "内容", "首派单位", "承办单位", "受理时间", "退单次数")
) -> bytes:
    draw = random.Random(2)
    said = [
        ["路灯", "不亮", "黑", "灯杆", "线路", "闪", "巷子", "夜路"],
        ["欠薪", "工资", "老板", "拖欠", "包工头", "工钱", "讨薪", "合同"],
    ]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    for at in range(n):
        final = ["城管委", "人社局"][at % 2]
        first = "城管委" if at % 5 == 0 else final
        words = ",".join(draw.choices(said[at % 2], k=7))
        writer.writerow(
            [
                words[:9],
                f"电话13912345678 {words}",
                first,
                final,
                f"2026/1/{1 + at // 12} {at % 12}:30",
                int(first != final),
            ]
        )
    return file.getvalue().encode("gb18030")


def test_an_export_is_reckoned_said_in_words_and_wiped(cast: Cast) -> None:
    chief = client_of(cast.chen)
    answer = chief.post("/adviser/history/upload", {"file": SimpleUploadedFile("一月.csv", export())})
    assert answer.status_code == 303
    row = Trial.objects.get()
    assert row.content and b"139" not in bytes(row.content)
    assert "等待开始" in text_of(cast.chen, f"/adviser/history/{row.pk}")
    assert trials.do_waiting(by=system_account(), now=lambda: cast.now) == 1
    row.refresh_from_db()
    assert row.content is None and row.trouble == "" and "139" not in str(row.result)
    page = text_of(cast.wang, f"/adviser/history/{row.pk}")
    assert "人派第一次就对" in page and "城管委" in page and "缺" in page
    assert (
        row.result["people"]["share"] == pytest.approx(0.9, abs=0.02)
        and row.result["adviser"]["share"] > 0.95
    )
    assert row.result["avoided"]["returns_avoided"] >= 6
    (bureaus,) = row.result["groups"]
    assert bureaus["group"] == "bureau" and bureaus["units"] == 2 and bureaus["coverage"] == 0.0
    assert "按单位组" in page and f"样本不够，还要 {bureaus['missing']} 件全对的" in page
    assert client_of(cast.wang).post(f"/adviser/history/{row.pk}/table").status_code == 200
    chief.post(f"/adviser/history/{row.pk}/forget")
    assert not Trial.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (export(20), "能用的只有 20 行"),
        (export(260, ("甲", "乙", "丙", "丁", "戊", "己")), "没有认出需要的列"),
        ("标题,承办单位,受理时间\n灯,城管,昨天\n".encode(), "没有一行能用"),
        (b"%PDF-1.4", "PDF"),
    ],
)
def test_a_bad_export_is_refused_in_words(cast: Cast, content: bytes, words: str) -> None:
    answer = client_of(cast.chen).post(
        "/adviser/history/upload", {"file": SimpleUploadedFile("x.csv", content)}
    )
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Trial.objects.exists()
