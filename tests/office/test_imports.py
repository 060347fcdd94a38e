"""Reading tickets from a file: every row is imported, known, or refused with its number and a reason."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fenzhen.desk.intake import receive_ticket
from fenzhen.desk.step import NotYours, entry_hash
from fenzhen.hotline.journey import TicketState
from fenzhen.office import imports
from fenzhen.office.accounts import system_account
from fenzhen.office.imports import Report, import_file
from fenzhen.office.mapping import BadMapping, NoMapping, mapping_from
from fenzhen.office.tables import Unreadable
from fenzhen.records.handling import Note
from fenzhen.records.imports import ImportBatch
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Caller, SealedNumber, Ticket
from tests.cast import Cast

MESSAGES = ["message_id", "user", "topic", "time", "detail", "likes"]
BEIJING = "工单编号,工单类型,问题分类,标签,标题,主要内容,工单状态,来电人,来电人电话/账号,被反映区,被反映街乡镇,办理结果,回复内容,处理受理方式,办结时间,企业名称,是否解决,是否满意,工单性质,村/社区,小区点位".split(
    ","
)


def written(
    path: Path, header: list[str], rows: list[dict[str, str] | list[str]], encoding: str = "utf-8"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow([row.get(name, "") for name in header] if isinstance(row, dict) else row)
    return path


def message(n: int, **cells: str) -> dict[str, str]:
    return {
        "message_id": str(n),
        "user": f"A{n:05d}",
        "topic": f"第{n}个路灯不亮",
        "time": "2019/2/28 11:25:05",
        "detail": f"三号楼前面第{n}盏路灯坏了很久。",
    } | cells


def read(path: Path, cast: Cast, **options: Any) -> Report:
    report = import_file(path, by=system_account(), now=cast.now, **options)
    assert report.imported + report.known + report.rejected == report.rows
    assert report.waiting + report.filed == report.imported
    return report


def test_messages_become_tickets_at_the_desk_and_their_clocks_start_now(cast: Cast, tmp_path: Path) -> None:
    report = read(written(tmp_path / "m.csv", MESSAGES, [message(n) for n in range(1, 6)]), cast)
    assert (report.rows, report.imported, report.waiting) == (5, 5, 5)
    assert (report.mapping, report.unused_columns) == ("messages", ["likes"])
    ticket = Ticket.objects.order_by("pk").first()
    assert ticket is not None
    assert ticket.state == TicketState.PENDING_DISPATCH
    assert (ticket.source, ticket.external_no, ticket.channel) == ("messages", "1", "web")
    assert ticket.received_at.astimezone(cast.now.tzinfo).isoformat() == "2019-02-28T11:25:05+08:00"
    assert ticket.triage_due == cast.now + timedelta(minutes=30)
    assert ticket.number.startswith("20190228")
    caller = ticket.caller
    assert caller is not None and (caller.account, caller.phone, caller.name) == ("A00001", "", "")
    assert report.asks_place == 5
    entry = Entry.objects.get(subject=f"ticket:{ticket.pk}", act="receive")
    assert entry.facts["place"] == "ask" and entry.facts["row"] == 2
    assert entry.hash == entry_hash(entry)


def test_a_second_run_over_the_same_file_imports_nothing(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(n) for n in range(1, 6)])
    read(path, cast)
    entries = Entry.objects.filter(subject__startswith="ticket:").count()
    again = read(path, cast)
    assert (again.imported, again.known, again.rejected) == (0, 5, 0)
    assert Ticket.objects.count() == 5
    assert Entry.objects.filter(subject__startswith="ticket:").count() == entries


def test_a_run_that_broke_off_is_continued(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(n) for n in range(1, 8)])
    monkeypatch.setattr(imports, "BLOCK", 2)

    class Pulled(Exception):
        pass

    def pull(done: int, total: int | None) -> None:
        assert total == 7
        if done == 4:
            raise Pulled

    with pytest.raises(Pulled):
        import_file(path, by=system_account(), now=cast.now, progress=pull)
    first = ImportBatch.objects.get()
    assert (first.finished_at, first.imported) == (None, 4)
    report = read(path, cast)
    assert (report.imported, report.known, report.interrupted_before) == (3, 4, True)
    assert sorted(Ticket.objects.values_list("external_no", flat=True)) == list("1234567")


def test_the_batch_and_the_journal_say_what_became_of_the_file(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1), message(2, time="2019/2/30"), message(1)])
    report = read(path, cast)
    batch = ImportBatch.objects.get()
    assert (batch.rows, batch.imported, batch.known, batch.rejected) == (3, 1, 1, 1)
    assert batch.finished_at is not None
    assert report.twice == 1
    start, end = Entry.objects.filter(subject=f"import:{batch.pk}").order_by("n")
    assert (start.act, end.act) == ("start_import", "finish_import")
    assert end.facts["imported"] == 1 and end.facts["rejected"] == 1
    assert end.previous == start.hash


def test_refused_rows_are_written_with_number_and_reason_and_can_be_read_again(
    cast: Cast, tmp_path: Path
) -> None:
    rows = [
        message(1),
        message(2, time="2019/13/1"),
        message(3, topic="", detail=""),
        message(4, time="2199/1/1"),
        message(5, time="昨天"),
    ]
    path = written(tmp_path / "m.csv", MESSAGES, rows)
    report = read(path, cast)
    assert (report.imported, report.rejected) == (1, 4)
    rejects = tmp_path / "m.rejects.csv"
    assert report.rejects == str(rejects)
    assert rejects.stat().st_mode & 0o077 == 0
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["行号"] for line in lines] == ["3", "4", "5", "6"]
    assert lines[0]["message_id"] == "2" and "没有这样的时间" in lines[0]["原因"]
    assert "至少写下一句" in lines[1]["原因"]
    assert "看不懂的时间" in lines[3]["原因"]
    mended = rejects.read_text(encoding="utf-8-sig").replace("2019/13/1", "2019/12/1")
    rejects.write_text(mended, encoding="utf-8-sig")
    again = read(rejects, cast, rejects=tmp_path / "left.csv")
    assert (again.imported, again.rejected) == (1, 3)


def test_the_rejects_go_to_the_data_folder_where_the_input_lies_on_a_read_only_disk(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FENZHEN_DATA_DIR = tmp_path / "data"
    source = tmp_path / "in"
    source.mkdir()
    path = written(source / "m.csv", MESSAGES, [message(2, time="2019/13/1")])
    real = imports.os.open

    def refuse(place: Any, *more: Any) -> int:
        if Path(place).parent == source:
            raise OSError(30, "Read-only file system")
        return real(place, *more)

    monkeypatch.setattr(imports.os, "open", refuse)
    assert read(path, cast).rejects == str(tmp_path / "data" / "m.rejects.csv")


def test_a_dry_run_counts_and_writes_nothing(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1), message(2, time="x"), message(1)])
    report = read(path, cast, dry_run=True)
    assert (report.imported, report.known, report.rejected) == (1, 1, 1)
    assert Ticket.objects.count() == Caller.objects.count() == ImportBatch.objects.count() == 0
    assert list(tmp_path.iterdir()) == [path]
    after = read(path, cast)
    assert (after.imported, after.known, after.rejected) == (1, 1, 1)


def test_history_starts_no_clock(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1)])
    report = read(path, cast, history=True)
    assert (report.filed, report.waiting) == (1, 0)
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.is_history, ticket.triage_due, ticket.closed_at) == (
        "closed",
        True,
        None,
        None,
    )
    assert list(Entry.objects.filter(subject=f"ticket:{ticket.pk}").values_list("act", flat=True)) == [
        "file_history"
    ]


# a Beijing-style export --------------------------------------------------------------------------------


def order(n: int, **cells: str) -> dict[str, str]:
    base = {
        "工单编号": f"BJ{n:06d}",
        "工单类型": "投诉",
        "问题分类": "住房->物业管理->公共设施",
        "标题": "楼道灯不亮",
        "主要内容": "楼道灯坏了半个月。",
        "工单状态": "办理中",
        "来电人": "冯小满",
        "来电人电话/账号": "13900000001",
        "被反映区": "柳山区",
        "被反映街乡镇": "柳河镇",
        "小区点位": "清荷苑",
        "企业名称": "柳山物业公司",
    }
    return base | cells


def test_a_beijing_export_is_known_by_its_header(cast: Cast, tmp_path: Path) -> None:
    report = read(written(tmp_path / "b.csv", BEIJING, [order(1)]), cast)
    assert report.mapping == "beijing"
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.channel, ticket.source) == ("complaint", "city", "beijing")
    assert ticket.place == cast.estate and ticket.town == cast.town
    assert ticket.place_text == "柳山区柳河镇清荷苑"
    assert ticket.city_category == "住房->物业管理->公共设施"
    assert "【企业名称】柳山物业公司" in ticket.body
    assert ticket.caller is not None and ticket.caller.phone == "13900000001"


def test_a_finished_row_is_filed_as_history_with_its_outcome(cast: Cast, tmp_path: Path) -> None:
    closed = order(
        2,
        工单状态="回复完成",
        办结时间="2026-03-01 10:00",
        是否解决="部分解决",
        是否满意="基本满意",
        办理结果="已维修",
        回复内容="灯已修好,请致电13911112222核实。",
    )
    report = read(written(tmp_path / "b.csv", BEIJING, [order(1), closed]), cast)
    assert (report.waiting, report.filed) == (1, 1)
    ticket = Ticket.objects.get(external_no="BJ000002")
    assert (ticket.state, ticket.is_history) == ("closed", True)
    assert (ticket.final_solved, ticket.final_satisfied) == ("partly", "basic")
    assert ticket.closed_at is not None and ticket.closed_at == ticket.received_at
    assert "已维修" in ticket.answer and "13911112222" not in ticket.answer
    assert ticket.triage_due is None


def test_a_secret_caller_is_nobody(cast: Cast, tmp_path: Path) -> None:
    rows = [order(1, 来电人="保密", **{"来电人电话/账号": "保密"}), order(2, 来电人="保密")]
    report = read(written(tmp_path / "b.csv", BEIJING, rows), cast)
    first, second = Ticket.objects.order_by("pk")
    assert first.is_secret and first.caller is None
    assert second.is_secret and second.caller is not None
    assert (second.caller.name, second.caller.phone) == ("", "13900000001")
    assert (report.secret, report.unknown_caller) == (2, 0)


def test_who_and_where_are_unknown_is_not_guessed(cast: Cast, tmp_path: Path) -> None:
    rows = [
        order(1, 来电人="匿名", **{"来电人电话/账号": "不详"}, 被反映区="", 被反映街乡镇="", 小区点位=""),
        order(2, 被反映街乡镇="松山镇", 小区点位="清荷苑"),
        order(3, 被反映街乡镇="某某镇"),
    ]
    report = read(written(tmp_path / "b.csv", BEIJING, rows), cast)
    nobody, elsewhere, nowhere = Ticket.objects.order_by("pk")
    assert nobody.caller is None and nobody.place is None and nobody.place_text == ""
    # There is no such estate in that town: the town is said, the estate is not taken from another town.
    assert elsewhere.place == elsewhere.town == cast.other_town
    assert nowhere.place is None and nowhere.place_text == "柳山区某某镇清荷苑"
    assert (report.unknown_caller, report.asks_place) == (1, 1)


def test_contacts_in_many_forms(cast: Cast, tmp_path: Path) -> None:
    forms = {
        "１３９－０００１－２２３３": ("13900012233", ""),
        "+86 139 0001 2233": ("13900012233", ""),
        "010-69290000": ("01069290000", ""),
        "wx_明月": ("", "wx_明月"),
        "13900012233、13900012244": ("13900012233", ""),
    }
    rows = [order(n, **{"来电人电话/账号": form}) for n, form in enumerate(forms, start=1)]
    wrong = [
        order(100 + n, **{"来电人电话/账号": form})
        for n, form in enumerate(["123456", "1390001223", "00000000000"])
    ]
    report = read(written(tmp_path / "b.csv", BEIJING, rows + wrong), cast)
    assert (report.imported, report.rejected) == (5, 3)
    found = [(t.caller.phone, t.caller.account) for t in Ticket.objects.order_by("pk") if t.caller]
    assert found == list(forms.values())
    last = Ticket.objects.order_by("-pk").first()
    assert last is not None and "13900012244" not in last.body
    assert [row.value for row in SealedNumber.objects.filter(ticket=last)] == ["13900012244"]


def test_words_stay_what_the_person_wrote(cast: Cast, tmp_path: Path) -> None:
    bodies = [
        "<script>alert(1)</script><b>粗</b>",
        "'; DROP TABLE records_ticket; --",
        "😀路灯🏮坏了",
        "长" * 20_000,
        "有\0空\0字节",
        "第一行\r\n第二行",
    ]
    report = read(
        written(tmp_path / "m.csv", MESSAGES, [message(n, detail=b) for n, b in enumerate(bodies)]), cast
    )
    assert report.imported == len(bodies)
    kept = list(Ticket.objects.order_by("pk").values_list("body", flat=True))
    assert kept == [*bodies[:4], "有空字节", "第一行\n第二行"]


def test_empty_rows_are_no_rows_and_a_row_that_slipped_is_refused(cast: Cast, tmp_path: Path) -> None:
    rows: list[Any] = [
        message(1),
        [],
        ["", " ", ""],
        ["7", "u", "t", "2019-01-01", "d", "3", "多", "余"],
        message(8),
    ]
    report = read(written(tmp_path / "m.csv", MESSAGES, rows), cast)
    assert (report.rows, report.imported, report.rejected) == (3, 2, 1)
    assert "串列" in (tmp_path / "m.rejects.csv").read_text(encoding="utf-8-sig")


def test_a_row_without_a_number_is_known_again_by_what_it_says(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1, message_id=""), message(2, message_id="")])
    assert read(path, cast).imported == 2
    assert read(path, cast).known == 2


def test_numbers_that_a_spreadsheet_has_spoiled_are_refused(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1, message_id="2.01911E+16")])
    assert read(path, cast).rejected == 1
    assert "科学计数" in (tmp_path / "m.rejects.csv").read_text(encoding="utf-8-sig")


def test_a_ticket_of_the_same_number_that_came_in_between_is_known(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs over one file in the same instant: the second finds the rows only when it writes."""
    receive_ticket(cast.heard(source="messages", external_no="2"), by=cast.zhang, now=cast.now)
    monkeypatch.setattr(imports._Run, "_known", lambda self, rows: set())
    report = read(written(tmp_path / "m.csv", MESSAGES, [message(1), message(2), message(3)]), cast)
    assert (report.imported, report.known) == (2, 1)
    assert Ticket.objects.count() == 3


def test_only_those_in_charge_import(cast: Cast, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", MESSAGES, [message(1)])
    for person in (cast.wang, cast.zhang, cast.huang, cast.leader):
        with pytest.raises(NotYours):
            import_file(path, by=person, now=cast.now)
    import_file(path, by=cast.chen, now=cast.now)
    ticket = Ticket.objects.get()
    assert ticket.received_by.username == "system"
    assert ImportBatch.objects.get().by == cast.chen


# mappings ----------------------------------------------------------------------------------------------


def test_any_other_header_by_a_mapping_of_its_own(cast: Cast, tmp_path: Path) -> None:
    header = ["流水号", "诉求", "谁", "手机", "何时"]
    path = written(
        tmp_path / "o.csv", header, [["1", "路灯坏了", "冯小满", "13900000001", "2026年3月1日 9时"]]
    )
    with pytest.raises(NoMapping) as refusal:
        read(path, cast)
    assert refusal.value.header == header
    told = tmp_path / "o.toml"
    told.write_text(
        """
        name = "other"
        channel = "letter"
        [columns]
        external_no = "流水号"
        body = ["内容", "诉求"]
        name = "谁"
        phone = "手机"
        received_at = "何时"
        """,
        encoding="utf-8",
    )
    assert read(path, cast, mapping=mapping_from(told)).imported == 1
    ticket = Ticket.objects.get()
    assert (ticket.source, ticket.channel, ticket.title) == ("other", "letter", "路灯坏了")
    assert ticket.received_at.astimezone(cast.now.tzinfo).hour == 9


def test_a_mapping_with_faults_names_them(tmp_path: Path) -> None:
    told = tmp_path / "bad.toml"
    told.write_text('channel = "fax"\n[columns]\nbdy = "x"\n[words.kind]\n"求" = "plea"\n', encoding="utf-8")
    with pytest.raises(BadMapping) as refusal:
        mapping_from(told)
    for word in ("bdy", "title", "fax", "plea"):
        assert word in str(refusal.value)
    told.write_text("not toml at all [", encoding="utf-8")
    with pytest.raises(BadMapping):
        mapping_from(told)


def test_the_header_may_stand_under_a_title(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    plain = written(path, MESSAGES, [message(1)]).read_text(encoding="utf-8")
    path.write_text("大兴留言,,,,,\n\n2026年3月,,,,,\n" + plain, encoding="utf-8")
    assert read(path, cast).imported == 1
    assert Entry.objects.get(act="receive").facts["row"] == 5


def test_a_file_that_is_no_table_is_refused_whole(cast: Cast, tmp_path: Path) -> None:
    for content in (b"", b"  \n ", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0old", b"%PDF-1.7"):
        path = tmp_path / "x.csv"
        path.write_bytes(content)
        with pytest.raises(Unreadable):
            read(path, cast)
    assert ImportBatch.objects.count() == Note.objects.count() == 0
