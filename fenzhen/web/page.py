"""What every signed-in page has in common: who may see it, what a refusal says, a form that is sent twice."""

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django_htmx.middleware import HtmxDetails

from fenzhen.board.district import district_of
from fenzhen.board.people import Person
from fenzhen.board.tickets import NotVisible
from fenzhen.board.words import word
from fenzhen.desk.drafts import drop_draft
from fenzhen.desk.once import SentBefore, act_once
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen, NotYours
from fenzhen.hotline import roles
from fenzhen.hotline.privacy import clean_text
from fenzhen.hotline.roles import Role


class PageRequest(HttpRequest):
    """A request of somebody who is signed in. `refusal` is set when a refused form is drawn again."""

    user: Person  # @page lets nobody in who is not signed in
    htmx: HtmxDetails
    refusal: "Refusal | None"


class View(Protocol):
    """A page: a request and ids from the address in, a response out."""

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse: ...


@dataclass(slots=True)
class Refusal:
    """Why a form was not accepted: one sentence, a word per field, everything typed, and the status."""

    text: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: QueryDict = field(default_factory=QueryDict)
    moved: bool = False
    status: int = 409


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the rail."""

    name: str
    label: str
    short: str
    roles: frozenset[Role]
    key: str = ""
    route: str = ""
    """The route's name where it is not `name`."""


_EVERYBODY = frozenset(Role) - {Role.SYSTEM}
#: In the order of the process. `name` is the name of the route; what does not exist yet is left out.
NAV: tuple[NavItem, ...] = (
    NavItem("home", gettext_noop("首页"), gettext_noop("首页"), _EVERYBODY, "g h"),
    NavItem("intake", gettext_noop("登记"), gettext_noop("登记"), roles.INTAKE - {Role.SYSTEM}, "g i"),
    NavItem("triage", gettext_noop("派单台"), gettext_noop("派单"), roles.DESK, "g t"),
    NavItem(
        "requests", gettext_noop("申请与会商"), gettext_noop("申请"), roles.DESK | {Role.SUPERVISOR}, "g q"
    ),
    NavItem(
        "phone-now", gettext_noop("现在打电话"), gettext_noop("电话"), roles.DESK | {Role.SUPERVISOR}, "g p"
    ),
    NavItem("unit", gettext_noop("承办"), gettext_noop("承办"), frozenset({Role.UNIT_LIAISON}), "g u"),
    NavItem("errands", gettext_noop("转交任务"), gettext_noop("任务"), roles.UNIT, "g e"),
    NavItem("review", gettext_noop("审核"), gettext_noop("审核"), roles.REVIEW, "g r"),
    NavItem("callback", gettext_noop("回访"), gettext_noop("回访"), roles.CALLBACK, "g b"),
    NavItem("search", gettext_noop("工单查询"), gettext_noop("查询"), _EVERYBODY - {Role.ADMIN}, "g s"),
    NavItem("events", gettext_noop("事件"), gettext_noop("事件"), roles.CENTRE | roles.READERS, "g v"),
    NavItem(
        "daily",
        gettext_noop("每日清单"),
        gettext_noop("清单"),
        roles.CHIEFS | roles.READERS | {Role.SUPERVISOR},
        "g d",
    ),
    NavItem("adviser", gettext_noop("派单顾问"), gettext_noop("顾问"), roles.DESK, "g a"),
    NavItem("city", gettext_noop("市平台"), gettext_noop("市平台"), roles.DESK | {Role.SUPERVISOR}, "g c"),
    NavItem("import", gettext_noop("导入"), gettext_noop("导入"), roles.CHIEFS | {Role.ADMIN}, "g m"),
    NavItem(
        "lists", gettext_noop("目录维护"), gettext_noop("目录"), frozenset({Role.ADMIN}), "g l", "admin:index"
    ),
    NavItem(
        "check",
        gettext_noop("本区清单"),
        gettext_noop("本区"),
        frozenset({Role.SECTION_CHIEF, Role.ADMIN}),
        "g k",
    ),
    NavItem(
        "deliveries",
        gettext_noop("消息外发"),
        gettext_noop("外发"),
        frozenset({Role.SECTION_CHIEF, Role.ADMIN}),
        "g x",
    ),
    NavItem("journey", gettext_noop("工单旅程"), gettext_noop("旅程"), _EVERYBODY, "g j"),
)


def page(*, roles: Iterable[Role] | None = None, again: View | None = None) -> Callable[[View], View]:
    """A page for signed-in people, or for those in *roles* only.

    - Nobody signed in: to the sign-in page; a htmx request gets 401 and the page says so without losing what was typed.
    - Another role: the 403 page, which says who may.
    - Refusals of the desk become sentences. A htmx request answers 409/422 with nothing to swap and an event that
      shows the sentence and marks the fields, so the form stays as it was typed. A plain form is drawn again by
      *again* (same arguments; `request.refusal` is set), else the person goes back with the sentence on top.
    - A POST with a `once` token (`{% once %}`) acts once, in one transaction; its `draft` (`{% draft_field key %}`)
      is dropped when it succeeded.
    - A row that does not exist, or that this person may not see: 404.
    """
    allowed = frozenset(roles) if roles is not None else None

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _signed_out(request)
            if allowed is not None and request.user.role not in allowed:
                return _not_for(request, allowed)
            request.refusal = None
            request.said = []  # filled by say()
            try:
                response = _run(view, request, args, kwargs)
            except SentBefore as before:
                response = _sent_before(request, before)
            except (ObjectDoesNotExist, NotVisible) as missing:
                raise Http404 from missing
            except (NotOpen, MovedMeanwhile, NotYours, Incomplete) as why:
                request.said.clear()  # nothing of it happened
                response = _refused(request, refusal_of(why, request), again, args, kwargs)
            _carry(request, response)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return inner

    return decorate


def say(request: HttpRequest, text: object, *, tone: str = "good", undo: str = "") -> None:
    """Show a quiet strip after this request. *tone*: good, plain, bad. *undo*: an address to POST to."""
    said = getattr(request, "said", None)
    item = {"text": str(text), "tone": tone, "undo": undo}
    if said is None:
        messages.info(request, json.dumps(item))
    else:
        said.append(item)


def go(request: HttpRequest, to: str, *args: object) -> HttpResponse:
    """To another page after an act: 303 for a plain form, the header that htmx follows otherwise. *to* is a
    route's name with its *args*, or an address that begins with a slash."""
    url = to if to.startswith("/") else reverse(to, args=args)
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url, status=303)


#: From this length on a field holds what somebody wrote; a shorter one holds a code, a number or a choice.
_WORDS_FROM = 200


def typed(request: HttpRequest, name: str, longest: int = 20_000, *, cut: bool = False) -> str:
    """A field of the form as text: no control characters, no blanks at the ends, at most *longest* characters.

    Words that are longer are refused (`Incomplete`, everything typed stays), never cut off in silence, unless
    *cut* says that only their beginning is looked at. A code that is too long is no code of ours: it is cut.
    """
    text = clean_text(request.POST.get(name, ""))
    if len(text) > longest and longest >= _WORDS_FROM and not cut:
        sizes = {"most": longest, "have": len(text)}
        raise Incomplete({name: _("最多 %(most)s 字，现在有 %(have)s 字，请删减一些。") % sizes})
    return text[:longest]


def typed_all(request: HttpRequest, name: str) -> list[str]:
    """All values of a field that may be sent several times, cleaned, empty ones left out."""
    return [v for v in (clean_text(v)[:255] for v in request.POST.getlist(name)) if v]


def trigger(response: HttpResponse, event: str, detail: object = None) -> HttpResponse:
    """Make the page fire *event* after a htmx response; ASCII-safe, so that headers carry Chinese too."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[event] = detail if detail is not None else {}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def safe_back(request: HttpRequest) -> HttpResponse:
    """Back to where the person came from, if that is a page of ours, else home."""
    back = request.POST.get("next") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(back)
        return HttpResponseRedirect(parts.path + (f"?{parts.query}" if parts.query else ""), status=303)
    return HttpResponseRedirect(reverse("home"), status=303)


def refusal_of(why: Exception, request: HttpRequest) -> Refusal:
    """A desk's refusal in words: what is so, what was kept, what to do."""
    kept = _("您填写的内容还在。")
    if isinstance(why, Incomplete):
        return Refusal(
            _("还差 %(count)s 项没有填好，请看标红处。") % {"count": len(why.fields)} + kept,
            fields=dict(why.fields),
            typed=request.POST,
            status=422,
        )
    if isinstance(why, MovedMeanwhile):
        facts = {
            "who": why.who or _("别人"),
            "act": word("act", why.act) or _("处理"),
            "at": timezone.localtime(why.at).strftime("%H:%M:%S") if why.at else "",
            "state": word("ticket_state", why.state),
        }
        text = _("%(who)s 已在 %(at)s 先一步「%(act)s」，工单现在是「%(state)s」。") % facts
        return Refusal(text + kept, typed=request.POST, moved=True)
    if isinstance(why, NotYours):
        return Refusal(_("这张工单不在您的单位或岗位，没有改动。"), typed=request.POST, status=403)
    if isinstance(why, NotOpen):
        facts = {
            "act": word("act", why.act),
            "state": word("ticket_state" if why.table == "ticket" else "assignment_state", why.state),
        }
        if why.role:
            text = _("您的岗位不能做「%(act)s」，没有改动。") % facts
        else:
            text = _("「%(state)s」的工单不能「%(act)s」，没有改动。请刷新看最新状态。") % facts
        return Refusal(text + kept, typed=request.POST, moved=not why.role)
    raise TypeError(why)


def nav_of(viewer: Person, at: str) -> list[dict[str, Any]]:
    """The rail's entries for this person, who is at the address *at*: only what their role may use and what
    exists."""
    items = []
    for item in NAV:
        if viewer.role not in item.roles:
            continue
        try:
            url = reverse(item.route or item.name)
        except NoReverseMatch:
            continue
        items.append(
            {
                "name": item.name,
                "url": url,
                "label": _(item.label),
                "short": _(item.short),
                "key": item.key,
                "is_here": at == url or (url != "/" and at.startswith(url.rstrip("/") + "/")),
            }
        )
    return items


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs: viewer, district, nav, version, now, languages, things said."""
    user = getattr(request, "user", None)
    viewer = user if user is not None and user.is_authenticated else None
    return {
        "viewer": viewer,
        "district": district_of(viewer),
        "nav": nav_of(viewer, request.path) if viewer else [],
        "version": settings.FENZHEN_VERSION,
        "now": timezone.now(),
        "languages": settings.LANGUAGES,
        "refusal": getattr(request, "refusal", None),
        "things_said": lambda: things_said(request),
    }


def things_said(request: HttpRequest) -> list[dict[str, str]]:
    """What to show on top of the page that is being drawn; each thing once."""
    told = [json.loads(str(m)) for m in messages.get_messages(request)]
    said: list[dict[str, str]] = getattr(request, "said", [])
    told += said
    said.clear()
    return told


def once_token() -> str:
    """A fresh token for one rendering of a form."""
    return uuid.uuid4().hex


# ---------------------------------------------------------------------------------------------------------


def _run(view: View, request: PageRequest, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HttpResponse:
    token = request.POST.get("once", "") if request.method == "POST" else ""
    if not token:
        response = view(request, *args, **kwargs)
    else:
        response = act_once(
            token,
            lambda: view(request, *args, **kwargs),
            by=request.user,
            now=timezone.now(),
            led_to=_led_to,
        )
    draft = request.POST.get("draft", "") if request.method == "POST" else ""
    if draft and response.status_code < 400:
        drop_draft(by=request.user, key=draft, now=timezone.now())
    return response


def _led_to(response: HttpResponse) -> str | None:
    if response.status_code >= 400:
        return None
    return response.headers.get("Location") or response.headers.get("HX-Redirect") or ""


def _sent_before(request: PageRequest, before: SentBefore) -> HttpResponse:
    say(request, gettext_lazy("这张表单刚才已经提交成功，没有重复处理。"), tone="plain")
    if before.result_url:
        return go(request, before.result_url)
    if request.htmx:
        response = HttpResponse(status=204)
        return trigger(response, "fenzhen:moved")
    return safe_back(request)


def _refused(
    request: PageRequest, refusal: Refusal, again: View | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> HttpResponse:
    if request.htmx:
        response = HttpResponse(status=refusal.status)
        response.headers["HX-Reswap"] = "none"
        say(request, refusal.text, tone="bad")
        trigger(response, "fenzhen:refused", {"fields": refusal.fields})
        if refusal.moved:
            trigger(response, "fenzhen:moved")
        return response
    if again is not None:
        request.refusal = refusal
        response = again(request, *args, **kwargs)
        response.status_code = refusal.status
        return response
    if refusal.status == 403:
        return render(request, "403.html", {"reason": refusal.text}, status=403)
    faults = "".join(f" {text}" for text in refusal.fields.values())
    say(request, refusal.text + faults, tone="bad")
    return safe_back(request)


def _carry(request: PageRequest, response: HttpResponse) -> None:
    """Bring what was said to the page: by header where htmx swaps, by message where a new page comes."""
    said: list[dict[str, str]] = request.said  # type: ignore[attr-defined]  # set by page()
    if not said:
        return
    leaves = "HX-Redirect" in response.headers or "HX-Refresh" in response.headers
    if request.htmx and not leaves:
        trigger(response, "fenzhen:say", {"items": said})
        return
    for item in said:
        messages.info(request, json.dumps(item))


def _signed_out(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=401)
        response.headers["HX-Reswap"] = "none"
        return trigger(response, "fenzhen:signed-out")
    return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("home"))


def _not_for(request: PageRequest, allowed: frozenset[Role]) -> HttpResponse:
    who = [word("role", role) for role in Role if role in allowed and role != Role.SYSTEM]
    if request.htmx:
        response = HttpResponse(status=403)
        response.headers["HX-Reswap"] = "none"
        text = _("您的岗位不能使用这个功能。可以使用的岗位：") + "、".join(who)
        return trigger(response, "fenzhen:say", {"items": [{"text": text, "tone": "bad", "undo": ""}]})
    return render(request, "403.html", {"who": who}, status=403)
