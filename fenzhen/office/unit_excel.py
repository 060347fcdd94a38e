"""A unit without an account works by file: its open list goes out as .xlsx, its answers come in again.

The file carries what the unit may see of a ticket and nothing of the caller: no name, no number. Every row has a
hidden key that fits this unit and this share only. Good rows are done on the unit's behalf and marked so; bad
ones are named with their row and their reason, and change nothing. The same file may come in twice: what it says
is compared with what is so, not with whether a file was seen before.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.desk.handle import Answered, note_assignment, sign_assignment, submit_reply
from fenzhen.desk.request import Asked, ask_extension, ask_return
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen, NotYours, note_act
from fenzhen.hotline import privacy, roles
from fenzhen.office.cells import BadCell, moment_of, plain
from fenzhen.office.tables import Cell, Unreadable, open_table, text_of
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import clock_rules
from fenzhen.records.units import Unit
from fenzhen.records.words import (
    ASSIGNMENT_STATES,
    EXTENSION_REASONS,
    LEVELS,
    PARTS,
    RETURN_REASONS,
    SOLVED,
    Words,
)

_YES: Words = {"yes": gettext_noop("是")}
_CONTACTED: Words = {"yes": gettext_noop("联系上了"), "no": gettext_noop("没有联系上")}
_ASKS: Words = {"return": gettext_noop("申请退回"), "extension": gettext_noop("申请延期")}
_OPEN = ("pending_sign", "signed", "waiting")
#: What the file says: (code, head, width). The codes stand in a hidden row, so that the language does not matter.
_TOLD = (
    ("number", gettext_noop("编号"), 18),
    ("level", gettext_noop("等级"), 7),
    ("title", gettext_noop("标题"), 32),
    ("body", gettext_noop("诉求"), 50),
    ("place", gettext_noop("地点"), 24),
    ("word", gettext_noop("派单交代"), 24),
    ("part", gettext_noop("主协办"), 8),
    ("due", gettext_noop("办理时限"), 17),
    ("state", gettext_noop("现在"), 10),
)
#: What the unit fills in: (code, head, width, coded answers).
_ASKED: tuple[tuple[str, str, int, "Words | None"], ...] = (
    ("sign", gettext_noop("签收"), 8, _YES),
    ("contacted", gettext_noop("联系诉求人"), 12, _CONTACTED),
    ("contact_how", gettext_noop("怎样联系的"), 12, None),
    ("internal", gettext_noop("做了什么（内部）"), 36, None),
    ("public", gettext_noop("告诉诉求人的话"), 36, None),
    ("solved", gettext_noop("解决了吗"), 10, SOLVED),
    ("unsolved", gettext_noop("未解决原因"), 24, None),
    ("note", gettext_noop("还在办：办理情况"), 30, None),
    ("ask", gettext_noop("申请"), 10, _ASKS),
    ("reason", gettext_noop("申请原因"), 20, {**RETURN_REASONS, **EXTENSION_REASONS}),
    ("basis", gettext_noop("退回依据"), 22, None),
    ("text", gettext_noop("申请说明"), 30, None),
    ("until", gettext_noop("延到（日期时间）"), 17, None),
)
_KEY = "key"
#: Rows of the file: 1 what to do, 2 codes (hidden), 3 heads, then the list.
_CODES_ROW, _HEAD_ROW = 2, 3
#: More rows than this are no unit's open list.
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class RowDone:
    """One row and what was done for it; nothing where everything was so already."""

    row: int
    number: str
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row that changed nothing, and why."""

    row: int
    number: str
    column: str
    text: str


@dataclass(slots=True)
class Answers:
    """What became of a file. `same`: rows whose answers had been taken in before; `silent`: rows without one."""

    done: list[RowDone] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    same: int = 0
    silent: int = 0


def open_list(unit: Unit, *, by: User, now: datetime) -> bytes:
    """The unit's open shares as an .xlsx to fill in. That it was taken out is written down.

    Raises `NotYours` for those who do not dispatch.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    if by.role not in roles.DESK:
        raise NotYours
    items = list(
        Assignment.objects.filter(unit=unit, state__in=_OPEN, ticket__is_history=False)
        .select_related("ticket__place", "ticket__town")
        .order_by("level", "handle_due", "id")[:MOST_ROWS]
    )
    book = Workbook()
    sheet = book.active
    sheet.title = _("待办")
    codes = book.create_sheet("codes")
    codes.sheet_state = "hidden"
    edge = Border(*(Side(style="thin", color="BFBFBF"),) * 4)
    grey, yellow = PatternFill("solid", fgColor="F1F3F5"), PatternFill("solid", fgColor="FFF9E6")
    sheet["A1"] = _(
        "%(unit)s：%(at)s 的待办。请只填黄色的格，填好后把整个文件发回派单台。不要写诉求人的姓名和电话。"
    ) % {"unit": unit, "at": timezone.localtime(now).strftime("%Y-%m-%d %H:%M")}
    sheet["A1"].font = Font(bold=True)
    told, asked = len(_TOLD), len(_ASKED)
    columns = [(code, head, width) for code, head, width in _TOLD]
    columns += [(code, head, width) for code, head, width, _words in _ASKED]
    for n, (code, head, width) in enumerate([*columns, (_KEY, "", 4)], start=1):
        sheet.cell(_CODES_ROW, n, code)
        cell = sheet.cell(_HEAD_ROW, n, _(head) if head else "")
        cell.font, cell.fill, cell.border = Font(bold=True), grey, edge
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(n)].width = width
    for offset, item in enumerate(items):
        row = _HEAD_ROW + 1 + offset
        for n, value in enumerate([*_told(item), *[None] * asked, _key_of(item)], start=1):
            cell = sheet.cell(row, n)
            if isinstance(value, str):
                cell.value, cell.data_type = _safe(value), "s"  # nothing that was said becomes a formula
            cell.border = edge
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if told < n <= told + asked:
                cell.fill, cell.protection = yellow, Protection(locked=False)
                if columns[n - 1][0] != "until":
                    cell.number_format = "@"
    last = _HEAD_ROW + max(len(items), 1)
    for n, (_code, _head, _width, words) in enumerate(_ASKED, start=1):
        if not words:
            continue
        for line, text in enumerate(words.values(), start=1):
            codes.cell(line, n, _said(text))
        letter, at = get_column_letter(n), get_column_letter(told + n)
        rule = DataValidation("list", formula1=f"codes!${letter}$1:${letter}${len(words)}", allow_blank=True)
        rule.error, rule.showErrorMessage = _("请从下拉列表里选。"), True
        sheet.add_data_validation(rule)
        rule.add(f"{at}{_HEAD_ROW + 1}:{at}{last}")
    sheet.row_dimensions[_CODES_ROW].hidden = True
    sheet.column_dimensions[get_column_letter(told + asked + 1)].hidden = True
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 1, 4)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    out = io.BytesIO()
    book.save(out)
    raw = out.getvalue()
    note_act(
        f"unit:{unit.pk}",
        "take_list",
        by=by,
        now=now,
        facts={"rows": len(items), "file": sha256(raw).hexdigest()[:16]},
    )
    return raw


def take_answers(unit: Unit, raw: bytes, *, by: User, now: datetime) -> Answers:
    """Do what the filled file says, row by row, on the unit's behalf.

    Raises `NotYours` for those who do not dispatch, `Unreadable` for a file that is not a list of ours.
    """
    if by.role not in roles.DESK:
        raise NotYours
    table = open_table(io.BytesIO(raw), "answers.xlsx")
    answers = Answers()
    at: dict[str, int] = {}
    seen: dict[str, int] = {}
    for row, cells in table.rows():
        if not at:
            found = {text_of(cell).strip(): n for n, cell in enumerate(cells) if text_of(cell).strip()}
            if {_KEY, "sign", "public"} <= set(found):
                at = found
            elif row > 10:
                break
            continue
        line = {code: cells[n] if n < len(cells) else None for code, n in at.items()}
        if plain(line.get(_KEY)) == "" and row <= _HEAD_ROW:
            continue
        if len(seen) >= MOST_ROWS:
            raise Unreadable(_("行数太多，这不是一个单位的待办表。"))
        _take_row(unit, row, line, seen, answers, by, now)
    if not at:
        raise Unreadable(_("这不是从这里发出的待办表：缺少隐藏的代码行。请用发出的原文件填写。"))
    note_act(
        f"unit:{unit.pk}",
        "take_answers",
        by=by,
        now=now,
        facts={
            "file": sha256(raw).hexdigest()[:16],
            "done": len(answers.done),
            "faults": len(answers.faults),
            "same": answers.same,
        },
    )
    return answers


# ---------------------------------------------------------------------------------------------------------


class _Bad(Exception):
    def __init__(self, column: str, text: str) -> None:
        self.column, self.text = column, text
        super().__init__(text)


def _take_row(
    unit: Unit,
    row: int,
    line: Mapping[str, Cell],
    seen: dict[str, int],
    answers: Answers,
    by: User,
    now: datetime,
) -> None:
    number = plain(line.get("number"))[:24]
    filled = {code for code, *_rest in _ASKED if plain(line.get(code))}
    key = plain(line.get(_KEY))
    if not filled:
        answers.silent += bool(key)
        return
    try:
        if not key:
            raise _Bad("", _("这一行不是表里原有的，请填在原来的行里。"))
        if key in seen:
            raise _Bad("", _("和第 %(n)s 行是同一件，请只留一行。") % {"n": seen[key]})
        seen[key] = row
        item = _share(unit, key)
        number = item.ticket.number
        with transaction.atomic():
            acts = _do(item, line, filled, by, now)
    except _Bad as why:
        answers.faults.append(RowFault(row, number, _head(why.column), why.text))
    except Incomplete as why:
        for name, text in why.fields.items():
            answers.faults.append(RowFault(row, number, _head(_FIELDS.get(name, name)), text))
    except (NotOpen, MovedMeanwhile, NotYours) as why:
        answers.faults.append(RowFault(row, number, "", _refused(why)))
    except BadCell as why:
        answers.faults.append(RowFault(row, number, _head("until"), str(why)))
    else:
        if acts:
            answers.done.append(RowDone(row, number, acts))
        else:
            answers.same += 1


def _do(
    item: Assignment, line: Mapping[str, Cell], filled: set[str], by: User, now: datetime
) -> tuple[str, ...]:
    """The row's answers in their order; what is so already is left alone. Returns the acts."""
    acts: list[str] = []

    def text(code: str) -> str:
        return privacy.clean_text(text_of(line.get(code)))

    def did(act: str, do: Callable[[], object]) -> None:
        do()
        acts.append(act)
        item.refresh_from_db()

    asks = _code("ask", line, _ASKS)
    if asks == "return":
        reason = _code("reason", line, RETURN_REASONS)
        asked = Asked(reason, text("text"), text("basis"))
        if not _asked_before(item, "return", asked):
            did("ask_return", lambda: ask_return(item, by=by, now=now, asked=asked))
    if "sign" in filled and _code("sign", line, _YES) and item.state == "pending_sign":
        did("sign", lambda: sign_assignment(item, by=by, now=now))
    if "note" in filled:
        kept = privacy.lift_numbers(text("note"))[0]
        if not Note.objects.filter(assignment=item, kind="note", text=kept).exists():
            if item.state not in _OPEN:
                raise _Bad("note", _ended(item))
            did("note", lambda: note_assignment(item, by=by, now=now, text=kept))
    if asks == "extension":
        until = moment_of(line.get("until"))
        if until is not None and timezone.localtime(until).time() == datetime.min.time():
            local = timezone.localtime(until)
            until = local.replace(
                hour=clock_rules().calendar.day_ends.hour, minute=clock_rules().calendar.day_ends.minute
            )
        reason = _code("reason", line, EXTENSION_REASONS)
        asked = Asked(reason, text("text"), until=until)
        if not _asked_before(item, "extension", asked):
            did("ask_extension", lambda: ask_extension(item, by=by, now=now, asked=asked))
    if filled & {"contacted", "contact_how", "internal", "public", "solved", "unsolved"}:
        contacted = _code("contacted", line, _CONTACTED)
        answered = Answered(
            contacted=contacted == "yes",
            contact_how=text("contact_how") if contacted == "yes" else "",
            solved_claim=_code("solved", line, SOLVED),
            unsolved_reason=text("unsolved"),
            internal_text=text("internal"),
            public_text=text("public"),
        )
        last = _replied_before(item, answered)
        if last is not None:
            if last.verdict == "sent_back" and item.state == "signed":
                # Left alone in silence, the unit would wait for review, and review for the unit.
                raise _Bad("internal", _("审核退回了这份答复，请按退回意见改写后再交。"))
        elif not contacted:
            raise _Bad("contacted", _("请先回答：联系上诉求人了吗？"))
        elif item.state == "pending_sign":
            raise _Bad("sign", _("还没有签收，请在「签收」里选「是」。"))
        elif item.state != "signed":
            raise _Bad("", _ended(item))
        else:
            did("reply", lambda: submit_reply(item, by=by, now=now, answered=answered))
    return tuple(acts)


def _share(unit: Unit, key: str) -> Assignment:
    pk = key.split("-", 1)[0]
    item = (
        Assignment.objects.select_related("ticket").filter(pk=int(pk), unit=unit).first()
        if pk.isascii() and pk.isdecimal() and len(pk) < 18
        else None
    )
    if item is None or _key_of(item) != key:
        raise _Bad("", _("这一行认不出来：隐藏的代码被改过，或者不是这个单位的。"))
    if item.state in {"recalled", "returned", "ended"}:
        raise _Bad("", _ended(item))
    return item


def _ended(item: Assignment) -> str:
    return _("现在是「%(state)s」，没有改动。") % {"state": ASSIGNMENT_STATES.get(item.state, item.state)}


def _key_of(item: Assignment) -> str:
    return f"{item.pk}-{blind_index(f'{item.unit_id}:{item.pk}', 'unit list')[:12]}"


def _replied_before(item: Assignment, answered: Answered) -> Reply | None:
    """The unit's newest reply where it says the same."""
    public = privacy.lift_numbers(privacy.clean_text(answered.public_text))[0]
    internal = privacy.lift_numbers(privacy.clean_text(answered.internal_text))[0]
    last = Reply.objects.filter(assignment=item).order_by("-id").first()
    return last if last and (last.public_text, last.internal_text) == (public, internal) else None


def _asked_before(item: Assignment, kind: str, asked: Asked) -> bool:
    kept = privacy.lift_numbers(asked.text)[0]
    return Request.objects.filter(assignment=item, kind=kind, reason_code=asked.reason, text=kept).exists()


def _code(column: str, line: Mapping[str, Cell], words: Words) -> str:
    """The code that a cell means: by its word in any of our languages, or the code itself; "" for an empty cell."""
    said = plain(line.get(column))
    if not said:
        return ""
    for code, text in words.items():
        if said == code or said in _in_all_languages(text):
            return code
    raise _Bad(
        column,
        _("「%(said)s」不认识，请填：%(words)s")
        % {"said": said[:40], "words": "、".join(_said(text) for text in words.values())},
    )


def _in_all_languages(text: "str | Promise") -> set[str]:
    found = set()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.add(plain(_said(text)))
    return found


def _said(text: "str | Promise") -> str:
    return str(text) if isinstance(text, Promise) else _(text)


def _head(code: str) -> str:
    heads: dict[str, str] = {column: head for column, head, *_rest in _ASKED}
    return _(heads[code]) if code in heads else ""


#: The desk's fields as columns of the file.
_FIELDS = {
    "internal_text": "internal",
    "public_text": "public",
    "solved_claim": "solved",
    "unsolved_reason": "unsolved",
}


def _refused(why: Exception) -> str:
    if isinstance(why, MovedMeanwhile):
        return _("刚才已有人先一步处理，没有改动。")
    return _("现在不能这样做，没有改动。")


def _told(item: Assignment) -> Sequence[str]:
    ticket = item.ticket
    where = ticket.place_text or (str(ticket.place) if ticket.place else "")
    town = str(ticket.town) if ticket.town else ""
    return [
        ticket.number,
        str(LEVELS.get(item.level, item.level)),
        ticket.title,
        ticket.body,
        " ".join(dict.fromkeys(filter(None, (town, where)))),
        item.word,
        str(PARTS.get(item.part, item.part)),
        timezone.localtime(item.handle_due).strftime("%Y-%m-%d %H:%M"),
        str(ASSIGNMENT_STATES.get(item.state, item.state)),
    ]


def _safe(text: str) -> str:
    """Cells hold 32767 characters and no control characters."""
    return privacy.clean_text(text)[:32_000]
