"""More calls than usual: what it is about, the tickets behind it, and a person's word on it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.events import DECIDES
from fenzhen.board.surges import SEES, NoSuchSurge, SurgeSeen, surge_for, surges_lately, tickets_behind
from fenzhen.hotline import roles
from fenzhen.office.surge import dismiss_surge, see_surge, watch_surge_again
from fenzhen.papers.lists import Sheet
from fenzhen.web.export import MOST, listing, ticket_cells, ticket_columns
from fenzhen.web.page import PageRequest, go, page, say, typed

#: So many tickets stand on the page; the export has all.
SHOWN = 100


@page(roles=SEES)
def surge(request: PageRequest, pk: int) -> HttpResponse:
    """One of them with the calls it is made of."""
    now = timezone.now()
    seen = _seen(request, pk)
    tickets = tickets_behind(request.user, seen.surge, now, SHOWN + 1)
    context = {
        "seen": seen,
        "surge": seen.surge,
        "tickets": tickets[:SHOWN],
        "is_more": len(tickets) > SHOWN,
        "shown": SHOWN,
        "earlier": [one for one in surges_lately(request.user, now) if one.pk != pk][:10],
        "may_see": request.user.role in roles.CENTRE,
        "may_decide": request.user.role in DECIDES,
    }
    return render(request, "surge.html", context)


@require_POST
@page(roles=roles.CENTRE)
def seen(request: PageRequest, pk: int) -> HttpResponse:
    """Somebody takes note."""
    if see_surge(_seen(request, pk).surge, by=request.user, now=timezone.now()):
        say(request, _("已知悉。"))
    else:
        say(request, _("已有人先一步知悉。"), tone="plain")
    return go(request, "surge", pk)


@require_POST
@page(roles=DECIDES)
def dismiss(request: PageRequest, pk: int) -> HttpResponse:
    """Nothing to act on."""
    found = _seen(request, pk).surge
    dismiss_surge(found, by=request.user, now=timezone.now(), why=typed(request, "why", 255))
    say(request, _("已收起，七天内不再提醒。工单照常办理。"), undo=reverse("surge-again", args=[pk]))
    return go(request, "surge", pk)


@require_POST
@page(roles=DECIDES)
def again(request: PageRequest, pk: int) -> HttpResponse:
    """It was something after all."""
    watch_surge_again(_seen(request, pk).surge, by=request.user, now=timezone.now())
    say(request, _("继续关注。"))
    return go(request, "surge", pk)


@listing("surge", roles=SEES)
def surge_file(request: PageRequest) -> Sheet:
    """The tickets behind one of them."""
    pk = typed(request, "pk", 12)
    found = _seen(request, int(pk) if pk.isdigit() else 0).surge
    rows = [ticket_cells(one) for one in tickets_behind(request.user, found, timezone.now(), MOST)]
    return Sheet("surge", _("来电多于平常"), ticket_columns(), rows)


def _seen(request: PageRequest, pk: int) -> SurgeSeen:
    try:
        return surge_for(request.user, pk)
    except NoSuchSurge:
        raise Http404 from None


routes = [
    path("surges/<int:pk>", surge, name="surge"),
    path("surges/<int:pk>/seen", seen, name="surge-seen"),
    path("surges/<int:pk>/dismiss", dismiss, name="surge-dismiss"),
    path("surges/<int:pk>/again", again, name="surge-again"),
]
