# ruff: noqa: DTZ001 - made-up moments have no zone
"""Above the usual level: a cell and the whole."""

from datetime import date, datetime, timedelta

import numpy as np

from fenzhen.spotter.surge import WHOLE, SurgeWatch, ears


def quiet_district(days: int) -> list[tuple[datetime, int, str, str]]:
    draw = np.random.default_rng(5)
    rows = []
    for day in range(days):
        for _ in range(draw.poisson(60)):
            when = datetime(2026, 1, 5) + timedelta(days=day, hours=float(draw.uniform(8, 20)))
            rows.append((when, len(rows), f"t{draw.integers(5)}", f"c{draw.integers(30)}"))
    return sorted(rows)


def test_a_cell_far_above_its_own_level_rings_within_hours_and_usual_days_do_not() -> None:
    watch = SurgeWatch()
    rung = [surge for row in quiet_district(60) for surge in watch.add(*row)]
    assert len(rung) <= 2  # the budget is one in 28 days
    noon = datetime(2026, 3, 6, 12)
    found = [
        surge
        for at in range(12)
        for surge in watch.add(noon + timedelta(minutes=10 * at), 10_000 + at, "t1", "c3")
    ]
    assert ("t1", "c3") in {surge.cell for surge in found}
    assert found[0].at <= noon + timedelta(hours=2)


def test_one_person_is_no_surge() -> None:
    watch = SurgeWatch()
    for row in quiet_district(40):
        watch.add(*row)
    noon = datetime(2026, 2, 14, 12)
    assert not [
        surge
        for at in range(40)
        for surge in watch.add(noon + timedelta(minutes=at), 77, "t1", "c3")
        if surge.cell != WHOLE
    ]


def test_ears_sees_a_jump_and_holidays_are_days_of_their_own() -> None:
    assert min(ears([2, 1, 2, 3, 2, 1, 2, 2, 1, 2, 2, 15])) > 3
    watch = SurgeWatch(holidays={date(2026, 1, 7)})
    for row in quiet_district(30):
        watch.add(*row)
    assert 45 < watch.usual(WHOLE) < 70
