"""The spotter's figures, reckoned anew: `make prove-spotter`.

    prove.py [--data ../shared/data/teddy] [--days 14] [--list FILE]

The public stream with its read events; a quiet simulated district of 300 a day; surges and EARS (surges.py) and speed (speed.py) have
scripts of their own. ``--list`` writes each alarm of 2019 with its title, to be read: personal data, keep it out of the repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from bench.spotter.district import messages  # noqa: E402  (the number of threads is read when numpy is imported)
from fenzhen.spotter import Level, Message, Settings, Spotter, score  # noqa: E402  (as above)
from fenzhen.spotter.moments import moment  # noqa: E402  (as above)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def stream(data: Path, listed: Path | None) -> dict[str, object]:
    """Decisions on arrival, alarms in time, alarms a week."""
    rows = sorted(read(data / "stream.csv"), key=lambda row: moment(row["time"]))
    gold = {row["message_id"]: row["event_id"] for row in read(data / "stream_events_dev.csv")}
    hard = [(row["near_event"], row["message_id"]) for row in read(data / "stream_hard_negatives_dev.csv")]
    spotter = Spotter(Settings())
    began = time.process_time()
    made = [
        spotter.add(Message(row["message_id"], row["user"], moment(row["time"]), row["topic"], row["detail"]))
        for row in rows
    ]
    seconds = time.process_time() - began
    found = {one.message: one.event for one in made}
    alerts = [alert for one in made for alert in one.alerts]
    cubed = score.bcubed(found, gold)
    wrong = score.wrongly_joined(found, gold, hard)
    prompt = score.promptness(
        [(alert.event, alert.at) for alert in alerts], found, gold,
        [(row["message_id"], row["user"], moment(row["time"])) for row in rows],
    )  # fmt: skip
    that_year = [alert for alert in alerts if alert.at.year == 2019]
    if listed is not None:
        with listed.open("w", encoding="utf-8", newline="") as handle:
            out = csv.writer(handle)
            out.writerow(
                [
                    "event",
                    "level",
                    "at",
                    "people",
                    "tickets",
                    "why",
                    "title",
                    "titles of its messages",
                    "verdict",
                ]
            )
            title = {row["message_id"]: row["topic"].strip() for row in rows}
            members: dict[str, list[str]] = {}
            for one in made:
                members.setdefault(one.event, []).append(one.message)
            for alert in that_year:
                some = " / ".join(title[m] for m in members.get(alert.event, [])[:8])
                out.writerow(
                    [
                        alert.event,
                        alert.level.value,
                        alert.at,
                        alert.people,
                        alert.tickets,
                        alert.why,
                        alert.title,
                        some,
                        "",
                    ]
                )
    count = Counter(alert.level for alert in that_year)
    return {
        "messages": len(rows), "bcubed_precision": round(cubed.precision, 4), "bcubed_recall": round(cubed.recall, 4),
        "bcubed_f1": round(cubed.f1, 4), "hard_negatives_joined": f"{len(wrong)} of {len(hard)}",
        "in_time": f"{prompt.in_time} of {prompt.events}", "late": prompt.late,
        "blue_a_week": round(count[Level.BLUE] / 52.14, 2),
        "yellow_and_above_a_week": round(sum(n for level, n in count.items() if level is not Level.BLUE) / 52.14, 2),
        "a_second": round(len(rows) / seconds),
    }  # fmt: skip


def quiet(days: int) -> dict[str, object]:
    """Alarms of a simulated district in which nothing happens."""
    spotter = Spotter(Settings())
    count: Counter[Level] = Counter()
    total = 0
    for message in messages(days):
        total += 1
        count.update(alert.level for alert in spotter.add(message).alerts)
    above = sum(n for level, n in count.items() if level is not Level.BLUE)
    return {
        "days": days,
        "messages": total,
        "blue_a_day": round(count[Level.BLUE] / days, 2),
        "yellow_and_above_a_day": round(above / days, 2),
    }


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--data", type=Path, default=root.parent / "shared/data/teddy")
    ask.add_argument("--days", type=int, default=14)
    ask.add_argument("--list", dest="listed", type=Path)
    given = ask.parse_args()
    found: dict[str, object] = {}
    if (given.data / "stream.csv").exists():
        found["stream"] = stream(given.data, given.listed)
    else:
        print(f"{given.data} is not here: only the simulation is reckoned", file=sys.stderr)
    if given.days:
        found["quiet_district"] = quiet(given.days)
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
