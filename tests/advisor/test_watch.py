"""The alarm and the interval on audited dispatches, against shares that are known."""

import json

import numpy as np
import pytest
from scipy import stats

from fenzhen.advisor.watch import BadWatch, Watch

ALPHA, DELTA = 0.05, 0.1


def allowed(repeats):
    """δ, and what so many repeats may show above it by chance (once in a thousand)."""
    return stats.binom.ppf(0.999, repeats, DELTA) / repeats


def test_a_false_alarm_comes_no_more_often_than_delta_however_often_one_looks():
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(120):
        watch = Watch(ALPHA, DELTA)
        for wrong in rng.random(150) < ALPHA:
            watch.add(bool(wrong))
        false += watch.alarm
    assert 0 < false / 120 <= allowed(120)


def test_audits_drawn_more_often_where_it_is_hard_raise_no_more_false_alarms():
    """Half of the tickets are hard (9 % wrong, audited nine times as often), half easy (1 %): 5 % in all."""
    rng = np.random.default_rng(2)
    false = unweighted = 0
    for _ in range(40):
        watch, naive = Watch(ALPHA, DELTA, heaviest=5.0), Watch(ALPHA, DELTA)
        for hard in rng.random(200) < 0.9:
            wrong = bool(rng.random() < (0.09 if hard else 0.01))
            watch.add(wrong, 0.5 / 0.9 if hard else 0.5 / 0.1)
            naive.add(wrong)
        false += watch.alarm
        unweighted += naive.alarm
    assert false / 40 <= allowed(40) < unweighted / 40


def test_the_interval_holds_the_true_share_at_every_moment():
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(50):
        watch, ever = Watch(ALPHA, DELTA), False
        for number, wrong in enumerate(rng.random(150) < 0.08):
            watch.add(bool(wrong))
            if number % 15 == 14:
                low, high = watch.interval(DELTA)
                ever = ever or not low <= 0.08 <= high
        missed += ever
    assert missed / 50 <= allowed(50)
    assert 0.01 < low < 0.08 < high < 0.25  # and says something


def test_a_long_good_time_hardly_delays_the_alarm():
    """Three times as many wrong as promised after 20 or after 400 good cases: both are seen within 150."""

    def cases_until_alarm(good):
        rng = np.random.default_rng(4)
        took = []
        for _ in range(9):
            watch = Watch(ALPHA, DELTA)
            for wrong in rng.random(good) < 0.02:
                watch.add(bool(wrong))
            number = 0
            while not watch.alarm and number < 500:
                watch.add(bool(rng.random() < 0.15))
                number += 1
            took.append(number)
        return np.median(took)

    soon, late = cases_until_alarm(20), cases_until_alarm(400)
    assert soon <= 110 and late <= 150, (soon, late)


def test_a_watch_is_kept_as_plain_values_and_goes_on_as_if_it_had_never_stopped():
    rng = np.random.default_rng(5)
    watch, other = Watch(ALPHA, DELTA, heaviest=3.0), Watch(ALPHA, DELTA, heaviest=3.0)
    for wrong, weight in zip(rng.random(80) < 0.1, rng.choice([0.5, 1.0, 2.5], 80), strict=True):
        watch.add(bool(wrong), float(weight))
        other = Watch.from_state(json.loads(json.dumps(other.state())))
        other.add(bool(wrong), float(weight))
    assert other.cases == watch.cases == 80
    assert other.evidence == pytest.approx(watch.evidence)
    assert other.interval() == watch.interval()


def test_values_that_make_no_sense_are_refused():
    for make in (
        lambda: Watch(0.0),
        lambda: Watch(0.05, 1.0),
        lambda: Watch(0.05, heaviest=0),
        lambda: Watch(0.05).add(True, 1.5),
        lambda: Watch(0.05).interval(2),
        lambda: Watch.from_state({"alpha": 0.05}),
        lambda: Watch.from_state(
            {"alpha": 0.05, "delta": 0.1, "heaviest": 1, "evidence": 1, "blocks": [["x"]]}
        ),
    ):
        with pytest.raises(BadWatch):
            make()
