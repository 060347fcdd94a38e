"""Home: three numbers that matter to me now, then the list behind them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.board import home as board
from fenzhen.board.drafts import drafts_of
from fenzhen.board.events import DECIDES, EventWish, events_listed
from fenzhen.board.notices import unseen
from fenzhen.board.people import Person
from fenzhen.board.surges import surges_lasting
from fenzhen.hotline.roles import READERS, Role
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, page, typed

#: A number's name, and what stands where its list is empty.
WORDS: dict[str, tuple[str, str]] = {
    "received_today": (
        gettext_noop("我今天登记"),
        gettext_noop("今天还没有登记工单。您接起第一个电话后，登记的工单会列在这里。"),
    ),
    "my_need_info": (
        gettext_noop("要我补充"),
        gettext_noop("没有要您补充的工单。派单员退回补充时，会列在这里。"),
    ),
    "drafts": (gettext_noop("未提交的草稿"), gettext_noop("没有草稿。登记到一半的内容会自动保存在这里。")),
    "waiting": (
        gettext_noop("待派单"),
        gettext_noop("没有待派单的工单。新登记的工单会按等级和时限排在这里。"),
    ),
    "late_triage": (gettext_noop("派单超时"), gettext_noop("没有超时未派的工单。")),
    "need_info": (gettext_noop("待补充"), gettext_noop("没有等待补充信息的工单。")),
    "voids": (
        gettext_noop("待复核作废"),
        gettext_noop("没有等您复核的作废申请。作废须由第二个人确认，别人的申请会列在这里。"),
    ),
    "to_review": (gettext_noop("待审核"), gettext_noop("没有待审核的反馈。承办单位反馈后会列在这里。")),
    "to_review_urgent": (gettext_noop("其中一二级"), gettext_noop("没有一级、二级的待审核反馈。")),
    "reviewed_today": (gettext_noop("我今天审核"), gettext_noop("今天还没有审核。审核过的反馈会列在这里。")),
    "calls_due": (
        gettext_noop("现在该回访"),
        gettext_noop("现在没有该打的回访。审核通过的工单到时会列在这里。"),
    ),
    "appointments": (
        gettext_noop("已约时间"),
        gettext_noop("没有约好的回访。与诉求人约定再联系后会列在这里。"),
    ),
    "appointments_late": (gettext_noop("约定已过时"), gettext_noop("没有过了约定时间还没打的回访。")),
    "late": (
        gettext_noop("现在超时"),
        gettext_noop("现在没有超时的工单。派单、办理或回访过了时限的会列在这里。"),
    ),
    "city_today": (
        gettext_noop("市级时限今天到"),
        gettext_noop(
            "没有今天到期的市级工单。市平台的时限今天到、下个工作日上班前到或已过，还没有向市里回结果的会列在这里。"
        ),
    ),
    "returned": (
        gettext_noop("退回"),
        gettext_noop("没有单位申请退回。等答复的退回申请和今天退回的工单会列在这里。"),
    ),
    "not_phoned": (
        gettext_noop("急件未电话"),
        gettext_noop("一级、二级都已签收或已电话通知。没有签收、也没有打过电话的急件会列在这里。"),
    ),
    "untold": (
        gettext_noop("未告知市里"),
        gettext_noop("该告诉市平台的都已告诉。区里办完、还没有回市平台的会列在这里。"),
    ),
    "repeated": (
        gettext_noop("反复来电"),
        gettext_noop("没有人为同一件事来电三次以上。有的话会列在这里，提醒这件事还没有真正解决。"),
    ),
    "late_sign": (gettext_noop("超时未签收"), gettext_noop("各单位都已按时签收。")),
    "rehandled_today": (gettext_noop("今天退回重办"), gettext_noop("今天还没有回访未解决而重办的工单。")),
    "level_1": (gettext_noop("一级未办结"), gettext_noop("没有未办结的一级工单。")),
    "to_sign": (gettext_noop("待签收"), gettext_noop("没有待签收的工单。热线派来的新工单会列在这里。")),
    "in_hand": (gettext_noop("在办"), gettext_noop("没有在办的工单。签收后会列在这里。")),
    "due_today": (gettext_noop("今天到期"), gettext_noop("今天没有到期的工单。")),
    "came_back": (
        gettext_noop("退回重办"),
        gettext_noop("没有退回的工单。审核退回或回访未解决的会列在这里。"),
    ),
    "errands_late": (gettext_noop("已超时"), gettext_noop("没有超时的任务。")),
    "errands_today": (gettext_noop("今天要办好"), gettext_noop("今天没有到期的任务。")),
    "errands_waiting": (
        gettext_noop("待办任务"),
        gettext_noop("没有待办的任务。单位转交给您的任务会列在这里，写明做什么、什么时候办好。"),
    ),
    "intake_today": (gettext_noop("今天受理"), gettext_noop("今天还没有受理工单。")),
    "open": (gettext_noop("未办结"), gettext_noop("所有工单都已办结。")),
}

#: The reference lists' names.
LISTS: dict[str, str] = {
    "unit": gettext_noop("承办单位"),
    "place": gettext_noop("地点"),
    "category": gettext_noop("诉求分类"),
    "example": gettext_noop("分类例句"),
    "duty": gettext_noop("权责清单"),
    "level": gettext_noop("等级与时限"),
    "calendarday": gettext_noop("工作日历"),
    "district": gettext_noop("本区设置"),
    "user": gettext_noop("人员账号"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number on the page."""

    key: str
    label: str
    count: int
    is_bad: bool


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One form that was begun and not sent."""

    key: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """One of the three rates; `share` in percent, None while nobody was reached."""

    label: str
    share: float | None


@page()
def home(request: PageRequest) -> HttpResponse:
    """My numbers, and the list behind the one chosen (`show`), else behind the first that is not nought."""
    viewer, now = request.user, timezone.now()
    counts = board.figures_for(viewer, now)
    drafts = [
        DraftLine(key, title_of(fields), at)
        for key, at, fields in (drafts_of(viewer, "intake:") if viewer.role == Role.AGENT else [])
    ]
    figures = []
    for key in board.FIGURES.get(viewer.role, ()):
        count = len(drafts) if key == "drafts" else counts.get(key, 0)
        figures.append(Figure(key, _(WORDS[key][0]), count, key in board.BAD and count > 0))
    keys = [figure.key for figure in figures]
    show = request.GET.get("show", "")
    if show not in keys:
        show = next((f.key for f in figures if f.count), keys[0] if keys else "")
    narrow = narrowed(request, "home")
    context = {
        "narrows": show != "drafts" and viewer.role != Role.UNIT_WORKER,
        "greeting": greeting(now),
        "figures": figures,
        "show": show,
        "title": _(WORDS[show][0]) if show else "",
        "empty": _(WORDS[show][1]) if show else "",
        "errands": board.errands_behind(viewer, show, now) if show else [],
        "lines": board.lines_behind(viewer, show, now, narrow=narrow) if show else [],
        "most": board.MOST,
        "drafts": drafts,
        "told": unseen(viewer)[:8],
        "events": _events(viewer, now),
        "surges": surges_lasting(viewer, now) if viewer.role in DECIDES | READERS else [],
        "rates": rates(request, now) if viewer.role in READERS else None,
        "lists": [
            {"label": _(LISTS[name]), "url": reverse(f"admin:records_{name}_changelist"), "count": count}
            for name, count in board.list_sizes(viewer).items()
        ],
        "now": now,
    }
    return render(request, "home.html", context)


def _events(viewer: Person, now: datetime) -> list[Any]:
    """What many people call about, for those who decide on it and who read for the district."""
    if viewer.role not in DECIDES | READERS:
        return []
    return [line.event for line in events_listed(viewer, EventWish(), now, most=40)][:5]


def title_of(fields: dict[str, list[str]]) -> str:
    """What a draft is about, in one line."""
    words = next((v for name in ("title", "body", "words") for v in fields.get(name, []) if v), "")
    return words[:40] or _("（还没有内容）")


def greeting(now: datetime) -> str:
    """By the time of day."""
    hour = timezone.localtime(now).hour
    if 5 <= hour < 11:
        return _("早上好")
    if 11 <= hour < 13:
        return _("中午好")
    if 13 <= hour < 18:
        return _("下午好")
    return _("晚上好")


def rates(request: PageRequest, now: datetime) -> dict[str, object]:
    """The three rates with their n and coverage."""
    found = board.rates_lately(request.user, now)
    shares = (
        (_("响应率"), found.response),
        (_("解决率"), found.resolution()),
        (_("满意率"), found.satisfaction()),
    )
    return {
        "days": board.RATE_DAYS,
        "reached": found.reached,
        "ended": found.ended,
        "coverage": None if found.coverage is None else 100 * found.coverage,
        "rates": [Rate(label, None if share is None else 100 * share) for label, share in shares],
    }


@listing("home")
def home_list(request: PageRequest) -> Sheet:
    """The list behind one of my numbers (`show`)."""
    viewer, now, key = request.user, timezone.now(), typed(request, "show", 32)
    if key not in board.FIGURES.get(viewer.role, ()) or key == "drafts" or viewer.role == Role.UNIT_WORKER:
        raise Http404
    narrow = narrowed(request, "home")
    lines = board.lines_behind(viewer, key, now, LONGEST_FILE, narrow)
    columns = [
        *ticket_columns(),
        Column(_("承办中"), CODE, 16),
        Column(_("看的时限"), MOMENT),
        Column(_("来电次数"), NUMBER, 9),
    ]
    rows = [
        [*ticket_cells(line.ticket), str(line.share.unit) if line.share else "", line.due, line.calls or None]
        for line in lines
    ]
    return Sheet(
        "home",
        _(WORDS[key][0]),
        columns,
        rows,
        filters=told(viewer, "home"),
        total=board.how_many(viewer, key, now, narrow),
    )


routes = [path("", home, name="home")]
