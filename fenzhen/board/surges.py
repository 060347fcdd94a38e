"""More calls than usual, as one person may see it: what lasts now, and the tickets behind each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.records.people import User
from fenzhen.records.surges import Surge
from fenzhen.records.tickets import Ticket

#: Who hears of it: the sub-centre, and those who read for the district.
SEES = roles.CENTRE | roles.READERS
_ORDER = ("red", "orange", "yellow", "blue")


class NoSuchSurge(LookupError):
    """There is no such surge, or not for this person."""


@dataclass(frozen=True, slots=True)
class SurgeSeen:
    """A surge and what else is above its level because of the same calls."""

    surge: Surge
    parts: tuple[Surge, ...] = ()


def surges_lasting(viewer: User, now: datetime) -> list[SurgeSeen]:
    """What is above its usual level now, the reddest first; each matter once."""
    if viewer.role not in SEES:
        return []
    rows = list(
        Surge.objects.filter(ended_at=None).select_related("town", "category", "seen_by").order_by("rang_at")
    )
    parts: dict[int | None, list[Surge]] = {}
    for row in rows:
        parts.setdefault(row.part_of_id, []).append(row)
    roots = [SurgeSeen(row, tuple(parts.get(row.pk, ()))) for row in parts.get(None, ())]
    return sorted(roots, key=lambda one: (_ORDER.index(one.surge.level), -one.surge.rang_at.timestamp()))


def surges_lately(viewer: User, now: datetime, days: int = 28) -> list[Surge]:
    """What was above its usual level and is no more, the latest first."""
    if viewer.role not in SEES:
        return []
    rows = Surge.objects.filter(part_of=None, ended_at__isnull=False, rang_at__gte=now - timedelta(days=days))
    return list(rows.select_related("town", "category", "dismissed_by").order_by("-ended_at", "-pk")[:50])


def surge_for(viewer: User, pk: int) -> SurgeSeen:
    """One surge. Raises `NoSuchSurge`."""
    rows = Surge.objects.select_related("town", "category", "seen_by", "dismissed_by", "part_of")
    found = rows.filter(pk=pk).first() if viewer.role in SEES else None
    if found is None:
        raise NoSuchSurge(pk)
    return SurgeSeen(found, tuple(found.parts.select_related("town", "category")))


def tickets_behind(viewer: User, surge: Surge, now: datetime, most: int = 500) -> list[Ticket]:
    """The tickets from its beginning to its end, of those that *viewer* may see, the newest first."""
    rows = visible(viewer).filter(is_history=False).exclude(state="voided")
    rows = rows.filter(received_at__gt=surge.since, received_at__lte=surge.ended_at or now)
    if surge.town_id:
        rows = rows.filter(town=surge.town_id)
    if surge.category_id:
        rows = rows.filter(category=surge.category_id)
    return list(
        rows.select_related("town", "place", "lead_unit", "category").order_by("-received_at", "-pk")[:most]
    )


__all__ = ["NoSuchSurge", "SurgeSeen", "surge_for", "surges_lasting", "surges_lately", "tickets_behind"]
