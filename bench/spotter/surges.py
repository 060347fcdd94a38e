"""Surges injected into a simulated district of 300 calls a day, and EARS C1–C3 on the same days.

The simulated district: 22 towns and 240 categories with unequal shares, weekday and holiday factors, the course of a day, and a day's
own variation (gamma, so counts are overdispersed). A surge is 8–40 extra people about one category in one town (three of four), or
24–80 in all of them, over half a day to three days. One is injected every four days.

All thresholds are set on *other* seeds than those reported. Simulator results are simulator results.
"""

# ruff: noqa: DTZ001 - simulated days have no zone
from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import numpy as np
from scipy.stats import beta, gamma

from fenzhen.spotter.surge import SurgeWatch, ears

TOWNS, CATEGORIES, A_DAY = 22, 240, 300
WEEK = np.array([1.12, 1.08, 1.05, 1.03, 1.02, 0.86, 0.84])
HOURS = np.array([1, 0.6, 0.4, 0.3, 0.3, 0.5, 1.2, 3, 6, 8, 8, 7, 5, 5, 6, 7, 7, 6, 5, 4.5, 4, 3.5, 3, 2])
HOLIDAYS = {date(2026, 1, 1), *(date(2026, 2, 16) + timedelta(d) for d in range(8)), *(date(2026, 5, 1) + timedelta(d) for d in range(5)),
            *(date(2026, 4, 4) + timedelta(d) for d in range(3))}  # fmt: skip
FIRST = date(2025, 11, 3)
WARM = 70


def stream(seed: int, days: int, inject: bool):
    """(when, person, town, category) in order, and the surges as (begin, end, town, category, size)."""
    draw = np.random.default_rng(seed)
    town = draw.dirichlet(np.full(TOWNS, 3.0))
    category = draw.dirichlet(np.full(CATEGORIES, 0.6))
    hours = HOURS / HOURS.sum()
    rows = []
    person = 0
    for number in range(days):
        day = FIRST + timedelta(number)
        factor = 0.62 if day in HOLIDAYS else WEEK[day.weekday()]
        count = draw.poisson(A_DAY * factor * draw.gamma(60, 1 / 60))
        # categories of a day vary on their own too: rain brings leaks
        shares = category * draw.gamma(12, 1 / 12, CATEGORIES)
        shares /= shares.sum()
        ts = draw.choice(TOWNS, count, p=town)
        cs = draw.choice(CATEGORIES, count, p=shares)
        hs = draw.choice(24, count, p=hours)
        for t, c, h in zip(ts, cs, hs, strict=True):
            person += 1
            rows.append(
                (
                    datetime(day.year, day.month, day.day, int(h))
                    + timedelta(seconds=int(draw.integers(3600))),
                    person,
                    int(t),
                    int(c),
                )
            )
    surges = []
    if inject:
        for number in range(WARM, days - 4, 4):
            begin = datetime.combine(FIRST + timedelta(number), datetime.min.time()) + timedelta(
                hours=float(draw.uniform(7, 18))
            )
            length = float(draw.choice([0.5, 1, 2, 3]))
            size = int(draw.integers(8, 41))
            c = int(draw.choice(CATEGORIES, p=category))
            t = int(draw.choice(TOWNS, p=town)) if draw.random() < 0.75 else -1
            if t < 0:
                size = int(draw.integers(24, 81))
            times = []
            while len(times) < size:
                at = begin + timedelta(days=float(draw.beta(1.0, 1.2) * length))
                if draw.random() < hours[at.hour] / hours.max() + 0.1:
                    times.append(at)
            for at in sorted(times):
                person += 1
                rows.append((at, person, t if t >= 0 else int(draw.choice(TOWNS, p=town)), c))
            surges.append((min(times), max(times), t, c, size))
    rows.sort()
    return rows, surges


def ours(rows, budget: float):
    """(when, town or -1, category or -1) of every alarm."""
    watch = SurgeWatch(false_in_28_days=budget, holidays=HOLIDAYS)
    found = []
    for when, person, town, category in rows:
        for surge in watch.add(when, person, f"t{town}", f"c{category}"):
            found.append((surge.at, int(surge.cell[0][1:] or -1), int(surge.cell[1][1:] or -1)))
    return found


def ears_scores(rows, days: int):
    """For each cell and day the three scores: town × category, category and town cells as daily counts."""
    counts: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    start = datetime.combine(FIRST, datetime.min.time())
    for when, _person, town, category in rows:
        day = (when - start).days
        for cell in ((town, category), (-1, category), (town, -1), (-1, -1)):
            counts[cell][day] += 1
    out = []
    for cell, by_day in counts.items():
        series = np.array([by_day.get(day, 0) for day in range(days)], dtype=float)
        for day in by_day:
            if day >= WARM and series[day] >= 3:
                out.append((day, cell, ears(series[day - 12 : day + 1])))
    return out


def quiet(alarms):
    """A cell that rang is quiet for seven days, as ours is."""
    last: dict[tuple[int, int], float] = {}
    kept = []
    for when, town, category in sorted(alarms):
        at = when.timestamp() / 86_400
        if at - last.get((town, category), -99) >= 7:
            last[(town, category)] = at
            kept.append((when, town, category))
    return kept


def judged(alarms, surges):
    """How many were found, and the delay of each in days (one that was missed counts as 3 days)."""
    delays = []
    for begin, end, town, category, _size in surges:
        hits = [
            when for when, t, c in alarms
            if begin <= when <= end + timedelta(days=1) and ((c == category and t in (town, -1)) or (c == category and town < 0))
        ]  # fmt: skip
        delays.append((min(hits) - begin).total_seconds() / 86_400 if hits else None)
    there = [one for one in delays if one is not None]
    return {
        "surges": len(delays),
        "found": len(there),
        "delays": [3.0 if one is None else one for one in delays],
    }


def share(hits, all_):
    """95 % interval of a share (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, hits, all_ - hits + 1)) if hits else 0.0
    return low, float(beta.ppf(0.975, hits + 1, all_ - hits)) if hits < all_ else 1.0


def counted(count):
    """95 % interval of a count (Poisson)."""
    low = float(gamma.ppf(0.025, count)) if count else 0.0
    return low, float(gamma.ppf(0.975, count + 1))


def after_warm(alarms):
    begin = datetime.combine(FIRST + timedelta(WARM), datetime.min.time())
    return [one for one in alarms if one[0] >= begin]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--days", type=int, default=182)
    ask.add_argument("--seeds", type=int, default=2)
    ask.add_argument("--first", type=int, default=1, help="the first seed")
    ask.add_argument("--budget", type=float, default=1.0)
    given = ask.parse_args()
    spans = (given.days - WARM) / 28
    start = datetime.combine(FIRST, datetime.min.time())
    # thresholds of EARS: one false alarm in 28 days on seeds of their own
    null = []
    for seed in range(100 + given.first, 100 + given.first + given.seeds):
        null.append(ears_scores(stream(seed, given.days, False)[0], given.days))
    limits = []
    for which in range(3):
        ranked = sorted((one[2][which] for some in null for one in some), reverse=True)
        limits.append(ranked[min(int(round(spans * given.seeds)), len(ranked) - 1)])
    found: dict[str, object] = {
        "days": given.days - WARM,
        "seeds": given.seeds,
        "ears_limits": [round(x, 2) for x in limits],
    }
    false = dict.fromkeys(("ours", "C1", "C2", "C3"), 0)
    alarms_all = {name: [] for name in false}
    for seed in range(given.first, given.first + given.seeds):
        rows, _none = stream(seed, given.days, False)
        false["ours"] += len(after_warm(ours(rows, given.budget)))
        scored = ears_scores(rows, given.days)
        for which, name in enumerate(("C1", "C2", "C3")):
            rang = [
                (start + timedelta(days=day + 1), *cell)
                for day, cell, s in scored
                if s[which] > limits[which]
            ]
            false[name] += len(quiet(rang))
        rows, surges = stream(1000 + seed, given.days, True)
        alarms_all["ours"].append((after_warm(ours(rows, given.budget)), surges))
        scored = ears_scores(rows, given.days)
        for which, name in enumerate(("C1", "C2", "C3")):
            rang = [
                (start + timedelta(days=day + 1), *cell)
                for day, cell, s in scored
                if s[which] > limits[which]
            ]
            alarms_all[name].append((quiet(rang), surges))
    for name, some in alarms_all.items():
        parts = [judged(alarms, surges) for alarms, surges in some]
        hits, all_ = sum(one["found"] for one in parts), sum(one["surges"] for one in parts)
        found[name] = {
            "false_alarms": false[name],
            "false_in_28_days": round(false[name] / (spans * given.seeds), 2),
            "false_95": [round(x / (spans * given.seeds), 2) for x in counted(false[name])],
            "surges": all_,
            "found": hits,
            "sensitivity": round(hits / max(all_, 1), 3),
            "sensitivity_95": [round(x, 3) for x in share(hits, all_)],
            "median_delay_days": round(float(np.median([x for one in parts for x in one["delays"]])), 2),
        }
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
