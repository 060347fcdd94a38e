"""Is `requests.csv` sound? Codes and leads as the lists of demo/daxing have them, everything covered, nothing twice, nothing taken
from the examples the adviser learns from.

    check.py [--district demo/daxing]

Prints what is wrong, one line each, and ends with 1; or one line with the counts.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from fenzhen.hotline.duty import DutyBook, unit_in_charge

HERE = Path(__file__).resolve().parent
DISTRICT = HERE.parents[1] / "demo/daxing"
#: The day whose duty list the leads follow.
ON = date(2026, 6, 1)
KINDS = frozenset({"plain", "boundary", "vague", "old", "angry", "dialect", "typo", "long", "terse"})
#: No text may share this many characters on end with an example.
SHARED = 12
#: Two texts whose sets of three characters overlap more than this (Jaccard) say the same.
SAME = 0.45


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV as a list of rows."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def pieces(text: str, length: int) -> set[str]:
    """Every run of that many characters."""
    return {text[at : at + length] for at in range(len(text) - length + 1)}


def faults(district: Path = DISTRICT, path: Path = HERE / "requests.csv") -> list[str]:
    """Everything that is wrong, in words."""
    asked = rows(path)
    found: list[str] = []
    leaves = {row["code"] for row in rows(district / "categories.csv")}
    towns = {row["code"] for row in rows(district / "places.csv") if row["kind"] in ("town", "subdistrict")}
    kinds_of_place = {row["kind"] for row in rows(district / "places.csv")}
    book = DutyBook.from_district(district)
    for row in asked:
        who = row["id"]
        if row["category"] not in leaves:
            found.append(f"{who}: unknown category {row['category']}")
            continue
        if row["territory"] and row["territory"] not in towns:
            found.append(f"{who}: unknown town {row['territory']}")
        if row["place_named"] != str(int(bool(row["territory"]))):
            found.append(f"{who}: place_named does not fit the territory")
        if row["place_type"] and row["place_type"] not in kinds_of_place:
            found.append(f"{who}: unknown type of place {row['place_type']}")
        if row["kind"] not in KINDS:
            found.append(f"{who}: unknown kind {row['kind']}")
        if not row["title"] or not row["body"]:
            found.append(f"{who}: no words")
        answer = unit_in_charge(
            book, category=row["category"], territory=row["territory"] or None,
            place_type=row["place_type"] or None, on=ON,
        )  # fmt: skip
        if answer is None or answer.lead != row["lead_unit"]:
            found.append(
                f"{who}: the duty list says {answer.lead if answer else 'nobody'}, not {row['lead_unit']}"
            )
    twice = [code for code, count in Counter(row["id"] for row in asked).items() if count > 1]
    found += [f"{code}: this id is there twice" for code in twice]
    covered = {row["category"] for row in asked}
    found += [f"no request for {code}" for code in sorted(leaves - covered)]
    found += [f"no request from {code}" for code in sorted(towns - {row["territory"] for row in asked})]

    texts = [row["title"] + "\n" + row["body"] for row in asked]
    threes = [pieces(text, 3) for text in texts]
    for at, one in enumerate(threes):
        for other in range(at):
            both = len(one & threes[other])
            if both > SAME * (len(one) + len(threes[other]) - both):
                found.append(f"{asked[at]['id']} says the same as {asked[other]['id']}")
    examples: set[str] = set()
    for row in rows(district / "examples.csv"):
        examples |= pieces(row["text"], SHARED)
    for row, text in zip(asked, texts, strict=True):
        taken = sorted(pieces(text, SHARED) & examples)
        if taken:
            found.append(f"{row['id']} shares {SHARED} characters with an example: {taken[0]}")
    return found


def main() -> None:
    """Say what is wrong."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--district", type=Path, default=DISTRICT)
    found = faults(ask.parse_args().district)
    for line in found:
        print(line)
    asked = rows(HERE / "requests.csv")
    named = sum(row["place_named"] == "1" for row in asked)
    kinds = Counter(row["kind"] for row in asked)
    print(f"{len(asked)} requests, {named} name a place, {dict(kinds.most_common())}; {len(found)} faults")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
