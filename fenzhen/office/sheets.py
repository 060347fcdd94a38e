"""What a district's lists are made of, once for everybody: their columns, words, choices and examples.

The template that a district fills (papers/template.py), the reader of what came back (office/lists.py) and the
check (office/checks.py) all speak from this table. A file's header may carry a column's key or its word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from fenzhen.hotline.roles import Role
from fenzhen.records import words

Choices = Mapping[str, "str | Promise"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices`: code → word; `open_`: other values may stand there too. `points_to` names the
    list whose codes (or names) are meant. `digits`: a code whose leading zeros a spreadsheet likes to eat."""

    key: str
    word: str
    hint: str = ""
    needed: bool = False
    choices: Choices | None = None
    open_: bool = False
    points_to: str = ""
    digits: bool = False
    day: bool = False
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """One list."""

    key: str
    word: str
    about: str
    columns: tuple[Column, ...]
    examples: tuple[tuple[str, ...], ...] = ()
    needed: bool = False

    def column(self, key: str) -> Column:
        """By its key. Raises KeyError."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the sheet of settings. `path` as `records.rules.setting` knows it."""

    path: str
    word: str
    hint: str
    default: str = ""
    kind: str = "text"  # text | whole | share | flag | time | levels
    needed: bool = False
    asks: bool = False
    """No public rule was found: somebody of the district must say that it is so."""


YES_NO: Choices = {"1": _("是"), "0": _("否")}
LEVELS: Choices = {str(level): word for level, word in words.LEVELS.items()}
TOWN: Choices = {"@town": _("属地")}
STAFF_ROLES: Choices = {str(role): word for role, word in words.ROLES.items() if role != Role.SYSTEM}
_NOTE = Column("note", _("备注"), width=24)

SETTINGS_SHEET = _("本区")
SETTINGS: tuple[Setting, ...] = (
    Setting("name", _("区名"), _("显示在每一页左上角，例如 柳山区"), needed=True),
    Setting("full_name", _("全称"), _("例如 某某市柳山区")),
    Setting("code", _("区划代码"), _("六位行政区划代码"), needed=True),
    Setting(
        "is_demo",
        _("是否演示"),
        _("正式使用填 否；填 是 时账号用公开的演示密码，每页显示“演示数据”"),
        "否",
        "flag",
    ),
    Setting("banner", _("演示提示"), _("演示时显示在页面顶部，可空")),
    Setting(
        "district_internal_margin",
        _("区内时限提前比例"),
        _("0.2 表示比市级时限提前 20%"),
        "0.2",
        "share",
        asks=True,
    ),
    Setting("triage_minutes", _("派单时限(分钟)"), _("从登记到派出"), "30", "whole", asks=True),
    Setting(
        "working_day_ends", _("下班时间"), _("按工作日计的时限到这个时刻截止"), "17:30", "time", asks=True
    ),
    Setting("undo_minutes", _("派单可撤回(分钟)"), "", "5", "whole"),
    Setting("return.max", _("最多退回次数"), _("超过后转入会商"), "2", "whole", asks=True),
    Setting("extension.max_times", _("最多延期次数"), "", "1", "whole", asks=True),
    Setting("callback.attempts", _("回访拨打次数"), _("都未接通的，按联系不上处理"), "3", "whole", asks=True),
    Setting(
        "quiet.from",
        _("静默开始"),
        _("静默时段内三、四级消息不外发，早上再发；一、二级随时发"),
        "21:00",
        "time",
    ),
    Setting("quiet.to", _("静默结束"), "", "07:00", "time"),
    Setting("quiet.levels", _("静默的等级"), _("用分号隔开"), "3;4", "levels"),
)

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "units",
        _("单位"),
        _(
            "承办单位：镇街、委办局、公共服务企业。镇街要写辖区；别名写群众和同事平时怎么叫它，派单员打字就能找到。"
        ),
        (
            Column("code", _("代码"), _("自定，字母或数字，不重复"), True, width=10),
            Column("name", _("全称"), _("公文里的名称"), True, width=34),
            Column("short_name", _("常用名"), _("页面上显示的名称"), width=16),
            Column("aliases", _("别名"), _("多个用分号隔开"), width=26),
            Column("kind", _("类型"), _("从下拉中选"), True, words.UNIT_KINDS, width=14),
            Column("line", _("隶属"), _("从下拉中选"), True, words.LINES, width=18),
            Column("territory", _("辖区"), _("镇街必填：地点表里的代码或名称"), points_to="places", width=16),
            Column("duties", _("职责"), _("用平常话写管什么，智能建议靠它认单位"), width=50),
            _NOTE,
        ),
        (
            (
                "ZJ01",
                "某某区示例镇人民政府",
                "示例镇",
                "示例;示例镇政府",
                "镇",
                "区属",
                "示例镇",
                "辖区环境、物业、邻里事务",
                "示例",
            ),
            (
                "WB01",
                "某某区示例委员会",
                "区示例委",
                "示例委",
                "委办局",
                "区属",
                "",
                "负责物业行业监管",
                "示例",
            ),
        ),
        needed=True,
    ),
    Sheet(
        "places",
        _("地点"),
        _(
            "先写本区，再写各镇街(上级是本区)，再写村、社区、小区、道路(上级是所在镇街或村社区)。地点越全，属地判断越准。"
        ),
        (
            Column("code", _("代码"), _("自定，不重复；有统计区划代码的用它"), True, width=16),
            Column("name", _("名称"), "", True, width=24),
            Column("kind", _("类型"), _("从下拉中选"), True, words.PLACE_KINDS, width=12),
            Column(
                "parent",
                _("上级"),
                _("所在镇街、村、社区的代码或名称；本区的空着"),
                points_to="places",
                width=18,
            ),
            Column("aliases", _("别名"), _("旧名、简称、俗称，多个用分号隔开"), width=30),
            Column("run_by", _("代管"), _("由开发区等代管的写代管单位"), width=14),
            _NOTE,
        ),
        (
            ("SL00", "某某区示例", "区", "", "", "", "示例"),
            ("SL01", "示例镇", "镇", "某某区示例", "示例", "", "示例"),
            ("SL02", "示例家园", "小区", "示例镇", "示例小区", "", "示例"),
        ),
        needed=True,
    ),
    Sheet(
        "categories",
        _("分类"),
        _("派单目录的分类，三级，代码六位(大类2位+中类2位+小类2位)。一行一个小类。"),
        (
            Column("code", _("代码"), _("六位数字，如 010101"), True, digits=True, width=10),
            Column("level1", _("一级分类"), "", True, width=16),
            Column("level2", _("二级分类"), "", True, width=16),
            Column("name", _("名称"), _("小类名称"), True, width=20),
            Column("definition", _("定义"), _("包括哪些情形"), width=50),
            Column("not_here", _("不属于这里的"), _("容易混淆的归哪里"), width=40),
            Column("kind_hint", _("常见诉求类型"), _("可空"), choices=words.KINDS, width=14),
        ),
        (("999999", "示例大类", "示例中类", "示例小类", "写明包括哪些情形", "写明哪些不归这里", "投诉"),),
        needed=True,
    ),
    Sheet(
        "examples",
        _("例句"),
        _("群众平时怎么说。每个小类三句以上，智能建议靠它学习；不要写真实姓名和电话。"),
        (
            Column(
                "category",
                _("分类"),
                _("小类的代码或名称"),
                True,
                points_to="categories",
                digits=True,
                width=20,
            ),
            Column("text", _("例句"), _("像来电里那样说"), True, width=80),
        ),
        (("示例小类", "我们楼道的灯坏了半个月，一直没人来修(示例)"),),
    ),
    Sheet(
        "duties",
        _("权责"),
        _(
            "谁管什么。分类可写大类(2位)、中类(4位)或小类(6位)，越细越优先；空着表示兜底。主办写“属地”，由地点所在镇街主办。"
        ),
        (
            Column("id", _("规则号"), _("自定，不重复"), True, width=10),
            Column(
                "category",
                _("分类"),
                _("代码或名称，空着为全部"),
                points_to="categories",
                digits=True,
                width=18,
            ),
            Column("territory", _("辖区"), _("只在某地适用时写地点"), points_to="places", width=16),
            Column(
                "place_type", _("地点类型"), _("只在某类地点适用时选"), choices=words.PLACE_KINDS, width=12
            ),
            Column(
                "lead",
                _("主办"),
                _("单位代码或名称，或 属地"),
                True,
                TOWN,
                open_=True,
                points_to="units",
                width=16,
            ),
            Column(
                "assist",
                _("协办"),
                _("多个用分号隔开"),
                choices=TOWN,
                open_=True,
                points_to="units",
                width=18,
            ),
            Column("level", _("等级"), _("一级最急"), True, LEVELS, width=8),
            Column("basis", _("依据"), _("法规或权责清单怎么写的"), width=40),
            Column("basis_doc", _("依据文件"), "", width=20),
            Column("valid_from", _("生效日"), _("如 2026-01-01，可空"), day=True, width=12),
            Column("valid_to", _("失效日"), _("可空"), day=True, width=12),
            Column(
                "floor_unit",
                _("兜底单位"),
                _("主办不能接时由谁办"),
                choices=TOWN,
                open_=True,
                points_to="units",
                width=16,
            ),
            Column("not_grassroots", _("不得派给基层"), _("执法权在部门的填 是"), choices=YES_NO, width=12),
            _NOTE,
        ),
        (
            (
                "L001",
                "示例大类",
                "",
                "",
                "属地",
                "区示例委",
                "三级",
                "属地管理(示例)",
                "区权责清单",
                "2026-01-01",
                "",
                "",
                "否",
                "示例",
            ),
            (
                "L002",
                "示例小类",
                "",
                "",
                "区示例委",
                "",
                "四级",
                "执法权在部门(示例)",
                "区权责清单",
                "2026-01-01",
                "",
                "",
                "是",
                "示例",
            ),
        ),
        needed=True,
    ),
    Sheet(
        "duty_phones",
        _("值班电话"),
        _("各单位值班电话，写单位的公务电话，不写个人手机。一、二级工单无人签收时，派单员照此打电话。"),
        (
            Column("unit", _("单位"), _("单位代码或名称"), True, points_to="units", width=18),
            Column("time", _("时段"), _("从下拉中选"), True, words.DUTY_TIMES, width=10),
            Column("phone", _("电话"), "", True, width=18),
            Column("name", _("联系岗位"), _("如 值班室"), width=14),
            Column("valid_from", _("生效日"), _("可空"), day=True, width=12),
            Column("valid_to", _("失效日"), _("可空"), day=True, width=12),
            _NOTE,
        ),
        (("示例镇", "白天", "010-00000000", "值班室", "", "", "示例"),),
    ),
    Sheet(
        "levels",
        _("等级时限"),
        _("四个等级各写一行。已核定填“是”，表示本区确认这些数字；填“否”的会一直提示请确认。"),
        (
            Column("level", _("等级"), "", True, LEVELS, width=8),
            Column("name", _("名称"), _("如 一级"), True, width=10),
            Column("limit", _("办理时限"), _("整数"), True, width=10),
            Column("unit", _("时限单位"), _("从下拉中选"), True, words.TIME_UNITS, width=12),
            Column("sign_minutes", _("签收时限(分钟)"), "", True, width=16),
            Column("contact_hours", _("联系时限(小时)"), "", True, width=16),
            Column("confirmed", _("已核定"), "", choices=YES_NO, width=10),
            _NOTE,
        ),
    ),
    Sheet(
        "calendar",
        _("放假调休"),
        _("国务院办公厅公布的放假和调休上班日，每年一次。只写与普通周末不同的日子。"),
        (
            Column("date", _("日期"), _("如 2026-10-01"), True, day=True, width=14),
            Column("day_type", _("类型"), _("从下拉中选"), True, words.DAY_TYPES, width=14),
            Column("name", _("名称"), _("如 国庆节"), width=16),
            Column("published", _("已公布"), _("推算的填 否"), choices=YES_NO, width=10),
        ),
    ),
    Sheet(
        "staff",
        _("人员"),
        _("谁用系统。承办单位的人写单位；密码不写在这里，装入后由管理员设置。"),
        (
            Column("username", _("账号"), _("登录用，不重复，不含空格"), True, width=16),
            Column("name", _("姓名"), "", True, width=12),
            Column("role", _("岗位"), _("从下拉中选"), True, STAFF_ROLES, width=16),
            Column("unit", _("单位"), _("承办单位的人必填"), points_to="units", width=18),
            _NOTE,
        ),
        (("shili1", "示例", "派单员", "", "示例"),),
    ),
)
BY_KEY: Mapping[str, Sheet] = {sheet.key: sheet for sheet in SHEETS}


@cache
def spoken(text: str) -> frozenset[str]:
    """A text as it stands here and in every language of the screens, without blanks and stars."""
    said = {text}
    for code, _name in settings.LANGUAGES:
        with override(code):
            said.add(gettext(text))
    return frozenset(plain(word) for word in said)


def plain(text: str) -> str:
    """A heading as it is compared: no star, no blanks, brackets of one width, small letters."""
    return "".join(text.replace("（", "(").replace("）", ")").replace("*", "").split()).lower()


@cache
def _headings(sheet_key: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for column in BY_KEY[sheet_key].columns:
        for name in (*spoken(column.word), column.key):
            found.setdefault(name, column.key)
    return found


def key_of_heading(sheet_key: str, heading: str) -> str:
    """The column's key for a heading, whether it stands there as key or as word; the heading itself if unknown."""
    return _headings(sheet_key).get(plain(heading), heading.strip())


@cache
def _codes(sheet_key: str, column_key: str) -> Mapping[str, str]:
    choices = BY_KEY[sheet_key].column(column_key).choices or {}
    return {said: code for code, word in choices.items() for said in _said(word)}


def _said(word: "str | Promise") -> frozenset[str]:
    said = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            said.add(plain(gettext(str(word)) if isinstance(word, str) else str(word)))
    return frozenset(said)


def code_of(sheet_key: str, column_key: str, text: str) -> str:
    """The code for a choice's word (镇 → town); anything else as it stands."""
    column = next((c for c in BY_KEY[sheet_key].columns if c.key == column_key), None)
    if column is None or not column.choices or not text:
        return text
    return _codes(sheet_key, column_key).get(plain(text), text)


__all__ = [
    "BY_KEY",
    "SETTINGS",
    "SETTINGS_SHEET",
    "SHEETS",
    "Column",
    "Setting",
    "Sheet",
    "code_of",
    "key_of_heading",
    "plain",
    "spoken",
]
