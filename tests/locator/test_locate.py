"""Which place do the words mean: found where it is named, asked where it is not clear, never invented."""

import random
import time
from pathlib import Path

import pytest

from fenzhen.locator import BadGazetteer, Gazetteer, Place, locate, unknown_names
from fenzhen.locator.gazetteer import fold

PLACES = [
    Place("D", "大兴区", "district", aliases=("大兴", "北京市大兴区")),
    Place("T1", "黄村镇", "town", "D", aliases=("黄村",)),
    Place("T2", "安定镇", "town", "D"),
    Place("T3", "北臧村镇", "town", "D", aliases=("北臧村",)),
    Place("T4", "魏善庄镇", "town", "D"),
    Place("T5", "旧宫镇", "town", "D"),
    Place("S1", "清源街道", "subdistrict", "D"),
    Place("S2", "荣华街道", "subdistrict", "D", run_by="北京经济技术开发区"),
    Place("C1", "枣园社区", "community", "S1"),
    Place("C2", "滨河东里社区", "community", "S1"),
    Place("V1", "车站村", "village", "T2"),
    Place("V2", "车站村", "village", "T4"),
    Place("V3", "巴园子村", "village", "T3"),
    Place("V4", "辛庄村", "village", "T1"),
    Place("E1", "兴华嘉园", "estate", "C2", aliases=("兴华嘉园小区", "兴华家园")),
    Place("E2", "兴华嘉园二期", "estate", "C2"),
    Place("E3", "南郊农场宿舍", "estate", "T5"),
    Place("R1", "清源路", "road", "S1"),
]


@pytest.fixture(scope="module")
def demo() -> Gazetteer:
    return Gazetteer.from_csv(Path(__file__).resolve().parents[2] / "demo" / "daxing" / "places.csv")


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return Gazetteer(PLACES)


@pytest.mark.parametrize(
    ("text", "code", "town"),
    [
        ("兴华嘉园3号楼电梯坏了", "E1", "S1"),
        ("兴华家园小区停水", "E1", "S1"),
        ("兴华嘉园二期没有车位", "E2", "S1"),
        ("枣园社区门口摆摊", "C1", "S1"),
        ("大兴区黄村镇有人烧垃圾", "T1", "T1"),
        ("住在黄村,家里停水", "T1", "T1"),
        ("北臧村镇的路灯坏了", "T3", "T3"),
        ("北臧村的路灯坏了", "T3", "T3"),
        ("巴园子那边有人偷倒渣土", "V3", "T3"),
        ("荣华街道办事处电话没人接", "S2", "S2"),
        ("清源路积水", "R1", "S1"),
        ("旧宫地铁口黑车多", "T5", "T5"),
        ("黄村镇,二层", "T1", "T1"),
    ],
)
def test_a_named_place_is_found(places: Gazetteer, text: str, code: str, town: str):
    found = locate(text, places)
    assert found.best is not None and found.best.code == code
    assert found.town == town
    assert found.confidence > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "小区停水三天了",
        "社会安定团结",
        "希望有一个安定的环境",
        "在安定的环境里学习",
        "去北京安定医院看病",
        "享受荣华富贵",
        "正本清源,依法处理",
        "阳光花园停水",
        "西黄村小区暖气不热",
        "王辛庄村的路",
        "大兴土木",
        "大兴区有没有老年餐桌",
        "🙂<b>'; DROP TABLE places;--\x00",
    ],
)
def test_ordinary_words_and_unknown_places_are_no_place(places: Gazetteer, text: str):
    found = locate(text, places)
    assert (found.best, found.town, found.confidence, found.candidates) == (None, None, 0.0, ())


def test_a_name_that_two_towns_share_gives_candidates_and_no_guess(places: Gazetteer):
    found = locate("车站村的垃圾没人清", places)
    assert found.best is None and found.town is None
    assert {place.code for place, _ in found.candidates} == {"V1", "V2"}
    assert abs(found.candidates[0][1] - found.candidates[1][1]) < 1e-6
    assert "ambiguous" in found.why


def test_the_town_beside_the_name_decides(places: Gazetteer):
    assert locate("安定镇车站村的垃圾没人清", places).best.code == "V1"
    assert locate("车站村的垃圾没人清,魏善庄镇不管", places).best.code == "V2"
    assert locate("车站村的垃圾没人清", places, hint="魏善庄镇").best.code == "V2"


def test_agreement_makes_surer_and_disagreement_less_sure(places: Gazetteer):
    alone = locate("兴华嘉园停水", places).confidence
    agreed = locate("清源街道滨河东里社区兴华嘉园停水", places)
    disputed = locate("旧宫镇兴华嘉园停水", places)
    assert agreed.confidence > alone > disputed.confidence
    assert agreed.best.code == "E1" and "agree" in agreed.why
    assert "disagree" in disputed.why
    assert {place.town for place, _ in disputed.candidates} == {"S1", "T5"}


def test_two_towns_named_alike_are_asked_about(places: Gazetteer):
    found = locate("黄村镇和旧宫镇交界处有人倒渣土", places)
    assert found.best is None and found.town is None
    assert {place.code for place, _ in found.candidates} == {"T1", "T5"}


def test_saying_a_name_twice_is_no_second_witness(places: Gazetteer):
    once = locate("黄村镇停水", places).confidence
    assert locate("黄村镇停水,黄村镇停电,黄村镇停气", places).confidence == once


def test_two_estates_of_one_community_give_the_community(places: Gazetteer):
    found = locate("兴华嘉园和兴华嘉园二期都停水", places)
    assert found.best is not None and found.best.code == "C2"
    assert found.town == "S1"


def test_a_place_of_another_district_counts_little(places: Gazetteer):
    assert locate("海淀区清源路堵车", places).confidence < locate("清源路堵车", places).confidence
    assert locate("大兴区清源路堵车", places).confidence == locate("清源路堵车", places).confidence


def test_spans_mark_the_words_as_given(places: Gazetteer):
    text = "您好,兴华嘉园(3号楼)停水"
    ((start, end, code),) = locate(text, places).spans
    assert (text[start:end], code) == ("兴华嘉园", "E1")


def test_probabilities_are_plain_data_and_at_most_one(places: Gazetteer):
    shares = locate("车站村和黄村镇", places).probabilities()
    assert all(isinstance(code, str) for code in shares)
    assert 0 < sum(shares.values()) <= 1


def test_full_width_letters_change_nothing():
    gazetteer = Gazetteer([Place("1", "A区广场", "town"), Place("2", "金茂UP小区", "estate", "1")])
    assert locate("金茂UP小区停电", gazetteer).best.code == "2"


def test_names_are_the_longest_from_the_left_and_none_is_lost(places: Gazetteer):
    names = [name for place in PLACES for name in (place.name, *place.aliases)] + ["枣园", "南郊", "滨河"]
    known = {fold(name) for place in PLACES for name in (place.name, *place.aliases)}
    known |= {"安定", "魏善庄", "旧宫", "清源", "荣华", "巴园子", "滨河东里"}
    rng = random.Random(5)
    for _ in range(500):
        text = "".join(
            rng.choice(["的", "在", ","]) + rng.choice(names)[: rng.choice([2, 3, 9])] for _ in range(4)
        )
        expected, at = [], 0
        while at < len(text):
            length = next(
                (n for n in range(12, 1, -1) if text[at : at + n] in known and at + n <= len(text)), 0
            )
            if length and text[at : at + length] not in ("大兴", "大兴区", "北京市大兴区"):
                expected.append(text[at : at + length])
            at += length or 1
        assert [text[start:end] for start, end, *_ in places.names_in(text)] == expected, text


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([Place("1", "甲", "town"), Place("1", "乙", "town")], "twice"),
        ([Place("1", "甲", "planet")], "kind"),
        ([Place("1", "甲", "estate", "9")], "parent"),
        ([Place("", "甲", "town")], "without"),
    ],
)
def test_a_list_that_cannot_be_right_is_refused(rows: list[Place], what: str):
    with pytest.raises(BadGazetteer, match=what):
        Gazetteer(rows)


def test_a_csv_gives_a_gazetteer(tmp_path: Path):
    path = tmp_path / "places.csv"
    path.write_text(
        "code,name,kind,parent,aliases,run_by,note\n1,柳河镇,town,,柳河;柳河地区,,\n2,晨光园社区,community,1,,,\n",
        "utf-8",
    )
    gazetteer = Gazetteer.from_csv(path)
    assert locate("晨光园的路灯", gazetteer).town == "1"
    assert gazetteer.parents == {"2": "1"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("黄村镇碧波雅苑3号楼停水", ["碧波雅苑"]),
        ("反映一下碧波家园小区没人管,碧波家园小区的路也坏", ["碧波家园小区"]),
        ("在旧宫镇大稿村有人偷倒渣土", ["大稿村"]),
        ("兴华嘉园3号楼电梯坏了", []),
        ("兴花嘉园小区停水", []),  # nearly said
        ("老旧小区没人管,我们村的路灯不亮,孩子上学要过马路", []),
        ("小区门口的道路就变成了夜市", []),
        ("", []),
    ],
)
def test_names_that_no_place_matches_are_told(places: Gazetteer, text: str, names: list[str]):
    assert unknown_names(text, places) == names


def test_three_thousand_texts_a_second(places: Gazetteer):
    text = ("我住在大兴区兴华嘉园3号楼,楼下饭馆油烟特别大,找了物业和城管都没有解决," * 6)[:300]
    locate(text, places)
    best = 0.0
    for _ in range(3):  # the best of three: other work on the machine is not what is measured
        began = time.process_time()  # our own work, however busy the machine is
        for _ in range(300):
            locate(text, places)
        best = max(best, 300 / (time.process_time() - began))
    assert best > 1500  # half of the target, so that a busy machine does not fail the house


@pytest.mark.parametrize(
    ("text", "town"),
    [
        (
            "几户人家想接市政燃气\n前管营村的管子到了村口",
            "北臧村镇",
        ),  # a line break ends what was said before it
        ("路上没有路灯\n旧宫那家超市门口", "旧宫镇"),
        ("我从采育去上班", "采育镇"),
        ("采育一家饭馆的油烟", "采育镇"),
        ("请榆垡镇给个说法", "榆垡镇"),
        ("一车石子洒在地上\n欣宁街天天这样", "西红门镇"),  # 石子 may be 石柱子村; the road was said
        ("正本清源，从头来过", ""),
        ("社会安定，生活幸福", ""),
        ("保安骂人", ""),  # perhaps 保安庄: worth a question, no town
    ],
)
def test_a_town_is_said_where_callers_name_it_in_passing(demo: Gazetteer, text: str, town: str):
    found = locate(text, demo)
    assert (demo[found.town].name if found.town else "") == town
