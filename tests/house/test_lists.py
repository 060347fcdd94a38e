"""Every page with a list gives it as a file, and every list that is narrowed draws its form."""

import inspect
import re
import sys
from pathlib import Path

from django.urls import resolve

import fenzhen.web
from fenzhen.web.export import _LISTS
from fenzhen.web.narrow import LISTS
from tests.web.pages import plain_addresses

TEMPLATES = Path(fenzhen.web.__file__).parent / "templates"
#: Address → the exports of its lists.
EXPORTS: dict[str, set[str]] = {
    "/": {"home", "errands"},
    "/notices": {"notices"},
    "/intake/asked-back": {"asked-back"},
    "/triage": {"triage"},
    "/triage/need-info": {"need-info"},
    "/triage/voids": {"voids"},
    "/unit": {"unit"},
    "/errands": {"errands"},
    "/requests": {"requests", "consultations"},
    "/phone-now": {"phone-now"},
    "/unit-lists": {"unit-lists"},
    "/review": {"review"},
    "/callback": {"callback"},
    "/search": {"search"},
    "/import": {"imports"},
    "/city": {"city-untold", "city-watched"},
    "/lists": {"lists"},
    "/deliveries": {"deliveries"},
}
#: No lists to work through, each with its reason.
NO_LIST = {
    "/sign-in": "a form",
    "/sign-out": "an act",
    "/language": "an act",
    "/intake": "a form",
    "/intake/think": "a piece of the form",
    "/intake/caller": "a piece of the form",
    "/intake/places": "a piece of the form",
    "/triage/queue": "a piece of /triage",
    "/triage/units": "a piece of /triage",
    "/triage/next": "an act",
    "/daily": "is itself a Word and an Excel file",
    "/adviser/history": "trials on uploaded files; each of them gives its table as a file",
    "/journey": "the table of the process; fenzhen journey writes it",
    "/lists/template": "is itself an Excel file",
}
#: Addresses that only take forms.
ACTS = re.compile(r"/(save|restore|sign|take|out|upload|ways|test|seen)$")


def test_every_page_with_a_list_has_an_export() -> None:
    """A page that is new is looked for in its own file: there is an export in it, or a reason here."""
    missing = []
    for address in plain_addresses():
        if address in EXPORTS or address in NO_LIST or ACTS.search(address):
            continue
        source = inspect.getsource(sys.modules[inspect.unwrap(resolve(address).func).__module__])
        if "@listing(" not in source:
            missing.append(address)
    assert missing == []
    assert {name for names in EXPORTS.values() for name in names} <= set(_LISTS)


def test_every_export_has_a_button_and_every_button_an_export() -> None:
    pressed: set[str] = set()
    for path in TEMPLATES.glob("*.html"):
        pressed |= set(re.findall(r'{% export_button "([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert pressed == set(_LISTS)


def test_every_list_that_can_be_narrowed_has_its_form_and_says_so_when_it_is_empty() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    for name in LISTS:
        assert f'{{% narrow "{name}"' in text, name
        assert f'{{% narrowed_by "{name}"' in text, name
