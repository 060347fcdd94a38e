"""Errands: the section's or village's own list, the slip that goes out without the caller, and "done"."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.attachments import attachments_of_share
from fenzhen.board.errands import errand_for, my_errands, slip_words
from fenzhen.desk.attach import attach_file
from fenzhen.desk.errand import finish_errand
from fenzhen.hotline.roles import UNIT
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.attach import file_of
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed


@page(roles=UNIT)
def errands(request: PageRequest) -> HttpResponse:
    """What was given to me; a liaison: what the unit has passed on."""
    waiting, done = my_errands(request.user, timezone.now())
    return render(request, "errands.html", {"waiting": waiting, "done": done})


def _one(request: PageRequest, pk: int) -> HttpResponse:
    seen = errand_for(request.user, pk, timezone.now())
    due = timezone.localtime(seen.slip.due).strftime("%Y-%m-%d %H:%M")
    context = {
        "seen": seen,
        "words": slip_words(request.user, seen.slip, due),
        "files": attachments_of_share(request.user, seen.errand.assignment),
    }
    return render(request, "errand.html", context)


@page(roles=UNIT)
def errand(request: PageRequest, pk: int) -> HttpResponse:
    """The slip: to read, to print, to copy into a message."""
    return _one(request, pk)


@require_POST
@page(roles=UNIT, again=_one)
def finish(request: PageRequest, pk: int) -> HttpResponse:
    """Done, in a sentence."""
    seen = errand_for(request.user, pk, timezone.now())
    finish_errand(seen.errand, by=request.user, now=timezone.now(), answer=typed(request, "answer"))
    say(request, _("已记下：%(name)s 办完。") % {"name": seen.errand.to_name})
    return go(request, "errands")


@require_POST
@page(roles=UNIT)
def files(request: PageRequest, pk: int) -> HttpResponse:
    """A photo from the spot."""
    share = errand_for(request.user, pk, timezone.now()).errand.assignment
    raw, name = file_of(request)
    attach_file(
        share.ticket, raw, by=request.user, now=timezone.now(), name=name, kind="photo", assignment=share
    )
    if not request.htmx:
        say(request, _("已上传。"))
        return go(request, "errand", pk)
    context = {"files": attachments_of_share(request.user, share), "may_drop": True}
    return render(request, "_files.html", context)


@listing("errands", roles=UNIT)
def errands_list(request: PageRequest) -> Sheet:
    """What was passed on: the open ones, then the finished, as the slips say it. No caller is in it."""
    waiting, done = my_errands(request.user, timezone.now(), LONGEST_FILE)
    columns = [
        Column(_("任务单"), CODE, 10),
        Column(_("事项"), width=44),
        Column(_("地点"), width=28),
        Column(_("要求"), width=36),
        Column(_("交给"), CODE, 16),
        Column(_("转交时间"), MOMENT),
        Column(_("办好时间"), MOMENT),
        Column(_("办完"), MOMENT),
        Column(_("结果"), width=36),
    ]
    rows = [
        [s.number, s.matter, s.place, s.task, s.to_name, one.errand.given_at, s.due]
        + [one.errand.done_at, one.errand.answer]
        for one in waiting + done
        for s in (one.slip,)
    ]
    return Sheet("errands", _("转交任务"), columns, rows, groups=[len(waiting)])


routes = [
    path("errands", errands, name="errands"),
    path("errands/<int:pk>", errand, name="errand"),
    path("errands/<int:pk>/finish", finish, name="errand-finish"),
    path("errands/<int:pk>/files", files, name="errand-files"),
]
