"""Numbers that identify a person leave the text; nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenzhen.hotline.privacy import (
    BadPhone,
    Sight,
    clean_text,
    lift_numbers,
    masked_name,
    masked_phone,
    normal_phone,
    sight,
)
from fenzhen.hotline.roles import Role


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("我电话13812345678随时打", ["13812345678"]),
        ("我电话138-1234-5678", ["13812345678"]),
        ("我电话138 1234 5678。", ["13812345678"]),
        ("手机号１３８１２３４５６７８", ["13812345678"]),
        ("打+8613812345678", ["13812345678"]),
        ("座机010-69298765没人接", ["01069298765"]),
        ("身份证11010519491231002X", ["11010519491231002X"]),
        ("身份证 110105194912310021,电话 13900001111", ["110105194912310021", "13900001111"]),
        ("卡号6222 0212 3456 7890 123", ["6222021234567890123"]),
        ("物业电话是69298765", ["69298765"]),
        ("先打13812345678,再打13812345678", ["13812345678"]),
    ],
)
def test_found_and_lifted(text: str, values: list[str]) -> None:
    kept, lifted = lift_numbers(text)
    assert [item.value for item in lifted] == values
    for value in values:
        assert value not in kept
    for item in lifted:
        assert item.mark in kept


@pytest.mark.parametrize(
    "text",
    [
        "3号楼1单元502室,面积89.5平米",
        "2026年3月11日14点30分",
        "工单号2026031100017",
        "欠款12345678元",
        "京A12345",
        "从2019年到2020年一共1381234元",
        "圆周率3.14159265358",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert lift_numbers(text) == (text, [])


@given(st.text(max_size=200))
def test_putting_the_numbers_back_gives_the_text(text: str) -> None:
    kept, lifted = lift_numbers(text)
    if not lifted:
        assert kept == text
    for item in lifted:
        assert item.value not in kept


@pytest.mark.parametrize("bad", ["abc", "12", "1381234567", "23812345678", "99999999999999", "138123456789"])
def test_numbers_that_cannot_exist_are_refused(bad: str) -> None:
    with pytest.raises(BadPhone):
        normal_phone(bad)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("１３８１２３４５６７８", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("12345", "12345"),
        ("69298765", "69298765"),
    ],
)
def test_one_number_has_one_form(typed: str, kept: str) -> None:
    assert normal_phone(typed) == kept


def test_masks() -> None:
    assert (masked_name("王建国"), masked_name("王"), masked_name("")) == ("王**", "*", "")
    assert masked_phone("13812345678") == "138****5678"
    assert masked_phone("69298765") == "692*8765"


def test_a_unit_never_sees_who_reported() -> None:
    see = {"same_unit": True, "is_secret": False, "is_report": False}
    assert sight(Role.UNIT_LIAISON, **see) is Sight.MASKED
    assert sight(Role.UNIT_LIAISON, **{**see, "is_report": True}) is Sight.MATTER
    assert sight(Role.UNIT_LIAISON, **{**see, "is_secret": True}) is Sight.MATTER
    assert sight(Role.UNIT_LIAISON, **{**see, "same_unit": False}) is Sight.NOTHING
    assert sight(Role.DISTRICT_LEADER, **see) is Sight.FIGURES
    assert sight(Role.ADMIN, **see) is Sight.NOTHING


def test_clean_text_keeps_what_was_written_and_drops_what_nobody_types() -> None:
    assert clean_text("  <b>急</b>\x00 😡\r\n第二行\x07 ") == "<b>急</b> 😡\n第二行"
