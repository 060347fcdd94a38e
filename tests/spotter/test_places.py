# ruff: noqa: DTZ001 - made-up moments have no zone
"""Places given: an estate and the community it lies in are not two places; one estate's other matters are other events."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fenzhen.spotter import BadWeights, Message, Settings, Spotter, Weights

MONDAY = datetime(2026, 3, 2, 9)
PARENTS = {"estate": "community", "community": "town", "other": "town"}


def message(id_: str, words: str, hours: float, place: str) -> Message:
    return Message(id_, id_, MONDAY + timedelta(hours=hours), words, words, {place: 1.0})


def joined(second: str, place: str, parents: dict[str, str]) -> bool:
    spotter = Spotter(Settings(remember=50), parents=parents)
    spotter.add(message("a", "晨光家园窗户缩水与样板间不符", 0, "estate"))
    spotter.add(message("b", "投诉晨光家园窗户缩水采光很差", 1, "estate"))
    return spotter.add(message("c", second, 2, place)).joined


def test_a_place_that_holds_the_other_is_not_another_place() -> None:
    words = "晨光家园窗户缩水要求恢复"
    assert joined(words, "estate", PARENTS)
    assert joined(words, "community", PARENTS)
    assert not joined(words, "community", {})
    assert not joined(words, "other", PARENTS)


def test_another_matter_at_the_same_estate_is_another_event() -> None:
    assert not joined("晨光家园门口乱停车", "estate", PARENTS)
    assert not joined("晨光家园垃圾没人清运", "estate", PARENTS)


def test_weights_are_kept_by_name_and_those_of_another_release_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    Weights.load().save(file)
    assert (Weights.load(file).event == Weights.load().event).all()
    file.write_text('{"pair": {"all": 1}, "event": {}}', encoding="utf-8")
    with pytest.raises(BadWeights, match="another release"):
        Weights.load(file)
