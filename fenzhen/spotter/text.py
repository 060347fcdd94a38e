"""Words as the spotter reads them: hashed character n-grams, name-like strings, areas, and what the matter is about.

No gazetteer is needed: names are recognised by what they end in (小区, 花园, 学校, 公司 …) and by being rare; how rare, the
spotter learns from the stream itself. Nothing of the text is kept but 32-bit keys.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.matters import MATTERS

#: So much of a body is read: what it is about stands at its beginning.
LONGEST = 400
IN_TITLE, IN_BODY, NAME, LONG, OF_NAME = 1, 2, 4, 8, 16

_COUNTS = np.zeros(0x110000, dtype=bool)
for _low, _high in ((0x61, 0x7B), (0x30, 0x3A), (0x3400, 0x4DC0), (0x4E00, 0xA000)):
    _COUNTS[_low:_high] = True
_MIX = np.uint64(0x9E3779B97F4A7C15)
_TAG = re.compile(r"<[^<>]{1,200}>")
_SPACE = re.compile(r"[\s\u200b-\u200f\ufeff·•.。]*[\s\u200b-\u200f\ufeff·•]+")
#: What names of places and bodies end in.
_ENDINGS = (
    "小区|花园|家园|新城|新村|公寓|公馆|华庭|豪庭|名苑|雅苑|苑|园|城|湾|府|郡|里|院|庭|阁|居|寓|广场|大厦|中心|商城|市场|超市|酒店|饭店|餐厅|"
    "幼儿园|小学|中学|学校|学院|大学|医院|车站|地铁站|路|街|巷|大道|高速|大桥|隧道|立交|公园|湖|河|水库|山|工地|项目|公司|集团|厂|站|银行|"
    "平台|驾校|培训|贷|号线|路公交|社区|村|镇|乡|街道"
)
_AREA = re.compile(r"[a-z]\d{1,3}[市区县]|[\u4e00-\u9fff]{2}(?:街道|镇|乡)")


@dataclass(frozen=True, slots=True)
class Read:
    """A text as read: sorted keys, what kind each is, how often it stands there; the matters it speaks of; its areas."""

    keys: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    often: NDArray[np.float32]
    matters: NDArray[np.float32]
    areas: frozenset[int]


def clean(text: str, longest: int) -> str:
    """Half-width, small letters, no tags; blanks and dots inside names closed up."""
    text = text[: longest * 2].replace("\x00", " ")
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = unicodedata.normalize("NFKC", text).lower()
    return _SPACE.sub("", text)[:longest]


def key_of(text: str) -> int:
    """A 32-bit key of a whole string."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def gathered(
    keys: NDArray[np.uint32], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.float32]]:
    """Each key once, in order; the kinds of all its places; how often it stood there."""
    if not len(keys):
        return keys, kinds, np.zeros(0, dtype=np.float32)
    order = np.argsort(keys)
    keys, kinds = keys[order], kinds[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    often = np.diff(np.append(starts, len(keys))).astype(np.float32)
    flags: NDArray[np.uint8] = np.bitwise_or.reduceat(kinds, starts)
    return keys[starts], flags, often


def _gram_keys(
    points: NDArray[np.uint32], good: NDArray[np.bool_], size: int
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    left = len(points) - size + 1
    if left <= 0:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.intp)
    ok = good[:left].copy()
    wide = points.astype(np.uint64)
    key = wide[:left].copy()
    for step in range(1, size):
        ok &= good[step : step + left]
        key = (key << np.uint64(16)) | wide[step : step + left]
    at = np.flatnonzero(ok)
    return ((key[at] * _MIX) >> np.uint64(32)).astype(np.uint32), at


def _automaton() -> ahocorasick.Automaton:
    found = ahocorasick.Automaton()
    for at, (_name, words) in enumerate(MATTERS):
        for word in words.split():
            found.add_word(word, (at, len(word)))
    found.make_automaton()
    return found


def _endings() -> ahocorasick.Automaton:
    found = ahocorasick.Automaton()
    for word in _ENDINGS.split("|"):
        found.add_word(word, len(word))
    found.make_automaton()
    return found


_NAMED = _endings()
_MATTERS = _automaton()


def read(title: str, body: str) -> Read:
    """Read a message. An empty title is fine: then the body's first thirty letters stand for it."""
    title = clean(title, 80)
    body = clean(body, LONGEST)
    if len(title) < 6:
        title = (title + body[:30])[:40]
    text = f"{title}\x00{body}"  # the letter between is in no string
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    good = _COUNTS[points]
    letters = good.tobytes()
    named = np.zeros(len(points), dtype=bool)
    names, begins = [], []
    for last, length in _NAMED.iter(text):
        ending = last + 1 - length
        for begin in (ending - 3, ending - 2):
            if begin >= 0 and letters.find(0, begin, ending) < 0:
                names.append(key_of(text[begin : last + 1]))
                begins.append(begin)
                named[begin : last + 1] = True
    where = np.full(len(points), IN_BODY, dtype=np.uint8)
    where[: len(title)] = IN_TITLE
    keys = [np.array(names, dtype=np.uint32)]
    kinds = [where[begins] | np.uint8(NAME)] if begins else [np.zeros(0, dtype=np.uint8)]
    for size, kind in ((2, 0), (3, LONG)):
        some, at = _gram_keys(points, good, size)
        keys.append(some)
        part = np.where(named[at] & named[at + size - 1], np.uint8(OF_NAME | kind), np.uint8(kind))
        kinds.append(part | where[at])
    unique, flags, often = gathered(np.concatenate(keys), np.concatenate(kinds))
    matters = np.zeros(len(MATTERS), dtype=np.float32)
    for text, weight in ((title, 2.0), (body[:200], 1.0)):
        for _end, (at, length) in _MATTERS.iter(text):
            matters[at] = min(matters[at] + weight * (1.0 if length > 1 else 0.5), 6.0)
    areas = frozenset(key_of(found) for found in _AREA.findall(title) or _AREA.findall(body[:120]))
    return Read(unique, flags, often, matters, areas)


_LABEL = re.compile(rf"(?:[A-Z]\d{{1,3}}[市区县])?[\u4e00-\u9fffA-Za-z0-9]{{2,8}}?(?:{_ENDINGS})")
_BEFORE = re.compile(
    r"^(?:投诉|反映|反应|咨询|关于|请问|询问|建议|举报|希望|请求|恳请|坚决反对|反对|质疑|对|在|给|再次|强烈|呼吁|我们|本人|您好|你好|我是|请)+"
)


def names_in(text: str) -> list[str]:
    """Name-like strings of a text as a person would read them, for labelling an event.

    >>> names_in("投诉柳河镇晨光家园3号楼电梯")
    ['柳河镇', '晨光家园']
    """
    found = [
        _BEFORE.sub("", one)
        for one in _LABEL.findall(_BEFORE.sub("", unicodedata.normalize("NFKC", text[:80])))
    ]
    return [one for one in found if len(one) > 2]
