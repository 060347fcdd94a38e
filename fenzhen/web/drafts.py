"""Where forms keep what is typed, on every pause of the keys."""

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from fenzhen.board.drafts import draft_of
from fenzhen.desk.drafts import BadDraft, drop_draft, keep_draft
from fenzhen.web.page import PageRequest, page

_NOT_KEPT = {"csrfmiddlewaretoken", "once", "draft", "password"}


@page()
def draft(request: PageRequest, key: str) -> HttpResponse:
    """GET: the fields kept for this form. POST: keep these. 400 for what no form of ours would send."""
    if request.method != "POST":
        return JsonResponse({"fields": draft_of(request.user, key)})
    fields = {name: values for name, values in request.POST.lists() if name not in _NOT_KEPT}
    try:
        # Not under the name `once`: @page would take the form as sent.
        token = request.headers.get("X-Form", "")
        kept = keep_draft(by=request.user, key=key, fields=fields, now=timezone.now(), once=token)
    except BadDraft:
        return HttpResponse(status=400)
    return HttpResponse(status=204 if kept else 208)


@require_POST
@page()
def drop(request: PageRequest, key: str) -> HttpResponse:
    """Throw the draft away."""
    drop_draft(by=request.user, key=key, now=timezone.now())
    return HttpResponse(status=204)


routes = [
    path("drafts/<str:key>", draft, name="draft"),
    path("drafts/<str:key>/drop", drop, name="draft-drop"),
]
