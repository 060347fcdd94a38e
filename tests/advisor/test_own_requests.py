"""The requests we measure ourselves by are sound, and the check that says so finds what is not."""

import csv
import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("requests_check", ROOT / "bench/requests/check.py")
assert spec and spec.loader
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)


def test_the_thousand_requests_are_sound():
    assert check.faults() == []
    assert len(check.rows(ROOT / "bench/requests/requests.csv")) == 1000


def test_a_copied_example_and_a_wrong_lead_are_found(tmp_path):
    rows = check.rows(ROOT / "bench/requests/requests.csv")[:3]
    example = check.rows(ROOT / "demo/daxing/examples.csv")
    rows[0]["body"] = max((row["text"] for row in example), key=len)
    rows[1]["lead_unit"] = "YBJ"
    rows[2]["body"] = rows[1]["body"]
    rows[2]["title"] = rows[1]["title"]
    path = tmp_path / "requests.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    found = [line for line in check.faults(path=path) if line.startswith("R")]
    assert any("shares 12 characters" in line for line in found)
    assert any("not YBJ" in line for line in found)
    assert any("says the same as" in line for line in found)
