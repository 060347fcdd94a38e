"""What the surge watch costs: half a year of 300 calls a day as the worker reads them at its start, then three days of arrivals.

python bench/surge_cost.py
"""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from time import process_time

import numpy as np

from fenzhen.spotter.surge import SurgeWatch

DAYS, A_DAY, TOWNS, CATEGORIES = 190, 300, 22, 245


def main() -> None:
    """Print rows and CPU."""
    draw = np.random.default_rng(3)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows: list[tuple[datetime, int, str, str]] = []
    for day in range(DAYS):
        for _ in range(draw.poisson(A_DAY)):
            when = start + timedelta(days=day, hours=float(draw.uniform(7, 22)))
            matter = min(int(draw.exponential(40)), CATEGORIES - 1)
            rows.append((when, len(rows), f"t{draw.integers(TOWNS)}", f"c{matter}"))
    rows.sort()
    now = rows[-1][0] - timedelta(days=3)
    past, arrivals = [row for row in rows if row[0] < now], [row for row in rows if row[0] >= now]
    watch = SurgeWatch()
    began = process_time()
    for row in past:
        watch.add(*row, rings=False)
    print(f"taught by {len(past)} rows: {process_time() - began:.2f} s CPU")
    began = process_time()
    deepcopy(watch)
    print(f"copied (a file came late): {process_time() - began:.2f} s CPU")
    began = process_time()
    for row in arrivals:
        watch.add(*row)
    print(f"{len(arrivals)} arrivals: {1e3 * (process_time() - began) / len(arrivals):.2f} ms CPU each")


if __name__ == "__main__":
    main()
