"""Signing in and out."""

from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from fenzhen.board.district import district_of
from fenzhen.board.people import demo_accounts
from fenzhen.web.page import go


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; too many wrong ones lock the door for a while (axes)."""
    onward = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure()):
        onward = reverse("home")
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward)
    form = AuthenticationForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return HttpResponseRedirect(onward, status=303)
    district = district_of(None)
    context = {
        "onward": onward,
        "wrong": request.method == "POST",
        "username": request.POST.get("username", "")[:64],
        "accounts": demo_accounts(None) if district and district.is_demo else [],
    }
    return render(request, "sign_in.html", context, status=422 if context["wrong"] else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The shift is over."""
    logout(request)
    return go(request, "sign-in")


routes = [path("sign-in", sign_in, name="sign-in"), path("sign-out", sign_out, name="sign-out")]
