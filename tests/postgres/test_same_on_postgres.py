"""What holds on SQLite holds on PostgreSQL: the same tests, run there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What talks to the database below the pages, the city's files among them.
SAME = ["tests/desk", "tests/board", "tests/office", "tests/jobs"]
#: These say nothing of PostgreSQL that the others do not say: the demo's fortnights (`desk/test_past` holds its
#: statements against the verbs'), killed processes, and what never reaches a database.
LONG = [
    "tests/office/test_demo.py",
    "tests/office/test_demo_hours.py",
    "tests/office/test_import_killed.py",
    "tests/office/test_import_cells.py",
    "tests/office/test_checks.py",
]
#: Half a minute of training; its rows are those of the other tests there.
TRAINS = [
    "tests/office/test_teach.py::test_a_better_model_takes_over_is_kept_with_its_checksum_and_can_be_rolled_back"
]


@pytest.mark.postgres
def test_desk_board_and_office_hold_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "FENZHEN_DATABASE_URL": postgres_url,
        "FENZHEN_DATA_DIR": str(tmp_path),
        "PYTEST_XDIST_WORKER": "",
    }
    for name in [n for n in environment if n.startswith("PYTEST_")]:
        environment.pop(name)
    there = [path for path in SAME if (ROOT / path).exists()]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-m",
            "not browser and not postgres",
            "--durations=15",
            *(f"--ignore={path}" for path in LONG),
            *(f"--deselect={test}" for test in TRAINS),
            *there,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    print(done.stdout[-2500:])
