"""Loading the district's own map, and going back to the schematic one."""

import contextlib
import os
from datetime import datetime
from hashlib import sha256

from fenzhen.board.maps import BadMap, DistrictMap, as_json, map_file, map_from
from fenzhen.desk.step import Incomplete, NotYours, note_act, verb
from fenzhen.hotline.roles import Role
from fenzhen.records.people import User

MAY = frozenset({Role.ADMIN, Role.SECTION_CHIEF, Role.SYSTEM})


@verb
def load_map(raw: bytes, *, by: User, now: datetime) -> DistrictMap:
    """Draw the map from now on; all or nothing. Raises `Incomplete` (field ``file``) with every fault, `NotYours`."""
    note_act("map", "load_map", by=by, now=now, facts={"sha256": sha256(raw).hexdigest()})
    if by.role not in MAY:
        raise NotYours
    try:
        drawn = map_from(by, raw)
    except BadMap as why:
        raise Incomplete({"file": str(why)}) from None
    target = map_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_text(as_json(drawn), encoding="utf-8")
    os.replace(fresh, target)
    return drawn


@verb
def drop_map(*, by: User, now: datetime) -> None:
    """No map of one's own: the page draws the schematic one again. Raises `NotYours`."""
    note_act("map", "drop_map", by=by, now=now)
    if by.role not in MAY:
        raise NotYours
    with contextlib.suppress(FileNotFoundError):
        map_file().unlink()
