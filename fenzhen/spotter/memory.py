"""The messages of the past, by number: what they say as arrays, and which of them share rare strings with a new one.

Everything has a fixed size. Rarity is counted in a table of 2^20 counters (two strings may share one; that only makes a rare
string look less rare). Of a message its most telling strings are kept. Where a string stood is a row of a table that holds the
latest places alone, so the oldest are forgotten by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.matters import MATTERS
from fenzhen.spotter.text import IN_TITLE, LONG, NAME, Read

BITS = 20
MASK = (1 << BITS) - 1
#: So many strings of a message are kept, those that tell most.
KEEP = 224
#: So many strings of a message lead to it; the rarest ones, names and the title first.
POSTED = 48
#: Where strings stood: so many rows, and so many places in each.
ROWS, DEEP = 1 << 19, 16
#: So many of a question's strings are looked up there.
ASKED = 64
#: For comparing without searching: so many cells.
MARKS = 1 << 17
#: Below so many messages rarity is reckoned as if there had been so many.
FLOOR = 500


@dataclass(slots=True)
class Question:
    """A new message while it is being compared: its most telling keys, their rarity, its lengths."""

    read: Read
    counted: NDArray[np.uint32]  # where all of its keys are counted
    rarity: NDArray[np.float32]
    weight: NDArray[np.float32]  # how much a key says: often, and more in the title
    length: float
    title_length: float


def weights_of(kinds: NDArray[np.uint8], often: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each key says: 1 + log of how often, twice in the title."""
    weight: NDArray[np.float32] = (1 + np.log(often)) * np.where(
        kinds & IN_TITLE, np.float32(2), np.float32(1)
    )
    return weight


class Memory:
    """A ring of messages. Numbers grow for ever; a number is alive while it is younger than the ring is long."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0  # messages ever put in
        # zeros cost nothing before they are written to
        self.kept = np.zeros(size, dtype=np.int16)
        self.keys = np.zeros((size, KEEP), dtype=np.uint32)
        self.kinds = np.zeros((size, KEEP), dtype=np.uint8)
        self.weight = np.zeros((size, KEEP), dtype=np.float16)
        self.areas: list[frozenset[int]] = [frozenset()] * size
        self.matters = np.zeros((size, len(MATTERS)), dtype=np.float32)
        self.length = np.ones(size, dtype=np.float32)
        self.title_length = np.ones(size, dtype=np.float32)
        self.day = np.zeros(size, dtype=np.float64)
        self.who = np.zeros(size, dtype=np.uint64)
        self.frequency = np.zeros(1 << BITS, dtype=np.int32)
        self.post_message = np.zeros((ROWS, DEEP), dtype=np.int64)  # number + 1; 0: nothing
        self.post_key = np.zeros((ROWS, DEEP), dtype=np.uint32)
        self.post_next = np.zeros(ROWS, dtype=np.uint8)
        self._mark = np.zeros(MARKS, dtype=np.int16)  # 1 + which key of the question
        self._marked = np.zeros(0, dtype=np.uint32)

    def alive(self, number: int) -> bool:
        """Is the message still remembered?"""
        return self.count - self.size <= number < self.count

    def ask(self, read: Read) -> Question:
        """Weigh a message's strings by what has been seen so far, and keep the most telling ones."""
        slots = read.keys & np.uint32(MASK)
        rarity = np.log((max(self.count, FLOOR) + 1) / (self.frequency[slots] + 1.0)).astype(np.float32)
        np.maximum(rarity, 0.05, out=rarity)
        weight = weights_of(read.kinds, read.often)
        if len(slots) > KEEP:
            say = rarity * weight * _FACTOR[read.kinds]
            best = np.sort(np.argpartition(-say, KEEP)[:KEEP])
            read = replace(read, keys=read.keys[best], kinds=read.kinds[best], often=read.often[best])
            rarity, weight = rarity[best], weight[best]
        return _question(read, slots, rarity, weight)

    def near(self, question: Question, most: int) -> NDArray[np.int64]:
        """Numbers of the messages that share most rare strings with it, best first."""
        keys = question.read.keys
        say = question.rarity * _SAYS[question.read.kinds]
        rows = keys & np.uint32(ROWS - 1)
        known = np.flatnonzero(self.post_message[rows, 0])
        if len(known) > ASKED:
            known = known[np.argpartition(-say[known], ASKED)[:ASKED]]
        if not len(known):
            return np.zeros(0, dtype=np.int64)
        rows = rows[known]
        numbers = self.post_message[rows]
        good = (self.post_key[rows] == keys[known][:, None]) & (numbers > max(self.count - self.size, 0))
        row, column = np.nonzero(good)
        if not len(row):
            return np.zeros(0, dtype=np.int64)
        numbers = numbers[row, column]
        by_number = np.argsort(numbers, kind="stable")
        numbers = numbers[by_number]
        starts = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
        total = np.add.reduceat(say[known][row[by_number]].astype(np.float64), starts)
        unique = numbers[starts]
        order = np.lexsort((-unique, -total))[:most]
        found: NDArray[np.int64] = unique[order] - 1
        return found

    def put(self, question: Question, day: float, who: int) -> int:
        """Remember a message; its number."""
        number = self.count
        cell = number % self.size
        read = question.read
        kept = len(read.keys)
        self.kept[cell] = kept
        self.keys[cell, :kept] = read.keys
        self.keys[cell, kept:] = 0
        self.kinds[cell, :kept] = read.kinds
        self.weight[cell, :kept] = question.weight
        self.areas[cell] = read.areas
        self.matters[cell] = read.matters
        self.length[cell] = question.length
        self.title_length[cell] = question.title_length
        self.day[cell] = day
        self.who[cell] = who
        keys = read.keys
        if kept > POSTED:
            say = question.rarity * _LEADS[read.kinds]
            keys = keys[np.argpartition(-say, POSTED)[:POSTED]]
        rows = keys & np.uint32(ROWS - 1)
        places = self.post_next[rows]
        self.post_message[rows, places] = number + 1
        self.post_key[rows, places] = keys
        self.post_next[rows] = (places + 1) % DEEP
        self.frequency[question.counted] += 1
        self.count += 1
        return number

    def asked_again(self, number: int) -> Question:
        """A remembered message as a question, weighed by what is known now."""
        cell = number % self.size
        kept = int(self.kept[cell])
        keys = self.keys[cell, :kept].copy()
        read = Read(
            keys,
            self.kinds[cell, :kept].copy(),
            np.ones(kept, dtype=np.float32),
            self.matters[cell],
            self.areas[cell],
        )
        slots = keys & np.uint32(MASK)
        rarity = np.log((max(self.count, FLOOR) + 1) / (self.frequency[slots] + 1.0)).astype(np.float32)
        np.maximum(rarity, 0.05, out=rarity)
        return _question(read, slots, rarity, self.weight[cell, :kept].astype(np.float32))

    # --- comparing --------------------------------------------------------------------------------------------------------

    def mark(self, question: Question) -> None:
        """Make `shared` answer for this question, until `wipe`."""
        self._marked = question.read.keys
        self._mark[self._marked & np.uint32(MARKS - 1)] = np.arange(1, len(self._marked) + 1, dtype=np.int16)

    def wipe(self) -> None:
        """Take the question's keys away again."""
        self._mark[self._marked & np.uint32(MARKS - 1)] = 0

    def shared(self, keys: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.int16]]:
        """Where in ``keys`` the marked question's keys stand, and which of the question's they are."""
        at = self._mark.take(keys & np.uint32(MARKS - 1))
        hit = at.nonzero()[0]
        mine = at.take(hit) - np.int16(1)
        same = (self._marked.take(mine) == keys.take(hit)).nonzero()[0]
        return hit.take(same), mine.take(same)

    # --- to go on after a restart -----------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays."""
        alive = [number % self.size for number in range(max(0, self.count - self.size), self.count)]
        slots = np.flatnonzero(self.frequency)
        rows = np.flatnonzero(self.post_message[:, 0])
        areas = [sorted(self.areas[cell]) for cell in alive]
        return {
            "shape": np.array([self.size, self.count], dtype=np.int64),
            "area_lengths": np.array([len(some) for some in areas], dtype=np.int64),
            "area_keys": np.array([one for some in areas for one in some], dtype=np.uint32),
            **{name: getattr(self, name)[alive] for name in _COLUMNS},
            "slots": slots,
            "frequency": self.frequency[slots],
            "rows": rows,
            "post_message": self.post_message[rows],
            "post_key": self.post_key[rows],
            "post_next": self.post_next[rows],
        }

    @classmethod
    def from_arrays(cls, given: Mapping[str, NDArray[Any]]) -> Memory:
        """What `arrays` gave, made whole again."""
        size, count = (int(one) for one in given["shape"])
        memory = cls(size)
        memory.count = count
        alive = [number % size for number in range(max(0, count - size), count)]
        for name in _COLUMNS:
            getattr(memory, name)[alive] = given[name]
        ends = np.cumsum(given["area_lengths"])
        for at, cell in enumerate(alive):
            areas = slice(int(ends[at] - given["area_lengths"][at]), int(ends[at]))
            memory.areas[cell] = frozenset(int(one) for one in given["area_keys"][areas])
        memory.frequency[given["slots"]] = given["frequency"]
        for name in ("post_message", "post_key", "post_next"):
            getattr(memory, name)[given["rows"]] = given[name]
        return memory


#: Columns of a message.
_COLUMNS = ("kept", "keys", "kinds", "weight", "matters", "length", "title_length", "day", "who")


def _factors(of_title: float, of_name: float, of_long: float) -> NDArray[np.float32]:
    """How much more a string of each kind says."""
    kinds = np.arange(32)
    return (
        np.where(kinds & IN_TITLE, of_title, 1.0)
        * np.where(kinds & NAME, of_name, 1.0)
        * np.where(kinds & LONG, of_long, 1.0)
    ).astype(np.float32)


_FACTOR = _factors(1.0, 1.5, 1.2)
_SAYS = _factors(1.5, 1.3, 1.3)
_LEADS = _factors(1.5, 1.5, 1.2)


def _question(
    read: Read, counted: NDArray[np.uint32], rarity: NDArray[np.float32], weight: NDArray[np.float32]
) -> Question:
    title = rarity[(read.kinds & IN_TITLE) > 0]
    told = rarity * weight
    return Question(
        read,
        counted,
        rarity,
        weight,
        math.sqrt(float(told @ told)) or 1.0,
        math.sqrt(float(title @ title)) or 1.0,
    )
