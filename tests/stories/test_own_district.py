"""A district's IT person loads their own district in an afternoon: template, fill, check, load, and a ticket goes
to the right town there. The district is made up (tests/fictitious.py)."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fenzhen.board.advice import advice_for
from fenzhen.cli import main
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.intake import Heard, receive_ticket, submit_ticket
from fenzhen.office.accounts import set_password, system_account
from fenzhen.office.advise import advise_ticket
from fenzhen.office.checks import check_lists
from fenzhen.office.lists import load_lists
from fenzhen.records.directory import Category, Duty
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.units import Unit
from tests import fictitious
from tests.cast import MORNING, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """`fenzhen template`, filled in."""
    path = tmp_path / "district.xlsx"
    answer = CliRunner().invoke(main, ["template", "--out", str(path)])
    assert answer.exit_code == 0, answer.output
    path.write_bytes(fictitious.fill(path.read_bytes()))
    return path


def test_from_the_template_to_the_first_dispatched_ticket(filled: Path) -> None:
    # The check: nothing to mend, and what the district must say yes to stands there.
    answer = CliRunner().invoke(main, ["check", str(filled), "--json", "--on", "2026-03-11"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert told["counts"]["error"] == 0 and told["counts"]["warning"] == 0, told["findings"]
    assert told["rows"]["categories"] == 60 and told["rows"]["units"] == 18
    assert {f["file"] for f in told["findings"]} == {"等级时限", "本区"}

    # The loading.
    system = system_account()
    report = load_lists(filled, by=system, now=MORNING)
    assert report.district == "云岭区" and not report.is_demo and report.warnings == []
    assert Unit.objects.filter(kind="bureau").count() == 12
    assert Place.objects.filter(kind__in=["town", "subdistrict"]).count() == 6
    assert Category.objects.count() == 60 and Duty.objects.count() == 61
    assert DutyPhone.objects.filter(unit__code="ZJJ", time="night").exists()
    assert Level.objects.get(level=2).limit == 24 and CalendarDay.objects.exists()
    assert District.objects.get().settings["quiet"]["levels"] == [3, 4]

    # People get passwords, then a call comes in.
    taker, desk = (
        set_password(name, by=system, now=MORNING, password=PASSWORD) for name in ("huawu", "paidan")
    )
    heard = Heard(
        title="单元门禁坏了",
        body="我住晴川苑，单元门禁坏了一个月，外人随便进，物业说等配件，一直没人修。",
        name="安某",
        phone="13900000009",
        place=Place.objects.get(name="晴川苑"),
        place_text="晴川苑2号楼",
    )
    ticket = submit_ticket(receive_ticket(heard, by=taker, now=MORNING), by=taker, now=MORNING)
    assert advise_ticket(ticket.pk, by=system, now=MORNING)
    advice = advice_for(
        desk, title=ticket.title, body=ticket.body, place_text=ticket.place_text, place_code="X1", now=MORNING
    )
    best = advice.categories[0]
    assert best.code.startswith("0101"), [c.code for c in advice.categories]
    lead = next(choice for choice in advice.units if choice.unit == "Z1")
    assert lead.rule == "R010101"
    dispatch_ticket(
        ticket,
        by=desk,
        now=MORNING,
        lead=Unit.objects.get(code="Z1"),
        category=Category.objects.get(name="公共设施损坏"),
        level=3,
    )
    share = Assignment.objects.get(ticket=ticket)
    assert share.unit.short_name == "松涛街道" and share.state == "pending_sign"


def test_the_examples_of_the_template_are_not_loaded(filled: Path) -> None:
    load_lists(filled, by=system_account(), now=MORNING)
    for model, name in ((Unit, "short_name"), (Place, "name"), (Category, "name")):
        assert not model.objects.filter(**{f"{name}__contains": "示例"}).exists()
    assert not User.objects.filter(username="shili1").exists()


def test_names_words_and_plain_dates_became_codes(filled: Path) -> None:
    load_lists(filled, by=system_account(), now=MORNING)
    rule = Duty.objects.get(rule_id="R010102")
    assert (rule.category, rule.lead, rule.assist, rule.level) == ("010102", "ZJJ", "@town", 3)
    assert str(rule.valid_from) == "2026-01-01"
    assert Unit.objects.get(code="Z3").territory == "D3"
    assert Place.objects.get(name="望岳里").town == "D2"
    assert User.objects.get(username="paidan").role == "dispatcher"


def test_the_folder_in_the_repository_is_what_the_script_writes() -> None:
    assert {p.name: p.read_text(encoding="utf-8") for p in fictitious.HERE.iterdir()} == fictitious.folder()


def test_the_same_lists_as_csv_with_words_for_headings_say_the_same(filled: Path) -> None:
    assert check_lists(fictitious.HERE, today=MORNING.date()).errors == []
    load_lists(filled, by=system_account(), now=MORNING)
    before = list(Duty.objects.values_list("rule_id", "category", "lead", "assist", "level", "valid_from"))
    report = load_lists(fictitious.HERE, by=system_account(), now=MORNING)
    assert [report.counts[key].changed for key in ("units", "places", "categories", "duties")] == [0] * 4
    assert before == list(
        Duty.objects.values_list("rule_id", "category", "lead", "assist", "level", "valid_from")
    )


def test_everybody_gets_a_first_password_once(filled: Path, tmp_path: Path, settings: Any) -> None:
    # Argon2 takes its time on purpose; how hashes are made is not what is asked here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    load_lists(filled, by=system_account(), now=MORNING)
    target = tmp_path / "passwords.csv"
    answer = CliRunner().invoke(main, ["account", "first-passwords", "--out", str(target)])
    assert answer.exit_code == 0, answer.output
    assert target.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 25 and len({row["初始密码"] for row in rows}) == 25
    first = next(row for row in rows if row["账号"] == "lly01")
    assert first["单位"] == "区住建局"
    assert User.objects.get(username="lly01").check_password(first["初始密码"])
    again = tmp_path / "again.csv"
    assert CliRunner().invoke(main, ["account", "first-passwords", "--out", str(again)]).exit_code == 0
    assert len(again.read_text(encoding="utf-8-sig").splitlines()) == 1
    assert CliRunner().invoke(main, ["account", "first-passwords", "--out", str(target)]).exit_code == 1
