"""The district's own map: a GeoJSON of its towns, read once, kept as drawn, and looked at.

A feature with a surface is a town, a feature with a point is a place; `code` or `name` says which. Nothing but the names
is taken from the file: no styles, no links. What is kept is ready for the page: paths in a box a thousand wide.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from fenzhen.locator.place import TOWN_KINDS
from fenzhen.records.people import User
from fenzhen.records.places import Place

#: The drawing's width; coordinates are rounded to one of these and lines simplified to within `FINE`.
WIDE = 1000
FINE = 0.8
#: More faults than anybody reads in one go.
MOST_FAULTS = 12
#: Which properties may name a town or a place, in this order.
NAMES = ("code", "adcode", "name", "代码", "名称")

Spot = tuple[float, float]


class BadMap(Exception):
    """The file is no map of this district; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = list(faults[:MOST_FAULTS])
        super().__init__("；".join(self.faults))


@dataclass(frozen=True, slots=True)
class Shape:
    """One town: a path, and where its name stands (inside it)."""

    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class DistrictMap:
    """A map ready to be drawn: towns and places by their codes."""

    wide: int
    high: int
    towns: dict[str, Shape]
    points: dict[str, Spot]
    ignored: int = 0
    """Points that name no place of the district."""
    loaded_at: datetime | None = None


def map_file() -> Path:
    """Where the loaded map is kept, as drawn; there is none where no map is loaded."""
    return Path(settings.FENZHEN_DATA_DIR) / "map.json"


def district_map(viewer: User) -> DistrictMap | None:
    """The loaded map; None where there is none (the page draws a schematic one). Everybody may see where towns lie."""
    path = map_file()
    try:
        stamp = path.stat().st_mtime
    except OSError:
        return None
    if _kept.stamp != stamp:
        try:
            _kept.map = _from_json(path.read_text(encoding="utf-8"), stamp)
        except (OSError, ValueError, KeyError, TypeError):
            _kept.map = None  # half written or from another time: the schematic map serves
        _kept.stamp = stamp
    return _kept.map


@dataclass(slots=True)
class _Kept:
    stamp: float = -1.0
    map: DistrictMap | None = field(default=None)


_kept = _Kept()


def map_from(viewer: User, raw: bytes) -> DistrictMap:
    """Read a GeoJSON of this district. Raises `BadMap` with every fault, each with the number of its feature."""
    towns, places = _known()
    features = _features(raw)
    faults: list[str] = []
    surfaces: dict[str, list[list[Spot]]] = {}
    points: dict[str, Spot] = {}
    ignored = 0
    for n, feature in enumerate(features, start=1):
        where = _("第 %(n)s 个要素") % {"n": n}
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if kind not in ("Polygon", "MultiPolygon", "Point"):
            faults.append(
                _("%(where)s：只能是 Polygon、MultiPolygon 或 Point，这里是 %(kind)s。")
                % {"where": where, "kind": str(kind)[:20]}
            )
            continue
        properties = feature.get("properties")
        said = _said(properties if isinstance(properties, dict) else {})
        try:
            rings = _rings(kind, geometry["coordinates"] if isinstance(geometry, dict) else None)
        except KeyError:
            faults.append(_("%(where)s：没有坐标（coordinates）。") % {"where": where})
            continue
        except ValueError as why:
            faults.append(f"{where}：{why}")
            continue
        if kind == "Point":
            code = next((places[one] for one in said if one in places), None)
            if code is None:
                ignored += 1
            else:
                points[code] = rings[0][0]
            continue
        code = next((towns[one] for one in said if one in towns), None)
        if code is None:
            named = "、".join(said)[:40] or _("没有 code 或 name")
            faults.append(_("%(where)s：「%(named)s」不是本区的镇街。") % {"where": where, "named": named})
            continue
        surfaces.setdefault(code, []).extend(rings)
    if not faults and not surfaces:
        faults.append(_("文件里没有镇街的面。"))
    if faults:
        raise BadMap(faults)
    return _drawn(surfaces, points, ignored)


def as_json(drawn: DistrictMap) -> str:
    """What is kept of a map."""
    kept = asdict(drawn)
    kept.pop("loaded_at")
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------------------------------------------------


def _from_json(text: str, stamp: float) -> DistrictMap:
    kept = json.loads(text)
    return DistrictMap(
        wide=int(kept["wide"]),
        high=int(kept["high"]),
        towns={code: Shape(**shape) for code, shape in kept["towns"].items()},
        points={code: (float(x), float(y)) for code, (x, y) in kept["points"].items()},
        ignored=int(kept["ignored"]),
        loaded_at=datetime.fromtimestamp(stamp, UTC),
    )


def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Codes and names of towns, and of all places, to codes; a name that two places have means neither."""
    towns: dict[str, str] = {}
    places: dict[str, str] = {}
    twice: set[str] = set()
    for place in Place.objects.filter(is_active=True):
        if place.kind in TOWN_KINDS:
            for name in (place.code, place.name, *place.aliases.replace("；", ";").split(";")):
                towns[name.strip()] = place.code
        places[place.code] = place.code
        if places.setdefault(place.name, place.code) != place.code:
            twice.add(place.name)
    for name in twice:
        del places[name]
    towns.pop("", None)
    return towns, places


def _features(raw: bytes) -> list[Any]:
    try:
        whole = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadMap([_("请存成 UTF-8 编码。")]) from None
    except (ValueError, RecursionError) as why:
        raise BadMap([_("不是 JSON：%(why)s") % {"why": str(why)[:80]}]) from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if (
        not isinstance(whole, dict)
        or whole.get("type") != "FeatureCollection"
        or not isinstance(features, list)
    ):
        raise BadMap([_("应是一个 FeatureCollection，里面每个镇街一个 Feature。")])
    return features


def _said(properties: Mapping[str, Any]) -> list[str]:
    return [str(properties[name]).strip() for name in NAMES if properties.get(name) not in (None, "")]


def _rings(kind: str, coordinates: Any) -> list[list[Spot]]:
    """All rings of a geometry (a point is a ring of one). Raises `ValueError` that says what is wrong."""
    try:
        if kind == "Point":
            rings = [[coordinates]]
        elif kind == "Polygon":
            rings = list(coordinates)
        else:
            rings = [ring for polygon in coordinates for ring in polygon]
        out = [[(float(spot[0]), float(spot[1])) for spot in ring] for ring in rings]
    except (TypeError, ValueError, IndexError, KeyError):
        raise ValueError(_("坐标写得不对，应是 [经度, 纬度]。")) from None
    if not out or any(not ring or (kind != "Point" and len(ring) < 4) for ring in out):
        raise ValueError(_("一个面至少要四个点（首尾相同）。"))
    if any(not (-180 <= x <= 180 and -85 <= y <= 85) for ring in out for x, y in ring):
        raise ValueError(_("坐标超出经纬度范围；请换成经纬度（WGS84 或 CGCS2000），不要用米。"))
    return out


def _drawn(surfaces: Mapping[str, list[list[Spot]]], points: Mapping[str, Spot], ignored: int) -> DistrictMap:
    """Flat enough for a district: east and north, the east shortened by the cosine of the latitude; north is up."""
    every = [spot for rings in surfaces.values() for ring in rings for spot in ring]
    west, east = min(x for x, _y in every), max(x for x, _y in every)
    south, north = min(y for _x, y in every), max(y for _x, y in every)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (WIDE - 20) / max((east - west) * squeeze, 1e-9)
    high = math.ceil((north - south) * scale) + 20

    def flat(spot: Spot) -> Spot:
        return 10 + (spot[0] - west) * squeeze * scale, 10 + (north - spot[1]) * scale

    towns = {}
    for code, rings in sorted(surfaces.items()):
        flat_rings = [[flat(spot) for spot in ring] for ring in rings]
        largest = max(flat_rings, key=_area)
        x, y = _inside(largest)
        kept = [ring for ring in map(_simple, flat_rings) if len(ring) >= 3]
        towns[code] = Shape("".join(_path(ring) for ring in kept or [largest]), round(x, 1), round(y, 1))
    spots = {}
    for code, spot in sorted(points.items()):
        x, y = flat(spot)
        if 0 <= x <= WIDE and 0 <= y <= high:
            spots[code] = (round(x, 1), round(y, 1))
        else:
            ignored += 1
    return DistrictMap(WIDE, high, towns, spots, ignored)


def _path(ring: Sequence[Spot]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z"


def _area(ring: Sequence[Spot]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in _sides(ring))) / 2


def _sides(ring: Sequence[Spot]) -> Iterable[tuple[Spot, Spot]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _inside(ring: Sequence[Spot]) -> Spot:
    """A point well inside: the middle of the widest stretch at half height (a centre of gravity may lie outside)."""
    low, top = min(y for _x, y in ring), max(y for _x, y in ring)
    best = (0.0, ring[0][0], ring[0][1])
    for part in (0.5, 0.4, 0.6, 0.3, 0.7):
        y = low + (top - low) * part + 1e-6
        cuts = sorted(
            a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
            for a, b in _sides(ring)
            if (a[1] <= y) != (b[1] <= y)
        )
        for left, right in zip(cuts[::2], cuts[1::2], strict=False):
            if right - left > best[0] * 1.1:
                best = (right - left, (left + right) / 2, y)
    return best[1], best[2]


def _simple(ring: Sequence[Spot]) -> list[Spot]:
    """The ring without points that nobody sees (Douglas and Peucker 1973), begun from its two farthest corners."""
    spots = list(ring[:-1]) if ring[0] == ring[-1] else list(ring)
    if len(spots) < 4:
        return spots
    far = max(range(len(spots)), key=lambda n: math.dist(spots[0], spots[n]))
    spots.append(spots[0])
    keep = {0, far}
    todo = [(0, far), (far, len(spots) - 1)]
    while todo:
        begin, end = todo.pop()
        (ax, ay), (bx, by) = spots[begin], spots[end]
        length = math.hypot(bx - ax, by - ay)
        worst, at = FINE, -1
        for n in range(begin + 1, end):
            x, y = spots[n]
            off = (
                abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
                if length
                else math.hypot(x - ax, y - ay)
            )
            if off > worst:
                worst, at = off, n
        if at >= 0:
            keep.add(at)
            todo += [(begin, at), (at, end)]
    return [spots[n] for n in sorted(keep)]
