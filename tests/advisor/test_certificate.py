"""The promise, against populations whose true share of wrong answers is known."""

import numpy as np
import pytest
from scipy import stats

from fenzhen.advisor.certificate import (
    GRID,
    Allowance,
    BadCertificate,
    BettingTest,
    certify,
    certify_groups,
    labels_missing,
    wrong_at_most,
)

ALPHA, DELTA = 0.03, 0.05


class Population:
    """Confidences uniform in log-odds -1..8; how often one is right is known at each, so the truth is an average."""

    def __init__(self, boast: float) -> None:
        self.boast = boast
        fine = np.linspace(-1, 8, 40_001)
        self.confidences = 1 / (1 + np.exp(-fine))
        self.risk_above = np.cumsum(self.wrong(fine)[::-1])[::-1] / np.arange(len(fine), 0, -1)

    def wrong(self, log_odds):
        """Above 3 being surer means nothing more: the model boasts."""
        return 1 / (1 + np.exp(np.minimum(log_odds, 3.0) - self.boast))

    def draw(self, n, rng):
        log_odds = rng.uniform(-1, 8, n)
        return 1 / (1 + np.exp(-log_odds)), rng.random(n) >= self.wrong(log_odds)

    def risk(self, threshold):
        return self.risk_above[min(np.searchsorted(self.confidences, threshold), len(self.risk_above) - 1)]


def rate_of_broken_promises(population, n, repeats, **options):
    rng = np.random.default_rng(20)
    broken = 0
    for _ in range(repeats):
        certificate = certify(*population.draw(n, rng), alpha=ALPHA, delta=DELTA, **options)
        if certificate.threshold is not None:
            broken += population.risk(certificate.threshold) > ALPHA
    return broken / repeats


def allowed(repeats):
    """δ, and what so many repeats may show above it by chance (once in a thousand)."""
    return stats.binom.ppf(0.999, repeats, DELTA) / repeats


@pytest.mark.parametrize("boast", [-2.0, -0.7, -0.47, -0.3])
@pytest.mark.parametrize("n", [200, 1500])
def test_the_promise_is_broken_no_more_often_than_delta(n, boast):
    """Among them a population whose surest are just good enough (-.47) and one whose surest never are (-.3)."""
    assert rate_of_broken_promises(Population(boast), n, 300) <= allowed(300)


@pytest.mark.parametrize("boast", [-0.9, -0.47])
def test_the_betting_bound_keeps_the_promise_too(boast):
    assert rate_of_broken_promises(Population(boast), 600, 150, bound="betting") <= allowed(150)


def test_the_check_of_the_promise_can_fail():
    """A threshold read off the sample without a bound breaks the promise far more often: the simulation would show it."""
    population, rng, broken = Population(-0.9), np.random.default_rng(3), 0
    for _ in range(300):
        sure, right = population.draw(800, rng)
        order = np.argsort(-sure)
        good = np.flatnonzero(np.cumsum(~right[order]) / np.arange(1, 801) <= ALPHA)
        broken += len(good) > 0 and population.risk(sure[order][good[-1]]) > ALPHA
    assert broken / 300 > 3 * DELTA


def test_much_is_certified_where_much_is_good():
    sure, right = Population(-3.0).draw(5000, np.random.default_rng(1))
    certificate = certify(sure, right, alpha=ALPHA, delta=DELTA)
    best = np.mean(sure >= Population(-3.0).confidences[np.argmax(Population(-3.0).risk_above <= ALPHA)])
    assert best - 0.08 <= certificate.coverage <= best + 0.02
    assert certificate.wrong_at_most <= ALPHA


def test_ninety_nine_error_free_cases_are_the_least():
    assert labels_missing(ALPHA, DELTA) == 99
    short = certify(np.full(98, 0.9), np.ones(98, bool), alpha=ALPHA, delta=DELTA)
    assert short.threshold is None and short.missing == 1 and "98 of 99" in short.why
    enough = certify(np.full(99, 0.9), np.ones(99, bool), alpha=ALPHA, delta=DELTA)
    assert enough.threshold is not None and enough.allows([0.95, 0.1]).tolist() == [True, False]


def test_one_wrong_among_few_needs_more_and_says_how_many():
    right = np.ones(110, bool)
    right[3] = False
    certificate = certify(np.full(110, 0.9), right, alpha=ALPHA, delta=DELTA)
    assert certificate.threshold is None and certificate.missing == 157 - 99
    assert certificate.allows([0.99]).tolist() == [False]


def test_the_upper_bound_is_clopper_and_pearsons():
    for cases, wrong in [(99, 0), (500, 7), (40, 40)]:
        most = wrong_at_most(cases, wrong, DELTA)
        assert most == 1.0 if wrong == cases else stats.binom.cdf(wrong, cases, most) == pytest.approx(DELTA)


def test_near_duplicates_count_once_and_the_wrong_one_counts():
    sure = np.array([0.9] * 120)
    right = np.ones(120, bool)
    right[1] = False
    same = np.arange(120)
    same[1] = 0
    certificate = certify(sure, right, alpha=ALPHA, delta=DELTA, same=same)
    assert certificate.n == 119 and certificate.threshold is None


def test_it_agrees_with_mapie():
    """The same sequence through mapie's fixed-sequence procedure, once with our p-values and once with mapie's own."""
    risk_control = pytest.importorskip("mapie.risk_control")
    methods = pytest.importorskip("mapie.risk_control.methods")
    rng = np.random.default_rng(8)
    for boast in (-3.0, -1.2, -0.3):
        sure, right = Population(boast).draw(3000, rng)
        certificate = certify(sure, right, alpha=ALPHA, delta=DELTA)
        start = np.sort(sure)[::-1][min(max(99, 750), 396) - 1]
        thresholds = np.concatenate([[start], GRID[start > GRID]])
        taken = np.array([(sure >= one).sum() for one in thresholds])
        wrong = np.array([(~right[sure >= one]).sum() for one in thresholds])

        def last(p_values, thresholds=thresholds):
            passed = risk_control.control_fwer(
                np.asarray(p_values), DELTA, fwer_method=risk_control.FWERFixedSequenceTesting(n_starts=1)
            )
            return thresholds[max(passed)] if len(passed) else None

        exact = last(stats.binom.cdf(wrong, taken, ALPHA))
        if exact is None:
            assert certificate.threshold is None
            continue
        assert certificate.automatic == (sure >= exact).sum() and certificate.threshold >= exact
        theirs = methods.compute_hoeffding_bentkus_p_value(wrong / taken, taken, np.array([ALPHA]), True)
        loosest = last(theirs.ravel())
        if loosest is not None:  # Hoeffding-Bentkus is never sharper than the binomial itself
            assert certificate.automatic >= (sure >= loosest).sum()


def test_each_group_keeps_its_own_promise():
    """Good groups do not hide a bad one, and one with few cases is told how many are missing."""
    rng = np.random.default_rng(5)
    broken = 0
    for _ in range(60):
        parts = {"good": Population(-5.0).draw(900, rng), "bad": Population(0.5).draw(900, rng)}
        parts["few"] = Population(-5.0).draw(60, rng)
        sure = np.concatenate([one[0] for one in parts.values()])
        right = np.concatenate([one[1] for one in parts.values()])
        groups = ["good"] * 900 + ["bad"] * 900 + ["few"] * 60
        found = certify_groups(sure, right, groups, alpha=ALPHA, delta=DELTA)
        assert found["few"].threshold is None and found["few"].missing > 0
        broken += any(
            one.threshold is not None and Population(boast).risk(one.threshold) > ALPHA
            for one, boast in ((found["good"], -5.0), (found["bad"], 0.5))
        )
        assert found["good"].threshold is not None
    assert broken / 60 <= allowed(60)


def test_no_group_of_many_breaks_its_promise_more_often_than_delta_together():
    """Five groups whose surest are just good enough or just not: any false one counts against all."""
    rng, boasts = np.random.default_rng(14), [-0.6, -0.47, -0.47, -0.4, -0.3]
    populations = [Population(boast) for boast in boasts]
    broken = 0
    for _ in range(200):
        drawn = [one.draw(400, rng) for one in populations]
        groups = [at for at in range(len(boasts)) for _ in range(400)]
        found = certify_groups(
            np.concatenate([one[0] for one in drawn]), np.concatenate([one[1] for one in drawn]), groups, alpha=ALPHA, delta=DELTA
        )  # fmt: skip
        broken += any(
            found[at].threshold is not None and one.risk(found[at].threshold) > ALPHA
            for at, one in enumerate(populations)
        )
    assert broken / 200 <= allowed(200)


def test_near_duplicates_count_once_in_a_group_too():
    right = np.ones(240, bool)
    right[1] = False
    same = np.arange(240)
    same[1] = 0
    found = certify_groups(
        np.full(240, 0.9), right, ["a"] * 120 + ["b"] * 120, alpha=ALPHA, delta=DELTA * 2, same=same
    )
    assert found["a"].n == 119 and found["b"].n == 120 and found["a"].threshold is None


def test_a_group_that_is_all_good_hands_its_share_on():
    rng = np.random.default_rng(2)
    sure, right = Population(-1.6).draw(1500, rng)
    both = np.concatenate([sure, np.full(1500, 0.99)])
    outcome = np.concatenate([right, np.ones(1500, bool)])
    found = certify_groups(both, outcome, ["a"] * 1500 + ["b"] * 1500, alpha=ALPHA, delta=DELTA)
    assert found["b"].automatic == 1500 and found["a"].delta == pytest.approx(DELTA)


def test_what_may_never_go_automatically_is_not_certified():
    found = certify_groups(
        np.full(400, 0.99), np.ones(400, bool), ["fire", "lamp"] * 200, alpha=ALPHA, delta=DELTA, never=frozenset({"fire"})
    )  # fmt: skip
    assert set(found) == {"lamp"} and found["lamp"].delta == DELTA


def test_all_calibrations_together_spend_no_more_than_delta():
    allowance = Allowance(DELTA)
    spent = [allowance.next() for _ in range(2000)]
    assert sum(spent) < DELTA and sum(spent) == pytest.approx(allowance.spent) and spent[0] > spent[1]


def test_a_bet_may_be_looked_at_after_every_case():
    """With exactly α wrong, 5 % of the bettors at most ever reach 1/δ, though they look 2,000 times."""
    rng = np.random.default_rng(11)
    won = 0
    for _ in range(300):
        bet = BettingTest(ALPHA)
        for wrong in rng.random(2000) < ALPHA:
            bet.add(bool(wrong))
        won += bet.p_value <= DELTA
    assert won / 300 <= allowed(300)


@pytest.mark.parametrize(
    "options", [{"alpha": 0.0}, {"alpha": 1.0}, {"delta": 0.0}, {"delta": 1.5}, {"alpha": float("nan")}]
)
def test_senseless_promises_are_refused(options):
    with pytest.raises(BadCertificate):
        certify([0.9] * 200, [True] * 200, **({"alpha": ALPHA, "delta": DELTA} | options))


def test_senseless_cases_are_refused():
    with pytest.raises(BadCertificate, match="outcomes"):
        certify([0.9, 0.8], [True], alpha=ALPHA, delta=DELTA)
    with pytest.raises(BadCertificate, match="not a number"):
        certify([float("nan")] * 200, [True] * 200, alpha=ALPHA, delta=DELTA)


def test_no_case_at_all_is_no_promise():
    certificate = certify([], [], alpha=ALPHA, delta=DELTA)
    assert certificate.threshold is None and certificate.missing == 99 and certificate.coverage == 0.0
