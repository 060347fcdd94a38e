"""Words → place: which estate, community or town a caller speaks of, or "not sure".

>>> places = Gazetteer([
...     Place("1", "某区", "district"),
...     Place("101", "柳河镇", "town", "1", aliases=("柳河",)),
...     Place("102", "松岭街道", "subdistrict", "1"),
...     Place("101001", "前屯村", "village", "101"),
...     Place("102001", "前屯村", "village", "102"),
...     Place("E1", "晨光家园", "estate", "102"),
... ])
>>> found = locate("晨光家园3号楼电梯坏了", places)
>>> found.best.name, found.town
('晨光家园', '102')
>>> locate("前屯村的路灯不亮", places).best is None  # two towns have a village of this name: ask
True
>>> locate("柳河镇前屯村的路灯不亮", places).best.code
'101001'
"""

from fenzhen.locator.gazetteer import BadGazetteer, Gazetteer
from fenzhen.locator.match import Located, Mention, locate, unknown_names
from fenzhen.locator.place import TOWN_KINDS, Place

__all__ = [
    "TOWN_KINDS",
    "BadGazetteer",
    "Gazetteer",
    "Located",
    "Mention",
    "Place",
    "locate",
    "unknown_names",
]
