"""A district's lists are loaded as a whole or not at all, again whenever they change, and delete nothing."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password

from fenzhen.desk.step import NotYours
from fenzhen.hotline.roles import Role
from fenzhen.office.lists import BadLists, load_lists, unit_pinyin
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import clock_rules, setting
from fenzhen.records.units import Unit
from tests.cast import MORNING, Cast

FILES = {
    "district.toml": 'name = "柳山区"\ncode = "990000"\nis_demo = true\nbanner = "演示数据"\ntriage_minutes = 20\n'
    "opened = 2026-01-02\n[callback]\nattempts = 4\n",
    "places.csv": "code,name,kind,parent,aliases,run_by,note\n"
    "990000,柳山区,district,,,,\n"
    "990000001,柳河镇,town,990000,柳河；柳河镇政府,,\n"
    "990000001205,前屯村,village,990000001,,,\n"
    "E0001,清荷苑,estate,990000001205,清荷,,\n"
    "R0001,柳河大街,road,990000,,,\n",
    "units.csv": "code,name,short_name,aliases,kind,line,territory,duties,note\n"
    "T001,柳山区柳河镇人民政府,柳河镇,柳河,town,district,990000001,负责本镇事务,\n"
    "ZJW,柳山区住房和城乡建设委员会,区住建委,房管局,bureau,district,,负责物业管理,\n",
    "categories.csv": "code,level1,level2,name,definition,not_here,kind_hint\n"
    "010101,住房,物业,公共设施,楼道灯、门禁坏了,,投诉\n"
    "010102,住房,物业,物业收费,物业费,,\n",
    "examples.csv": 'category,text\n010101,"楼道灯坏了,没人修"\n010101,单元门锁不上\n010102,物业乱收费\n',
    "duties.csv": "id,category,territory,place_type,lead,assist,level,basis,basis_doc,valid_from,valid_to,floor_unit,"
    "not_grassroots,note\n"
    "A1,0101,,,@town,ZJW,3,属地管理,权责清单,2024-01-01,,,0,\n"
    "A2,010102,990000001,estate,ZJW,,4,收费监管,权责清单,2024-01-01,,,1,\n",
    "levels.csv": "level,name,limit,unit,sign_minutes,contact_hours,confirmed,note\n1,一级,2,hour,15,1,0,\n"
    "3,三级,5,working_day,90,24,0,\n",
    "calendar.csv": "date,day_type,name,published\n2026-10-01,holiday,国庆节,1\n2026-10-10,makeup,调休,1\n",
    "staff.csv": "username,name,role,unit,note\nchief,周一,section_chief,,\nliuhe,吴二,unit_liaison,T001,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def system(db: None) -> User:
    return User.objects.system()


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def faults(folder: Path, system: User) -> list[tuple[str, int, str]]:
    with pytest.raises(BadLists) as caught:
        load_lists(folder, by=system, now=MORNING)
    return [(fault.file, fault.line, fault.column) for fault in caught.value.faults]


def test_everything_is_read_and_places_know_their_town(folder: Path, system: User) -> None:
    report = load_lists(folder, by=system, now=MORNING)
    assert not report.unchanged and report.counts["places"].added == 5
    towns = dict(Place.objects.values_list("code", "town"))
    assert towns["E0001"] == towns["990000001205"] == towns["990000001"] == "990000001"
    assert towns["R0001"] == towns["990000"] == ""
    assert Place.objects.get(code="990000001").aliases == "柳河;柳河镇政府"
    assert Category.objects.get(code="010101").kind_hint == "complaint"
    assert Example.objects.filter(text="楼道灯坏了,没人修", category__code="010101").exists()
    duty = Duty.objects.get(rule_id="A2")
    assert (duty.lead, duty.level, duty.not_grassroots, duty.valid_from) == ("ZJW", 4, True, date(2024, 1, 1))
    assert Level.objects.get(level=3).unit == "working_day"
    assert CalendarDay.objects.get(date=date(2026, 10, 10)).day_type == "makeup"
    assert User.objects.get(username="liuhe").unit == Unit.objects.get(code="T001")


def test_the_settings_count_at_once(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    assert setting("callback.attempts", 3) == 4
    assert District.objects.get().settings["opened"] == "2026-01-02"
    assert clock_rules().triage_minutes == 20
    assert clock_rules().levels[3].sign_minutes == 90
    change(folder, "levels.csv", ",90,", ",60,")
    load_lists(folder, by=system, now=MORNING)
    assert clock_rules().levels[3].sign_minutes == 60


def test_lists_that_did_not_change_are_left_alone_unless_forced(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    Unit.objects.filter(code="ZJW").update(short_name="改过的")
    again = load_lists(folder, by=system, now=MORNING + timedelta(days=1))
    assert again.unchanged and District.objects.get().loaded_at == MORNING
    assert Unit.objects.get(code="ZJW").short_name == "改过的"
    forced = load_lists(folder, by=system, now=MORNING + timedelta(days=1), force=True)
    assert not forced.unchanged and forced.counts["units"].changed == 1
    assert Unit.objects.get(code="ZJW").short_name == "区住建委"
    assert Entry.objects.filter(act="load_lists").count() == 2


def test_what_vanished_is_switched_off_and_never_deleted(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    ids = {
        model: set(model.objects.values_list("pk", flat=True))
        for model in (Place, Unit, Category, Duty, User)
    }
    change(folder, "places.csv", "E0001,清荷苑,estate,990000001205,清荷,,\n", "")
    change(folder, "categories.csv", "010102,住房,物业,物业收费,物业费,,\n", "")
    change(folder, "examples.csv", "010102,物业乱收费\n", "")
    change(folder, "duties.csv", "A2,010102,990000001,estate,ZJW,,4,收费监管,权责清单,2024-01-01,,,1,\n", "")
    change(folder, "staff.csv", "liuhe,吴二,unit_liaison,T001,\n", "")
    report = load_lists(folder, by=system, now=MORNING)
    assert {m: set(m.objects.values_list("pk", flat=True)) for m in ids} == ids
    assert not Place.objects.get(code="E0001").is_active
    assert not Category.objects.get(code="010102").is_active
    assert Duty.objects.get(rule_id="A2").valid_to == MORNING.date() - timedelta(days=1)
    assert not User.objects.get(username="liuhe").is_active
    assert report.counts["duties"].retired == 1


def test_what_comes_back_is_the_same_row_again(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    before = Place.objects.get(code="E0001").pk
    whole = (folder / "places.csv").read_text(encoding="utf-8")
    change(folder, "places.csv", "E0001,清荷苑,estate,990000001205,清荷,,\n", "")
    load_lists(folder, by=system, now=MORNING)
    (folder / "places.csv").write_text(whole, encoding="utf-8")
    load_lists(folder, by=system, now=MORNING)
    back = Place.objects.get(code="E0001")
    assert back.pk == before and back.is_active


def test_a_list_with_faults_changes_nothing_and_every_fault_is_named(folder: Path, system: User) -> None:
    change(folder, "places.csv", "E0001,清荷苑,estate,990000001205", "E0001,清荷苑,palace,99")
    change(folder, "units.csv", "ZJW,柳山区住房和城乡建设委员会", "T001,")
    change(folder, "duties.csv", "@town,ZJW,3", "@town,NOBODY,7")
    change(folder, "calendar.csv", "2026-10-10", "2026-13-10")
    change(folder, "staff.csv", "unit_liaison,T001", "unit_liaison,")
    found = faults(folder, system)
    assert ("places.csv", 5, "kind") in found and ("places.csv", 5, "parent") in found
    assert ("units.csv", 3, "code") in found and ("units.csv", 3, "name") in found
    assert ("duties.csv", 2, "assist") in found and ("duties.csv", 2, "level") in found
    assert ("calendar.csv", 3, "date") in found
    assert ("staff.csv", 3, "unit") in found
    assert not Place.objects.exists() and not District.objects.exists()


def test_a_fault_behind_a_cell_with_line_breaks_is_named_with_its_own_line(
    folder: Path, system: User
) -> None:
    change(folder, "examples.csv", '"楼道灯坏了,没人修"', '"楼道灯坏了\n没人修"')
    change(folder, "examples.csv", "010102,物业乱收费", "999999,物业乱收费")
    assert faults(folder, system) == [("examples.csv", 5, "category")]


def test_a_row_with_too_many_cells_says_so(folder: Path, system: User) -> None:
    change(folder, "examples.csv", '"楼道灯坏了,没人修"', "楼道灯坏了,没人修")
    assert faults(folder, system) == [("examples.csv", 2, "")]


def test_parents_that_go_round_in_a_circle_are_a_fault(folder: Path, system: User) -> None:
    change(folder, "places.csv", "990000001205,前屯村,village,990000001", "990000001205,前屯村,village,E0001")
    assert ("places.csv", 4, "parent") in faults(folder, system)


def test_a_missing_folder_file_or_column_is_said_plainly(folder: Path, system: User) -> None:
    with pytest.raises(BadLists):
        load_lists(folder / "nowhere", by=system, now=MORNING)
    (folder / "units.csv").unlink()
    change(folder, "places.csv", "code,name,kind,parent", "id,name,kind,parent")
    assert ("units.csv", 0, "") in faults(folder, system)
    assert ("places.csv", 1, "") in faults(folder, system)


@pytest.mark.parametrize(
    "bad", ["name = ", 'code = "1"\n', 'name = "x"\ncode = "1"\n[files]\nplaces = "../secret.csv"\n']
)
def test_a_bad_district_file_is_said_plainly(folder: Path, system: User, bad: str) -> None:
    (folder / "district.toml").write_text(bad, encoding="utf-8")
    assert faults(folder, system)[0][0] == "district.toml"


def test_optional_lists_may_be_missing(folder: Path, system: User) -> None:
    for name in ("examples.csv", "levels.csv", "calendar.csv", "staff.csv", "duties.csv", "categories.csv"):
        (folder / name).unlink()
    load_lists(folder, by=system, now=MORNING)
    assert Unit.objects.count() == 2 and not Category.objects.exists()
    assert clock_rules().levels[1].sign_minutes == 15  # the trade's own defaults


def test_lists_from_a_chinese_excel_are_read(folder: Path, system: User) -> None:
    text = (folder / "units.csv").read_text(encoding="utf-8")
    (folder / "units.csv").write_bytes(text.encode("gb18030"))
    load_lists(folder, by=system, now=MORNING)
    assert Unit.objects.get(code="T001").short_name == "柳河镇"


def test_leaves_that_nobody_is_in_charge_of_are_warned_of(folder: Path, system: User) -> None:
    assert load_lists(folder, by=system, now=MORNING).warnings == []  # 0101 covers both leaves
    change(
        folder,
        "duties.csv",
        "A1,0101,,,@town,ZJW,3,属地管理,权责清单,2024-01-01,,",
        "A1,0101,,,@town,ZJW,3,属地管理,权责清单,2024-01-01,2024-12-31,",
    )
    warning = load_lists(folder, by=system, now=MORNING).warnings
    assert (
        len(warning) == 1 and "010101" in warning[0] and "010102" in warning[0]
    )  # a rule of one town is not enough


def test_a_unit_is_found_by_its_letters() -> None:
    words = unit_pinyin(["黄村镇", "黄村", "区住建委", "95598"]).split()
    assert {"huangcunzhen", "hcz", "huangcun", "hc", "zhujianwei", "zjw", "95598"} <= set(words)


def test_pinyin_never_outgrows_its_column() -> None:
    assert len(unit_pinyin(["住房和城乡建设委员会"] + [f"别名{n}号办公室" for n in range(60)])) <= 255


def test_demo_accounts_get_the_demo_password(
    folder: Path, system: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENZHEN_DEMO_PASSWORD", "another-password")
    load_lists(folder, by=system, now=MORNING)
    chief = User.objects.get(username="chief")
    assert chief.is_demo and check_password("another-password", chief.password)


def test_accounts_of_a_real_district_have_no_password_until_they_get_one(folder: Path, system: User) -> None:
    change(folder, "district.toml", "is_demo = true", "is_demo = false")
    load_lists(folder, by=system, now=MORNING)
    chief = User.objects.get(username="chief")
    assert not chief.is_demo and not chief.has_usable_password()


def test_a_demo_account_that_becomes_real_loses_the_public_password(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    change(folder, "district.toml", "is_demo = true", "is_demo = false")
    load_lists(folder, by=system, now=MORNING)
    assert not User.objects.get(username="chief").has_usable_password()


def test_loading_again_keeps_a_changed_password(folder: Path, system: User) -> None:
    load_lists(folder, by=system, now=MORNING)
    chief = User.objects.get(username="chief")
    chief.set_password("my own long password")
    chief.save()
    change(folder, "staff.csv", "周一", "周二")
    load_lists(folder, by=system, now=MORNING)
    chief.refresh_from_db()
    assert chief.name == "周二" and chief.check_password("my own long password")


def test_accounts_made_by_hand_are_not_the_lists_to_close(folder: Path, system: User) -> None:
    User.objects.create(username="byhand", name="手工", role=Role.AGENT)
    load_lists(folder, by=system, now=MORNING)
    assert User.objects.get(username="byhand").is_active


def test_only_an_administrator_or_the_system_loads_lists(folder: Path, cast: Cast) -> None:
    with pytest.raises(NotYours):
        load_lists(folder, by=cast.wang, now=MORNING)
    load_lists(folder, by=cast.admin, now=MORNING)


def test_the_demo_district_loads_without_a_fault(system: User) -> None:
    report = load_lists(Path(__file__).resolve().parents[2] / "demo" / "daxing", by=system, now=MORNING)
    assert report.warnings == []
    assert Unit.objects.count() >= 45 and Category.objects.count() >= 150
    assert Place.objects.filter(kind__in=["town", "subdistrict"]).count() == 22
    assert not Place.objects.exclude(kind="district").filter(kind="village", town="").exists()
    assert "hc" in next(u.pinyin.split() for u in Unit.objects.all() if u.short_name == "黄村镇")
