"""「用我们自己的历史试一试」: what the adviser would have done with a district's own past tickets.

Everything is cut by time, as it would have been: it learns from the earlier half, what may be promised is reckoned on the fifth
that follows, and all figures are taken on the rest, which neither has seen. The right unit is the one that had the
ticket in the end, as the export says; that this is the truth is the export's word, not ours, and the figures say so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from scipy import special

from fenzhen.advisor.certificate import Certificate, certify, certify_groups, labels_missing
from fenzhen.advisor.classify import BadTraining, Classifier, learn
from fenzhen.advisor.labels import unit_groups

Say = Callable[[str, float], None]

#: Fewer usable rows say nothing.
LEAST = 200
#: Share that is learned from, and share on which promises are reckoned; the rest is what all figures are taken on.
LEARN, CALIBRATE = 0.5, 0.2
#: Learned from at most so many, the newest: more takes long and gains little.
MOST_LEARNED = 12_000
#: A unit with fewer tickets in the earlier half is not learned; the adviser cannot name it.
LEAST_OF_A_UNIT = 5
#: Units that are listed by name.
MOST_UNITS = 60
_DAY = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})(?:\D{1,2}(\d{1,2})\D(\d{1,2})(?:\D(\d{1,2}))?)?")

_TOWN = re.compile(r"(镇|乡|街道|街道办|街道办事处|镇人民政府|乡人民政府|镇政府|乡政府)$")
_ENTERPRISE = re.compile(r"(公司|集团|热力|燃气|供电|自来水|移动|联通|电信|铁塔|邮政|歌华有线)$")

#: What a column may be called in an export; the first one that is there is taken.
NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("标题", "工单标题", "诉求标题", "主题", "topic", "title"),
    "body": ("内容", "诉求内容", "工单内容", "问题描述", "主要内容", "详情", "detail", "body", "text"),
    "first": ("首派单位", "首次派单单位", "第一承办单位", "首次承办单位", "初派单位", "first"),
    "final": ("最终承办单位", "最终单位", "办结单位", "承办单位", "主办单位", "final"),
    "time": ("受理时间", "来电时间", "登记时间", "派单时间", "时间", "time"),
    "returned": ("退单次数", "退回次数", "returned"),
}


class BadHistory(ValueError):
    """The export cannot be tried: says why."""


@dataclass(frozen=True, slots=True)
class Past:
    """One past ticket. ``first`` may be empty (not known); ``returned``: how often it came back, None where not known."""

    title: str
    body: str
    first: str
    final: str
    at: datetime
    returned: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The rows that can be used, and how many could not be, by reason."""

    rows: list[Past]
    dropped: dict[str, int]


def guessed_columns(header: Sequence[str], told: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which column is what, by its name; *told* wins. Raises `BadHistory` where one that is needed is not found.

    >>> guessed_columns(["标题", "内容", "首派单位", "承办单位", "受理时间"])["final"]
    '承办单位'
    """
    told = {key: value for key, value in (told or {}).items() if value}
    there = {name.strip(): name for name in header}
    out: dict[str, str] = {}
    for key, names in NAMES.items():
        if key in told:
            if told[key].strip() not in there:
                raise BadHistory(f"no column {told[key]!r}; the file has: {', '.join(there) or 'none'}")
            out[key] = there[told[key].strip()]
            continue
        found = next((there[name] for name in names if name in there), None)
        if found is not None:
            out[key] = found
    missing = [key for key in ("final", "time") if key not in out]
    if "title" not in out and "body" not in out:
        missing.insert(0, "text")
    if missing:
        raise BadHistory(f"no column for {', '.join(missing)}; the file has: {', '.join(there) or 'none'}")
    return out


def read_rows(rows: Sequence[Mapping[str, str]], columns: Mapping[str, str]) -> Read:
    """Rows of an export as past tickets, by the columns of `guessed_columns`. Raises `BadHistory` where nothing is left."""
    out: list[Past] = []
    dropped: Counter[str] = Counter()
    for row in rows:

        def cell(key: str, row: Mapping[str, str] = row) -> str:
            return (row.get(columns[key]) or "").strip() if key in columns else ""

        title, body, final, moment = cell("title"), cell("body"), cell("final"), moment_of(cell("time"))
        if not title and not body:
            dropped["no_text"] += 1
        elif not final:
            dropped["no_final"] += 1
        elif moment is None:
            dropped["no_time"] += 1
        else:
            number = cell("returned").split(".")[0]
            out.append(
                Past(title, body, cell("first"), final, moment, int(number) if number.isdecimal() else None)
            )
    if not out:
        raise BadHistory(f"no usable row: {_told(dropped)}" if dropped else "the file has no rows")
    return Read(out, dict(dropped))


def moment_of(text: str) -> datetime | None:
    """A moment as exports write it; None where there is none.

    >>> moment_of("2026/3/5 8:01"), moment_of("2026年3月5日"), moment_of("早上")
    (datetime.datetime(2026, 3, 5, 8, 1), datetime.datetime(2026, 3, 5, 0, 0), None)
    """
    found = _DAY.search(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - only their order counts
    except ValueError:
        return None


def try_history(
    past: Sequence[Past], *, alpha: float = 0.03, delta: float = 0.05, say: Say = lambda _step, _share: None
) -> dict[str, Any]:
    """The figures, as plain values. Raises `BadHistory` (too few rows, one unit only) and `BadCertificate`."""
    if len(past) < LEAST:
        raise BadHistory(f"{len(past)} usable rows: at least {LEAST} are needed")
    rows = sorted(past, key=lambda one: one.at)
    a, b = int(len(rows) * LEARN), int(len(rows) * (LEARN + CALIBRATE))
    earlier, between, later = rows[:a][-MOST_LEARNED:], rows[a:b], rows[b:]
    classifier = _learned(earlier, say)
    say("asking", 0.8)
    sure, said = _asked(classifier, between)
    right = np.array([unit == one.final for unit, one in zip(said, between, strict=True)], dtype=bool)
    say("promising", 0.85)
    whole = certify(sure, right, alpha=alpha, delta=delta)
    own = unit_groups(Counter(said), kind_of_name, lambda k: labels_missing(alpha, delta / k))
    groups = certify_groups(sure, right, [own[unit] for unit in said], alpha=alpha, delta=delta)
    say("measuring", 0.9)
    sure_later, said_later = _asked(classifier, later)
    own |= {unit: kind_of_name(unit) for unit in set(said_later) - set(own)}
    return _figures(later, sure_later, said_later, whole, groups, own, earlier, between, rows)


def kind_of_name(name: str) -> str:
    """What kind of unit it is, by how its name ends: an export says no more.

    >>> kind_of_name("黄村镇"), kind_of_name("清源街道办事处"), kind_of_name("大兴自来水公司"), kind_of_name("区住建委")
    ('grassroots', 'grassroots', 'enterprise', 'bureau')
    """
    if _TOWN.search(name):
        return "grassroots"
    return "enterprise" if _ENTERPRISE.search(name) else "bureau"


# --- the parts -------------------------------------------------------------------------------------------


def _learned(rows: Sequence[Past], say: Say) -> Classifier:
    often = Counter(one.final for one in rows)
    kept = [one for one in rows if often[one.final] >= LEAST_OF_A_UNIT]
    steps = iter(range(100))

    def told(_words: str) -> None:
        say("learning", min(0.05 + 0.07 * next(steps), 0.75))

    try:
        return learn(
            [(one.title, one.body) for one in kept], [one.final for one in kept], say=told
        ).classifier
    except BadTraining as why:
        raise BadHistory(f"the earlier half cannot be learned from: {why}") from None


def _asked(classifier: Classifier, rows: Sequence[Past]) -> tuple[np.ndarray[Any, Any], list[str]]:
    likely = classifier.probabilities([(one.title, one.body) for one in rows])
    return likely.max(axis=1), [classifier.labels[at] for at in likely.argmax(axis=1)]


def _figures(
    later: Sequence[Past],
    sure: np.ndarray[Any, Any],
    said: Sequence[str],
    whole: Certificate,
    groups: Mapping[str, Certificate],
    own: Mapping[str, str],
    earlier: Sequence[Past],
    between: Sequence[Past],
    rows: Sequence[Past],
) -> dict[str, Any]:
    adviser = np.array([unit == one.final for unit, one in zip(said, later, strict=True)], dtype=bool)
    known = np.array([bool(one.first) for one in later], dtype=bool)
    people = np.array([one.first == one.final for one in later], dtype=bool)
    automatic = np.array(
        [
            (threshold := groups[own[unit]].threshold if own[unit] in groups else None) is not None
            and one >= threshold
            for unit, one in zip(said, sure, strict=True)
        ],
        dtype=bool,
    )
    wrong_first = known & ~people
    came_back = np.array([one.returned or 0 for one in later], dtype=np.int64)
    has_returns = any(one.returned is not None for one in later)
    often = Counter(said)
    units = []
    for unit, n in often.most_common(MOST_UNITS):
        here = np.array([one == unit for one in said], dtype=bool)
        goes = here & automatic
        one = groups.get(own[unit])
        units.append(
            {
                "unit": unit,
                "n": n,
                "right": int((here & adviser).sum()),
                "automatic": int(goes.sum()),
                "wrong": int((goes & ~adviser).sum()),
                "threshold": None if one is None or one.threshold is None else round(one.threshold, 4),
                "cases": one.n if one else 0,
                "missing": one.missing if one else labels_missing(whole.alpha, whole.delta),
                "coverage": round(float(goes.sum() / n), 4),
                "group": own[unit],
            }
        )
    together = []
    for group in sorted(set(own.values()), key=lambda name: (name.startswith("unit:"), name)):
        here = np.array([own[unit] == group for unit in said], dtype=bool)
        goes = here & automatic
        one = groups.get(group)
        together.append(
            {
                "group": group,
                "units": sum(name == group for name in own.values()),
                "n": int(here.sum()),
                "automatic": int(goes.sum()),
                "coverage": round(float(goes.sum() / max(int(here.sum()), 1)), 4),
                "precision": _share(int((goes & adviser).sum()), int(goes.sum())),
                "threshold": None if one is None or one.threshold is None else round(one.threshold, 4),
                "cases": one.n if one else 0,
                "missing": one.missing if one else labels_missing(whole.alpha, whole.delta),
            }
        )
    return {
        "n": len(rows),
        "from": rows[0].at.isoformat(sep=" ", timespec="minutes"),
        "to": rows[-1].at.isoformat(sep=" ", timespec="minutes"),
        "test_from": later[0].at.isoformat(sep=" ", timespec="minutes"),
        "n_learned": len(earlier),
        "n_calibrated": len(between),
        "n_test": len(later),
        "units_in_all": len({one.final for one in rows}),
        "people": _share(int((people & known).sum()), int(known.sum())),
        "adviser": _share(int(adviser.sum()), len(later)),
        "adviser_where_people_known": _share(int((adviser & known).sum()), int(known.sum())),
        "avoided": {
            "sent_wrong_first": int(wrong_first.sum()),
            "adviser_right": int((wrong_first & adviser).sum()),
            "adviser_wrong_people_right": int((known & people & ~adviser).sum()),
            "returns": int(came_back.sum()) if has_returns else None,
            "returns_avoided": int(came_back[wrong_first & adviser].sum()) if has_returns else None,
        },
        "automatic": _share(int((automatic & adviser).sum()), int(automatic.sum()))
        | {
            "coverage": round(float(automatic.mean()), 4),
            "people": _share(int((automatic & known & people).sum()), int((automatic & known).sum())),
        },
        "certificate": {
            "alpha": whole.alpha,
            "delta": whole.delta,
            "threshold": None if whole.threshold is None else round(whole.threshold, 4),
            "coverage": round(float((sure >= whole.threshold).mean()), 4)
            if whole.threshold is not None
            else 0.0,
            "missing": whole.missing,
            "why": whole.why,
        },
        "certified_units": sum(unit["threshold"] is not None for unit in units),
        "groups": together,
        "units": units,
    }


def _share(right: int, n: int) -> dict[str, Any]:
    """So many right of so many, with the exact 95 % interval (Clopper–Pearson)."""
    if not n:
        return {"right": 0, "n": 0, "share": None, "low": 0.0, "high": 1.0}
    low = float(special.betaincinv(right, n - right + 1, 0.025)) if right else 0.0
    high = float(special.betaincinv(right + 1, n - right, 0.975)) if right < n else 1.0
    return {
        "right": right,
        "n": n,
        "share": round(right / n, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def _told(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in dropped.items())


__all__ = [
    "LEAST",
    "NAMES",
    "BadHistory",
    "Past",
    "Read",
    "guessed_columns",
    "kind_of_name",
    "moment_of",
    "read_rows",
    "try_history",
]
