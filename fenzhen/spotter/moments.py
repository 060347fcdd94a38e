"""Moments as they stand in files: many ways of writing, one reading.

>>> moment("2019/2/28 11:25:05"), moment("2019年2月28日 下午3时")
(datetime.datetime(2019, 2, 28, 11, 25, 5), datetime.datetime(2019, 2, 28, 15, 0))
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a spreadsheet; serials have no zone
_MOMENT: Final = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:[\sT,]*(?P<half>上午|下午|凌晨|晚上|中午|AM|PM)?\s*(?P<H>\d{1,2})"
    r"\s*(?:[:时点]\s*(?:(?P<M>\d{1,2})\s*(?:[:分]\s*(?:(?P<S>\d{1,2})(?:\.\d+)?\s*秒?)?)?|(?P<mid>半))?)?\s*(?P<half2>AM|PM)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[\sT]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?"
)


class NoMoment(ValueError):
    """A cell that says no moment that could be."""


def moment(text: str) -> datetime:
    """A moment without a zone; one that has a zone is brought to UTC first. Raises `NoMoment`.

    Takes ``2019/2/28 11:25:05``, ``2019-02-28``, ``2019年2月28日 11时``, ``20190228112505``, ISO 8601, a spreadsheet's serial
    number, figures wide or narrow, 上午/下午: as `fenzhen import` does.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        serial = float(plain)
    except ValueError:
        serial = 0.0
    if 32_874 <= serial < 73_050 and "T" not in plain:  # 1990 … 2100
        return _DAY_ZERO + timedelta(seconds=round(serial * 86_400))
    found = _MOMENT.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if found is None:
        raise NoMoment(f"no moment: {plain[:40]!r}")
    parts = found.groupdict()
    hour = int(parts["H"] or 0)
    half = (parts.get("half") or parts.get("half2") or "").upper()
    if half in {"下午", "晚上", "PM"} and hour < 12 or half == "中午" and hour < 3:
        hour += 12
    elif half in {"上午", "凌晨", "AM"} and hour == 12:
        hour = 0
    midnight = hour == 24 and not half and not int(parts["M"] or 0) and not int(parts["S"] or 0)
    minute = 30 if parts.get("mid") else int(parts["M"] or 0)
    try:
        at = datetime(  # noqa: DTZ001 - the file's own time
            int(parts["y"]),
            int(parts["m"]),
            int(parts["d"]),
            0 if midnight else hour,
            minute,
            int(parts["S"] or 0),
        ) + timedelta(days=midnight)
        zone = parts.get("zone")
        if zone:
            aware = datetime.fromisoformat(at.isoformat() + ("+00:00" if zone.upper() == "Z" else zone))
            at = aware.astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise NoMoment(f"no such moment: {plain[:40]!r}") from None
    if not 1990 <= at.year <= 2100:
        raise NoMoment(f"a year that cannot be: {plain[:40]!r}")
    return at
