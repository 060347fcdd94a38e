"""The spotter: each message, as it comes, joins an event or begins one; a person's word is law; alarms ring once a colour."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from fenzhen.spotter.alarms import Budget, level_of
from fenzhen.spotter.link import PAIR, Profile, pair_features, profile_features
from fenzhen.spotter.memory import Memory, Question
from fenzhen.spotter.message import Alert, Decision, EventView, Level, Likely, Message, Why
from fenzhen.spotter.settings import Settings
from fenzhen.spotter.text import names_in, read
from fenzhen.spotter.weights import EVENT, Weights

#: Of the bytes `Spotter.dump` gives.
VERSION = 2
#: So many earlier messages are compared, so many events looked at, so many members of each.
NEAR, EVENTS, MEMBERS = 24, 4, 8
#: A message is somewhere else when so little of its place is the event's, and so much another; then the log odds are at most these.
SAME_PLACE, OTHER_PLACE, ELSEWHERE = 0.15, 0.6, -1.8
#: Where the place is known to be the same, a matter of another family than so many of the event's messages is another matter.
OTHER_MATTER = 0.75
#: Which column of a pair says that it is the same person.
SAME_WHO = PAIR.index("same_who")
NO_FAMILY = EVENT.index("mean_no_family")
#: Only the events whose best pair is likeliest are weighed in full.
WEIGHED = 2
#: Nobody whose best pair has log odds below these has ever belonged: the event is not weighed.
FAINT = -4.0
#: So many likely members are looked at again when an event grows.
AGAIN = 4
#: Calls of an event that are kept for counting people in windows.
CALLS = 4096
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - days are counted in the messages' own time


class Unknown(LookupError):
    """No such message or event (any more)."""


@dataclass(slots=True, eq=False)
class Event:
    """An event while it is remembered."""

    id: str
    profile: Profile
    first: float
    last: float
    began: datetime
    latest: datetime
    title: str
    numbers: list[int] = field(default_factory=list)
    calls: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=CALLS))
    people: set[int] = field(default_factory=set)
    tickets: int = 0
    names: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    sensitive: set[int] = field(default_factory=set)
    life: set[int] = field(default_factory=set)
    level: Level | None = None
    sureness: float = 0.0  # sum of the chances of those that joined

    @property
    def place(self) -> str:
        """The place most of its messages name: a code where places were given, else a name found in the words."""
        if self.places:
            return max(self.places.items(), key=lambda one: (one[1], one[0]))[0]
        if self.names:
            return max(self.names.items(), key=lambda one: (one[1], len(one[0]), one[0]))[0]
        return ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event a message may belong to."""

    event: Event
    chance: float
    features: tuple[float, ...]
    nearest: int


class Spotter:
    """Links messages into events as they come, and rings.

    Deterministic: the same messages and the same words of people in the same order give the same events. One process, one
    spotter; it is not made for two threads. ``parents`` says in which place a place lies (code → code), so that an estate and its
    community are not two different places.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        weights: Weights | None = None,
        parents: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.weights = weights or Weights.load()
        self.parents = parents or {}
        self.memory = Memory(self.settings.remember)
        self.events: dict[str, Event] = {}
        self._ids: list[str] = [""] * self.settings.remember
        self._number: dict[str, int] = {}
        self._event: list[Event | None] = [None] * self.settings.remember
        self._likely: dict[str, list[tuple[str, float]]] = {}
        self._became: dict[str, str] = {}  # merged event → the one it went into
        self._never: set[tuple[str, str]] = set()  # (message, event): a person said no
        self._apart: set[frozenset[str]] = set()  # events a person has parted
        self.budget = Budget.full(self.settings)
        self.now = float("-inf")
        self._sensitive = _any_of(self.settings.sensitive)
        self._life = _any_of(self.settings.life)
        self._unless = _any_of(self.settings.unless)

    # --- questions ----------------------------------------------------------------------------------------------------

    def final(self, event: str) -> str:
        """The event an id stands for after merges."""
        while event in self._became:
            event = self._became[event]
        return event

    def event_of(self, message: str) -> str:
        """The event a message is in now. Raises `Unknown`."""
        found = self._event[self._cell(message)]
        assert found is not None
        return found.id

    def view(self, event: str) -> EventView:
        """An event as it stands. Raises `Unknown`."""
        one = self._known(event)
        return EventView(
            one.id, tuple(self._ids[n % self.memory.size] for n in one.numbers if self.memory.alive(n)), len(one.people), one.tickets,
            one.began, one.latest, one.title, one.place, one.level,
        )  # fmt: skip

    def views(self, people: int = 1) -> list[EventView]:
        """All remembered events of at least so many people, the latest first."""
        found = [one for one in self.events.values() if len(one.people) >= people]
        found.sort(key=lambda one: (-one.last, one.id))
        return [self.view(one.id) for one in found]

    def likely_members(self, event: str, most: int = 20) -> list[Likely]:
        """Messages that may belong to an event and were put elsewhere, the likeliest first. Raises `Unknown`."""
        one = self._known(event)
        found = [
            Likely(message, one.id, chance)
            for message, chance in self._likely.get(one.id, [])
            if message in self._number
            and self.event_of(message) != one.id
            and (message, one.id) not in self._never
        ]
        found.sort(key=lambda likely: (-likely.chance, likely.message))
        return found[:most]

    # --- a message comes ----------------------------------------------------------------------------------------------

    def add(self, message: Message) -> Decision:
        """Decide on a message, with the past only. A message with an id already known is not taken twice (ValueError)."""
        if message.id in self._number:
            raise ValueError(f"message {message.id} is known already")
        day = _day(message.when)
        self.now = max(self.now, day)
        who = _person(message.who or f"nobody known:{message.id}")
        question = self.memory.ask(read(message.title, message.body))
        found = self.candidates(message, question, day, who)
        best = self.choose(message, found)
        number = self.memory.put(question, day, who)
        cell = number % self.memory.size
        self._forget(cell)
        self._ids[cell] = message.id
        self._number[message.id] = number
        if best is None:
            event = self._begin(message, question, day)
            nearest = found[0] if found else None
            why = Why(
                self._ids[nearest.nearest % self.memory.size] if nearest else "",
                round(nearest.chance, 4) if nearest else 0.0,
                said="alone",
            )
        else:
            event = best.event
            event.profile.add(question)
            why = Why(self._ids[best.nearest % self.memory.size], round(best.chance, 4), said="near")
        self._event[cell] = event
        self._count_in(event, message, number, day, who, best.chance if best else 1.0)
        for other in found:
            if other.event is not event and other.chance >= self.settings.likely:
                self._note_likely(other.event, message.id, other.chance)
                if other.event.tickets == 1:
                    self._note_likely(
                        event, self._ids[other.event.numbers[0] % self.memory.size], other.chance
                    )
        joined = event.id
        if best is not None:
            self._merge_twins(best, found)
            self._look_again(event)
        self.budget.earn(self.settings)
        alert = self._ring(event, message)
        return Decision(message.id, joined, best is not None, why, (alert,) if alert else ())

    def candidates(self, message: Message, question: Question, day: float, who: int) -> list[Candidate]:
        """Events the message may belong to, the likeliest first."""
        memory = self.memory
        numbers = memory.near(question, NEAR)
        groups: dict[str, list[int]] = {}
        for number in numbers.tolist():
            event = self._event[number % memory.size]
            if event is None or day - event.last > self.settings.forget_days:
                continue
            if event.id not in groups and len(groups) >= EVENTS:
                continue
            groups.setdefault(event.id, []).append(number)
        return self._weigh(message, question, groups, day, who)

    def _weigh(
        self, message: Message, question: Question, groups: dict[str, list[int]], day: float, who: int
    ) -> list[Candidate]:
        """How likely a message belongs to each of some events; ``groups`` names members to compare with first."""
        memory = self.memory
        if not groups:
            return []
        for id_, some in groups.items():
            for number in reversed(self.events[id_].numbers):
                if len(some) >= MEMBERS:
                    break
                if memory.alive(number) and number not in some:
                    some.append(number)
            del some[MEMBERS:]
        every = np.array([number for some in groups.values() for number in some], dtype=np.int64)
        memory.mark(question)
        rows = pair_features(memory, question, every, day, who)
        logits = rows @ self.weights.pair + self.weights.pair_bias
        sizes = np.array([len(some) for some in groups.values()])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        best = np.maximum.reduceat(rows, starts, axis=0)
        mean = np.add.reduceat(rows, starts, axis=0) / sizes[:, None]
        tops = np.maximum.reduceat(logits, starts)
        names = list(groups)
        found: list[Candidate] = []
        for at in np.argsort(-tops, kind="stable")[:WEIGHED].tolist():
            if tops[at] < FAINT:
                break
            event = self.events[names[at]]
            mine = logits[starts[at] : starts[at] + sizes[at]]
            order = sorted(mine.tolist(), reverse=True)
            features = (
                order[0],
                sum(order[:3]) / len(order[:3]),
                sum(order) / len(order),
                order[-1],
                *profile_features(memory, question, event.profile),
                math.log(event.tickets),
                float(best[at, SAME_WHO]),
                math.log1p(max(day - event.last, 0.0)),
                math.log1p(max(day - event.first, 0.0)),
                *best[at].tolist(),
                *mean[at].tolist(),
                *_outside(message, event, self.parents),
            )
            logit = float(self.weights.event @ np.asarray(features)) + self.weights.event_bias
            if features[-4] <= SAME_PLACE and features[-3] >= OTHER_PLACE:
                # The same words about another place are another event, however like the words: at most a likely member.
                logit = min(logit, ELSEWHERE)
            if features[-4] >= SAME_PLACE and features[NO_FAMILY] >= OTHER_MATTER:
                # One place and nothing else in common: its name alone makes no event.
                logit = min(logit, ELSEWHERE)
            chance = 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))
            found.append(Candidate(event, chance, features, groups[names[at]][int(mine.argmax())]))
        memory.wipe()
        found.sort(key=lambda one: (-one.chance, one.event.id))
        return found

    def choose(self, message: Message, found: list[Candidate]) -> Candidate | None:
        """The event it joins, if any."""
        for one in found:
            if (message.id, one.event.id) not in self._never:
                return one if one.chance >= self.settings.join else None
        return None

    def _begin(self, message: Message, question: Question, day: float) -> Event:
        id_ = f"E{message.id}"
        turn = 1
        while id_ in self.events or id_ in self._became:
            turn += 1
            id_ = f"E{message.id}.{turn}"
        event = Event(
            id_,
            Profile.of(question),
            day,
            day,
            message.when,
            message.when,
            (message.title or message.body)[:60].strip(),
        )
        self.events[id_] = event
        return event

    def _count_in(
        self, event: Event, message: Message, number: int, day: float, who: int, chance: float
    ) -> None:
        event.numbers.append(number)
        event.calls.append((day, who))
        event.people.add(who)
        event.tickets += 1
        event.sureness += chance
        event.first, event.last = min(event.first, day), max(event.last, day)
        event.began, event.latest = min(event.began, message.when), max(event.latest, message.when)
        event.names.update(set(names_in(message.title) or names_in(message.body[:80])))
        if message.places:
            best = max(message.places.items(), key=lambda one: (one[1], one[0]))
            event.places[best[0]] += 1
        if message.category:
            event.categories[message.category] += 1
        words = f"{message.title}\n{message.body}"
        if self._sensitive and self._sensitive.search(words):
            event.sensitive.add(who)
        if self._life and any(
            not (self._unless and self._unless.search(words, max(0, one.start() - 8), one.start()))
            for one in self._life.finditer(words)
        ):
            event.life.add(who)

    def _ring(self, event: Event, message: Message) -> Alert | None:
        deserved = level_of(event.calls, self.settings, event.sensitive, event.life)
        if deserved is None:
            return None
        level, why = deserved
        if event.level is not None and level.rank <= event.level.rank:
            return None
        if event.tickets > 1 and (event.sureness - 1) / (event.tickets - 1) < self.settings.sure:
            return None
        if not self.budget.spend(level):
            return None
        event.level = level
        return Alert(
            event.id,
            level,
            message.when,
            len(event.people),
            event.tickets,
            event.title,
            event.place,
            message.id,
            why,
        )

    # --- a person's word ----------------------------------------------------------------------------------------------

    def merge(self, one: str, other: str) -> str:
        """These two are one: the older keeps its id, which is returned. Raises `Unknown`."""
        first, second = self._known(one), self._known(other)
        if first is second:
            return first.id
        self._apart.discard(frozenset((first.id, second.id)))
        return self._join(first, second).id

    def not_this(self, message: str, event: str) -> str:
        """Not this event: the message leaves it (for an event of its own) and never comes back. Its event now."""
        cell = self._cell(message)
        one = self._known(event)
        self._never.add((message, one.id))
        if self._event[cell] is one:
            return self.split([message])
        found = self._event[cell]
        assert found is not None
        return found.id

    def split(self, messages: list[str]) -> str:
        """These are another event: they leave theirs together, and the two are never one again unless a person says so."""
        cells = [self._cell(message) for message in messages]
        if not cells:
            raise ValueError("no messages to split off")
        new: Event | None = None
        left: dict[str, Event] = {}
        for message, cell in zip(messages, cells, strict=True):
            old = self._event[cell]
            assert old is not None
            left[old.id] = old
            self._never.add((message, old.id))
            id_ = f"E{message}"
            number = self._number[message]
            if new is None:
                turn = 1
                while id_ in self.events or id_ in self._became:
                    turn += 1
                    id_ = f"E{message}.{turn}"
                profile = self._profile_of([number])
                new = Event(id_, profile, old.first, old.last, old.began, old.latest, old.title)
                self.events[id_] = new
            self._event[cell] = new
        assert new is not None
        moved = {self._number[message] for message in messages}
        for old in left.values():
            gone = [number for number in old.numbers if number in moved]
            old.numbers = [number for number in old.numbers if number not in moved]
            new.numbers += gone
            self._apart.add(frozenset((old.id, new.id)))
            self._recount(old)
            if not old.numbers:
                self._became.pop(old.id, None)
                del self.events[old.id]
        new.numbers.sort()
        self._recount(new)
        return new.id

    def put_into(self, message: str, event: str) -> str:
        """This one belongs there: a message is moved into an event by a person. The event's id. Raises `Unknown`."""
        cell = self._cell(message)
        one = self._known(event)
        if self._event[cell] is one:
            return one.id
        alone = (
            self.split([message])
            if len(self._known(self.event_of(message)).numbers) > 1
            else self.event_of(message)
        )
        self._never.discard((message, one.id))
        self._apart.discard(frozenset((alone, one.id)))
        return self._join(one, self.events[alone], keep=one).id

    # --- to go on after a restart -------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Everything it knows, as bytes for `load`: keys, numbers, hashed people, and the events' titles and place names.

        Titles are callers' words: keep the bytes as tickets are kept.
        """
        size = self.memory.size
        numbers = range(max(0, self.memory.count - size), self.memory.count)
        events = list(self.events.values())
        plain = {
            "version": VERSION,
            "ids": [self._ids[number % size] for number in numbers],
            "event_of": [one.id if (one := self._event[number % size]) else "" for number in numbers],
            "events": [
                {
                    "id": one.id, "first": one.first, "last": one.last, "began": one.began.isoformat(), "latest": one.latest.isoformat(),
                    "title": one.title, "numbers": one.numbers, "calls": list(one.calls), "people": sorted(one.people),
                    "tickets": one.tickets, "names": one.names, "places": one.places, "categories": one.categories,
                    "sensitive": sorted(one.sensitive), "life": sorted(one.life), "level": one.level, "sureness": one.sureness,
                    "messages": one.profile.messages, "profile": len(one.profile.keys),
                }
                for one in events
            ],
            "likely": self._likely, "became": self._became, "never": sorted(self._never),
            "apart": sorted(sorted(pair) for pair in self._apart), "budget": [self.budget.blue, self.budget.yellow],
            "now": self.now if math.isfinite(self.now) else None,
        }  # fmt: skip

        def of(name: str, kind: type) -> Any:
            parts = [getattr(one.profile, name) for one in events]
            return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)

        arrays: dict[str, Any] = {
            "profile_keys": of("keys", np.uint32), "profile_kinds": of("kinds", np.uint8),
            "profile_share": of("share", np.float32), "profile_title": of("title", np.float32),
            **self.memory.arrays(),
        }  # fmt: skip
        out = io.BytesIO()
        text = np.frombuffer(json.dumps(plain, ensure_ascii=False).encode(), dtype=np.uint8)
        np.savez_compressed(out, plain=text, **arrays)
        return out.getvalue()

    @classmethod
    def load(
        cls,
        raw: bytes,
        settings: Settings | None = None,
        weights: Weights | None = None,
        parents: Mapping[str, str] | None = None,
    ) -> Spotter:
        """Go on where `dump` left off. Raises ValueError for bytes that are none of ours or of another version."""
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as file:
                given = {name: file[name] for name in file.files}
            plain = json.loads(given["plain"].tobytes().decode())
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as why:
            raise ValueError(f"no state of a spotter: {why}") from None
        if plain.get("version") != VERSION:
            raise ValueError(f"the state is of version {plain.get('version')}, not {VERSION}: replay instead")
        settings = replace(settings or Settings(), remember=int(given["shape"][0]))
        spotter = cls(replace(settings, remember=1), weights, parents)
        spotter.settings = settings
        spotter.memory = memory = Memory.from_arrays(given)
        spotter._ids, spotter._event = [""] * memory.size, [None] * memory.size
        at = 0
        for one in plain["events"]:
            part = slice(at, at + one["profile"])
            at += one["profile"]
            profile = Profile(
                given["profile_keys"][part], given["profile_kinds"][part], given["profile_share"][part],
                given["profile_title"][part], one["messages"],
            )  # fmt: skip
            spotter.events[one["id"]] = Event(
                one["id"], profile, one["first"], one["last"], datetime.fromisoformat(one["began"]),
                datetime.fromisoformat(one["latest"]), one["title"], one["numbers"],
                deque(((day, who) for day, who in one["calls"]), maxlen=CALLS), set(one["people"]), one["tickets"],
                Counter(one["names"]), Counter(one["places"]), Counter(one["categories"]), set(one["sensitive"]), set(one["life"]),
                Level(one["level"]) if one["level"] else None, one["sureness"],
            )  # fmt: skip
        first = max(0, memory.count - memory.size)
        for step, (id_, event) in enumerate(zip(plain["ids"], plain["event_of"], strict=True)):
            number = first + step
            spotter._ids[number % memory.size] = id_
            spotter._number[id_] = number
            spotter._event[number % memory.size] = spotter.events.get(event)
        spotter._likely = {
            event: [(id_, chance) for id_, chance in some] for event, some in plain["likely"].items()
        }
        spotter._became = plain["became"]
        spotter._never = {(message, event) for message, event in plain["never"]}
        spotter._apart = {frozenset(pair) for pair in plain["apart"]}
        spotter.budget = Budget(*plain["budget"])
        spotter.now = plain["now"] if plain["now"] is not None else float("-inf")
        return spotter

    # --- inside -------------------------------------------------------------------------------------------------------

    def _join(self, first: Event, second: Event, keep: Event | None = None) -> Event:
        if keep is None:
            keep = min(first, second, key=lambda one: (one.first, one.id))
        gone = second if keep is first else first
        for number in gone.numbers:
            if self.memory.alive(number):
                self._event[number % self.memory.size] = keep
        keep.numbers = sorted(set(keep.numbers) | set(gone.numbers))
        calls = sorted([*keep.calls, *gone.calls])
        keep.calls = deque(calls, maxlen=CALLS)
        keep.people |= gone.people
        keep.tickets += gone.tickets
        keep.sureness += gone.sureness
        keep.first, keep.last = min(keep.first, gone.first), max(keep.last, gone.last)
        keep.began, keep.latest = min(keep.began, gone.began), max(keep.latest, gone.latest)
        keep.names.update(gone.names)
        keep.places.update(gone.places)
        keep.categories.update(gone.categories)
        keep.sensitive |= gone.sensitive
        keep.life |= gone.life
        if gone.level is not None and (keep.level is None or gone.level.rank > keep.level.rank):
            keep.level = gone.level
        keep.profile = self._profile_of(keep.numbers)
        self._became[gone.id] = keep.id
        if len(self._became) > self.memory.size:
            del self._became[next(iter(self._became))]
        del self.events[gone.id]
        self._likely.setdefault(keep.id, []).extend(self._likely.pop(gone.id, []))
        self._never |= {(message, keep.id) for message, event in self._never if event == gone.id}
        self._apart |= {
            (pair - {gone.id}) | {keep.id} for pair in self._apart if gone.id in pair and keep.id not in pair
        }
        return keep

    def _merge_twins(self, best: Candidate, found: list[Candidate]) -> None:
        """A message that fits two events well shows that they are one, unless a person has parted them."""
        for other in found:
            # One message alone needs less than an event of its own standing.
            enough = self.settings.merge_single if other.event.tickets == 1 else self.settings.merge
            if other.event is best.event or min(other.chance, best.chance) < enough:
                continue
            if frozenset((other.event.id, best.event.id)) in self._apart or other.event.id not in self.events:
                continue
            self._join(best.event, other.event, keep=best.event)

    def _note_likely(self, event: Event, message: str, chance: float) -> None:
        kept = self._likely.setdefault(event.id, [])
        kept.append((message, round(chance, 4)))
        del kept[:-64]

    def _look_again(self, event: Event) -> None:
        """An event that has grown says more: those who stood alone and were likely before may belong to it now."""
        for message, _chance in self._likely.get(event.id, [])[-AGAIN:]:
            number = self._number.get(message)
            if number is None or (message, event.id) in self._never:
                continue
            cell = number % self.memory.size
            alone = self._event[cell]
            if alone is None or alone is event or alone.tickets > 1:
                continue
            if frozenset((alone.id, event.id)) in self._apart:
                continue
            said = Message(
                message,
                "",
                alone.began,
                "",
                "",
                dict.fromkeys(alone.places, 1.0),
                next(iter(alone.categories), None),
            )
            weighed = self._weigh(
                said,
                self.memory.asked_again(number),
                {event.id: []},
                float(self.memory.day[cell]),
                int(self.memory.who[cell]),
            )
            if weighed and weighed[0].chance >= self.settings.join_again:
                self._join(event, alone, keep=event)

    def _profile_of(self, numbers: list[int]) -> Profile:
        """A profile reckoned anew from the latest messages."""
        profile: Profile | None = None
        for number in [one for one in numbers if self.memory.alive(one)][-64:]:
            question = self.memory.asked_again(number)
            if profile is None:
                profile = Profile.of(question)
            else:
                profile.add(question)
        assert profile is not None
        return profile

    def _recount(self, event: Event) -> None:
        alive = [number for number in event.numbers if self.memory.alive(number)]
        if not alive:
            return
        event.numbers = alive
        cells = [number % self.memory.size for number in alive]
        event.calls = deque(
            [(float(self.memory.day[cell]), int(self.memory.who[cell])) for cell in cells], maxlen=CALLS
        )
        event.people = {who for _day, who in event.calls}
        event.tickets = len(alive)
        event.sureness = float(len(alive))
        event.first, event.last = min(event.calls)[0], max(event.calls)[0]
        event.sensitive &= event.people
        event.life &= event.people
        event.profile = self._profile_of(alive)

    def _forget(self, cell: int) -> None:
        """A cell of the ring is used again: its old message and, when that was the last, its event are forgotten."""
        old = self._ids[cell]
        if not old:
            return
        del self._number[old]
        event = self._event[cell]
        self._event[cell] = None
        if event is None:
            return
        event.numbers = [number for number in event.numbers if number % self.memory.size != cell]
        if not event.numbers:
            self.events.pop(event.id, None)
            self._likely.pop(event.id, None)

    def _cell(self, message: str) -> int:
        try:
            return self._number[message] % self.memory.size
        except KeyError:
            raise Unknown(f"no message {message} is remembered") from None

    def _known(self, event: str) -> Event:
        try:
            return self.events[self.final(event)]
        except KeyError:
            raise Unknown(f"no event {event} is remembered") from None


def _outside(message: Message, event: Event, parents: Mapping[str, str]) -> tuple[float, float, float, float]:
    """What others say of place and category: same place, another place, same category, another category (0..1).

    Where one place lies in the other, the smaller may be meant by both: half the same, and not another.
    """
    same = other = 0.0
    if message.places and event.places:
        total = sum(event.places.values())
        for code, chance in message.places.items():
            for there, count in event.places.items():
                alike = 1.0 if code == there else 0.5 if _within(code, there, parents) else 0.0
                same += chance * alike * count / total
                if not alike:
                    other += chance * count / total
    alike = unlike = 0.0
    if message.category and event.categories:
        alike = event.categories[message.category] / sum(event.categories.values())
        unlike = 1 - alike
    return min(same, 1.0), min(other, 1.0), alike, unlike


def _within(one: str, other: str, parents: Mapping[str, str]) -> bool:
    """Does one of two places lie in the other?"""
    for small, large in ((one, other), (other, one)):
        for _step in range(6):
            small = parents.get(small, "")
            if not small:
                break
            if small == large:
                return True
    return False


def _any_of(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, words))) if words else None


def _day(when: datetime) -> float:
    plain = when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
    return (plain - _EPOCH).total_seconds() / 86_400


def _person(who: str) -> int:
    """A person as 63 bits; the name itself is not kept."""
    return int.from_bytes(hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
