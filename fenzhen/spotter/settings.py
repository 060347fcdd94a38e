"""Thresholds as data: read from TOML, kept in one frozen object. DOMAIN.md §6.3 gives the defaults."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any


class BadSettings(ValueError):
    """A setting that does not exist or makes no sense."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many distinct people within so many hours."""

    people: int
    hours: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may be different elsewhere."""

    #: A message joins an event when the chance that it belongs is at least this.
    join: float = 0.38
    #: Two events that both fit a message this well become one.
    merge: float = 0.93
    #: A message that stands alone is drawn into the event when a later one fits both this well.
    merge_single: float = 0.45
    #: A message that stood alone joins later, when the event has grown and the chance is at least this.
    join_again: float = 0.32
    #: Below `join` and above this: shown as a likely member, for a person to confirm.
    likely: float = 0.12
    #: An event without a message for so long takes no more (half a year: slow events count).
    forget_days: float = 180.0
    #: So many messages are remembered; the oldest go first.
    remember: int = 60_000

    blue: Rule = Rule(3, 24)
    #: Slow events: so many people about one matter at one place in half a year.
    slow: Rule = Rule(3, 180 * 24)
    yellow: Rule = Rule(5, 72)
    orange: Rule = Rule(10, 7 * 24)
    red: Rule = Rule(30, 7 * 24)
    #: Yellow also when the last week has this many times the weekly mean of the 28 days before, and `yellow.people`.
    growth: float = 3.0
    #: Orange when so many people of an event use a word of `sensitive`; red likewise for `life`, whose words say that it has happened.
    sensitive_people: int = 2
    life_people: int = 3
    sensitive: tuple[str, ...] = (
        "集体上访", "联名上访", "拉横幅", "堵路", "堵门", "自杀", "跳楼", "不想活", "轻生", "讨薪", "楼要塌", "房屋倒塌", "随时倒塌", "危房",
    )  # fmt: skip
    life: tuple[str, ...] = (
        "身亡", "死亡", "死了人", "死人了", "出人命", "伤亡", "中毒了", "食物中毒", "煤气中毒", "爆炸了", "发生爆炸", "坍塌了", "发生坍塌", "塌方了",
        "燃气泄漏", "煤气泄漏", "触电了", "被困", "坠楼", "着火了", "起火了", "发生火灾",
    )  # fmt: skip
    #: A word of `life` behind one of these (within eight letters) says what is feared, not what has happened.
    unless: tuple[str, ...] = (
        "如果", "万一", "一旦", "要是", "倘若", "可能", "容易", "担心", "生怕", "害怕", "避免", "防止", "预防", "杜绝", "防范", "会", "隐患", "假如", "若",
    )  # fmt: skip
    #: How sure an event must be of its members before a slow or blue alarm rings.
    sure: float = 0.0
    #: The alarm budget: so many alarms in the long run for each message, and how many may be saved up.
    blue_per_message: float = 0.05
    yellow_per_message: float = 0.016
    saved_up: float = 12.0

    @classmethod
    def from_toml(cls, path: Path) -> Settings:
        """Read a file with a table ``[spotter]``. Raises `BadSettings` for names that do not exist."""
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8")).get("spotter", {})
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
            raise BadSettings(f"{path}: {why}") from None
        return cls().changed(given)

    def changed(self, given: dict[str, Any]) -> Settings:
        """These settings with some of them changed; rules are written as ``{people = 3, hours = 24}``."""
        known = {one.name: one for one in fields(self)}
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                raise BadSettings(f"no such setting: {name}")
            old = getattr(self, name)
            try:
                if isinstance(old, Rule):
                    made[name] = Rule(int(value["people"]), float(value["hours"]))
                elif isinstance(old, tuple):
                    made[name] = tuple(str(one) for one in value)
                else:
                    made[name] = type(old)(value)
            except (TypeError, ValueError, KeyError) as why:
                raise BadSettings(f"{name}: {why}") from None
        return replace(self, **made)
