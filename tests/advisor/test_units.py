"""Which unit: the doubt about the matter and the doubt about the place are added up."""

from datetime import date
from pathlib import Path

import pytest

from fenzhen.advisor import (
    Advice,
    Adviser,
    BadCatalogue,
    UnitLetters,
    UnitWords,
    advise,
    advise_batch,
    read_units,
)
from fenzhen.advisor.catalogue import UnitText
from fenzhen.hotline.duty import DutyBook, DutyRule

DAY = date(2024, 6, 1)
RULES = [
    DutyRule("all", "", lead="XFB"),
    DutyRule("estate", "0102", lead="@town", assist=("SCJG", "ZJW"), basis="物业条例", floor_unit="ZJW"),
    DutyRule("fees", "0101", lead="@town", assist=("ZJW",)),
    DutyRule("water", "0401", lead="SHUI", assist=("SW",), level=2),
    DutyRule("heat", "0404", lead="RELI", assist=("CGW",), level=2),
    DutyRule("heat-T2", "0404", territory="T2", lead="CGW", level=2),
    DutyRule("pay", "12", lead="RSJ", not_grassroots=True),
    DutyRule("smoke", "0901", lead="@town", assist=("STHJ",)),
    DutyRule("parking-estate", "0601", place_type="estate", lead="@town"),
    DutyRule("parking", "0601", lead="JJ"),
]
BOOK = DutyBook(RULES, {"T1": "T001", "T2": "T002"}, {"E1": "T1", "E2": "T2"})
LIFT = ("电梯坏了", "3号楼电梯停运一个星期,老人下不了楼,物业不修")


def ask(adviser: Adviser, text: tuple[str, str], place=None, place_type=None, **more) -> Advice:
    return advise(adviser, BOOK, *text, place, place_type, DAY, **more)


def test_the_town_of_the_estate_leads(adviser: Adviser):
    advice = ask(adviser, LIFT, {"E1": 0.95})
    first = advice.units[0]
    assert (first.unit, first.rule.id, first.assist) == ("T001", "estate", ("SCJG", "ZJW"))
    assert first.category == "010201"
    assert not advice.needs_place


def test_both_doubts_are_multiplied_and_added(plain_adviser: Adviser):
    likely = {one.code: one.probability for one in plain_adviser.categories(*LIFT, top=8)}
    towns = likely["010201"] + likely["010103"] + likely["090101"]
    advice = ask(plain_adviser, LIFT, {"E1": 0.6, "E2": 0.3})
    found = {one.unit: one.probability for one in advice.units}
    assert found["T001"] == pytest.approx(0.6 * towns, abs=0.02)
    assert found["T002"] == pytest.approx(0.3 * towns, abs=0.02)
    assert advice.why_not_second is not None and advice.why_not_second.same_category


def test_without_a_place_the_town_is_asked_for(adviser: Adviser):
    advice = ask(adviser, LIFT)
    assert advice.needs_place and advice.units[0].unit == "@town"
    assert advice.units[0].needs_place


def test_a_half_known_place_names_its_town_and_not_some_town(adviser: Adviser):
    units = [one.unit for one in ask(adviser, LIFT, {"E1": 0.5}, top=8).units]
    assert "T001" in units and "@town" not in units


def test_a_rule_of_the_territory_and_of_the_place_type_is_heard(adviser: Adviser):
    heat = ("暖气不热", "暖气冰凉,室温只有十四度,供热单位不管")
    assert ask(adviser, heat, {"E1": 1.0}).units[0].unit == "RELI"
    assert ask(adviser, heat, {"E2": 1.0}).units[0].unit == "CGW"
    parking = ("乱停车", "消防通道被车堵死,路边停满了车")
    assert ask(adviser, parking, {"E1": 1.0}, "road").units[0].unit == "JJ"
    assert ask(adviser, parking, {"E1": 1.0}, "estate").units[0].unit == "T001"


def test_danger_in_the_words_makes_the_level_faster_than_the_rule(adviser: Adviser):
    calm = ask(adviser, LIFT, {"E1": 1.0})
    assert (calm.level, calm.redirect, calm.signals) == (3, None, ())
    danger = ask(adviser, ("电梯困人", "我们两个人被困在电梯里了"), {"E1": 1.0})
    assert (danger.level, danger.redirect) == (1, "119")
    assert danger.signals[0].code == "lift_trapped"


def test_the_rule_gives_the_level_where_there_is_no_danger(adviser: Adviser):
    assert ask(adviser, ("水压", "顶楼水压小,洗不了澡"), {"E1": 1.0}, level_default=4).level == 2


def test_without_any_rule_the_given_level_stands(adviser: Adviser):
    empty = advise(adviser, DutyBook([]), *LIFT, None, None, DAY, 4)
    assert (empty.units, empty.level, empty.why_not_second) == ((), 4, None)


def test_only_some_units_may_be_named(adviser: Adviser):
    bureaus = {"XFB", "SCJG", "ZJW", "SW", "RELI", "CGW", "RSJ", "STHJ", "JJ", "SHUI"}
    advice = ask(adviser, LIFT, {"E1": 1.0}, only=bureaus)
    assert advice.units[0].unit == "SCJG"
    assert advice.units[0].in_place_of == "T001"
    assert all(one.unit in bureaus for one in advice.units)


def test_empty_text_is_no_confident_advice(adviser: Adviser):
    advice = ask(adviser, ("", ""), {"E1": 1.0})
    assert advice.words == ()
    assert max(one.probability for one in advice.categories) < 0.13


def test_what_speaks_for_the_first_and_for_the_second_is_given(plain_adviser: Adviser):
    text = ("工资和油烟", "饭馆拖欠工资三个月,老板不给,另外饭馆油烟也往居民屋里灌")
    advice = ask(plain_adviser, text, {"E1": 1.0})
    assert {one.unit for one in advice.units[:2]} == {"RSJ", "T001"}
    why = advice.why_not_second
    assert why is not None and not why.same_category and why.behind >= 0
    said = "".join(
        {"title": text[0], "body": text[1]}[word.field][word.start : word.end] for word in why.words
    )
    assert ("油烟" in said) != ("工资" in said)


def test_many_at_once_agree_with_one_at_a_time(adviser: Adviser):
    texts = [LIFT, ("停水", "家里没水了,一滴都不出")]
    together = advise_batch(adviser, BOOK, texts, DAY)
    for text, advice in zip(texts, together, strict=True):
        alone = ask(adviser, text, explain=False)
        assert [one.unit for one in advice.units] == [one.unit for one in alone.units]


def test_place_probabilities_above_one_are_brought_down(adviser: Adviser):
    advice = ask(adviser, LIFT, {"E1": 1.5, "E2": 0.5})
    assert sum(one.probability for one in advice.units) <= 1.0001


def test_as_many_units_are_named_as_are_asked_for(adviser: Adviser):
    text = ("电梯坏了", "电梯坏了一礼拜没人修,电梯停运,物业不修电梯,坐电梯老往下掉,电梯门夹人")
    assert len(ask(adviser, text, {"E1": 1.0}, top=5).units) == 5
    probabilities = [one.probability for one in ask(adviser, text, {"E1": 1.0}, top=5).units]
    assert probabilities == sorted(probabilities, reverse=True)


# --- only some units ------------------------------------------------------------------------------------------------------

BUREAUS = {"XFB", "SCJG", "ZJW", "SW", "RELI", "CGW", "RSJ", "STHJ", "JJ", "SHUI"}
WORDS = UnitWords(
    [
        UnitText("SCJG", "市场监管局", "市监局", "bureau", aliases=("工商局",), words=("特检", "电梯年检")),
        UnitText("ZJW", "住建委", "房管局", "bureau", words=("物业", "电梯", "加装电梯")),
        UnitText("XFB", "信访办", "信访局", "bureau", words=("上访",)),
    ]
)


def test_those_that_assist_are_named_after_the_one_that_stands_for_the_town(adviser: Adviser):
    advice = ask(adviser, LIFT, {"E1": 1.0}, only=BUREAUS, top=8)
    found = {one.unit: one.probability for one in advice.units}
    assert found["SCJG"] > found["ZJW"] > found.get("RELI", 0.0)
    assert sum(found.values()) <= 1.001


def test_a_rule_without_an_allowed_unit_gives_way_to_the_next_that_names_one(adviser: Adviser):
    parking = ("乱停车", "消防通道被车堵死,路边停满了车")
    first = ask(adviser, parking, {"E1": 1.0}, "estate", only={"XFB"}).units[0]
    assert (first.unit, first.rule.id, first.in_place_of) == ("XFB", "parking-estate", "T001")


def test_a_unit_s_own_words_are_heard_beside_the_categories(adviser: Adviser):
    text = ("电梯问题", "电梯年检过期了,特检所没来过,工商局也不管")
    without = {one.unit: one.probability for one in ask(adviser, text, only=BUREAUS, top=9).units}
    heard = {one.unit: one.probability for one in ask(adviser, text, only=BUREAUS, words=WORDS, top=9).units}
    assert heard["SCJG"] > without["SCJG"]
    assert heard["SCJG"] > heard["ZJW"]


def test_words_say_nothing_where_the_lead_is_asked_for(adviser: Adviser):
    text = ("停水", "家里没水了,上访上访上访")
    plain, heard = ask(adviser, text, {"E1": 1.0}), ask(adviser, text, {"E1": 1.0}, words=WORDS)
    assert [(one.unit, one.probability) for one in plain.units] == [
        (one.unit, one.probability) for one in heard.units
    ]


LIFTS = ("电梯坏了没人修", "电梯的年检标志过期了", "电梯老是坏,一直没人修", "电梯坏了,老人下不了楼")
FEES = ("物业费又涨了", "业委会选不出来", "买房的定金退不回来", "楼盘停工,交房延期")


def test_a_unit_is_likelier_where_letters_to_it_say_the_same(adviser: Adviser):
    def heard(scjg: tuple[str, ...], zjw: tuple[str, ...]) -> dict[str, float]:
        letters = UnitLetters(
            [UnitText("SCJG", "", "", "", letters=scjg), UnitText("ZJW", "", "", "", letters=zjw)]
        )
        found = ask(adviser, ("电梯问题", "电梯坏了没人修"), only=BUREAUS, letters=letters, top=9)
        return {one.unit: one.probability for one in found.units}

    assert heard(LIFTS, FEES)["SCJG"] > heard(FEES, LIFTS)["SCJG"]
    assert sum(heard(LIFTS, FEES).values()) <= 1.001


@pytest.mark.parametrize("body", ["", "?", "您好", "hello there", "🙂"])
def test_a_text_that_says_nothing_names_nobody_with_confidence(adviser: Adviser, body: str):
    advice = ask(adviser, ("", body), only=BUREAUS, words=WORDS)
    assert max(one.probability for one in advice.units) < 0.5


def test_the_longest_word_at_a_place_speaks_alone():
    words = UnitWords(
        [UnitText("A", "", "甲局", "", words=("电梯",)), UnitText("B", "", "乙局", "", words=("加装电梯",))]
    )
    assert words.shares("", "想加装电梯") == {"B": 1.0}
    assert words.shares("电梯", "想加装电梯") == {"A": 0.5, "B": 0.5}


def test_a_word_of_two_units_speaks_half_for_each():
    words = UnitWords(
        [
            UnitText("A", "", "甲局", "", words=("噪声",)),
            UnitText("B", "", "乙局", "", words=("噪声", "工地")),
        ]
    )
    shares = words.shares("", "工地噪声")
    assert shares["A"] == pytest.approx(0.25) and shares["B"] == pytest.approx(0.75)


def test_units_without_words_are_no_error():
    assert UnitWords([]).shares("停水", "没水了") == {}
    assert UnitWords([UnitText("A", "", "", "")]).shares("停水", "") == {}


def test_words_of_an_unknown_unit_are_refused(tmp_path: Path):
    (tmp_path / "units.csv").write_text(
        "code,name,short_name,aliases,kind\nA,甲局,甲,甲方;老甲,bureau\n", "utf-8"
    )
    assert read_units(tmp_path)[0].aliases == ("甲方", "老甲")
    (tmp_path / "unit_words.csv").write_text("unit,words\nA,停水;水管\n", "utf-8")
    assert read_units(tmp_path)[0].words == ("停水", "水管")
    (tmp_path / "unit_words.csv").write_text("unit,words\nZ,停水\n", "utf-8")
    with pytest.raises(BadCatalogue, match="Z"):
        read_units(tmp_path)
