"""One place of a district: a town, a village, an estate, a road."""

from __future__ import annotations

from dataclasses import dataclass

TOWN_KINDS = frozenset({"town", "subdistrict"})

KINDS = frozenset(
    {
        "district",
        *TOWN_KINDS,
        "community",
        "village",
        "estate",
        "landmark",
        "road",
        "park",
        "school",
        "hospital",
        "market",
        "station",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of ``places.csv``. ``parent`` is the code of the place it lies in; ``town`` the code of its town.

    ``run_by`` names the body that runs the area when it is not the district (a development area), else empty.
    """

    code: str
    name: str
    kind: str
    parent: str = ""
    town: str = ""
    aliases: tuple[str, ...] = ()
    run_by: str = ""
