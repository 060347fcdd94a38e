"""Filters of lists: what a list is narrowed by, and what somebody keeps under a name."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from fenzhen.records.filters import SavedFilter
from fenzhen.records.people import User


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a list of tickets is narrowed by: codes of a town and a unit, a level, a kind; empty means all."""

    town: str = ""
    unit: str = ""
    level: str = ""
    kind: str = ""

    @property
    def is_any(self) -> bool:
        """Is anything left out?"""
        return self != Narrow()

    def on(self, ticket: str = "", unit: str = "") -> Q:
        """As a condition. *ticket*: where the ticket is seen from the rows (``ticket``; empty: the rows are
        tickets). *unit*: where the unit is, else the ticket's lead unit counts."""
        at = f"{ticket}__" if ticket else ""
        found = Q()
        if self.town:
            found &= Q(**{f"{at}town__code": self.town})
        if self.unit:
            found &= Q(**{f"{unit or at + 'lead_unit'}__code": self.unit})
        if self.level:
            found &= Q(**{f"{at}level": int(self.level) if self.level.isdecimal() else 0})
        if self.kind:
            found &= Q(**{f"{at}kind": self.kind})
        return found


#: Everything.
ALL = Narrow()


@dataclass(frozen=True, slots=True)
class Kept:
    """One named filter."""

    pk: int
    page: str
    name: str
    fields: dict[str, str]


def filters_of(viewer: User, page: str) -> list[Kept]:
    """The viewer's own filters for *page*, by name; somebody else's are nobody's business."""
    return [_kept(row) for row in SavedFilter.objects.filter(owner=viewer, page=page)]


def filter_for(viewer: User, pk: int) -> Kept:
    """One of the viewer's own. Raises `SavedFilter.DoesNotExist`, also for somebody else's."""
    return _kept(SavedFilter.objects.get(owner=viewer, pk=pk))


def _kept(row: SavedFilter) -> Kept:
    fields: Any = row.fields
    return Kept(row.pk, row.page, row.name, {str(k): str(v) for k, v in (fields or {}).items()})
