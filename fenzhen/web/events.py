"""Events: the live list with its curves, one event with everything a person needs to decide, and their word on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.events import (
    DECIDES,
    EventPage,
    EventWish,
    NoSuchEvent,
    Point,
    TownHeat,
    alert_for,
    alerts_open,
    event_for,
    events_listed,
    likely_members,
    suggested_parties,
    town_heat,
)
from fenzhen.board.related import ticket_numbered
from fenzhen.board.tickets import ticket_for
from fenzhen.board.words import word
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
from fenzhen.board.surges import surges_lasting
from fenzhen.office.events import (
    confirm_event,
    dismiss_event,
    merge_events,
    part_tickets,
    put_tickets,
    rename_event,
    see_alert,
    watch_again,
)
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all

READS = roles.CENTRE | roles.READERS | frozenset({roles.Role.UNIT_LIAISON})
STATES = ("live", "joint", "closed", "dismissed")
#: The width and height of a curve in its own units; the page scales it.
WIDE, HIGH = 240, 60


@page(roles=READS)
def events(request: PageRequest) -> HttpResponse:
    """What several people call about, now: by colour, then by when it last rang."""
    now = timezone.now()
    wish = _wish(request)
    lines = events_listed(request.user, wish, now)
    context = {
        "lines": [{"line": line, "curve": curve(line.growth, 120, 28)} for line in lines],
        "wish": wish,
        "states": [(state, _STATE_WORDS[state]()) for state in STATES],
        "levels": ("red", "orange", "yellow", "blue"),
        "alerts": alerts_open(request.user, now),
        "may_decide": request.user.role in DECIDES,
    }
    return render(request, "events.html", context)


@page(roles=READS)
def event(request: PageRequest, pk: int) -> HttpResponse:
    """One event: where, how it grew, what people say, who should come, what may belong to it."""
    now = timezone.now()
    seen = _seen(request, pk)
    others = (
        [
        "surges": surges_lasting(request.user, now),
            line.event
            for line in events_listed(request.user, EventWish(least=2), now, most=60)
            if line.event.pk != pk
        ]
        if seen.may_decide
        else []
    )
    context = {
        "seen": seen,
        "event": seen.event,
        "curve": curve(seen.growth, WIDE, HIGH),
        "likely": likely_members(request.user, seen.event) if seen.may_decide else [],
        "parties": suggested_parties(request.user, seen.event, now),
        "others": others[:20],
        "heat": _cells(town_heat(request.user, now - timedelta(days=7), now)) if seen.event.town else [],
    }
    return render(request, "event.html", context)


@require_POST
@page(roles=DECIDES)
def decide(request: PageRequest, pk: int, what: str) -> HttpResponse:
    """Yes, it is one; no, it is not; or watch it on."""
    found = _seen(request, pk).event
    now = timezone.now()
    if what == "confirm":
        confirm_event(found, by=request.user, now=now)
        say(request, _("已确认为一件事。"), undo=reverse("event-decide", args=[pk, "watch"]))
    elif what == "dismiss":
        dismiss_event(found, by=request.user, now=now, why=typed(request, "why", 255))
        say(
            request,
            _("已标为不是同一件事，不再提醒。各张工单照常办理。"),
            undo=reverse("event-decide", args=[pk, "watch"]),
        )
    elif what == "watch":
        watch_again(found, by=request.user, now=now)
        say(request, _("继续关注。"))
    else:
        raise Http404
    return go(request, "event", pk)


@require_POST
@page(roles=DECIDES)
def rename(request: PageRequest, pk: int) -> HttpResponse:
    """Call it by what it is."""
    rename_event(
        _seen(request, pk).event, by=request.user, now=timezone.now(), title=typed(request, "title", 120)
    )
    return go(request, "event", pk)


@require_POST
@page(roles=DECIDES)
def merge(request: PageRequest, pk: int) -> HttpResponse:
    """These two are one."""
    other = typed(request, "other", 12)
    if not other.isdigit():
        raise Incomplete({"other": _("请选择另一个事件。")})
    kept = merge_events(
        _seen(request, pk).event, _seen(request, int(other)).event, by=request.user, now=timezone.now()
    )
    say(request, _("已合并。各来电人的工单和回访不变。"))
    return go(request, "event", kept.pk)


@require_POST
@page(roles=DECIDES)
def part(request: PageRequest, pk: int) -> HttpResponse:
    """Not this event: the chosen tickets leave it."""
    tickets = [ticket_for(request.user, int(one)) for one in typed_all(request, "ticket") if one.isdigit()]
    fresh = part_tickets(_seen(request, pk).event, tickets, by=request.user, now=timezone.now())
    if fresh is not None:
        say(request, _("已移出 %(n)s 张，成为另一个事件。") % {"n": len(tickets)})
    else:
        say(request, _("已移出，以后也不会再自动并入。"))
    return go(request, "event", pk)


@require_POST
@page(roles=DECIDES)
def put(request: PageRequest, pk: int) -> HttpResponse:
    """These belong to it: likely ones that were ticked, or one by its number."""
    tickets = [ticket_for(request.user, int(one)) for one in typed_all(request, "ticket") if one.isdigit()]
    number = typed(request, "number", 64)
    if number:
        found = ticket_numbered(request.user, number)
        if found is None:
            raise Incomplete({"number": _("没有找到这张工单。")})
        tickets.append(found)
    put_tickets(_seen(request, pk).event, tickets, by=request.user, now=timezone.now())
    say(request, _("已加入 %(n)s 张。") % {"n": len(tickets)})
    return go(request, "event", pk)


@require_POST
@page(roles=roles.CENTRE)
def seen_alert(request: PageRequest, pk: int) -> HttpResponse:
    """Somebody takes note of an alarm."""
    try:
        alert = alert_for(request.user, pk)
    except NoSuchEvent:
        raise Http404 from None
    if see_alert(alert, by=request.user, now=timezone.now()):
        say(request, _("已知悉。"))
    else:
        say(request, _("已有人先一步知悉。"), tone="plain")
    return go(request, "event", alert.event_id) if alert.event_id else go(request, "events")


@listing("events", roles=READS)
def events_file(request: PageRequest) -> Sheet:
    """The events as the page lists them."""
    wish = EventWish(state=typed(request, "state", 16) or "live", level=typed(request, "level", 8))
    columns = [
        Column(_("等级"), CODE, 9), Column(_("状态"), CODE, 12), Column(_("事件"), width=44), Column(_("镇街"), CODE, 14),
        Column(_("地点"), width=24), Column(_("人数"), NUMBER, 8), Column(_("工单数"), NUMBER, 8), Column(_("首次来电"), MOMENT),
        Column(_("最近来电"), MOMENT), Column(_("首次提醒"), MOMENT),
    ]  # fmt: skip
    rows: list[Sequence[Any]] = [
        [
            word("alarm_level", one.level) if one.level else "", word("event_state", one.state), one.title, str(one.town or ""),
            str(one.place or one.place_text), one.people, one.tickets, one.first_at, one.last_at, one.alerted_at,
        ]
        for one in (line.event for line in events_listed(request.user, wish, timezone.now(), most=2000))
    ]  # fmt: skip
    return Sheet("events", _("事件"), columns, rows)


# --- the map --------------------------------------------------------------------------------------------------------

PERIODS = {"day": 1, "week": 7, "month": 30}


@page(roles=roles.CENTRE | roles.READERS)
def town_map(request: PageRequest) -> HttpResponse:
    """The district's towns with what came in, as a schematic map: no real borders, and it says so."""
    now = timezone.now()
    period = request.GET.get("period", "week")
    days = PERIODS.get(period, 7)
    cells = _cells(town_heat(request.user, now - timedelta(days=days), now))
    live = events_listed(request.user, EventWish(), now, most=60)
    context = {
        "cells": cells,
        "period": period if period in PERIODS else "week",
        "periods": [("day", _("24 小时")), ("week", _("7 天")), ("month", _("30 天"))],
        "high": max((cell["top"] for cell in cells), default=0) + 78,
        "live": [line.event for line in live if line.event.town_id],
        "total": sum(cell["heat"].tickets for cell in cells),
    }
    return render(request, "map.html", context)


def _cells(heats: list[TownHeat]) -> list[dict[str, Any]]:
    """The towns as cells of a drawing, five to a row in the list's order; five shades by rank of what came in."""
    counts = sorted({heat.tickets for heat in heats if heat.tickets}, reverse=True)
    out = []
    for n, heat in enumerate(heats):
        shade = 0
        if heat.tickets:
            shade = 5 - min(4, counts.index(heat.tickets) * 5 // max(len(counts), 1))
        out.append(
            {
                "heat": heat,
                "left": 8 + (n % 5) * 152,
                "top": 8 + (n // 5) * 78,
                "shade": shade,
                "more": heat.tickets - heat.before,
            }
        )
    return out


def curve(growth: Sequence[Point], wide: int, high: int) -> dict[str, Any]:
    """The growth as two polylines: people (the lower) and tickets, in a box of *wide* × *high*."""
    if not growth:
        return {"wide": wide, "high": high, "people": "", "tickets": "", "most": 0}
    most = max(growth[-1].tickets, 1)
    steps = len(growth)

    def line(values: list[int]) -> str:
        points = [(0.0, float(high - 2))]
        points += [
            ((n + 1) * wide / steps, high - 2 - (high - 6) * value / most) for n, value in enumerate(values)
        ]
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    return {
        "wide": wide,
        "high": high,
        "people": line([point.people for point in growth]),
        "tickets": line([point.tickets for point in growth]),
        "most": most,
        "first": growth[0].at,
        "last": growth[-1].at,
    }


def _seen(request: PageRequest, pk: int, now: datetime | None = None) -> EventPage:
    try:
        return event_for(request.user, pk, now or timezone.now())
    except NoSuchEvent:
        raise Http404 from None


def _wish(request: PageRequest) -> EventWish:
    state = request.GET.get("state", "live")
    level = request.GET.get("level", "")
    return EventWish(
        state=state if state in STATES else "live",
        level=level if level in ("red", "orange", "yellow", "blue") else "",
    )


_STATE_WORDS = {
    "live": lambda: _("进行中"),
    "joint": lambda: word("event_state", "joint"),
    "closed": lambda: word("event_state", "closed"),
    "dismissed": lambda: word("event_state", "dismissed"),
}

routes = [
    path("events", events, name="events"),
    path("events/<int:pk>", event, name="event"),
    path("events/<int:pk>/rename", rename, name="event-rename"),
    path("events/<int:pk>/merge", merge, name="event-merge"),
    path("events/<int:pk>/part", part, name="event-part"),
    path("events/<int:pk>/put", put, name="event-put"),
    path("events/<int:pk>/is/<slug:what>", decide, name="event-decide"),
    path("alerts/<int:pk>/seen", seen_alert, name="alert-seen"),
    path("map", town_map, name="map"),
]
