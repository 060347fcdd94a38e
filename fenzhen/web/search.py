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

from fenzhen.board.drafts import drafts_of
from fenzhen.board.intake import towns
from fenzhen.board.search import (
    PAGE,
    Found,
    Wanted,
    may_look_for_people,
    tickets_found,
    units_to_choose,
)
from fenzhen.board.words import words_of
from fenzhen.desk.drafts import drop_draft, keep_draft
from fenzhen.desk.step import Incomplete
from fenzhen.desk.story import record_lookup
from fenzhen.hotline.roles import Role
from fenzhen.web.page import PageRequest, go, page, typed

_KEY = "search:last"
#: So long a search is shown again on coming back.
_KEPT = timedelta(minutes=30)
_SEARCHERS = frozenset(Role) - {Role.ADMIN, Role.SYSTEM}
_NAMES = [f.name for f in fields(Wanted)]


def _page(request: PageRequest) -> HttpResponse:
    """The whole page: the form as it was asked or refused, and the result of the last search."""
    last = _last(request) if request.refusal is None else {}
    asked = {n: request.refusal.typed.get(n, "") for n in _NAMES} if request.refusal else last
    found = None
    if last and request.refusal is None:
        found = _find(request, _wanted(last), _number(last.get("page", "")))
    context = {
        "v": asked,
        "towns": towns(request.user),
        "units": units_to_choose(request.user),
        "people": may_look_for_people(request.user),
        "is_narrowed": any(asked.get(n) for n in _NAMES if n != "words"),
        **_result(found, asked),
    }
    return render(request, "search.html", context)


@page(roles=_SEARCHERS, again=_page)
def search(request: PageRequest) -> HttpResponse:
    """GET: the form, with the last result. POST: look; the page comes back to itself, so it may be reloaded."""
    if request.method != "POST":
        return _page(request)
    if request.POST.get("clear"):
        drop_draft(by=request.user, key=_KEY, now=timezone.now())
        return go(request, "search")
    asked = {name: typed(request, name, 200) for name in _NAMES}
    asked["page"] = str(_number(typed(request, "page", 6)))
    wanted = _wanted(asked)  # refuses days that do not exist before anything is kept
    keep_draft(by=request.user, key=_KEY, fields={n: [v] for n, v in asked.items() if v}, now=timezone.now())
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
    if wrong:
        raise Incomplete(wrong)
    plain = {n: asked.get(n, "") for n in _NAMES if n not in days}
    return Wanted(**plain, since=days["since"], until=days["until"])


def _last(request: PageRequest) -> dict[str, str]:
    for key, at, kept in drafts_of(request.user, "search:"):
        if key == _KEY and timezone.now() - at < _KEPT:
            return {name: values[0] for name, values in kept.items() if values}
    return {}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


routes = [path("search", search, name="search")]
