"""How alike a new message is to earlier ones and to events: text × place × matter × time, weighed by learned numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.matters import FAMILIES
from fenzhen.spotter.memory import KEEP, MASK, Memory, Question
from fenzhen.spotter.text import IN_TITLE, LONG, NAME, OF_NAME

PAIR = (
    "all", "title", "title_in", "in_title", "name", "name_best", "rare", "rare_title", "matter", "no_matter", "area_same",
    "area_other", "gap", "same_who", "name_title", "rest", "rest_title", "place_text", "both",
    "family", "no_family",
)  # fmt: skip
Rows = NDArray[np.float64]


def pair_features(
    memory: Memory, question: Question, numbers: NDArray[np.int64], day: float, who: int
) -> Rows:
    """One row a message of ``numbers``, columns as in `PAIR`. The question must be marked (`Memory.mark`)."""
    count = len(numbers)
    out = np.zeros((count, len(PAIR)))
    cells = numbers % memory.size
    hit, mine = memory.shared(memory.keys.take(cells, axis=0).ravel())
    owner = hit // KEEP
    there = cells.take(owner) * KEEP + hit % KEEP
    theirs = memory.kinds.reshape(-1).take(there)
    weight = memory.weight.reshape(-1).take(there)
    ours = question.read.kinds.take(mine)
    rarity = question.rarity.take(mine).astype(np.float64)
    square = rarity * rarity
    mass = square * weight * question.weight.take(mine)

    title_q, title_c = (ours & IN_TITLE) > 0, (theirs & IN_TITLE) > 0
    kinds = ours & theirs
    name = (kinds & NAME) > 0
    both = title_q & title_c
    rest = ((ours | theirs) & OF_NAME) == 0
    strong = np.maximum(rarity - 2.5, 0.0) * name
    rare = np.maximum(rarity - 3.5, 0.0) * ((ours & LONG) > 0)
    of_title = square * both
    if len(hit):
        # the keys stand message by message: summed in one go, and messages without a shared key left at nothing
        starts = np.concatenate(([True], owner[1:] != owner[:-1])).nonzero()[0]
        summed = np.zeros((10, count))
        summed[:, owner.take(starts)] = np.add.reduceat(
            np.stack((
                mass, of_title, square * title_q, square * title_c, strong, rare, rare * (title_q | title_c), strong * both,
                mass * rest, of_title * rest,
            )),
            starts, axis=1,
        )  # fmt: skip
        out[owner.take(starts), 5] = np.maximum.reduceat(strong, starts)
        length = question.length * memory.length.take(cells)
        title_length = question.title_length * memory.title_length.take(cells)
        out[:, 0] = summed[0] / length
        out[:, 1] = summed[1] / title_length
        out[:, 2] = summed[2] / question.title_length**2
        out[:, 3] = summed[3] / memory.title_length.take(cells) ** 2
        out[:, [4, 6, 7, 14]] = np.log1p(summed[[4, 5, 6, 7]]).T
        # the matter without its place, the place without its matter: letters outside and inside of name-like strings
        out[:, 15] = summed[8] / length
        out[:, 16] = summed[9] / title_length
        out[:, 17] = out[:, 0] - out[:, 15]
        out[:, 18] = np.sqrt(np.maximum(out[:, 15], 0) * np.maximum(out[:, 17], 0))
    mine_areas = question.read.areas
    if mine_areas:
        for at, cell in enumerate(cells.tolist()):
            areas = memory.areas[cell]
            if areas:
                out[at, 11 if mine_areas.isdisjoint(areas) else 10] = 1
    out[:, 12] = np.log1p(np.abs(day - memory.day.take(cells)))
    out[:, 13] = memory.who.take(cells) == who
    matters = memory.matters.take(cells, axis=0)
    out[:, 8], out[:, 9] = _alike(question.read.matters, matters)
    # of one family of matters (all that goes wrong with a new flat, say), though not of one matter
    out[:, 19], out[:, 20] = _alike(question.read.matters @ FAMILIES, matters @ FAMILIES)
    return out


def _alike(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> tuple[Rows, Rows]:
    """Cosine of what a message and each of others speak of; 1 where both speak of something and nothing is shared."""
    length = math.sqrt(float(mine @ mine))
    if not length:
        nothing = np.zeros(len(theirs))
        return nothing, nothing
    dot = (theirs @ mine).astype(np.float64)
    norm = np.sqrt(np.einsum("ij,ij->i", theirs, theirs)) * length
    return dot / np.maximum(norm, 1e-9), ((dot == 0) & (norm > 0)).astype(np.float64)


PROFILE = ("centre", "signature", "signature_size", "core")
#: So many strings of an event are kept.
KEPT = 256


@dataclass(slots=True)
class Profile:
    """What the messages of an event say on the whole: strings, and in how many of the messages each stands."""

    keys: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    share: NDArray[np.float32]  # how many messages have it
    title: NDArray[np.float32]  # how many have it in the title
    messages: int

    def add(self, question: Question) -> None:
        """Count a message in."""
        keys = np.concatenate([self.keys, question.read.keys])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else order
        if not len(starts):
            self.messages += 1
            return
        unique = keys[starts]
        ones = np.ones(len(question.read.keys), dtype=np.float32)
        in_title = ((question.read.kinds & IN_TITLE) > 0).astype(np.float32)
        share = np.add.reduceat(np.concatenate([self.share, ones])[order], starts)
        title = np.add.reduceat(np.concatenate([self.title, in_title])[order], starts)
        kinds = np.bitwise_or.reduceat(np.concatenate([self.kinds, question.read.kinds])[order], starts)
        if len(unique) > KEPT:
            best = np.sort(np.argpartition(-(share + title), KEPT)[:KEPT])
            unique, kinds, share, title = unique[best], kinds[best], share[best], title[best]
        self.keys, self.kinds = unique, kinds
        self.share, self.title = share.astype(np.float32), title.astype(np.float32)
        self.messages += 1

    @classmethod
    def of(cls, question: Question) -> Profile:
        """The profile of a single message."""
        title = ((question.read.kinds & IN_TITLE) > 0).astype(np.float32)
        return cls(
            question.read.keys.copy(),
            question.read.kinds.copy(),
            np.ones(len(title), dtype=np.float32),
            title,
            1,
        )


def profile_features(memory: Memory, question: Question, profile: Profile) -> list[float]:
    """Columns as in `PROFILE`: likeness to the event's centre, how much of what the event has in common is here."""
    seen = memory.frequency.take(profile.keys & np.uint32(MASK))
    rarity = np.maximum(math.log(max(memory.count, 500) + 1) - np.log(seen + 1.0), 0.05)
    part = profile.share / profile.messages
    heavy = rarity * (part + profile.title / profile.messages)
    hit, mine = memory.shared(profile.keys)
    length = math.sqrt(float(heavy @ heavy)) or 1.0
    mass = question.rarity.take(mine) * question.weight.take(mine)
    centre = float(heavy.take(hit) @ mass) / (length * question.length)
    # what more than half of the messages say, and few others: the event's name
    core = (part > 0.5) & (rarity > 2.0)
    told = rarity * part * core
    signature = float(told.sum())
    found = float(told.take(hit).sum())
    named = rarity * (core & (rarity > 3.5) & ((profile.kinds & (NAME | LONG)) > 0))
    total = float(named.sum())
    return [
        centre,
        found / signature if signature else 0.0,
        math.log1p(signature),
        float(named.take(hit).sum()) / total if total else 0.0,
    ]
