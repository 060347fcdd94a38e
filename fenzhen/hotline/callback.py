"""Rules of phoning afterwards: who is phoned first, how urgent a No is, what may rest (DOMAIN §8)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from fenzhen.hotline.urgency import Found, signals_in

#: Marks that mean danger whatever else is said.
URGENT_MARKS: Final = frozenset({"stranded", "ill"})
#: Marks that mean danger where it is cold or the person is out of doors.
TENDER_MARKS: Final = frozenset({"elder", "child", "pregnant", "disabled"})
#: Risks that put a new round on level 1.
URGENT_RISKS: Final = frozenset({"self_harm", "violence", "medical"})

_COLD = re.compile(
    r"冻|冷(?!静|漠|淡|门)|雪|零下|寒|没有?暖气|停暖|桥下|桥洞|露天|户外|外[面头边]|街上|路边|马路|车站|没地方[住去睡]|无处可去|"
    r"睡.{0,3}(?:地上|车里)"
)
_VULNERABLE: Final = (
    (
        "elder",
        re.compile(
            r"老人|老太|老头|大爷|大妈|奶奶|爷爷|姥[姥爷]|[六七八九]十(?:多|几|来|[一-九])?岁|[6-9]\d(?:多)?岁|今年(?:[六七八九]十[一-九]?|[6-9]\d)(?!块|元|平|号|天|户|度|多块)|独居"
        ),
    ),
    ("child", re.compile(r"孩子|小孩|婴儿|宝宝|幼儿|新生儿|几个月大")),
    ("disabled", re.compile(r"残疾|轮椅|盲人|聋|瘫痪")),
    ("pregnant", re.compile(r"孕妇|怀孕|待产|产妇")),
    ("ill", re.compile(r"病人|病重|透析|化疗|吸氧|卧床|刚做完手术|术后|发(?:高)?烧|生病|心脏病")),
    ("stranded", re.compile(r"滞留|被困|进不去村|不让进|无处可去|没地方[住去睡]|桥下|桥洞|露宿")),
)


class Turn(IntEnum):
    """Who is phoned first."""

    LEVEL_1 = 0
    PROMISED = 1  # an appointment whose time has come
    VULNERABLE = 2
    REHANDLED = 3
    LATE = 4
    PLAIN = 5


def turn(
    *, level: int, vulnerable: bool, round_no: int, due: datetime, appointment: bool, now: datetime
) -> Turn:
    """Which of the reasons to be phoned first holds; the strongest one."""
    if level == 1:
        return Turn.LEVEL_1
    if appointment:
        return Turn.PROMISED
    if vulnerable:
        return Turn.VULNERABLE
    if round_no > 1:
        return Turn.REHANDLED
    return Turn.LATE if now > due else Turn.PLAIN


def vulnerable_in(text: str) -> list[str]:
    """Marks that a text suggests (elder, child, ill, …); a person confirms them.

    >>> vulnerable_in("我妈八十多岁独居,卧床"), vulnerable_in("我今年六十三了")
    (['elder', 'ill'], ['elder'])
    """
    return [code for code, pattern in _VULNERABLE if pattern.search(text)]


@dataclass(frozen=True, slots=True)
class Urgency:
    """The level proposed for a new round, and what spoke for it: signals found in the words, marks and risks."""

    level: int
    signals: tuple[Found, ...] = ()
    marks: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    is_cold: bool = False

    @property
    def is_raised(self) -> bool:
        """Something spoke for it."""
        return bool(self.signals or self.marks or self.risks)


def urgency_of(
    level: int, *, words: str = "", place_now: str = "", vulnerable: Iterable[str] = (), risk: str = ""
) -> Urgency:
    """How urgent a No is. Level 1 where the person is stranded or ill, tender and in the cold, at risk, or
    where their words carry a signal of danger; never slower than *level*.

    >>> urgency_of(3, words="我还在桥下站着,冻得受不了").level
    1
    >>> urgency_of(3, words="在外面站了一天", vulnerable=["elder"]).marks
    ('elder',)
    >>> urgency_of(3, words="灯还是不亮", vulnerable=["elder"]).level
    3
    """
    text = f"{words}\n{place_now}".strip()
    found = tuple(signal for signal in signals_in(text) if signal.level < level)
    is_cold = bool(_COLD.search(text))
    given = list(vulnerable)
    marks = [mark for mark in given if mark in URGENT_MARKS]
    if is_cold:
        marks += [mark for mark in given if mark in TENDER_MARKS]
    risks = (risk,) if risk in URGENT_RISKS else ()
    proposed = min([level, *(signal.level for signal in found)])
    if marks or risks:
        proposed = 1
    return Urgency(proposed, found, tuple(marks), risks, is_cold)


def may_rest(*, solved: str, satisfied: str, reason_code: str = "") -> bool:
    """May a ticket be closed on these answers? Solved: yes. Otherwise only where it was lawfully explained and
    the person can live with it, or does not accept the policy itself, which no new round changes.

    >>> may_rest(solved="no", satisfied="no"), may_rest(solved="no", satisfied="understands")
    (False, True)
    """
    if solved == "yes":
        return True
    return satisfied in {"very", "satisfied", "basic", "understands"} or reason_code == "policy"
