"""The review desk: a reply beside the words it answers; approve it or send it back, and the next one is there."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.attachments import attachments_of
from fenzhen.board.review import next_to_review, replies_to_review, reply_to_review
from fenzhen.board.words import word
from fenzhen.desk.review import approve_reply, send_back_reply
from fenzhen.hotline.review import Remark
from fenzhen.hotline.roles import REVIEW
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all

#: Which reason of sending back a remark suggests.
SUGGESTS = {
    Remark.NO_CONTACT: "no_contact",
    Remark.COPY: "copy_paste",
    Remark.SHORT: "off_topic",
    Remark.PROMISE: "contradiction",
    Remark.SAME_TEXT: "copy_paste",
}


def _desk(request: PageRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    rows = replies_to_review(request.user, now, narrow=narrowed(request, "review"))
    if pk is None and rows:
        pk = rows[0].item.pk
    seen = reply_to_review(request.user, pk, now) if pk is not None else None
    place = next((n for n, row in enumerate(rows) if row.item.pk == pk), None)
    context = {
        "rows": rows,
        "seen": seen,
        "before": rows[place - 1].item.pk if place else None,
        "behind": rows[place + 1].item.pk if place is not None and place + 1 < len(rows) else None,
        "suggested": {SUGGESTS[r] for r in seen.row.remarks if r in SUGGESTS} if seen else set(),
        "files": attachments_of(request.user, seen.row.ticket) if seen else [],
        "is_open": bool(seen and seen.row.item.state == "result_submitted"),
    }
    return render(request, "review.html", context)


@page(roles=REVIEW)
def review(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """The queue, and *pk* or the first of it."""
    return _desk(request, pk)


@require_POST
@page(roles=REVIEW, again=_desk)
def approve(request: PageRequest, pk: int) -> HttpResponse:
    """It stands; the caller will be phoned."""
    item = reply_to_review(request.user, pk, timezone.now()).row.item
    approve_reply(item, by=request.user, now=timezone.now())
    say(request, _("%(number)s 审核通过，转回访。") % {"number": item.ticket.number})
    return _next(request, pk)


@require_POST
@page(roles=REVIEW, again=_desk)
def send_back(request: PageRequest, pk: int) -> HttpResponse:
    """It does not stand; the unit is told why."""
    item = reply_to_review(request.user, pk, timezone.now()).row.item
    send_back_reply(
        item,
        by=request.user,
        now=timezone.now(),
        reasons=typed_all(request, "reasons"),
        text=typed(request, "text"),
    )
    say(
        request,
        _("%(number)s 已退回 %(unit)s 继续办理。") % {"number": item.ticket.number, "unit": item.unit},
    )
    return _next(request, pk)


def _next(request: PageRequest, pk: int) -> HttpResponse:
    following = next_to_review(request.user, pk, timezone.now(), narrowed(request, "review"))
    return go(request, "review-one", following) if following else go(request, "review")


@listing("review", roles=REVIEW)
def review_list(request: PageRequest) -> Sheet:
    """The replies that wait."""
    more = [
        Column(_("反馈单位"), CODE, 16),
        Column(_("主协办"), CODE, 8),
        Column(_("单位称"), CODE, 10),
        Column(_("反馈时间"), MOMENT),
        Column(_("办理时限"), MOMENT),
        Column(_("请留意"), width=24),
    ]
    rows = [
        [
            *ticket_cells(row.ticket, clocks=False),
            str(row.item.unit),
            word("part", row.item.part),
            word("solved", row.reply.solved_claim),
            row.reply.at,
            row.due,
            "、".join(word("remark", one) for one in row.remarks),
        ]
        for row in replies_to_review(request.user, timezone.now(), LONGEST_FILE, narrowed(request, "review"))
    ]
    return Sheet(
        "review",
        _("待审核反馈"),
        [*ticket_columns(clocks=False), *more],
        rows,
        filters=told(request.user, "review"),
    )


routes = [
    path("review", review, name="review"),
    path("review/<int:pk>", review, name="review-one"),
    path("review/<int:pk>/approve", approve, name="review-approve"),
    path("review/<int:pk>/send-back", send_back, name="review-send-back"),
]
