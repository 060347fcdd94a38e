"""Units that work by file: their open list out, their filled list in, per unit."""

from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.unit_excel import unit_for_list, units_with_work
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import DESK
from fenzhen.office.tables import Unreadable
from fenzhen.office.unit_excel import open_list, take_answers
from fenzhen.papers.lists import CODE, NUMBER, Column, Sheet
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, page

#: Megabytes of a filled list.
LARGEST = 10


def _list(request: PageRequest, pk: int | None = None) -> HttpResponse:
    lines = units_with_work(request.user, timezone.now())
    return render(request, "unit_excel.html", {"lines": lines, "at": pk})


@page(roles=DESK)
def unit_lists(request: PageRequest) -> HttpResponse:
    """Every unit with something open."""
    return _list(request)


@require_POST
@page(roles=DESK)
def take_out(request: PageRequest, pk: int) -> HttpResponse:
    """The file; a POST, because that it was taken out is written down."""
    unit = unit_for_list(request.user, pk)
    now = timezone.now()
    raw = open_list(unit, by=request.user, now=now)
    response = HttpResponse(
        raw, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    name = f"{unit}-{_('待办')}-{timezone.localtime(now):%m%d-%H%M}.xlsx"
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


@require_POST
@page(roles=DESK, again=_list)
def bring_in(request: PageRequest, pk: int) -> HttpResponse:
    """The filled file: good rows are done, bad ones are shown with their reason."""
    unit = unit_for_list(request.user, pk)
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择填好的文件。")})
    if (file.size or 0) > LARGEST * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB。") % {"n": LARGEST}})
    try:
        answers = take_answers(unit, file.read(), by=request.user, now=timezone.now())
    except Unreadable as why:
        raise Incomplete({"file": str(why)}) from None
    return render(request, "unit_excel_done.html", {"unit": unit, "answers": answers})


@listing("unit-lists", roles=DESK)
def unit_lists_list(request: PageRequest) -> Sheet:
    """Every unit with something open, and how much."""
    columns = [
        Column(_("单位"), CODE, 24),
        Column(_("有账号"), CODE, 8),
        *(Column(title, NUMBER) for title in (_("待办"), _("未签收"), _("超时"))),
    ]
    rows = [
        [str(line.unit), line.has_account, line.open, line.unsigned, line.late]
        for line in units_with_work(request.user, timezone.now())
    ]
    return Sheet("unit-lists", _("各单位待办"), columns, rows)


routes = [
    path("unit-lists", unit_lists, name="unit-lists"),
    path("unit-lists/<int:pk>/out", take_out, name="unit-list-out"),
    path("unit-lists/<int:pk>/in", bring_in, name="unit-list-in"),
]
