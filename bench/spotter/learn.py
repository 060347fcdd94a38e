"""Learn the spotter's weights from a stream and a list of events somebody has read in it.

    learn.py --stream S.csv --id message_id --who user --when time --text topic,detail --labels L.csv --out weights.json
             [--leave E] [--folds 5]

``L.csv``: ``message_id,event_id,near``. A row without an event is a near miss: it was read and belongs to none; ``near`` then names the
events it is like, separated by semicolons. Other messages are taken as unread. The same files give the same weights (no draws; the
checksum of the weights is printed).

First pairs: labelled messages against those before them. Then events: the stream is replayed with every labelled message put where its
reader put it, and what the spotter saw at that moment is learned. The last four weights (place and category given) are not in such a list:
they are kept from ``--start``.

``--leave PREFIX`` learns without the events whose id begins so, and judges on them alone. ``--folds N`` parts the events into N, learns N
times without one part and judges on it: what may be expected on events never seen.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402  (the number of threads is read when numpy is imported)

from fenzhen.spotter import Message, Settings, Spotter, score  # noqa: E402
from fenzhen.spotter.events import Candidate  # noqa: E402
from fenzhen.spotter.link import pair_features  # noqa: E402
from fenzhen.spotter.memory import Memory  # noqa: E402
from fenzhen.spotter.moments import moment  # noqa: E402
from fenzhen.spotter.text import read  # noqa: E402
from fenzhen.spotter.weights import EVENT, SHIPPED, Weights  # noqa: E402

OUTSIDE = 4
#: Unread messages join a little more easily while events are taught: what is taught with must be as mixed as what comes.
TEACHING = 0.22


@dataclass(slots=True)
class Labels:
    """Message → event or "" (a near miss), and what near misses are like."""

    event: dict[str, str]
    near: dict[str, list[str]]

    def without(self, left: set[str]) -> Labels:
        """As if some events, and the near misses like nothing else, had not been read."""
        return Labels(
            {m: e for m, e in self.event.items() if e not in left and (e or not set(self.near[m]) & left)},
            self.near,
        )


def logistic(
    rows: np.ndarray, right: np.ndarray, groups: list[str], strength: float
) -> tuple[np.ndarray, float]:
    """Weights and bias. Each event counts with the root of its rows; ``strength`` is the inverse of the penalty on standardised rows."""
    count = Counter(groups)
    sample = np.array([count[group] ** -0.5 for group in groups])
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    x = np.hstack([(rows - mean) / spread, np.ones((len(rows), 1))])
    penalty = np.full(x.shape[1], 1 / strength)
    penalty[-1] = 1e-9
    weights = np.zeros(x.shape[1])
    for _step in range(50):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (sample * (chance - right)) + penalty * weights
        bend = (x * (sample * chance * (1 - chance))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    found = weights[:-1] / spread
    return found, float(weights[-1] - found @ mean)


def pairs(stream: list[Message], labels: Labels) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labelled pairs: what the numbers of each are, whether both are of one event, and which event is concerned."""
    memory = Memory(len(stream) + 1)
    rows, right, groups = [], [], []
    numbers: dict[str, list[int]] = defaultdict(list)
    names: list[str] = []
    for message in stream:
        question = memory.ask(read(message.title, message.body))
        day = message.when.timestamp() / 86_400
        who = zlib.crc32(message.who.encode())
        names.append(message.id)
        event = labels.event.get(message.id)
        if event is not None:
            near = {n for n in memory.near(question, 24).tolist() if names[n] in labels.event}
            some = sorted(near | set(numbers[event][-8:] if event else []))
            if some:
                memory.mark(question)
                for other, row in zip(
                    some, pair_features(memory, question, np.array(some), day, who), strict=True
                ):
                    theirs = labels.event[names[other]]
                    if not (event or theirs):
                        groups.append("none")
                    else:
                        groups.append(event or theirs)
                    rows.append(row)
                    right.append(bool(event) and theirs == event)
                memory.wipe()
            numbers[event].append(len(names) - 1)
        memory.put(question, day, who)
    return np.array(rows), np.array(right, dtype=float), groups


class Taught(Spotter):
    """A spotter that puts labelled messages where their reader put them, and writes down what it saw."""

    def __init__(self, settings: Settings, weights: Weights, labels: Labels) -> None:
        super().__init__(settings, weights)
        self.labels = labels
        self.inside: dict[str, Counter[str]] = defaultdict(Counter)
        self.rows: list[tuple[float, ...]] = []
        self.right: list[float] = []
        self.groups: list[str] = []

    def choose(self, message: Message, found: list[Candidate]) -> Candidate | None:
        """The reader's choice."""
        event = self.labels.event.get(message.id)
        if event is None:
            return super().choose(message, found)
        best = None
        for one in found:
            inside = self.inside[one.event.id]
            named = [name for name, _n in inside.most_common() if name]
            if not inside or not (event or named):
                continue
            right = bool(event and named and named[0] == event)
            self.rows.append(one.features)
            self.right.append(float(right))
            self.groups.append(event or named[0])
            if right and best is None:
                best = one
        return best

    def add(self, message: Message):  # type: ignore[no-untyped-def]  # as of the class above
        """Add, and remember whose event it is."""
        made = super().add(message)
        if message.id in self.labels.event:
            self.inside[self.final(made.event)][self.labels.event[message.id]] += 1
        return made


def learn(stream: list[Message], labels: Labels, start: Weights, rounds: int = 1) -> Weights:
    """The weights; a second round replays with the first one's."""
    rows, right, groups = pairs(stream, labels)
    pair, bias = logistic(rows, right, groups, 1.0)
    weights = replace(start, pair=pair, pair_bias=bias)
    for _round in range(rounds):
        taught = Taught(Settings(remember=len(stream) + 1, join=TEACHING), weights, labels)
        for message in stream:
            taught.add(message)
        seen = np.array(taught.rows)[:, : len(EVENT) - OUTSIDE]
        event, bias = logistic(seen, np.array(taught.right), taught.groups, 0.1)
        weights = replace(weights, event=np.concatenate([event, start.event[-OUTSIDE:]]), event_bias=bias)
    return weights


@dataclass(slots=True)
class Judged:
    """Sums over parts."""

    found: dict[str, str] = field(default_factory=dict)
    gold: dict[str, str] = field(default_factory=dict)
    wrong: int = 0
    hard: int = 0
    in_time: int = 0
    events: int = 0
    late: list[str] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def add(
        self,
        stream: list[Message],
        labels: Labels,
        only: set[str],
        weights: Weights,
        settings: Settings,
        part: int,
    ) -> None:
        """Replay, and judge on some events."""
        spotter = Spotter(settings, weights)
        made = [spotter.add(message) for message in stream]
        found = {one.message: one.event for one in made}
        gold = {m: e for m, e in labels.event.items() if e in only}
        hard = [(e, m) for m, event in labels.event.items() if not event for e in labels.near[m] if e in only]
        alerts = [(alert.event, alert.at) for one in made for alert in one.alerts]
        prompt = score.promptness(alerts, found, gold, [(m.id, m.who, m.when) for m in stream])
        self.found |= {m: f"{part}:{found[m]}" for m in gold if m in found}
        self.gold |= gold
        self.wrong += len(score.wrongly_joined(found, gold, hard))
        self.hard += len(hard)
        self.in_time += prompt.in_time
        self.events += prompt.events
        self.late += prompt.late
        weeks = max((stream[-1].when - stream[0].when).days / 7, 1)
        self.rates.append(sum(len(one.alerts) for one in made) / weeks)

    def told(self) -> dict[str, object]:
        """Figures."""
        cubed = score.bcubed(self.found, self.gold)
        return {
            "members": len(self.gold), "precision": round(cubed.precision, 4), "recall": round(cubed.recall, 4), "f1": round(cubed.f1, 4),
            "near_misses_joined": f"{self.wrong} of {self.hard}", "in_time": f"{self.in_time} of {self.events}", "late": self.late,
            "alarms_a_week": round(float(np.mean(self.rates)), 2),
        }  # fmt: skip


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--stream", type=Path, required=True)
    ask.add_argument("--id", default="message_id")
    ask.add_argument("--who", default="user")
    ask.add_argument("--when", default="time")
    ask.add_argument("--text", default="topic,detail")
    ask.add_argument("--labels", type=Path, required=True)
    ask.add_argument("--start", type=Path, default=SHIPPED)
    ask.add_argument("--settings", type=Path)
    ask.add_argument("--leave", default="")
    ask.add_argument("--folds", type=int, default=0)
    ask.add_argument("--out", type=Path)
    given = ask.parse_args()
    title, *rest = given.text.split(",")
    with given.stream.open(encoding="utf-8-sig", newline="") as handle:
        stream = [
            Message(
                row[given.id],
                row[given.who],
                moment(row[given.when]),
                row[title],
                "\n".join(row[name] for name in rest),
            )
            for row in csv.DictReader(handle)
        ]
    stream.sort(key=lambda one: one.when)
    with given.labels.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    labels = Labels(
        {row["message_id"]: row["event_id"] for row in rows},
        {row["message_id"]: [one for one in row["near"].split(";") if one] for row in rows},
    )
    events = sorted({event for event in labels.event.values() if event})
    settings = Settings.from_toml(given.settings) if given.settings else Settings()
    settings = replace(settings, remember=len(stream) + 1)
    start = Weights.load(given.start)
    found: dict[str, object] = {}
    left = {event for event in events if given.leave and event.startswith(given.leave)}
    weights = learn(stream, labels.without(left), start)
    for name, only in (("left_out", left), ("learned_from", set(events) - left)):
        judged = Judged()
        judged.add(stream, labels, only, weights, settings, 0)
        found[name] = judged.told()
    if given.folds:
        judged = Judged()
        for part in range(given.folds):
            only = {event for event in events if zlib.crc32(event.encode()) % given.folds == part}
            judged.add(stream, labels, only, learn(stream, labels.without(only), start), settings, part)
        found[f"never_seen_{given.folds}_folds"] = judged.told()
    if given.out:
        weights.save(given.out)
        found["sha256"] = hashlib.sha256(given.out.read_bytes()).hexdigest()
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
