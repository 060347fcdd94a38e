"""The template a district fills: every list has its sheet, choices are words, and what is filled in comes back."""

import io
from collections import Counter
from datetime import date

import pytest
from django.utils.translation import override
from openpyxl import load_workbook

from fenzhen.office.book import read_book
from fenzhen.office.lists import BadLists, reader_of
from fenzhen.office.sheets import SETTINGS, SHEETS, code_of, key_of_heading, plain
from fenzhen.office.tables import Unreadable
from fenzhen.papers.template import template

LANGUAGES = ["zh-hans", "en"]


def opened(raw: bytes):
    return load_workbook(io.BytesIO(raw))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unfilled_template_holds_only_what_is_known_already(language: str) -> None:
    with override(language):
        raw = template()
    book = read_book(raw)
    assert set(book.sheets) == {sheet.key for sheet in SHEETS} and book.problems == []
    filled = {key for key, read in book.sheets.items() if read.rows}
    assert filled == {"levels", "calendar"}
    assert [row["level"] for _line, row in book.sheets["levels"].rows][0] in {"一级", "Level 1"}
    assert book.settings["triage_minutes"] == 30 and book.settings["triage_minutes_confirmed"] is False
    assert book.settings["quiet"] == {"from": "21:00", "to": "07:00", "levels": [3, 4]}
    assert "name" not in book.settings


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sheet_has_two_columns_of_one_name(language: str) -> None:
    with override(language):
        book = opened(template())
    for sheet in book.worksheets[2:]:
        heads = Counter(plain(str(cell.value)) for cell in sheet[2] if cell.value)
        assert max(heads.values()) == 1, (sheet.title, heads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_comes_back_as_its_code(language: str) -> None:
    with override(language):
        for sheet in SHEETS:
            for column in sheet.columns:
                for code, word in (column.choices or {}).items():
                    assert code_of(sheet.key, column.key, str(word)) == code
                    assert code_of(sheet.key, column.key, code) == code
                assert key_of_heading(sheet.key, column.word + " *") == column.key


def test_must_columns_are_marked_and_choices_drop_down() -> None:
    book = opened(template())
    units = book["单位"]
    assert [c.value for c in units[2]][:2] == ["代码 *", "全称 *"]
    lists = {str(v.sqref): v.formula1 for v in units.data_validations.dataValidation}
    assert any("委办局" in formula for formula in lists.values())
    assert units.column_dimensions["A"].number_format == "@"  # 010101 stays 010101
    assert units.freeze_panes == "C4"


def filled(sheet: str, rows: list[dict[str, object]], raw: bytes | None = None) -> bytes:
    book = opened(raw or template())
    page = book[sheet]
    at = {str(c.value).replace(" *", ""): c.column for c in page[2] if c.value}
    for n, row in enumerate(rows, start=20):
        for word, value in row.items():
            page.cell(n, at[word], value)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_rows_know_the_line_that_the_spreadsheet_shows() -> None:
    raw = filled("单位", [{"代码": "A1", "全称": "甲", "类型": "镇"}, {"代码": "A2", "全称": "乙"}])
    rows = read_book(raw).sheets["units"].rows
    assert [line for line, _row in rows] == [20, 21]
    assert rows[0][1]["kind"] == "镇"


def test_numbers_dates_and_lost_zeros_are_understood() -> None:
    raw = filled(
        "权责",
        [
            {"规则号": 7, "分类": 10101, "生效日": date(2026, 1, 5), "失效日": "2026年12月1日"},
            {"规则号": "8", "分类": "01", "生效日": "2026.1.5"},
        ],
    )
    (_, one), (_, two) = read_book(raw).sheets["duties"].rows
    assert (one["id"], one["category"], one["valid_from"], one["valid_to"]) == (
        "7",
        "010101",
        "2026-01-05",
        "2026-12-01",
    )
    assert two["category"] == "01" and two["valid_from"] == "2026-01-05"


def test_an_example_that_somebody_wrote_into_counts() -> None:
    book = opened(template())
    book["人员"]["B4"] = "真名"
    kept = io.BytesIO()
    book.save(kept)
    assert [row["name"] for _line, row in read_book(kept.getvalue()).sheets["staff"].rows] == ["真名"]


def test_a_setting_that_cannot_be_is_named_with_its_line() -> None:
    book = opened(template())
    page = book["本区"]
    line = next(row[0].row for row in page.iter_rows(min_row=3) if "下班时间" in str(row[0].value))
    page.cell(line, 2, "傍晚")
    kept = io.BytesIO()
    book.save(kept)
    assert [(sheet, at) for sheet, at, _text in read_book(kept.getvalue()).problems] == [("本区", line)]


def test_settings_have_paths_that_are_used_once() -> None:
    assert len({item.path for item in SETTINGS}) == len(SETTINGS)


def test_a_workbook_of_something_else_is_refused() -> None:
    from openpyxl import Workbook

    kept = io.BytesIO()
    Workbook().save(kept)
    with pytest.raises(Unreadable):
        read_book(kept.getvalue())
    with pytest.raises(BadLists):
        reader_of(("other.xlsx", kept.getvalue()))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    from fenzhen.office import book

    monkeypatch.setattr(book, "LARGEST", 1000)
    with pytest.raises(Unreadable):
        read_book(template())
