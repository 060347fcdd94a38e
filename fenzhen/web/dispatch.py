"""Sending the ticket in hand to its units with one key, and taking that back."""

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.tickets import ticket_for
from fenzhen.board.triage import advised_units, queue_key, unit_of_code
from fenzhen.board.words import word
from fenzhen.desk.dispatch import dispatch_ticket, undo_desk_act
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen
from fenzhen.hotline.roles import DESK
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all
from fenzhen.web.triage import after_act, draw_moved, draw_open


@require_POST
@page(roles=DESK)
def dispatch(request: PageRequest, pk: int) -> HttpResponse:
    """Dispatch. `rank` 1-3 takes that advice with its category, level and basis; 0 takes the unit in `lead`.
    `shown` says which advice was on the page: another one since then is shown first, never taken unseen.

    The assisting units are the boxes of that advice (`assist-1` …), as they were ticked.
    """
    now = timezone.now()
    ticket = ticket_for(request.user, pk)
    key = queue_key(ticket)
    suggestions, shown, is_advised = advised_units(request.user, ticket)
    if request.POST.get("shown", shown) != shown and ticket.state == "pending_dispatch":
        say(request, _("建议刚刚更新,请再看一眼再派。"), tone="plain")
        return draw_open(request, pk)
    chosen = typed(request, "rank", longest=2)
    advised = next((s for s in suggestions if str(s.rank) == chosen), None)
    first = suggestions[0] if suggestions else None
    lead = advised.unit if advised else unit_of_code(request.user, typed(request, "lead", longest=16))
    if lead is None:
        raise Incomplete({"unit_words": _("请先选择主办单位。")})
    wanted = typed_all(request, f"assist-{advised.rank if advised else 0}")
    assist = [unit for unit in (unit_of_code(request.user, code) for code in wanted) if unit and unit != lead]
    try:
        dispatch_ticket(
            ticket,
            by=request.user,
            now=now,
            lead=lead,
            assist=assist,
            level=advised.level if advised else None,
            category=advised.category
            if advised
            else (ticket.category or (first.category if first else None)),
            basis=advised.rule.rule_id if advised and advised.rule else "",
            word=typed(request, "word", longest=1000),
            chosen_rank=(advised.rank if advised else 0) if is_advised else None,
        )
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    text = _("%(number)s 已派给 %(unit)s(%(level)s)") % {
        "number": ticket.number,
        "unit": lead,
        "level": word("level", ticket.level),
    }
    if assist:
        text += _(",协办 %(units)s") % {"units": "、".join(str(unit) for unit in assist)}
    return after_act(request, pk, key, text)


@require_POST
@page(roles=DESK)
def undo(request: PageRequest, pk: int) -> HttpResponse:
    """My last act on this ticket undone; it lies in my hands again."""
    ticket = ticket_for(request.user, pk)
    undo_desk_act(ticket, by=request.user, now=timezone.now())
    say(request, _("%(number)s 已撤销,回到派单台") % {"number": ticket.number}, tone="plain")
    if not request.htmx:
        return go(request, "triage-ticket", pk)
    response = draw_open(request, pk)
    # The strip's undo posts from anywhere on the page and swaps nothing by itself.
    response.headers["HX-Retarget"] = "#desk"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Trigger-After-Swap"] = "triage:queue"
    return response


routes = [
    path("triage/<int:pk>/dispatch", dispatch, name="triage-dispatch"),
    path("triage/<int:pk>/undo", undo, name="triage-undo"),
]
