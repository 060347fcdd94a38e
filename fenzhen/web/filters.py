"""Saved filters: name what was searched for, press it another day. Nothing of it stands in an address."""

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.filters import filter_for
from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.filters import drop_filter, restore_filter, save_filter
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.search import KEY, SEARCHERS, last_asked
from fenzhen.web.search import _page as _again


@require_POST
@page(roles=SEARCHERS, again=_again)
def save(request: PageRequest) -> HttpResponse:
    """Keep what was searched for last under a name."""
    row = save_filter(
        by=request.user,
        now=timezone.now(),
        page="search",
        name=typed(request, "filter_name", 64),
        fields={name: value for name, value in last_asked(request).items() if name != "page"},
    )
    say(request, _("已保存「%(name)s」，下次点一下就能查。") % {"name": row.name})
    return go(request, "search")


@require_POST
@page(roles=SEARCHERS)
def use(request: PageRequest, pk: int) -> HttpResponse:
    """Search by a kept filter."""
    kept = filter_for(request.user, pk)
    fields = {name: [value] for name, value in kept.fields.items()}
    keep_draft(by=request.user, key=KEY, fields=fields, now=timezone.now())
    return go(request, "search")


@require_POST
@page(roles=SEARCHERS)
def drop(request: PageRequest, pk: int) -> HttpResponse:
    """Drop one; the strip brings it back."""
    name = drop_filter(pk, by=request.user, now=timezone.now())
    say(request, _("已删除「%(name)s」。") % {"name": name}, tone="plain", undo=reverse("filter-restore"))
    return go(request, "search")


@require_POST
@page(roles=SEARCHERS)
def restore(request: PageRequest) -> HttpResponse:
    """Undo the last drop."""
    row = restore_filter(by=request.user, now=timezone.now())
    say(request, _("已恢复「%(name)s」。") % {"name": row.name})
    return go(request, "search")


routes = [
    path("filters/save", save, name="filter-save"),
    path("filters/restore", restore, name="filter-restore"),
    path("filters/<int:pk>/use", use, name="filter-use"),
    path("filters/<int:pk>/drop", drop, name="filter-drop"),
]
