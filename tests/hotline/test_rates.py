"""The three rates, held against the worked example of DOMAIN §5.1, and what keeps them honest."""

import pytest

from fenzhen.hotline.rates import RateRules, Rates, added, lower_bound, one_round, ranks, times

EXAMPLE = Rates(ended=100, left_out=6, reached=80, contacted=78, solved=56, partly=6, satisfied=60, basic=8)


def rounds(n: int, **said: object) -> Rates:
    return times(
        one_round(**{"reached": True, "contacted": True, "solved": "yes", "satisfied": "very"} | said), n
    )


def test_the_worked_example() -> None:
    assert EXAMPLE.due == 94
    assert round(100 * EXAMPLE.coverage, 1) == 85.1
    assert round(100 * EXAMPLE.response, 2) == 97.50
    assert round(100 * EXAMPLE.resolution(), 2) == 70.00
    assert round(100 * EXAMPLE.satisfaction(), 2) == 85.00
    assert round(100 * EXAMPLE.score(), 2) == 83.50


def test_the_worked_example_counted_round_by_round() -> None:
    parts = [
        rounds(54, satisfied="satisfied"),
        rounds(2, satisfied="basic"),
        rounds(6, solved="partly", satisfied="basic"),
        rounds(6, solved="no", satisfied="very"),
        rounds(10, solved="no", satisfied="no"),
        rounds(2, contacted=False, solved="no", satisfied="none"),
        times(one_round(reached=False), 14),
        times(one_round(reached=True, left_out=True, contacted=True, solved="no", satisfied="no"), 6),
    ]
    assert added(parts) == EXAMPLE


def test_basically_satisfied_and_partly_solved_count_as_the_district_decided() -> None:
    assert round(100 * EXAMPLE.score(RateRules(basic_counts=False)), 2) == 80.00
    assert EXAMPLE.resolution(RateRules(part_weight=0.5)) == (56 + 3) / 80


def test_whoever_was_not_reached_lowers_the_coverage_and_no_rate() -> None:
    some = rounds(10) + times(one_round(reached=False), 10)
    assert (some.coverage, some.response, some.resolution(), some.satisfaction()) == (0.5, 1.0, 1.0, 1.0)


def test_an_exclusion_that_is_reversed_counts_as_the_person_answered() -> None:
    more = EXAMPLE + Rates(left_out=-1, reached=1, contacted=1)
    assert more.reached == 81
    assert [round(100 * r, 2) for r in (more.response, more.resolution(), more.satisfaction())] == [
        97.53,
        69.14,
        83.95,
    ]


def test_a_rate_of_nobody_is_unknown_and_not_zero() -> None:
    nobody = Rates()
    assert (nobody.coverage, nobody.response, nobody.resolution(), nobody.satisfaction(), nobody.score()) == (
        None,
        None,
        None,
        None,
        None,
    )


def test_understanding_is_an_answer_of_its_own_and_not_satisfaction() -> None:
    assert one_round(reached=True, contacted=True, solved="no", satisfied="understands").satisfaction() == 0.0


def test_ten_of_ten_rank_behind_ninety_five_of_a_hundred() -> None:
    assert lower_bound(1.0, 10) < lower_bound(0.95, 100)
    assert lower_bound(0.5, 0) == 0.0
    # Wilson's interval for 81 of 100, as textbooks give it: 0.722 to 0.875.
    assert lower_bound(0.81, 100) == pytest.approx(0.722, abs=0.001)


def test_a_unit_with_fewer_than_twenty_reached_has_no_rank() -> None:
    given = {
        "small": rounds(19),
        "large": rounds(60) + rounds(40, solved="no", satisfied="no"),
        "good": rounds(25),
    }
    assert ranks(given) == {"small": None, "good": 1, "large": 2}


def test_equal_units_share_a_place() -> None:
    assert ranks({"a": rounds(30), "b": rounds(30), "c": rounds(30, solved="no")}) == {"a": 1, "b": 1, "c": 3}
