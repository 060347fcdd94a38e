"""How a made-up ticket of the demo goes: what is said, who acts when. Drawn from figures, nothing is written.

A plot is a list of acts with their times, and each act is a verb told to a `Story`. Whoever plays it stops at
the present moment, so that every open ticket is open for a reason that a real one could have.
"""

import random
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from fenzhen.desk.callback import Said
from fenzhen.desk.handle import Answered
from fenzhen.desk.intake import Heard
from fenzhen.desk.past import Story
from fenzhen.desk.request import Asked
from fenzhen.hotline.clock import ClockRules, due
from fenzhen.hotline.duty import DutyBook, UnitInCharge, unit_in_charge
from fenzhen.hotline.journey import Clock
from fenzhen.hotline.roles import Role
from fenzhen.hotline.urgency import signals_in, urgent_level
from fenzhen.records.directory import Category
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.units import Unit

Do = Callable[[Story, datetime], object]

#: How many desks of the outcome file come by the city's platform, and what the others are here.
CHANNELS = {"district_line": "phone", "web": "web", "mailbox": "letter", "grid": "web"}
#: Shares that the outcome file does not name: of all tickets, or of those dispatched.
REDIRECTED, VOIDED, WITHDRAWN, RECLASSIFIED, RELEVELLED = 0.02, 0.008, 0.015, 0.03, 0.02
NOTED, WAITED, REOPENED = 0.3, 0.04, 0.006
#: Of so many proposals to void, one is refused.
VOID_REFUSED = 4
#: A scene of danger to life is told rarely: of all tickets about one in a hundred is level 1.
DANGER_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Scene:
    """A template: what happened, and how urgent its own words are."""

    category: str
    title: str
    text: str
    level: int
    line: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One act at its time. `side`: of an assisting unit or beside the way; the ticket's state stays."""

    at: datetime
    act: str
    do: Do
    side: bool = False


@dataclass(slots=True, eq=False)
class Plot:
    """One ticket's way, planned to its end; `cut` is how far it has come by now."""

    heard: Heard
    taker: User
    at: datetime
    level: int
    acts: list[Happening] = field(default_factory=list)
    cut: int = 0
    held: bool = False
    mode: str = ""
    """How the city sent it: `direct` to a unit (watched here), to the `district`, or not at all."""
    city_unit: str = ""

    def then(self, at: datetime, act: str, do: Do) -> datetime:
        """The next act, at *at* or as soon after the last one as hands allow."""
        last = next((one.at for one in reversed(self.acts) if not one.side), self.at)
        at = max(at, last + timedelta(seconds=20))
        self.acts.append(Happening(at, act, do))
        return at

    def beside(self, at: datetime, act: str, do: Do) -> None:
        """An act that does not move the ticket."""
        self.acts.append(Happening(at, act, do, side=True))

    def until(self, now: datetime) -> None:
        """Put everything into the order of time, and stop at *now*."""
        self.acts.sort(key=lambda one: one.at)
        self.cut = sum(one.at <= now for one in self.acts)

    @property
    def last(self) -> Happening | None:
        """The last act that moved the ticket so far."""
        return next((one for one in reversed(self.acts[: self.cut]) if not one.side), None)


@dataclass(slots=True)
class Cast:
    """Who can act."""

    system: User
    agents: list[User]
    web_agents: list[User]
    dispatchers: list[User]
    reviewers: list[User]
    callers_back: list[User]
    chiefs: list[User]
    leads: list[User]
    units: dict[str, list[User]]


class Plotter:
    """Draws plots; the same seed draws the same ones."""

    def __init__(
        self,
        *,
        rng: random.Random,
        outcome: Mapping[str, Any],
        made_up: Mapping[str, Any],
        scenes: Sequence[Mapping[str, str]],
        book: DutyBook,
        rules: ClockRules,
        cast: Cast,
        places: Sequence[Place],
        towns: Mapping[str, Place],
        units: Mapping[str, Unit],
        categories: Mapping[str, Category],
        now: datetime,
    ) -> None:
        self.rng, self.outcome, self.made_up, self.rules, self.book = rng, outcome, made_up, rules, book
        self.cast, self.places, self.towns, self.units = cast, places, towns, units
        self.categories = categories
        self.now = now
        self.dangers: list[Scene] = []
        self.scenes = self._by_first_level(scenes, timezone.localtime(now).month)
        firsts = {k: v for k, v in outcome["categories"].items() if k in self.scenes}
        self.firsts, self.first_weights = list(firsts), list(firsts.values())
        self.recent: deque[tuple[Scene, Place]] = deque(maxlen=60)
        self.people: list[tuple[str, str]] = []
        self.serial = self.voids = 0

    def _by_first_level(
        self, rows: Sequence[Mapping[str, str]], month: int
    ) -> dict[str, list[tuple[Scene, float]]]:
        """The scenes of this season with their weights, by the first two digits of their category."""
        out_of_season = [
            word
            for season in self.made_up["seasons"].values()
            if month not in season["months"]
            for word in season["words"]
        ]
        out: dict[str, list[tuple[Scene, float]]] = {}
        for row in rows:
            said = f"{row['title']}\n{row['text']}"
            if row["category"] not in self.categories or any(word in said for word in out_of_season):
                continue
            level, _found = urgent_level(said, 4)
            line = next((f.redirect for f in signals_in(said) if f.redirect), None)
            scene = Scene(row["category"], row["title"], row["text"], level, line)
            duty = self._duty(scene, self.places[0], self.now)
            danger = 1 in (level, duty.level if duty else 3)
            if level == 1 and not line and "{place}" in row["text"]:
                self.dangers.append(scene)
            out.setdefault(scene.category[:2], []).append((scene, DANGER_WEIGHT if danger else 1.0))
        return out

    # what is said ---------------------------------------------------------------------------------------

    def plot(self, at: datetime, fate: str = "") -> Plot:
        """One ticket received at *at*. *fate*: "" (as it comes), "registered", "waiting", "need_info",
        "dispatched" (just sent to its unit), "danger" (level 1, goes its way), "danger_waiting" (level 1, stands at the desk)."""
        rng, shares = self.rng, self.outcome["people"]
        danger = fate.startswith("danger")
        if danger:
            scene, place = rng.choice(self.dangers), rng.choice(self.places)
        elif self.recent and rng.random() < shares["same_matter_share"]:
            scene, place = rng.choice(self.recent)
            scene = rng.choice(
                [s for s, _w in self.scenes[scene.category[:2]] if s.category == scene.category]
            )
        else:
            some = self.scenes[rng.choices(self.firsts, self.first_weights)[0]]
            scene = rng.choices([s for s, _w in some], [w for _s, w in some])[0]
            place = rng.choice(self.places)
        self.recent.append((scene, place))
        no_place = fate == "need_info" or (not fate and rng.random() < shares["missing_place_share"])
        said, title = self._filled(scene, None if no_place else place)
        duty = self._duty(scene, place, at)
        level = min(scene.level, duty.level if duty else 3)
        heard = Heard(
            title=title,
            body=said,
            kind=self._kind(scene, said),
            level=duty.level if duty else 3,
            place=None if no_place else place,
            place_text="" if no_place else f"{self.towns[place.town].name}{place.name}",
            category=self.categories.get(scene.category) if rng.random() < 0.55 else None,
            received_at=at,
        )
        self._who(heard)
        taker, mode = self._channel(heard, at, level)
        if mode == "direct" and (fate or duty is None):
            mode = "district"  # what must be seen at the desk is not watched from afar
        plot = Plot(heard, taker, at, level, mode=mode)
        if mode == "direct" and duty is not None:
            self._watched(plot, scene, place, duty)
        else:
            self._go(plot, scene, place, duty, fate)
        return plot

    def told(self, at: datetime, scene: Scene, place: Place) -> Plot:
        """A ticket of a given scene at a given place by somebody who has not called before: it goes to its unit and is in hand there."""
        said, title = self._filled(scene, place, ending=False)
        duty = self._duty(scene, place, at)
        heard = Heard(
            title=title.removeprefix(place.name),
            body=said,
            kind="complaint",
            level=duty.level if duty else 3,
            place=place,
            place_text=f"{self.towns[place.town].name}{place.name}",
            category=self.categories.get(scene.category),
            channel="phone",
            received_at=at,
        )
        made_up = self.made_up["callers"]
        heard.name = self.rng.choice(made_up["surnames"]) + self.rng.choice(made_up["given_names"])
        heard.phone = f"{made_up['phone_prefix']}{self.rng.randrange(10**8):08d}"
        taker, desk = self.rng.choice(self.cast.agents), self.rng.choice(self.cast.dispatchers)
        plot = Plot(heard, taker, at, min(scene.level, duty.level if duty else 3))
        sent = plot.then(at + timedelta(minutes=1), "submit", lambda s, t: s.submit(by=taker, now=t))
        if duty is None:
            return plot
        lead, assists = self.units[duty.lead], [self.units[one] for one in duty.assist if one in self.units]
        sent = plot.then(
            sent + timedelta(minutes=self.rng.uniform(3, 25)),
            "dispatch",
            lambda s, t: s.dispatch(by=desk, now=t, lead=lead, level=plot.level, assist=assists),
        )
        hands = self._hands(lead)
        plot.then(self._signs(sent, plot.level), "sign", lambda s, t: s.sign(s.lead, by=hands, now=t))
        return plot

    def _filled(self, scene: Scene, place: Place | None, *, ending: bool = True) -> tuple[str, str]:
        rng, made_up = self.rng, self.made_up
        slots = {
            "place": place.name if place else "我们小区",
            "town": self.towns[place.town].name if place else "镇里",
            "road": f"{place.name[:2]}{rng.choice(made_up['slots']['roads'])}" if place else "门口的路",
            "building": f"{rng.randint(1, 24)}号楼",
            "when": rng.choice(made_up["slots"]["hours" if EVERY_DAY.search(scene.text) else "when"]),
            "days": str(rng.choice((3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40))),
            "person": rng.choice(made_up["slots"]["person"]),
            "shop": rng.choice(made_up["callers"]["given_names"]) + rng.choice(made_up["slots"]["shops"]),
            "n": str(rng.randint(2, 9)),
        }
        text = scene.text.format_map(slots)
        last = rng.choice(made_up["slots"]["endings"]) if ending else ""
        text = f"{text}{'' if text.endswith(('。', '!', '?', '!', '?')) else '。'}{last}"
        title = scene.title.format_map(slots)
        if place and rng.random() < 0.6:
            title = f"{place.name}{title}"
        return text, title

    def _kind(self, scene: Scene, text: str) -> str:
        for kind, words in self.made_up["kind_words"].items():
            if any(word in text for word in words):
                return str(kind)
        category = self.categories.get(scene.category)
        hint = KIND_HINTS.get(category.kind_hint if category else "", "")
        return hint or "help"

    def _who(self, heard: Heard) -> None:
        rng, made_up, shares = self.rng, self.made_up["callers"], self.outcome["people"]
        heard.is_secret = rng.random() < shares["secret_share"]
        if heard.is_secret and rng.random() < 0.5:
            return
        if self.people and rng.random() < shares["repeat_caller_share"]:
            heard.name, heard.phone = rng.choice(self.people)
            return
        heard.name = rng.choice(made_up["surnames"]) + rng.choice(made_up["given_names"])
        heard.phone = f"{made_up['phone_prefix']}{rng.randrange(10**8):08d}"
        self.people.append((heard.name, heard.phone))

    def _channel(self, heard: Heard, at: datetime, level: int) -> tuple[User, str]:
        rng = self.rng
        channels = self.outcome["channels"]
        drawn = rng.choices(list(channels), list(channels.values()))[0]
        heard.channel = CHANNELS.get(drawn, "city")
        if heard.channel == "city":
            self.serial += 1
            heard.source, heard.external_no = "city", f"YS{timezone.localtime(at):%y%m%d}{self.serial:05d}"
            heard.city_received_at = at
            heard.city_deadline = self.rules.levels[level].handling.after(at, self.rules.calendar)
            return self.cast.system, "direct" if drawn == "city_direct" else "district"
        return rng.choice(self.cast.web_agents if heard.channel != "phone" else self.cast.agents), ""

    def _duty(self, scene: Scene, place: Place, at: datetime) -> UnitInCharge | None:
        found = unit_in_charge(
            self.book,
            category=scene.category,
            territory=place.code,
            place_type=place.kind,
            on=timezone.localtime(at).date(),
        )
        return found if found and found.lead in self.units else None

    # how it goes ----------------------------------------------------------------------------------------

    def _watched(self, plot: Plot, scene: Scene, place: Place, duty: UnitInCharge) -> None:
        """The city gave it to the unit itself and ends it; the district hears of it, and seldom takes it over."""
        rng, shares, sayings = self.rng, self.outcome["city"], self.made_up["sayings"]
        lead = self.units[duty.lead]
        plot.city_unit = str(lead)
        assert plot.heard.city_deadline is not None
        a, b = self.outcome["handling"]["share_of_limit"][str(plot.level)]
        allowed = plot.heard.city_deadline - plot.at
        hours = shares["closed_hours_after_result_median"] * rng.lognormvariate(0, 0.5)
        ended = plot.at + allowed * rng.betavariate(a, b) + timedelta(hours=hours)
        if plot.level > 1 and rng.random() < self.outcome["people"]["urge_share"]:
            words, agent = rng.choice(sayings["urge"]), rng.choice(self.cast.agents)
            at = self._open(plot.at + (ended - plot.at) * rng.uniform(0.3, 0.95), 7, 22)
            plot.beside(min(at, ended), "urge", lambda s, t: s.urge(by=agent, now=t, text=words))
        if plot.level > 2 and rng.random() < shares["taken_over_share"]:
            desk, words = rng.choice(self.cast.dispatchers), rng.choice(sayings["take_over"])
            at = self._open(plot.at + allowed * rng.uniform(0.05, 0.2), 8, 20)
            at = plot.then(at, "take_over", lambda s, t: s.take_over(by=desk, now=t, text=words))
            at += timedelta(minutes=rng.uniform(2, 9))
            self._dispatched(plot, place, duty, desk, at, scene)
            plot.acts = [one for one in plot.acts if one.act != "urge" or one.at < at]
            return
        system = self.cast.system

        def end(story: Story, at: datetime) -> None:
            story.end_watch(by=system, now=at, closed_at=at - timedelta(minutes=20))
            story.ticket.city_state = "已办结"

        plot.then(ended, "end_watch", end)

    def _go(self, plot: Plot, scene: Scene, place: Place, duty: UnitInCharge | None, fate: str) -> None:
        rng, cast, sayings = self.rng, self.cast, self.made_up["sayings"]
        if fate == "registered":
            return
        desk = rng.choice(cast.dispatchers)
        at = plot.at + timedelta(seconds=rng.randint(20, 150))
        by_city = plot.taker is cast.system
        here = desk if by_city else plot.taker
        answered = rng.random() < self.outcome["answered_directly"].get(plot.heard.kind, 0)
        redirect = self._redirect(scene) if not fate else ""
        if by_city or fate or not (answered or redirect):
            at = plot.then(at, "submit", lambda s, t: s.submit(by=plot.taker, now=t))
        if fate in {"waiting", "danger_waiting"}:
            return
        if redirect and fate == "":
            words = rng.choice(sayings[f"redirect_{REDIRECT_SAYINGS.get(redirect, 'beyond')}"])
            plot.then(
                at + timedelta(minutes=rng.uniform(0.5, 3)),
                "redirect",
                lambda s, t: s.redirect(by=here, now=t, reason=redirect, text=words),
            )
            return
        if answered and fate == "":
            words = rng.choice(sayings["answer"])
            plot.then(
                at + timedelta(minutes=rng.uniform(1, 5)),
                "answer",
                lambda s, t: s.answer(by=here, now=t, text=words),
            )
            return
        if plot.heard.place is None:
            at = self._asked_back(plot, place, desk, at)
        if fate == "need_info":
            return
        minutes = rng.lognormvariate(0, self.outcome["dispatch"]["minutes_sigma"])
        if fate == "dispatched":
            minutes = min(minutes, 1)  # signed for in a moment; until then it can be seen
        at += timedelta(minutes=minutes * self.outcome["dispatch"]["minutes_median"])
        if rng.random() < VOIDED and not self._kept_after_void(plot, at):
            return
        if rng.random() < RECLASSIFIED and scene.category in self.categories:
            category = self.categories[scene.category]
            at = plot.then(at, "classify", lambda s, t: s.classify(by=desk, now=t, category=category))
        if plot.level == 3 and rng.random() < RELEVELLED:
            plot.level = 2
            at = plot.then(at, "change_level", lambda s, t: s.change_level(by=desk, now=t, level=2))
        if duty is None:
            words = rng.choice(sayings["answer"])
            plot.then(at, "answer", lambda s, t: s.answer(by=desk, now=t, text=words))
            return
        self._dispatched(plot, place, duty, desk, at, scene)

    def _redirect(self, scene: Scene) -> str:
        rng = self.rng
        if scene.line and rng.random() < 0.6:
            return "emergency_line"
        if scene.category[:4] in LEGAL and rng.random() < 0.35:
            return "legal_channel"
        return rng.choice(("legal_channel", "beyond_duty")) if rng.random() < REDIRECTED / 2 else ""

    def _asked_back(self, plot: Plot, place: Place, desk: User, at: datetime) -> datetime:
        rng, sayings = self.rng, self.made_up["sayings"]
        question = rng.choice(sayings["ask_back"])
        at = plot.then(
            at + timedelta(minutes=rng.uniform(2, 9)),
            "ask_back",
            lambda s, t: s.ask_back(by=desk, now=t, text=question),
        )
        slots = {
            "place": place.name,
            "building": f"{rng.randint(1, 24)}号楼",
            "road": place.name[:2] + rng.choice(self.made_up["slots"]["roads"]),
        }
        more = rng.choice(sayings["supplement"]).format_map(slots)
        agent = plot.taker if plot.taker is not self.cast.system else rng.choice(self.cast.agents)
        where = f"{self.towns[place.town].name}{place.name}"
        at = plot.then(
            self._open(at + timedelta(minutes=rng.lognormvariate(3.2, 0.8)), 7, 22),
            "supplement",
            lambda s, t: s.supplement(by=agent, now=t, text=more, place_text=where),
        )
        return plot.then(
            at + timedelta(minutes=1), "classify", lambda s, t: s.classify(by=desk, now=t, place=place)
        )

    def _kept_after_void(self, plot: Plot, at: datetime) -> bool:
        """Somebody proposes to void it; a second person decides. True where it goes on."""
        rng, sayings = self.rng, self.made_up["sayings"]
        reason = rng.choice(("entered_twice", "test", "empty"))
        words = rng.choice(sayings["void"])
        first, second = rng.choice(self.cast.agents), rng.choice(self.cast.leads)
        self.voids += 1
        approve = self.voids % VOID_REFUSED != 0
        why = rng.choice(sayings["void_no"]) if not approve else ""
        at = plot.then(at, "ask_void", lambda s, t: s.ask_void(by=first, now=t, reason=reason, text=words))
        plot.then(
            at + timedelta(minutes=rng.uniform(10, 90)),
            "void" if approve else "refuse_void",
            lambda s, t: s.decide_void(s.requests[-1], by=second, now=t, approve=approve, text=why),
        )
        return not approve

    def _dispatched(
        self, plot: Plot, place: Place, duty: UnitInCharge, desk: User, at: datetime, scene: Scene
    ) -> None:
        rng, shares, sayings = self.rng, self.outcome["dispatch"], self.made_up["sayings"]
        lead = self.units[duty.lead]
        helpers = [self.units[c] for c in duty.assist if c in self.units and c != duty.lead]
        helpers = helpers[:2] if rng.random() < shares["assist_share"] else []
        word = rng.choice(sayings["dispatch"]) if rng.random() < 0.25 else ""
        category = self.categories.get(scene.category)
        if rng.random() < shares["wrong_unit_share"]:
            wrong = self._another(lead)
            level = plot.level
            at = plot.then(
                at,
                "dispatch",
                lambda s, t: s.dispatch(by=desk, now=t, lead=wrong, level=level, category=category),
            )
            at = plot.then(
                at + timedelta(minutes=rng.uniform(1.5, 9)),
                "take_back",
                lambda s, t: s.take_back(by=desk, now=t),
            )
            at += timedelta(minutes=rng.uniform(1, 3))
        level, basis = plot.level, duty.rule.id
        slots = {"place": place.name, "title": scene.title}
        if level > 1 and rng.random() < shares["consultation_share"]:
            self._consulted(plot, lead, helpers, desk, at, category, slots)
            return
        given = plot.then(
            at,
            "dispatch",
            lambda s, t: s.dispatch(
                by=desk,
                now=t,
                lead=lead,
                assist=helpers,
                level=level,
                category=category,
                basis=basis,
                word=word,
            ),
        )
        if level > 1 and rng.random() < self.outcome["returns"]["share"]:
            self._returned(plot, lead, desk, given, category, slots)
            return
        self._handled(plot, lead, helpers, given, level, 1, slots)

    def _another(self, lead: Unit, town: bool = False) -> Unit:
        """Another unit than *lead*; a bureau's matter never goes to a town."""
        if town and lead.kind in TOWNS:
            return self.rng.choice([u for u in self.units.values() if u.kind in TOWNS and u.pk != lead.pk])
        kinds = {u.kind for u in self.units.values()} if lead.kind in TOWNS else {"bureau", "enterprise"}
        return self.rng.choice([u for u in self.units.values() if u.kind in kinds and u.pk != lead.pk])

    def _consulted(
        self,
        plot: Plot,
        lead: Unit,
        helpers: Sequence[Unit],
        desk: User,
        at: datetime,
        category: Category | None,
        slots: dict[str, str],
    ) -> None:
        """Nobody knows whose it is: units talk, the chief designates one of them."""
        rng, sayings = self.rng, self.made_up["sayings"]
        why = rng.choice(sayings["consult"])
        if category is not None:
            at = plot.then(at, "classify", lambda s, t: s.classify(by=desk, now=t, category=category))
        at = plot.then(
            at + timedelta(minutes=rng.uniform(1, 6)),
            "consult",
            lambda s, t: s.consult(by=desk, now=t, text=why),
        )
        self._settled(plot, lead, helpers, at, slots)

    def _settled(
        self, plot: Plot, lead: Unit, helpers: Sequence[Unit], at: datetime, slots: dict[str, str]
    ) -> None:
        rng, sayings = self.rng, self.made_up["sayings"]
        chief, ruling = rng.choice(self.cast.chiefs), rng.choice(sayings["settle"]).format_map({"unit": lead})
        given = plot.then(
            self._open(at + timedelta(minutes=rng.uniform(35, 210)), 8, 19),
            "settle",
            lambda s, t: s.settle(by=chief, now=t, lead=lead, assist=helpers, text=ruling),
        )
        self._handled(plot, lead, helpers, given, plot.level, 1, slots)

    def _returned(
        self,
        plot: Plot,
        lead: Unit,
        desk: User,
        given: datetime,
        category: Category | None,
        slots: dict[str, str],
        time: int = 1,
    ) -> None:
        """The unit asks to give it back. Refused it goes on; agreed to, another unit has it, or it is consulted about."""
        rng, shares = self.rng, self.outcome["returns"]
        level = plot.level
        signed, asked_at, reason = self._asks_back(plot, lead, given)
        decided = self._open(asked_at + timedelta(minutes=25 * rng.lognormvariate(0, 0.7)), 7, 22)
        words = rng.choice(self.made_up["sayings"]["return_no"])
        if rng.random() >= shares["approved"]:
            plot.then(
                decided,
                "refuse_return",
                lambda s, t: s.decide_return(s.requests[-1], by=desk, now=t, approve=False, text=words),
            )
            self._handled(plot, lead, (), given, level, 1, slots, signed=decided)
            return
        words = rng.choice(self.made_up["sayings"]["return_yes"])
        if time == 2:
            chief = rng.choice(self.cast.chiefs)
            back = plot.then(
                decided,
                "approve_return",
                lambda s, t: s.decide_return(s.requests[-1], by=chief, now=t, approve=True, text=words),
            )
            self._settled(plot, lead, (), back, slots)
            return
        back = plot.then(
            decided,
            "approve_return",
            lambda s, t: s.decide_return(s.requests[-1], by=desk, now=t, approve=True, text=words),
        )
        other = self._another(lead, town=reason == "wrong_territory")
        given = plot.then(
            back + timedelta(minutes=rng.uniform(2, 12)),
            "dispatch",
            lambda s, t: s.dispatch(by=desk, now=t, lead=other, level=level, category=category),
        )
        if rng.random() < shares["second_share"]:
            self._returned(plot, other, desk, given, category, slots, time=2)
        else:
            self._handled(plot, other, (), given, level, 1, slots)

    def _asks_back(self, plot: Plot, lead: Unit, given: datetime) -> tuple[datetime, datetime, str]:
        """Signed, and soon asked to be taken back: when each, and the reason's code."""
        rng, shares, hands = self.rng, self.outcome["returns"], self._hands(lead)
        drawn = rng.choices(list(shares["reasons"]), list(shares["reasons"].values()))[0]
        reason = RETURN_CODES.get(drawn, drawn)
        signed = min(self._signs(given, plot.level), given + timedelta(hours=2))
        signed = plot.then(signed, "sign", lambda s, t: s.sign(s.lead, by=hands, now=t))
        hours = min(shares["hours_median"] * rng.lognormvariate(0, 0.5), 3.7)
        sayings = self.made_up["sayings"]
        asked = Asked(
            reason=reason,
            text=rng.choice(sayings[f"return_{drawn}"]),
            basis=rng.choice(sayings["return_basis"]),
        )
        at = plot.then(
            max(given + timedelta(hours=hours), signed + timedelta(minutes=4)),
            "ask_return",
            lambda s, t: s.ask_return(s.lead, by=hands, now=t, asked=asked),
        )
        return signed, at, reason

    def _handled(
        self,
        plot: Plot,
        lead: Unit,
        helpers: Sequence[Unit],
        given: datetime,
        level: int,
        round_: int,
        slots: dict[str, str],
        signed: datetime | None = None,
    ) -> None:
        """One round: signed (unless it is since *signed*), worked on, replied, reviewed, called back."""
        rng, sayings = self.rng, self.made_up["sayings"]
        hands = self._hands(lead)
        by_city = round_ == 1 and plot.heard.city_deadline is not None
        city: dict[str, Any] = (
            {"city_received": plot.heard.city_received_at, "city_deadline": plot.heard.city_deadline}
            if by_city
            else {}
        )
        deadline = due(Clock.HANDLING, given, level, self.rules, **city)
        if signed is None:
            signed = plot.then(
                self._signs(given, level), "sign", lambda s, t: s.sign(s.lead, by=hands, now=t)
            )
        replied = self._replies(lead, given, signed, deadline, level)
        span = replied - signed
        if round_ == 1 and rng.random() < WITHDRAWN:
            reason = rng.choice(sayings["withdraw"])
            agent = rng.choice(self.cast.agents)
            plot.then(
                self._open(signed + span * rng.uniform(0.2, 0.8), 7, 22),
                "withdraw",
                lambda s, t: s.withdraw(by=agent, now=t, reason="caller", text=reason),
            )
            return
        for unit in helpers:
            self._assists(plot, unit, given, signed, span)
        if rng.random() < NOTED:
            words = rng.choice(sayings["note"])
            plot.beside(
                signed + span * rng.uniform(0.1, 0.7),
                "note",
                lambda s, t: s.note(s.lead, by=hands, now=t, text=words),
            )
        if level > 1 and rng.random() < self.outcome["people"]["urge_share"]:
            urge, agent = rng.choice(sayings["urge"]), rng.choice(self.cast.agents)
            at = signed + span * rng.uniform(0.3, 0.95)
            if rng.random() < 0.8:
                plot.beside(at, "urge", lambda s, t: s.urge(by=agent, now=t, text=urge))
            else:
                more = rng.choice(sayings["more"])
                plot.beside(
                    at, "join_call", lambda s, t: s.join_call(by=agent, now=t, text=more, kind="more")
                )
        if level > 2 and rng.random() < WAITED:
            reason = rng.choice(sayings["wait"])
            plot.then(signed + span * 0.35, "wait", lambda s, t: s.wait(s.lead, by=hands, now=t, text=reason))
            plot.then(signed + span * 0.65, "resume", lambda s, t: s.resume(s.lead, by=hands, now=t))
        elif level > 2 and round_ == 1 and rng.random() < self.outcome["handling"]["extension_share"]:
            replied = self._extended(plot, hands, given, signed, replied, deadline)
            span = replied - signed
        claim = self._claim()
        replied = plot.then(replied, "reply", self._reply(hands, claim, slots, signed))
        reviewer = rng.choice(self.cast.reviewers)
        reviewed = self._reviewed(replied, level)
        if rng.random() < self.outcome["review"]["rejected_share"]:
            why = rng.choice(("no_contact", "off_topic", "no_evidence", "copy_paste"))
            words = rng.choice(sayings["send_back"])
            back = plot.then(
                reviewed,
                "send_back",
                lambda s, t: s.send_back(s.lead, by=reviewer, now=t, reasons=[why], text=words),
            )
            again = self._open(back + timedelta(hours=min(rng.lognormvariate(1, 0.6), 20)), 9, 18)
            if level == 1:
                again = back + timedelta(minutes=20)
            replied = plot.then(again, "reply", self._reply(hands, claim, slots, signed))
            reviewed = self._reviewed(replied, level)
        approved = plot.then(reviewed, "approve", lambda s, t: s.approve(s.lead, by=reviewer, now=t))
        self._called_back(plot, lead, approved, level, round_, claim, slots)

    def _extended(
        self,
        plot: Plot,
        hands: User,
        given: datetime,
        signed: datetime,
        replied: datetime,
        deadline: datetime,
    ) -> datetime:
        """More time is asked for before the end, never beyond the city's own; returns when the reply comes now."""
        rng, sayings, desk = self.rng, self.made_up["sayings"], self.rng.choice(self.cast.dispatchers)
        latest = plot.heard.city_deadline or deadline + (deadline - given)
        until = deadline + (latest - deadline) * rng.uniform(0.4, 0.9)
        asked_at = self._open(signed + (deadline - signed) * rng.uniform(0.55, 0.9), 8, 18)
        decided = self._open(asked_at + timedelta(minutes=70 * rng.lognormvariate(0, 0.6)), 8, 20)
        if decided >= deadline or until <= deadline + timedelta(hours=1):
            return replied
        asked = Asked(
            reason=rng.choice(("construction", "third_party", "season", "investigation")),
            text=rng.choice(sayings["extension"]),
            until=until,
        )
        approve = rng.random() < self.outcome["handling"]["extension_approved"]
        words = rng.choice(sayings["extension_yes" if approve else "extension_no"])
        asked_at = plot.then(
            asked_at, "ask_extension", lambda s, t: s.ask_extension(s.lead, by=hands, now=t, asked=asked)
        )
        plot.then(
            decided,
            "extend" if approve else "refuse_extension",
            lambda s, t: s.decide_extension(s.requests[-1], by=desk, now=t, approve=approve, text=words),
        )
        if not approve:
            return max(replied, decided + timedelta(minutes=30))
        return self._open(decided + (until - decided) * rng.uniform(0.3, 0.85), 8, 18)

    def _assists(self, plot: Plot, unit: Unit, given: datetime, signed: datetime, span: timedelta) -> None:
        rng, hands = self.rng, self._hands(unit)

        def share(story: Story) -> Assignment:
            return next(
                i
                for i in reversed(story.assignments)
                if i.unit_id == unit.pk and i.part == "assist" and i.state != "recalled"
            )

        at = max(given + timedelta(minutes=rng.uniform(5, 50)), signed + timedelta(seconds=40))
        at = min(at, signed + span * 0.5)  # before the lead has replied: later there is nothing to assist
        plot.beside(at, "assist_sign", lambda s, t: s.sign(share(s), by=hands, now=t))
        if rng.random() < 0.75 and span > timedelta(hours=3):
            answered = self._answered("yes", {"place": "", "title": ""}, at)
            reviewer = rng.choice(self.cast.reviewers)
            replied = at + (signed + span - at) * rng.uniform(0.3, 0.8)
            if plot.level > 2:
                replied = min(self._open(replied, 8, 18), signed + span - timedelta(minutes=5))
            plot.beside(
                replied,
                "assist_reply",
                lambda s, t: s.reply(share(s), by=hands, now=t, answered=answered),
            )
            plot.beside(
                replied + min((signed + span - replied) * 0.5, timedelta(minutes=rng.uniform(8, 50))),
                "assist_approve",
                lambda s, t: s.approve(share(s), by=reviewer, now=t),
            )

    def _called_back(
        self,
        plot: Plot,
        lead: Unit,
        approved: datetime,
        level: int,
        round_: int,
        claim: str,
        slots: dict[str, str],
    ) -> None:
        rng, shares = self.rng, self.outcome["callback"]
        caller = rng.choice(self.cast.callers_back)
        latest = due(Clock.CALLBACK, approved, level, self.rules) - timedelta(minutes=20)
        if level == 1:
            at = approved + timedelta(minutes=rng.uniform(8, 35))
        else:
            # The figure is of the call that reached somebody; the first try comes earlier.
            hours = 0.3 * shares["hours_after_result_median"] * rng.lognormvariate(0, 0.45)
            at = self._open(approved + timedelta(hours=hours), 9, 19)
            if at > latest and rng.random() < 0.97:
                at = self._open(latest - timedelta(minutes=rng.uniform(5, 300)), 9, 18)
        tries = rng.choices((1, 2, 3), shares["reached_on_attempt"])[0]
        unreached = rng.random() < shares["unreached_share"]
        at = max(at, approved + timedelta(minutes=3))
        for n in range(3 if unreached else tries - 1):
            how = rng.choices(("no_answer", "busy", "off", "refused"), (0.6, 0.2, 0.15, 0.05))[0]
            at = plot.then(at, "miss", lambda s, t, how=how: s.miss(by=caller, now=t, outcome=how))  # type: ignore[misc]  # each try its own
            later = at + timedelta(hours=rng.uniform(1.5, 4))
            if n > 0:
                later = (timezone.localtime(at) + timedelta(days=1)).replace(hour=9, minute=rng.randrange(60))
            at = self._open(later, 9, 19)
        if unreached:
            plot.then(at, "close_unreached", lambda s, t: s.close_unreached(by=caller, now=t))
            return
        said = self._said(lead, claim, round_)
        if said.solved != "yes" and said.satisfied != "understands" and round_ < 3:
            if rng.random() < min(2 * self.outcome["after_no"]["rehandle"], 0.8) / round_:
                word = rng.choice(self.made_up["sayings"]["rehandle"])
                higher = max(level - 1, 1) if level > 2 and rng.random() < 0.2 else level
                given = plot.then(
                    at,
                    "rehandle",
                    lambda s, t: s.rehandle(by=caller, now=t, said=said, level=higher, word=word),
                )
                self._handled(plot, lead, (), given, higher, round_ + 1, slots)
                return
        at = plot.then(at, "close", lambda s, t: s.close(by=caller, now=t, said=said))
        if round_ == 1 and rng.random() < REOPENED:
            chief, desk = rng.choice(self.cast.chiefs), rng.choice(self.cast.dispatchers)
            words = rng.choice(self.made_up["sayings"]["reopen"])
            again = self._open(at + timedelta(hours=rng.uniform(20, 60)), 8, 18)
            again = plot.then(again, "reopen", lambda s, t: s.reopen(by=chief, now=t, text=words))
            given = plot.then(
                again + timedelta(minutes=rng.uniform(3, 12)),
                "dispatch",
                lambda s, t: s.dispatch(by=desk, now=t, lead=lead, level=level),
            )
            self._handled(plot, lead, (), given, level, 2, slots)

    # figures --------------------------------------------------------------------------------------------

    def _hands(self, unit: Unit) -> User:
        """Somebody of the unit; the desk, on its behalf, where it has nobody here."""
        people = self.cast.units.get(unit.code)
        return self.rng.choice(people) if people else self.rng.choice(self.cast.dispatchers)

    def _signs(self, given: datetime, level: int) -> datetime:
        rng, shares = self.rng, self.outcome["sign"]
        minutes = shares["median"][str(level)] * rng.lognormvariate(0, shares["sigma"])
        limit = self.rules.levels[level].sign_minutes
        if rng.random() < shares["late_share"]:
            return given + timedelta(minutes=limit * rng.uniform(1.1, 2.2))
        hour = timezone.localtime(given).hour
        if level > 2 and (hour >= 20 or hour < 7):
            minutes += 0.5 * shares["night_extra_median"] * rng.lognormvariate(0, 0.4)
        return given + timedelta(minutes=min(minutes, limit * rng.uniform(0.6, 0.98)))

    def _replies(
        self, lead: Unit, given: datetime, signed: datetime, deadline: datetime, level: int
    ) -> datetime:
        rng, shares = self.rng, self.outcome["handling"]
        a, b = shares["share_of_limit"][str(level)]
        speed = self.outcome["units"].get(lead.kind, {}).get("speed", 1.0)
        allowed = deadline - given
        if rng.random() < shares["overdue_share"]:
            return deadline + allowed * shares["overdue_extra_median"] * rng.lognormvariate(0, 0.5)
        at = max(given + allowed * min(rng.betavariate(a, b) * speed, 0.97), signed + timedelta(minutes=6))
        if level > 2:
            at = self._open(at, 8, 18, workdays=rng.random() < 0.7)
        if at > deadline - timedelta(minutes=10):
            at = self._open_before(deadline - timedelta(minutes=rng.uniform(10, 60)), level)
        return max(at, signed + timedelta(minutes=6))

    def _reviewed(self, replied: datetime, level: int) -> datetime:
        minutes = (6 if level == 1 else 32) * self.rng.lognormvariate(0, 0.6)
        at = replied + timedelta(minutes=minutes)
        return at if level == 1 else self._open(at, 8, 20)

    def _claim(self) -> str:
        if self.rng.random() < self.outcome["handling"]["claims_solved_share"]:
            return "yes"
        return self.rng.choice(("partly", "no"))

    def _reply(self, hands: User, claim: str, slots: dict[str, str], signed: datetime) -> Do:
        answered = self._answered(claim, slots, signed)
        hours = self.rng.uniform(0.1, 0.8)

        def do(story: Story, at: datetime) -> None:
            answered.contact_at = signed + (at - signed) * hours
            story.reply(story.lead, by=hands, now=at, answered=answered)

        return do

    def _answered(self, claim: str, slots: dict[str, str], signed: datetime) -> Answered:
        rng, sayings = self.rng, self.made_up["sayings"]
        return Answered(
            contacted=True,
            contact_at=signed,
            contact_how=rng.choice(("电话", "电话", "上门", "现场")),
            solved_claim=claim,
            unsolved_reason="" if claim == "yes" else rng.choice(sayings["unsolved_reason"]),
            internal_text=rng.choice(sayings[f"internal_{claim}"]).format_map(slots),
            public_text=rng.choice(sayings[f"public_{claim}"]).format_map(slots),
        )

    def _said(self, lead: Unit, claim: str, round_: int) -> Said:
        rng, rates, answers = self.rng, self.outcome["rates"], self.outcome["answers"]
        kind = self.outcome["units"].get(lead.kind, {})
        solved_p = rates["resolution"] + kind.get("resolution", 0)
        if claim != "yes":
            solved_p -= 0.25  # who says itself that it is not solved, is seldom contradicted
        else:
            solved_p += (
                0.25
                * (1 - self.outcome["handling"]["claims_solved_share"])
                / (self.outcome["handling"]["claims_solved_share"])
            )
        solved = "yes" if rng.random() < solved_p else "no"
        if solved == "no" and rng.random() < answers["partly_among_unsolved"]:
            solved = "partly"
        pleased = answers["satisfied_if_solved"] if solved == "yes" else answers["satisfied_if_unsolved"]
        satisfied = "no"
        if rng.random() < pleased + (kind.get("satisfaction", 0) if solved != "yes" else 0):
            satisfied = rng.choices(
                ("very", "satisfied", "basic"),
                (0.3, 0.7 - answers["basic_among_satisfied"], answers["basic_among_satisfied"]),
            )[0]
        elif solved != "yes" and rng.random() < 0.2:
            satisfied = "understands"
        elif rng.random() < 0.03:
            satisfied = "none"
        contacted = rng.random() < rates["response"]
        reason = ""
        if solved != "yes":
            reason = (
                "partly"
                if solved == "partly"
                else rng.choice(("nothing_done", "result_wrong", "policy", "broken_again", "attitude"))
            )
            reason = reason if contacted else "not_contacted"
        emotions = answers["emotion"]
        weights = list(emotions.values())
        if solved == "yes":
            weights = [w if name == "calm" else w * 0.3 for name, w in emotions.items()]
        words = "understand" if satisfied == "understands" else solved
        vulnerable = rng.random() < self.outcome["people"]["vulnerable_share"]
        return Said(
            contacted=contacted,
            solved=solved,
            satisfied=satisfied,
            is_true=not (claim == "yes" and solved == "no"),
            reason_code=reason,
            words=rng.choice(self.made_up["sayings"][f"words_{words}"])
            if solved != "yes" or rng.random() < 0.4
            else "",
            emotion=rng.choices(list(emotions), weights)[0],
            vulnerable=[rng.choice(("elder", "elder", "child", "disabled", "pregnant", "ill"))]
            if vulnerable
            else (),
        )

    def _open(self, at: datetime, first: int, last: int, *, workdays: bool = False) -> datetime:
        """*at*, or the next moment when somebody is at work."""
        local = timezone.localtime(at)
        moved = local
        if local.hour < first:
            moved = local.replace(hour=first, minute=0)
        elif local.hour >= last:
            moved = (local + timedelta(days=1)).replace(hour=first, minute=0)
        while workdays and not self.rules.calendar.is_workday(moved.date()):
            moved = (moved + timedelta(days=1)).replace(hour=first, minute=0)
        return at if moved is local else moved + timedelta(minutes=self.rng.uniform(2, 150))

    def _open_before(self, at: datetime, level: int) -> datetime:
        """*at*, or the last moment before it when somebody is at work."""
        local = timezone.localtime(at)
        if level <= 2 or 8 <= local.hour < 18:
            return at
        day = local if local.hour >= 18 else local - timedelta(days=1)
        return day.replace(hour=17, minute=self.rng.randrange(0, 59))


TOWNS = frozenset({"town", "subdistrict"})
#: The outcome file's words for why a unit gives a ticket back, as the trade's codes.
RETURN_CODES = {"other_lead": "higher_unit", "unclear": "no_place"}
KIND_HINTS = {"咨询": "consultation", "投诉": "complaint", "求助": "help", "举报": "report"}
REDIRECT_SAYINGS = {"emergency_line": "emergency", "legal_channel": "legal", "beyond_duty": "beyond"}
#: Where a text goes on like this, only an hour of the day makes sense.
EVERY_DAY = re.compile(r"(?:每天|每晚|每日|天天)[^,。]{0,6}\{when\}")
#: Second-level categories in which the law gives another way.
LEGAL = frozenset({"2503"})


def cast_from(people: Sequence[User]) -> Cast:
    """Who of *people* does what. Raises `LookupError` naming a role that nobody has."""

    def of(*roles: Role) -> list[User]:
        found = [p for p in people if p.role in roles and p.is_active]
        if not found:
            raise LookupError("/".join(roles))
        return found

    units: dict[str, list[User]] = {}
    for person in people:
        if person.unit and person.is_active:
            units.setdefault(person.unit.code, []).append(person)
    agents = of(Role.AGENT)
    return Cast(
        system=of(Role.SYSTEM)[0],
        agents=agents[:-1] or agents,
        web_agents=agents[-1:],
        dispatchers=of(Role.DISPATCHER),
        reviewers=of(Role.REVIEWER, Role.SHIFT_LEAD),
        callers_back=of(Role.CALLBACK_AGENT),
        chiefs=of(Role.SECTION_CHIEF),
        leads=of(Role.SHIFT_LEAD, Role.SECTION_CHIEF),
        units=units,
    )
