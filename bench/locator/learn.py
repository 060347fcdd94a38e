"""Learn how sure a name nearly said is: weights for fenzhen/locator/weights.json.

Boosted trees on what `heard` finds in generated texts (said.py) about the even half of the demo's places. How rare a
character is in names (ln of names over names that hold it) is counted on the whole list and on said.py's foreign names.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import KFold, cross_val_predict

sys.path.insert(0, str(Path(__file__).parent))
from said import ELSEWHERE, HEADS, alike, cases

from fenzhen.locator import Gazetteer
from fenzhen.locator.gazetteer import fold
from fenzhen.locator.match import _MAY_GO_ON, heard, mentions_in
from fenzhen.locator.nearly import BESIDE, SIGNS

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "fenzhen" / "locator" / "weights.json"


def rarity(places: Gazetteer) -> dict[str, float]:
    """Character → ln(names / names with it), at most 5, to two decimals."""
    names = [*{place.name for place in places}, *ELSEWHERE, *HEADS]
    held = Counter(char for name in names for char in set(name))
    return {char: round(min(5.0, math.log(len(names) / many)), 2) for char, many in sorted(held.items())}


def rows(places: Gazetteer, seed: int) -> tuple[list[tuple[float, ...]], list[bool]]:
    """Signs of the likeliest name of each text that names nothing exactly, and whether it was the right one."""
    signs: list[tuple[float, ...]] = []
    right: list[bool] = []
    for case in cases(places, seed=seed, share=(0, 2)):
        folded = fold(case.text)
        exact = mentions_in(case.text, places)
        if any(
            places[one.codes[0]].kind not in ("town", "subdistrict", "road")
            and not _MAY_GO_ON.match(folded[one.end : one.end + 8])
            for one in exact
        ):
            continue
        for near, beside, codes in heard(folded, exact, places)[:1]:
            signs.append((*near.signs, *beside))
            right.append(bool(case.code) and any(alike(code, case.code, places) for code in codes))
    return signs, right


def tree_of(tree: Any, node: int = 0) -> Any:
    """A grown tree as nested lists; leaves times the learning rate."""
    if tree.children_left[node] < 0:
        return round(float(tree.value[node][0][0]) * 0.15, 4)
    return [
        int(tree.feature[node]), round(float(tree.threshold[node]), 4),
        tree_of(tree, tree.children_left[node]), tree_of(tree, tree.children_right[node]),
    ]  # fmt: skip


def main() -> None:
    """Write the weights and say what they make of their own data."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seeds", type=int, default=8)
    ask.add_argument("--save", help="keep the signs in this file")
    given = ask.parse_args()
    places = Gazetteer.from_csv(ROOT / "demo" / "daxing" / "places.csv")
    kept: dict[str, Any] = {"rarity": rarity(places), "signs": [], "bias": 0.0, "trees": []}
    TARGET.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    signs: list[tuple[float, ...]] = []
    right: list[bool] = []
    for seed in range(101, 101 + given.seeds):
        more, ok = rows(places, seed)
        signs += more
        right += ok
    x, y = np.array(signs), np.array(right)
    if given.save:
        np.savez(given.save, x=x, y=y)
    grower = GradientBoostingClassifier(
        n_estimators=70, max_depth=3, learning_rate=0.15, subsample=0.8, min_samples_leaf=20, random_state=1
    )
    learned = grower.fit(x, y)
    kept["signs"] = [*SIGNS, *BESIDE]
    kept["trees"] = [tree_of(one[0].tree_) for one in learned.estimators_]
    share = float(y.mean())
    kept["bias"] = round(math.log(share / (1 - share)), 4)
    TARGET.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    sure = cross_val_predict(grower, x, y, cv=KFold(5), method="predict_proba")[:, 1]
    print(len(y), "names heard,", round(float(y.mean()), 3), "right")
    for least in (0.5, 0.7, 0.8, 0.9, 0.95, 0.97):
        took = sure >= least
        print(
            least,
            "taken",
            round(float((took & y).sum() / y.sum()), 3),
            "of the right; right of taken",
            round(float(y[took].mean()), 4),
        )


if __name__ == "__main__":
    main()
