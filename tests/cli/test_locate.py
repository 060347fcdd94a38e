"""`fenzhen locate` on CSV: every row comes back, what is not sure is left open, and a wrong file says what is wrong."""

import csv
from pathlib import Path

from click.testing import CliRunner

from fenzhen.cli import main

DAXING = Path(__file__).resolve().parents[2] / "demo" / "daxing"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_places_and_towns_are_named_and_nothing_is_guessed(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    texts = [
        "黄村镇有人烧垃圾",
        "北臧村镇巴园子村路灯坏了",
        "清逸园社区电梯坏了",
        "清意园社区电梯坏了",
        "望京西园三区停水",
        "",
        "暖气不热",
    ]
    source.write_text(
        "id,topic\n" + "".join(f"{n},{text}\n" for n, text in enumerate(texts)), encoding="utf-8"
    )
    done = CliRunner().invoke(
        main,
        ["locate", "--district", str(DAXING), "--in", str(source), "--text", "topic", "--out", str(target)],
    )
    assert done.exit_code == 0, done.output
    found = rows_of(target)
    assert [row["id"] for row in found] == [str(n) for n in range(len(texts))]
    assert found[0]["place"] == found[0]["town"] == "黄村镇"
    assert (found[1]["place"], found[1]["town"]) == ("巴园子村", "北臧村镇")
    assert found[2]["place"].startswith("清逸园")
    assert found[3]["place"].startswith("清逸园") and found[3]["town"] == found[2]["town"]  # heard wrongly
    assert [row["place"] for row in found[4:]] == ["", "", ""]


def test_a_wrong_file_says_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,words\n1,黄村镇\n", encoding="utf-8")
    words = ["locate", "--in", str(source), "--text", "topic", "--out", str(tmp_path / "o.csv"), "--district"]
    assert "has no column topic" in CliRunner().invoke(main, [*words, str(DAXING)]).output
    assert "places.csv" in CliRunner().invoke(main, [*words[:4], "words", *words[5:], str(tmp_path)]).output
