"""What a person must be told: the bell, the red strip, the list."""

from hashlib import sha256
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.deliveries import deliveries_of
from fenzhen.board.notices import notice_of, recent_notices, unseen
from fenzhen.board.words import word
from fenzhen.office.notices import see_all_notices, see_notice
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page

#: So many red strips at most; the bell has the rest.
STRIPS = 2


# What each kind of notice says stands in records/words.py (NOTICES): messages outwards say the same.
def _told(kind: str) -> str:
    said = word("notice", kind)
    return _("有新情况") if said == kind else said


def words_for(notice: Any) -> str:
    """One short sentence in the language of the moment; a kind without words says that something is new.
    A matter of level 1 says so first."""
    words = _told(notice.kind)
    if notice.facts.get("level") == 1:
        return f"{word('level', 1)} · {words}"
    return words


@page()
def poll(request: PageRequest) -> HttpResponse:
    """The bell and the strip; 204 while nothing has changed since what the page shows (`have`)."""
    return _bell(request, request.GET.get("have", ""))


@page()
def notices(request: PageRequest) -> HttpResponse:
    """All that was told to me lately."""
    told = recent_notices(request.user)
    went = deliveries_of(request.user, told)
    return render(
        request, "notices.html", {"notices": [(notice, went.get(notice.pk, [])) for notice in told]}
    )


@require_POST
@page()
def seen(request: PageRequest, pk: int) -> HttpResponse:
    """「知道了」."""
    see_notice(notice_of(request.user, pk), by=request.user, now=timezone.now())
    return _bell(request, "") if request.htmx else go(request, "notices")


@require_POST
@page()
def all_seen(request: PageRequest) -> HttpResponse:
    """Put away everything that is not urgent."""
    see_all_notices(by=request.user, now=timezone.now())
    return go(request, "notices")


def _bell(request: PageRequest, have: str) -> HttpResponse:
    told = unseen(request.user)
    mark = sha256(",".join(str(n.pk) for n in told).encode()).hexdigest()[:12]
    if have == mark:
        return HttpResponse(status=204)
    urgent = [n for n in told if n.is_urgent]
    context = {"count": len(told), "urgent": urgent[:STRIPS], "more": len(urgent[STRIPS:]), "mark": mark}
    return render(request, "_notices.html", context)


@listing("notices")
def notices_list(request: PageRequest) -> Sheet:
    """All that was told to me lately."""
    columns = [
        Column(_("时间"), MOMENT),
        Column(_("通知"), width=40),
        Column(_("工单号"), CODE, 16),
        Column(_("标题"), width=44),
        Column(_("看过"), MOMENT),
    ]
    told = recent_notices(request.user, LONGEST_FILE)
    rows = [
        [
            n.created_at,
            words_for(n),
            n.ticket.number if n.ticket else "",
            n.ticket.title if n.ticket else "",
            n.seen_at,
        ]
        for n in told
    ]
    return Sheet("notices", _("通知"), columns, rows)


routes = [
    path("notices/poll", poll, name="notices-poll"),
    path("notices", notices, name="notices"),
    path("notices/seen", all_seen, name="notices-seen"),
    path("notices/<int:pk>/seen", seen, name="notice-seen"),
]
