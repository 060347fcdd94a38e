"""How the adviser does from a district's lists alone: `make prove-cold-start`.

1. Who really answered (`../shared/data/teddy/who_answered_dev.csv`, 441 messages with the kind of bureau that replied): the
   prompt names five units of the demo district (towns left out), and a unit counts as the kind of bureau below. No sentence, word list
   or weight was taken from the file, but one half of it (by the hash of the message's number) was read before `unit_letters.csv` was written
   and its misses before `unit_words.csv` was filled up; of the other half nothing was read, only shares were seen. Both are printed.
2. Utterances of the demo's own lists, each left out of everything that scores it.
3. Speed on one core with texts of 300 characters, and memory.

    cold_start.py [--data FOLDER] [--no-embedding] [--no-speed]

Where the data are missing, the first part is skipped and said to be.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[2]
DISTRICT = ROOT / "demo" / "daxing"

#: Which kind of bureau of `bureaus.json` a unit of the demo is: by its name there, by common sense where several units of ours do
#: what one of theirs does. A unit that is not here (农业农村局, 经信局, …) answers to none of the 21 kinds and is always wrong.
KINDS = {
    "JW": "教育", "GA": "公安", "JJ": "交警", "RSJ": "人社", "JTJ": "交通运输", "GLFJ": "交通运输", "GONGJIAO": "交通运输",
    "DITIE": "交通运输", "ZJW": "住建", "FZZX": "住建", "CGW": "城管", "CGZF": "城管", "HWZX": "城管", "STHJ": "生态环境",
    "GHZR": "自然资源规划", "GJJ": "公积金", "FGW": "发改物价", "MZ": "民政", "CL": "残联", "YBJ": "医保", "SW": "水务",
    "SHUI": "水务", "PAISHUI": "水务", "WJW": "卫健", "JKZX": "卫健", "SCJG": "市场监管", "DIAN": "电力", "YLLH": "林业园林",
    "WLJ": "文旅体", "TYJ": "文旅体", "RANQI": "燃气",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def who_answered(data: Path, embedding: bool) -> dict[str, object]:
    """Shares of messages whose answering kind of bureau is named first, among the first three, among five."""
    code_of = {row["name"]: row["code"] for row in rows(DISTRICT / "units.csv")}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "named.csv"
        began = time.perf_counter()
        subprocess.run(
            [
                str(Path(sys.executable).parent / "fenzhen"), "advise", "units", "--district", str(DISTRICT), "--in", str(data),
                "--text", "topic,detail", "--top", "5", "--kinds", "bureau,enterprise", "--out", str(out),
                *([] if embedding else ["--no-embedding"]),
            ],
            check=True,
            cwd=ROOT,
            env={**os.environ, "FENZHEN_CACHE_DIR": folder},  # as on a fresh install: nothing is kept yet
        )  # fmt: skip
        seconds = time.perf_counter() - began
        named = rows(out)
    blank = sum(not row[f"unit_{rank}"] for row in named for rank in range(1, 6))
    kinds = [[KINDS.get(code_of[row[f"unit_{rank}"]], "none") for rank in range(1, 6)] for row in named]
    truth = [row["bureau"] for row in named]
    per: dict[str, list[int]] = {}
    confused: Counter[str] = Counter()
    for one, right in zip(kinds, truth, strict=True):
        count = per.setdefault(right, [0, 0, 0])
        count[0] += 1
        count[1] += right == one[0]
        count[2] += right in one[:3]
        if right != one[0]:
            confused[f"{right} → {one[0]}"] += 1
    blind = [int(hashlib.sha256(row["message_id"].encode()).hexdigest(), 16) % 2 == 1 for row in named]
    halves = {}
    for name, wanted in (("read half", False), ("blind half", True)):
        some = [(one, right) for one, right, here in zip(kinds, truth, blind, strict=True) if here is wanted]
        halves[name] = {
            "n": len(some),
            **{
                f"top{top}": round(sum(right in one[:top] for one, right in some) / len(some), 4)
                for top in (1, 3, 5)
            },
        }
    share = [sum(right in one[:top] for one, right in zip(kinds, truth, strict=True)) for top in (1, 3, 5)]
    return {
        "n": len(named),
        **{f"top{top}": round(value / len(named), 4) for top, value in zip((1, 3, 5), share, strict=True)},
        **halves,
        "blank": blank,
        "seconds_from_nothing": round(seconds, 1),
        "per_kind (n, first, among three)": per,
        "confused": dict(confused.most_common(12)),
    }


def speed(embedding: bool) -> dict[str, object]:
    """Decisions a second and milliseconds for one, in CPU time, with the full way to the unit."""
    from datetime import date

    from fenzhen.advisor import Adviser, advise, advise_batch
    from fenzhen.hotline.duty import DutyBook

    cache = Path(tempfile.mkdtemp())
    Adviser.from_district(DISTRICT, cache=cache, embedding=embedding)
    began = time.process_time()
    adviser = Adviser.from_district(DISTRICT, cache=cache, embedding=embedding)
    adviser.warm()
    loaded = time.process_time() - began
    book, day = DutyBook.from_district(DISTRICT), date(2026, 6, 1)
    said = [row["text"] for row in rows(DISTRICT / "examples.csv")]
    bodies = ["。".join(said[at : at + 12])[:300] for at in range(0, len(said) - 12, 12)]
    texts = [(said[at], body) for at, body in enumerate(bodies)]
    titles = [(one[:15], "") for one in said[:600]]

    def a_second(some: list[tuple[str, str]]) -> float:
        start = time.process_time()
        advise_batch(adviser, book, some, day)
        return round(len(some) / (time.process_time() - start), 1)

    def each(run: Callable[[tuple[str, str]], object]) -> dict[str, float]:
        taken = []
        for one in texts[:200]:
            start = time.process_time()
            run(one)
            taken.append((time.process_time() - start) * 1000)
        taken.sort()
        return {"p50": round(taken[len(taken) // 2], 2), "p99": round(taken[int(len(taken) * 0.99) - 1], 2)}

    return {
        "embedding": embedding,
        "load_seconds": round(loaded, 2),
        "full_text_per_second": a_second(texts),
        "titles_per_second": a_second(titles),
        "single_ms": each(lambda one: advise(adviser, book, *one, None, None, day, explain=False)),
        "left_out": {
            "n": adviser.left_out.n,
            "top1": adviser.left_out.top1,
            "top3": adviser.left_out.top3,
            "calibration_error": adviser.left_out.calibration_error,
        },
    }


def main() -> None:
    """Print one JSON object a part."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "teddy")
    ask.add_argument("--no-embedding", action="store_true")
    ask.add_argument("--no-speed", action="store_true")
    given = ask.parse_args()
    data = given.data / "who_answered_dev.csv"
    if data.exists():
        print(json.dumps({"who_answered": who_answered(data, not given.no_embedding)}, ensure_ascii=False))
    else:
        print(f"skipped: {data} is not there", file=sys.stderr)
    if not given.no_speed:
        for embedding in (False, True) if not given.no_embedding else (False,):
            print(json.dumps({"speed": speed(embedding)}, ensure_ascii=False))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"peak_mb_with_reckoning": peak}))


if __name__ == "__main__":
    main()
