"""The demo's past: a made-up fortnight on made-up estates, so that every page has something to show.

All of it is invented: the people, their numbers, the estates, the words, the figures. It is drawn from
`scenes.csv`, `outcome.toml` and `made_up.toml` of a district's folder, played through the tables like
anything else (`desk/past.py`), and dated back from the moment of loading. The same seed and the same moment
give the same tickets.
"""

import csv
import gc
import random
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.past import BLOCK, Past, Story
from fenzhen.desk.step import NotYours, note_act
from fenzhen.hotline.clock import due
from fenzhen.hotline.duty import DutyBook
from fenzhen.hotline.journey import Clock
from fenzhen.hotline.roles import Role
from fenzhen.office.accounts import system_account
from fenzhen.office.city_words import ENDS, kept_result
from fenzhen.office.demo_events import event_plots
from fenzhen.office.demo_plot import Plot, Plotter, cast_from
from fenzhen.records.directory import Category
from fenzhen.records.district import District
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import clock_rules
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: The word in a place's note that says that there is no such place.
INVENTED = "虚构"
#: Tickets at the desk that have just come in, and how many of them have waited too long already.
FRESH, FRESH_LATE = 27, 3
#: What must be there to be seen, whatever the hour: (least, most).
TO_REVIEW = (10, 20)
CALLS_DUE_TODAY = 36
TO_SIGN = 8
NEED_INFO = 5
JUST_SENT = 4
REGISTERED = 3
TO_DECIDE = 3
TO_SETTLE = 2
#: When the day's results go to the city in one file.
FILE_AT = time(17, 30)

Progress = Callable[[int, int], None]


class DemoThere(Exception):
    """There are tickets already; a made-up past is never mixed with them."""


class NoDemo(Exception):
    """The folder or the lists lack something for a demo; the text says what."""


@dataclass(slots=True)
class Made:
    """What was made."""

    tickets: int = 0
    entries: int = 0
    since: datetime | None = None
    by_state: dict[str, int] = field(default_factory=dict)


def make_demo(
    folder: Path,
    *,
    by: User,
    now: datetime,
    days: int | None = None,
    seed: int | None = None,
    per_day: int | None = None,
    progress: Progress | None = None,
) -> Made:
    """Make the fortnight that ends *now*, all or nothing.

    *days*, *seed* and *per_day* are those of `outcome.toml` where not given. Raises `DemoThere`, `NoDemo`,
    `NotYours` (anybody but an administrator or the system).
    """
    if by.role not in {Role.ADMIN, Role.SYSTEM}:
        raise NotYours
    outcome, made_up, scenes = _read(folder)
    district = District.objects.order_by("pk").first()
    if district is None or not district.is_demo:
        raise NoDemo(_("本区不是演示区(district.toml 里 is_demo = true 才可以),不生成演示工单。"))
    days = days or int(outcome.get("days", 14))
    with transaction.atomic():
        if Ticket.objects.exists():
            raise DemoThere
        rng = random.Random(outcome.get("seed", 1) if seed is None else seed)
        plotter = _plotter(folder, rng, outcome, made_up, scenes, now)
        plots = _plots(plotter, rng, outcome, now=now, days=days, per_day=per_day)
        _shape(plots, plotter, now)
        # A hundred thousand little functions that stay till the end: looking through them for garbage again
        # and again would take a quarter of the time.
        gc.freeze()
        try:
            made = _tell(plots, plotter.cast.dispatchers[0], now, progress)
            # One matter of many callers comes last: the spotter is shown it by itself (`demo_events`).
            many = _tell(event_plots(folder, plotter, days), plotter.cast.dispatchers[0], now, None)
        finally:
            gc.unfreeze()
        made.tickets += many.tickets
        made.entries += many.entries
        for state, count in many.by_state.items():
            made.by_state[state] = made.by_state.get(state, 0) + count
        made.since = now - timedelta(days=days)
        facts = {"tickets": made.tickets, "entries": made.entries, "days": days}
        note_act(f"district:{district.pk}", "make_demo", by=by, now=now, facts=facts)
    return made


# ---------------------------------------------------------------------------------------------------------


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, str]]]:
    try:
        outcome = tomllib.loads((folder / "outcome.toml").read_text(encoding="utf-8"))
        made_up = tomllib.loads((folder / "made_up.toml").read_text(encoding="utf-8"))
        with (folder / "scenes.csv").open(encoding="utf-8-sig", newline="") as file:
            scenes = list(csv.DictReader(file))
    except FileNotFoundError as why:
        raise NoDemo(_("%(folder)s 里没有 %(name)s。") % {"folder": folder, "name": why.filename}) from None
    except tomllib.TOMLDecodeError as why:
        raise NoDemo(str(why)) from None
    return outcome, made_up, scenes


def _plotter(
    folder: Path,
    rng: random.Random,
    outcome: dict[str, Any],
    made_up: dict[str, Any],
    scenes: list[dict[str, str]],
    now: datetime,
) -> Plotter:
    places = list(Place.objects.filter(is_active=True, note__contains=INVENTED).order_by("code"))
    towns = {p.code: p for p in Place.objects.filter(kind__in=["town", "subdistrict"])}
    places = [place for place in places if place.town in towns]
    if not places:
        raise NoDemo(_("地点目录里没有标为“虚构”的小区,演示工单不用真实小区。"))
    system_account()
    try:
        cast = cast_from(list(User.objects.select_related("unit").order_by("pk")))
    except LookupError as why:
        raise NoDemo(_("人员目录里没有 %(role)s,演示缺人。") % {"role": why}) from None
    plotter = Plotter(
        rng=rng,
        outcome=outcome,
        made_up=made_up,
        scenes=scenes,
        book=DutyBook.from_district(folder),
        rules=clock_rules(),
        cast=cast,
        places=places,
        towns=towns,
        units={unit.code: unit for unit in Unit.objects.filter(is_active=True).order_by("code")},
        categories={category.code: category for category in Category.objects.filter(is_active=True)},
        now=now,
    )
    if not plotter.firsts:
        raise NoDemo(_("scenes.csv 里的分类都不在分类目录里。"))
    return plotter


def _plots(
    plotter: Plotter,
    rng: random.Random,
    outcome: dict[str, Any],
    *,
    now: datetime,
    days: int,
    per_day: int | None,
) -> list[Plot]:
    """Every ticket's plot in the order of their coming in, the ones that have just come in last."""
    volume = outcome["volume"]
    here = timezone.localtime(now)
    since = here - timedelta(days=days)
    moments: list[datetime] = []
    for offset in range(days + 1):
        day = since.date() + timedelta(days=offset)
        count = (per_day or volume["tickets_per_day"]) * _weight(day, volume, plotter)
        count = round(count * max(rng.gauss(1, volume["day_noise"]), 0.5))
        for hour in rng.choices(range(24), volume["hours"], k=count):
            at = datetime.combine(day, time(hour), tzinfo=here.tzinfo) + timedelta(
                seconds=rng.uniform(0, 3600)
            )
            if since <= at < here - timedelta(minutes=8):
                moments.append(at)
    plots = [plotter.plot(at) for at in sorted(moments)]
    fresh = [(rng.uniform(1.5, 24), "waiting") for _n in range(FRESH - FRESH_LATE)]
    fresh += [(rng.uniform(33, 55), "waiting") for _n in range(FRESH_LATE)]
    fresh += [(rng.uniform(0.5, 4), "registered") for _n in range(REGISTERED)]
    if plotter.dangers:
        fresh += [(rng.uniform(2, 6), "danger_waiting"), (rng.uniform(40, 75), "danger")]
    fresh += [(rng.uniform(20, 100), "need_info") for _n in range(NEED_INFO)]
    fresh += [(rng.uniform(7, 13), "dispatched") for _n in range(JUST_SENT)]
    for minutes, fate in fresh:
        plot = plotter.plot(here - timedelta(minutes=minutes), fate)
        if plot.level == 1 and minutes > 12 and fate != "danger":
            # Nobody lets a level-1 matter lie: it has come in just now.
            plot = _retimed(plot, here - timedelta(minutes=rng.uniform(2, 6)))
        if fate == "need_info":
            plot.acts = plot.acts[:2]
        if fate == "dispatched":
            sent = next((n for n, one in enumerate(plot.acts) if one.act == "dispatch"), len(plot.acts))
            plot.acts = plot.acts[: sent + 1]
        plot.held = True
        plots.append(plot)
    for plot in plots:
        plot.until(now)
    return sorted(plots, key=lambda plot: plot.at)


def _weight(day: date, volume: dict[str, Any], plotter: Plotter) -> float:
    calendar = plotter.rules.calendar
    kind = calendar.days.get(day)
    if kind is not None:
        return float(volume["makeup_factor"] if calendar.is_workday(day) else volume["holiday_factor"])
    return float(volume["weekday"][day.weekday()])


def _retimed(plot: Plot, at: datetime) -> Plot:
    moved = at - plot.at
    plot.at = plot.heard.received_at = at
    if plot.heard.city_received_at and plot.heard.city_deadline:
        plot.heard.city_received_at += moved
        plot.heard.city_deadline += moved
    plot.acts = [type(one)(one.at + moved, one.act, one.do, one.side) for one in plot.acts]
    return plot


def _shape(plots: Sequence[Plot], plotter: Plotter, now: datetime) -> None:
    """Mind that every desk has work, whatever the hour: some plots stop a little earlier than they would."""
    today = timezone.localtime(now).date()
    rules = plotter.rules

    def call_due(plot: Plot, at: datetime) -> datetime:
        return timezone.localtime(due(Clock.CALLBACK, at, plot.level, rules))

    # In hand at review: not more than a morning's work.
    waiting = sorted((p for p in plots if _stands_at(p, "reply")), key=lambda p: p.acts[p.cut - 1].at)
    for plot in waiting[: max(len(waiting) - TO_REVIEW[1] + 2, 0)]:
        _go_on(plot, now)
    _hold(plots, "reply", TO_REVIEW[0] + 4, now)
    _hold(
        plots,
        "approve",
        CALLS_DUE_TODAY,
        now,
        # Due today; on a day off, the next working day's.
        only=lambda plot, at: (
            call_due(plot, at) > now
            and (call_due(plot, at).date() == today or not rules.calendar.is_workday(today))
        ),
    )
    signs = {level: timedelta(minutes=limits.sign_minutes) for level, limits in rules.levels.items()}
    _hold(plots, "dispatch", TO_SIGN, now, only=lambda plot, at: at + signs[plot.level] > now)
    _hold(plots, "rehandle", 3, now)
    _hold(plots, "wait", 4, now)
    _hold(plots, "ask_void", 2, now)
    # What units ask for waits for the desk, not for long; disputes wait for the chief.
    lately = now - timedelta(hours=10)
    _hold(plots, "ask_return", TO_DECIDE, now, only=lambda plot, at: at > lately)
    _hold(plots, "ask_extension", TO_DECIDE, now, only=lambda plot, at: at > lately)
    _hold(plots, "consult", TO_SETTLE, now)


def _stands_at(plot: Plot, act: str) -> bool:
    last = plot.last
    return last is not None and last.act == act


def _hold(
    plots: Sequence[Plot],
    act: str,
    least: int,
    now: datetime,
    only: Callable[[Plot, datetime], bool] | None = None,
) -> None:
    """See to it that at least so many plots stand right behind *act*; those that passed it last stop there."""

    def fits(plot: Plot, n: int) -> bool:
        one = plot.acts[n]
        return one.act == act and not one.side and (only is None or only(plot, one.at))

    standing = 0
    passed: list[tuple[datetime, int, Plot]] = []
    for plot in plots:
        moves = [n for n in range(plot.cut) if not plot.acts[n].side]
        if not moves:
            continue
        if fits(plot, moves[-1]):
            standing += 1
            plot.held = True
        elif not plot.held:
            hit = next((n for n in reversed(moves) if fits(plot, n)), None)
            if hit is not None:
                passed.append((plot.acts[hit].at, hit, plot))
    passed.sort(key=lambda one: one[0], reverse=True)
    for _at, n, plot in passed[: max(least - standing, 0)]:
        plot.cut, plot.held = n + 1, True


def _go_on(plot: Plot, now: datetime) -> None:
    """The next act comes a little earlier than planned: just now."""
    if plot.cut < len(plot.acts):
        one = plot.acts[plot.cut]
        before = plot.acts[plot.cut - 1].at
        at = before + (now - before) * 0.9
        plot.acts[plot.cut] = type(one)(at, one.act, one.do, one.side)
        plot.cut += 1


def _tell_the_city(story: Story, desk: User, now: datetime) -> None:
    """The result of a city's order that has ended is owed at once and goes out with the day's file."""
    system = story.played[0].by
    ticket, last = story.ticket, next(p for p in reversed(story.played) if p.source != p.target)
    if ticket.city_mode != "district" or last.row.act not in ENDS:
        return
    at = max(story.played[-1].at, last.at) + timedelta(seconds=8)
    reply = next((r for r in reversed(story.replies) if r.assignment.part == "lead"), None)
    fields = kept_result(ticket, last.at, reply, by=system, now=at)
    if at > now:
        return
    word = story.owe_city(last.n, fields, by=system, now=at)
    here = timezone.localtime(at)
    out = here.replace(hour=FILE_AT.hour, minute=FILE_AT.minute, second=0, microsecond=0)
    out += timedelta(days=1) if here >= out else timedelta(0)
    if out <= now:
        story.tell_city(word, by=desk, now=out, batch=f"{out:%Y%m%d-%H%M%S}-demo")


def _tell(plots: Iterable[Plot], desk: User, now: datetime, progress: Progress | None) -> Made:
    plots = list(plots)
    made = Made()
    states: Counter[str] = Counter()
    past = Past()
    for done, plot in enumerate(plots, start=1):
        begin = past.copy_city if plot.mode == "direct" else past.receive
        story = begin(plot.heard, by=plot.taker, now=plot.at)
        if plot.mode:
            ticket = story.ticket
            ticket.city_mode, ticket.city_unit, ticket.city_state = plot.mode, plot.city_unit[:64], "办理中"
        for one in plot.acts[: plot.cut]:
            one.do(story, one.at)
        _tell_the_city(story, desk, now)
        made.entries += len(story.played)
        states[story.ticket.state] += 1
        if done % BLOCK == 0 or done == len(plots):
            made.tickets += past.write()
            if progress:
                progress(done, len(plots))
    made.by_state = dict(sorted(states.items()))
    return made


__all__ = ["DemoThere", "Made", "NoDemo", "make_demo"]
