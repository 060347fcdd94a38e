"""「申请与会商」: what units ask for, beside the ticket and the rule; and disputes, until they are settled."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.requests import (
    consultation_of,
    consultations,
    request_for,
    requests_decided,
    requests_waiting,
    unit_named,
    units_known,
)
from fenzhen.board.words import word
from fenzhen.desk.request import decide_extension, decide_return, settle_consultation
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import DESK, Role
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.handle import moment_of
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, go, page, say, typed

READING = DESK | {Role.SUPERVISOR}


def _list(request: PageRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    waiting = requests_waiting(request.user, now, narrowed(request, "requests"))
    if pk is None and waiting:
        pk = waiting[0].request.pk
    place = next((n for n, row in enumerate(waiting) if row.request.pk == pk), None)
    context = {
        "waiting": waiting,
        "decided": requests_decided(request.user),
        "talks": consultations(request.user, now),
        "seen": request_for(request.user, pk, now) if pk is not None else None,
        "before": waiting[place - 1].request.pk if place else None,
        "behind": waiting[place + 1].request.pk if place is not None and place + 1 < len(waiting) else None,
        "is_chief": request.user.role == Role.SECTION_CHIEF,
        "here": "requests",
    }
    return render(request, "requests.html", context)


@page(roles=READING)
def requests(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Those that wait, and *pk* or the first of them beside its ticket."""
    return _list(request, pk)


@require_POST
@page(roles=DESK, again=_list)
def decide(request: PageRequest, pk: int) -> HttpResponse:
    """Agree or refuse, with the words that the unit will read."""
    row = request_for(request.user, pk, timezone.now()).request
    decision = request.POST.get("decision")
    if decision not in {"approve", "refuse"}:
        raise Incomplete({"decision": _("请选择同意或不同意。")})
    approve, text, now = decision == "approve", typed(request, "text", 4000), timezone.now()
    if row.kind == "return":
        decide_return(row, by=request.user, now=now, approve=approve, text=text)
    else:
        until = moment_of(typed(request, "until", 32), "until") if approve else None
        decide_extension(row, by=request.user, now=now, approve=approve, text=text, until=until)
    say(
        request,
        (
            _("%(number)s 已同意，承办单位会看到。")
            if approve
            else _("%(number)s 不同意，承办单位会看到理由。")
        )
        % {"number": row.ticket.number},
    )
    if approve and row.kind == "return":
        row.ticket.refresh_from_db()
        if row.ticket.state == "in_consultation":
            return go(request, "consultation", row.ticket.pk)
        return go(request, "triage-ticket", row.ticket.pk)
    return go(request, "requests")


def _talk(request: PageRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    context = {
        "talk": consultation_of(request.user, pk, now),
        "talks": consultations(request.user, now),
        "units": units_known(request.user),
        "here": "consultation",
    }
    return render(request, "consultation.html", context)


@page(roles=READING)
def consultation(request: PageRequest, pk: int) -> HttpResponse:
    """One dispute: who had it, who should have it."""
    return _talk(request, pk)


@require_POST
@page(roles=DESK, again=_talk)
def settle(request: PageRequest, pk: int) -> HttpResponse:
    """What was decided: the designated unit gets it and may not give it back."""
    ticket = consultation_of(request.user, pk, timezone.now()).ticket
    settle_consultation(
        ticket,
        by=request.user,
        now=timezone.now(),
        lead=chosen_unit(request, "lead"),
        assist=chosen_units(request, "assist"),
        text=typed(request, "text", 4000),
    )
    say(
        request,
        _("%(number)s 已指定 %(unit)s 承办，不得退回。")
        % {"number": ticket.number, "unit": ticket.lead_unit},
    )
    return go(request, "requests")


def chosen_unit(request: PageRequest, field: str) -> Any:
    """The unit that was typed or chosen in *field*. Raises `Incomplete`."""
    unit = unit_named(request.user, typed(request, field, 128))
    if unit is None:
        raise Incomplete({field: _("请从列表里选一个承办单位。")})
    return unit


def chosen_units(request: PageRequest, field: str) -> list[Any]:
    """Several, parted by commas or the like; none for an empty field. Raises `Incomplete`."""
    names = typed(request, field, 500).replace("、", ",").replace("，", ",").replace(";", ",").split(",")
    found: list[Any] = []
    for name in filter(None, (n.strip() for n in names)):
        unit = unit_named(request.user, name)
        if unit is None:
            raise Incomplete({field: _("没有「%(name)s」这个单位，请从列表里选。") % {"name": name}})
        found.append(unit)
    return found


@listing("requests", roles=READING)
def requests_list(request: PageRequest) -> Sheet:
    """What waits for the desk's word."""
    columns = [
        *ticket_columns(),
        Column(_("申请"), CODE, 8),
        Column(_("申请单位"), CODE, 16),
        Column(_("申请原因"), CODE, 20),
        Column(_("申请说明"), width=40),
        Column(_("申请时间"), MOMENT),
        Column(_("延到"), MOMENT),
    ]
    rows = [
        [
            *ticket_cells(one.ticket),
            word("request_kind", one.request.kind),
            str(one.share.unit),
            word(f"{one.request.kind}_reason", one.request.reason_code),
            one.request.text,
            one.request.asked_at,
            one.request.until,
        ]
        for one in requests_waiting(request.user, timezone.now(), narrowed(request, "requests"))
    ]
    return Sheet("requests", _("等待答复的申请"), columns, rows, filters=told(request.user, "requests"))


@listing("consultations", roles=READING)
def consultations_list(request: PageRequest) -> Sheet:
    """What is in consultation, the one whose time is over first."""
    columns = [
        *ticket_columns(),
        Column(_("会商时限"), MOMENT),
        Column(_("提请会商"), MOMENT),
        Column(_("争议"), width=40),
        Column(_("退回过的单位"), width=28),
    ]
    rows = [
        [*ticket_cells(one.ticket), one.ticket.consult_due, one.since, one.why]
        + ["、".join(dict.fromkeys(str(share.unit) for share in one.had))]
        for one in consultations(request.user, timezone.now())
    ]
    return Sheet("consultations", _("会商研判"), columns, rows)


routes = [
    path("requests", requests, name="requests"),
    path("requests/<int:pk>", requests, name="request-one"),
    path("requests/<int:pk>/decide", decide, name="request-decide"),
    path("consultations/<int:pk>", consultation, name="consultation"),
    path("consultations/<int:pk>/settle", settle, name="consultation-settle"),
]
