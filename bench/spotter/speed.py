"""How quick the spotter is and how much it keeps, on one core: `speed.py [--fill 40000] [--measured 3000]`.

First so many messages are put in (a month's tickets), then the next ones are timed, by processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from bench.spotter.district import messages  # noqa: E402  (the number of threads is read when numpy is imported)
from fenzhen.spotter import Settings, Spotter  # noqa: E402  (as above)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--fill", type=int, default=40_000)
    ask.add_argument("--measured", type=int, default=3_000)
    ask.add_argument("--a-day", type=int, default=1_300)
    given = ask.parse_args()
    spotter = Spotter(Settings())
    days = (given.fill + given.measured) // given.a_day + 3
    source = messages(days, given.a_day)
    began = time.process_time()
    for _ in range(given.fill):
        spotter.add(next(source))
    filled = time.process_time() - began
    some = [next(source) for _ in range(given.measured)]
    began = time.process_time()
    for one in some:
        spotter.add(one)
    seconds = time.process_time() - began
    state = spotter.dump()
    print(json.dumps({
        "remembered": given.fill + given.measured, "arrivals_a_second": round(given.measured / seconds),
        "while_filling": round(given.fill / filled) if filled else None, "state_mb": round(len(state) / 1e6, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
