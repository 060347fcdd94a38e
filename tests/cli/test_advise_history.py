"""`fenzhen advise history`: an export in, people's and the adviser's first dispatch compared, without Django."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from fenzhen.cli.advise import command
from tests.web.test_adviser import export


def tried(tmp_path: Path, content: bytes, *words: str) -> Result:
    path = tmp_path / "导出.csv"
    path.write_bytes(content)
    return CliRunner().invoke(command, ["history", "--in", str(path), *words])


def test_it_says_how_people_and_the_adviser_did_and_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "units.csv"
    done = tried(tmp_path, export(), "--json", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["n"], figures["n_test"], figures["people"]["n"]) == (260, 78, 78)
    assert figures["adviser"]["share"] > figures["people"]["share"]
    assert figures["automatic"]["n"] == 0 and figures["units"][0]["missing"] > 0
    assert out.read_text("utf-8").splitlines()[0].startswith("unit,n,right")


def test_columns_may_be_named_and_unknown_or_missing_ones_are_said(tmp_path: Path) -> None:
    header = ("题", "话", "先", "后", "时", "退")
    named = ["--text", "题,话", "--first", "先", "--final", "后", "--time", "时", "--returned", "退"]
    assert tried(tmp_path, export(header=header), *named).exit_code == 0
    for words, said in (([], "no column for text, final, time"), (["--final", "甲"], "no column '甲'")):
        done = tried(tmp_path, export(header=header), *words)
        assert done.exit_code == 1 and said in done.stderr


def test_too_few_rows_are_refused_with_their_number(tmp_path: Path) -> None:
    done = tried(tmp_path, export(50))
    assert done.exit_code == 1 and "50 usable rows: at least 200 are needed" in done.stderr
