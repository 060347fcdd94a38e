"""Text as the models read it: cleaned, in two fields, as character n-grams and words with their positions."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import rjieba

#: Longer texts are cut here: what a matter is stands at its beginning, and 50,000 characters must not stop the desk.
LONGEST = 4000

_TAG = re.compile(r"<[^<>]{1,200}>")
_RUN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbfa-z0]+")
_POLITE = re.compile(
    r"尊敬的[^,。:!]{0,12}[,:!]?|您好[,!。]?|你好[,!。]?|各位领导|领导好?[,:!]|来电人?(?:称|反映|表示|咨询)?[,:]?|市民(?:来电)?(?:反映|称|咨询)[,:]?|"
    r"(?:希望|恳请|请求?|望)(?:相关|有关|政府|职能|贵)(?:部门|单位)[^,。!]{0,16}[,。!]?|谢谢[!。]?|感谢[!。]?|诉求[:是]|特此反映"
)
#: How much an n-gram of each length says; a single character says little.
_SCALE = {1: 0.3, 2: 1.0, 3: 1.0, 4: 0.8}
WORD = "\u2581"
_STOP = re.compile(r"[。!?;\n]")
#: Sentences are read together until they have so many characters, and cut where they have more than so many.
_SHORT_SENTENCE, _LONG_SENTENCE = 20, 100


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Cleaned text and, for each of its characters, where it stood in the text as given."""

    text: str
    origins: tuple[int, ...]


def clean(text: str) -> str:
    """Half-width, small letters, no tags or control characters, runs of digits as one 0, single spaces."""
    text = text[: LONGEST * 2].replace("\x00", " ")
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"\d+(?:[.,:\-]\d+)*", "0", text)
    return re.sub(r"[\s\u200b-\u200f\ufeff]+", " ", text).strip()[:LONGEST]


def clean_with_origins(text: str) -> Cleaned:
    """The same cleaning, one character at a time, so that a word can be marked in the text as it was given."""
    text = text[: LONGEST * 2]
    hidden = {at for match in _TAG.finditer(text) for at in range(match.start(), match.end())}
    out: list[str] = []
    origins: list[int] = []
    for at, char in enumerate(text):
        if "\u4e00" <= char <= "\u9fff" and at not in hidden:
            out.append(char)
            origins.append(at)
            continue
        folded = " " if at in hidden or char == "\x00" else unicodedata.normalize("NFKC", char).lower()
        for one in folded:
            if one.isdigit():
                if out and out[-1] == "0":
                    continue
                one = "0"
            elif one.isspace():
                if out and out[-1] == " ":
                    continue
                one = " "
            out.append(one)
            origins.append(at)
    return Cleaned("".join(out)[:LONGEST], tuple(origins[:LONGEST]))


def plain_for_embedding(text: str, longest: int) -> str:
    """Cleaned text without greetings and formulas, cut at ``longest`` characters: what a sentence encoder should read."""
    stripped = _POLITE.sub("", clean(text))
    return (stripped or clean(text))[:longest]


def sentences(text: str, longest: int, last: int) -> list[str]:
    """What a sentence encoder should read of a long text: its first sentences up to ``longest`` characters, and its
    last one up to ``last`` (what is wanted often stands there). Short sentences are read together.

    >>> sentences("电梯坏了。老人下不了楼,物业说等配件已经等了一个月。请派人来修!", 200, 60)
    ['电梯坏了,老人下不了楼,物业说等配件已经等了一个月', '请派人来修']
    """
    plain = plain_for_embedding(text, LONGEST)
    found: list[str] = []
    room = longest
    parts = [part for part in _STOP.split(plain) if part.strip(" ,")]
    at = 0
    while at < len(parts) and room > 0:
        one = parts[at]
        at += 1
        while at < len(parts) and len(one) < _SHORT_SENTENCE:
            one += "," + parts[at]
            at += 1
        found.append(one[: min(room, _LONG_SENTENCE)])
        room -= len(found[-1])
    if at < len(parts):
        found.append(parts[-1][-last:])
    return found


def feature_counts(cleaned: str) -> Counter[str]:
    """Character n-grams (1–4, not across punctuation) and words of a cleaned text, and how often each stands there.

    Words carry a mark in front. Whole lists are counted at once: several times quicker than one by one.
    """
    runs = _RUN.findall(cleaned)
    found = [run[at : at + size] for size in _SCALE for run in runs for at in range(len(run) - size + 1)]
    return Counter(found + [WORD + word for word in words(cleaned)])


def words(cleaned: str) -> list[str]:
    """The words of a cleaned text that have more than one character, as they stand."""
    return [word for word in rjieba.cut(cleaned) if len(word) > 1 and not word.isspace()]


def grams(cleaned: str) -> dict[str, float]:
    """The `feature_counts` of a cleaned text with their raw weights: the count times the scale of the feature's kind."""
    return {feature: count * scale_of(feature) for feature, count in feature_counts(cleaned).items()}


def scale_of(feature: str) -> float:
    """The scale of a feature's kind, as used by `grams`."""
    return 1.0 if feature.startswith(WORD) else _SCALE[len(feature)]


def placed_grams(cleaned: str) -> Iterator[tuple[str, int, int]]:
    """The features of `grams` with the place of each occurrence in the cleaned text."""
    for match in _RUN.finditer(cleaned):
        run, offset = match.group(), match.start()
        for size in _SCALE:
            for at in range(len(run) - size + 1):
                yield run[at : at + size], offset + at, offset + at + size
    at = 0
    for word in rjieba.cut(cleaned):
        start = cleaned.find(word, at)
        if start < 0:
            continue
        at = start + len(word)
        if len(word) > 1 and not word.isspace():
            yield WORD + word, start, at
