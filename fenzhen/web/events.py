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
    alarm_ladder,
    alert_for,
    alerts_open,
    doors_of,
    event_for,
    events_listed,
    likely_members,
    suggested_parties,
    town_heat,
)
from fenzhen.board.lists import IN_CHARGE
from fenzhen.board.maps import district_map
from fenzhen.board.related import ticket_numbered
from fenzhen.board.surges import surges_lasting
from fenzhen.board.tickets import ticket_for
from fenzhen.board.words import word
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
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
from fenzhen.office.maps import drop_map, load_map
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
    doors = doors_of(request.user, [line.event for line in lines])
    context = {
        "lines": [
            {"line": line, "curve": curve(line.growth, 120, 28), "doors": doors.get(line.event.pk, 0)}
            for line in lines
        ],
        "wish": wish,
        "states": [(state, _STATE_WORDS[state]()) for state in STATES],
        "levels": ("red", "orange", "yellow", "blue"),
        "alerts": alerts_open(request.user, now),
        "surges": surges_lasting(request.user, now),
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
        "curve": curve(seen.growth, WIDE, HIGH, seen.alerts),
        "days": (timezone.localdate(seen.event.last_at) - timezone.localdate(seen.event.first_at)).days + 1,
        "doors": doors_of(request.user, [seen.event]).get(pk, 0),
        "ladder": alarm_ladder(request.user, seen),
        "begun_by_hand": bool(seen.members) and all(one.how == "person" for one in seen.members),
        "likely": likely_members(request.user, seen.event) if seen.may_decide else [],
        "parties": suggested_parties(request.user, seen.event, now),
        "others": others[:20],
        "map": _map(request, town_heat(request.user, now - timedelta(days=7), now), [seen.event])
        if seen.event.town
        else None,
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

#: Megabytes of a map file that the page takes.
LARGEST_MAP = 16
PERIODS = {"day": 1, "week": 7, "month": 30}


def _town_map(request: PageRequest) -> HttpResponse:
    now = timezone.now()
    period = request.GET.get("period", "week")
    period = period if period in PERIODS else "week"
    heats = town_heat(request.user, now - timedelta(days=PERIODS[period]), now)
    live = [
        line.event for line in events_listed(request.user, EventWish(), now, most=60) if line.event.town_id
    ]
    context = {
        "map": _map(request, heats, live),
        "towns": [{"heat": heat, "more": heat.tickets - heat.before} for heat in heats],
        "shades": range(6),
        "period": period,
        "periods": [("day", _("24 小时")), ("week", _("7 天")), ("month", _("30 天"))],
        "live": live,
        "total": sum(heat.tickets for heat in heats),
        "may_load": request.user.role in IN_CHARGE,
    }
    return render(request, "map.html", context)


@page(roles=roles.CENTRE | roles.READERS)
def town_map(request: PageRequest) -> HttpResponse:
    """The district's towns with what came in: on the district's own map where one is loaded, else schematic; it says which."""
    return _town_map(request)


@require_POST
@page(roles=IN_CHARGE, again=_town_map)
def map_load(request: PageRequest) -> HttpResponse:
    """The district's own GeoJSON."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择 GeoJSON 文件。")})
    if (file.size or 0) > LARGEST_MAP * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请简化后再装入。") % {"n": LARGEST_MAP}})
    drawn = load_map(file.read(), by=request.user, now=timezone.now())
    say(
        request,
        _("已装入地图：%(towns)s 个镇街，%(points)s 个点。")
        % {"towns": len(drawn.towns), "points": len(drawn.points)},
    )
    return go(request, "map")


@require_POST
@page(roles=IN_CHARGE)
def map_drop(request: PageRequest) -> HttpResponse:
    """Back to the schematic map."""
    drop_map(by=request.user, now=timezone.now())
    say(request, _("已改回示意图。"))
    return go(request, "map")


def _map(request: PageRequest, heats: Sequence[TownHeat], live: Sequence[Any]) -> dict[str, Any]:
    """What is drawn: each town as a shape of the loaded map or a cell of a schematic one, five shades by rank; events as dots
    where the loaded map knows their place."""
    drawn = district_map(request.user)
    counts = sorted({heat.tickets for heat in heats if heat.tickets}, reverse=True)
    cells: list[dict[str, Any]] = []
    for heat in heats:
        shade = 5 - min(4, counts.index(heat.tickets) * 5 // max(len(counts), 1)) if heat.tickets else 0
        cell: dict[str, Any] = {"heat": heat, "shade": shade}
        if drawn is None:
            left, top = 8 + (len(cells) % 5) * 152, 8 + (len(cells) // 5) * 78
            cell |= {
                "left": left, "top": top, "x": left + 72, "y": top + 30, "under": top + 54,
                "flag_x": left + 132, "flag_y": top + 12, "flag_under": top + 17,
            }  # fmt: skip
        elif heat.place.code in drawn.towns:
            shape = drawn.towns[heat.place.code]
            cell |= {
                "path": shape.path, "x": round(shape.x), "y": round(shape.y), "under": round(shape.y) + 22,
                "flag_x": round(shape.x) + 34, "flag_y": round(shape.y) - 20, "flag_under": round(shape.y) - 15,
            }  # fmt: skip
        else:
            continue
        cells.append(cell)
    points = drawn.points if drawn else {}
    seen: dict[str, str] = {}
    for one in live:  # the reddest first: of several at one place that one is shown
        if one.place is not None and one.place.code in points:
            seen.setdefault(one.place.code, one.level)
    dots = [{"x": points[code][0], "y": points[code][1], "level": level} for code, level in seen.items()]
    rows = (len(cells) + 4) // 5
    return {
        "real": drawn is not None,
        "loaded_at": drawn.loaded_at if drawn else None,
        "cells": cells,
        "dots": dots,
        "missing": [heat.place.name for heat in heats if drawn and heat.place.code not in drawn.towns],
        "wide": drawn.wide if drawn else 768,
        "high": drawn.high if drawn else rows * 78 + 8,
    }


def curve(growth: Sequence[Point], wide: int, high: int, alerts: Sequence[Any] = ()) -> dict[str, Any]:
    """The growth as two polylines: people (the lower) and tickets, in a box of *wide* × *high*; midnights and alarms as upright lines."""
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

    people = line([point.people for point in growth])
    first = growth[0].at - (growth[-1].at - growth[0].at) / max(steps - 1, 1)
    span = max((growth[-1].at - first).total_seconds(), 1.0)

    def across(at: datetime) -> float:
        return round(min(max((at - first).total_seconds() / span, 0.0), 1.0) * wide, 1)

    midnight = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0)
    many = int(span // 86400) + 1
    days = [across(midnight + timedelta(days=n + 1)) for n in range(many)] if many <= 31 else []
    return {
        "wide": wide,
        "high": high,
        "people": people,
        "under": f"0,{high} {people} {wide},{high}",
        "tickets": line([point.tickets for point in growth]),
        "most": most,
        "days": [x for x in days if 0 < x < wide],
        "marks": [{"x": across(alert.at), "level": alert.level} for alert in alerts],
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
    path("map/load", map_load, name="map-load"),
    path("map/drop", map_drop, name="map-drop"),
]
