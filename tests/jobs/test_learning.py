"""Long reckonings run in a child: one at a time, and only when something waits."""

from datetime import timedelta
from typing import Any

import pytest

from fenzhen.jobs import learning
from fenzhen.office.accounts import system_account
from fenzhen.records.advice import Trial
from tests.cast import Cast


class Child:
    """A child that runs until it is told that it has ended."""

    made: list[list[str]] = []
    ended: int | None = None

    def __init__(self, command: list[str], **_more: Any) -> None:
        Child.made.append(command)

    def poll(self) -> int | None:
        return Child.ended


@pytest.fixture(autouse=True)
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    Child.made, Child.ended = [], None
    monkeypatch.setattr(learning.subprocess, "Popen", Child)
    monkeypatch.setattr(learning, "_child", [])


def test_one_child_at_a_time_and_none_for_nothing(cast: Cast) -> None:
    system = system_account()
    assert learning.start_reckoning(system, cast.now) == 0 and Child.made == []
    Trial.objects.create(by=cast.chen, asked_at=cast.now, facts={"kind": "teach"})
    assert learning.start_reckoning(system, cast.now) == 1
    assert Child.made[0][-2:] == ["teach", "--waiting"]
    assert learning.start_reckoning(system, cast.now) == 0
    Child.ended = 0
    assert learning.start_reckoning(system, cast.now + timedelta(seconds=5)) == 1
