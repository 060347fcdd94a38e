"""The settings of a district's file are the ones that the rates are reckoned by."""

import tomllib
from pathlib import Path

import fenzhen
from fenzhen.board.rates import rate_rules
from fenzhen.records.district import District
from tests.cast import Cast

DEMO = Path(fenzhen.__file__).parents[1] / "demo" / "daxing" / "district.toml"


def test_the_demo_districts_file_is_understood(cast: Cast) -> None:
    District.objects.update(settings=tomllib.loads(DEMO.read_text()))
    rules = rate_rules(cast.chen)
    assert rules.weights == (0.30, 0.35, 0.35)
    assert (rules.basic_counts, rules.part_weight, rules.rank_from) == (True, 0.0, 20)


def test_each_setting_changes_its_own_rule(cast: Cast) -> None:
    District.objects.update(
        settings={
            "rates": {
                "weights": {"response": 0.2, "resolution": 0.5, "satisfaction": 0.3},
                "partly_solved": 0.5,
                "basic_counts_as_satisfied": False,
                "min_n_for_rank": 7,
            }
        }
    )
    rules = rate_rules(cast.chen)
    assert rules.weights == (0.2, 0.5, 0.3)
    assert (rules.basic_counts, rules.part_weight, rules.rank_from) == (False, 0.5, 7)
