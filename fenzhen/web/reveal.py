"""「显示并说明原因」: the one way to a caller's name and number."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from fenzhen.board.tickets import ticket_for
from fenzhen.desk.story import reveal_caller
from fenzhen.web.page import PageRequest, page, typed


@require_POST
@page()
def reveal(request: PageRequest, pk: int) -> HttpResponse:
    """The caller in clear, in place of the masked one. The reason is asked for and stands in the story."""
    ticket = ticket_for(request.user, pk)
    seen = reveal_caller(ticket, by=request.user, now=timezone.now(), why=typed(request, "why", 200))
    template = "_revealed.html" if request.htmx else "revealed.html"
    return render(request, template, {"seen": seen, "ticket": ticket})


routes = [path("tickets/<int:pk>/reveal", reveal, name="reveal")]
