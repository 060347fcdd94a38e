"""Finding tickets. Asked by POST, so that no name, number or word ever stands in an address or a log.

What was asked last is kept, sealed, like a draft: after looking at a ticket one comes back to the same list.
"""

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.board.drafts import drafts_of
from fenzhen.board.filters import filters_of
from fenzhen.board.intake import towns
from fenzhen.board.search import (
    COUNTED,
    PAGE,
    Found,
    Wanted,
    all_found,
    may_look_for_people,
    tickets_found,
    units_to_choose,
)
from fenzhen.board.words import word, words_of
from fenzhen.desk.drafts import drop_draft, keep_draft
from fenzhen.desk.step import Incomplete
from fenzhen.desk.story import record_lookup
from fenzhen.hotline import privacy
from fenzhen.hotline.roles import Role
from fenzhen.papers.lists import Sheet
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.page import PageRequest, go, page, typed

KEY = "search:last"
#: So long a search is shown again on coming back.
_KEPT = timedelta(minutes=30)
SEARCHERS = frozenset(Role) - {Role.ADMIN, Role.SYSTEM}
_NAMES = [f.name for f in fields(Wanted)]


def _page(request: PageRequest) -> HttpResponse:
    """The whole page: the form as it was asked or refused, and the result of the last search."""
    last = last_asked(request) if request.refusal is None else {}
    asked = {n: request.refusal.typed.get(n, "") for n in _NAMES} if request.refusal else last
    found = None
    if last and request.refusal is None:
        found = _find(request, _wanted(last), _number(last.get("page", "")))
    context = {
        "v": asked,
        "towns": towns(request.user),
        "units": units_to_choose(request.user),
        "people": may_look_for_people(request.user),
        "kept": filters_of(request.user, "search"),
        "is_narrowed": any(asked.get(n) for n in _NAMES if n != "words"),
        **_result(found, asked),
    }
    return render(request, "search.html", context)


@page(roles=SEARCHERS, again=_page)
def search(request: PageRequest) -> HttpResponse:
    """GET: the form, with the last result. POST: look; the page comes back to itself, so it may be reloaded."""
    if request.method != "POST":
        return _page(request)
    if request.POST.get("clear"):
        drop_draft(by=request.user, key=KEY, now=timezone.now())
        return go(request, "search")
    asked = {name: typed(request, name, 200) for name in _NAMES}
    asked["page"] = str(_number(typed(request, "page", 6)))
    wanted = _wanted(asked)  # refuses days that do not exist before anything is kept
    keep_draft(by=request.user, key=KEY, fields={n: [v] for n, v in asked.items() if v}, now=timezone.now())
    if not request.htmx:
        return go(request, "search")
    return render(request, "_found.html", _result(_find(request, wanted, _number(asked["page"])), asked))


# ---------------------------------------------------------------------------------------------------------


def _find(request: PageRequest, wanted: Wanted, number: int) -> Found | None:
    if wanted.is_empty:
        return None
    found = tickets_found(request.user, wanted, number)
    for what, value in found.looked_for:
        record_lookup(by=request.user, now=timezone.now(), what=what, value=value, found=found.total)
    return found


def _result(found: Found | None, asked: dict[str, str]) -> dict[str, Any]:
    words = asked.get("words", "").strip()
    return {
        "found": found,
        "asked": [(name, asked[name]) for name in _NAMES if asked.get(name)],
        "first": (found.page - 1) * PAGE + 1 if found else 0,
        "last": (found.page - 1) * PAGE + len(found.hits) if found else 0,
        # A few Chinese characters may be a name; looking for people is asked for in words, never by the way.
        "may_be_name": words if 2 <= len(words) <= 4 and all("㐀" <= c <= "鿿" for c in words) else "",
    }


def _wanted(asked: dict[str, str]) -> Wanted:
    wrong: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in ("since", "until"):
        days[name], text = None, asked.get(name, "")
        if text:
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                wrong[name] = _("没有这一天,请按 2026-03-11 这样填写。")
    for name, group in (("state", "ticket_state"), ("level", "level"), ("kind", "kind")):
        if asked.get(name) and asked[name] not in dict(words_of(group)):
            wrong[name] = _("请从列表中选择。")
    if asked.get("city") not in {None, "", "today"}:
        wrong["city"] = _("请从列表中选择。")
    if wrong:
        raise Incomplete(wrong)
    plain = {n: asked.get(n, "") for n in _NAMES if n not in days}
    return Wanted(**plain, since=days["since"], until=days["until"])


def last_asked(request: PageRequest) -> dict[str, str]:
    """What this person searched for last, a little while ago."""
    for key, at, kept in drafts_of(request.user, "search:"):
        if key == KEY and timezone.now() - at < _KEPT:
            return {name: values[0] for name, values in kept.items() if values}
    return {}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


@listing("search", roles=SEARCHERS)
def search_list(request: PageRequest) -> Sheet:
    """Everything that the pages of the last search show together, callers masked as there. Looking for a person
    is written down here, too."""
    last = last_asked(request)
    wanted = _wanted(last)
    people = may_look_for_people(request.user)
    found = Found() if wanted.is_empty else all_found(request.user, wanted, COUNTED)
    for what, value in found.looked_for:
        record_lookup(by=request.user, now=timezone.now(), what=what, value=value, found=found.total)
    rows = [
        ticket_cells(
            hit.ticket, clocks=people, caller=(hit.caller_name, hit.caller_phone) if people else None
        )
        for hit in found.hits
    ]
    total = found.total + 1 if found.is_more_than else found.total
    return Sheet(
        "search",
        _("工单查询"),
        ticket_columns(clocks=people, caller=people),
        rows,
        filters=_told(request, last),
        total=max(total, len(rows)),
    )


def _told(request: PageRequest, asked: dict[str, str]) -> list[tuple[str, str]]:
    """What was asked, in words; a name or a number only as that there was one."""
    units = {unit.code: str(unit) for unit in units_to_choose(request.user)}
    known_towns = {town.code: town.name for town in towns(request.user)}
    out = []
    for name, label in _LABELS:
        value = asked.get(name, "")
        if not value:
            continue
        if name in {"name", "phone"}:
            value = _("有")
        elif name in {"returned", "urged", "watched"}:
            value = _("是")
        elif name == "city":
            value = _("今天或已过")
        elif name in _GROUPS:
            value = word(_GROUPS[name], value)
        elif name in {"words", "place"}:
            value = privacy.lift_numbers(value)[0]
        value = {"unit": units, "town": known_towns}.get(name, {}).get(value, value)
        out.append((_(label), value))
    return out


_GROUPS = {"state": "ticket_state", "level": "level", "kind": "kind"}
_LABELS = (
    ("words", gettext_noop("字词")),
    ("name", gettext_noop("来电人姓名")),
    ("phone", gettext_noop("电话")),
    ("place", gettext_noop("地点")),
    ("town", gettext_noop("镇街")),
    ("unit", gettext_noop("承办单位")),
    ("state", gettext_noop("状态")),
    ("level", gettext_noop("等级")),
    ("kind", gettext_noop("类型")),
    ("since", gettext_noop("受理从")),
    ("until", gettext_noop("受理到")),
    ("city", gettext_noop("市级时限")),
    ("returned", gettext_noop("退回过")),
    ("urged", gettext_noop("催过")),
    ("watched", gettext_noop("督办跟踪")),
)


routes = [path("search", search, name="search")]
