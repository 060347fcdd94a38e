"""Which language a page speaks: what the person chose, else the cookie, else Chinese.

The browser's Accept-Language is not asked: a duty desk shares its machines, and half of them are set up in
English by whoever installed them.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.http import require_POST

from fenzhen.office.people import set_language
from fenzhen.web.page import safe_back


def language_for(request: HttpRequest) -> str:
    """The code of one of the languages offered."""
    offered = dict(settings.LANGUAGES)
    chosen = getattr(request.user, "language", "")
    if chosen in offered:
        return str(chosen)
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return cookie if cookie in offered else settings.LANGUAGE_CODE


class LanguageMiddleware:
    """Activates the language of the one who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Change the language and stay on the page."""
    language = request.POST.get("language", "")
    response = safe_back(request)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        if request.user.is_authenticated:
            set_language(language, by=request.user, now=timezone.now())
    return response


routes = [path("language", choose_language, name="language")]
