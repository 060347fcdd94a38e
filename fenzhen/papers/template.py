"""The Excel template for a district's lists: a sheet per list with words, drop-downs and greyed examples.

What is filled in is read by office/book.py; both speak from office/sheets.py. Codes are kept as text, because a
spreadsheet eats the zero in front of 010101. The examples may stay: unchanged, they are left out when reading.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from fenzhen.board.words import word
from fenzhen.hotline.levels import DEFAULT
from fenzhen.office.sheets import SETTINGS, SETTINGS_SHEET, SHEETS, Column, Sheet

#: Rows that carry drop-downs and the text format, below the examples.
ROWS = 3000
_HEAD, _HINT, _FIRST = 1, 2, 3
_FONT = "Microsoft YaHei"


def template(filled: Mapping[str, Sequence[Mapping[str, str]]] | None = None) -> bytes:
    """The template as .xlsx. *filled*: list → rows by column, and ``settings`` → rows of ``path`` and ``value``
    (and ``confirmed``), to hand out what is there already; then without examples.
    """
    kept = io.BytesIO()
    book = Workbook(kept, {"in_memory": True})
    formats = {
        "title": book.add_format(
            {"font_name": _FONT, "bold": True, "font_size": 12, "valign": "vcenter", "text_wrap": True}
        ),
        "head": book.add_format(
            {
                "font_name": _FONT,
                "bold": True,
                "bg_color": "#E8EEF4",
                "bottom": 1,
                "valign": "vcenter",
                "text_wrap": True,
            }
        ),
        "must": book.add_format(
            {
                "font_name": _FONT,
                "bold": True,
                "bg_color": "#E8EEF4",
                "bottom": 1,
                "font_color": "#9C1C1C",
                "valign": "vcenter",
                "text_wrap": True,
            }
        ),
        "hint": book.add_format(
            {
                "font_name": _FONT,
                "italic": True,
                "font_size": 9,
                "font_color": "#6B7280",
                "text_wrap": True,
                "valign": "top",
            }
        ),
        "sample": book.add_format(
            {
                "font_name": _FONT,
                "italic": True,
                "font_color": "#9CA3AF",
                "num_format": "@",
                "text_wrap": True,
                "valign": "top",
            }
        ),
        "cell": book.add_format({"font_name": _FONT, "num_format": "@", "text_wrap": True, "valign": "top"}),
        "plain": book.add_format({"font_name": _FONT, "text_wrap": True, "valign": "top"}),
    }
    _guide(book, formats)
    _settings(book, formats, (filled or {}).get("settings"))
    for sheet in SHEETS:
        _list(book, formats, sheet, None if filled is None else filled.get(sheet.key, ()))
    book.close()
    return kept.getvalue()


def _guide(book: Workbook, formats: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(_("说明"))
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 96)
    sheet.write(0, 1, _("本区清单模板"), formats["title"])
    lines = [
        (
            "1",
            _("先填"),
            _(
                "「本区」「地点」「单位」「分类」「权责」「人员」六张表，就能派单；例句、值班电话随后补也可以。"
            ),
        ),
        ("2", _("红字列"), _("必填。灰色斜体是示例，留着、删掉都行，不会装入；改过的示例按正式内容读。")),
        ("3", _("代码"), _("代码自己定，字母或数字都行。要写单位、地点、分类的地方，写代码或名称都可以。")),
        (
            "4",
            _("检查"),
            _("填好后在「本区清单」页上传，或运行 fenzhen check 文件名；系统逐行说明缺什么、哪里矛盾。"),
        ),
        (
            "5",
            _("装入"),
            _(
                "检查没有错误后装入，先显示会新增、更改、停用什么，确认后才生效；以前的清单都留着，可以退回去。"
            ),
        ),
        ("6", _("再改"), _("以后只要改这个文件再上传一次。表里删掉的行会停用，不会丢掉历史工单。")),
    ]
    for at, (number, name, text) in enumerate(lines, start=2):
        sheet.write(at, 0, number, formats["plain"])
        sheet.write(at, 1, name, formats["head"])
        sheet.write(at, 2, text, formats["plain"])
    for at, listed in enumerate(SHEETS, start=len(lines) + 3):
        sheet.write_url(at, 1, f"internal:'{_(listed.word)}'!A1", formats["plain"], _(listed.word))
        sheet.write(at, 2, _(listed.about), formats["plain"])


def _settings(book: Workbook, formats: Mapping[str, Any], filled: Sequence[Mapping[str, str]] | None) -> None:
    sheet = book.add_worksheet(_(SETTINGS_SHEET))
    told = {row["path"]: row for row in filled or ()}
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 28, formats["cell"])
    sheet.set_column(2, 2, 10)
    sheet.set_column(3, 3, 64)
    sheet.merge_range(
        0,
        0,
        0,
        3,
        _("本区的名称和规矩。不改就按已填的默认值；本区核定过的，把“已核定”填 是。"),
        formats["title"],
    )
    sheet.set_row(0, 34)
    for at, title in enumerate((_("项目"), _("值"), _("已核定"), _("说明"))):
        sheet.write(1, at, title, formats["head"])
    for at, item in enumerate(SETTINGS, start=2):
        row = told.get(item.path, {})
        sheet.write(
            at, 0, _(item.word) + (" *" if item.needed else ""), formats["must" if item.needed else "head"]
        )
        sheet.write_string(at, 1, row.get("value", "" if filled else item.default), formats["cell"])
        if item.asks:
            sheet.write_string(at, 2, row.get("confirmed", _("否")), formats["cell"])
            _choose(sheet, at, 2, at, [_("是"), _("否")])
        if item.kind == "flag":
            _choose(sheet, at, 1, at, [_("是"), _("否")])
        sheet.write(at, 3, _(item.hint), formats["hint"])
    sheet.freeze_panes(2, 1)


def _list(
    book: Workbook,
    formats: Mapping[str, Any],
    listed: Sheet,
    filled: Sequence[Mapping[str, str]] | None,
) -> None:
    sheet = book.add_worksheet(_(listed.word))
    sheet.merge_range(0, 0, 0, max(1, len(listed.columns) - 1), _(listed.about), formats["title"])
    sheet.set_row(0, 34)
    sheet.set_row(_HINT, 26)
    for at, column in enumerate(listed.columns):
        sheet.set_column(at, at, column.width, formats["cell"])
        sheet.write(
            _HEAD,
            at,
            _(column.word) + (" *" if column.needed else ""),
            formats["must" if column.needed else "head"],
        )
        sheet.write(_HINT, at, _(column.hint), formats["hint"])
        _drop_down(sheet, at, column)
    rows: list[tuple[Sequence[str], str]] = []
    if filled is None:
        rows += [(values, "sample") for values in listed.examples]
        rows += [(values, "cell") for values in _known(listed.key)]
    else:
        rows += [([row.get(column.key, "") for column in listed.columns], "cell") for row in filled]
    for at, (values, look) in enumerate(rows, start=_FIRST):
        for place, value in enumerate(values):
            sheet.write_string(at, place, value, formats[look])
    sheet.freeze_panes(_FIRST, 2)
    sheet.autofilter(_HEAD, 0, _FIRST + ROWS, len(listed.columns) - 1)


def _known(key: str) -> list[tuple[str, ...]]:
    """What need not be typed: the trade's four levels, and the holidays that are published already."""
    if key == "levels":
        return [
            (
                word("level", level),
                word("level", level),
                str(limits.handling.count),
                word("time_unit", limits.handling.unit),
                str(limits.sign_minutes),
                str(limits.contact_hours),
                _("否"),
            )
            for level, limits in DEFAULT.items()
        ]
    if key != "calendar":
        return []
    from chinese_calendar.constants import holidays, workdays  # only here: it is large

    year = timezone.localdate().year
    off = {day: (word("day_type", "holiday"), name) for day, name in holidays.items() if day.weekday() < 5}
    on = {day: (word("day_type", "makeup"), name) for day, name in workdays.items() if day.weekday() > 4}
    return [
        (day.isoformat(), kind, _HOLIDAYS.get(name, name), _("是"))
        for day, (kind, name) in sorted((off | on).items())
        if day.year in {year, year + 1}
    ]


#: The library's names for holidays, as a calendar says them.
_HOLIDAYS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}


def _drop_down(sheet: Worksheet, at: int, column: Column) -> None:
    """Choices as a list; a code of another sheet as a list of what stands there, other values allowed."""
    if column.choices and not column.open_:
        _choose(sheet, _FIRST, at, _FIRST + ROWS, [str(_(str(word))) for word in column.choices.values()])
    elif column.points_to in {"units", "places"} and column.key != "assist":
        target = next(other for other in SHEETS if other.key == column.points_to)
        keys = [other.key for other in target.columns]
        letter = xl_col_to_name(keys.index("short_name") if "short_name" in keys else keys.index("name"))
        source = f"='{_(target.word)}'!${letter}${_FIRST + 1}:${letter}${_FIRST + ROWS}"
        sheet.data_validation(
            _FIRST,
            at,
            _FIRST + ROWS,
            at,
            {"validate": "list", "source": source, "show_error": False, "ignore_blank": True},
        )


def _choose(sheet: Worksheet, first: int, at: int, last: int, words: list[str]) -> None:
    sheet.data_validation(
        first,
        at,
        last,
        at,
        {
            "validate": "list",
            "source": words,
            "error_title": _("请从下拉中选"),
            "error_message": "、".join(words)[:200],
        },
    )


__all__ = ["template"]
