"""The triage desk: the queue, one ticket in hand with the advice on it, and every act but the dispatch itself."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.advice import similar_decided
from fenzhen.board.automatic import anything_automatic, weighed
from fenzhen.board.events import event_of
from fenzhen.board.meant import event_meant_by
from fenzhen.board.related import links_of
from fenzhen.board.tickets import ticket_for
from fenzhen.board.triage import (
    MOST,
    PAGE,
    TriageView,
    counts_at_desk,
    held_by_me,
    next_waiting,
    queue_key,
    queue_mark,
    similar_here,
    tickets_short_of_words,
    tickets_waiting,
    triage_mark,
    triage_view,
    units_matching,
    void_proposals,
)
from fenzhen.board.words import word
from fenzhen.desk.intake import answer_ticket, redirect_ticket
from fenzhen.desk.request import open_consultation
from fenzhen.desk.step import MovedMeanwhile, NotOpen, last_entry
from fenzhen.desk.triage import ask_back, change_level, hold_ticket, release_ticket
from fenzhen.hotline.roles import DESK
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, page, refusal_of, say, typed

#: What an emergency line's number is told as.
EMERGENCY = "emergency_line"


@page(roles=DESK)
def triage(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """The whole desk. It opens *pk*, or the ticket that comes next; the page takes it in hand by a POST."""
    now = timezone.now()
    if pk is not None:
        ticket_for(request.user, pk)
        first = pk
    else:
        upcoming = next_waiting(request.user, now, narrow=narrowed(request, "triage"))
        first = upcoming.pk if upcoming else 0
    facts = {
        "queue": tickets_waiting(request.user, now, narrow=narrowed(request, "triage")),
        "counts": counts_at_desk(request.user, now),
        "first": first,
    }
    return render(request, "triage.html", facts)


@page(roles=DESK)
def queue(request: PageRequest) -> HttpResponse:
    """The queue again, as many rows as are shown; 204 while nothing in it has changed (`have`).

    With `after` the stretch behind that key, to be added to the end.
    """
    now = timezone.now()
    after, narrow = request.GET.get("after", ""), narrowed(request, "triage")
    try:
        rows = max(PAGE, min(int(request.GET.get("rows", PAGE)), MOST))
    except ValueError:
        rows = PAGE
    if after:
        return render(
            request,
            "_triage_rows.html",
            {"queue": tickets_waiting(request.user, now, after=after, narrow=narrow)},
        )
    have = request.GET.get("have", "")
    if have and have == queue_mark(request.user, now, limit=rows, narrow=narrow):
        return HttpResponse(status=204)
    return render(
        request,
        "_triage_queue.html",
        {
            "queue": tickets_waiting(request.user, now, limit=rows, narrow=narrow),
            "counts": counts_at_desk(request.user, now),
            "with_counts": True,
        },
    )


@page(roles=DESK)
def need_info(request: PageRequest) -> HttpResponse:
    """What was sent back to intake for a supplement."""
    facts = {
        "tickets": tickets_short_of_words(request.user)[:200],
        "counts": counts_at_desk(request.user, timezone.now()),
    }
    return render(request, "triage_need_info.html", facts)


@page(roles=DESK)
def voids(request: PageRequest) -> HttpResponse:
    """Proposals to void that wait for a second person."""
    facts = {
        "proposals": void_proposals(request.user)[:200],
        "counts": counts_at_desk(request.user, timezone.now()),
    }
    return render(request, "triage_voids.html", facts)


@require_POST
@page(roles=DESK)
def open_one(request: PageRequest, pk: int) -> HttpResponse:
    """Take a ticket in hand and draw it; whatever else I held is let go."""
    return draw_open(request, pk)


@require_POST
@page(roles=DESK)
def beat(request: PageRequest, pk: int) -> HttpResponse:
    """The open ticket's heartbeat: my hold goes on. 204 while the page shows what is so; else the ticket again.

    `have` is the mark of what is shown; `busy` means that somebody is typing, so nothing may be swapped away.
    """
    now = timezone.now()
    ticket = ticket_for(request.user, pk)
    if ticket.state == "pending_dispatch":
        hold_ticket(ticket, by=request.user, now=now)
    if request.POST.get("busy") or request.POST.get("have") == triage_mark(request.user, ticket, now):
        return HttpResponse(status=204)
    return draw_desk(request, triage_view(request.user, pk, now))


@page(roles=DESK)
def similar(request: PageRequest, pk: int) -> HttpResponse:
    """Open tickets about the same matter. Asked for after the ticket is drawn, so that nobody waits for it."""
    return draw_similar(request, pk)


@require_POST
@page(roles=DESK)
def let_go(request: PageRequest, pk: int) -> HttpResponse:
    """The page is being left."""
    release_ticket(ticket_for(request.user, pk), by=request.user, now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@page(roles=DESK)
def units(request: PageRequest) -> HttpResponse:
    """Units that the typed letters may mean."""
    return render(
        request,
        "_triage_units.html",
        {"units": units_matching(request.user, typed(request, "unit_words", longest=40))},
    )


@require_POST
@page(roles=DESK)
def level(request: PageRequest, pk: int) -> HttpResponse:
    """Another level."""
    ticket = ticket_for(request.user, pk)
    number = request.POST.get("level", "")
    before = ticket.level
    try:
        change_level(
            ticket, by=request.user, now=timezone.now(), level=int(number) if number.isdecimal() else 0
        )
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    if ticket.level != before:
        say(
            request,
            _("%(number)s 改为%(level)s") % {"number": ticket.number, "level": word("level", ticket.level)},
        )
    return draw_open(request, pk)


@require_POST
@page(roles=DESK)
def back(request: PageRequest, pk: int) -> HttpResponse:
    """Ask intake for what is missing."""
    ticket = ticket_for(request.user, pk)
    key = queue_key(ticket)
    try:
        ask_back(ticket, by=request.user, now=timezone.now(), text=typed(request, "text", longest=1000))
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    return after_act(request, pk, key, _("%(number)s 已退回补充") % {"number": ticket.number})


@require_POST
@page(roles=DESK)
def answer(request: PageRequest, pk: int) -> HttpResponse:
    """Answered at once; no unit is needed."""
    ticket = ticket_for(request.user, pk)
    key = queue_key(ticket)
    try:
        answer_ticket(ticket, by=request.user, now=timezone.now(), text=typed(request, "answer"))
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    return after_act(request, pk, key, _("%(number)s 已直接答复") % {"number": ticket.number})


@require_POST
@page(roles=DESK)
def redirect(request: PageRequest, pk: int) -> HttpResponse:
    """The caller is told the right channel."""
    ticket = ticket_for(request.user, pk)
    key = queue_key(ticket)
    try:
        redirect_ticket(
            ticket,
            by=request.user,
            now=timezone.now(),
            reason=typed(request, "reason", longest=32),
            text=typed(request, "text", longest=2000),
        )
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    return after_act(request, pk, key, _("%(number)s 已告知其他渠道") % {"number": ticket.number})


@require_POST
@page(roles=DESK)
def consult(request: PageRequest, pk: int) -> HttpResponse:
    """It is disputed whose matter it is: into consultation, and the next one."""
    ticket = ticket_for(request.user, pk)
    key = queue_key(ticket)
    try:
        open_consultation(
            ticket, by=request.user, now=timezone.now(), text=typed(request, "text", longest=2000)
        )
    except (MovedMeanwhile, NotOpen) as why:
        return draw_moved(request, pk, why)
    say(request, _("%(number)s 已提请会商") % {"number": ticket.number})
    return draw_next(request, key, done=pk)


# --- drawing, for the dispatch too ----------------------------------------------------------------------


def draw_similar(request: PageRequest, pk: int) -> HttpResponse:
    """What is linked to *pk* already, and what may have to do with it."""
    ticket = ticket_for(request.user, pk)
    linked = links_of(request.user, ticket)
    known = {one.ticket.pk for one in linked}
    found = [one for one in similar_here(request.user, ticket, timezone.now()) if one.ticket.pk not in known]
    decided = similar_decided(request.user, ticket)
    in_event = event_of(request.user, ticket)
    facts = {
        "similar": found,
        "links": linked,
        "ticket": ticket,
        "decided": decided,
        "in_event": in_event,
        "meant": None if in_event else event_meant_by(request.user, ticket, timezone.now()),
    }
    return render(request, "_triage_similar.html", facts)


def draw_open(request: PageRequest, pk: int) -> HttpResponse:
    """Hold *pk*, let go of everything else I held, and draw it."""
    now = timezone.now()
    for other in held_by_me(request.user).exclude(pk=pk):
        release_ticket(other, by=request.user, now=now)
    ticket = ticket_for(request.user, pk)
    if ticket.state == "pending_dispatch":
        hold_ticket(ticket, by=request.user, now=now)
    return draw_desk(request, triage_view(request.user, pk, now))


def draw_desk(request: PageRequest, seen: TriageView | None, *, done: int = 0) -> HttpResponse:
    """The ticket and its advice; *done* is the row that leaves the queue with this answer."""
    now = timezone.now()
    facts = {
        "seen": seen,
        "done": done,
        "counts": counts_at_desk(request.user, now),
        "emergency": EMERGENCY,
        # Where nothing goes by itself there is nothing to explain.
        "why_left": weighed(request.user, seen.ticket, now).reasons
        if seen and seen.ticket.state == "pending_dispatch" and anything_automatic(request.user)
        else (),
    }
    return render(request, "_triage_desk.html", facts)


def draw_moved(request: PageRequest, pk: int, why: MovedMeanwhile | NotOpen) -> HttpResponse:
    """A colleague was faster: who, when, and where the ticket is now. `Enter` goes on to the next one.

    A ticket that had moved before this request began is no different to the person from one that moved during it.
    """
    ticket = ticket_for(request.user, pk)
    if isinstance(why, NotOpen):
        if why.role or why.table != "ticket":
            raise why
        why = MovedMeanwhile(ticket, last_entry(ticket))
    facts = {
        "ticket": ticket,
        "text": refusal_of(why, request).text if why.act != "hold" else "",
        "who": why.who,
        "is_held": why.act == "hold",
        "still_waiting": ticket.state == "pending_dispatch",
        "key": queue_key(ticket),
        "counts": counts_at_desk(request.user, timezone.now()),
    }
    response = render(request, "_triage_moved.html", facts, status=409)
    response.headers["HX-Retarget"] = "#desk"
    response.headers["X-Draw"] = "1"  # triage.js lets htmx swap this refusal in
    return response


def after_act(request: PageRequest, pk: int, key: str, text: str) -> HttpResponse:
    """Say quietly what was done, with undo, and put the next ticket into the dispatcher's hands."""
    say(request, text, undo=reverse("triage-undo", args=[pk]))
    return draw_next(request, key, done=pk)


@require_POST
@page(roles=DESK)
def go_on(request: PageRequest) -> HttpResponse:
    """On to the next ticket behind `key`."""
    return draw_next(request, request.POST.get("key", ""))


def draw_next(request: PageRequest, key: str, *, done: int = 0) -> HttpResponse:
    """The next free ticket, held; the empty desk when there is none."""
    now = timezone.now()
    for _attempt in range(5):  # colleagues take tickets too; five in one instant would be a crowd
        upcoming = next_waiting(request.user, now, after=key, narrow=narrowed(request, "triage"))
        if upcoming is None:
            return draw_desk(request, None, done=done)
        if hold_ticket(upcoming, by=request.user, now=now):
            return draw_desk(request, triage_view(request.user, upcoming.pk, now), done=done)
    return draw_desk(request, None, done=done)


@listing("triage", roles=DESK)
def triage_list(request: PageRequest) -> Sheet:
    """The whole queue, as it stands in it."""
    now, narrow = timezone.now(), narrowed(request, "triage")
    stretch = tickets_waiting(request.user, now, limit=MOST, narrow=narrow)
    total, rows = stretch.total, stretch.rows
    while stretch.more and len(rows) < LONGEST_FILE:
        stretch = tickets_waiting(request.user, now, after=stretch.more, limit=MOST, narrow=narrow)
        rows += stretch.rows
    more = [Column(_("派单时限"), MOMENT), Column(_("建议单位"), CODE, 16), Column(_("把握(%)"), NUMBER)]
    return Sheet(
        "triage",
        _("待派工单"),
        [*ticket_columns(), *more],
        [
            [
                *ticket_cells(row.ticket),
                row.ticket.triage_due,
                str(row.unit or ""),
                row.percent if row.unit else None,
            ]
            for row in rows
        ],
        filters=told(request.user, "triage"),
        total=total,
    )


@listing("need-info", roles=DESK)
def need_info_list(request: PageRequest) -> Sheet:
    """What waits for a supplement."""
    tickets = tickets_short_of_words(request.user)
    rows = [[*ticket_cells(one), one.paused_at] for one in tickets[:LONGEST_FILE]]
    columns = [*ticket_columns(), Column(_("退回补充"), MOMENT)]
    return Sheet("need-info", _("待补充工单"), columns, rows, total=tickets.count())


@listing("voids", roles=DESK)
def voids_list(request: PageRequest) -> Sheet:
    """Proposals to void that wait for this person."""
    proposals = void_proposals(request.user)
    columns = [
        *ticket_columns(),
        Column(_("原因"), CODE),
        Column(_("申请人"), CODE),
        Column(_("申请时间"), MOMENT),
    ]
    rows = [
        [*ticket_cells(r.ticket), word("void_reason", r.reason_code), r.applicant.name, r.asked_at]
        for r in proposals.select_related("ticket__town", "ticket__place", "ticket__lead_unit")[:LONGEST_FILE]
    ]
    return Sheet("voids", _("作废确认"), columns, rows, total=proposals.count())


routes = [
    path("triage", triage, name="triage"),
    path("triage/queue", queue, name="triage-queue"),
    path("triage/need-info", need_info, name="triage-need-info"),
    path("triage/voids", voids, name="triage-voids"),
    path("triage/units", units, name="triage-units"),
    path("triage/next", go_on, name="triage-next"),
    path("triage/<int:pk>", triage, name="triage-ticket"),
    path("triage/<int:pk>/open", open_one, name="triage-open"),
    path("triage/<int:pk>/beat", beat, name="triage-beat"),
    path("triage/<int:pk>/similar", similar, name="triage-similar"),
    path("triage/<int:pk>/let-go", let_go, name="triage-let-go"),
    path("triage/<int:pk>/level", level, name="triage-level"),
    path("triage/<int:pk>/ask-back", back, name="triage-ask-back"),
    path("triage/<int:pk>/answer", answer, name="triage-answer"),
    path("triage/<int:pk>/consult", consult, name="triage-consult"),
    path("triage/<int:pk>/redirect", redirect, name="triage-redirect"),
]
