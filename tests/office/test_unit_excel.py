"""A unit without an account: its list out, its answers in; bad rows named, nothing done twice."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation
from openpyxl import load_workbook

from fenzhen.board.requests import requests_waiting
from fenzhen.desk.dispatch import take_back
from fenzhen.desk.review import send_back_reply
from fenzhen.desk.step import NotYours
from fenzhen.office.tables import Unreadable
from fenzhen.office.unit_excel import open_list, take_answers
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.requests import Request
from tests.cast import BEIJING, Cast

REPLY = {
    "sign": "是",
    "contacted": "联系上了",
    "contact_how": "上门",
    "internal": "物业换灯六盏。",
    "public": "楼道灯今天上午已全部换好。",
    "solved": "解决",
}


def filled(raw: bytes, rows: dict[int, dict[str, Any]]) -> bytes:
    """The file with answers in its *rows* (0 is the first of the list)."""
    book = load_workbook(io.BytesIO(raw))
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[2]}
    for row, cells in rows.items():
        for code, value in cells.items():
            sheet.cell(4 + row, at[code], value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def states(cast: Cast) -> list[str]:
    return list(Assignment.objects.filter(unit=cast.liuhe).order_by("id").values_list("state", flat=True))


def test_the_file_carries_nothing_of_the_caller(cast: Cast) -> None:
    cast.dispatched()
    cast.dispatched(kind="report", phone="13900000002", title="=1+1 举报")
    raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    sheet = load_workbook(io.BytesIO(raw)).worksheets[0]
    text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)
    for secret in ("冯小满", "冯**", "13900000001", "13900000002", "139****"):
        assert secret not in text
    assert "楼道灯" in text and "=1+1 举报" in text
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert Entry.objects.get(act="take_list").facts["rows"] == 2


def test_heads_are_locked_answers_are_open_and_the_key_is_hidden(cast: Cast) -> None:
    cast.dispatched()
    sheet = load_workbook(io.BytesIO(open_list(cast.liuhe, by=cast.wang, now=cast.now))).worksheets[0]
    at = {cell.value: cell for cell in sheet[2]}
    assert sheet.protection.sheet and sheet.row_dimensions[2].hidden
    assert sheet.column_dimensions[at["key"].column_letter].hidden
    assert sheet.cell(3, at["sign"].column).protection.locked
    assert sheet.cell(4, at["key"].column).protection.locked
    assert not sheet.cell(4, at["public"].column).protection.locked
    listed = {str(rule.sqref).split(":")[0] for rule in sheet.data_validations.dataValidation}
    for code in ("sign", "contacted", "solved", "ask", "reason"):
        assert f"{at[code].column_letter}4" in listed


def test_good_rows_are_done_for_the_unit_and_bad_ones_are_named(cast: Cast) -> None:
    tickets = [cast.dispatched(phone=f"1390000000{n}") for n in range(5)]
    raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    take_back(tickets[4], by=cast.wang, now=cast.now + timedelta(minutes=5))
    answers = take_answers(
        cast.liuhe,
        filled(
            raw,
            {
                0: REPLY,
                1: {"sign": "是", "note": "已到现场，电话13812345678"},
                2: REPLY | {"sign": None},
                3: {"sign": "收到"},
                4: {"sign": "是"},
            },
        ),
        by=cast.wang,
        now=cast.now + timedelta(hours=1),
    )
    assert [(d.row, d.acts) for d in answers.done] == [(4, ("sign", "reply")), (5, ("sign", "note"))]
    assert [(f.row, f.column) for f in answers.faults] == [(6, "签收"), (7, "签收"), (8, "")]
    assert "收到" in answers.faults[1].text and "已撤派" in answers.faults[2].text
    assert states(cast) == ["result_submitted", "signed", "pending_sign", "pending_sign", "recalled"]
    on_behalf = [e.facts.get("on_behalf") for e in Entry.objects.filter(act__in=["sign", "reply", "note"])]
    assert on_behalf == [True] * 4
    assert "13812345678" not in Note.objects.get(kind="note").text


def test_the_same_file_twice_does_nothing_twice(cast: Cast) -> None:
    for n in range(2):
        cast.dispatched(phone=f"1390000000{n}")
    raw = filled(
        open_list(cast.liuhe, by=cast.wang, now=cast.now), {0: REPLY, 1: {"sign": "是", "note": "在办"}}
    )
    take_answers(cast.liuhe, raw, by=cast.wang, now=cast.now + timedelta(hours=1))
    count = Entry.objects.exclude(act="take_answers").count()
    again = take_answers(cast.liuhe, raw, by=cast.li, now=cast.now + timedelta(days=3))
    assert (again.done, again.faults, again.same) == ([], [], 2)
    assert Entry.objects.exclude(act="take_answers").count() == count
    assert (Reply.objects.count(), Note.objects.filter(kind="note").count()) == (1, 1)


def test_the_same_words_again_after_review_sent_them_back_are_named_not_passed_over(cast: Cast) -> None:
    ticket = cast.dispatched()
    raw = filled(open_list(cast.liuhe, by=cast.wang, now=cast.now), {0: REPLY})
    take_answers(cast.liuhe, raw, by=cast.wang, now=cast.now + timedelta(hours=1))
    send_back_reply(
        cast.lead(ticket), by=cast.zhao, now=cast.now + timedelta(hours=2), reasons=["copy_paste"]
    )
    again = take_answers(cast.liuhe, raw, by=cast.wang, now=cast.now + timedelta(hours=3))
    assert not again.done and not again.same
    assert [(f.row, "退回" in f.text) for f in again.faults] == [(4, True)]
    other = filled(raw, {0: REPLY | {"internal": "第二次上门,换好了灯,物业签字。"}})
    assert take_answers(cast.liuhe, other, by=cast.wang, now=cast.now + timedelta(hours=4)).done


def test_a_row_is_done_as_a_whole_or_not_at_all(cast: Cast) -> None:
    cast.dispatched()
    raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    answers = take_answers(
        cast.liuhe,
        filled(raw, {0: REPLY | {"solved": "未解决", "public": None}}),
        by=cast.wang,
        now=cast.now + timedelta(hours=1),
    )
    assert {(f.row, f.column) for f in answers.faults} == {(4, "告诉诉求人的话"), (4, "未解决原因")}
    assert states(cast) == ["pending_sign"] and Reply.objects.count() == 0


def test_it_asks_to_return_and_for_more_time(cast: Cast) -> None:
    tickets = [cast.dispatched(phone=f"1390000000{n}") for n in range(3)]
    due = cast.lead(tickets[1]).handle_due
    raw = filled(
        open_list(cast.liuhe, by=cast.wang, now=cast.now),
        {
            0: {"ask": "申请退回", "reason": "不属本单位职责", "basis": "权责清单第3条", "text": "属住建。"},
            1: {
                "sign": "是",
                "ask": "申请延期",
                "reason": "需要施工或采购",
                "text": "已采购，等到货。",
                "until": (due + timedelta(days=2)).astimezone(BEIJING).replace(tzinfo=None),
            },
            2: {"ask": "申请延期", "reason": "不在本辖区", "text": "。"},
        },
    )
    for _ in range(2):
        answers = take_answers(cast.liuhe, raw, by=cast.wang, now=cast.now + timedelta(hours=1))
    assert answers.same == 2
    assert [(f.row, f.column) for f in answers.faults] == [(6, "申请原因")]
    assert sorted(Request.objects.values_list("kind", flat=True)) == ["extension", "return"]
    seen = requests_waiting(cast.wang, cast.now + timedelta(hours=1))
    assert {s.share.unit for s in seen} == {cast.liuhe}
    assert Request.objects.get(kind="extension").until == due + timedelta(days=2)


def test_another_units_row_and_a_changed_key_are_refused(cast: Cast) -> None:
    ticket = cast.dispatched()
    raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    stranger = take_answers(cast.songshan, filled(raw, {0: {"sign": "是"}}), by=cast.wang, now=cast.now)
    assert [f.row for f in stranger.faults] == [4] and not stranger.done
    other = Assignment.objects.get(ticket=ticket, part="assist").pk
    for key in (f"{other}-000000000000", "x", "99999999999999999999-1"):
        answers = take_answers(
            cast.liuhe, filled(raw, {0: {"sign": "是", "key": key}}), by=cast.wang, now=cast.now
        )
        assert len(answers.faults) == 1 and not answers.done
    assert states(cast) == ["pending_sign"]


def test_a_row_that_was_copied_is_named_and_an_empty_file_is_no_list(cast: Cast) -> None:
    cast.dispatched()
    raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    sheet = load_workbook(io.BytesIO(raw)).worksheets[0]
    key = sheet.cell(4, sheet.max_column).value
    answers = take_answers(
        cast.liuhe,
        filled(raw, {0: {"sign": "是"}, 1: {"sign": "是", "key": key}, 2: {"sign": "是"}}),
        by=cast.wang,
        now=cast.now + timedelta(hours=1),
    )
    assert len(answers.done) == 1 and [f.row for f in answers.faults] == [5, 6]
    for bad in (b"a,b\n1,2\n", b"PK\x03\x04 broken", b""):
        with pytest.raises(Unreadable):
            take_answers(cast.liuhe, bad, by=cast.wang, now=cast.now)


def test_an_english_file_is_understood_by_a_chinese_desk(cast: Cast) -> None:
    cast.dispatched()
    with translation.override("en"):
        raw = open_list(cast.liuhe, by=cast.wang, now=cast.now)
    book = load_workbook(io.BytesIO(raw))
    sheet, codes = book.worksheets[0], book["codes"]
    at = {cell.value: cell.column for cell in sheet[2]}
    yes = codes.cell(1, at["sign"] - at["state"]).value
    answers = take_answers(
        cast.liuhe, filled(raw, {0: {"sign": yes}}), by=cast.wang, now=cast.now + timedelta(minutes=9)
    )
    assert [d.acts for d in answers.done] == [("sign",)]


def test_only_the_desk_sends_and_takes_lists(cast: Cast) -> None:
    cast.dispatched()
    for person in (cast.huang, cast.zhang, cast.zhao, cast.leader, cast.admin):
        with pytest.raises(NotYours):
            open_list(cast.liuhe, by=person, now=cast.now)
        with pytest.raises(NotYours):
            take_answers(cast.liuhe, b"", by=person, now=cast.now)
