"""What a person reads when something is wrong: what happened, what was kept, what to do. Never a traceback."""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from fenzhen.web.page import trigger


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent cannot be read."""
    return _answer(request, "400.html", 400, _("发来的内容无法读取，没有保存。请返回检查后再提交。"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: not for this person."""
    return _answer(request, "403.html", 403, _("您的岗位不能这样做，没有改动。"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or nothing that this person may see."""
    return _answer(request, "404.html", 404, _("没有找到，或者您的岗位看不到它。"))


#: PostgreSQL's states for "somebody else is at it": lock not to be had, deadlock, serialization, statement cancelled.
_TAKEN = frozenset({"55P03", "40P01", "40001", "57014"})
#: What a form that is sent again must not bring along: they belong to the page around it.
_OF_THE_PAGE = frozenset({"password"})


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 where the database only had no turn for this step in time, with the form to send again.

    Asks nothing of the database, which may be what is broken.
    """
    if _is_busy(sys.exc_info()[1]):
        return _busy(request)
    if _is_fragment(request):
        return _say(_("系统出错了，这一步没有保存。您填写的内容还在，请稍后再提交一次。"), 500)
    return HttpResponse(loader.get_template("500.html").render({}), status=500)


def _is_busy(fault: BaseException | None) -> bool:
    """Whether others kept the database from this step; nothing of it was written, so it can be sent once more."""
    if not isinstance(fault, OperationalError):
        return False
    return "is locked" in str(fault) or getattr(fault.__cause__, "sqlstate", "") in _TAKEN


def _busy(request: HttpRequest) -> HttpResponse:
    if _is_fragment(request):
        response = _say(_("系统正忙，这一步还没有保存。您填写的内容还在，请过几秒再提交一次。"), 503)
    else:
        sent = [
            (name, value)
            for name, values in (request.POST.lists() if request.method == "POST" else ())
            if name not in _OF_THE_PAGE
            for value in values
        ]
        page = loader.get_template("503.html")
        response = HttpResponse(
            page.render({"sent": sent, "to": request.get_full_path(), "files": bool(request.FILES)})
        )
        response.status_code = 503
    response["Retry-After"] = "5"
    return response


def _answer(request: HttpRequest, template: str, status: int, text: str) -> HttpResponse:
    if _is_fragment(request):
        return _say(text, status)
    return render(request, template, status=status)


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _say(text: str, status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    response.headers["HX-Reswap"] = "none"
    return trigger(response, "fenzhen:say", {"items": [{"text": text, "tone": "bad", "undo": ""}]})
