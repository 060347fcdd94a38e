"""What stands in a cell: moments in many forms, telephone numbers, words for "unknown" and "secret"."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.hotline.privacy import BadPhone, normal_phone
from fenzhen.office.tables import Cell, text_of


class BadCell(ValueError):
    """A cell says something that cannot be; the text is for whoever mends the file."""


#: Words that people write where they know nothing.
_NOTHING: Final = frozenset({"", "-", "--", "—", "/", "\\", "无", "不详", "未知", "未提供", "不知道", "空", "n/a", "na", "null", "none", "匿名", "不愿透露"})  # fmt: skip
_SECRET: Final = frozenset({"保密", "要求保密", "诉求人保密", "来电人保密"})
_EARLIEST: Final = 1990
#: Day 0 of a spreadsheet; serials below `_FIRST_SERIAL` are numbers and no days of ours (1990).
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a naive origin: serials have no zone
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 73_050
_MOMENT: Final = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:[\sT,]*(?P<half>上午|下午|凌晨|晚上|中午|AM|PM)?\s*"
    r"(?P<H>\d{1,2})\s*(?:[::时点]\s*(?:(?P<M>\d{1,2})\s*(?:[::分]\s*(?:(?P<S>\d{1,2})(?:\.\d+)?\s*秒?)?)?)?)?"
    r"\s*(?P<half2>AM|PM)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[\sT]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?")  # fmt: skip


def plain(cell: Cell) -> str:
    """A cell's text with full-width letters and figures made narrow, without blanks around it."""
    return unicodedata.normalize("NFKC", text_of(cell)).strip()


def is_nothing(text: str) -> bool:
    """Does it say that nothing is known?"""
    return text.strip().lower() in _NOTHING


def is_secret(text: str) -> bool:
    """Does it say that the caller wants to stay unknown?"""
    return text.strip("()（）〔〕【】 *") in _SECRET


def moment_of(cell: Cell) -> datetime | None:
    """A moment with its zone (the installation's, where none is given); None for an empty cell.

    Takes ``2019/2/28 11:25:05``, ``2019-02-28``, ``2019年2月28日 11时``, ``20190228112505``, ISO 8601, a
    spreadsheet's date or serial number, figures wide or narrow, 上午/下午. Raises `BadCell` for what is no
    moment that could be.
    """
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return _placed(cell, text_of(cell))
    if isinstance(cell, date):
        return _placed(datetime(cell.year, cell.month, cell.day), text_of(cell))  # noqa: DTZ001 - placed below
    text = plain(cell)
    if is_nothing(text):
        return None
    serial = _serial(text)
    if serial is not None:
        return _placed(serial, text)
    found = _MOMENT.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        raise BadCell(_("看不懂的时间:%(text)s") % {"text": text[:40]})
    parts = found.groupdict()
    half = (parts.get("half") or parts.get("half2") or "").upper()
    hour = int(parts["H"] or 0)
    if half in {"下午", "晚上", "PM"} and hour < 12:
        hour += 12
    elif half in {"上午", "凌晨", "AM"} and hour == 12:
        hour = 0
    try:
        at = datetime(  # noqa: DTZ001 - placed below
            int(parts["y"]),
            int(parts["m"]),
            int(parts["d"]),
            hour,
            int(parts["M"] or 0),
            int(parts["S"] or 0),
        )
        zone = parts.get("zone")
        if zone:
            at = datetime.fromisoformat(at.isoformat() + ("+00:00" if zone.upper() == "Z" else zone))
    except ValueError:
        raise BadCell(_("没有这样的时间:%(text)s") % {"text": text[:40]}) from None
    return _placed(at, text)


def contact_of(cell: Cell) -> tuple[str, str, list[str]]:
    """A telephone number or an account: (number, account, further numbers).

    Anything with letters or Chinese characters is an account of another system. Several numbers may stand in one cell. Raises
    `BadCell` for figures that are no telephone number.
    """
    text = plain(cell)
    if is_nothing(text) or is_secret(text):
        return "", "", []
    if re.search(r"[^\W\d_]", text) or "@" in text:
        return "", text[:128], []
    numbers: list[str] = []
    for part in re.split(r"[,;/、|\n]+|\s{2,}|(?<=\d{7})\s+(?=1[3-9]\d{9})", text):
        if not part.strip():
            continue
        try:
            numbers.append(normal_phone(part))
        except BadPhone:
            raise BadCell(_("这个电话号码不存在:%(text)s") % {"text": text[:40]}) from None
    if not numbers:
        raise BadCell(_("这个电话号码不存在:%(text)s") % {"text": text[:40]})
    return numbers[0], "", numbers[1:]


def number_of(cell: Cell) -> str:
    """A reference number as text. Raises `BadCell` where a spreadsheet has already spoiled its last figures:
    two spoiled numbers may look the same, and one of two tickets would be lost."""
    if isinstance(cell, float) and not cell.is_integer():
        raise BadCell(_("编号不能是小数:%(text)s") % {"text": cell})
    text = " ".join(plain(cell).split())
    if isinstance(cell, int | float) and not isinstance(cell, bool) and len(text.lstrip("-")) > 15:
        raise BadCell(_("编号被表格软件当成了数字,末几位已失真;请把该列设为文本后重新导出"))
    if re.fullmatch(r"\d(?:\.\d+)?E\+\d+", text, re.IGNORECASE):
        raise BadCell(_("编号被表格软件改成了科学计数(%(text)s);请把该列设为文本后重新导出") % {"text": text})
    if len(text) > 64:
        raise BadCell(_("编号超过 64 个字符"))
    return text


def _serial(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return None
    value = float(text)
    if not _FIRST_SERIAL <= value < _LAST_SERIAL:
        return None
    return _DAY_ZERO + timedelta(seconds=round(value * 86_400))


def _placed(at: datetime, text: str) -> datetime:
    if not _EARLIEST <= at.year < 2100:
        raise BadCell(_("时间不合情理:%(text)s") % {"text": text[:40]})
    return at if at.tzinfo else timezone.make_aware(at)
