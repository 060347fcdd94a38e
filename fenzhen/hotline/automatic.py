"""When a ticket may be sent to a unit without a person, and when it may not, whatever a certificate says.

A certificate speaks of how often the adviser is wrong. These rules speak of what being wrong would cost, and of
matters in which a machine's word is none: they hold before any threshold is looked at. Every reason is a code; a
ticket that is left to a person says all of its reasons, the gravest first.

Sources: DOMAIN §2.5 (secrecy), §9 (reports are handled by named people only), METHODS §2 (cost rule: never automatic
where an error is dangerous).
"""

from dataclasses import dataclass
from typing import Final

#: In the order in which they are told.
REASONS: Final = (
    "level_1",
    "signal",
    "redirect",
    "report",
    "secret",
    "in_hand",
    "not_new",
    "same_caller",
    "linked",
    "no_advice",
    "place_unknown",
    "no_rule",
    "town_barred",
    "ruling_differs",
    "off",
    "lowered",
    "no_certificate",
    "other_adviser",
    "no_group_certificate",
    "not_sure_enough",
    "unit_held",
    "held_back",
)
#: Whatever the chief switches on, these stay with a person.
NEVER: Final = frozenset(REASONS[: REASONS.index("off")])


@dataclass(frozen=True, slots=True)
class Matter:
    """What the rules look at. ``is_new``: never dispatched, returned, reopened or taken back before."""

    level: int
    signals: int = 0
    redirect: str = ""
    is_report: bool = False
    is_secret: bool = False
    in_hand: bool = False
    is_new: bool = True
    same_caller_open: bool = False
    is_linked: bool = False
    advised: str = ""
    confidence: float = 0.0
    needs_place: bool = False
    has_rule: bool = True
    town_barred: bool = False
    ruling: str = ""
    """The unit that a ruling on the like matter named; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What the chief has switched on for the advised category, and what is promised for it: ``threshold`` for the advised
    unit's group, None where nothing is promised for that (``is_certified``: for another group it is). ``line``: what today
    asks for this unit because of what came back lately; above 1: nothing goes there by itself."""

    is_on: bool = False
    is_lowered: bool = False
    threshold: float | None = None
    is_of_this_adviser: bool = True
    is_certified: bool = False
    line: float = 0.0


def reasons_against(matter: Matter, switch: Switch) -> tuple[str, ...]:
    """Why this is left to a person; empty where it may go by itself.

    >>> reasons_against(Matter(3, advised="T006", confidence=0.97), Switch(True, threshold=0.95))
    ()
    >>> reasons_against(Matter(1, is_report=True, advised="T006", confidence=1.0), Switch(True, threshold=0.9))
    ('level_1', 'report')
    >>> reasons_against(Matter(3, advised="T006", confidence=0.9), Switch())
    ('off',)
    >>> reasons_against(Matter(3, advised="T006", confidence=0.96), Switch(True, threshold=0.95, line=0.97))
    ('held_back',)
    """
    found = {
        "level_1": matter.level <= 1,
        "signal": matter.signals > 0,
        "redirect": bool(matter.redirect),
        "report": matter.is_report,
        "secret": matter.is_secret,
        "in_hand": matter.in_hand,
        "not_new": not matter.is_new,
        "same_caller": matter.same_caller_open,
        "linked": matter.is_linked,
        "no_advice": not matter.advised,
        "place_unknown": matter.needs_place,
        "no_rule": bool(matter.advised) and not matter.has_rule,
        "town_barred": matter.town_barred,
        "ruling_differs": bool(matter.ruling) and matter.ruling != matter.advised,
    }
    if not switch.is_on:
        found["lowered" if switch.is_lowered else "off"] = True
    elif switch.threshold is None and not switch.is_certified:
        found["no_certificate"] = True
    elif not switch.is_of_this_adviser:
        found["other_adviser"] = True
    elif switch.threshold is None:
        found["no_group_certificate"] = True
    elif matter.confidence < switch.threshold:
        found["not_sure_enough"] = True
    elif switch.line > 1:
        found["unit_held"] = True
    elif matter.confidence < switch.line:
        found["held_back"] = True
    return tuple(reason for reason in REASONS if found.get(reason))
