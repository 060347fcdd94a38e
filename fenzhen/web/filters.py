"""Filters of lists: choose, save under a name, press it another day, drop it. Nothing of it stands in an address."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.filters import filter_for
from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.filters import drop_filter, restore_filter, save_filter
from fenzhen.desk.step import Incomplete
from fenzhen.web.narrow import LISTS, asked_of, narrow_to, typed_fields
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.search import KEY, SEARCHERS, last_asked
from fenzhen.web.search import _page as _again


@require_POST
@page()
def narrow(request: PageRequest, name: str) -> HttpResponse:
    """Show less of the list *name*, or everything again."""
    _allowed(request, name)
    try:
        narrow_to(request, name, typed_fields(request, name))
    except Incomplete as why:
        say(request, next(iter(why.fields.values())), tone="bad")
    return _back(request, name)


def _saved_again(request: PageRequest) -> HttpResponse:
    return _again(request)


@require_POST
@page(again=_saved_again)
def save(request: PageRequest) -> HttpResponse:
    """Keep under a name what was searched for last, or what a list (`page`) is narrowed by."""
    name = typed(request, "page", 32) or "search"
    _allowed(request, name)
    asked = last_asked(request) if name == "search" else asked_of(request.user, name)
    try:
        row = save_filter(
            by=request.user,
            now=timezone.now(),
            page=name,
            name=typed(request, "filter_name", 64),
            fields={field: value for field, value in asked.items() if field != "page"},
        )
    except Incomplete as why:
        if name == "search":
            raise
        say(request, next(iter(why.fields.values())), tone="bad")
        return _back(request, name)
    say(request, _("已保存「%(name)s」，下次点一下就能查。") % {"name": row.name})
    return _back(request, name)


@require_POST
@page()
def use(request: PageRequest, pk: int) -> HttpResponse:
    """Search by a kept filter, or narrow its list by it."""
    kept = filter_for(request.user, pk)
    _allowed(request, kept.page)
    if kept.page == "search":
        fields = {name: [value] for name, value in kept.fields.items()}
        keep_draft(by=request.user, key=KEY, fields=fields, now=timezone.now())
    else:
        narrow_to(request, kept.page, kept.fields)
    return _back(request, kept.page)


@require_POST
@page()
def drop(request: PageRequest, pk: int) -> HttpResponse:
    """Drop one; the strip brings it back."""
    kept = filter_for(request.user, pk)
    name = drop_filter(pk, by=request.user, now=timezone.now())
    say(request, _("已删除「%(name)s」。") % {"name": name}, tone="plain", undo=reverse("filter-restore"))
    return _back(request, kept.page)


@require_POST
@page()
def restore(request: PageRequest) -> HttpResponse:
    """Undo the last drop."""
    row = restore_filter(by=request.user, now=timezone.now())
    say(request, _("已恢复「%(name)s」。") % {"name": row.name})
    return _back(request, row.page)


def _allowed(request: Any, name: str) -> None:
    """Only lists that there are, and that this person sees."""
    may = SEARCHERS if name == "search" else LISTS[name].roles if name in LISTS else frozenset()
    if request.user.role not in may:
        raise Http404


def _back(request: PageRequest, name: str) -> HttpResponse:
    """To the list; the home page goes back to the number whose list it was."""
    if name == "search" or name not in LISTS:
        return go(request, "search")
    show = typed(request, "show", 32)
    route = reverse(LISTS[name].route)
    return go(request, f"{route}?show={show}" if name == "home" and show.isidentifier() else route)


routes = [
    path("filters/save", save, name="filter-save"),
    path("filters/restore", restore, name="filter-restore"),
    path("filters/<slug:name>/narrow", narrow, name="filter-narrow"),
    path("filters/<int:pk>/use", use, name="filter-use"),
    path("filters/<int:pk>/drop", drop, name="filter-drop"),
]
