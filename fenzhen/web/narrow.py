"""Narrowing a list by town, unit, level or kind: one mechanism for every list that is worked through.

A list page names its fields in `LISTS`, reads `narrowed(request, name)` and gives that to its question; the form,
the saved filters and the way back are drawn by ``{% narrow "name" %}`` (web/filters.py answers). What is chosen is
kept like a draft, sealed, for half a day: nothing of it stands in an address, and the export takes it along.
"""

from dataclasses import dataclass, fields
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.board.city import SEES
from fenzhen.board.deliveries import IN_CHARGE
from fenzhen.board.drafts import draft_of, drafts_of
from fenzhen.board.duty_phones import PHONING
from fenzhen.board.filters import Narrow
from fenzhen.board.intake import towns
from fenzhen.board.people import Person
from fenzhen.board.search import units_to_choose
from fenzhen.board.words import words_of
from fenzhen.desk.drafts import drop_draft, keep_draft
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.web.page import PageRequest, typed

#: So long a list stays narrowed; a shift later everything is there again.
KEPT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class List:
    """A list page that can be narrowed: its route, its fields in their order, and who sees it."""

    route: str
    fields: tuple[str, ...]
    roles: frozenset[Role]


_EVERYBODY = frozenset(Role) - {Role.SYSTEM, Role.ADMIN}
LISTS: dict[str, List] = {
    "home": List("home", ("town", "unit", "level", "kind"), _EVERYBODY),
    "triage": List("triage", ("town", "level", "kind"), frozenset(roles.DESK)),
    "review": List("review", ("unit", "town", "level"), frozenset(roles.REVIEW)),
    "callback": List("callback", ("town", "level", "kind"), frozenset(roles.CALLBACK)),
    "requests": List("requests", ("unit", "town", "level"), frozenset(roles.DESK | {Role.SUPERVISOR})),
    "phone-now": List("phone-now", ("unit", "town"), frozenset(PHONING)),
    "city": List("city", ("unit", "town", "level"), frozenset(SEES)),
    "unit": List("unit", ("town", "level", "kind"), frozenset({Role.UNIT_LIAISON})),
    "deliveries": List("deliveries", ("delivery", "courier"), frozenset(IN_CHARGE)),
}
_LABELS = {
    "town": gettext_noop("镇街"),
    "unit": gettext_noop("承办单位"),
    "level": gettext_noop("等级"),
    "kind": gettext_noop("类型"),
    "delivery": gettext_noop("发送情况"),
    "courier": gettext_noop("渠道"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One choice of the form."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str

    @property
    def said(self) -> str:
        """What is chosen, in words."""
        return dict(self.options).get(self.chosen, "")


def narrowed(request: PageRequest, name: str) -> Narrow:
    """What this person narrowed the list *name* by."""
    asked = asked_of(request.user, name)
    return Narrow(**{field.name: asked.get(field.name, "") for field in fields(Narrow)})


def asked_of(viewer: Person, name: str) -> dict[str, str]:
    """The chosen fields of the list *name*, as long as they hold."""
    for _key, at, kept in drafts_of(viewer, f"narrow:{name}"):
        if timezone.now() - at < KEPT:
            return {field: values[0] for field, values in kept.items() if values and values[0]}
    return {}


def narrow_to(request: PageRequest, name: str, asked: dict[str, str]) -> None:
    """Keep what was chosen; nothing chosen shows everything again."""
    chosen = {field: [asked[field]] for field in LISTS[name].fields if asked.get(field)}
    if chosen:
        keep_draft(by=request.user, key=f"narrow:{name}", fields=chosen, now=timezone.now())
    else:
        drop_draft(by=request.user, key=f"narrow:{name}", now=timezone.now())


def typed_fields(request: PageRequest, name: str) -> dict[str, str]:
    """The form as it was sent. Raises `Incomplete` for what is on no list."""
    asked = {field: typed(request, field, 32) for field in LISTS[name].fields}
    for field in fields_of(request.user, name):
        if asked[field.name] and asked[field.name] not in dict(field.options):
            raise Incomplete({field.name: _("请从列表中选择。")})
    return asked


def fields_of(viewer: Person, name: str) -> list[Field]:
    """The form's choices; a unit chooses among no units."""
    asked = asked_of(viewer, name)
    out = []
    for field in LISTS[name].fields:
        options = _options(viewer, field)
        if options:
            out.append(Field(field, _(_LABELS[field]), options, asked.get(field, "")))
    return out


def told(viewer: Person, name: str) -> list[tuple[str, str]]:
    """What the list is narrowed by, in words, for the head of an export."""
    if not draft_of(viewer, f"narrow:{name}"):
        return []
    return [(field.label, field.said) for field in fields_of(viewer, name) if field.said]


def _options(viewer: Person, field: str) -> list[tuple[str, str]]:
    if field == "town":
        return [(town.code, town.name) for town in towns(viewer)]
    if field == "unit":
        return [(unit.code, str(unit)) for unit in units_to_choose(viewer)]
    return words_of(field)
