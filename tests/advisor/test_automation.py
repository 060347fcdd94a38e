"""What comes back lowers automation, and nothing but a new certificate raises it."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from fenzhen.advisor.automation import Automation, Curve, Delays, Dispatches, ReturnRates
from fenzhen.advisor.certificate import certify
from fenzhen.advisor.watch import BadWatch

ROOT = Path(__file__).resolve().parents[2]


def drift():
    spec = importlib.util.spec_from_file_location("drift", ROOT / "bench/adviser/drift.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["drift"] = module
    spec.loader.exec_module(module)
    return module


def weeks(rng, *, wrong=0.02, days=30, per_day=200, if_right=0.03, if_wrong=0.6, today=30, audit=0.03):
    """Automatic dispatches of a unit mix, all equally sure, with what is known of them on ``today``."""
    day = np.repeat(np.arange(days), per_day)
    n = len(day)
    bad = rng.random(n) < wrong
    back = rng.random(n) < np.where(bad, if_wrong, if_right)
    delay = np.where(back, rng.exponential(2.0, n), np.nan)
    seen = np.where(day + delay < today, delay, np.nan)
    audited = np.where((rng.random(n) < audit) & (day < today - 2), bad, -1)
    return day, rng.integers(0, 10, n), np.full(n, 0.98), np.ones(n, bool), seen, audited


def test_returns_that_have_not_come_yet_do_not_shorten_the_delays():
    rng = np.random.default_rng(1)
    delays = Delays.of(Dispatches.of(*weeks(rng, if_right=0.3)), today=30)
    truth = 1 - np.exp(-np.arange(1, 8) / 2.0)
    assert np.abs(delays.by_age[:7] - truth).max() < 0.05


def test_return_rates_come_from_audited_tickets_and_wait_for_the_young_ones():
    rng = np.random.default_rng(2)
    seen = Dispatches.of(*weeks(rng, wrong=0.2, if_right=0.1, if_wrong=0.5, audit=0.3))
    rates = ReturnRates.of(seen, 30, Delays.of(seen, 30))
    assert rates.if_right == pytest.approx(0.1, abs=0.03)
    assert rates.if_wrong == pytest.approx(0.5, abs=0.08)
    # Those looked at on suspicion are of units that bounce: believed for the unit, not for all.
    group = seen.group == 0
    more = np.where(group & (seen.audited < 0), 0, seen.audited)
    bouncing = np.where(group, 1.0, seen.returned_after)
    suspected = Dispatches.of(
        seen.day, seen.group, seen.confidence, seen.automatic, bouncing, more, None, group
    )
    assert ReturnRates.of(suspected, 30, Delays.of(suspected, 30)).if_right == pytest.approx(0.1, abs=0.03)


def plan_for(**changed):
    rng = np.random.default_rng(3)
    columns = list(weeks(rng, **changed))
    return columns, Automation(alpha=0.05, threshold=0.9, curve=Curve())


def test_a_unit_whose_tickets_turn_wrong_is_held_and_the_others_go_on():
    columns, automation = plan_for()
    day, group, back, audited = columns[0], columns[1], columns[4], columns[5]
    bad = (group == 7) & (day >= 22)
    audited[bad & (audited >= 0)] = 1
    back[bad & (np.arange(len(day)) % 2 == 0)] = 0.4
    plan = automation.review(Dispatches.of(*columns), today=30)
    assert plan.held[7] > 0.3 and "unit_wrong" in plan.codes
    assert not plan.allows(7, 0.98) and plan.allows(2, 0.98)


def test_a_unit_that_bounces_right_tickets_is_not_held_once_audits_say_so():
    columns, automation = plan_for()
    day, group, back, audited = columns[0], columns[1], columns[4], columns[5]
    odd = (group == 7) & (day >= 15)
    back[odd & (np.arange(len(day)) % 4 == 0) & (day < 28)] = 1.5
    audited[odd & (audited < 0) & (np.arange(len(day)) % 3 == 0)] = 0
    plan = automation.review(Dispatches.of(*columns), today=30)
    assert "unit_bounces" in plan.codes and plan.held.get(7, 0.0) < 0.03
    assert plan.allows(7, 0.98)


def test_harder_texts_raise_the_bar_for_all():
    calm, automation = plan_for()
    hard, _ = plan_for(wrong=0.09)
    before = automation.review(Dispatches.of(*calm), today=30)
    after = automation.review(Dispatches.of(*hard), today=30)
    assert abs(before.shift) < 0.3 < after.shift
    assert "harder" in after.codes and before.allows(1, 0.98) and not after.allows(1, 0.98)


def test_nothing_goes_below_the_certificate_however_good_it_looks():
    columns, automation = plan_for(wrong=0.001)
    plan = automation.review(Dispatches.of(*columns), today=30)
    assert plan.allows(1, 0.98) and not plan.allows(1, 0.899)
    assert not Automation(alpha=0.05, threshold=None).review(Dispatches.of(*columns), today=30).allows(1, 1.0)


def test_an_alarm_halves_the_promise_until_a_new_certificate_with_its_own_delta():
    columns, automation = plan_for()
    seen = Dispatches.of(*columns)
    assert automation.review(seen, today=30).allows(1, 0.98)
    raised = [automation.audited(wrong=number % 4 == 0) for number in range(60)]
    assert sum(raised) == 1 and automation.lowered
    automation = Automation.from_state(json.loads(json.dumps(automation.state())))
    lowered = automation.review(seen, today=30)
    assert "alarm" in lowered.codes and not lowered.allows(1, 0.98)
    share = automation.allowance.next()
    assert share < 0.05 / 4
    sure, right = np.full(400, 0.98), np.ones(400, bool)
    assert not automation.renew(certify(sure[:40], right[:40], alpha=0.05, delta=share))
    assert automation.lowered
    assert automation.renew(certify(sure, right, alpha=0.05, delta=share))
    assert not automation.lowered and automation.review(seen, today=30).allows(1, 0.98)


def test_a_damaged_state_and_uneven_columns_are_refused():
    with pytest.raises(BadWatch):
        Automation.from_state({"alpha": 0.05})
    with pytest.raises(BadWatch):
        Dispatches.of([1, 2], ["A"], [0.9, 0.9], [True, True])


def test_on_drifting_streams_more_windows_keep_the_promise_than_under_the_certificate_alone():
    """A stream as in `make prove-drift` in which everything gets suddenly harder, seeded."""
    module = drift()
    kept = {"certificate": 0, "ours": 0}
    coverage = {"certificate": 0, "ours": 0}
    found = module.measure(1002, 0.05, list(kept))
    for name in kept:
        rows = np.array(found["policies"][name]["windows"])
        kept[name] = int((rows[:, 1] <= 0.05 * rows[:, 0]).sum())
        coverage[name] = int(rows[:, 0].sum())
    assert kept["ours"] >= kept["certificate"] + 6, (kept, coverage)
    assert coverage["ours"] > 0.75 * coverage["certificate"], (kept, coverage)
