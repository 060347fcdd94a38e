"""The messages of the past, by number: what they say as arrays, and which of them share rare strings with a new one.

Everything has a fixed size. Rarity is counted in a table of 2^20 counters (two strings may share one; that only makes a rare
string look less rare). Where a string stood is a chain through a ring of postings, so the oldest are forgotten by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.matters import MATTERS
from fenzhen.spotter.text import IN_TITLE, LONG, NAME, Read

BITS = 20
MASK = (1 << BITS) - 1
#: So many strings of a message lead to it; the rarest ones, names and the title first.
POSTED = 48
#: So many steps back along a string's chain.
STEPS = 24
#: Below so many messages rarity is reckoned as if there had been so many.
FLOOR = 500


@dataclass(slots=True)
class Question:
    """A new message while it is being compared: its keys' rarity and lengths."""

    read: Read
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
        self.keys: list[NDArray[np.uint32]] = [np.zeros(0, dtype=np.uint32)] * size
        self.kinds: list[NDArray[np.uint8]] = [np.zeros(0, dtype=np.uint8)] * size
        self.weight: list[NDArray[np.float16]] = [np.zeros(0, dtype=np.float16)] * size
        self.areas: list[frozenset[int]] = [frozenset()] * size
        self.matters = np.zeros((size, len(MATTERS)), dtype=np.float32)
        self.length = np.ones(size, dtype=np.float32)
        self.title_length = np.ones(size, dtype=np.float32)
        self.day = np.zeros(size, dtype=np.float64)
        self.who = np.zeros(size, dtype=np.uint64)
        self.frequency = np.zeros(1 << BITS, dtype=np.int32)
        self.heads = np.full(1 << BITS, -1, dtype=np.int64)
        self.posts = size * POSTED
        self.post_message = np.zeros(self.posts, dtype=np.int64)
        self.post_key = np.zeros(self.posts, dtype=np.uint32)
        self.post_before = np.full(self.posts, -1, dtype=np.int64)
        self.posted = 0
        # scratch: the keys of the question, for comparing without searching
        self._mark_key = np.zeros(1 << BITS, dtype=np.uint32)
        self._mark_at = np.full(1 << BITS, -1, dtype=np.int32)

    def alive(self, number: int) -> bool:
        """Is the message still remembered?"""
        return self.count - self.size <= number < self.count

    def ask(self, read: Read) -> Question:
        """Weigh a message's strings by what has been seen so far."""
        seen = self.frequency[read.keys & np.uint32(MASK)]
        rarity = np.log((max(self.count, FLOOR) + 1) / (seen + 1.0)).astype(np.float32)
        np.maximum(rarity, 0.05, out=rarity)
        weight = weights_of(read.kinds, read.often)
        title = (read.kinds & IN_TITLE) > 0
        return Question(
            read,
            rarity,
            weight,
            float(math.sqrt(float(((rarity * weight) ** 2).sum()))) or 1.0,
            float(math.sqrt(float((rarity[title] ** 2).sum()))) or 1.0,
        )

    def near(self, question: Question, most: int) -> NDArray[np.int64]:
        """Numbers of the messages that share most rare strings with it, best first."""
        keys, kinds, rarity = question.read.keys, question.read.kinds, question.rarity
        slots = keys & np.uint32(MASK)
        say = rarity * np.where(kinds & IN_TITLE, 1.5, 1.0) * np.where(kinds & (NAME | LONG), 1.3, 1.0)
        known = np.flatnonzero(self.heads[slots] >= 0)
        if len(known) > 64:
            known = known[np.argpartition(-say[known], 64)[:64]]
        at = self.heads[slots[known]]
        say = say[known]
        mine = keys[known]
        oldest_post, oldest = self.posted - self.posts, self.count - self.size
        numbers: list[NDArray[np.int64]] = []
        scores: list[NDArray[np.float32]] = []
        for _step in range(STEPS):
            good = at >= max(oldest_post, 0)
            if not good.any():
                break
            at, say, mine = at[good], say[good], mine[good]
            cell = at % self.posts
            same = self.post_key[cell] == mine
            numbers.append(self.post_message[cell][same])
            scores.append(say[same])
            at = self.post_before[cell]
        if not numbers:
            return np.zeros(0, dtype=np.int64)
        every = np.concatenate(numbers)
        unique, inverse = np.unique(every, return_inverse=True)
        total = np.bincount(inverse, weights=np.concatenate(scores))
        good = unique >= oldest
        unique, total = unique[good], total[good]
        order = np.lexsort((-unique, -total))[:most]
        return unique[order]

    def put(self, question: Question, day: float, who: int) -> int:
        """Remember a message; its number."""
        number = self.count
        cell = number % self.size
        read = question.read
        self.keys[cell] = read.keys
        self.kinds[cell] = read.kinds
        self.weight[cell] = question.weight.astype(np.float16)
        self.areas[cell] = read.areas
        self.matters[cell] = read.matters
        self.length[cell] = question.length
        self.title_length[cell] = question.title_length
        self.day[cell] = day
        self.who[cell] = who
        slots = read.keys & np.uint32(MASK)
        say = (
            question.rarity
            * np.where(read.kinds & IN_TITLE, 1.5, 1.0)
            * np.where(read.kinds & NAME, 1.5, 1.0)
            * np.where(read.kinds & LONG, 1.2, 1.0)
        )
        best = np.arange(len(slots)) if len(slots) <= POSTED else np.argpartition(-say, POSTED)[:POSTED]
        if len(best):
            numbers = self.posted + np.arange(len(best))
            cells = numbers % self.posts
            self.post_message[cells] = number
            self.post_key[cells] = read.keys[best]
            self.post_before[cells] = self.heads[slots[best]]
            self.heads[slots[best]] = numbers
            self.posted += len(best)
        np.add.at(self.frequency, slots, 1)
        self.count += 1
        return number

    def asked_again(self, number: int) -> Question:
        """A remembered message as a question, weighed by what is known now."""
        cell = number % self.size
        keys, kinds = self.keys[cell], self.kinds[cell]
        weight = self.weight[cell].astype(np.float32)
        read = Read(keys, kinds, np.ones(len(keys), dtype=np.float32), self.matters[cell], self.areas[cell])
        question = self.ask(read)
        question.weight = weight
        return question

    def mark(self, question: Question) -> None:
        """Lay the question's keys out for `shared`; call `wipe` when done."""
        slots = question.read.keys & np.uint32(MASK)
        self._mark_key[slots] = question.read.keys
        self._mark_at[slots] = np.arange(len(slots), dtype=np.int32)

    def wipe(self, question: Question) -> None:
        """Take the question's keys away again."""
        self._mark_at[question.read.keys & np.uint32(MASK)] = -1

    def shared(self, keys: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Where in ``keys`` the marked question's keys stand, and which of the question's they are."""
        slots = keys & np.uint32(MASK)
        at = self._mark_at[slots]
        hit = np.flatnonzero((at >= 0) & (self._mark_key[slots] == keys))
        return hit, at[hit]

    # --- to go on after a restart -----------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays."""
        alive = [number % self.size for number in range(max(0, self.count - self.size), self.count)]
        slots = np.flatnonzero(self.frequency)
        used = np.arange(max(0, self.posted - self.posts), self.posted) % self.posts
        heads = np.flatnonzero(self.heads >= 0)

        def joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
            return np.concatenate([parts[cell] for cell in alive]) if alive else np.zeros(0, dtype=kind)

        return {
            "shape": np.array([self.size, self.count, self.posted], dtype=np.int64),
            "lengths": np.array([len(self.keys[cell]) for cell in alive], dtype=np.int64),
            "keys": joined(list(self.keys), np.uint32),
            "kinds": joined(list(self.kinds), np.uint8),
            "weight": joined(list(self.weight), np.float16),
            "area_lengths": np.array([len(self.areas[cell]) for cell in alive], dtype=np.int64),
            "area_keys": np.array(
                [one for cell in alive for one in sorted(self.areas[cell])], dtype=np.uint32
            ),
            "matters": self.matters[alive],
            "length": self.length[alive],
            "title_length": self.title_length[alive],
            "day": self.day[alive],
            "who": self.who[alive],
            "slots": slots,
            "frequency": self.frequency[slots],
            "head_slots": heads,
            "heads": self.heads[heads],
            "post_message": self.post_message[used],
            "post_key": self.post_key[used],
            "post_before": self.post_before[used],
        }

    @classmethod
    def from_arrays(cls, given: Mapping[str, NDArray[Any]]) -> Memory:
        """What `arrays` gave, made whole again."""
        size, count, posted = (int(one) for one in given["shape"])
        memory = cls(size)
        memory.count, memory.posted = count, posted
        alive = [number % size for number in range(max(0, count - size), count)]
        ends = np.cumsum(given["lengths"])
        area_ends = np.cumsum(given["area_lengths"])
        for at, cell in enumerate(alive):
            part = slice(int(ends[at] - given["lengths"][at]), int(ends[at]))
            memory.keys[cell] = given["keys"][part].copy()
            memory.kinds[cell] = given["kinds"][part].copy()
            memory.weight[cell] = given["weight"][part].copy()
            areas = slice(int(area_ends[at] - given["area_lengths"][at]), int(area_ends[at]))
            memory.areas[cell] = frozenset(int(one) for one in given["area_keys"][areas])
        memory.matters[alive] = given["matters"]
        memory.length[alive] = given["length"]
        memory.title_length[alive] = given["title_length"]
        memory.day[alive] = given["day"]
        memory.who[alive] = given["who"]
        memory.frequency[given["slots"]] = given["frequency"]
        memory.heads[given["head_slots"]] = given["heads"]
        used = np.arange(max(0, posted - memory.posts), posted) % memory.posts
        memory.post_message[used] = given["post_message"]
        memory.post_key[used] = given["post_key"]
        memory.post_before[used] = given["post_before"]
        return memory
