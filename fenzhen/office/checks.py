"""What is missing or contradictory in a district's lists, found before they are loaded.

Errors keep a district from working (a matter that nobody is in charge of); warnings will be felt later;
"to confirm" is what somebody of the district must say, because no public rule was found. Each names file, line
and what to do. Nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.hotline import duty
from fenzhen.hotline.duty import DutyBook, DutyRule, contradictions
from fenzhen.hotline.quiet import QuietHours
from fenzhen.hotline.roles import Role
from fenzhen.locator.place import TOWN_KINDS
from fenzhen.office.lists import BadLists, Fault, Lists, Source, read_lists, reader_of
from fenzhen.records.words import LEVELS, ROLES

ERROR, WARNING, CONFIRM = "error", "warning", "confirm"
#: Examples from which a category is learned well enough.
FEW_EXAMPLES = 3
#: Roles without which the day does not run, and what stands still.
NEEDED_ROLES = (Role.DISPATCHER, Role.SECTION_CHIEF, Role.ADMIN)
WANTED_ROLES = (Role.AGENT, Role.REVIEWER, Role.CALLBACK_AGENT, Role.SHIFT_LEAD)
#: So many names stand in one sentence.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing. `severity`: error, warning or confirm; `code` names the kind of thing; `line` 0: the whole file."""

    severity: str
    code: str
    file: str
    line: int
    column: str
    text: str
    todo: str = ""

    @property
    def where(self) -> str:
        """File, line and column as a person reads them."""
        return Fault(self.file, self.line, self.column, "").where


@dataclass(slots=True)
class CheckReport:
    """What was found, and how large the lists are."""

    district: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def of(self, severity: str) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    @property
    def errors(self) -> list[Finding]:
        """What must be mended."""
        return self.of(ERROR)

    @property
    def warnings(self) -> list[Finding]:
        """What will be felt."""
        return self.of(WARNING)

    @property
    def to_confirm(self) -> list[Finding]:
        """What somebody must say yes to."""
        return self.of(CONFIRM)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        counts = {severity: len(self.of(severity)) for severity in (ERROR, WARNING, CONFIRM)}
        return {
            "district": self.district,
            "rows": self.rows,
            "counts": counts,
            "findings": [asdict(f) for f in self.findings],
        }


def check_lists(source: Source, *, today: date) -> CheckReport:
    """Look a district's lists through as they would stand on *today*. Never raises for what is in them."""
    report = CheckReport()
    try:
        reader = reader_of(source)
        settings = reader.settings()
        lists = read_lists(reader, settings)
    except BadLists as bad:
        report.findings = _faults(bad.faults)
        return report
    report.district = str(settings.get("name", ""))
    report.findings = _faults(reader.faults)
    report.rows = {
        "places": len(lists.places),
        "units": len(lists.units),
        "categories": len(lists.categories),
        "examples": len(lists.examples),
        "duties": len(lists.duties),
        "duty_phones": len(lists.duty_phones),
        "levels": len(lists.levels),
        "calendar": len(lists.days),
        "staff": len(lists.staff),
    }
    look = _Look(
        report, lists, settings, reader.file, reader.column_name, reader.where_is_setting, reader.lines, today
    )
    look.places()
    look.units()
    look.categories()
    look.duties()
    look.phones()
    look.levels()
    look.calendar()
    look.staff()
    look.settings_()
    rank = {ERROR: 0, WARNING: 1, CONFIRM: 2}
    report.findings.sort(key=lambda finding: rank[finding.severity])
    return report


def _faults(faults: Iterable[Fault]) -> list[Finding]:
    """What cannot be read; the same fault on many lines is one finding."""
    alike: dict[tuple[str, str, str], list[int]] = {}
    for fault in faults:
        alike.setdefault((fault.file, fault.column, fault.text), []).append(fault.line)
    found = []
    for (file, column, text), lines in alike.items():
        if len(lines) > 1:
            more = "、".join(str(line) for line in lines[1 : _NAMED + 1])
            text += _(" 同样的还有 %(n)s 行：第 %(lines)s 行%(more)s。") % {
                "n": len(lines) - 1,
                "lines": more,
                "more": "……" if len(lines) > _NAMED + 1 else "",
            }
        found.append(Finding(ERROR, "fault", file, lines[0], column, text))
    return found


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return "、".join(listed[:_NAMED]) + (_("等%(n)s个") % {"n": len(listed)} if len(listed) > _NAMED else "")


@dataclass(slots=True)
class _Look:
    report: CheckReport
    lists: Lists
    settings: Mapping[str, Any]
    file: Callable[[str], str]
    column: Callable[[str, str], str]
    setting: Callable[[str], tuple[str, int, str]]
    lines: Mapping[tuple[str, str], int]
    today: date

    def say(
        self, severity: str, code: str, key: str, row: str, column: str, text: str, todo: str = ""
    ) -> None:
        line = self.lines.get((key, row), 0) if row else 0
        where = self.column(key, column) if column else ""
        self.report.findings.append(Finding(severity, code, self.file(key), line, where, text, todo))

    def unit_name(self, code: str) -> str:
        unit = self.lists.units.get(code)
        return f"{unit['short_name']}({code})" if unit else code

    def place_name(self, code: str) -> str:
        place = self.lists.places.get(code)
        return str(place["name"]) if place else code

    @property
    def towns(self) -> list[str]:
        return [code for code, place in self.lists.places.items() if place["kind"] in TOWN_KINDS]

    def places(self) -> None:
        if not self.towns:
            self.say(
                ERROR,
                "no_towns",
                "places",
                "",
                "kind",
                _("地点表里一个镇、街道也没有。"),
                _("先写各镇街，类型选“镇”或“街道”，否则“属地”派不出去。"),
            )
        by_town: dict[str, list[str]] = {u["territory"]: [] for u in self.lists.units.values()}
        for code, unit in self.lists.units.items():
            by_town[unit["territory"]].append(code)
        for town in self.towns:
            units = by_town.get(town, [])
            if not units:
                self.say(
                    ERROR,
                    "town_without_unit",
                    "places",
                    town,
                    "",
                    _("%(town)s没有承办单位。") % {"town": self.place_name(town)},
                    _("在单位表里加上这个镇街，辖区填 %(code)s。") % {"code": town},
                )
            elif len(units) > 1:
                self.say(
                    ERROR,
                    "town_of_two_units",
                    "units",
                    units[1],
                    "territory",
                    _("%(town)s的辖区写在了两个单位上：%(units)s。")
                    % {"town": self.place_name(town), "units": _some(map(self.unit_name, units))},
                    _("一个镇街只由一个单位作属地，其余的辖区请清空。"),
                )
        astray = [
            code
            for code, place in self.lists.places.items()
            if not place["town"] and place["kind"] not in {"district", "road", "landmark", "park", "station"}
        ]
        if astray:
            self.say(
                WARNING,
                "place_without_town",
                "places",
                astray[0],
                "parent",
                _("%(n)s 个地点不在任何镇街之下：%(names)s。")
                % {"n": len(astray), "names": _some(map(self.place_name, astray))},
                _("把上级写成所在的镇街或村社区，否则属地判断不了。"),
            )

    def units(self) -> None:
        for code, unit in self.lists.units.items():
            if unit["kind"] in TOWN_KINDS and not unit["territory"]:
                self.say(
                    ERROR,
                    "unit_without_territory",
                    "units",
                    code,
                    "territory",
                    _("%(unit)s是镇街，但没有写辖区。") % {"unit": self.unit_name(code)},
                    _("辖区填地点表里这个镇街的代码或名称。"),
                )
        named: dict[str, list[str]] = {}
        for code, unit in self.lists.units.items():
            for name in {unit["name"], unit["short_name"], *unit["aliases"].split(";")} - {""}:
                named.setdefault(name, []).append(code)
        for name, codes in named.items():
            if len(codes) > 1:
                self.say(
                    ERROR,
                    "shared_alias",
                    "units",
                    codes[1],
                    "aliases",
                    _("“%(name)s”同时是 %(units)s 的名称或别名。")
                    % {"name": name, "units": _some(map(self.unit_name, codes))},
                    _("只留在一个单位上，否则派单时分不清。"),
                )
        silent = [
            code for code, unit in self.lists.units.items() if not unit["duties"] and unit["kind"] == "bureau"
        ]
        if silent:
            self.say(
                WARNING,
                "unit_without_duties",
                "units",
                silent[0],
                "duties",
                _("%(n)s 个委办局没有写职责：%(units)s。")
                % {"n": len(silent), "units": _some(map(self.unit_name, silent))},
                _("用平常话写管什么，智能建议靠它认单位。"),
            )

    def categories(self) -> None:
        if not self.lists.categories:
            self.say(
                ERROR,
                "no_categories",
                "categories",
                "",
                "",
                _("分类表是空的。"),
                _("没有分类，工单不能按权责派出；请照模板填写。"),
            )
            return
        counts = Counter(code for code, _text in self.lists.examples)
        blind = [code for code in self.lists.categories if not counts[code]]
        few = [code for code in self.lists.categories if 0 < counts[code] < FEW_EXAMPLES]
        if blind:
            self.say(
                WARNING,
                "no_examples",
                "categories",
                blind[0],
                "",
                _("%(n)s 个小类没有例句，智能建议认不出它们：%(names)s。")
                % {"n": len(blind), "names": _some(map(self.leaf, blind))},
                _("在例句表里每个小类写三句以上群众的原话。"),
            )
        if few:
            self.say(
                WARNING,
                "few_examples",
                "examples",
                "",
                "",
                _("%(n)s 个小类的例句不到 %(few)s 句：%(names)s。")
                % {"n": len(few), "few": FEW_EXAMPLES, "names": _some(map(self.leaf, few))},
                _("补到三句以上，建议会准得多。"),
            )

    def leaf(self, code: str) -> str:
        return f"{code}{self.lists.categories[code]['name']}"

    def duties(self) -> None:
        rules = [
            DutyRule(
                id=rule_id,
                category=row["category"],
                territory=row["territory"],
                place_type=row["place_type"],
                lead=row["lead"],
                assist=tuple(filter(None, row["assist"].split(";"))),
                level=row["level"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                floor_unit=row["floor_unit"],
                not_grassroots=row["not_grassroots"],
            )
            for rule_id, row in self.lists.duties.items()
        ]
        town_units = {
            unit["territory"]: code
            for code, unit in self.lists.units.items()
            if unit["kind"] in TOWN_KINDS and unit["territory"]
        }
        parents = {code: p["parent"] for code, p in self.lists.places.items() if p["parent"]}
        book = DutyBook(rules, town_units, parents)
        bare: dict[tuple[str, ...], list[str]] = {}
        for found in contradictions(book, leaves=self.lists.categories, towns=self.towns, on=self.today):
            if found.kind == duty.UNCOVERED:
                bare.setdefault(found.towns, []).append(found.category)
            elif found.kind == duty.TOWN_LEADS:
                self.say(
                    ERROR,
                    "town_leads",
                    "duties",
                    found.rule,
                    "lead",
                    _("规则 %(rule)s 写明不得派给基层，主办却是镇街。") % {"rule": found.rule},
                    _("主办改成有执法权的部门，或把“不得派给基层”改为否。"),
                )
            else:
                same = found.kind == duty.SAME_DAY
                self.say(
                    ERROR if same else WARNING,
                    "overlap",
                    "duties",
                    found.other,
                    "valid_from",
                    _("规则 %(one)s 与 %(other)s 管同一件事，有效期重叠，说法却不同。")
                    % {"one": found.rule, "other": found.other},
                    _("留下一条，或给旧的一条写上失效日。")
                    if same
                    else _("现在以生效日较晚的为准；请给旧的一条写上失效日。"),
                )
        for towns, leaves in bare.items():
            everywhere = len(towns) == len(self.towns)
            self.say(
                ERROR,
                "uncovered",
                "duties",
                "",
                "",
                _("%(n)s 个小类在%(towns)s没有单位负责：%(names)s。")
                % {
                    "n": len(leaves),
                    "towns": _("全区") if everywhere else _some(map(self.place_name, towns)),
                    "names": _some(map(self.leaf, leaves)),
                },
                _("在权责表里加规则；可以按大类(2位)写一条，属地办的主办写“属地”。"),
            )
        later = [
            rule.id
            for rule in rules
            if rule.valid_to is not None and 0 <= (rule.valid_to - self.today).days <= 30
        ]
        if later:
            self.say(
                WARNING,
                "ends_soon",
                "duties",
                later[0],
                "valid_to",
                _("%(n)s 条规则一个月内失效：%(rules)s。") % {"n": len(later), "rules": _some(later)},
                _("确认之后由谁负责。"),
            )

    def phones(self) -> None:
        by_unit: dict[str, set[str]] = {}
        for row in self.lists.duty_phones.values():
            if row["valid_to"] is None or row["valid_to"] >= self.today:
                by_unit.setdefault(row["unit"], set()).add(row["time"])
        none = [code for code in self.lists.units if code not in by_unit]
        night = [
            code for code in self.lists.units if code in by_unit and not {"day", "night"} <= by_unit[code]
        ]
        if none:
            self.say(
                WARNING,
                "no_duty_phone",
                "duty_phones",
                "",
                "",
                _("%(n)s 个单位没有值班电话：%(units)s。")
                % {"n": len(none), "units": _some(map(self.unit_name, none))},
                _("在值班电话表里补上；一、二级工单无人签收时要照此打电话。"),
            )
        if night:
            self.say(
                WARNING,
                "no_night_phone",
                "duty_phones",
                "",
                "time",
                _("%(n)s 个单位只有部分时段的值班电话：%(units)s。")
                % {"n": len(night), "units": _some(map(self.unit_name, night))},
                _("白天、夜间各写一行；号码相同也写两行。"),
            )

    def levels(self) -> None:
        missing = [level for level in (1, 2, 3, 4) if level not in self.lists.levels]
        if missing:
            self.say(
                WARNING,
                "level_missing",
                "levels",
                "",
                "level",
                _("没有写%(levels)s的时限，暂用 2小时、24小时、7天、15天。")
                % {"levels": "、".join(str(LEVELS[level]) for level in missing)},
                _("四个等级各写一行。"),
            )
        for level, row in self.lists.levels.items():
            if not row["confirmed"]:
                self.say(
                    CONFIRM,
                    "level",
                    "levels",
                    str(level),
                    "confirmed",
                    _("%(level)s的办理、签收、联系时限。") % {"level": LEVELS[level]},
                    _("核定后把“已核定”改为是(1)。"),
                )

    def calendar(self) -> None:
        published = {day.year for day, row in self.lists.days.items() if row["published"]}
        if self.today.year not in published:
            counts = any(row["unit"] == "working_day" for row in self.lists.levels.values())
            self.say(
                ERROR if counts else WARNING,
                "calendar_year",
                "calendar",
                "",
                "date",
                _("没有 %(year)s 年的放假调休安排，工作日会算错。") % {"year": self.today.year},
                _("照国务院办公厅公布的安排填写，每年十一月前后更新。"),
            )
        elif self.today.month == 12 and self.today.year + 1 not in published:
            self.say(
                WARNING,
                "calendar_next_year",
                "calendar",
                "",
                "date",
                _("还没有 %(year)s 年的放假调休安排。") % {"year": self.today.year + 1},
                _("公布后补上，跨年的工作日时限才准。"),
            )

    def staff(self) -> None:
        roles = Counter(row["role"] for row in self.lists.staff.values())
        for severity, wanted in ((ERROR, NEEDED_ROLES), (WARNING, WANTED_ROLES)):
            missing = [str(ROLES[role]) for role in wanted if not roles[role]]
            if missing:
                self.say(
                    severity,
                    "role_missing",
                    "staff",
                    "",
                    "role",
                    _("没有人担任：%(roles)s。") % {"roles": "、".join(missing)},
                    _("一个人做两件事的，给他两个账号。"),
                )
        with_staff = {row["unit"] for row in self.lists.staff.values() if row["role"] == Role.UNIT_LIAISON}
        alone = [code for code in self.lists.units if code not in with_staff]
        if alone:
            self.say(
                WARNING,
                "unit_without_liaison",
                "staff",
                "",
                "unit",
                _("%(n)s 个单位没有联络员账号：%(units)s。")
                % {"n": len(alone), "units": _some(map(self.unit_name, alone))},
                _("没有账号的单位只能用 Excel 往返或由派单员电话代办。"),
            )

    def settings_(self) -> None:
        quiet = self.settings.get("quiet")
        try:
            QuietHours.of(quiet)
        except (ValueError, TypeError, AttributeError):
            self.say_setting(
                ERROR, "quiet", "quiet", _("静默时段写错了。"), _('写成 from = "21:00"、to = "07:00"。')
            )
        for path in _unconfirmed(self.settings):
            self.say_setting(
                CONFIRM,
                "setting",
                path,
                _("设置：%(name)s。") % {"name": self.setting(path)[2]},
                _("核定后标为已核定。"),
            )

    def say_setting(self, severity: str, code: str, path: str, text: str, todo: str) -> None:
        file, line, _name = self.setting(path)
        column = path if file.endswith(".toml") else ""
        self.report.findings.append(Finding(severity, code, file, line, column, text, todo))


def _unconfirmed(settings: Mapping[str, Any], above: str = "") -> list[str]:
    """Settings that nobody of the district has confirmed yet: ``confirmed = false`` in their section, or
    ``<name>_confirmed = false`` beside them."""
    found: list[str] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found += _unconfirmed(value, f"{above}{key}.")
        elif value is False and key == "confirmed":
            found.append(above.rstrip("."))
        elif value is False and key.endswith("_confirmed"):
            found.append(above + key.removesuffix("_confirmed"))
    return found


__all__ = ["CONFIRM", "ERROR", "WARNING", "CheckReport", "Finding", "check_lists"]
