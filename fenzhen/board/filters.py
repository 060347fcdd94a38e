"""Filters that somebody keeps for a list."""

from dataclasses import dataclass
from typing import Any

from fenzhen.records.filters import SavedFilter
from fenzhen.records.people import User

#: Pages that filters can be kept for.
PAGES = ("search",)


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
