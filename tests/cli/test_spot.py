"""`fenzhen spot replay`: nothing is lost, bad rows are named, nothing below three people rings."""

import csv
from pathlib import Path

from click.testing import CliRunner

from fenzhen.cli import main


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
