"""What scripts may trust: exit codes, JSON, and one plain sentence where something is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fenzhen.cli import COMMANDS, main
from fenzhen.hotline.journey import TicketState
from fenzhen.office.seal import seal_everything
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.units import Unit
from tests.cast import MORNING, Cast
from tests.office.test_lists import FILES

ROOT = Path(__file__).resolve().parents[2]
FENZHEN = Path(sys.executable).with_name("fenzhen")


def prompt(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=given)


def in_a_process(*words: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = {name: value for name, value in os.environ.items() if name != "FENZHEN_DATABASE_URL"}
    env |= {"FENZHEN_DATA_DIR": str(home), **environment}
    return subprocess.run(
        [str(FENZHEN), *words], env=env, cwd=home, capture_output=True, text=True, timeout=120
    )


def test_the_help_names_every_command_and_the_exit_codes() -> None:
    text = prompt("--help").output
    assert all(name in text for name in COMMANDS)
    assert "3 rows" in " ".join(text.split()) and "FENZHEN_DATA_DIR" in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    done = prompt(name, "--help")
    assert done.exit_code == 0 and len(done.output.split()) > 15


@pytest.mark.parametrize(
    "words", [["fly"], ["load"], ["load", "/nowhere"], ["status", "--loud"], ["serve", "--port", "x"]]
)
def test_wrong_usage_exits_2(words: list[str]) -> None:
    assert prompt(*words).exit_code == 2


def test_the_journey_is_printed_without_django(tmp_path: Path) -> None:
    code = (
        "import sys; from fenzhen.cli import main; main(['journey', '--write', 'way.md'], standalone_mode=False);"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'django'], 'django'"
    )
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "way.md").read_text(encoding="utf-8")
    assert "| rehandle |" in text and "pending_callback" in text


def test_the_written_journey_is_the_tables() -> None:
    """After a change of the tables: fenzhen journey --write docs/journey.md"""
    assert (ROOT / "docs" / "journey.md").read_text(encoding="utf-8") == prompt(
        "journey"
    ).output.removesuffix("\n")


def test_status_says_how_things_stand(cast: Cast) -> None:
    cast.waiting()
    cast.dispatched()
    facts = json.loads(prompt("status", "--json").output)
    assert {
        "version",
        "database",
        "tickets",
        "by_state",
        "queue",
        "unsealed",
        "advice_waiting",
        "last_import",
    } <= set(facts)
    assert facts["tickets"] == 2 and facts["advice_waiting"] == 1
    assert set(facts["by_state"]) == {str(state) for state in TicketState}
    assert facts["by_state"]["dispatched"] == facts["by_state"]["pending_dispatch"] == 1
    assert facts["unsealed"] == Entry.objects.count() and facts["unread"] == 0
    assert "password" not in facts["database"].lower() and "://" in facts["database"]
    assert prompt("status").exit_code == 0


def test_work_once_does_all_there_is(cast: Cast) -> None:
    cast.dispatched()
    cast.waiting()
    assert prompt("work", "--once").exit_code == 0
    facts = json.loads(prompt("status", "--json").output)
    assert (facts["unsealed"], facts["unread"], facts["advice_waiting"]) == (0, 0, 0)
    assert facts["queue"] == {"ready": 0, "running": 0, "failed": 0}


def test_verify_exits_1_and_names_the_entry_that_was_tampered_with(cast: Cast) -> None:
    ticket = cast.dispatched()
    seal_everything(by=User.objects.system(), now=MORNING)
    assert prompt("verify").exit_code == 0
    Entry.objects.filter(subject=f"ticket:{ticket.pk}", n=2).update(role="admin")
    done = prompt("verify")
    assert done.exit_code == 1 and f"ticket:{ticket.pk} #2" in done.output


def test_load_exits_1_and_names_file_and_line(db: None, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert prompt("load", str(tmp_path)).exit_code == 0
    assert "unchanged" in prompt("load", str(tmp_path)).output
    (tmp_path / "units.csv").write_text(FILES["units.csv"].replace(",town,", ",castle,"), encoding="utf-8")
    done = prompt("load", str(tmp_path))
    assert done.exit_code == 1
    assert "units.csv" in done.output and "castle" in done.output and "2" in done.output
    assert Unit.objects.get(code="T001").kind == "town"


def test_a_demo_is_made_once_sealed_advised_and_told_to_nobody(db: None, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "demo" / "daxing", tmp_path / "daxing")
    examples = tmp_path / "daxing" / "examples.csv"
    lines = examples.read_text(encoding="utf-8").splitlines(keepends=True)
    examples.write_text("".join([lines[0], *lines[1::8]]), encoding="utf-8")  # there is less to learn
    done = prompt("demo", "--days", "1", "--per-day", "12", "--from", str(tmp_path / "daxing"))
    assert done.exit_code == 0, done.output
    facts = json.loads(prompt("status", "--json").output)
    assert facts["tickets"] > 20 and facts["demo"]
    assert (facts["unsealed"], facts["advice_waiting"]) == (0, 0)
    assert prompt("verify").exit_code == 0
    assert prompt("work", "--once").exit_code == 0
    # what is late now may be said, and after eight in the morning that the day's list is ready; what
    # happened in the demo's past may not
    told = Notice.objects.exclude(kind__startswith="late_").exclude(kind__in=["appointment", "daily"])
    assert list(told) == []
    again = prompt("demo")
    assert again.exit_code == 1 and "Traceback" not in again.output
    assert json.loads(prompt("status", "--json").output)["tickets"] == facts["tickets"]


def test_an_account_is_made_gets_a_password_and_is_closed(cast: Cast) -> None:
    words = [
        "account",
        "create",
        "meng",
        "--name",
        "孟新",
        "--role",
        "unit_liaison",
        "--unit",
        "T1",
        "--password-stdin",
    ]
    assert prompt(*words, given="a-good-long-password\n").exit_code == 0
    meng = User.objects.get(username="meng")
    assert meng.check_password("a-good-long-password") and meng.unit == cast.liuhe
    assert prompt("account", "close", "meng").exit_code == 0
    meng.refresh_from_db()
    assert not meng.is_active
    assert (
        prompt("account", "password", "meng", "--password-stdin", given="another-long-password\n").exit_code
        == 0
    )
    meng.refresh_from_db()
    assert meng.is_active and meng.check_password("another-long-password")
    acts = Entry.objects.filter(subject=f"person:{meng.pk}").values_list("act", flat=True)
    assert list(acts) == ["open_account", "close_account", "set_password"]
    assert not Entry.objects.filter(facts__icontains="password-").exists()


@pytest.mark.parametrize(
    "words, password",
    [
        (
            ["create", "wang", "--name", "又一个", "--role", "agent"],
            "a-good-long-password",
        ),  # the name is taken
        (["create", "neu", "--name", "新", "--role", "agent"], "short"),
        (
            ["create", "neu", "--name", "新", "--role", "unit_worker"],
            "a-good-long-password",
        ),  # of which unit?
        (["create", "neu", "--name", "新", "--role", "unit_worker", "--unit", "XX"], "a-good-long-password"),
        (["password", "nobody"], "a-good-long-password"),
        (["password", "system"], "a-good-long-password"),
    ],
)
def test_what_cannot_be_an_account_exits_1_and_changes_nothing(
    cast: Cast, words: list[str], password: str
) -> None:
    User.objects.system()
    before = list(User.objects.order_by("pk").values("username", "password"))
    done = prompt("account", *words, "--password-stdin", given=password + "\n")
    assert done.exit_code == 1 and "✗" in done.output and "Traceback" not in done.output
    assert list(User.objects.order_by("pk").values("username", "password")) == before


def test_without_tables_a_command_says_what_to_do(tmp_path: Path) -> None:
    done = in_a_process("status", "--json", home=tmp_path)
    assert done.returncode == 1 and "fenzhen migrate" in done.stderr and "Traceback" not in done.stderr


def test_a_database_that_is_away_is_said_in_one_sentence(tmp_path: Path) -> None:
    away = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    done = in_a_process("status", home=tmp_path, FENZHEN_DATABASE_URL=away)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "127.0.0.1" in done.stderr and "secret-word" not in done.stderr + done.stdout


def test_migrating_twice_is_no_harm(tmp_path: Path) -> None:
    for _ in range(2):
        assert in_a_process("migrate", home=tmp_path).returncode == 0
    facts = json.loads(in_a_process("status", "--json", home=tmp_path).stdout)
    assert facts["tickets"] == 0 and facts["district"] == ""
