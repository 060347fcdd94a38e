"""Photos and papers: served to those who may see the ticket, attached by the centre, taken off again."""

from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.attachments import LARGEST_MB, PICTURES, attachment_for, attachments_of, bytes_of
from fenzhen.board.tickets import ticket_for
from fenzhen.desk.attach import attach_file, drop_attachment
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import CENTRE
from fenzhen.web.page import PageRequest, page, safe_back, say, typed


@page()
def attachment(request: PageRequest, pk: int) -> HttpResponse:
    """The file itself: pictures are shown, everything else is saved; a browser guesses nothing about it."""
    item = attachment_for(request.user, pk)
    response = HttpResponse(bytes_of(request.user, item), content_type=item.mime)
    way = "inline" if item.mime in PICTURES else "attachment"
    response.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(item.file_name)}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
@page()
def drop(request: PageRequest, pk: int) -> HttpResponse:
    """Take it off the ticket."""
    item = drop_attachment(attachment_for(request.user, pk), by=request.user, now=timezone.now())
    say(request, _("已移除 %(name)s。") % {"name": item.file_name}, tone="plain")
    # The place in the list becomes empty.
    return HttpResponse("") if request.htmx else safe_back(request)


@require_POST
@page(roles=CENTRE)
def attach(request: PageRequest, pk: int) -> HttpResponse:
    """The centre adds what the caller handed in, or what proves a call."""
    ticket = ticket_for(request.user, pk)
    raw, name = file_of(request)
    attach_file(
        ticket,
        raw,
        by=request.user,
        now=timezone.now(),
        name=name,
        kind=typed(request, "kind", 16) or "evidence",
    )
    if not request.htmx:
        say(request, _("已上传。"))
        return safe_back(request)
    return render(request, "_files.html", {"files": attachments_of(request.user, ticket), "may_drop": True})


def file_of(request: PageRequest) -> tuple[bytes, str]:
    """The chosen file and its name. Raises `Incomplete`."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请先选择文件或拍照。")})
    if (file.size or 0) > LARGEST_MB * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请压缩后再传。") % {"n": LARGEST_MB}})
    return file.read(), file.name or ""


routes = [
    path("files/<int:pk>", attachment, name="attachment"),
    path("files/<int:pk>/drop", drop, name="attachment-drop"),
    path("tickets/<int:pk>/files", attach, name="ticket-files"),
]
