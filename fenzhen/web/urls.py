"""Every page's address. Each file of a page lists its own in `routes`; addresses carry ids only."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern

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
    "unit",
    "review",
    "callback",
    "ticket",
    "search",
    "imports",
    "journey",
)
urlpatterns: list[URLPattern] = []
for name in PAGES:
    if find_spec(f"fenzhen.web.{name}"):
        urlpatterns += import_module(f"fenzhen.web.{name}").routes
