"""The district's own map: read whole or not at all, every fault said, drawn from polygons that name their towns."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fenzhen.board.maps import district_map
from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.office.maps import drop_map, load_map
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FENZHEN_DATA_DIR = tmp_path


def square(named: dict[str, str], west: float = 116.3, south: float = 39.6) -> dict[str, Any]:
    ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": named, "geometry": geometry}


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def test_a_map_is_drawn_from_polygons_that_name_their_towns(cast: Cast) -> None:
    point = {
        "type": "Feature",
        "properties": {"name": cast.estate.name},
        "geometry": {"type": "Point", "coordinates": [116.35, 39.65]},
    }
    drawn = load_map(collection(square({"name": cast.town.name}), point), by=cast.chen, now=cast.now)
    kept = district_map(cast.wang)
    assert kept is not None and kept.towns == drawn.towns
    shape = kept.towns[cast.town.code]
    assert shape.path.startswith("M") and 0 < shape.x < kept.wide and 0 < shape.y < kept.high
    assert set(kept.points) == {cast.estate.code}
    # a degree of longitude is shorter than one of latitude: the square stands upright
    assert kept.high > kept.wide
    drop_map(by=cast.chen, now=cast.now)
    assert district_map(cast.wang) is None


def test_every_fault_is_said_and_nothing_is_changed(cast: Cast) -> None:
    good = square({"code": cast.town.code})
    load_map(collection(good), by=cast.chen, now=cast.now)
    before = district_map(cast.wang)
    metres = square({"code": cast.town.code}, west=39500000.0)
    line = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": []}}
    bare = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon"}}
    with pytest.raises(Incomplete) as why:
        load_map(
            collection(square({"name": "没有这个镇"}), metres, line, good, bare), by=cast.chen, now=cast.now
        )
    said = why.value.fields["file"]
    for words in (
        "第 1 个要素：「没有这个镇」不是本区的镇街",
        "第 2 个要素：坐标超出经纬度",
        "第 3 个要素：只能是",
        "第 5 个要素",
    ):
        assert words in said
    for raw in (b"{", b"[]", b'{"type":"FeatureCollection","features":[]}', "镇".encode("gb18030")):
        with pytest.raises(Incomplete):
            load_map(raw, by=cast.chen, now=cast.now)
    assert district_map(cast.wang) == before
    with pytest.raises(NotYours):
        load_map(collection(good), by=cast.wang, now=cast.now)


def test_the_page_says_which_map_it_is(cast: Cast) -> None:
    desk = Client()
    desk.force_login(cast.chen)
    assert "示意图：位置和大小不代表真实边界" in desk.get("/map").content.decode()
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("map.geojson", collection(square({"name": cast.town.name})))
    assert desk.post("/map/load", {"file": file}).status_code == 303
    page = desk.get("/map").content.decode()
    assert "本区地图（" in page and "示意图：位置" not in page and "<path" in page
    wrong = desk.post("/map/load", {"file": SimpleUploadedFile("x.geojson", b"{}")})
    assert wrong.status_code == 422 and "FeatureCollection" in wrong.content.decode()
    desk.post("/map/drop")
    assert "示意图：位置" in desk.get("/map").content.decode()
