"""The locator's figures on places as callers say them (see said.py): accepted answers right, coverage, by way of saying.

An answer is accepted when `locate` names a place. It is right when it is the place that was meant or the estate, community or village of
the same name (the desk sends both to the same town). The larger place of which it is a part is neither, and is counted as coarser. Coverage is over texts whose place is in the list; a town answered for
a text about an estate in it is no answer about the estate, and is shown apart. `--half 1` is the half of the places that the
matcher's constants were not set on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import heard as second
import said as first
from said import alike, coarser

from fenzhen.locator import TOWN_KINDS, Gazetteer, locate

DEMO = Path(__file__).parents[2] / "demo" / "daxing" / "places.csv"


def figures(
    places: Gazetteer,
    *,
    seed: int,
    share: tuple[int, int] | None,
    show: int = 0,
    how: str = "",
    missed: bool = False,
    heard: bool = False,
) -> dict[str, object]:
    """Count over all cases of the seed. ``show``: how many mistakes to print."""
    by: dict[str, Counter[str]] = {}
    wrong_town = 0
    spent = 0.0
    for case in (second if heard else first).cases(places, seed=seed, share=share):
        began = time.process_time()
        found = locate(case.text, places)
        spent += time.process_time() - began
        best = found.best
        meant = places.get(case.code) if case.code else None
        if best is not None and best.kind in TOWN_KINDS and (meant is None or meant.kind not in TOWN_KINDS):
            larger = case.how == "sister" and best.code == places[case.near].town
            verdict = (
                "town only"
                if meant is not None and best.code == meant.town
                else "coarser"
                if larger
                else "wrong"
            )
        elif best is None:
            verdict = "none"
        else:
            verdict = "right" if case.code and alike(best.code, case.code, places) else "wrong"
            if verdict == "wrong" and case.how not in FOREIGN - {"sister"}:
                verdict = "coarser" if coarser(best.code, case.code, case.text, places) else "wrong"
        if meant is not None and found.town and found.town != meant.town:
            wrong_town += 1
        by.setdefault(case.how, Counter())[verdict] += 1
        if (
            show
            and (not how or case.how in how)
            and (verdict == "wrong" or (missed and case.code and verdict in ("none", "town only")))
        ):
            show -= 1
            named = f"{best.name}({best.town})" if best else "-"
            print(f"{verdict:6} {case.how:12} {case.text}  → {named}, meant {meant.name if meant else '-'}")
    total: Counter[str] = sum(by.values(), Counter())
    listed = sum(sum(c.values()) for way, c in by.items() if way not in FOREIGN)
    right = sum(c["right"] for way, c in by.items() if way not in FOREIGN)
    accepted = total["right"] + total["wrong"]
    return {
        "texts": sum(total.values()),
        "of_listed_places": listed,
        "accepted": accepted,
        "right_of_accepted": round(total["right"] / accepted, 4) if accepted else None,
        "coverage": round(right / listed, 4),
        "wrong_towns": wrong_town,
        "texts_per_second": round(sum(total.values()) / spent),
        "by": {way: dict(count) for way, count in sorted(by.items())},
    }


FOREIGN = frozenset({"elsewhere", "invented", "sister", "same name elsewhere", "half invented"})

if __name__ == "__main__":
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--half", type=int, choices=(0, 1))
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--show", type=int, default=0)
    ask.add_argument("--how", default="")
    ask.add_argument("--missed", action="store_true")
    ask.add_argument("--places", type=Path, default=DEMO)
    ask.add_argument("--heard", action="store_true", help="the second maker of texts, heard.py")
    given = ask.parse_args()
    share = None if given.half is None else (given.half, 2)
    print(
        json.dumps(
            figures(
                Gazetteer.from_csv(given.places),
                seed=given.seed,
                share=share,
                show=given.show,
                how=given.how,
                missed=given.missed,
                heard=given.heard,
            ),
            ensure_ascii=False,
            indent=1,
        )
    )
