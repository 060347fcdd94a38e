"""How alike a new message is to earlier ones and to events: text × place × matter × time, weighed by learned numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fenzhen.spotter.matters import FAMILIES
from fenzhen.spotter.memory import KEEP, MASK, Memory, Question
from fenzhen.spotter.text import IN_BODY, IN_TITLE, LONG, NAME, OF_NAME

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
    hit, mine = memory.shared(memory.keys[cells].ravel())
    owner = hit // KEEP
    there = cells[owner], hit % KEEP
    theirs = memory.kinds[there]
    weight = memory.weight[there].astype(np.float64)
    ours = question.read.kinds[mine]
    rarity = question.rarity[mine].astype(np.float64)
    square = rarity * rarity
    mass = square * weight * question.weight[mine]

    def summed(values: Rows) -> Rows:
        total: Rows = np.bincount(owner, weights=values, minlength=count).astype(np.float64)
        return total

    title_q, title_c = (ours & IN_TITLE) > 0, (theirs & IN_TITLE) > 0
    name = ((ours & NAME) > 0) & ((theirs & NAME) > 0)
    long = (ours & LONG) > 0
    length = question.length * memory.length[cells]
    title_length = question.title_length * memory.title_length[cells]
    out[:, 0] = summed(mass) / length
    both = title_q & title_c
    out[:, 1] = summed(square * both) / title_length
    out[:, 2] = summed(square * title_q) / question.title_length**2
    out[:, 3] = summed(square * title_c) / memory.title_length[cells] ** 2
    strong = np.maximum(rarity - 2.5, 0.0)
    out[:, 4] = np.log1p(summed(strong * name))
    named = np.flatnonzero(name)
    best = np.zeros(count)
    np.maximum.at(best, owner[named], strong[named])
    out[:, 5] = best
    rare = np.maximum(rarity - 3.5, 0.0) * long
    out[:, 6] = np.log1p(summed(rare))
    out[:, 7] = np.log1p(summed(rare * (title_q | title_c)))
    a, b = question.read.matters, memory.matters[cells]
    dot = b @ a
    norm = np.sqrt((b * b).sum(axis=1)) * np.sqrt(float((a * a).sum()))
    out[:, 8] = dot / np.maximum(norm, 1e-9)
    out[:, 9] = (dot == 0) & (norm > 0)
    mine_areas = question.read.areas
    if mine_areas:
        for at, cell in enumerate(cells):
            there = memory.areas[cell]
            if there:
                out[at, 10 if mine_areas & there else 11] = 1
    out[:, 12] = np.log1p(np.abs(day - memory.day[cells]))
    out[:, 13] = memory.who[cells] == who
    out[:, 14] = np.log1p(summed(strong * name * both))
    # the matter without its place, the place without its matter: letters outside and inside of name-like strings
    rest = ((ours & OF_NAME) == 0) & ((theirs & OF_NAME) == 0)
    out[:, 15] = summed(mass * rest) / length
    out[:, 16] = summed(square * (rest & both)) / title_length
    out[:, 17] = out[:, 0] - out[:, 15]
    out[:, 18] = np.sqrt(np.maximum(out[:, 15], 0) * np.maximum(out[:, 17], 0))
    # of one family of matters (all that goes wrong with a new flat, say), though not of one matter
    a, b = a @ FAMILIES, b @ FAMILIES
    dot = b @ a
    norm = np.sqrt((b * b).sum(axis=1)) * np.sqrt(float((a * a).sum()))
    out[:, 19] = dot / np.maximum(norm, 1e-9)
    out[:, 20] = (dot == 0) & (norm > 0)
    return out


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
    seen = memory.frequency[profile.keys & np.uint32(MASK)]
    rarity = np.maximum(np.log((max(memory.count, 500) + 1) / (seen + 1.0)), 0.05)
    part = profile.share / profile.messages
    heavy = rarity * (part + profile.title / profile.messages)
    hit, mine = memory.shared(profile.keys)
    length = float(np.sqrt((heavy**2).sum())) or 1.0
    mass = question.rarity[mine] * question.weight[mine]
    centre = float((heavy[hit] * mass).sum()) / (length * question.length)
    # what more than half of the messages say, and few others: the event's name
    core = (part > 0.5) & (rarity > 2.0)
    signature = float((rarity[core] * part[core]).sum())
    there = core[hit]
    found = float((rarity[hit][there] * part[hit][there]).sum())
    names = core & ((profile.kinds & (NAME | LONG)) > 0) & ((profile.kinds & (IN_TITLE | IN_BODY)) > 0)
    rare = (rarity > 3.5) & names
    total = float(rarity[rare].sum())
    named = float(rarity[hit][rare[hit]].sum())
    return [
        centre,
        found / signature if signature else 0.0,
        float(np.log1p(signature)),
        named / total if total else 0.0,
    ]
