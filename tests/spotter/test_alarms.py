"""Alarms: distinct people in windows, colours as data, a budget."""

from pathlib import Path

import pytest

from fenzhen.spotter import BadSettings, Budget, Level, Settings, level_of


def calls(people: int, days: float) -> list[tuple[float, int]]:
    return [(at * days / max(people - 1, 1), at) for at in range(people)]


@pytest.mark.parametrize(
    ("people", "days", "colour"),
    [(2, 0.1, None), (3, 0.9, Level.BLUE), (3, 170, Level.BLUE), (3, 190, None), (5, 2.9, Level.YELLOW), (10, 6.9, Level.ORANGE), (30, 6.9, Level.RED)],
)  # fmt: skip
def test_the_colour_counts_distinct_people_in_the_rules_window(
    people: int, days: float, colour: Level | None
) -> None:
    found = level_of(calls(people, days), Settings())
    assert (found[0] if found else None) is colour


def test_sensitive_words_of_two_people_make_it_orange_and_life_safety_red_but_never_below_three_people() -> (
    None
):
    three, two = calls(3, 0.5), calls(2, 0.5)
    assert level_of(three, Settings(), sensitive={0, 1}) == (Level.ORANGE, "sensitive words of 2 people")
    assert level_of(three, Settings(), life={0, 1, 2}) == (Level.RED, "life safety named by 3 people")
    assert level_of(two, Settings(), life={0, 1, 2}) is None


def test_thresholds_come_from_a_file_and_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "spotter.toml"
    file.write_text(
        "[spotter]\nblue = {people = 4, hours = 12}\nslow = {people = 4, hours = 240}\n", encoding="utf-8"
    )
    settings = Settings.from_toml(file)
    assert level_of(calls(3, 0.1), settings) is None
    assert level_of(calls(4, 0.1), settings) is not None
    file.write_text("[spotter]\nblau = 3\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="blau"):
        Settings.from_toml(file)


def test_the_budget_holds_blue_and_yellow_back_and_never_red() -> None:
    settings = Settings(saved_up=2.0)
    budget = Budget.full(settings)
    assert [budget.spend(Level.BLUE) for _ in range(3)] == [True, True, False]
    assert [budget.spend(Level.YELLOW) for _ in range(2)] == [True, False]
    assert budget.spend(Level.RED)
