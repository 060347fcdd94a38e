"""Linking tickets that belong together, and taking a link back. Each caller keeps their own ticket."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.events import DECIDES, NoSuchEvent, event_for
from fenzhen.board.related import ticket_numbered
from fenzhen.board.tickets import ticket_for
from fenzhen.board.words import word, words_of
from fenzhen.desk.link import link_tickets, unlink_tickets
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.office.events import part_tickets, put_tickets
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.triage import draw_similar

LINKING = roles.INTAKE - {Role.SYSTEM}


@require_POST
@page(roles=LINKING)
def link(request: PageRequest, pk: int) -> HttpResponse:
    """To the ticket with the number that was typed."""
    ticket = ticket_for(request.user, pk)
    other = ticket_numbered(request.user, typed(request, "number", 64))
    if other is None:
        raise Incomplete({"number": _("没有这个编号的工单。")})
    return _linked(request, ticket.pk, other.pk, typed(request, "kind", 16))


@require_POST
@page(roles=LINKING)
def link_to(request: PageRequest, pk: int, other: int, kind: str) -> HttpResponse:
    """To a ticket that is shown; also the way back from `unlink`."""
    if kind not in dict(words_of("link")):
        raise Http404
    return _linked(request, pk, other, kind)


@require_POST
@page(roles=LINKING)
def unlink(request: PageRequest, pk: int, other: int) -> HttpResponse:
    """They have nothing to do with each other after all."""
    one, another = ticket_for(request.user, pk), ticket_for(request.user, other)
    kind = unlink_tickets(one, another, by=request.user, now=timezone.now())
    response = _drawn(request, pk)
    back = reverse("ticket-link-to", args=[pk, other, kind])
    say(request, _("已取消与 %(number)s 的关联。") % {"number": another.number}, tone="plain", undo=back)
    return response


@require_POST
@page(roles=DECIDES)
def to_event(request: PageRequest, pk: int, event: int) -> HttpResponse:
    """It belongs to this event."""
    found = _event(request, event)
    put_tickets(found, [ticket_for(request.user, pk)], by=request.user, now=timezone.now())
    response = _drawn(request, pk)
    back = reverse("ticket-out-of-event", args=[pk, event])
    say(request, _("已归入「%(event)s」。各自的回访不变。") % {"event": found.title}, undo=back)
    return response


@require_POST
@page(roles=DECIDES)
def out_of_event(request: PageRequest, pk: int, event: int) -> HttpResponse:
    """It does not, after all."""
    part_tickets(_event(request, event), [ticket_for(request.user, pk)], by=request.user, now=timezone.now())
    say(request, _("已移出，以后也不会再自动并入。"), tone="plain")
    return _drawn(request, pk)


def _event(request: PageRequest, pk: int) -> Any:
    try:
        return event_for(request.user, pk, timezone.now()).event
    except NoSuchEvent:
        raise Http404 from None


def _linked(request: PageRequest, pk: int, other: int, kind: str) -> HttpResponse:
    one, another = ticket_for(request.user, pk), ticket_for(request.user, other)
    link_tickets(one, another, by=request.user, now=timezone.now(), kind=kind)
    response = _drawn(request, pk)
    said = {"number": another.number, "kind": word("link", kind)}
    back = reverse("ticket-unlink", args=[pk, other])
    say(request, _("已与 %(number)s 关联（%(kind)s）。各自的回访不变。") % said, undo=back)
    return response


def _drawn(request: PageRequest, pk: int) -> HttpResponse:
    """At the triage desk the list of similar tickets again; else the ticket's page."""
    if request.htmx and request.POST.get("at") == "triage" and request.user.role in roles.DESK:
        return draw_similar(request, pk)
    return go(request, "ticket", pk)


routes = [
    path("tickets/<int:pk>/link", link, name="ticket-link"),
    path("tickets/<int:pk>/link/<int:other>/<slug:kind>", link_to, name="ticket-link-to"),
    path("tickets/<int:pk>/unlink/<int:other>", unlink, name="ticket-unlink"),
    path("tickets/<int:pk>/to-event/<int:event>", to_event, name="ticket-to-event"),
    path("tickets/<int:pk>/out-of-event/<int:event>", out_of_event, name="ticket-out-of-event"),
]
