"""「来电里的新地名」: names of places that callers use and the list does not know; one click says what each is."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.intake import towns
from fenzhen.board.lists import IN_CHARGE
from fenzhen.board.unseen import LEAST, NoSuchName, name_for, names_unseen, place_named
from fenzhen.board.words import word
from fenzhen.desk.step import Incomplete
from fenzhen.office.unseen import name_is_alias, name_is_none, name_is_place, name_undone
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed

STATES = ("waiting", "place", "alias", "not_place")


@page(roles=IN_CHARGE)
def unseen(request: PageRequest) -> HttpResponse:
    """The names, those of most people first."""
    state = request.GET.get("state", "waiting")
    state = state if state in STATES else "waiting"
    every = bool(request.GET.get("every")) or state != "waiting"
    context = {
        "names": names_unseen(request.user, state, 1 if every else LEAST),
        "state": state,
        "states": [(code, word("unseen_state", code)) for code in STATES],
        "every": every,
        "least": LEAST,
        "towns": towns(request.user),
    }
    return render(request, "unseen.html", context)


@require_POST
@page(roles=IN_CHARGE)
def decide(request: PageRequest, pk: int, what: str) -> HttpResponse:
    """What it is; or the word taken back."""
    try:
        name = name_for(request.user, pk)
    except NoSuchName:
        raise Http404 from None
    now, back = timezone.now(), reverse("unseen-decide", args=[pk, "undo"])
    if what == "place":
        town = next((one for one in towns(request.user) if one.code == typed(request, "town", 16)), None)
        if town is None:
            raise Incomplete({"town": _("请选择镇街。")})
        name_is_place(name, town, by=request.user, now=now)
        say(request, _("「%(name)s」已补为%(town)s的地点。") % {"name": name.name, "town": town}, undo=back)
    elif what == "alias":
        place = place_named(request.user, typed(request, "place", 128))
        if place is None:
            raise Incomplete({"place": _("清单里没有这个地点，请填全名。")})
        name_is_alias(name, place, by=request.user, now=now)
        say(
            request, _("「%(name)s」已补为%(place)s的别名。") % {"name": name.name, "place": place}, undo=back
        )
    elif what == "none":
        name_is_none(name, by=request.user, now=now)
        say(request, _("「%(name)s」不再列出。") % {"name": name.name}, undo=back)
    elif what == "undo":
        name_undone(name, by=request.user, now=now)
        say(request, _("已撤销。"), tone="plain")
    else:
        raise Http404
    return go(request, "unseen")


@listing("unseen", roles=IN_CHARGE)
def unseen_file(request: PageRequest) -> Sheet:
    """The names as the page lists them."""
    state = typed(request, "state", 12)
    state = state if state in STATES else "waiting"
    columns = [
        Column(_("名称"), width=24), Column(_("人数"), NUMBER, 8), Column(_("工单数"), NUMBER, 8), Column(_("镇街"), width=24),
        Column(_("认定"), CODE, 12), Column(_("地点"), width=24), Column(_("认定人"), CODE, 12), Column(_("认定时间"), MOMENT),
    ]  # fmt: skip
    rows = [
        [
            one.name.name, one.people, one.tickets, "、".join(map(str, one.towns)), word("unseen_state", one.name.state),
            str(one.name.place or ""), one.name.decided_by.name if one.name.decided_by else "", one.name.decided_at,
        ]
        for one in names_unseen(request.user, state, 1, 1000)
    ]  # fmt: skip
    return Sheet("unseen", _("来电里的新地名"), columns, rows)


routes = [
    path("places/unseen", unseen, name="unseen"),
    path("places/unseen/<int:pk>/<slug:what>", decide, name="unseen-decide"),
]
