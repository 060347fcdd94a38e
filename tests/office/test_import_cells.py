"""Encodings, delimiters, spreadsheets; moments and numbers in many forms."""

import io
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from fenzhen.office.accounts import system_account
from fenzhen.office.cells import BadCell, contact_of, moment_of, number_of
from fenzhen.office.imports import import_file
from fenzhen.office.tables import encoding_of, open_table
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

TEXT = 'message_id,user,topic,time,detail\r\n1,甲,路灯不亮,2026/3/1 8:00,"三号楼,前面\r\n还有后面"\r\n'


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_told_by_the_bytes(cast: Cast, tmp_path: Path, encoding: str, found: str) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(TEXT.encode(encoding))
    report = import_file(path, by=system_account(), now=cast.now)
    assert (report.encoding, report.imported) == (found, 1)
    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.body) == ("路灯不亮", "三号楼,前面\n还有后面")


def test_rare_characters_outside_gbk(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(TEXT.replace("三号楼", "𡋾村㛃").encode("gb18030"))
    import_file(path, by=system_account(), now=cast.now)
    assert Ticket.objects.get().body.startswith("𡋾村㛃")


def test_one_damaged_byte_refuses_one_row_and_not_the_file(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    more = "2,乙,井盖丢了,2026/3/1 9:00,门口\r\n".encode()
    path.write_bytes(TEXT.encode() + more.replace("门".encode(), b"\xff\xfe"))
    report = import_file(path, by=system_account(), now=cast.now)
    assert (report.encoding, report.imported, report.rejected) == ("utf-8", 1, 1)
    assert "编码" in Path(report.rejects).read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_by_the_header(cast: Cast, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "m.csv"
    line = ["message_id", "user", "topic", "time", "detail"]
    path.write_text(
        delimiter.join(line) + "\n" + delimiter.join(["1", "a", "路灯", "2026-03-01", "坏了"]),
        encoding="utf-8",
    )
    assert import_file(path, by=system_account(), now=cast.now).imported == 1


def test_a_spreadsheet(cast: Cast, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["工单编号", "标题", "主要内容", "来电人电话/账号", "受理时间", "被反映街乡镇"])
    sheet.append(["A1", "路灯", "不亮", 13900000001, datetime(2026, 3, 1, 8, 30), "柳河镇"])  # noqa: DTZ001 - sheets know no zones
    sheet.append([1234567890123456789, "路灯", "不亮", None, None, None])
    sheet.append([17, "井盖", "丢了", "１３９００００１１１１", 46082.5, None])
    sheet.append([None, None, None, None, None, None])
    sheet.append(["A2", "", "", "13900000001", date(2026, 3, 1), ""])
    path = tmp_path / "b.xlsx"
    book.save(path)
    report = import_file(path, by=system_account(), now=cast.now)
    assert (report.rows, report.imported, report.rejected) == (4, 2, 2)
    first, second = Ticket.objects.order_by("pk")
    assert first.caller is not None and first.caller.phone == "13900000001"
    assert first.received_at.astimezone(cast.now.tzinfo).strftime("%F %T") == "2026-03-01 08:30:00"
    assert first.town == cast.town
    assert second.external_no == "17"
    assert second.received_at.astimezone(cast.now.tzinfo).strftime("%F %T") == "2026-03-01 12:00:00"
    reasons = Path(report.rejects).read_text(encoding="utf-8-sig")
    assert "失真" in reasons and "至少写下一句" in reasons


def test_a_csv_that_calls_itself_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    path.write_bytes(TEXT.encode("gbk"))
    assert open_table(path).encoding == "gb18030"
    assert open_table(io.BytesIO(TEXT.encode()), "x").count() == 2


def test_plain_figures_are_utf_8() -> None:
    assert encoding_of(b"1,2,3\n") == "utf-8"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2019/2/28 11:25:05", "2019-02-28 11:25:05"),
        ("2019-02-28", "2019-02-28 00:00:00"),
        ("2019.2.8 9:05", "2019-02-08 09:05:00"),
        ("2019年2月28日 11时", "2019-02-28 11:00:00"),
        ("2019年2月28日11时25分", "2019-02-28 11:25:00"),
        ("2019年2月28日 11点25分05秒", "2019-02-28 11:25:05"),
        ("２０１９－０２－２８　１１：２５", "2019-02-28 11:25:00"),
        ("2019-02-28T11:25:05.123", "2019-02-28 11:25:05"),
        ("2019-02-28T03:25:05Z", "2019-02-28 11:25:05"),
        ("2019-02-28 11:25:05+08:00", "2019-02-28 11:25:05"),
        ("2019/2/28 下午3:05", "2019-02-28 15:05:00"),
        ("2019/2/28 12:05 AM", "2019-02-28 00:05:00"),
        ("20190228", "2019-02-28 00:00:00"),
        ("20190228112505", "2019-02-28 11:25:05"),
        ("43524.475752", "2019-02-28 11:25:05"),
        (43524, "2019-02-28 00:00:00"),
        (datetime(2019, 2, 28, 11, 25), "2019-02-28 11:25:00"),  # noqa: DTZ001 - sheets know no zones
        (date(2019, 2, 28), "2019-02-28 00:00:00"),
    ],
)
def test_a_moment_in_many_forms(cast: Cast, cell: object, expected: str) -> None:
    at = moment_of(cell)  # type: ignore[arg-type]  # as a reader of spreadsheets gives it
    assert at is not None
    assert at.astimezone(cast.now.tzinfo).strftime("%F %T") == expected


@pytest.mark.parametrize("cell", ["", None, "不详", " - ", "无"])
def test_no_moment(cell: str | None) -> None:
    assert moment_of(cell) is None


@pytest.mark.parametrize(
    "cell", ["2019-02-30", "2019/13/01", "19-2-28", "25:00", "明天", "1019-02-28", "2019-02-28 25:00", "123"]
)
def test_a_moment_that_cannot_be(cell: str) -> None:
    with pytest.raises(BadCell):
        moment_of(cell)


def test_contacts_and_numbers() -> None:
    assert contact_of("139 0000 0001 / 69290000") == ("13900000001", "", ["69290000"])
    assert contact_of("保密") == ("", "", [])
    assert contact_of("user@example.cn") == ("", "user@example.cn", [])
    assert number_of(20260311000017) == "20260311000017"
    assert number_of(" ＡＢ－１２ ") == "AB-12"
    with pytest.raises(BadCell):
        number_of(1.5)
    with pytest.raises(BadCell):
        number_of("9" * 65)
