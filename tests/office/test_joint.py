"""One table, every door on a list, and no end before every household has its answer."""

import struct
import zlib
from datetime import timedelta

import pytest

from fenzhen.desk.step import Incomplete
from fenzhen.office.events import begin_event
from fenzhen.office.joint import (
    Party,
    add_household,
    add_party,
    approve_wave,
    close_case,
    decide,
    decision_done,
    door_key,
    edit_report,
    file_report,
    household_step,
    instruction_done,
    keep_material,
    let_party_go,
    open_case,
    reopen_case,
    report_of_party,
    sign_report,
    told,
    write_instruction,
    write_meeting,
    write_wave,
)
from fenzhen.records.events import Event, Household, JointCase
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def picture() -> bytes:
    """The smallest PNG: one grey dot."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\0\x80"))
        + part(b"IEND", b"")
    )


@pytest.fixture
def event(cast: Cast) -> Event:
    tickets = [
        cast.waiting(
            cast.now + timedelta(hours=n), title="窗户缩水", phone=f"1390000{n:04d}", name=f"来电人{n}"
        )
        for n in range(3)
    ]
    return begin_event(tickets, by=cast.chen, now=cast.now, title="清荷苑窗户缩水")


@pytest.fixture
def case(cast: Cast, event: Event) -> JointCase:
    parties = [
        Party("lead", cast.housing, why="管房屋质量"),
        Party("assist", cast.liuhe),
        Party("outside", outside="清荷置业公司"),
    ]
    return open_case(event, parties, by=cast.chen, now=cast.now)


def test_a_case_has_one_lead_and_knows_who_sits_there(cast: Cast, event: Event):
    with pytest.raises(Incomplete) as why:
        open_case(event, [Party("assist", cast.liuhe)], by=cast.chen, now=cast.now)
    assert "lead" in why.value.fields
    case = open_case(
        event, [Party("lead", cast.housing), Party("outside", outside="开发商")], by=cast.chen, now=cast.now
    )
    event.refresh_from_db()
    assert event.state == "joint" and case.master is not None and case.number.startswith("HB20260311")
    assert [party.part for party in case.parties.all()] == ["lead", "outside"]
    with pytest.raises(Incomplete):
        open_case(event, [Party("lead", cast.housing)], by=cast.chen, now=cast.now)
    with pytest.raises(Incomplete):
        add_party(case, Party("assist", cast.housing), by=cast.chen, now=cast.now)
    assert add_party(case, Party("assist", cast.police), by=cast.chen, now=cast.now).unit == cast.police


def test_what_was_decided_holds_its_owner_at_the_table(cast: Cast, case: JointCase):
    developer = case.parties.get(part="outside")
    report_of_party(developer, by=cast.chen, now=cast.now, text="图纸变更未告知业主。")
    developer.refresh_from_db()
    assert developer.arrived_at == cast.now
    meeting = write_meeting(case, by=cast.chen, now=cast.now, at=cast.now, minutes="四方到会。")
    with pytest.raises(Incomplete):
        decide(case, by=cast.chen, now=cast.now, text="恢复窗户", party=developer, due=cast.now)
    owed = decide(
        case,
        by=cast.chen,
        now=cast.now,
        text="恢复窗户",
        party=developer,
        due=cast.now + timedelta(days=20),
        meeting=meeting,
    )
    with pytest.raises(Incomplete):
        let_party_go(developer, by=cast.chen, now=cast.now)
    assert decision_done(owed, by=cast.chen, now=cast.now)
    assert not decision_done(owed, by=cast.chen, now=cast.now)
    let_party_go(developer, by=cast.chen, now=cast.now)


@pytest.mark.parametrize("door", ["3号楼2单元501", "３号楼 2单元 501室", "3-2-501", "三号楼二单元501"])
def test_one_door_is_one_door_however_it_is_written(door: str):
    assert door_key(door) == "3-2-501"
    assert door_key("3号楼2单元502") != door_key(door)


def test_the_case_ends_when_every_household_has_its_answer(cast: Cast, case: JointCase):
    event = case.event
    with pytest.raises(Incomplete) as why:
        close_case(case, by=cast.chen, now=cast.now)
    assert "none" in why.value.fields
    first = event.members.order_by("id")[0].ticket
    called = add_household(event, by=cast.chen, now=cast.now, door="3号楼2单元501", ticket=first)
    found = add_household(
        event, by=cast.chen, now=cast.now, door="3号楼2单元502", note="走访时发现，没有来过电话"
    )
    with pytest.raises(Incomplete):
        add_household(event, by=cast.chen, now=cast.now, door="3-2-501")
    assert Household.objects.get(pk=called.pk).door == "3号楼2单元501"
    for step in ("visited", "mediated", "agreed", "restored"):
        household_step(called, step, by=cast.chen, now=cast.now)
    household_step(called, "called_back", by=cast.chen, now=cast.now, content=True)
    with pytest.raises(Incomplete) as why:
        close_case(case, by=cast.chen, now=cast.now)
    assert "households" in why.value.fields and "1" in why.value.fields["households"]
    with pytest.raises(Incomplete):
        household_step(found, "called_back", by=cast.chen, now=cast.now)
    household_step(found, "called_back", by=cast.chen, now=cast.now, content=False)
    with pytest.raises(Incomplete):
        close_case(case, by=cast.chen, now=cast.now)
    household_step(found, "called_back", by=cast.chen, now=cast.now, content=True)
    close_case(case, by=cast.chen, now=cast.now)
    event.refresh_from_db()
    assert event.state == "closed"
    with pytest.raises(Incomplete):
        write_meeting(case, by=cast.chen, now=cast.now, at=cast.now)
    reopen_case(case, by=cast.chen, now=cast.now, why="一户窗户又漏水")
    event.refresh_from_db()
    assert event.state == "joint"


def test_a_wave_reaches_each_person_once_and_only_in_approved_words(cast: Cast, case: JointCase):
    event = case.event
    add_household(event, by=cast.chen, now=cast.now, door="5-1-101")
    wave = write_wave(event, by=cast.zhang, now=cast.now, text="开发商将于本月底前恢复窗户。")
    people = list(wave.people.all())
    assert len(people) == 4 and sum(1 for one in people if one.ticket is None) == 1
    with pytest.raises(Incomplete):
        told(people[0], by=cast.zhang, now=cast.now)
    with pytest.raises(Incomplete):
        approve_wave(wave, by=cast.zhang, now=cast.now)
    assert approve_wave(wave, by=cast.chen, now=cast.now)
    wave.refresh_from_db()
    person = wave.people.first()
    told(person, by=cast.zhang, now=cast.now, note="本人接听")
    person.refresh_from_db()
    assert (person.state, person.by) == ("told", cast.zhang)
    told(person, by=cast.zhang, now=cast.now, state="waiting")
    person.refresh_from_db()
    assert person.at is None


def test_a_report_is_signed_once_and_the_leaders_word_becomes_a_task(cast: Cast, event: Event):
    report = file_report(
        event,
        by=cast.chen,
        now=cast.now,
        title="关于窗户缩水的专报",
        sections={"situation": "三人来电。"},
        facts={"people": 3},
    )
    assert set(report.sections) >= {"situation", "risk", "proposal"}
    edit_report(
        report, by=cast.chen, now=cast.now, title="专报", sections={"situation": "三户来电。"}, version=0
    )
    with pytest.raises(Incomplete):
        edit_report(report, by=cast.wang, now=cast.now, title="专报", sections={}, version=0)
    later = cast.now + timedelta(days=3)
    with pytest.raises(Incomplete):
        write_instruction(
            report,
            by=cast.chen,
            now=cast.now,
            text="请住建委牵头",
            leader="区长",
            unit=cast.housing,
            due=later,
        )
    sign_report(report, by=cast.chen, now=cast.now, number="〔2026〕1号")
    with pytest.raises(Incomplete):
        edit_report(report, by=cast.chen, now=cast.now, title="专报", sections={}, version=2)
    task = write_instruction(
        report, by=cast.chen, now=cast.now, text="请住建委牵头", leader="区长", unit=cast.housing, due=later
    )
    with pytest.raises(Incomplete):
        instruction_done(task, by=cast.chen, now=cast.now, answer="")
    instruction_done(task, by=cast.chen, now=cast.now, answer="窗户已恢复")
    task.refresh_from_db()
    assert task.done_by == cast.chen


def test_a_paper_of_the_case_is_kept_sealed_and_a_strange_file_is_refused(cast: Cast, case: JointCase):
    png = picture()
    with pytest.raises(Incomplete):
        keep_material(case, b"MZ program", by=cast.chen, now=cast.now, name="a.exe")
    kept = keep_material(case, png, by=cast.chen, now=cast.now, name="现场.png")
    assert kept.mime == "image/png" and kept.case == case
