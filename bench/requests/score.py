"""How the product does on the requests of `requests.csv`: `make prove-requests`.

Town by `fenzhen.locator` where a place is named; leaf and lead unit by `fenzhen.advisor.advise` with the place as located, as at the desk.
The adviser knows the district's lists and nothing else; nothing was tuned on these requests.

    score.py [--district demo/daxing] [--no-embedding] [--json] [--wrong FILE.csv]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

sys.path.insert(0, str(Path(__file__).resolve().parent))

from check import DISTRICT, HERE, ON, rows  # noqa: E402  (the room beside this file)

from fenzhen.advisor import Adviser, advise  # noqa: E402  (threads are set above)
from fenzhen.hotline.duty import DutyBook  # noqa: E402  (as above)
from fenzhen.locator import Gazetteer, locate  # noqa: E402  (as above)


def answers(district: Path, embedding: bool) -> list[dict[str, Any]]:
    """Each request with what the product says of it."""
    asked = rows(HERE / "requests.csv")
    adviser = Adviser.from_district(district, embedding=embedding)
    adviser.warm()
    book, places = DutyBook.from_district(district), Gazetteer.from_csv(district / "places.csv")
    out: list[dict[str, Any]] = []
    for row in asked:
        began = time.perf_counter()
        found = locate(f"{row['title']}\n{row['body']}", places)
        said = advise(
            adviser, book, row["title"], row["body"], found.probabilities() or None,
            found.best.kind if found.best else None, ON, explain=False,
        )  # fmt: skip
        out.append(
            {
                **row,
                "said_town": found.town or "",
                "said_leaves": [one.code for one in said.categories],
                "said_units": [one.unit for one in said.units],
                "seconds": time.perf_counter() - began,
            }
        )
    return out


def share(values: list[bool]) -> float | None:
    """Share of true ones."""
    return round(sum(values) / len(values), 4) if values else None


def figures(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Town, leaf, lead unit of some requests."""
    named = [one for one in found if one["place_named"] == "1"]
    located = [one for one in named if one["said_town"]]
    return {
        "n": len(found),
        "named": len(named),
        "town": share([one["said_town"] == one["territory"] for one in named]),
        "town_where_one_was_said": share([one["said_town"] == one["territory"] for one in located]),
        "town_said_though_none_named": sum(
            bool(one["said_town"]) for one in found if one["place_named"] == "0"
        ),
        "leaf_top1": share([one["category"] in one["said_leaves"][:1] for one in found]),
        "leaf_top3": share([one["category"] in one["said_leaves"][:3] for one in found]),
        "unit_top1": share([one["lead_unit"] in one["said_units"][:1] for one in found]),
        "unit_top3": share([one["lead_unit"] in one["said_units"][:3] for one in found]),
    }


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--district", type=Path, default=DISTRICT)
    ask.add_argument("--no-embedding", action="store_true")
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--wrong", type=Path, help="write the requests that went wrong")
    given = ask.parse_args()
    found = answers(given.district, not given.no_embedding)
    names = {row["code"]: row for row in rows(given.district / "categories.csv")}
    first_levels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found:
        first_levels[names[one["category"]]["level1"]].append(one)
        kinds[one["kind"]].append(one)
    leaves, units = Counter[str](), Counter[str]()
    for one in found:
        if one["category"] != one["said_leaves"][0]:
            leaves[f"{names[one['category']]['name']} → {names[one['said_leaves'][0]]['name']}"] += 1
        said = one["said_units"][0] if one["said_units"] else "nobody"
        if one["lead_unit"] != said:
            right_leaf = one["category"] == one["said_leaves"][0]
            units[f"{one['lead_unit']} → {said}{'' if right_leaf else ' (leaf wrong)'}"] += 1
    result = {
        "all": figures(found),
        "by_kind": {kind: figures(some) for kind, some in sorted(kinds.items())},
        "by_first_level": {level: figures(some) for level, some in first_levels.items()},
        "leaves_confused": dict(leaves.most_common(25)),
        "units_confused": dict(units.most_common(25)),
        "seconds_each": round(sum(one["seconds"] for one in found) / len(found), 4),
    }
    if given.wrong:
        with given.wrong.open("w", encoding="utf-8", newline="") as handle:
            out = csv.writer(handle)
            out.writerow(
                [
                    "id",
                    "title",
                    "body",
                    "category",
                    "said",
                    "lead_unit",
                    "said_unit",
                    "territory",
                    "said_town",
                ]
            )
            for one in found:
                unit = one["said_units"][0] if one["said_units"] else ""
                if (
                    one["category"] != one["said_leaves"][0]
                    or unit != one["lead_unit"]
                    or (one["place_named"] == "1" and one["said_town"] != one["territory"])
                ):
                    out.writerow(
                        [
                            one["id"], one["title"], one["body"], one["category"], one["said_leaves"][0],
                            one["lead_unit"], unit, one["territory"], one["said_town"],
                        ]
                    )  # fmt: skip
    if given.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return
    columns = ("n", "named", "town", "leaf_top1", "leaf_top3", "unit_top1", "unit_top3")
    for name, part in (
        ("all", {"all": result["all"]}),
        ("kind", result["by_kind"]),
        ("first level", result["by_first_level"]),
    ):
        print(f"\n{name}\n{'':24}" + "".join(f"{column:>11}" for column in columns))
        for label, one in part.items():
            print(f"{label:24}" + "".join(f"{'' if one[c] is None else one[c]:>11}" for c in columns))
    print(f"\ntown where one was said: {result['all']['town_where_one_was_said']}")
    print(f"town said though none was named: {result['all']['town_said_though_none_named']}")
    print(f"seconds each: {result['seconds_each']}")
    for title in ("leaves_confused", "units_confused"):
        print(f"\n{title.replace('_', ' ')}")
        for pair, count in result[title].items():
            print(f"{count:4} {pair}")


if __name__ == "__main__":
    main()
