"""Cleaning keeps the meaning and the positions; the lists' own hints are read."""

from pathlib import Path

import pytest

from fenzhen.advisor.catalogue import BadCatalogue, phrases_from_elsewhere, read_categories
from fenzhen.advisor.text import WORD, clean, clean_with_origins, grams, placed_grams, plain_for_embedding

TEXTS = ["ABC 12:30 停水", "<b>停水</b>\x00了", "第3天,共1200元", "㎡和①号", "", "  \n "]


@pytest.mark.parametrize("text", TEXTS)
def test_every_cleaned_character_knows_where_it_stood(text: str):
    cleaned = clean_with_origins(text)
    assert len(cleaned.text) == len(cleaned.origins)
    assert all(0 <= at < len(text) for at in cleaned.origins)
    assert list(cleaned.origins) == sorted(cleaned.origins)


def test_cleaning_makes_forms_alike():
    assert clean("ABC 123 停水") == "abc 0 停水" == clean("abc\u3000456\n停水")
    assert clean("<p>停水</p>") == "停水"
    assert clean("停\x00水") == "停 水"


def test_greetings_do_not_reach_the_encoder_but_are_never_all_there_is():
    assert plain_for_embedding("尊敬的领导:您好!小区停水,谢谢!", 100) == "小区停水,"
    assert plain_for_embedding("您好", 100) == "您好"


def test_n_grams_do_not_cross_punctuation():
    found = grams("停水,停电")
    assert "停水" in found and "水停" not in found
    assert WORD + "停电" in found


def test_placed_grams_are_the_same_features_in_their_places():
    text = clean("小区停水,停水两天")
    placed = list(placed_grams(text))
    assert {feature for feature, *_ in placed} == set(grams(text))
    assert all(text[start:end] == feature.removeprefix(WORD) for feature, start, end in placed)


def test_what_other_leaves_send_here_is_read_as_a_description():
    found = phrases_from_elsewhere(
        {
            "010101": "停水归040101 停水;催费看 010102,装修押金归010102物业收费。",
            "010102": "找999999",
            "040101": "",
        }
    )
    assert found["040101"] == ["停水"]
    assert all("010102" not in phrase for phrases in found.values() for phrase in phrases)
    assert "999999" not in found


def test_a_code_given_twice_is_refused(tmp_path: Path):
    (tmp_path / "categories.csv").write_text("code,level1,level2,name\n010101,a,b,c\n010101,a,b,d\n", "utf-8")
    with pytest.raises(BadCatalogue, match="010101"):
        read_categories(tmp_path)


def test_a_list_without_rows_is_refused(tmp_path: Path):
    (tmp_path / "categories.csv").write_text("code,level1,level2,name\n", "utf-8")
    with pytest.raises(BadCatalogue):
        read_categories(tmp_path)
