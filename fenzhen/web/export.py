"""「导出 Excel」: every list page gives its rows as a file, with its filters, and that is written down.

A page names its list once: ``@listing("review", roles=REVIEW)`` on a function that takes the request and returns a
`papers.lists.Sheet` made of the very rows that the page shows to this person. The button is
``{% export_button "review" %}``; further fields of a filter go with it. It is sent by POST, like everything that
writes, so that no filter stands in an address.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.district import district_of
from fenzhen.board.words import word
from fenzhen.hotline.roles import Role
from fenzhen.office.exports import record_export
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet, workbook
from fenzhen.web.page import PageRequest, page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: More rows than this are no list to work through; the file says that there are more.
MOST = 5000

#: name → the view that answers the button.
_LISTS: dict[str, Callable[..., HttpResponse]] = {}


def listing(
    name: str, *, roles: Iterable[Role] | None = None
) -> Callable[[Callable[[Any], Sheet]], Callable[[Any], Sheet]]:
    """This function gives the list *name* to those in *roles* (None: whoever is signed in)."""

    def decorate(function: Callable[[Any], Sheet]) -> Callable[[Any], Sheet]:
        @page(roles=roles)
        def view(request: PageRequest) -> HttpResponse:
            return as_file(request, function(request))

        if name in _LISTS:
            raise ValueError(f"two lists are called {name!r}")
        _LISTS[name] = view
        return function

    return decorate


@require_POST
def export(request: Any, name: str) -> HttpResponse:
    """The list *name* as a file."""
    if name not in _LISTS:
        raise Http404
    return _LISTS[name](request)


def as_file(request: PageRequest, sheet: Sheet) -> HttpResponse:
    """Write the export down, then give the file."""
    now = timezone.now()
    district = district_of(request.user)
    if district is not None and district.is_demo:
        sheet.banner = district.banner or _("演示数据")
    sheet.taken_by, sheet.taken_at = str(request.user.name), now
    record_export(sheet.name, by=request.user, now=now, filters=sheet.filters, rows=len(sheet.rows))
    response = HttpResponse(workbook(sheet), content_type=XLSX)
    file = f"{sheet.title}-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx"
    plain = f"{sheet.name}-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx"
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file, safe='')}"
    )
    return response


def ticket_columns(*, clocks: bool = True, caller: bool = False) -> list[Column]:
    """The columns that every list of tickets begins with; see `ticket_cells`."""
    out = [
        Column(_("工单号"), CODE, 16),
        Column(_("外部编号"), CODE, 18),
        Column(_("等级"), CODE, 7),
        Column(_("状态"), CODE, 11),
        Column(_("标题"), width=44),
        Column(_("镇街"), CODE, 14),
        Column(_("地点"), width=24),
        Column(_("承办单位"), CODE, 18),
        Column(_("受理时间"), MOMENT),
    ]
    if clocks:
        out += [
            Column(_("市级时限"), MOMENT),
            Column(_("本区时限"), MOMENT),
            Column(_("第几次办"), NUMBER, 9),
            Column(_("催单"), NUMBER, 7),
        ]
    if caller:
        out += [Column(_("来电人(已遮蔽)"), CODE, 15), Column(_("电话(已遮蔽)"), CODE, 16)]
    return out


def ticket_cells(ticket: Any, *, clocks: bool = True, caller: Sequence[str] | None = None) -> list[Any]:
    """One ticket's cells for `ticket_columns`. *caller* is the masked name and number, as the page shows them."""
    out: list[Any] = [
        ticket.number,
        ticket.external_no or "",
        word("level", ticket.level),
        word("ticket_state", ticket.state),
        ticket.title,
        str(ticket.town or ""),
        ticket.place_text or str(ticket.place or ""),
        str(ticket.lead_unit or ""),
        ticket.received_at,
    ]
    if clocks:
        out += [ticket.city_deadline, ticket.own_deadline, ticket.round, ticket.urges or None]
    if caller is not None:
        out += list(caller)
    return out


routes = [path("export/<slug:name>", export, name="export")]
