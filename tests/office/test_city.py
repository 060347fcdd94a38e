"""The city's orders come again and again: each is in once, as it is now, and every word goes back once."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from fenzhen.board.callbacks import callbacks_due
from fenzhen.board.city import moved_orders
from fenzhen.board.requests import requests_waiting
from fenzhen.board.tickets import replayed_clocks
from fenzhen.desk.callback import close_ticket
from fenzhen.desk.city import hand_up, keep_ours, restore_ticket, take_over
from fenzhen.desk.dispatch import dispatch_ticket, reopen_ticket, undo_desk_act
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.intake import answer_ticket, supplement_ticket, withdraw_ticket
from fenzhen.desk.request import Asked, ask_return
from fenzhen.desk.review import approve_reply
from fenzhen.desk.step import Incomplete, NotOpen, NotYours
from fenzhen.desk.triage import ask_back
from fenzhen.hotline.journey import Clock
from fenzhen.jobs.worker import Worker
from fenzhen.office import city
from fenzhen.office.accounts import system_account
from fenzhen.office.city import CityReport, moment_in, take_city_file
from fenzhen.office.city_words import city_book, city_cells, owe_city, tell_city, tell_in_file, untell_city
from fenzhen.office.seal import verify_journal
from fenzhen.records.city import CityWord
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.imports import ImportBatch
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.search import terms, tickets_with
from fenzhen.records.tickets import SealedNumber, Ticket
from tests.cast import Cast

HEADER = "工单编号,派单方式,工单类型,问题分类,标题,主要内容,工单状态,来电人,来电人电话/账号,被反映区,被反映街乡镇,小区点位,来电时间,派单时间,办理时限,承办单位,变更时间".split(
    ","
)


def order(n: int, **cells: str) -> dict[str, str]:
    return {
        "工单编号": f"BJ{n:06d}",
        "派单方式": "派区",
        "工单类型": "投诉",
        "问题分类": "住房与物业->物业服务->公共设施维修",
        "标题": f"第{n}号楼的灯不亮",
        "主要内容": f"{n}号楼楼道灯坏了很久,请打13900000777联系我。",
        "工单状态": "办理中",
        "来电人": "冯小满",
        "来电人电话/账号": "13900000001",
        "被反映区": "柳山区",
        "被反映街乡镇": "柳河镇",
        "小区点位": "清荷苑",
        "来电时间": "2026-03-11 08:00:00",
        "派单时间": "2026-03-11 08:30:00",
        "办理时限": "2026-03-13 08:30:00",
        "变更时间": "2026-03-11 08:30:00",
    } | cells


def direct(n: int, **cells: str) -> dict[str, str]:
    return order(n, **({"派单方式": "直派", "承办单位": "松山镇"} | cells))


def written(path: Path, rows: list[dict[str, str]], header: list[str] | None = None) -> Path:
    header = header or HEADER
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([row.get(name, "") for name in header] for row in rows)
    return path


class Platform:
    """The city's side: sends files, each under its own name."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self.cast, self.folder, self.n = cast, folder, 0

    def sends(self, *rows: dict[str, str], name: str = "", now: Any = None, **options: Any) -> CityReport:
        self.n += 1
        path = written(self.folder / (name or f"order{self.n}.csv"), list(rows), **options)
        report = take_city_file(path, by=system_account(), now=now or self.cast.now)
        assert sum(report.counts.values()) == report.rows
        return report


@pytest.fixture
def platform(cast: Cast, tmp_path: Path) -> Platform:
    return Platform(cast, tmp_path)


def brought(report: CityReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


def the(n: int) -> Ticket:
    return Ticket.objects.get(external_no=f"BJ{n:06d}")


def entries(ticket: Ticket) -> list[str]:
    return list(
        Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n").values_list("act", flat=True)
    )


def what_changed(ticket: Ticket) -> str:
    return Note.objects.filter(ticket=ticket, kind="change_city").latest("n").text


def with_the_town(cast: Cast, n: int) -> Ticket:
    ticket = the(n)
    dispatch_ticket(ticket, by=cast.wang, now=cast.now + timedelta(minutes=1), lead=cast.liuhe)
    ticket.refresh_from_db()
    return ticket


def finished(cast: Cast, n: int) -> Ticket:
    ticket = with_the_town(cast, n)
    sign_assignment(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=5))
    answered = cast.answered(internal_text="已换灯,冯小满 13900000001 在场。", public_text="灯已换好。")
    submit_reply(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(hours=2), answered=answered)
    approve_reply(cast.lead(ticket), by=cast.zhao, now=cast.now + timedelta(hours=3))
    ticket.refresh_from_db()
    close_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=4), said=cast.said())
    ticket.refresh_from_db()
    return ticket


def worked(cast: Cast) -> None:
    worker = Worker(timetable=())
    while worker.look(cast.now + timedelta(hours=5)):
        pass


# in --------------------------------------------------------------------------------------------------------


def test_a_district_order_waits_at_the_desk_with_all_that_the_city_says_of_it(
    cast: Cast, platform: Platform
) -> None:
    assert brought(platform.sends(order(1))) == {"new": 1}
    ticket = the(1)
    assert (ticket.state, ticket.city_mode, ticket.city_state) == ("pending_dispatch", "district", "办理中")
    assert ticket.city_category == "住房与物业->物业服务->公共设施维修"
    assert ticket.received_at.astimezone(cast.now.tzinfo).hour == 8
    assert ticket.city_deadline and ticket.city_deadline.astimezone(cast.now.tzinfo).day == 13
    assert ticket.place == cast.estate
    assert "139" not in ticket.body
    assert ticket.triage_due == cast.now + timedelta(minutes=30)


def test_a_direct_order_is_watched_and_never_queued(cast: Cast, platform: Platform) -> None:
    assert brought(platform.sends(direct(1))) == {"direct": 1}
    ticket = the(1)
    assert (ticket.state, ticket.city_mode, ticket.city_unit) == ("watched", "direct", "松山镇")
    assert ticket.triage_due is None
    assert entries(ticket) == ["copy_city"]


def test_the_same_row_twice_does_nothing(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1), direct(2))
    before = Entry.objects.filter(subject__startswith="ticket:").count()
    assert brought(platform.sends(order(1), direct(2), order(1))) == {"same": 3}
    assert Entry.objects.filter(subject__startswith="ticket:").count() == before


def test_a_number_twice_in_one_file_is_one_order_as_it_is_last(cast: Cast, platform: Platform) -> None:
    later = order(1, 标题="第1号楼的灯全不亮", 变更时间="2026-03-11 08:40:00")
    assert brought(platform.sends(order(1), later, order(1))) == {"new": 1, "changed": 1, "same": 1}
    assert the(1).title == "第1号楼的灯全不亮"


def test_a_changed_row_changes_the_ticket_and_says_field_by_field_what(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1))
    row = order(
        1,
        标题="灯和门禁都坏了",
        主要内容="门禁也坏了,请打13900000777或13900000888联系我。",
        问题分类="住房与物业->物业服务->门禁",
        变更时间="2026-03-11 09:30:00",
        **{"来电人电话/账号": "13900000002"},
    )
    assert brought(platform.sends(row)) == {"changed": 1}
    ticket = the(1)
    assert ticket.title == "灯和门禁都坏了"
    assert ticket.body == "门禁也坏了,请打〔电话1〕或〔电话2〕联系我。"
    assert sorted(SealedNumber.objects.filter(ticket=ticket).values_list("mark", flat=True)) == [
        "〔电话1〕",
        "〔电话2〕",
    ]
    assert ticket.caller is not None and ticket.caller.phone == "13900000002"
    said = what_changed(ticket)
    assert "第1号楼的灯不亮 → 灯和门禁都坏了" in said
    assert "公共设施维修 → 住房与物业->物业服务->门禁" in said
    assert "来电人或联系方式有变更" in said
    assert "1390000" not in said
    fields = Entry.objects.get(subject=f"ticket:{ticket.pk}", act="change_city").facts["fields"]
    assert fields == ["body", "caller", "city_category", "title"]


def test_the_journal_of_a_city_order_carries_no_words_and_no_numbers(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1), direct(2))
    platform.sends(order(1, 标题="换了标题", 变更时间="2026-03-11 10:00:00"))
    told = str(list(Entry.objects.values_list("facts", flat=True)))
    for words in ("13900000001", "13900000777", "冯小满", "楼道灯", "换了标题"):
        assert words not in told


def test_what_an_agent_added_survives_a_change_of_the_citys_words(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    ask_back(the(1), by=cast.wang, now=cast.now, text="几单元?")
    supplement_ticket(the(1), by=cast.zhang, now=cast.now + timedelta(minutes=2), text="二单元")
    platform.sends(order(1, 主要内容="全楼的灯都坏了。", 变更时间="2026-03-11 09:30:00"))
    assert the(1).body == "全楼的灯都坏了。\n【补充】二单元"


def test_an_empty_cell_wipes_out_nothing(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    bare = order(1, 办理时限="", 问题分类="", 派单方式="", 小区点位="", 变更时间="2026-03-11 09:30:00")
    bare["被反映街乡镇"] = bare["被反映区"] = ""
    platform.sends(bare)
    ticket = the(1)
    assert ticket.city_deadline and ticket.city_category and ticket.place_text
    assert ticket.city_mode == "district"


def test_an_earlier_date_of_the_citys_moves_the_units_clock_with_the_margin(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1))
    ticket = with_the_town(cast, 1)
    received = ticket.city_received_at
    assert received and ticket.own_deadline == received + timedelta(hours=48 * 0.8)
    platform.sends(order(1, 办理时限="2026-03-12 08:30:00", 变更时间="2026-03-11 10:00:00"))
    ticket.refresh_from_db()
    assert ticket.own_deadline == received + timedelta(hours=24 * 0.8)
    assert cast.lead(ticket).handle_due == ticket.own_deadline
    assert "办理时限（柳河镇）" in what_changed(ticket)
    readings = replayed_clocks(cast.wang, ticket)
    assert readings[Clock.HANDLING, f"a{cast.lead(ticket).pk}"].due == ticket.own_deadline


def test_a_later_date_moves_a_clock_that_the_citys_date_had_bound(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    ticket = with_the_town(cast, 1)
    platform.sends(order(1, 办理时限="2026-03-21 08:30:00", 变更时间="2026-03-11 10:00:00"))
    ticket.refresh_from_db()
    assert ticket.city_received_at
    assert ticket.own_deadline == ticket.city_received_at + timedelta(days=10 * 0.8)


def test_a_later_date_does_not_loosen_a_level_that_was_stricter(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1, 办理时限="2026-04-11 08:30:00"))
    ticket = with_the_town(cast, 1)
    before = ticket.own_deadline
    platform.sends(order(1, 办理时限="2026-04-21 08:30:00", 变更时间="2026-03-11 10:00:00"))
    ticket.refresh_from_db()
    assert ticket.own_deadline == before


def test_a_withdrawn_order_closes_ours_and_ends_the_units_share(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1), direct(2))
    ticket = with_the_town(cast, 1)
    gone = [
        order(1, 工单状态="已撤回", 变更时间="2026-03-11 10:00:00"),
        direct(2, 工单状态="已撤回", 变更时间="2026-03-11 10:00:00"),
    ]
    assert brought(platform.sends(*gone)) == {"withdrawn": 2}
    ticket.refresh_from_db()
    assert (ticket.state, ticket.reason_code) == ("withdrawn", "city")
    assert [a.state for a in ticket.assignments.all()] == ["ended"]
    assert the(2).state == "withdrawn"
    worked(cast)
    assert not CityWord.objects.exists()  # the city knows that it took it back
    assert Notice.objects.filter(kind="withdrawn", person=cast.huang, ticket=ticket).count() == 1


def test_late_files_in_any_order_leave_the_newest_state(cast: Cast, platform: Platform) -> None:
    states = [
        order(1),
        order(1, 标题="第二次", 变更时间="2026-03-11 09:00:00"),
        order(1, 标题="第三次", 变更时间="2026-03-11 10:00:00"),
    ]
    for n in (1, 2, 0, 1, 2):
        platform.sends(states[n])
    assert the(1).title == "第三次"
    assert entries(the(1)) == ["receive", "submit", "change_city"]


def test_a_withdrawal_that_comes_before_the_order_itself_is_not_undone_by_it(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1, 工单状态="撤销", 变更时间="2026-03-11 10:00:00"))
    platform.sends(order(1))
    assert the(1).state == "withdrawn"
    assert "submit" not in entries(the(1))


def test_without_a_time_of_change_the_moment_in_the_files_name_tells(cast: Cast, platform: Platform) -> None:
    bare = [name for name in HEADER if name != "变更时间"]
    platform.sends(order(1, 标题="新的"), name="工单_20260311-1200.csv", header=bare)
    platform.sends(order(1, 标题="旧的"), name="工单_20260311-0900.csv", header=bare)
    assert the(1).title == "新的"
    platform.sends(order(1, 标题="更新的"), name="工单_20260311-1500.csv", header=bare)
    assert the(1).title == "更新的"


def test_with_no_time_at_all_a_state_seen_before_is_a_late_file(cast: Cast, platform: Platform) -> None:
    bare = [name for name in HEADER if name != "变更时间"]
    for title in ("一", "二", "一"):
        platform.sends(order(1, 标题=title), header=bare)
    assert the(1).title == "二"


def test_a_change_back_with_a_newer_time_is_a_change(cast: Cast, platform: Platform) -> None:
    for title, at in (("一", "09"), ("二", "10"), ("一", "11")):
        platform.sends(
            order(1, 标题=title, 变更时间=f"2026-03-11 {at}:00:00"), now=cast.now + timedelta(days=1)
        )
    assert the(1).title == "一"


def test_changes_of_a_file_are_written_together_and_every_order_keeps_its_own_story(
    cast: Cast, platform: Platform, django_assert_max_num_queries: Any
) -> None:
    rows = 24
    platform.sends(*[order(n) for n in range(rows)])
    with_the_town(cast, 3)
    more = [
        order(
            n,
            主要内容=f"第{n}次来电,请打13900000777或1390001{n:04d}。",
            变更时间="2026-03-11 09:30:00",
            办理时限="2026-03-12 08:30:00",
        )
        for n in range(rows)
    ]
    twice = order(5, 标题="又改了", 主要内容="再打13900000777。", 变更时间="2026-03-11 09:40:00")
    bad = order(6, 办理时限="2026-03-01 08:30:00", 变更时间="2026-03-11 09:40:00")
    with django_assert_max_num_queries(60):  # one by one it would be twenty an order
        assert brought(platform.sends(*more, twice, bad)) == {"changed": rows + 1, "rejected": 1}
    assert entries(the(3)) == ["receive", "submit", "dispatch", "change_city"]
    assert entries(the(5)) == ["receive", "submit", "change_city", "change_city"]
    assert (the(5).title, the(5).body) == ("又改了", "再打〔电话1〕。")
    assert the(7).body == "第7次来电,请打〔电话1〕或〔电话2〕。"
    assert set(tickets_with(terms("第7次来电"))) == {the(7).pk}
    assert the(3).own_deadline == cast.lead(the(3)).handle_due
    assert verify_journal(by=system_account(), now=cast.now).broken is None


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("工单20260311-0905.xlsx", "2026-03-11 09:05"),
        ("2026-03-11_09.05.30导出.csv", "2026-03-11 09:05"),
        ("工单20260311.xlsx", ""),
        ("20261399-0000.csv", ""),
        ("orders.csv", ""),
    ],
)
def test_the_moment_in_a_name(name: str, moment: str) -> None:
    found = moment_in(name)
    assert (found.strftime("%Y-%m-%d %H:%M") if found else "") == moment


def test_the_city_closes_a_watched_order_and_the_desk_takes_another_over(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(direct(1), direct(2), direct(3))
    take_over(the(2), by=cast.wang, now=cast.now, text="松山镇来电说不是他们的")
    with pytest.raises(NotOpen):
        take_over(the(1), by=cast.zhang, now=cast.now)
    closed = {"工单状态": "已办结", "办结时间": "2026-03-11 08:50:00", "变更时间": "2026-03-11 09:00:00"}
    platform.sends(
        direct(1, **closed),
        direct(2, 工单状态="处理中", 变更时间="2026-03-11 09:00:00"),
        direct(3, 派单方式="派区", 变更时间="2026-03-11 09:00:00"),
        header=[*HEADER, "办结时间"],
    )
    assert the(1).state == "closed" and the(1).closed_at
    assert (the(2).state, the(2).city_mode) == ("pending_dispatch", "district")
    assert (the(3).state, the(3).city_mode) == ("pending_dispatch", "district")
    assert the(3).triage_due


def test_a_bad_row_is_refused_and_the_others_go_in(cast: Cast, platform: Platform, tmp_path: Path) -> None:
    report = platform.sends(
        order(1, 办理时限="2026-02-30"),
        order(2),
        order(3, 变更时间="2026-03-12 08:30:00"),
        order(4, 工单编号=""),
    )
    assert brought(report) == {"new": 1, "rejected": 3}
    rejects = Path(report.rejects).read_text("utf-8-sig")
    assert "变更时间在将来" in rejects and "没有工单编号" in rejects


def test_a_run_that_was_broken_off_is_done_again_and_nothing_is_twice(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(city, "BLOCK", 2)
    path = written(tmp_path / "o.csv", [order(n) for n in range(1, 8)])
    walk = city._Walk.take
    left = iter([True, True])

    def dies(self: Any, block: Any) -> Any:
        if next(left, None) is None:
            raise SystemExit
        return walk(self, block)

    monkeypatch.setattr(city._Walk, "take", dies)
    with pytest.raises(SystemExit):
        take_city_file(path, by=system_account(), now=cast.now)
    assert Ticket.objects.count() == 4
    monkeypatch.setattr(city._Walk, "take", walk)
    again = take_city_file(path, by=system_account(), now=cast.now)
    assert brought(again) == {"new": 3, "same": 4}
    assert Ticket.objects.count() == 7
    first, second = ImportBatch.objects.order_by("pk")
    assert (first.imported, first.finished_at, second.imported, second.known) == (4, None, 3, 4)


def test_an_order_that_came_in_by_an_export_before_is_not_doubled(cast: Cast, platform: Platform) -> None:
    from fenzhen.office.imports import import_file

    import_file(written(platform.folder / "e.csv", [order(1)]), by=system_account(), now=cast.now)
    platform.sends(order(1, 办理时限="2026-03-12 08:30:00"))
    ticket = the(1)
    assert (ticket.city_mode, ticket.state) == ("district", "pending_dispatch")
    assert ticket.city_deadline and ticket.city_deadline.astimezone(cast.now.tzinfo).day == 12
    assert Ticket.objects.count() == 1


# taken back, given back, moved ------------------------------------------------------------------------------


def test_what_was_asked_for_closes_with_the_order_that_the_city_took_back(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1))
    ticket = with_the_town(cast, 1)
    why = Asked(reason="not_our_duty", text="不属镇里职责", basis="权责清单")
    asked = ask_return(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=5), asked=why)
    owe_city(ticket, "exclusion", {"reason": "untrue", "text": "查无此事"}, by=cast.wang, now=cast.now)
    platform.sends(order(1, **WITHDRAWN))
    asked.refresh_from_db()
    assert (asked.decision, asked.decision_text) == ("moot", "市平台撤回")
    assert Entry.objects.get(act="withdraw").facts["requests"] == [asked.pk]
    assert requests_waiting(cast.wang, cast.now) == []
    assert not CityWord.objects.exists()  # nobody asks the city to leave out what it took back


WITHDRAWN = {"工单状态": "已撤回", "变更时间": "2026-03-11 10:00:00"}
AGAIN = {"工单状态": "办理中", "变更时间": "2026-03-11 11:00:00", "办理时限": "2026-03-14 08:30:00"}


def test_an_order_that_the_city_gives_back_stands_at_the_desk_with_both_clocks(
    cast: Cast, platform: Platform
) -> None:
    later = cast.now + timedelta(hours=3)
    platform.sends(order(1))
    with_the_town(cast, 1)
    platform.sends(order(1, **WITHDRAWN), now=later)
    assert brought(platform.sends(order(1, **AGAIN), now=later)) == {"changed": 1}
    ticket = the(1)
    assert (ticket.state, ticket.reason_code, ticket.closed_at) == ("pending_dispatch", "", None)
    assert (ticket.own_deadline, ticket.lead_unit) == (None, None)
    assert ticket.triage_due == later + timedelta(minutes=30)
    assert replayed_clocks(cast.wang, ticket)[Clock.TRIAGE, str(ticket.pk)].due == ticket.triage_due
    assert "市平台状态：已撤回 → 办理中" in what_changed(ticket)
    assert ticket.city_received_at and ticket.city_deadline
    assert ticket.city_deadline - ticket.city_received_at == timedelta(days=3)
    dispatch_ticket(ticket, by=cast.wang, now=later + timedelta(minutes=1), lead=cast.liuhe)
    ticket.refresh_from_db()
    assert ticket.own_deadline == ticket.city_received_at + timedelta(days=3 * 0.8)
    lead = Assignment.objects.get(ticket=ticket, part="lead", state="pending_sign")
    assert replayed_clocks(cast.wang, ticket)[Clock.HANDLING, f"a{lead.pk}"].due == ticket.own_deadline
    worked(cast)
    assert not CityWord.objects.exists()


def test_a_direct_order_that_is_given_back_is_watched_again_and_a_finished_one_goes_to_the_call_back(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(direct(1), order(2))
    ticket = with_the_town(cast, 2)
    sign_assignment(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=5))
    submit_reply(
        cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=50), answered=cast.answered()
    )
    approve_reply(cast.lead(ticket), by=cast.zhao, now=cast.now + timedelta(minutes=55))
    later = cast.now + timedelta(hours=3)
    platform.sends(direct(1, **WITHDRAWN), order(2, **WITHDRAWN), now=later)
    assert {the(1).state, the(2).state} == {"withdrawn"}
    platform.sends(direct(1, **AGAIN), order(2, **AGAIN), now=later)
    assert (the(1).state, the(2).state) == ("watched", "pending_callback")
    calls = callbacks_due(cast.sun, later)
    assert [(row.ticket.pk, row.callback.due_at) for row in calls.due] == [(the(2).pk, the(2).callback_due)]


def test_only_the_citys_own_withdrawal_is_undone_by_the_city(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1), order(2))
    withdraw_ticket(the(1), by=cast.zhang, now=cast.now, reason="caller", text="不用办了")
    platform.sends(order(2, **WITHDRAWN), now=cast.now + timedelta(hours=3))
    bare = {"工单状态": "", "标题": "换了标题", "变更时间": "2026-03-11 11:00:00"}
    platform.sends(order(1, **AGAIN), order(2, **bare), now=cast.now + timedelta(hours=3))
    assert {the(1).state, the(2).state} == {"withdrawn"}
    with pytest.raises(NotOpen):
        restore_ticket(the(1), by=cast.wang, now=cast.now)


MOVED = {"派单方式": "直派", "承办单位": "松山镇", "变更时间": "2026-03-11 09:30:00"}


def test_a_waiting_order_that_the_city_gives_to_a_unit_itself_leaves_the_queue(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1), order(2))
    ask_back(the(2), by=cast.wang, now=cast.now, text="几单元?")
    platform.sends(order(1, **MOVED), order(2, **MOVED))
    for n in (1, 2):
        ticket = the(n)
        assert (ticket.state, ticket.city_mode, ticket.triage_due) == ("watched", "direct", None)
        assert replayed_clocks(cast.wang, ticket)[Clock.TRIAGE, str(ticket.pk)].stopped
    back = {"派单方式": "派区", "变更时间": "2026-03-11 09:50:00"}
    platform.sends(order(1, **back))
    assert (the(1).state, the(1).city_mode) == ("pending_dispatch", "district")


def test_an_order_that_units_have_already_waits_for_the_dispatchers_choice(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1), order(2))
    for n in (1, 2):
        with_the_town(cast, n)
    ours, theirs = the(1), the(2)
    asked = ask_return(
        cast.lead(theirs),
        by=cast.huang,
        now=cast.now + timedelta(minutes=5),
        asked=Asked(reason="not_our_duty", text="不属镇里职责", basis="权责清单"),
    )
    platform.sends(order(1, **MOVED), order(2, **MOVED))
    assert {the(1).state, the(2).state} == {"dispatched"}, "nobody's work is taken away by a file"
    assert set(moved_orders(cast.wang)) == {ours, theirs}
    worked(cast)
    assert Notice.objects.filter(kind="city_moved", person=cast.wang).count() == 2
    keep_ours(ours, by=cast.wang, now=cast.now + timedelta(hours=1), text="已约好上门")
    hand_up(theirs, by=cast.wang, now=cast.now + timedelta(hours=1))
    assert not moved_orders(cast.wang)
    assert (the(1).state, the(1).city_mode) == ("dispatched", "district")
    assert (the(2).state, the(2).own_deadline, the(2).lead_unit) == ("watched", None, None)
    assert [a.state for a in the(2).assignments.all()] == ["ended"]
    asked.refresh_from_db()
    assert asked.decision == "moot"
    worked(cast)
    assert Notice.objects.filter(kind="handed_up", person=cast.huang, ticket=theirs).count() == 1
    with pytest.raises(NotOpen):
        keep_ours(the(1), by=cast.wang, now=cast.now)
    later = order(1, **MOVED | {"标题": "又改了标题", "变更时间": "2026-03-11 09:40:00"})
    platform.sends(later)
    assert the(1).city_mode == "district", (
        "the dispatcher's word stands while the city does not move it again"
    )


# out -------------------------------------------------------------------------------------------------------


def test_a_closed_order_is_owed_to_the_city_once_however_often_the_worker_looks(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1), direct(2))
    ticket = finished(cast, 1)
    worked(cast)
    worked(cast)
    word = CityWord.objects.get()
    assert (word.ticket, word.kind, word.told_at) == (ticket, "result", None)
    said = dict(city_cells(word))
    assert said["工单编号"] == "BJ000001"
    assert (said["是否解决"], said["是否满意"], said["承办单位"]) == ("解决", "满意", "柳河镇")
    assert "已换灯" in said["办理结果"]
    assert "冯小满" not in str(word.fields) and "13900000001" not in str(word.fields)


def test_our_own_tickets_are_nobodys_business_at_the_city(cast: Cast) -> None:
    ticket = cast.to_call_back()
    close_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=7), said=cast.said())
    worked(cast)
    assert not CityWord.objects.exists()
    with pytest.raises(Incomplete):
        owe_city(ticket, "result", {}, by=cast.wang, now=cast.now)


def test_a_district_may_tell_the_city_as_soon_as_review_has_passed(cast: Cast, platform: Platform) -> None:
    from fenzhen.records.district import District

    District.objects.update(settings={"city": {"result_after": "approve"}})
    platform.sends(order(1))
    finished(cast, 1)
    worked(cast)
    word = CityWord.objects.get()
    assert word.fields["state"] == "closed"  # approved first, closed since: still one word
    assert word.once.endswith(f":{Entry.objects.get(act='approve').n}")


def test_an_answer_that_was_undone_is_no_result_and_the_next_one_is(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    answer_ticket(the(1), by=cast.wang, now=cast.now, text="请拨物业电话。")
    worked(cast)
    assert CityWord.objects.count() == 1
    undo_desk_act(the(1), by=cast.wang, now=cast.now + timedelta(seconds=5))
    worked(cast)
    assert not CityWord.objects.exists()
    answer_ticket(the(1), by=cast.wang, now=cast.now, text="已告知物业。")
    worked(cast)
    assert CityWord.objects.get().fields["answer"] == "已告知物业。"


def test_closed_reopened_and_closed_before_the_worker_looks_is_one_result(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1))
    answer_ticket(the(1), by=cast.wang, now=cast.now, text="第一次")
    reopen_ticket(the(1), by=cast.chen, now=cast.now, text="又来电")
    answer_ticket(the(1), by=cast.wang, now=cast.now, text="第二次")
    worked(cast)
    assert CityWord.objects.get().fields["answer"] == "第二次"


def test_every_word_goes_out_in_exactly_one_file_and_a_batch_can_be_fetched_again(
    cast: Cast, platform: Platform
) -> None:
    platform.sends(order(1), order(2, 标题="=1+1"))
    finished(cast, 1)
    worked(cast)
    owe_city(
        the(2),
        "return",
        {"reason": "wrong_territory", "text": "在邻区,冯小满也这么说", "basis": "界线图"},
        by=cast.wang,
        now=cast.now,
    )
    first = tell_in_file(by=cast.wang, now=cast.now)
    assert tell_in_file(by=cast.li, now=cast.now) == ""
    book = load_workbook(io.BytesIO(city_book(first)))
    assert book.sheetnames == ["办理结果", "退回申请"]
    head, row = book["退回申请"].iter_rows(values_only=True)
    said = dict(zip(head, row, strict=True))
    assert (said["工单编号"], said["退回原因"], said["标题"]) == ("BJ000002", "不在本辖区", "=1+1")
    assert "冯小满" not in said["退回说明"]
    assert book["退回申请"]["B2"].data_type == "s"
    assert city_book(first) and CityWord.objects.filter(batch=first).count() == 2
    assert entries(the(2)).count("tell_city") == 1


def test_a_file_that_breaks_off_tells_nothing(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fenzhen.office import city_words

    platform.sends(order(1), order(2))
    for n in (1, 2):
        owe_city(the(n), "exclusion", {"reason": "untrue", "text": "查无此事"}, by=cast.wang, now=cast.now)
    step, done = city_words.step, []

    def dies(*args: Any, **more: Any) -> Any:
        if done:
            raise SystemExit
        done.append(args)
        return step(*args, **more)

    monkeypatch.setattr(city_words, "step", dies)
    with pytest.raises(SystemExit):
        tell_in_file(by=cast.wang, now=cast.now)
    monkeypatch.undo()
    assert CityWord.objects.filter(told_at=None).count() == 2
    assert "tell_city" not in entries(the(1))
    assert tell_in_file(by=cast.wang, now=cast.now)


def test_a_word_typed_in_is_ticked_once_and_the_tick_can_be_undone(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    word = owe_city(the(1), "exclusion", {"reason": "untrue", "text": "查无此事"}, by=cast.wang, now=cast.now)
    assert tell_city([word], "typed", by=cast.wang, now=cast.now) == 1
    assert tell_city([word], "typed", by=cast.li, now=cast.now) == 0
    assert tell_in_file(by=cast.wang, now=cast.now) == ""
    assert untell_city(word, by=cast.wang, now=cast.now)
    batch = tell_in_file(by=cast.wang, now=cast.now)
    assert batch
    assert not untell_city(word, by=cast.wang, now=cast.now)  # a file is out


def test_a_request_to_the_city_wants_a_reason_words_and_a_later_date(cast: Cast, platform: Platform) -> None:
    platform.sends(order(1))
    with pytest.raises(Incomplete) as why:
        owe_city(the(1), "extension", {"reason": "nonsense"}, by=cast.wang, now=cast.now)
    assert set(why.value.fields) == {"reason", "text", "until"}
    good = {"reason": "season", "text": "要等天晴", "until": the(1).city_deadline + timedelta(days=2)}
    with pytest.raises(NotYours):
        owe_city(the(1), "extension", good, by=cast.zhang, now=cast.now)
    owe_city(the(1), "extension", good, by=cast.wang, now=cast.now)
    with pytest.raises(Incomplete):
        owe_city(the(1), "extension", good, by=cast.wang, now=cast.now)
