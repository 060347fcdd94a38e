"""The power goes in the middle of an import: started again, nothing is doubled and nothing is lost."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROWS = 3000


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """A district of its own, on a disk of its own."""
    environment = {
        **os.environ,
        "FENZHEN_DATA_DIR": str(tmp_path / "data"),
        "FENZHEN_DATABASE_URL": "",
    }
    done = subprocess.run([*FENZHEN, "migrate"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return environment


FENZHEN = [sys.executable, "-c", "from fenzhen.cli import main; main()"]


def test_killed_in_the_middle(tmp_path: Path, place: dict[str, str]) -> None:
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["message_id", "user", "topic", "time", "detail"])
        for n in range(ROWS):
            when = "2019/2/30" if n % 500 == 7 else "2019/2/28 11:25:05"
            writer.writerow([n, f"u{n % 97}", f"路灯{n}不亮", when, "三号楼前面的路灯坏了很久," * 12])
    database = Path(place["FENZHEN_DATA_DIR"]) / "fenzhen.sqlite3"

    def count(sql: str) -> int:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute(sql).fetchone()[0])

    running = subprocess.Popen([*FENZHEN, "import", str(path), "--json"], env=place, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while count("SELECT COUNT(*) FROM records_ticket") < 400 and time.monotonic() < deadline:
        assert running.poll() is None, "it was over before it could be killed"
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    before = count("SELECT COUNT(*) FROM records_ticket")
    assert 400 <= before < ROWS - 6

    again = subprocess.run(
        [*FENZHEN, "import", str(path), "--json"], env=place, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["rows"] == ROWS
    assert (report["known"], report["rejected"]) == (before, 6)
    assert report["imported"] == ROWS - 6 - before
    assert report["interrupted_before"] is True
    assert count("SELECT COUNT(*) FROM records_ticket") == ROWS - 6
    assert count("SELECT COUNT(DISTINCT external_no) FROM records_ticket") == ROWS - 6
    # Every ticket has its whole story: received and handed to the desk, once.
    assert count("SELECT COUNT(*) FROM records_entry WHERE subject LIKE 'ticket:%'") == 2 * (ROWS - 6)
    assert count("SELECT COUNT(*) FROM records_ticket WHERE version <> 2 OR state <> 'pending_dispatch'") == 0
    assert count("SELECT COUNT(*) FROM records_searchtext") == ROWS - 6
    with (tmp_path / "many.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6

    strict = subprocess.run(
        [*FENZHEN, "import", str(path), "--strict"], env=place, capture_output=True, text=True
    )
    assert strict.returncode == 3
    assert "没有新的工单" in strict.stdout
