"""One message to many: who can be reached by SMS, and why the others must be phoned. Numbers leave this file masked."""

import re
from dataclasses import dataclass

from fenzhen.hotline import privacy, roles
from fenzhen.hotline.privacy import BadPhone
from fenzhen.records.events import Wave, WavePerson
from fenzhen.records.people import User

_MOBILE = re.compile(r"1[3-9]\d{9}")
#: States in which nobody has been told yet and no SMS is under way.
OPEN = ("waiting", "failed")


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person of a message can be reached. `number` is masked; `why_not` says why no SMS goes there (a code of
    `SMS_WHY_NOT`), empty where one can."""

    person: WavePerson
    number: str
    why_not: str


def reach_of(viewer: User, wave: Wave) -> list[Reach]:
    """The people of a message in their order; nothing for anybody outside the sub-centre."""
    if viewer.role not in roles.CENTRE | {roles.Role.SYSTEM}:
        return []
    people = list(wave.people.select_related("ticket__caller", "household", "by"))
    numbers = {person.pk: number_of(person) for person in people}
    went = {numbers[one.pk] for one in people if one.sent_at or one.state in ("queued", "sending", "unsure")}
    out = []
    taken: set[str] = set()
    for person in people:
        number = numbers[person.pk]
        ticket = person.ticket
        why = ""
        if person.sent_at:
            why = "sent"
        elif person.state not in OPEN:
            why = "told"
        elif not number:
            why = "no_number"
        elif not _MOBILE.fullmatch(number):
            why = "no_mobile"
        elif ticket is not None and (ticket.is_secret or ticket.is_report):
            why = "secret"
        elif number in went or number in taken:
            why = "same_number"
        if not why:
            taken.add(number)
        out.append(Reach(person, privacy.masked_phone(number) if number else "", why))
    return out


def number_of(person: WavePerson) -> str:
    """The number as it is dialled: the door's own, else the caller's; empty where none is known or none can be. For
    whoever sends; a page shows `Reach.number`."""
    caller = person.ticket.caller if person.ticket else None
    for kept in (person.household.phone if person.household else "", caller.phone if caller else ""):
        if kept:
            try:
                return privacy.normal_phone(kept)
            except BadPhone:
                continue
    return ""


__all__ = ["OPEN", "Reach", "number_of", "reach_of"]
