"""Whether a ticket may go to its unit by itself, and if not, why: the advice on it, the rules, the chief's switch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from fenzhen.board.advice import adviser_now
from fenzhen.board.day_plan import line_of, line_today, lines_of, newest_plan, units_group
from fenzhen.board.triage import Suggestion, advised_units
from fenzhen.hotline import roles, urgency
from fenzhen.hotline.automatic import Matter, Switch, reasons_against
from fenzhen.hotline.journey import OPEN
from fenzhen.records.advice import Advice, Automation
from fenzhen.records.handling import Assignment
from fenzhen.records.links import TicketLink
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Digits of a category's code that make the group which is certified and switched together.
GROUP = 2
#: Who is told why a ticket was left to a person.
SEES = roles.DESK | {roles.Role.SYSTEM}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the adviser thinks by itself; `unit` is "" while it would have to ask for the place. `ruling` is the unit
    that a ruling on the like matter named, where that is another one."""

    unit: str = ""
    category: str = ""
    confidence: float = 0.0
    ruling: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What would go where, and the reasons against it; none means that it goes."""

    reasons: tuple[str, ...]
    first: Suggestion | None = None
    confidence: float = 0.0
    group: str = ""
    adviser: str = ""
    threshold: float | None = None
    line: float = 0.0
    """What today asks for this unit; counts where it is above the threshold."""


def group_of(category: str) -> str:
    """The group of a category's code.

    >>> group_of("010203")
    '01'
    """
    return category[:GROUP]


def anything_automatic(viewer: User) -> bool:
    """Whether automatic dispatch is on for any category at all."""
    return Automation.objects.filter(is_on=True).exists()


def weighed(viewer: User, ticket: Ticket, now: datetime) -> Weighed:
    """The advice on *ticket* held against the rules and the switch of its category."""
    if viewer.role not in SEES:
        return Weighed(("no_advice",))
    advice = Advice.objects.filter(ticket=ticket).first()
    suggestions, _shown, _is_advised = advised_units(viewer, ticket)
    first = suggestions[0] if suggestions and suggestions[0].rank == 1 else None
    item = first_advised(advice)
    group = group_of(item.category)
    switch = switch_of(viewer, group, advice.adviser if advice else "", item.unit, now)
    found = urgency.signals_in(f"{ticket.title}\n{ticket.body}")
    matter = Matter(
        level=min([ticket.level, *(one.level for one in found)]),
        signals=sum(1 for one in found if one.level <= 2),
        redirect=(advice.redirect if advice else "")
        or next((one.redirect for one in found if one.redirect), ""),
        is_report=ticket.is_report or ticket.kind == "report",
        is_secret=ticket.is_secret,
        in_hand=ticket.held_by_id not in (None, viewer.pk)
        and ticket.held_until is not None
        and ticket.held_until > now,
        is_new=ticket.round == 1
        and not ticket.returns
        and not Assignment.objects.filter(ticket=ticket).exists(),
        same_caller_open=ticket.caller_id is not None
        and Ticket.objects.filter(caller_id=ticket.caller_id, state__in=[str(s) for s in OPEN])
        .exclude(pk=ticket.pk)
        .exists(),
        is_linked=TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).exists(),
        advised=item.unit if first else "",
        confidence=item.confidence,
        needs_place=bool(advice and advice.place.get("ask_place")),
        has_rule=first is None or first.rule is not None,
        town_barred=bool(
            first and first.rule and first.rule.not_grassroots and first.unit.kind in {"town", "subdistrict"}
        ),
        ruling=item.ruling,
    )
    return Weighed(
        reasons_against(matter, switch),
        first,
        matter.confidence,
        group,
        advice.adviser if advice else "",
        switch.threshold,
        switch.line,
    )


def first_advised(advice: Advice | None) -> Opinion:
    """What the adviser itself put first, and the unit that a ruling on the like matter put before it."""
    if advice is None or not advice.units:
        return Opinion()
    own = next((unit for unit in advice.units if not unit.get("lifted")), advice.units[0])
    lifted: dict[str, Any] = next((unit for unit in advice.units if unit.get("lifted")), {})
    return Opinion(
        "" if advice.place.get("ask_place") else str(own.get("unit") or ""),
        str(own.get("category") or ""),
        float(own.get("probability") or 0),
        str(lifted.get("unit") or ""),
    )


def switch_of(viewer: User, group: str, adviser: str, unit: str, now: datetime) -> Switch:
    """The chief's switch for a category, what is certified there for *unit* and advice of that *adviser*, and what today's
    plan asks beyond it."""
    row = Automation.objects.select_related("certified").filter(group=group).first() if group else None
    if row is None:
        return Switch()
    kind = Unit.objects.filter(code=unit).values_list("kind", flat=True).first() or ""
    return Switch(
        row.is_on,
        row.lowered_at is not None,
        line_of(lines_of(viewer, row), unit, units_group(kind)),
        bool(row.certified and row.certified.adviser == adviser == adviser_now(viewer)),
        is_certified=bool(row.certified and row.certified.threshold is not None),
        line=line_today(newest_plan(viewer, row.alpha, timezone.localtime(now).date()), unit)
        if row.is_on
        else 0.0,
    )


__all__ = [
    "GROUP",
    "SEES",
    "Opinion",
    "Weighed",
    "anything_automatic",
    "first_advised",
    "group_of",
    "switch_of",
    "weighed",
]
