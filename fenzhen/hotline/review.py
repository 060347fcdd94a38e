"""What speaks against a unit's reply at first sight. The reviewer decides; these only point."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Remark(StrEnum):
    """One thing to look at before a reply is approved."""

    NO_CONTACT = "no_contact"
    COPY = "copy"
    SHORT = "short"
    PROMISE = "promise"
    SAME_TEXT = "same_text"
    UNSOLVED = "unsolved"


#: Fewer signs than this tell a caller nothing.
SHORTEST_PUBLIC: Final = 15
#: From this share of common letter pairs on, two replies are one text.
ALIKE: Final = 0.85

# A result that speaks of what is still to come. 将 alone also means "take" (已将垃圾清走), so it counts only
# before words of the future.
_PROMISE = re.compile(
    r"将(?:于|在|会|尽快|继续|进一步|安排|协调|联系|加强|持续|督促|组织|适时|择期|列入)|尽快(?!的)|近期|择日|择期|届时|"
    r"下一步|计划(?:在|于|对|安排)|拟(?:于|对|在)|预计|争取|待.{1,12}后(?:再|即|将)?|(?:正在|正)(?:协调|研究|安排|对接|申请|抓紧)|"
    r"列入.{0,6}计划|有望|稍后|过几天|明后天"
)


def remarks(
    *,
    contacted: bool,
    solved_claim: str,
    public_text: str,
    internal_text: str = "",
    earlier: Iterable[str] = (),
) -> list[Remark]:
    """What to look at, worst first. *earlier* are public texts of the same unit, of this ticket or others.

    >>> remarks(contacted=False, solved_claim="yes", public_text="我单位将尽快安排人员处理。")
    [<Remark.NO_CONTACT: 'no_contact'>, <Remark.PROMISE: 'promise'>, <Remark.SHORT: 'short'>]
    >>> remarks(contacted=True, solved_claim="yes", public_text="我们已将楼道里的杂物全部清走,您可以正常通行了。")
    []
    """
    found: list[Remark] = []
    if not contacted:
        found.append(Remark.NO_CONTACT)
    if solved_claim == "yes" and _PROMISE.search(public_text):
        found.append(Remark.PROMISE)
    if any(alike(public_text, other) >= ALIKE for other in earlier):
        found.append(Remark.COPY)
    if len(_plain(public_text)) < SHORTEST_PUBLIC:
        found.append(Remark.SHORT)
    if internal_text and _plain(internal_text) == _plain(public_text):
        found.append(Remark.SAME_TEXT)
    if solved_claim != "yes":
        found.append(Remark.UNSOLVED)
    return found


def promises_in(text: str) -> list[tuple[int, int]]:
    """Where *text* speaks of what is still to come, as [start, end) pairs, for marking them on a page."""
    return [match.span() for match in _PROMISE.finditer(text)]


def alike(one: str, other: str) -> float:
    """Share of common letter pairs (Jaccard), 0 to 1; digits do not count, so that a changed date or house
    number does not make a new text.

    >>> alike("已于3月2日更换灯具,感谢反映。", "已于3月9日更换灯具,感谢反映。")
    1.0
    """
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return len(first & second) / len(first | second)


def _plain(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


def _pairs(text: str) -> set[str]:
    plain = _plain(text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)}
