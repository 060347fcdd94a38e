"""Whose matter is it: the duty list answers, and says which rule."""

from datetime import date
from pathlib import Path

import pytest

from fenzhen.hotline.duty import BadDutyList, DutyBook, DutyRule, read_duties, unit_in_charge

TODAY = date(2024, 6, 1)
TOWNS = {"110115006": "T006", "110115103": "T103"}
PARENTS = {"110115006": "110115", "110115103": "110115", "110115006001": "110115006", "E1": "110115006001"}


def ask(*rules, category="040102", territory=None, place_type=None, on=TODAY):
    return unit_in_charge(
        DutyBook(rules, TOWNS, PARENTS), category=category, territory=territory, place_type=place_type, on=on
    )


def test_the_longest_category_prefix_speaks():
    rules = (
        DutyRule("a", "04", lead="CGW"),
        DutyRule("b", "0401", lead="SHUI"),
        DutyRule("c", "040102", lead="SW"),
    )
    assert ask(*rules).lead == "SW"
    assert ask(*rules, category="040199").lead == "SHUI"
    assert ask(*rules, category="049900").lead == "CGW"


def test_no_rule_means_no_answer_and_not_a_guess():
    assert ask(DutyRule("a", "05", lead="JTJ")) is None


def test_a_longer_prefix_beats_a_rule_that_names_the_territory():
    rules = (DutyRule("a", "04", territory="110115006", lead="KFQ"), DutyRule("b", "0401", lead="SHUI"))
    assert ask(*rules, territory="110115006").lead == "SHUI"


def test_the_rule_of_the_territory_beats_the_general_one_for_every_place_inside():
    rules = (DutyRule("a", "0401", lead="SHUI"), DutyRule("b", "0401", territory="110115006", lead="KFQ"))
    assert ask(*rules, territory="E1").lead == "KFQ"
    assert ask(*rules, territory="110115103").lead == "SHUI"
    assert ask(*rules).lead == "SHUI"


def test_the_nearest_territory_speaks():
    rules = (
        DutyRule("a", "0401", territory="110115006", lead="KFQ"),
        DutyRule("b", "0401", territory="110115006001", lead="LKQ"),
    )
    assert ask(*rules, territory="E1").lead == "LKQ"


def test_a_territory_beats_a_type_of_place():
    rules = (
        DutyRule("a", "0401", place_type="estate", lead="ZJW"),
        DutyRule("b", "0401", territory="110115006", lead="KFQ"),
    )
    assert ask(*rules, territory="110115006", place_type="estate").lead == "KFQ"
    assert ask(*rules, territory="110115103", place_type="estate").lead == "ZJW"
    assert ask(*rules, territory="110115103", place_type="road") is None


def test_the_rule_that_came_into_force_last_speaks_and_old_ones_are_silent():
    rules = (
        DutyRule("old", "04", lead="CGW", valid_from=date(2020, 1, 1), valid_to=date(2023, 12, 31)),
        DutyRule("new", "04", lead="CGZF", valid_from=date(2024, 1, 1)),
        DutyRule("next", "04", lead="SW", valid_from=date(2025, 1, 1)),
    )
    assert ask(*rules).rule.id == "new"
    assert ask(*rules, on=date(2023, 12, 31)).rule.id == "old"
    assert ask(*rules, on=date(2025, 1, 1)).rule.id == "next"
    assert ask(*rules, on=date(2019, 1, 1)) is None


def test_the_town_is_the_one_in_whose_area_the_estate_lies():
    found = ask(DutyRule("a", "04", lead="@town", assist=("CGW", "@town")), territory="E1")
    assert (found.lead, found.assist, found.needs_place) == ("T006", ("CGW",), False)
    assert "town_of_place" in found.why


def test_without_a_place_the_town_stays_open_and_is_asked_for():
    found = ask(DutyRule("a", "04", lead="@town", assist=("CGW",), level=2))
    assert (found.lead, found.needs_place, found.level) == ("@town", True, 2)
    assert "place_unknown" in found.why


def test_a_place_outside_the_district_is_an_unknown_place():
    assert ask(DutyRule("a", "04", lead="@town"), territory="320000").needs_place


@pytest.mark.parametrize("lead", ["@town", "T006"])
def test_what_is_not_for_the_grassroots_goes_to_the_floor_unit_instead_of_a_town(lead):
    found = ask(
        DutyRule("a", "04", lead=lead, assist=("@town", "SW"), floor_unit="CGW", not_grassroots=True),
        territory="E1",
    )
    assert (found.lead, found.is_floor, found.assist) == ("CGW", True, ("SW",))
    assert "not_for_towns" in found.why


def test_what_is_not_for_the_grassroots_falls_to_the_next_bureau_never_to_a_town():
    rules = (
        DutyRule("a", "0401", lead="@town", not_grassroots=True),
        DutyRule("b", "04", lead="@town", floor_unit="@town"),
        DutyRule("c", "", lead="XFB"),
    )
    assert ask(*rules, territory="E1").lead == "XFB"
    assert ask(*rules[:2], territory="E1") is None


def test_a_bureau_that_leads_is_not_disturbed_by_the_mark():
    found = ask(DutyRule("a", "04", lead="RSJ", floor_unit="XFB", not_grassroots=True), territory="E1")
    assert (found.lead, found.is_floor) == ("RSJ", False)


def test_places_that_lie_in_each_other_do_not_hang_the_look_up():
    book = DutyBook([DutyRule("a", "04", lead="@town")], {}, {"x": "y", "y": "x"})
    assert unit_in_charge(book, category="0401", territory="x", place_type=None, on=TODAY).needs_place


HEADER = (
    "id,category,territory,place_type,lead,assist,level,basis,basis_doc,"
    "valid_from,valid_to,floor_unit,not_grassroots,note\n"
)


def test_a_list_is_read_with_its_dates_and_lists(tmp_path: Path):
    path = tmp_path / "duties.csv"
    path.write_text(HEADER + "A1,0401,,estate,SHUI,@town;CGW,2,法,条例,2024-01-01,,SW,1,\n", encoding="utf-8")
    (rule,) = read_duties(path)
    assert rule == DutyRule(
        "A1",
        "0401",
        "",
        "estate",
        "SHUI",
        ("@town", "CGW"),
        2,
        "法",
        "条例",
        date(2024, 1, 1),
        None,
        "SW",
        True,
        "",
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (",04,,,CGW,,3,,,,,,0,", "no id"),
        ("A,04,,,CGW,,5,,,,,,0,", "level"),
        ("A,04,,,CGW,,3,,,2024-13-01,,,0,", "valid_from"),
        ("A,04,,,CGW,,3,,,2024-02-01,2024-01-01,,0,", "before"),
    ],
)
def test_a_row_that_cannot_be_right_is_named(tmp_path: Path, row: str, what: str):
    path = tmp_path / "duties.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(BadDutyList, match=what) as caught:
        read_duties(path)
    assert "row 2" in str(caught.value)


def test_a_district_folder_gives_a_book(tmp_path: Path):
    (tmp_path / "duties.csv").write_text(HEADER + "A1,,,,@town,,3,,,,,,0,\n", encoding="utf-8")
    (tmp_path / "units.csv").write_text(
        "code,name,short_name,aliases,kind,line,territory,duties,note\n"
        "T006,天宫院街道,,,subdistrict,district,110115006,,\nSW,水务局,,,bureau,district,,,\n",
        encoding="utf-8",
    )
    (tmp_path / "places.csv").write_text(
        "code,name,kind,parent,aliases,run_by,note\nE1,某小区,estate,110115006,,,\n", encoding="utf-8"
    )
    book = DutyBook.from_district(tmp_path)
    assert book.towns == {"T006"}
    assert (
        unit_in_charge(book, category="010101", territory="E1", place_type="estate", on=TODAY).lead == "T006"
    )
