"""Every list as an Excel file: the page's rows, the viewer's sight, native types, and a line in the journal."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from fenzhen.desk.triage import ask_back
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.web.export import _LISTS, MOST
from tests.cast import Cast

HOUR = timedelta(hours=1)


class Taken:
    """An answered export, opened again."""

    def __init__(self, answer: Any) -> None:
        assert answer.status_code == 200, answer.status_code
        self.answer = answer
        self.sheet = load_workbook(io.BytesIO(answer.content)).active
        cells = [list(row) for row in self.sheet.iter_rows(values_only=True)]
        self.above = int(self.sheet.freeze_panes[1:]) - 2
        self.head = [str(c) for c in cells[self.above]]
        foot = next(
            n for n, row in enumerate(cells) if n > self.above and str(row[0]).startswith(("共 ", "这里是前"))
        )
        self.rows = [dict(zip(self.head, row, strict=True)) for row in cells[self.above + 1 : foot]]
        self.top = [str(row[0]) for row in cells[: self.above]]
        self.foot = [str(row[0]) for row in cells[foot : foot + 2]]

    def column(self, title: str) -> list[Any]:
        return [row[title] for row in self.rows]

    @property
    def text(self) -> str:
        return "\n".join(str(c) for row in self.sheet.iter_rows(values_only=True) for c in row if c)


@pytest.fixture
def take(client: Client) -> Any:
    def of(viewer: User, name: str, **fields: str) -> Taken:
        client.force_login(viewer)
        return Taken(client.post(f"/export/{name}", fields))

    return of


def test_the_queue_goes_out_in_its_order_with_the_rows_of_the_page(
    cast: Cast, client: Client, take: Any
) -> None:
    low = cast.waiting(title="三级的", level=3)
    high = cast.waiting(title="一级的", level=1, phone="13900000002")
    gone = cast.dispatched(title="派走的", phone="13900000003")
    taken = take(cast.wang, "triage")
    assert taken.column("工单号") == [high.number, low.number]
    page = client.get("/triage").content.decode()
    for row in taken.rows:
        assert row["标题"] in page
    assert gone.number not in taken.text
    assert 'action="/export/triage"' in page


def test_moments_are_moments_and_numbers_are_numbers(cast: Cast, take: Any) -> None:
    deadline = cast.now.replace(hour=17, minute=30) + timedelta(days=2)
    ticket = cast.waiting(city_deadline=deadline)
    row = take(cast.wang, "triage").rows[0]
    assert row["工单号"] == ticket.number and isinstance(row["工单号"], str)
    assert row["市级时限"] == deadline.replace(tzinfo=None), "the district's own wall clock"
    assert isinstance(row["受理时间"], datetime)
    assert row["第几次办"] == 1
    assert row["镇街"] == "柳河镇"


def test_what_a_caller_said_never_becomes_a_formula_or_a_link(cast: Cast, take: Any) -> None:
    for n, words in enumerate(("=1+1", "+86 的灯", "@sum(a1)", "https://example.org/x")):
        cast.waiting(title=words, phone=f"139000000{n:02d}")
    taken = take(cast.wang, "triage")
    assert set(taken.column("标题")) == {"=1+1", "+86 的灯", "@sum(a1)", "https://example.org/x"}
    cells = [c for row in taken.sheet.iter_rows() for c in row]
    assert {c.data_type for c in cells} <= {"s", "n", "d"}
    assert not any(c.hyperlink for c in cells)


def test_the_head_stands_still_the_total_is_true_and_the_foot_says_who_and_when(
    cast: Cast, take: Any
) -> None:
    for n in range(3):
        cast.waiting(phone=f"1390000000{n}")
    taken = take(cast.wang, "triage")
    assert taken.above == 2  # 演示数据, title
    assert taken.top[0] == "演示数据"
    assert taken.foot[0] == "共 3 行"
    assert taken.foot[1].startswith("王派单 于 ") and taken.foot[1].endswith(" 导出")
    assert "王派单" in taken.sheet.oddFooter.left.text
    assert taken.sheet.auto_filter.ref
    assert taken.sheet.column_dimensions["E"].width > 30


def test_real_data_carry_no_demo_banner(cast: Cast, take: Any) -> None:
    District.objects.update(is_demo=False)
    cast.waiting()
    assert take(cast.wang, "triage").top == ["待派工单"]


def test_the_file_has_a_name_that_says_what_and_when(cast: Cast, take: Any) -> None:
    told = take(cast.wang, "triage").answer["Content-Disposition"]
    assert "triage-20" in told and "%E5%BE%85%E6%B4%BE%E5%B7%A5%E5%8D%95" in told


def test_an_export_is_written_down_with_its_filters_hashed(cast: Cast, client: Client, take: Any) -> None:
    cast.waiting()
    client.force_login(cast.wang)
    client.post("/search", {"words": "楼道灯"})
    take(cast.wang, "search")
    take(cast.wang, "search")
    first, second = Entry.objects.filter(subject="list:search").order_by("n")
    assert (first.act, first.by, first.facts["rows"]) == ("export", cast.wang, 1)
    assert first.facts["filters"] == second.facts["filters"] != ""
    assert second.previous == first.hash
    assert "楼道" not in str(first.facts)


def test_a_search_goes_out_with_its_filters_and_masked_callers(cast: Cast, client: Client, take: Any) -> None:
    numbers = {cast.waiting(phone=f"139000001{n:02d}").number for n in range(25)}
    cast.waiting(title="路面塌陷", body="路面塌了一个坑。", phone="13900000777")
    client.force_login(cast.wang)
    client.post("/search", {"words": "楼道灯", "state": "pending_dispatch", "name": ""})
    taken = take(cast.wang, "search")
    assert set(taken.column("工单号")) == numbers, "all pages, not only the one that is shown"
    assert set(taken.column("来电人(已遮蔽)")) == {"冯**"}
    assert all("****" in number for number in taken.column("电话(已遮蔽)"))
    assert "字词：楼道灯" in taken.top[2] and "状态：待派单" in taken.top[2]
    assert "冯小满" not in taken.text


def test_a_persons_name_does_not_stand_among_the_filters_and_the_look_is_written_down(
    cast: Cast, client: Client, take: Any
) -> None:
    cast.waiting()
    client.force_login(cast.wang)
    client.post("/search", {"name": "冯小满", "phone": "13900000001"})
    taken = take(cast.wang, "search")
    assert len(taken.rows) == 1
    assert "冯小满" not in taken.text and "13900000001" not in taken.text
    assert Entry.objects.filter(act="look_up").exists()


def test_a_unit_takes_only_its_own_tickets_and_no_caller(cast: Cast, client: Client, take: Any) -> None:
    ours = cast.dispatched(title="我们的")
    theirs = cast.waiting(title="别人的", phone="13900000002")
    for viewer, name in ((cast.huang, "unit"), (cast.huang, "search")):
        client.force_login(viewer)
        client.post("/search", {"words": "的"})
        taken = take(viewer, name)
        assert taken.column("工单号") == [ours.number]
        assert theirs.number not in taken.text
        assert not any("来电人" in title for title in taken.head)
    assert take(cast.bai, "unit").rows == []


def test_the_units_file_has_the_groups_of_its_page(cast: Cast, take: Any) -> None:
    cast.dispatched(title="待签的")
    cast.signed(title="在办的", phone="13900000002")
    taken = take(cast.huang, "unit")
    groups = dict(zip(taken.column("标题"), taken.column("分组"), strict=True))
    assert groups["待签的"] == "待签收"
    assert groups["在办的"] in {"办理中", "今日到期"}


def test_review_and_call_back_go_out_without_numbers_to_phone(cast: Cast, take: Any) -> None:
    waiting = cast.replied()
    due = cast.to_call_back(phone="13900000002")
    assert take(cast.zhao, "review").column("工单号") == [waiting.number]
    taken = take(cast.sun, "callback")
    assert taken.column("工单号") == [due.number]
    assert taken.column("分组") == ["现在打"]
    assert "****" not in taken.text and "13900000002" not in taken.text


def test_a_home_list_goes_out_only_to_whom_it_belongs(cast: Cast, client: Client, take: Any) -> None:
    ticket = cast.waiting()
    taken = take(cast.wang, "home", show="waiting")
    assert (taken.column("工单号"), taken.top[1]) == ([ticket.number], "待派单")
    client.force_login(cast.wang)
    assert client.post("/export/home", {"show": "repeated"}).status_code == 404
    client.force_login(cast.huang)
    assert client.post("/export/home", {"show": "waiting"}).status_code == 404


def test_the_other_tabs_and_lists_go_out_too(cast: Cast, take: Any) -> None:
    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now + HOUR, text="哪个单元？")
    assert take(cast.wang, "need-info").column("工单号") == [ticket.number]
    assert take(cast.wang, "voids").rows == []
    assert take(cast.wang, "notices").rows == []
    assert take(cast.chen, "imports").rows == []


def test_the_lists_of_the_first_week_go_out_too(cast: Cast, take: Any) -> None:
    from fenzhen.desk.request import Asked, ask_return
    from fenzhen.records.city import CityWord

    ticket = cast.dispatched(level=1)
    ask_return(
        cast.lead(ticket),
        by=cast.huang,
        now=cast.now + HOUR,
        asked=Asked("not_our_duty", "不属本镇。", "权责清单第3条"),
    )
    CityWord.objects.create(ticket=ticket, kind="result", once="1", made_at=cast.now, made_by=cast.sun)
    taken = take(cast.wang, "requests")
    assert (taken.column("工单号"), taken.column("申请单位")) == ([ticket.number], ["柳河镇"])
    assert set(take(cast.wang, "phone-now").column("未签收单位")) == {"柳河镇", "区住建委"}
    assert take(cast.wang, "city-untold").column("要告诉的") == ["办理结果"]
    assert take(cast.wang, "city-watched").rows == []


#: Who may take what; whoever is missing gets the 403 page.
MAY = {
    "triage": {"wang", "chen", "xu"},
    "need-info": {"wang", "chen", "xu"},
    "voids": {"wang", "chen", "xu"},
    "unit": {"huang"},
    "review": {"zhao", "chen", "xu"},
    "callback": {"sun", "chen", "xu"},
    "imports": {"chen", "xu", "admin"},
}


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_list_goes_only_to_the_roles_that_see_its_page(cast: Cast, client: Client, name: str) -> None:
    for who in ("wang", "zhang", "zhao", "sun", "chen", "xu", "leader", "huang", "admin"):
        client.force_login(getattr(cast, who))
        status = client.post(f"/export/{name}").status_code
        assert status == (200 if who in MAY[name] else 403), (name, who)


def test_an_export_is_a_post_of_somebody_who_is_signed_in(cast: Cast, client: Client) -> None:
    for name in _LISTS:
        assert client.get(f"/export/{name}").status_code == 405
        assert client.post(f"/export/{name}").status_code == 302
    client.force_login(cast.wang)
    assert client.post("/export/no-such-list").status_code == 404
    assert not Entry.objects.filter(act="export").exists()


def test_a_refused_export_leaves_no_line(cast: Cast, client: Client) -> None:
    client.force_login(cast.huang)
    client.post("/export/triage")
    assert not Entry.objects.filter(act="export").exists()


def test_a_list_that_is_too_long_says_so(cast: Cast) -> None:
    from fenzhen.papers.lists import CODE, Column, Sheet, workbook

    sheet = Sheet("x", "清单", [Column("工单号", CODE)], [["1"], ["2"]], total=MOST + 1)
    cells = [row[0] for row in load_workbook(io.BytesIO(workbook(sheet))).active.iter_rows(values_only=True)]
    assert cells[-1] == f"这里是前 2 行，全部 {MOST + 1} 行"
