"""Events and joint handling through the pages: from the list to the last door."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.office.events import begin_event
from fenzhen.records.events import Event, Household, Instruction, JointCase, SpecialReport, Wave
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def afternoon(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=6), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def event(cast: Cast) -> Event:
    tickets = [
        cast.waiting(
            cast.now + timedelta(hours=n),
            title="窗户缩水",
            body="窗户被封堵，开发商不管。",
            phone=f"1390000{n:04d}",
            name=f"来电人{n}",
        )
        for n in range(3)
    ]
    return begin_event(tickets, by=cast.chen, now=cast.now, title="清荷苑窗户缩水")


def test_the_list_the_event_and_the_map_are_drawn(cast: Cast, event: Event):
    desk = client_of(cast.wang)
    listed = desk.get("/events").content.decode()
    assert "清荷苑窗户缩水" in listed and "spark" in listed
    seen = desk.get(f"/events/{event.pk}").content.decode()
    for words in ("开发商", "来电人怎么说", "示意图", "外部单位", cast.liuhe.short_name):
        assert words in seen
    drawn = desk.get("/map").content.decode()
    assert "示意图" in drawn and cast.town.name in drawn
    assert client_of(cast.huang).get(f"/events/{event.pk}").status_code == 404
    assert client_of(cast.huang).get("/map").status_code == 403
    assert desk.post("/export/events", {"state": "live"}).status_code == 200


def test_a_person_takes_one_out_and_puts_one_in(cast: Cast, event: Event):
    desk = client_of(cast.wang)
    first = event.members.first().ticket
    assert desk.post(f"/events/{event.pk}/part", {"ticket": first.pk}).status_code == 303
    assert event.members.count() == 2
    refused = desk.post(f"/events/{event.pk}/put", {"number": "没有这张"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert desk.post(f"/events/{event.pk}/put", {"number": first.number}).status_code == 303
    assert event.members.count() == 3
    assert desk.post(f"/events/{event.pk}/is/dismiss").status_code == 303
    event.refresh_from_db()
    assert event.state == "dismissed"
    desk.post(f"/events/{event.pk}/is/watch")
    assert desk.get(f"/events/{event.pk}").status_code == 200


def test_from_the_table_to_the_last_door(cast: Cast, event: Event):
    chief, agent = client_of(cast.chen), client_of(cast.zhang)
    opened = chief.post(
        f"/events/{event.pk}/case",
        {
            "unit": [cast.housing.pk, cast.liuhe.pk],
            "lead": cast.housing.pk,
            "outside": ["开发商", ""],
            "whistle": "residents",
        },
    )
    case = JointCase.objects.get()
    assert opened.status_code == 303 and opened.headers["Location"] == f"/cases/{case.pk}"
    assert [one.part for one in case.parties.all()] == ["lead", "assist", "outside"]
    number = Ticket.objects.order_by("pk")[0].number
    chief.post(f"/cases/{case.pk}/door", {"door": "3号楼2单元501", "number": number})
    chief.post(f"/cases/{case.pk}/door", {"door": "3号楼2单元502", "note": "走访发现"})
    doors = list(Household.objects.order_by("pk"))
    assert [door.ticket is None for door in doors] == [False, True]
    row = chief.post(f"/doors/{doors[0].pk}/visited", headers={"HX-Request": "true"}).content.decode()
    assert "✓" in row and f"door-{doors[0].pk}" in row
    assert not re.search(r'title="[^"]*<', row)  # a moment in an attribute is plain text
    assert 'id="case-steps"' in row and "hx-swap-oob" in row  # the squares and figures come along
    seen = chief.get(f"/cases/{case.pk}").content.decode()
    assert "3号楼2单元502" in seen and "还有 2 户没有回访结果" in seen
    assert "3号楼2单元502" not in client_of(cast.jian).get(f"/cases/{case.pk}").content.decode()
    party = case.parties.get(part="outside")
    chief.post(f"/parties/{party.pk}/report", {"report": "图纸变更，同意恢复。"})
    chief.post(f"/cases/{case.pk}/meeting", {"at": "2026-03-11T15:00", "minutes": "四方到会。"})
    due = {"text": "恢复窗户", "party": party.pk, "due": "2026-03-31T18:00"}
    chief.post(f"/cases/{case.pk}/decide", due)
    assert chief.post(f"/decisions/{case.decisions.get().pk}/finished").status_code == 404
    assert case.decisions.get().done_at is None
    chief.post(f"/decisions/{case.decisions.get().pk}/done")
    agent.post(f"/cases/{case.pk}/wave", {"text": "月底前恢复窗户。", "way": "phone"})
    wave = Wave.objects.get()
    agent.post(f"/waves/{wave.pk}/approve")
    wave.refresh_from_db()
    assert wave.approved_at is None  # not one's own
    chief.post(f"/waves/{wave.pk}/approve")
    person = wave.people.first()
    agent.post(f"/wave-people/{person.pk}", {"state": "told"})
    person.refresh_from_db()
    assert person.state == "told" and "已告知" in agent.get(f"/waves/{wave.pk}").content.decode()
    for door in doors:
        chief.post(f"/doors/{door.pk}/called_back", {"content": "yes"})
    assert chief.post(f"/cases/{case.pk}/close").status_code == 303
    event.refresh_from_db()
    assert event.state == "closed"
    sheet = chief.get(f"/cases/{case.pk}/sheets")
    assert sheet.content[:2] == b"PK"


def test_the_report_is_drafted_from_facts_signed_and_instructed(cast: Cast, event: Event):
    chief = client_of(cast.chen)
    chief.post(f"/events/{event.pk}/report")
    report = SpecialReport.objects.get()
    assert (
        "3 人来电 3 件" in report.sections["situation"]
        and "开发商" in report.sections["words"] + report.sections["responsible"]
    )
    parts = report.sections | {"title": report.title, "version": report.version, "risk": "节日期间可能聚集。"}
    assert chief.post(f"/reports/{report.pk}", parts).status_code == 303
    stale = chief.post(f"/reports/{report.pk}", parts)
    assert stale.status_code == 422 and "节日期间可能聚集" in stale.content.decode()
    leader = client_of(cast.leader)
    assert leader.get(f"/reports/{report.pk}").status_code == 404  # a draft is no report
    chief.post(f"/reports/{report.pk}/sign", {"number": "〔2026〕3号"})
    assert leader.get(f"/reports/{report.pk}").status_code == 200
    assert leader.get(f"/reports/{report.pk}/file").content[:2] == b"PK"
    wrong = chief.post(
        f"/reports/{report.pk}/instruct",
        {"text": "", "unit": cast.housing.pk, "due": "2026-03-20T18:00", "leader": "区长"},
    )
    assert wrong.status_code == 422 and "请填写批示内容" in wrong.content.decode()
    chief.post(
        f"/reports/{report.pk}/instruct",
        {"text": "请牵头解决", "unit": cast.housing.pk, "due": "2026-03-20T18:00", "leader": "区长"},
    )
    owed = Instruction.objects.get()
    unit = client_of(cast.jian)
    assert "请牵头解决" in unit.get("/instructions").content.decode()
    assert "请牵头解决" not in client_of(cast.huang).get("/instructions").content.decode()
    unit.post(f"/instructions/{owed.pk}/done", {"answer": "已恢复"})
    owed.refresh_from_db()
    assert owed.done_by == cast.jian
    late = chief.post(f"/instructions/{owed.pk}/done", {"answer": "还在办"})
    owed.refresh_from_db()
    assert late.status_code == 303 and owed.answer == "已恢复"  # the first answer is not lost
    assert "没有被覆盖" in chief.get("/instructions").content.decode()
    assert f"/instructions/{owed.pk}/undo" in unit.get("/instructions").content.decode()
    unit.post(f"/instructions/{owed.pk}/undo")
    owed.refresh_from_db()
    assert owed.done_at is None
    unit.post(f"/instructions/{owed.pk}/done", {"answer": "已恢复"})
