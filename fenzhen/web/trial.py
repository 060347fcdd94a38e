"""「用我们的历史试一试」: an export of past tickets goes up, figures come back, the file is gone."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from fenzhen.board import adviser as board
from fenzhen.board.words import word
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import CHIEFS
from fenzhen.office import trials as office
from fenzhen.office.tables import Unreadable
from fenzhen.papers.lists import NUMBER, Column, Sheet
from fenzhen.web.export import as_file
from fenzhen.web.page import PageRequest, go, page, say, typed

#: Megabytes of a file that the page takes.
LARGEST = 32
#: What is asked for where the columns have other names: (field, words).
COLUMNS = (
    ("title", gettext_noop("标题")),
    ("body", gettext_noop("内容")),
    ("first", gettext_noop("首派单位")),
    ("final", gettext_noop("最后承办单位")),
    ("time", gettext_noop("受理时间")),
    ("returned", gettext_noop("退单次数")),
)
STEPS = {
    "learning": gettext_noop("用前一半工单学习"),
    "asking": gettext_noop("逐件提出单位"),
    "promising": gettext_noop("测算把握线"),
    "measuring": gettext_noop("在最后三成上比较"),
}


def _list(request: PageRequest) -> HttpResponse:
    context = {
        "trials": board.trials_of(request.user),
        "columns": [(name, _(words)) for name, words in COLUMNS],
        "largest": LARGEST,
        "most": office.MOST_ROWS,
        "least": office.LEAST,
        "may": request.user.role in CHIEFS,
    }
    return render(request, "trials.html", context)


@page(roles=board.SEES)
def trials(request: PageRequest) -> HttpResponse:
    """The form, and the trials so far."""
    return _list(request)


@require_POST
@page(roles=CHIEFS, again=_list)
def upload(request: PageRequest) -> HttpResponse:
    """Look the file through; the reckoning is done beside the worker."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择一个 .xlsx 或 .csv 文件。")})
    if (file.size or 0) > LARGEST * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请按时间截一段再试。") % {"n": LARGEST}})
    told = {name: typed(request, name, longest=64) for name, _words in COLUMNS}
    try:
        trial = office.keep_trial(file, file.name or "", told, by=request.user, now=timezone.now())
    except Unreadable as why:
        raise Incomplete({"file": str(why)}) from None
    return go(request, "trial", trial.pk)


def _one(request: PageRequest, pk: int) -> dict[str, object]:
    trial = board.trial_for(request.user, pk)
    return {
        "trial": trial,
        "r": trial.result,
        "step": _(STEPS[trial.step]) if trial.step in STEPS else "",
        "groups": [_group(one) for one in trial.result.get("groups", [])],
        "percent": round(100 * trial.share),
        "may": request.user.role in CHIEFS,
        "dropped": [(_(office.DROPPED[why]), n) for why, n in trial.result.get("dropped", {}).items()],
        "alpha": f"{100 * float(trial.facts.get('alpha', board.ALPHA)):g}%",
        "sure": f"{100 * (1 - float(trial.facts.get('delta', board.DELTA))):g}%",
    }


def _group(one: dict[str, Any]) -> dict[str, Any]:
    """A group's figures with its name, and how many of the automatic ones were wrong."""
    code, sure = str(one["group"]), one["precision"]
    name = code[5:] if code.startswith("unit:") else word("unit_group", code)
    return one | {
        "name": name,
        "wrong": sure["n"] - sure["right"],
        "low": 1 - sure["high"],
        "high": 1 - sure["low"],
    }


@page(roles=board.SEES)
def trial(request: PageRequest, pk: int) -> HttpResponse:
    """One trial: how far it is, then what came of it."""
    return render(request, "trial.html", _one(request, pk))


@page(roles=board.SEES)
def progress(request: PageRequest, pk: int) -> HttpResponse:
    """The part that changes while it runs."""
    return render(request, "_trial.html", _one(request, pk))


@require_POST
@page(roles=CHIEFS)
def forget(request: PageRequest, pk: int) -> HttpResponse:
    """The figures are not wanted any more."""
    office.forget_trial(board.trial_for(request.user, pk), by=request.user, now=timezone.now())
    say(request, _("试算和它的文件都已删除。"), tone="plain")
    return go(request, "trials")


@require_POST
@page(roles=board.SEES)
def table(request: PageRequest, pk: int) -> HttpResponse:
    """The table of units as a file."""
    trial = board.trial_for(request.user, pk)
    columns = [
        Column(_("单位"), width=32),
        Column(_("顾问提名"), NUMBER),
        Column(_("其中对"), NUMBER),
        Column(_("可自动派"), NUMBER),
        Column(_("其中错"), NUMBER),
        Column(_("把握线"), NUMBER),
        Column(_("还缺样本"), NUMBER),
    ]
    rows = [
        [u["unit"], u["n"], u["right"], u["automatic"], u["wrong"], u["threshold"], u["missing"]]
        for u in trial.result.get("units", [])
    ]
    return as_file(request, Sheet("trial", _("历史试算"), columns, rows))


routes = [
    path("adviser/history", trials, name="trials"),
    path("adviser/history/upload", upload, name="trial-upload"),
    path("adviser/history/<int:pk>", trial, name="trial"),
    path("adviser/history/<int:pk>/progress", progress, name="trial-progress"),
    path("adviser/history/<int:pk>/forget", forget, name="trial-forget"),
    path("adviser/history/<int:pk>/table", table, name="trial-table"),
]
