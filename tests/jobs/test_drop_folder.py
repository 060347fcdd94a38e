"""The folder where the city's files are dropped: each is read once and whole, and nothing is lost on the way."""

import fcntl
import os
from datetime import timedelta
from pathlib import Path

import pytest

from fenzhen.jobs.timetable import TIMETABLE
from fenzhen.jobs.worker import Worker
from fenzhen.office import city_drop
from fenzhen.office.accounts import system_account
from fenzhen.office.city import CityReport
from fenzhen.office.city_drop import DropFolder, forget_dropped, make_folders
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.office.test_city import HEADER, order, written


@pytest.fixture
def folder(tmp_path: Path, settings, cast: Cast) -> Path:
    settings.FENZHEN_DATA_DIR = tmp_path
    make_folders()
    return tmp_path / "city"


def look(drop: DropFolder, cast: Cast, seconds: int = 0) -> list[CityReport]:
    return drop.look(by=system_account(), now=cast.now + timedelta(seconds=seconds))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_is_read_and_put_away_with_a_report(cast: Cast, folder: Path) -> None:
    written(folder / "in" / "单.csv", [order(1), order(2), order(3, 办理时限="2026-02-30")])
    drop = DropFolder(settled=0)
    (report,) = look(drop, cast)
    assert (report.counts["new"], report.counts["rejected"]) == (2, 1)
    assert names(folder / "in") == []
    assert names(folder / "done") == [
        "20260311-090000-单.csv",
        "20260311-090000-单.csv.report.txt",
        "20260311-090000-单.rejects.csv",
    ]
    told = (folder / "done" / "20260311-090000-单.csv.report.txt").read_text("utf-8")
    assert "新单 2" in told and "拒收 1" in told and "第 4 行" in told
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "done").iterdir())
    assert look(drop, cast) == []


def test_a_file_that_still_grows_is_left_alone(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [0.0]
    monkeypatch.setattr(city_drop.time, "monotonic", lambda: at[0])
    drop = DropFolder(settled=5)
    whole = written(folder / "w.csv", [order(n) for n in range(1, 9)]).read_bytes()
    arriving = folder / "in" / "a.csv"
    for share in (3, 2, 1):
        arriving.write_bytes(whole[: len(whole) // share])
        assert look(drop, cast) == []
        at[0] += 3  # looked at again before it has been quiet long enough
    assert look(drop, cast) == []
    at[0] += 3
    (report,) = look(drop, cast)
    assert (report.rows, Ticket.objects.count()) == (8, 8)


@pytest.mark.parametrize("name", [".a.csv", "~$a.xlsx", "a.csv.part", "a.xlsx.crdownload", "a.TMP"])
def test_a_name_that_says_unfinished_is_left_alone(cast: Cast, folder: Path, name: str) -> None:
    written(folder / "in" / name, [order(1)])
    assert look(DropFolder(settled=0), cast) == []
    assert names(folder / "in") == [name]


def test_what_cannot_be_read_is_waited_for_and_then_put_aside(cast: Cast, folder: Path) -> None:
    (folder / "in" / "x.xlsx").write_bytes(b"PK\x03\x04 half of it")
    written(folder / "in" / "y.csv", [order(1)])
    written(folder / "in" / "z.csv", [{"a": "1"}], header=["a", "b"])
    drop = DropFolder(settled=0, patience=3600)
    assert [report.file for report in look(drop, cast)] == ["y.csv"]
    assert names(folder / "in") == ["x.xlsx", "z.csv"]
    drop.patience = 0
    assert look(drop, cast) == []
    assert names(folder / "in") == []
    told = (folder / "trouble" / "20260311-090000-z.csv.report.txt").read_text("utf-8")
    assert "没有认出表头" in told
    assert "20260311-090000-x.xlsx" in names(folder / "trouble")


def test_files_are_read_in_the_order_of_their_names_moments(cast: Cast, folder: Path) -> None:
    bare = [name for name in HEADER if name != "变更时间"]
    written(folder / "in" / "b-20260311-0900.csv", [order(1, 标题="早")], header=bare)
    written(folder / "in" / "a-20260311-1200.csv", [order(1, 标题="晚")], header=bare)
    assert [report.counts["changed"] for report in look(DropFolder(settled=0), cast)] == [0, 1]
    assert Ticket.objects.get().title == "晚"


def test_a_crash_before_it_was_put_away_costs_nothing(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder / "in" / "a.csv", [order(1), order(2)])

    def dies(*_args: object) -> None:
        raise SystemExit

    monkeypatch.setattr(city_drop, "_put", dies)
    with pytest.raises(SystemExit):
        look(DropFolder(settled=0), cast)
    monkeypatch.undo()
    assert names(folder / "in") == ["a.csv"]
    (report,) = look(DropFolder(settled=0), cast)
    assert (report.counts["same"], Ticket.objects.count()) == (2, 2)


def test_two_workers_do_not_read_the_same_file_at_once(cast: Cast, folder: Path) -> None:
    written(folder / "in" / "a.csv", [order(1)])
    raw = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(raw, fcntl.LOCK_EX)
    drop = DropFolder(settled=0)
    assert look(drop, cast) == []
    os.close(raw)
    assert len(look(drop, cast)) == 1


def test_a_second_file_of_the_same_name_does_not_overwrite_the_first(cast: Cast, folder: Path) -> None:
    drop = DropFolder(settled=0)
    for n in (1, 2):
        written(folder / "in" / "a.csv", [order(n)])
        look(drop, cast)
    kept = [name for name in names(folder / "done") if not name.endswith(".txt")]
    assert kept == ["20260311-090000-2-a.csv", "20260311-090000-a.csv"]


def test_files_that_name_callers_are_not_kept_for_ever(cast: Cast, folder: Path) -> None:
    written(folder / "in" / "a.csv", [order(1)])
    look(DropFolder(settled=0), cast)
    os.utime(
        folder / "done" / "20260311-090000-a.csv.report.txt", (cast.now.timestamp(), cast.now.timestamp())
    )
    assert forget_dropped(by=system_account(), now=cast.now + timedelta(days=6)) == 0
    assert forget_dropped(by=system_account(), now=cast.now + timedelta(days=8)) == 2
    assert names(folder / "done") == []


def test_the_worker_looks_into_the_folder(cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_drop, "_FOLDER", DropFolder(settled=0))
    written(folder / "in" / "a.csv", [order(1)])
    lines = tuple(line for line in TIMETABLE if line.name == "the city's files")
    assert len(lines) == 1
    Worker(timetable=lines).look(cast.now)
    assert Ticket.objects.get().city_mode == "district"
