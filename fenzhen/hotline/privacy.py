"""What may be seen by whom, and how numbers that identify a person are found in free text.

PIPL art. 6 (least impact), 28-29 (sensitive data), 51 (de-identify, limit rights); the leak cases of
DOMAIN §10: forwarding is the failure, so a unit is given the matter, not the person.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role


class Sight(IntEnum):
    """How much of a ticket somebody may see."""

    NOTHING = 0
    FIGURES = 1  # counts only; the matter's words without the caller
    MATTER = 2  # the words and the place; the caller is masked and stays so
    MASKED = 3  # as MATTER, and the caller may be shown after saying why


def sight(role: Role | str, *, same_unit: bool, is_secret: bool, is_report: bool) -> Sight:
    """What *role* may see of a ticket. *same_unit*: the viewer's unit has (or had) an assignment on it.

    A secret caller's or a reporter's identity never goes to a unit (DOMAIN §10; market supervision measures
    on complaints and reports art. 33): the hotline relays.
    """
    if role in roles.CENTRE:
        return Sight.MASKED
    if role in roles.UNIT:
        if not same_unit:
            return Sight.NOTHING
        return Sight.MATTER if is_secret or is_report else Sight.MASKED
    if role in roles.READERS:
        return Sight.FIGURES
    return Sight.NOTHING


def masked_name(name: str) -> str:
    """王建国 → 王**. An empty name stays empty."""
    name = name.strip()
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


def masked_phone(phone: str) -> str:
    """13812345678 → 138****5678; short numbers keep their last two digits."""
    digits = phone.strip()
    if len(digits) >= 7:
        return (
            f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}" if len(digits) > 7 else f"***{digits[-4:]}"
        )
    return "*" * max(len(digits) - 2, 0) + digits[-2:]


class BadPhone(ValueError):
    """Not a telephone number that could be dialled."""


def normal_phone(text: str) -> str:
    """Digits of a Chinese mobile, fixed line or service number as they are compared and dialled.

    Full-width digits, spaces, dashes, +86 and 0086 fall away; an area code stays.

    >>> normal_phone("＋86 138-1234-5678"), normal_phone("（010）6929 8765")
    ('13812345678', '01069298765')

    Raises `BadPhone` where no such number could exist.
    """
    plain = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[\s\-‐-―()（）.·]", "", plain)
    digits = re.sub(r"^(?:\+|00)86", "", digits)
    if not re.fullmatch(r"\d{3,13}", digits):
        raise BadPhone(text)
    is_mobile = re.fullmatch(r"1[3-9]\d{9}", digits)
    is_fixed = re.fullmatch(r"(?:0\d{2,3})?[2-9]\d{6,7}", digits)
    is_service = re.fullmatch(r"[149]\d{2,4}|(?:400|800)\d{7}", digits)
    if not (is_mobile or is_fixed or is_service):
        raise BadPhone(text)
    return digits


class LiftedKind(StrEnum):
    """What kind of number stood in the text."""

    PHONE = "phone"
    IDENTITY = "identity"
    BANK_CARD = "bank_card"


@dataclass(frozen=True, slots=True)
class Lifted:
    """A number taken out of a text; `mark` stands in its place."""

    kind: LiftedKind
    value: str
    mark: str


_MARK_WORD: Final = {LiftedKind.PHONE: "电话", LiftedKind.IDENTITY: "证件号", LiftedKind.BANK_CARD: "卡号"}
_SEP = r"[\s\-‐-―]?"
# Look-arounds keep us off longer numbers (order numbers, amounts with decimals, other cities' codes).
# Order matters: identity numbers contain what looks like phones, cards contain both.
_PATTERNS: Final = (
    (
        LiftedKind.IDENTITY,
        re.compile(
            r"(?<![0-9A-Za-z])[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
        ),
    ),
    (
        LiftedKind.BANK_CARD,
        re.compile(r"(?<!\d)(?:62|4\d|5[1-5])\d{2}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)"),
    ),
    (
        LiftedKind.PHONE,
        re.compile(rf"(?<![0-9.])(?:(?:\+|00)86{_SEP})?1[3-9]\d{_SEP}(?:\d{_SEP}){{7}}\d(?![0-9])"),
    ),
    (LiftedKind.PHONE, re.compile(r"(?<![0-9.])[(（]?0\d{2,3}[)）]?[-‐-― ]?[2-9]\d{6,7}(?![0-9])")),
    (
        LiftedKind.PHONE,
        re.compile(r"(?<=电话)(?:[是为:： 号码]{0,4})([2-9]\d{7})(?![0-9])"),
    ),
)


def lift_numbers(text: str) -> tuple[str, list[Lifted]]:
    """Phone, identity and bank-card numbers taken out of *text*, each replaced by a mark such as 〔电话1〕.

    Full-width digits are found too. The text is otherwise unchanged, so that nothing the caller said is lost.

    >>> lift_numbers("我的电话是１３８１２３４５６７８,家在3号楼")
    ('我的电话是〔电话1〕,家在3号楼', [Lifted(kind=<LiftedKind.PHONE: 'phone'>, value='13812345678', mark='〔电话1〕')])
    """
    if not text:
        return text, []
    # A translation that keeps every character's position: NFKC could change lengths.
    narrow = text.translate(_NARROW)
    found: list[tuple[int, int, LiftedKind]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(narrow):
            start, end = match.span(1) if pattern.groups else match.span()
            if not any(start < e and s < end for s, e, _ in found):
                found.append((start, end, kind))
    found.sort()
    lifted: list[Lifted] = []
    marks: dict[tuple[LiftedKind, str], str] = {}
    counts: dict[LiftedKind, int] = {}
    out: list[str] = []
    at = 0
    for start, end, kind in found:
        value = re.sub(r"[^0-9Xx]", "", narrow[start:end]).upper()
        if kind is LiftedKind.PHONE:
            value = re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", value)
        mark = marks.get((kind, value))
        if mark is None:
            counts[kind] = counts.get(kind, 0) + 1
            mark = marks[kind, value] = f"〔{_MARK_WORD[kind]}{counts[kind]}〕"
            lifted.append(Lifted(kind, value, mark))
        out += [text[at:start], mark]
        at = end
    out.append(text[at:])
    return "".join(out), lifted


_NARROW: Final = {0xFF10 + n: 0x30 + n for n in range(10)} | {0xFF0D: 0x2D, 0xFF0B: 0x2B, 0x3000: 0x20}


def clean_text(text: str) -> str:
    """Free text as it is kept: no null bytes or other control characters (line breaks and tabs stay),
    one kind of line break, composed characters, no blanks at the ends. Emoji and markup stay as they are:
    they are what the person wrote, and pages escape them."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROL.sub("", text).strip()


#: Unicode's control characters (Cc) but tab and line feed, and halves of characters (Cs).
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


_DIGIT = r"[0-9０-９一二三四五六七八九十百零〇]"
#: What leads to somebody's door: unit, floor with room, room, a village's or lane's house number. Buildings,
#: courtyards, roads and lines keep theirs: without them nobody finds the place of the matter.
_DOOR: Final = re.compile(
    rf"{_DIGIT}+\s*单元(?:\s*{_DIGIT}+\s*[层楼])?(?:\s*{_DIGIT}{{1,5}}\s*(?:室|户|号(?!楼|院|线|路))?)?"
    rf"|(?<![0-9-])(?!(?:19|20)[0-9]{{2}}-){_DIGIT}+\s*[-－—]\s*{_DIGIT}+(?:\s*[-－—]\s*{_DIGIT}+)*\s*(?:室|户|号)?(?![0-9:：月年日点时])"
    rf"|{_DIGIT}{{1,5}}\s*(?:室|门牌)|{_DIGIT}{{3,5}}\s*户(?![数籍外口均居人])"
    rf"|(?:门牌)?{_DIGIT}+\s*号(?!楼|院|线|路|地块|井|桥|门|坑|口|库|电梯|[0-9]|晚|早|上午|下午|之前|前|后)"
    rf"|(?<=号楼)\s*{_DIGIT}{{3,5}}(?![0-9])"
)


def executor_text(text: str, name: str = "") -> str:
    """*text* for people who do the work and must not learn who called: numbers lifted, the caller's *name* and
    everything that leads to a door taken out. It errs towards taking out too much.

    >>> executor_text("冯小满家住清荷苑3号楼2单元501室,电话13800001234,楼道灯坏了", "冯小满")
    '〔诉求人〕家住清荷苑3号楼〔门牌〕,电话〔电话1〕,楼道灯坏了'
    """
    out = lift_numbers(clean_text(text))[0]
    name = name.strip()
    if len(name) > 1:
        out = out.replace(name, "〔诉求人〕")
    if name:
        out = re.sub(
            rf"{re.escape(name[0])}(?:先生|女士|小姐|大爷|大妈|阿姨|师傅|老师|某某?)", "〔诉求人〕", out
        )
    return _DOOR.sub("〔门牌〕", out)
