"""What a person reads when something is wrong: what happened, what was kept, what to do. Never a traceback."""

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


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault. Asks nothing of the database, which may be what is broken."""
    if _is_fragment(request):
        return _say(_("系统出错了，这一步没有保存。您填写的内容还在，请稍后再提交一次。"), 500)
    return HttpResponse(loader.get_template("500.html").render({}), status=500)


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
