# ruff: noqa: DTZ001 - simulated moments have no zone
"""A simulated district: the demo's scenes at its estates and villages, so many a day, by chance alone: no event is hidden in it.

Draws are seeded. Categories and towns have unequal shares, weekdays their factors; places are drawn by town, so the same estate comes
again with other matters, and the same matter at other estates. Every twelfth message is a person calling again about the same thing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from fenzhen.spotter import Message

DEMO = Path(__file__).resolve().parents[2] / "demo/daxing"
WEEK = (1.12, 1.08, 1.05, 1.03, 1.02, 0.86, 0.84)


def messages(days: int, a_day: int = 300, seed: int = 1, places: bool = True) -> Iterator[Message]:
    """Messages in order of time."""
    draw = np.random.default_rng(seed)
    with (DEMO / "scenes.csv").open(encoding="utf-8") as handle:
        scenes = list(csv.DictReader(handle))
    with (DEMO / "places.csv").open(encoding="utf-8") as handle:
        known = [row for row in csv.DictReader(handle) if row["kind"] in {"estate", "village", "community"}]
    chance_scene = draw.dirichlet(np.full(len(scenes), 0.7))
    chance_place = draw.dirichlet(np.full(len(known), 1.5))
    fills = {
        "building": lambda: f"{draw.integers(1, 30)}号楼", "days": lambda: str(draw.integers(2, 40)), "road": lambda: "东路",
        "when": lambda: "昨天", "person": lambda: "家里老人", "hours": lambda: "夜里", "shop": lambda: "商店",
    }  # fmt: skip
    begin = datetime(2026, 3, 2)
    number = 0
    for day in range(days):
        count = draw.poisson(a_day * WEEK[day % 7])
        times = sorted((draw.normal(13.5, 4, count) % 24).tolist())
        again: list[Message] = []
        for hour in times:
            number += 1
            when = begin + timedelta(days=day, hours=hour)
            if again and draw.random() < 1 / 12:
                old = again[int(draw.integers(len(again)))]
                yield Message(
                    f"m{number}", old.who, when, old.title, old.body, old.places, old.category, old.town
                )
                continue
            scene = scenes[int(draw.choice(len(scenes), p=chance_scene))]
            place = known[int(draw.choice(len(known), p=chance_place))]
            words = scene["text"].replace("{place}", place["name"])
            for name, fill in fills.items():
                words = words.replace("{" + name + "}", fill())
            made = Message(
                f"m{number}", f"caller {number}", when, scene["title"], words, {place["code"]: 0.95} if places else {}, scene["category"]
            )  # fmt: skip
            again.append(made)
            yield made
