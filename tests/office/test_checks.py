"""What is missing or contradictory in a district's lists is named with file, line and what to do."""

from datetime import date
from pathlib import Path

import pytest

from fenzhen.office.checks import CheckReport, Finding, check_lists
from tests import fictitious

TODAY = date(2026, 3, 11)
LEVELS = (
    "level,name,limit,unit,sign_minutes,contact_hours,confirmed,note\n"
    "1,一级,2,hour,15,1,1,\n2,二级,24,hour,30,2,1,\n3,三级,7,calendar_day,120,24,1,\n4,四级,15,working_day,120,24,1,\n"
)
CALENDAR = "date,day_type,name,published\n2026-10-01,holiday,国庆节,1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in fictitious.folder().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "levels.csv").write_text(LEVELS, encoding="utf-8")
    (tmp_path / "calendar.csv").write_text(CALENDAR, encoding="utf-8")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def drop(folder: Path, name: str, word: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if word not in line]
    assert len(kept) < len(lines)
    (folder / name).write_text("".join(kept), encoding="utf-8")


def line_of(folder: Path, name: str, word: str) -> int:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if word in line)


def look(folder: Path, today: date = TODAY) -> CheckReport:
    return check_lists(folder, today=today)


def found(folder: Path, code: str, today: date = TODAY) -> Finding:
    report = look(folder, today)
    match = [f for f in report.findings if f.code == code]
    assert match, [(f.code, f.text) for f in report.findings]
    assert match[0].todo or code == "fault"
    return match[0]


def test_whole_lists_have_nothing_to_say(folder: Path) -> None:
    assert look(folder).findings == []


def test_a_leaf_without_a_rule_in_some_town_is_an_error_that_names_both(folder: Path) -> None:
    drop(folder, "duties.csv", "R000")
    text = (folder / "duties.csv").read_text(encoding="utf-8")
    header = text.splitlines()[0]
    row = next(line for line in text.splitlines() if "R030101" in line)
    (folder / "duties.csv").write_text(text.replace(row + "\n", ""), encoding="utf-8")
    finding = found(folder, "uncovered")
    assert finding.severity == "error" and "停水" in finding.text and "全区" in finding.text
    # a rule for one town is not enough
    columns = header.split(",")
    cells = dict(zip(columns, row.split(","), strict=True)) | {"规则号": "X1"}
    with_town = ",".join([*columns, "辖区"]) + "\n"
    body = "".join(line + ",\n" for line in text.replace(row + "\n", "").splitlines()[1:])
    one = ",".join([*cells.values(), "松涛街道"]) + "\n"
    (folder / "duties.csv").write_text(with_town + body + one, encoding="utf-8")
    finding = found(folder, "uncovered")
    assert "鹿鸣街道" in finding.text and "松涛街道" not in finding.text


def test_equal_rules_of_the_same_day_that_say_different_things_are_an_error(folder: Path) -> None:
    path = folder / "duties.csv"
    row = next(line for line in path.read_text(encoding="utf-8").splitlines() if "R030101" in line)
    again = row.replace("R030101", "R9").replace("区水务局", "区住建局")
    path.write_text(path.read_text(encoding="utf-8") + again + "\n", encoding="utf-8")
    finding = found(folder, "overlap")
    assert finding.severity == "error" and "R030101" in finding.text and "R9" in finding.text
    assert finding.line == line_of(folder, "duties.csv", "R9,")
    # begun later: the newer one wins, and somebody is told
    change(folder, "duties.csv", again, again.replace("2026/1/1", "2026/2/1"))
    assert found(folder, "overlap").severity == "warning"


def test_a_rule_kept_from_the_grassroots_but_led_by_a_town_is_an_error(folder: Path) -> None:
    text = (folder / "duties.csv").read_text(encoding="utf-8").splitlines()
    lines = [text[0] + ",不得派给基层"] + [line + (",是" if "R010101" in line else ",") for line in text[1:]]
    (folder / "duties.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    finding = found(folder, "town_leads")
    assert finding.severity == "error" and finding.line == line_of(folder, "duties.csv", "R010101")


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "severity"),
    [
        ("units.csv", "房管局;住建局", "房管局;城管", "shared_alias", "error"),
        ("places.csv", "D6,霜叶镇,镇", "D6,霜叶镇,村", "fault", "error"),
        ("duties.csv", "区水务局", "区水利局", "fault", "error"),
        ("staff.csv", "派单员", "审核员", "role_missing", "error"),
        ("levels.csv", "3,三级,7,calendar_day,120,24,1,\n", "", "level_missing", "warning"),
        ("levels.csv", "120,24,1", "120,24,0", "level", "confirm"),
        ("district.toml", "is_demo", "triage_minutes_confirmed = false\nis_demo", "setting", "confirm"),
        ("district.toml", "is_demo", 'quiet = {from = "25:00"}\nis_demo', "quiet", "error"),
    ],
)
def test_each_of_these_is_found(
    folder: Path, name: str, old: str, new: str, code: str, severity: str
) -> None:
    change(folder, name, old, new)
    if (name, code) == ("places.csv", "fault"):
        change(folder, "units.csv", ",霜叶镇,", ",没有这里,")
    assert found(folder, code).severity == severity


def test_a_town_without_a_unit_is_an_error(folder: Path) -> None:
    drop(folder, "units.csv", "霜叶镇人民政府")
    drop(folder, "duty_phones.csv", "霜叶镇")
    drop(folder, "staff.csv", "霜叶镇")
    finding = found(folder, "town_without_unit")
    assert finding.severity == "error" and "霜叶镇" in finding.text
    assert finding.line == line_of(folder, "places.csv", "霜叶镇")


def test_units_without_duty_phones_and_liaisons_are_warned_of(folder: Path) -> None:
    drop(folder, "duty_phones.csv", "区教育局")
    drop(folder, "duty_phones.csv", "竹影镇,夜间")
    drop(folder, "staff.csv", "区教育局")
    assert "区教育局" in found(folder, "no_duty_phone").text
    assert "竹影镇" in found(folder, "no_night_phone").text
    assert "区教育局" in found(folder, "unit_without_liaison").text
    assert look(folder).errors == []


def test_a_year_without_a_calendar_is_an_error_only_where_days_are_counted(folder: Path) -> None:
    assert found(folder, "calendar_year", date(2028, 3, 1)).severity == "error"
    change(folder, "levels.csv", "working_day", "calendar_day")
    assert found(folder, "calendar_year", date(2028, 3, 1)).severity == "warning"


def test_categories_without_examples_leave_the_adviser_blind(folder: Path) -> None:
    drop(folder, "examples.csv", "景区管理,")
    finding = found(folder, "no_examples")
    assert finding.severity == "warning" and "景区管理" in finding.text


def test_the_same_fault_on_many_lines_is_told_once(folder: Path) -> None:
    change(folder, "duties.csv", "2026/1/1", "2026-13-01")
    faults = [f for f in look(folder).errors if f.code == "fault"]
    assert len(faults) == 1 and "59" in faults[0].text and faults[0].line == 3


def test_the_zero_that_a_spreadsheet_ate_is_put_back(folder: Path) -> None:
    for name in ("categories.csv",):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("\n0", "\n"), encoding="utf-8")
    assert look(folder).errors == []


def test_what_cannot_be_opened_is_said_plainly(tmp_path: Path) -> None:
    for source in (tmp_path / "nowhere", ("x.xlsx", b"PK\x03\x04 broken"), ("x.pdf", b"%PDF-1")):
        report = check_lists(source, today=TODAY)
        assert len(report.errors) == 1 and report.errors[0].text
