"""`fenzhen import`: what a script may trust."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fenzhen.cli import main
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.office.test_imports import MESSAGES, message, written


def prompt(*words: object) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, words)])


@pytest.fixture
def path(cast: Cast, tmp_path: Path) -> Path:
    return written(tmp_path / "m.csv", MESSAGES, [message(1), message(2, time="2019/2/30"), message(3)])


def test_json_and_nothing_else(path: Path) -> None:
    done = prompt(path, "--json")
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert (report["rows"], report["imported"], report["known"], report["rejected"]) == (3, 2, 0, 1)
    assert report["rejects"].endswith("m.rejects.csv")


def test_a_person_reads_counts_and_where_the_rejects_are(path: Path) -> None:
    text = prompt(path).output
    assert "入库" in text and "m.rejects.csv" in text and "rows/s" in text
    again = prompt(path)
    assert again.exit_code == 0 and "没有新的工单" in again.output
    assert Ticket.objects.count() == 2


def test_strict_exits_3_and_the_good_rows_are_in(path: Path) -> None:
    assert prompt(path, "--strict", "--rejects", path.with_name("r.csv")).exit_code == 3
    assert path.with_name("r.csv").exists()
    assert Ticket.objects.count() == 2


def test_a_dry_run_says_so(path: Path) -> None:
    done = prompt(path, "--dry-run")
    assert done.exit_code == 0 and "没有写入" in done.output
    assert Ticket.objects.count() == 0


def test_what_cannot_be_read_exits_2_without_a_traceback(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "o.csv"
    other.write_text("甲,乙\n1,2\n", encoding="utf-8")
    told = tmp_path / "m.toml"
    told.write_text("[columns]\nfoo = 'x'\n", encoding="utf-8")
    empty = tmp_path / "e.csv"
    empty.write_bytes(b"")
    for words in ([other], [path, "--map", told], [empty], [tmp_path / "nothing.csv"]):
        done = prompt(*words)
        assert done.exit_code == 2, done.output
        assert "Traceback" not in done.output
    assert "messages" in prompt(other).output
    assert Ticket.objects.count() == 0
