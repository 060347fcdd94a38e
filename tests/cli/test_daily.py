"""`fenzhen daily` writes both files, and says why where it cannot."""

from pathlib import Path

from click.testing import CliRunner

from fenzhen.cli import main
from fenzhen.records.people import User
from tests.cast import Cast


def test_it_writes_word_and_excel(cast: Cast, tmp_path: Path) -> None:
    cast.waiting()
    done = CliRunner().invoke(main, ["daily", "--day", "2026-03-11", "--out", str(tmp_path / "lists")])
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (tmp_path / "lists").iterdir()) == [
        "daily-2026-03-11.docx",
        "daily-2026-03-11.xlsx",
    ]


def test_without_an_account_that_may_read_it_nothing_is_written(cast: Cast, tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["daily", "--out", str(tmp_path), "--as", "wang"])
    assert refused.exit_code == 1 and not list(tmp_path.iterdir())
    User.objects.filter(role="section_chief").update(is_active=False)
    assert CliRunner().invoke(main, ["daily", "--out", str(tmp_path)]).exit_code == 1
