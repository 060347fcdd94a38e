"""Letters of units: what a text is like, and when they are heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenzhen.advisor import BadCatalogue, UnitLetters, read_units
from fenzhen.advisor.catalogue import UnitText

SCHOOL = (
    "新小区没有学位,孩子上不了小学",
    "学校收费补课,家长有意见",
    "幼儿园涨价,园长不解释",
    "老师的绩效工资没有发",
)
BUS = ("公交车半小时才来一趟", "请延长公交线路到新小区", "公交站台没有雨棚", "出租车不打表还拒载")
LETTERS = UnitLetters(
    [UnitText("JW", "区教委", "", "", letters=SCHOOL), UnitText("JTJ", "区交通局", "", "", letters=BUS)]
)


@pytest.mark.parametrize(("text", "unit"), [("学校又收费补课", "JW"), ("公交线路能不能延长", "JTJ")])
def test_a_text_is_like_the_letters_of_the_unit_that_answers(text: str, unit: str):
    shares = LETTERS.shares("", text)
    assert max(shares, key=lambda code: shares[code]) == unit
    assert sum(shares.values()) == pytest.approx(1)


def test_the_title_weighs_as_much_as_a_long_body():
    body = "学校的老师要收费补课,幼儿园也涨价,孩子的学位没有着落" * 5
    alone, titled = LETTERS.shares("", body), LETTERS.shares("公交车的公交线路和公交站台", body)
    assert titled["JTJ"] > alone["JTJ"]


@pytest.mark.parametrize("text", ["", "hello", "🙂", "?"])
def test_a_text_with_nothing_in_common_is_left_to_the_other_ways(text: str):
    assert LETTERS.shares("", text) == {}


def test_little_in_common_is_little_evidence():
    short, whole = LETTERS.shares("", "公交"), LETTERS.shares("", "请延长公交线路到新小区")
    assert whole["JTJ"] > short["JTJ"] > 0.5


def test_no_letters_or_those_of_one_unit_only_say_nothing():
    assert UnitLetters([]).shares("公交", "") == {}
    assert UnitLetters([UnitText("JTJ", "", "", "", letters=BUS)]).shares("公交", "") == {}


def test_letters_of_an_unknown_unit_are_refused(tmp_path: Path):
    (tmp_path / "units.csv").write_text("code,name\nA,甲局\n", "utf-8")
    (tmp_path / "unit_letters.csv").write_text("unit,text\nA,停水了\nA,停水了\nA,没水\n", "utf-8")
    assert read_units(tmp_path)[0].letters == ("停水了", "没水")
    (tmp_path / "unit_letters.csv").write_text("unit,text\nZ,停水了\n", "utf-8")
    with pytest.raises(BadCatalogue, match="Z"):
        read_units(tmp_path)
