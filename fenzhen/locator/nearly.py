"""Names that are nearly said: misheard, mistyped, a character short, without the town in front, with another ending.

A text is read by its sounds (pinyin without tones; zh and z, ing and in taken together), because callers' words are typed by
ear. Pairs of neighbouring sounds lead to the names that share them; each such name is laid against the text by an edit
distance (Damerau 1964; Levenshtein 1966) whose costs know the trade: a character that sounds the same costs little, one that
sounds alike a little more, and a direction, a number or the kind of estate (东里 for 西里, 花园 for 家园) so much that it is another
place, not a slip. What a name may cost depends on its length, and short names need a word beside them that says "place".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from pypinyin import Style, pinyin

from fenzhen.locator.place import TOWN_KINDS, Place

#: Costs of one edit, in characters. Set on the even half of bench/locator's places, reported on the odd half.
SAME_SOUND, ALIKE_SOUND, ALIKE_SHAPE, OTHER = 0.25, 0.4, 0.45, 1.0
MISSING, TOO_MANY, SWAPPED, A_PAUSE, DOUBLED = 0.9, 1.0, 0.6, 0.2, 0.3
#: Another direction, number or kind of estate is another place.
ANOTHER_PLACE = 3.0

_TELLS_APART = frozenset("东西南北中前后上下大小新老左右一二三四五六七八九十甲乙丙0123456789abcdefgh")
_KINDS_OF_ESTATE = frozenset("园苑里庭府城湾院区期村庄营屯坊轩阁路街桥厂楼墅邸居巷庙寺门店公花家校")
_ENDING = re.compile(
    r"(?:有限公司|居民委员会|村民委员会|居委会|村委会|小区|社区|街道办事处|街道|地区|镇|乡|村|地铁站|有轨电车站|火车站)$"
)
#: What many estates and villages share at the end of their names: it tells them apart less than what stands before it.
_SHARED_ENDING = re.compile(
    r"(?:(?:家园|嘉园|佳园|花园|新村|新城|新苑|嘉苑|雅苑|名苑|庄园|小镇|公寓|广场|大厦|园|苑|庄|营|村|路|大街|街|"
    r"地铁站|火车站|站|(?:第[一二三四五六七八九十]|中心|第[一二三]中心)?(?:小学|中学)|幼儿园|(?:中心)?卫生院|医院|公园|市场|大集|集市)?"
    r"(?:[东西南北中][里区院苑]?|[一二三四五六七八九十]+[里区期院号村]|[里区])?)$"
)
#: Behind a name: what makes it a place. In front: what says that a place follows.
_BEHIND = re.compile(
    r"^(?:小区|社区|这个小区|这小区|村|镇|街道|街|路|大街|家属院|大院|院|[一二三四五六七八九十\d]+(?:号|期|栋|幢|单元|排|层)|"
    r"门口|附近|这边|这片|那边|居委|物业|派出所|卫生|政府|地铁|公交|的居民|的业主|业主|居民|站|里头|里面|旁边|对面|北门|南门|东门|西门)"
)
_IN_FRONT = re.compile(
    r"(?:家住|居住在?|住在?|位于|坐落于?|地址[是为]?[::]?|地点[是为]?[::]?|来自|我是|家在|反映|投诉|在|到|镇|街道|办事处|地区|"
    r"说|去)(?:一下)?$"
)
_PAUSES = frozenset(" ，,、·。.-—_")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FINALS = (("ing", "in"), ("eng", "en"), ("ang", "an"))


class Listed(Protocol):
    """What is asked of a list of places."""

    def __iter__(self) -> Iterator[Place]: ...

    def get(self, code: str) -> Place | None: ...


#: What is known of a name nearly said, in this order in `Near.signs`; `weights.json` has a weight for each.
SIGNS = (
    "agreed", "named", "led", "official", "bound", "penalty", "own1", "own2", "own3", "length", "cost", "cost_of_own", "wrong", "gone",
    "wrong_in_2", "wrong_in_3", "gone_in_3", "kept", "kept_share", "slips_many", "apart", "loose",
    "swapped", "all_there", "agreed_wrong", "agreed_slip", "bound_both",
)  # fmt: skip
AGREED = 0


@dataclass(frozen=True, slots=True)
class Near:
    """A name nearly said at ``[start, end)``: the codes it may mean, what the slips cost, and how long the name is."""

    start: int
    end: int
    codes: tuple[str, ...]
    name: str
    cost: float
    signs: tuple[float, ...] = ()

    @property
    def rank(self) -> float:
        """Cheapest first; of two that cost the same the longer name explains more of what was said."""
        return self.cost - 0.15 * len(self.name) - 0.3 * self.signs[AGREED]


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of writing a place's name: its characters, its sounds, and what this way costs by itself."""

    chars: str
    sounds: tuple[str, ...]
    codes: tuple[str, ...]
    penalty: float
    needs_word: bool
    length: int
    own: int
    towns: frozenset[str]
    heard: frozenset[str]
    again: int


class Nearly:
    """The names of a list by their sounds. Made once for a list; `find` then takes well under a millisecond a sentence."""

    def __init__(self, places: Listed, *, names: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        forms: dict[tuple[str, bool], dict[str, float]] = {}
        told: set[str] = set()
        for name, codes in names:
            told.add(name)
            for code in codes:
                place = places.get(code)
                if place is None or place.kind == "district":
                    continue
                for chars, penalty, needs in _ways(name, place, places):
                    kept = forms.setdefault((chars, needs), {})
                    kept[code] = min(kept.get(code, 9.0), penalty)
        self._forms: list[_Form] = []
        self._pairs: dict[str, list[tuple[int, int]]] = {}
        for (chars, needs), by_code in sorted(forms.items()):
            penalty = min(by_code.values())
            # An everyday short form that many places share says nothing.
            if penalty and (
                chars in told
                or len({get.name.rstrip("小区社") for code in by_code if (get := places.get(code))}) > 1
            ):
                continue
            codes = tuple(sorted(code for code, value in by_code.items() if value <= penalty + 0.1))
            # A name that begins with its town's is as long as what follows: the town alone is no sign of it.
            rest = _after_town(chars, codes, places)
            towns = frozenset(place.town for code in codes if (place := places.get(code)) is not None)
            own = len(_SHARED_ENDING.sub("", rest)) or 1
            row = tuple(_sound(char) for char in chars)
            form = _Form(
                chars,
                row,
                codes,
                penalty,
                needs,
                len(rest),
                own,
                towns,
                frozenset(row),
                len(row) - len(set(row)),
            )
            at = len(self._forms)
            self._forms.append(form)
            for key, offset in _keys(form.sounds):
                self._pairs.setdefault(key, []).append((at, offset))

    def find(self, folded: str, ends: Mapping[int, frozenset[str]] = MappingProxyType({})) -> list[Near]:
        """Names nearly said in a folded text, the cheapest first; names said exactly are not looked for.

        ``ends``: where names said exactly end, and their towns: what follows at once is likely a place there.
        """
        sounds = [_sound(char) for char in folded]
        places: dict[int, dict[int, int]] = {}
        for key, at in _keys(sounds, pauses=folded):
            for listed, offset in self._pairs.get(key, ()):
                starts = places.setdefault(listed, {})
                starts[at - offset] = starts.get(at - offset, 0) + 1
        found: list[Near] = []
        for number, starts in places.items():
            form = self._forms[number]
            length = len(form.chars)
            enough = 1 if length <= 3 else 2 if length <= 5 else 3
            tried: set[int] = set()
            for start in sorted(starts, key=lambda one: (-starts[one], one)):
                together = sum(starts.get(start + shift, 0) for shift in (-1, 0, 1))
                if together < enough or any(abs(start - other) <= 2 for other in tried):
                    continue
                tried.add(start)
                # Two characters at most may sound otherwise, in a short name one: else the edit distance need not be asked.
                heard = set(sounds[max(0, start - 2) : start + length + 3])
                missing = length - len(heard & form.heard) - form.again
                if missing > (1 if length <= 4 else 2):
                    continue
                near = self._laid(form, folded, sounds, start, ends)
                if near is not None:
                    found.append(near)
        return sorted(found, key=lambda one: (one.rank, one.start, one.codes))

    def _laid(
        self, form: _Form, folded: str, sounds: list[str], start: int, ends: Mapping[int, frozenset[str]]
    ) -> Near | None:
        low = max(0, start - 2)
        high = min(len(folded), start + len(form.chars) + 3)
        laid = _align(form.chars, form.sounds, folded[low:high], sounds[low:high])
        if laid is None:
            return None
        cost, begin, end = laid[0], laid[1] + low, laid[2] + low
        length = len(form.chars)
        if cost == 0.0 and not form.penalty:
            return None
        behind, before = folded[end : end + 6], folded[max(0, begin - 8) : begin]
        named = _BEHIND.match(behind) is not None
        agreed = bool(form.towns & ends.get(begin, frozenset()))
        bound = not before or not "\u4e00" <= before[-1] <= "\u9fff" or begin in ends
        led = agreed or bound or _IN_FRONT.search(before) is not None
        if (form.needs_word and not named) or _goes_on(form.chars, before, behind):
            return None
        if length <= 2 and cost > (ALIKE_SOUND if named else 0.0):
            return None
        if cost > (1.15 if form.own <= 2 else 1.45 if form.own == 3 else 2.1):
            return None
        own, said = form.own, folded[begin:end]
        kept = [
            at for at, char in enumerate(form.chars[:own] if own < length else form.chars) if char in said
        ]
        weight = sum(_rarity(form.chars[at]) for at in kept)
        whole = sum(_rarity(char) for char in form.chars[:own]) or 1.0
        size = end - begin - sum(char in _PAUSES for char in said)
        wrong = float(cost >= 0.9 and size == length)
        gone = float(cost >= 0.9 and size != length)
        signs = (
            float(agreed), float(named), float(led), float(behind.startswith(("社区", "村", "居委"))), float(bound), form.penalty,
            float(own == 1), float(own == 2), float(own == 3), min(length, 7) / 4, cost, cost / own, wrong, gone,
            wrong * (own <= 2), wrong * (own == 3), gone * (own == 3), weight / 5, min(weight / whole, 1.0), float(cost >= 1.3),
            float(form.chars[-1] in _TELLS_APART or form.chars[-2:-1] in _TELLS_APART and cost > 0), float(not led and not named),
            float(said != form.chars and sorted(said) == sorted(form.chars)), float(set(form.chars) <= set(said)), float(agreed) * (wrong + gone),
            float(agreed) * (cost < 0.9), float(bound and (named or not behind or not "\u4e00" <= behind[0] <= "\u9fff" or behind[0] == "的")),
        )  # fmt: skip
        return Near(begin, end, form.codes, form.chars, round(cost + form.penalty, 3), signs)


def _goes_on(name: str, before: str, behind: str) -> bool:
    """Whether the words around make it another name: 西黄村 for 黄村, 枣园尚城 for 枣园, 清源南里 for 清源."""
    if before and before[-1] in "东西南北前后大小新老" and name[0] not in _TELLS_APART and len(name) <= 4:
        return True
    return (
        bool(re.match(r"^(?:[东西南北中][里区院街路苑园庄]|[一二三四五六七八九十][里区院庄])", behind))
        and len(name) <= 5
    )


def _ways(name: str, place: Place, places: Listed) -> Iterator[tuple[str, float, bool]]:
    """Ways of writing a name: (characters, penalty, whether a word behind it must say that it is a place)."""
    if len(name) > 12 or name.endswith(("委员会", "委会", "办事处")):
        return
    if place.kind == "station":
        yield name, 0.0, False
        return
    bare = name
    while (
        (shorter := _ENDING.sub("", bare)) != bare and len(shorter) >= 2 and shorter[-1] not in _TELLS_APART
    ):
        bare = shorter
    if len(bare) >= 2:
        yield bare, 0.0, len(bare) == 2
    if bare != name and len(name) >= 4 and place.kind not in ("estate", "community"):
        yield name, 0.0, False
    if place.kind in ("estate", "community"):
        for short in _shortened(bare):
            yield short, 0.3, len(short) <= 3
    rest = _after_town(bare, (place.code,), places)
    if rest != bare and len(rest) >= 3 and rest[0] not in "第镇" and len(_SHARED_ENDING.sub("", rest)) >= 2:
        yield rest, 0.1, len(rest) <= 3


_MIDDLE = re.compile(
    r"(?<=[\u4e00-\u9fff]{2})(?:家园|嘉园|佳园|花园|新苑|御园|新村|家苑)(?=[东西南北中一二三四五六七八九十][里区])"
)


def _shortened(bare: str) -> Iterator[str]:
    """As people shorten estates: 佟馨南里 for 佟馨家园南里, 瑞康 for 瑞康家园, 丹麦小镇 for 富力丹麦小镇."""
    if (short := _MIDDLE.sub("", bare, count=1)) != bare:
        yield short
        return
    short = re.sub(r"(?:家园|嘉园|佳园|花园|新村|新城|新苑|嘉苑|雅苑|名苑|公寓|苑|园)$", "", bare)
    if short != bare and len(short) >= 2 and short[-1] not in _TELLS_APART:
        yield short
    if len(bare) >= 5 and bare[-1] not in "里区院期" and bare[2] not in _TELLS_APART:
        yield bare[2:]


def _after_town(name: str, codes: Iterable[str], places: Listed) -> str:
    """The name without the town's at its beginning, where it begins so: 榆垡空港新苑 → 空港新苑."""
    rests = {name}
    for code in codes:
        place = places.get(code)
        town = places.get(place.town) if place is not None and place.kind not in TOWN_KINDS else None
        if town is not None:
            said = {town.name, _ENDING.sub("", town.name), *town.aliases}
            rests |= {name.removeprefix(one) for one in said if len(name) - len(one) >= 2}
    return min(rests, key=len)


def _keys(sounds: Iterable[str], *, pauses: str = "") -> Iterator[tuple[str, int]]:
    """Neighbouring sounds, and sounds with one between, each with the position of the first."""
    row = list(sounds)
    for at in range(len(row) - 1):
        if not row[at]:
            continue
        if row[at + 1]:
            yield f"{row[at]} {row[at + 1]}", at
            if at + 2 < len(row) and row[at + 2]:
                yield f"{row[at]} {row[at + 2]}", at
        if pauses and not row[at + 1] and at + 2 < len(row) and row[at + 2]:
            yield f"{row[at]} {row[at + 2]}", at


def _align(
    name: str, name_sounds: tuple[str, ...], text: str, sounds: list[str]
) -> tuple[float, int, int] | None:
    """Lay a name against a stretch of text: (cost, begin, end) of the cheapest place for it, the longest when two are alike."""
    rows, columns = len(name), len(text)
    worst = 2.1 if rows >= 4 else 1.45
    before: list[tuple[float, int]] = [(0.0, at) for at in range(columns + 1)]
    two_before: list[tuple[float, int]] = before
    for i in range(1, rows + 1):
        char, sound = name[i - 1], name_sounds[i - 1]
        gone = 2 * MISSING if char in _TELLS_APART else MISSING
        row: list[tuple[float, int]] = [(before[0][0] + gone, before[0][1])]
        least = row[0][0]
        for j in range(1, columns + 1):
            other = text[j - 1]
            best = before[j - 1]
            if char != other:
                cost, begin = best
                best = (cost + _exchange(char, sound, other, sounds[j - 1]), begin)
                cost, begin = before[j]
                if cost + gone < best[0]:
                    best = (cost + gone, begin)
                if i > 1 and j > 1 and char == text[j - 2] and name[i - 2] == other:
                    cost, begin = two_before[j - 2]
                    if cost + SWAPPED < best[0]:
                        best = (cost + SWAPPED, begin)
            if i < rows and best[0] > 0.0:
                cost, begin = row[j - 1]
                if cost + A_PAUSE < best[0]:
                    more = (
                        A_PAUSE if other in _PAUSES
                        else DOUBLED if j > 1 and other == text[j - 2]
                        else 2 * TOO_MANY if other in _TELLS_APART
                        else TOO_MANY
                    )  # fmt: skip
                    if cost + more < best[0]:
                        best = (cost + more, begin)
            if best[0] < least:
                least = best[0]
            row.append(best)
        two_before, before = before, row
        if least > worst:
            return None
    end = min(range(columns + 1), key=lambda at: (before[at][0], before[at][1] - at))
    cost, begin = before[end]
    return (cost, begin, end) if end > begin and cost <= worst else None


@lru_cache(maxsize=1 << 16)
def _exchange(char: str, sound: str, other: str, other_sound: str) -> float:
    if char == other or _FIGURES.get(char, char) == _FIGURES.get(other, other):
        return 0.0
    if char in _TELLS_APART and other in _TELLS_APART:
        return ANOTHER_PLACE
    alike = _readings(char) & _readings(other)
    if alike:
        return SAME_SOUND
    if sound and sound == other_sound:
        return ALIKE_SOUND
    if other in _LOOKS.get(char, ()):
        return ALIKE_SHAPE
    if char in _KINDS_OF_ESTATE and other in _KINDS_OF_ESTATE:
        return ANOTHER_PLACE
    if char in _TELLS_APART:
        return 2 * OTHER
    return OTHER


_FIGURES = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
#: Characters that are taken for each other because they look alike.
_SHAPES = (
    "己已巳 末未 土士 干千于 大太犬 人入八 日目曰 田由甲申 贝见 鸟乌 兔免 今令 夭天夫 王玉主 刀力 戊戌戍 官宫管 臧藏减 垡堡岱 瀛赢嬴 榆输愉渝 采菜彩 "
    "育盲 礼札 贤坚 庞宠厐 魏巍 荣茶营 博搏 兴共 丰手 清请情晴青 源原愿 园圆围团困 汇江 晨辰 抗杭 杉彬 合台含 枣束 桂佳挂住 润闰 枫风 洋样 泰秦奏春 永水求 "
    "华毕 福副富 香杳 海悔梅每 乐东 旺汪 颐顾 佟终 铭名 邢刑形 辛幸 店占 房旁 柏怕拍 杨扬汤场 营菅宫 家冢 庄压 潘番 驴炉 勃渤 候侯 折拆 析 洒酒 喝渴 "
    "兰三 苑范怨 锦绵棉 鹅鹏 狼狠 恒桓 祥样详 宏宠 亦赤 徐除 皋皐 郏郑 渠集 沙抄 善喜 凤风 靳勒 朱未 窑窖 梨犁 晓骁 观现 莉利 逸免 璟景影"
).split()
_LOOKS: dict[str, frozenset[str]] = {}
for _row in _SHAPES:
    for _one in _row:
        _LOOKS[_one] = _LOOKS.get(_one, frozenset()) | frozenset(_row)


@cache
def _readings(char: str) -> frozenset[str]:
    if not "\u4e00" <= char <= "\u9fff":
        return frozenset({char})
    return frozenset(pinyin(char, style=Style.NORMAL, heteronym=True)[0])


@cache
def _weights() -> Mapping[str, Any]:
    kept: Mapping[str, Any] = json.loads((Path(__file__).parent / "weights.json").read_text("utf-8"))
    if kept["trees"] and kept["signs"] != [*SIGNS, *BESIDE]:
        raise ValueError("weights.json was learnt with other signs: run bench/locator/learn.py")
    return kept


def _rarity(char: str) -> float:
    """How much a character tells a name from others: 康 and 兴 little, 垡 and 樾 much."""
    return float(_weights()["rarity"].get(char, 5.0))


#: What a name nearly said stands beside: asked of the whole text, in this order behind the signs.
BESIDE = ("lead", "rival", "town_against", "elsewhere")


def chance(near: Near, beside: tuple[float, ...]) -> float:
    """How likely the name is what was meant (0..1), by boosted trees (Friedman 2001) that bench/locator/learn.py has grown."""
    signs = (*near.signs, *beside)
    kept = _weights()
    log: float = kept["bias"]
    for tree in kept["trees"]:
        while isinstance(tree, list):
            tree = tree[2] if signs[tree[0]] <= tree[1] else tree[3]
        log += tree
    return 1 / (1 + math.exp(-log))


@cache
def _sound(char: str) -> str:
    """How a character sounds to a tired ear: without tone, zh as z, ing as in. Empty for what is no sound."""
    char = _FIGURES.get(char, char)
    if not "\u4e00" <= char <= "\u9fff":
        return char if char.isalnum() else ""
    sound = str(pinyin(char, style=Style.NORMAL)[0][0])
    for long, short in _INITIALS:
        if sound.startswith(long):
            sound = short + sound.removeprefix(long)
    for long, short in _FINALS:
        if sound.endswith(long):
            sound = sound.removesuffix(long) + short
    return sound
