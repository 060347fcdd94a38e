"""Every page's address. Each file of a page lists its own in `routes`; addresses carry ids only."""

from importlib import import_module
from importlib.util import find_spec

from django.templatetags.static import static
from django.urls import URLPattern, path
from django.views.generic import RedirectView

#: One file per word, in the order of the process.
PAGES = (
    "home",
    "signin",
    "language",
    "notices",
    "drafts",
    "intake",
    "triage",
    "dispatch",
    "handle",
    "errand",
    "attach",
    "requests",
    "phone_now",
    "unit_excel",
    "review",
    "callback",
    "reveal",
    "ticket",
    "search",
    "events",
    "surges",
    "joint",
    "daily",
    "adviser",
    "trial",
    "imports",
    "city",
    "export",
    "link",
    "filters",
    "check",
    "unseen",
    "deliveries",
    "journey",
)
urlpatterns: list[URLPattern] = [path("favicon.ico", RedirectView.as_view(url=static("mark.svg")))]
for name in PAGES:
    if find_spec(f"fenzhen.web.{name}"):
        urlpatterns += import_module(f"fenzhen.web.{name}").routes
