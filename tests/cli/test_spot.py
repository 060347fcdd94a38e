"""`fenzhen spot replay`: nothing is lost, bad rows are named, nothing below three people rings."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from fenzhen.cli import main
from fenzhen.cli.texts import read_rows
from fenzhen.spotter.moments import NoMoment, moment


def replayed(
    tmp_path: Path, text: str, encoding: str = "utf-8"
) -> tuple[list[dict[str, str]], list[dict[str, str]], str]:
    source, events, alerts = tmp_path / "s.csv", tmp_path / "e.csv", tmp_path / "a.csv"
    source.write_text(text, encoding=encoding)
    words = [
        "spot",
        "replay",
        "--in",
        source,
        "--id",
        "n",
        "--who",
        "u",
        "--when",
        "t",
        "--text",
        "title,body",
        "--out",
        events,
        "--alerts",
        alerts,
    ]
    ran = CliRunner().invoke(main, [str(word) for word in words])
    assert ran.exit_code == 0, ran.output
    with events.open(encoding="utf-8") as e, alerts.open(encoding="utf-8") as a:
        return list(csv.DictReader(e)), list(csv.DictReader(a)), ran.output


HEAD = "n,u,t,title,body\n"
ROWS = "".join(
    f"{at},{who},{when},晨光家园窗户缩水,晨光家园的窗户比样板间小{at}\n"
    for at, who, when in [(1, "a", "2026/3/2 9:00"), (2, "a", "2026-03-02 10:00:00"), (3, "b", "2026年3月2日 下午1时"), (4, "c", "20260302150000"), (5, "d", "gestern"), (4, "e", "2026/3/3")]
)  # fmt: skip


def test_every_row_comes_out_in_its_place_and_three_people_ring(tmp_path: Path) -> None:
    events, alerts, said = replayed(tmp_path, HEAD + ROWS)
    assert [row["message_id"] for row in events] == ["1", "2", "3", "4", "5", "4"]
    assert len({row["event_id"] for row in events[:4]}) == 1
    assert events[4]["event_id"] not in {row["event_id"] for row in events[:4]}
    assert "row 6" in said and "row 7" in said
    assert [(row["level"], row["people"], row["tickets"], row["last_message_id"]) for row in alerts] == [
        ("blue", "3", "4", "4")
    ]


def test_a_chinese_file_is_read_and_a_missing_column_is_said(tmp_path: Path) -> None:
    events, _alerts, _said = replayed(tmp_path, HEAD + ROWS, "gb18030")
    assert len(events) == 6
    ran = CliRunner().invoke(
        main, ["spot", "replay", "--in", str(tmp_path / "s.csv"), "--id", "x", "--who", "u", "--when", "t", "--text", "title", "--out", str(tmp_path / "o"), "--alerts", str(tmp_path / "p")],
    )  # fmt: skip
    assert ran.exit_code == 1
    assert "no column x" in ran.output


def refused(tmp_path: Path, text: str, **other: str) -> str:
    source, events, alerts = tmp_path / "s.csv", tmp_path / "e.csv", tmp_path / "a.csv"
    source.write_text(text, encoding="utf-8")
    words = [
        "spot",
        "replay",
        "--in",
        str(source),
        "--id",
        "n",
        "--who",
        "u",
        "--when",
        "t",
        "--text",
        "title,body",
    ]
    words += ["--out", other.get("out", str(events)), "--alerts", other.get("alerts", str(alerts))]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 1 and not events.exists() and not alerts.exists(), ran.output
    assert source.read_text(encoding="utf-8") == text
    return ran.output


def test_a_file_is_never_written_over_the_one_that_is_read(tmp_path: Path) -> None:
    assert "overwritten" in refused(tmp_path, HEAD + ROWS, out=str(tmp_path / "s.csv"))
    assert "overwritten" in refused(tmp_path, HEAD + ROWS, alerts=str(tmp_path / "e.csv"))


def test_an_open_quote_is_said_and_swallows_no_rows(tmp_path: Path) -> None:
    said = refused(tmp_path, HEAD + ROWS + '9,z,2026/3/4,"窗户,小\n10,y,2026/3/4,a,b\n')
    assert "line 8" in said and "never ends" in said


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "title twice" in refused(tmp_path, "n,u,t,title,title,body\n1,a,2026/3/2,x,y,z\n")


def test_quotes_and_lines_within_a_cell_are_one_row_and_cells_beyond_are_said(tmp_path: Path) -> None:
    rows = '1,a,2026/3/2,"晨光家园\r\n窗户","他说""小"""\n2,b,2026/3/2,路灯,不亮,多,出\n'
    events, _alerts, said = replayed(tmp_path, HEAD + rows)
    assert [row["message_id"] for row in events] == ["1", "2"]
    assert "row 3" in said and "more cells" in said


def test_the_hours_people_write_are_read() -> None:
    said = [
        "2019年3月1日 下午3点半",
        "2019-03-01 24:00:00",
        "2019-3-1 中午1点",
        "2019/3/1 中午12时",
        "2019/3/1 凌晨12点",
    ]
    assert [f"{moment(one):%d %H:%M}" for one in said] == [
        "01 15:30",
        "02 00:00",
        "01 13:00",
        "01 12:00",
        "01 00:00",
    ]
    with pytest.raises(NoMoment):
        moment("2019-03-01 24:01")


def test_one_broken_byte_does_not_turn_the_whole_file_into_other_words(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes((HEAD + ROWS).encode() + b"9,z,2026/3/4,\xe9\x87x,y\n")
    with pytest.raises(ValueError, match="UTF-8 but for 1 of its lines: line 8"):
        read_rows(source, ["n"])
    source.write_text(HEAD + ROWS, encoding="gb18030")
    assert len(read_rows(source, ["n"])) == 6
