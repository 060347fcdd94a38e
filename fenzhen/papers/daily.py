"""每日清单 as a paper: what `board/daily.py` counted, in words, tables and charts; Word and Excel from one source."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.board.daily import (
    MEAN_DAYS,
    REPEATED_FROM,
    SOON,
    Compared,
    DailyList,
    Figure,
    Line,
    daily_list,
)
from fenzhen.board.people import Person
from fenzhen.board.words import word
from fenzhen.hotline.rates import Rates
from fenzhen.papers.docx import document
from fenzhen.papers.paper import Cell, Chart, Paper, Row, Section, Table
from fenzhen.papers.xlsx import workbook

#: Why a leader is asked.
REASONS: Final = {
    "level_1": gettext_noop("一级工单未办结"),
    "risk": gettext_noop("自伤、暴力、群体等风险"),
    "second_return": gettext_noop("再次申请退回，待科长决定"),
    "consultation": gettext_noop("会商超过时限"),
    "contradiction": gettext_noop("单位称已解决，回访称未解决"),
}
#: The same in a narrow column.
SHORT: Final = {
    "risk": gettext_noop("有风险"),
    "second_return": gettext_noop("再次退回"),
    "consultation": gettext_noop("会商超时"),
    "contradiction": gettext_noop("与回访矛盾"),
}
#: What became of what was asked.
ANSWERS: Final = {
    "asked": gettext_noop("当日申请"),
    "approved": gettext_noop("当日同意"),
    "refused": gettext_noop("当日不同意"),
    "open": gettext_noop("现待答复"),
}
_WEEKDAYS: Final = (
    gettext_noop("星期一"),
    gettext_noop("星期二"),
    gettext_noop("星期三"),
    gettext_noop("星期四"),
    gettext_noop("星期五"),
    gettext_noop("星期六"),
    gettext_noop("星期日"),
)
#: So many repeated callers stand in the list; how many there are is said.
MOST_CALLERS: Final = 20


def daily_files(
    viewer: Person, day: date, now: datetime, kinds: Sequence[str] = ("docx", "xlsx")
) -> dict[str, bytes]:
    """The day's list as files: name → bytes. Raises KeyError for an unknown kind."""
    paper = daily_paper(daily_list(viewer, day, now))
    set_as = {"docx": document, "xlsx": workbook}
    return {f"{paper.name}.{kind}": set_as[kind](paper) for kind in kinds}


def daily_paper(daily: DailyList) -> Paper:
    """The list as a paper."""
    return Paper(
        name=f"daily-{daily.day:%Y-%m-%d}",
        title=_("%(district)s 12345 热线每日清单") % {"district": daily.district},
        number=_("每日清单〔%(year)s〕第 %(n)s 期")
        % {"year": daily.day.year, "n": daily.day.timetuple().tm_yday},
        under=_("%(day)s（%(weekday)s）　截至 %(made)s")
        % {
            "day": long_date(daily.day),
            "weekday": _(_WEEKDAYS[daily.day.weekday()]),
            "made": moment(daily.made_at),
        },
        demo=(daily.banner or _("演示数据")) if daily.is_demo else "",
        sections=tuple(sections(daily)),
        notes=tuple(_notes(daily)),
        signed=_("%(district)s市民热线分中心") % {"district": daily.district},
        dated=timezone.localtime(daily.made_at).date(),
        numbers=daily.numbers,
    )


def sections(daily: DailyList) -> list[Section]:
    """The sections in the order in which a leader reads them; the page draws the same."""
    return [
        _overview(daily),
        _leader(daily),
        _level_1(daily),
        _clocks(daily),
        _back(daily),
        _callers(daily),
        _towns(daily),
        _matters(daily),
        _rates(daily),
    ]


def long_date(day: date) -> str:
    """2026年11月23日."""
    return _("%(y)s年%(m)s月%(d)s日") % {"y": day.year, "m": day.month, "d": day.day}


def moment(at: datetime) -> str:
    """11月23日 08:30, local."""
    local = timezone.localtime(at)
    return _("%(m)s月%(d)s日 %(time)s") % {"m": local.month, "d": local.day, "time": f"{local:%H:%M}"}


# ---------------------------------------------------------------------------------------------------------


def _overview(daily: DailyList) -> Section:
    total = daily.total
    span = (
        _("全天")
        if daily.is_over
        else _("0 时至 %(time)s") % {"time": f"{timezone.localtime(daily.until):%H:%M}"}
    )
    said = _("%(span)s，受理诉求 %(n)s 件，前一日%(same)s %(before)s 件%(mean)s。") % {
        "span": span,
        "n": total.figure.count,
        "same": "" if daily.is_over else _("同时段"),
        "before": total.before.count,
        "mean": ""
        if total.mean is None
        else _("，近 %(days)s 日均 %(mean).1f 件") % {"days": daily.mean_days, "mean": total.mean},
    }
    late = {pk for line in daily.clocks for pk in line.late.tickets}
    standing = _(
        "现有超时工单 %(late)s 件；一级工单当日新收 %(new)s 件、未办结 %(open)s 件；回访退回重办 %(back)s 件。"
    ) % {
        "late": len(late),
        "new": daily.level_1.count,
        "open": daily.level_1_open.count,
        "back": daily.rehandled.count,
    }
    rows = [_compared_row(_("受理合计"), total, is_head=True)]
    for title, some in (
        (_("来源"), daily.by_source),
        (_("类型"), daily.by_kind),
        (_("等级"), daily.by_level),
    ):
        rows += [_compared_row(f"{title}·{one.label}", one) for one in some]
    states = [
        Row((one.label, one.figure), one.figure.tickets, fields=one.figure.query)
        for one in daily.by_state
        if one.figure.count
    ]
    hours = Chart(
        "hour",
        _("每小时受理量（件）"),
        "col",
        tuple(str(int(one.code)) for one in daily.by_hour),
        _series(daily.by_hour),
    )
    hour_rows = [_compared_row(_("%(n)s 时") % {"n": int(one.code)}, one) for one in daily.by_hour]
    return Section(
        "overview",
        _("总体情况"),
        (said, standing),
        (
            Table("came", _("受理情况"), _compared_head(_("分项")), (6, 2, 2, 2), tuple(rows)),
            Table("state", _("当日受理的工单现在的状态"), (_("状态"), _("件数")), (8, 2), tuple(states)),
            Table(
                "hour",
                _("分时段受理量"),
                _compared_head(_("时段")),
                (6, 2, 2, 2),
                tuple(hour_rows),
                is_detail=True,
            ),
        ),
        (hours,),
    )


def _leader(daily: DailyList) -> Section:
    rows = [
        Row((_(REASONS[reason]), figure), figure.tickets, fields=figure.query)
        for reason, figure in daily.leader
    ]
    named: list[Row] = []
    for reason, figure in daily.leader:
        if reason != "level_1":  # they stand one by one in the next section
            named += [
                _ticket_row(line, _(SHORT[reason]), _due_word(daily, line)) for line in daily.lines_of(figure)
            ]
    count = len({pk for _reason, figure in daily.leader for pk in figure.tickets})
    said = _("共 %(n)s 件需领导知悉或决定。") % {"n": count} if count else _("没有需要领导知悉或决定的工单。")
    return Section(
        "leader",
        _("需领导知悉或决定的事项"),
        (said,),
        (
            Table("reason", _("分类"), (_("事由"), _("件数")), (8, 2), tuple(rows)),
            _ticket_table(
                "leader",
                _("逐件（一级工单见下一部分）"),
                (_("事由"), _("时限")),
                named,
                _("除一级工单外没有。"),
            ),
        ),
    )


def _level_1(daily: DailyList) -> Section:
    ids = dict.fromkeys((*daily.level_1.tickets, *daily.level_1_open.tickets))
    lines = [daily.lines[pk] for pk in ids if pk in daily.lines]
    rows = [_ticket_row(line, moment(line.received_at), _due_word(daily, line)) for line in lines]
    said = _("当日新收一级工单 %(new)s 件，现未办结 %(open)s 件，逐件列出。") % {
        "new": daily.level_1.count,
        "open": daily.level_1_open.count,
    }
    return Section(
        "level_1",
        _("一级工单"),
        (said,),
        (
            Table(
                "level_1",
                _("件数"),
                (_("分项"), _("件数")),
                (8, 2),
                (
                    Row((_("当日新收"), daily.level_1), daily.level_1.tickets, fields=daily.level_1.query),
                    Row(
                        (_("现未办结"), daily.level_1_open),
                        daily.level_1_open.tickets,
                        fields=daily.level_1_open.query,
                    ),
                ),
            ),
            _ticket_table("level_1_lines", _("逐件"), (_("受理"), _("时限")), rows, _("当日没有一级工单。")),
        ),
    )


def _clocks(daily: DailyList) -> Section:
    rows = [
        Row(
            (line.label, line.late, line.soon, _soon_word(line.clock)),
            (*line.late.tickets, *line.soon.tickets),
            fields=line.late.query,
        )
        for line in daily.clocks
    ]
    late = _clock_rows(daily, "late")
    soon = _clock_rows(daily, "soon")
    return Section(
        "clocks",
        _("超时与即将超时"),
        (_("以下为截至 %(made)s 的情况。") % {"made": moment(daily.made_at)},),
        (
            Table(
                "clocks",
                _("按时限"),
                (_("时限"), _("已超时"), _("即将超时"), _("“即将”指")),
                (4, 2, 2, 3),
                tuple(rows),
            ),
            _ticket_table("late", _("已超时工单"), (_("时限"), _("到期")), late, _("没有超时的工单。")),
            _ticket_table("soon", _("即将超时工单"), (_("时限"), _("到期")), soon, _("没有即将超时的工单。")),
        ),
    )


def _clock_rows(daily: DailyList, which: str) -> list[Row]:
    found = []
    for line in daily.clocks:
        figure: Figure = line.late if which == "late" else line.soon
        for one in daily.lines_of(figure):
            found.append((one.level, daily.dues[line.clock, one.pk], line.label, one))
    found.sort(key=lambda item: (item[0], item[1], item[3].pk))
    return [_ticket_row(one, label, moment(due)) for _level, due, label, one in found]


def _back(daily: DailyList) -> Section:
    asked: dict[str, list[Figure]] = {}
    for kind, _what, figure in daily.requests:
        asked.setdefault(kind, []).append(figure)
    requests = [
        Row(
            (word("request_kind", kind), *figures),
            tuple(dict.fromkeys(pk for figure in figures for pk in figure.tickets)),
        )
        for kind, figures in asked.items()
    ]
    rows = [
        Row((label, figure), figure.tickets, fields=figure.query)
        for label, figure in (
            (_("退回两次及以上、未办结"), daily.returned_twice),
            (_("回访未解决、当日重办"), daily.rehandled),
            (_("其中第二次及以上重办"), daily.rehandled_again),
        )
    ]
    named = []
    for kind, what, figure in daily.requests:
        if what in {"asked", "open"}:
            label = f"{word('request_kind', kind)}·{_(ANSWERS[what])}"
            named += [
                _ticket_row(line, label, word("ticket_state", line.state)) for line in daily.lines_of(figure)
            ]
    named += [
        _ticket_row(line, _("第 %(n)s 轮") % {"n": line.round}, word("ticket_state", line.state))
        for line in daily.lines_of(daily.rehandled)
    ]
    return Section(
        "back",
        _("退回、延期与重办"),
        (),
        (
            Table(
                "requests",
                _("申请"),
                (_("类别"), *(_(ANSWERS[what]) for what in ANSWERS)),
                (4, 2, 2, 2, 2),
                tuple(requests),
            ),
            Table("back", _("退回与重办"), (_("分项"), _("件数")), (8, 2), tuple(rows)),
            _ticket_table(
                "back_lines", _("逐件"), (_("事由"), _("状态")), named, _("当日没有退回、延期或重办。")
            ),
        ),
    )


def _callers(daily: DailyList) -> Section:
    shown = daily.callers[:MOST_CALLERS]
    rows = []
    for n, one in enumerate(shown, start=1):
        lines = daily.lines_of(one.figure)
        rows.append(
            Row(
                (
                    _("诉求人 %(n)s") % {"n": n},
                    one.figure,
                    one.today,
                    "、".join(dict.fromkeys(line.town for line in lines if line.town)) or "—",
                    "；".join(dict.fromkeys(line.title for line in lines))[:60] or "—",
                ),
                one.figure.tickets,
                fields=one.figure.query,
            )
        )
    said = _(
        "当日来电的诉求人中，近 %(days)s 日内联系过 %(from)s 次及以上的有 %(n)s 人%(some)s。清单不列姓名、电话；"
        "保密和举报工单不计入。"
    ) % {
        "days": MEAN_DAYS,
        "from": REPEATED_FROM,
        "n": len(daily.callers),
        "some": _("，列次数最多的 %(n)s 人") % {"n": MOST_CALLERS}
        if len(daily.callers) > MOST_CALLERS
        else "",
    }
    return Section(
        "callers",
        _("重复来电"),
        (said,),
        (
            Table(
                "callers",
                _("次数"),
                (
                    _("诉求人"),
                    _("近%(n)s日次数") % {"n": MEAN_DAYS},
                    _("其中当日"),
                    _("镇街"),
                    _("反映事项"),
                ),
                (2, 2, 2, 3, 7),
                tuple(rows),
                _("当日没有重复来电。"),
            ),
        ),
    )


def _towns(daily: DailyList) -> Section:
    head = [_("镇街"), _("受理"), _("前一日"), _("近7日均"), _("现超时"), _("当日重办")]
    widths = [4, 2, 2, 2, 2, 2]
    if not daily.is_demo:
        head.append(_("位次"))
        widths.append(2)
    rows = []
    for line in daily.towns:
        one = line.came
        cells: list[Cell] = [
            one.label or _("（地点未定）"),
            one.figure,
            one.before,
            one.mean,
            line.late,
            line.rehandled,
        ]
        if not daily.is_demo:
            cells.append(line.rank)
        tickets = tuple(dict.fromkeys((*one.figure.tickets, *line.late.tickets, *line.rehandled.tickets)))
        rows.append(Row(tuple(cells), tickets, fields=one.figure.query))
    said = (
        _("演示数据为虚构，各镇街按固定顺序列出，不排名。")
        if daily.is_demo
        else _("按当日受理量排列，位次只说明受理多少，不是考核排名。")
    )
    return Section(
        "towns",
        _("各镇街情况"),
        (said,),
        (Table("towns", _("分镇街"), tuple(head), tuple(widths), tuple(rows)),),
    )


def _matters(daily: DailyList) -> Section:
    rows = [_compared_row(line.came.label or _("（未分类）"), line.came) for line in daily.matters]
    leaves = [(leaf, line.came.label) for line in daily.matters for leaf in line.leaves if leaf.code]
    leaves.sort(key=lambda pair: (-pair[0].figure.count, pair[0].code))
    leaf_rows = [
        Row(
            (leaf.label, first, leaf.figure, leaf.before, leaf.mean),
            leaf.figure.tickets,
            fields=leaf.figure.query,
        )
        for leaf, first in leaves
    ]
    with_any = [line.came for line in daily.matters if line.came.figure.count or line.came.mean]
    chart = Chart(
        "matter",
        _("一级事项受理量（件）"),
        "bar",
        tuple(one.label or _("（未分类）") for one in with_any),
        _series(with_any),
    )
    return Section(
        "matters",
        _("诉求事项"),
        (),
        (
            Table("matters", _("一级事项"), _compared_head(_("事项")), (6, 2, 2, 2), tuple(rows)),
            Table(
                "leaves",
                _("末级事项"),
                (_("事项"), _("一级事项"), _("当日"), _("前一日"), _("近7日均")),
                (5, 4, 2, 2, 2),
                tuple(leaf_rows),
                _("当日没有已分类的诉求。"),
                is_long=True,
            ),
        ),
        (chart,) if with_any else (),
    )


def _rates(daily: DailyList) -> Section:
    found, rules = daily.rates.rounds, daily.rates.rules
    rounds = daily.rounds
    rows = [
        _rate_row(_("响应率"), found.response, found.contacted, found, rounds["contacted"]),
        _rate_row(_("解决率"), found.resolution(rules), found.solved, found, rounds["solved"]),
        _rate_row(
            _("满意率"),
            found.satisfaction(rules),
            found.satisfied + (found.basic if rules.basic_counts else 0),
            found,
            rounds["satisfied"],
        ),
    ]
    counts = [
        Row((label, rounds[name]), rounds[name].tickets, fields=rounds[name].query)
        for name, label in (
            ("ended", _("当日结束的回访")),
            ("due", _("其中应计入三率")),
            ("reached", _("访到诉求人")),
            ("contacted", _("称单位联系过")),
            ("solved", _("称已解决")),
            ("partly", _("称部分解决")),
            ("satisfied", _("称满意")),
            ("basic", _("称基本满意")),
        )
    ]
    coverage = found.coverage
    said = _("应访 %(due)s 轮，访到 %(reached)s 轮，覆盖率 %(coverage)s；现待回访 %(waiting)s 轮。") % {
        "due": found.due,
        "reached": found.reached,
        "coverage": "—" if coverage is None else f"{100 * coverage:.1f}%",
        "waiting": daily.rates.waiting,
    }
    few = (
        () if daily.rates.is_enough else (_("访到人数少于 %(n)s，百分比仅供参考。") % {"n": rules.rank_from},)
    )
    return Section(
        "rates",
        _("当日三率"),
        (said, *few),
        (
            Table(
                "rates", _("三率"), (_("指标"), _("当日"), _("分子"), _("访到")), (4, 2, 2, 2), tuple(rows)
            ),
            Table("rounds", _("回访"), (_("分项"), _("轮数")), (8, 2), tuple(counts)),
        ),
    )


def _rate_row(label: str, rate: float | None, part: int, found: Rates, figure: Figure) -> Row:
    share = "—" if rate is None else f"{100 * rate:.1f}%"
    return Row((label, share, part, found.reached), figure.tickets, fields=figure.query)


def _notes(daily: DailyList) -> Iterable[str]:
    yield _("注：1．受理含直接答复、作废和撤回的工单；历史导入不计。")
    yield _("2．“近7日均”为当日以前 %(n)s 日的日均%(same)s；当日未结束时，前一日和日均只计到同一时刻。") % {
        "n": daily.mean_days,
        "same": "" if daily.mean_days == MEAN_DAYS else _("（系统中只有这些日的数据）"),
    }
    yield _("3．“现”和“即将”指制表时刻；“当日”指该日 0 时至 24 时。")
    yield _("4．本清单由系统按工单记录统计，每个数字可在“每日清单”页面点开，看到所含工单。")


# ---------------------------------------------------------------------------------------------------------


def _compared_head(first: str) -> tuple[str, ...]:
    return (first, _("当日"), _("前一日"), _("近7日均"))


def _compared_row(label: str, one: Compared, *, is_head: bool = False) -> Row:
    return Row(
        (label, one.figure, one.before, one.mean),
        one.figure.tickets,
        is_head=is_head,
        fields=one.figure.query,
    )


def _series(some: Sequence[Compared]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    day = (_("当日"), tuple(float(one.figure.count) for one in some))
    if any(one.mean is None for one in some):
        return (day,)
    return (day, (_("近7日均"), tuple(round(one.mean or 0, 1) for one in some)))


def _ticket_table(key: str, title: str, more: tuple[str, str], rows: Sequence[Row], empty: str) -> Table:
    head = (_("工单号"), _("等级"), _("标题"), _("镇街"), _("承办"), *more)
    return Table(key, title, head, (26, 12, 38, 18, 22, 21, 19), tuple(rows), empty, True, is_long=True)


def _ticket_row(line: Line, first: str, second: str) -> Row:
    cells = (
        line.number,
        word("level", line.level),
        line.title,
        line.town or "—",
        line.unit or "—",
        first,
        second,
    )
    return Row(cells, (line.pk,))


def _due_word(daily: DailyList, line: Line) -> str:
    """The end that comes first of the clocks that run on it, else its state."""
    ends = [daily.dues[clock, line.pk] for clock in SOON if (clock, line.pk) in daily.dues]
    return moment(min(ends)) if ends else word("ticket_state", line.state)


def _soon_word(clock: str) -> str:
    minutes = int(SOON[clock].total_seconds() // 60)
    if minutes < 60:
        return _("%(n)s 分钟内到期") % {"n": minutes}
    return _("%(n)s 小时内到期") % {"n": minutes // 60}
