"""From a row of somebody else's table to what was heard. Mappings are data: TOML, shipped or given by --map.

Nothing is guessed: a caller who is not named is unknown, a place that is not named is asked for, and a place
is taken over only where its name is exactly one of ours.
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.desk.intake import Heard
from fenzhen.hotline import privacy
from fenzhen.office.cells import BadCell, contact_of, is_nothing, is_secret, moment_of, number_of, plain
from fenzhen.office.tables import DAMAGED, Cell, Row, text_of
from fenzhen.records.places import Place
from fenzhen.records.words import CHANNELS, CITY_MODES, IMPORT_FIELDS, KINDS, SATISFIED, SOLVED

#: The header may stand under a title and a date.
HEADER_WITHIN = 10
_PLACE_FIELDS = ("district", "town", "community", "point", "address")
_CODES: Mapping[str, Iterable[str]] = {
    "kind": KINDS,
    "channel": CHANNELS,
    "solved": SOLVED,
    "satisfied": SATISFIED,
    "level": ("1", "2", "3", "4"),
    "city_mode": CITY_MODES,
}
_LEVEL_WORDS = {"一级": "1", "二级": "2", "三级": "3", "四级": "4"}
_YES = {"是", "1", "y", "yes", "true", "保密"}


class BadMapping(ValueError):
    """A mapping file cannot be used; the text says which line of it and why."""


class NoMapping(ValueError):
    """No mapping knows this header. `header` is what was found."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = list(header)
        super().__init__(_("没有认出表头:%(header)s") % {"header": "、".join(header[:20])})


class Rejected(Exception):
    """A row cannot be taken; `reasons` says everything that is wrong with it."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(";".join(reasons))


@dataclass(frozen=True, slots=True)
class MappingFile:
    """One mapping, as its TOML says it."""

    name: str
    title: str
    source: str
    channel: str
    kind: str
    recognise: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    joined: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A mapping laid over one file's header: our field → column."""

    mapping: MappingFile
    header: tuple[str, ...]
    header_row: int
    at: Mapping[str, int]
    joined: Mapping[int, str]

    @property
    def unused(self) -> list[str]:
        """Columns that nothing is taken from."""
        used = {*self.at.values(), *self.joined}
        return [name for n, name in enumerate(self.header) if n not in used and name]


@dataclass(slots=True)
class Taken:
    """A row as it can be taken in. `outcome` None: it goes to the desk; else it is of the past."""

    number: int
    heard: Heard
    outcome: dict[str, Any] | None = None
    unknown_caller: bool = False
    asks_place: bool = False
    status: str = ""
    is_withdrawn: bool = False
    mode: str = ""
    """How the city sent it, where the file says so: `direct` or `district`."""
    city_unit: str = ""
    changed_at: datetime | None = None


def shipped_mappings() -> list[MappingFile]:
    """The mappings that come with the program, the ones with more telling columns first."""
    folder = files("fenzhen.office") / "mappings"
    found = [
        parsed_mapping(tomllib.loads(item.read_text(encoding="utf-8")), item.name)
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml") and not item.name.endswith("_out.toml")
    ]
    return sorted(found, key=lambda mapping: -len(mapping.recognise))


def mapping_from(path: Path) -> MappingFile:
    """A mapping from a file. Raises `BadMapping`."""
    try:
        return parsed_mapping(tomllib.loads(path.read_text(encoding="utf-8-sig")), path.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise BadMapping(_("映射文件 %(name)s 读不了:%(why)s") % {"name": path.name, "why": why}) from None


def parsed_mapping(raw: Mapping[str, Any], file_name: str) -> MappingFile:
    """Check what a mapping's TOML says. Raises `BadMapping` naming every fault."""
    faults: list[str] = []
    columns: dict[str, tuple[str, ...]] = {}
    for ours, theirs in dict(raw.get("columns", {})).items():
        if ours not in IMPORT_FIELDS:
            faults.append(
                _("[columns] 没有叫 %(ours)s 的栏目,可用:%(all)s")
                % {"ours": ours, "all": " ".join(IMPORT_FIELDS)}
            )
            continue
        columns[ours] = (theirs,) if isinstance(theirs, str) else tuple(str(name) for name in theirs)
    if not columns.keys() & {"title", "body"}:
        faults.append(_("[columns] 里至少要有 title 或 body"))
    words = {group: dict(some) for group, some in dict(raw.get("words", {})).items()}
    for group, some in words.items():
        for word, code in some.items():
            if group not in _CODES or code not in _CODES[group]:
                faults.append(
                    _("[words.%(group)s] %(word)s = %(code)s:没有这个代码")
                    % {"group": group, "word": word, "code": code}
                )
    name = str(raw.get("name") or Path(file_name).stem)
    channel, kind = str(raw.get("channel", "import")), str(raw.get("kind", "help"))
    if channel not in CHANNELS:
        faults.append(_("channel = %(code)s:没有这个代码") % {"code": channel})
    if kind not in KINDS:
        faults.append(_("kind = %(code)s:没有这个代码") % {"code": kind})
    if faults:
        raise BadMapping(f"{file_name}: " + ";".join(faults))
    return MappingFile(
        name=name[:64],
        title=str(raw.get("title", name)),
        source=str(raw.get("source", name))[:24],
        channel=channel,
        kind=kind,
        recognise=tuple(str(item) for item in raw.get("recognise", ())),
        columns=columns,
        joined={str(k): str(v) for k, v in dict(raw.get("joined", {})).items()},
        closed=frozenset(str(item) for item in dict(raw.get("closed", {})).get("status", ())),
        withdrawn=frozenset(str(item) for item in dict(raw.get("withdrawn", {})).get("status", ())),
        words=words,
    )


def fit(rows: Iterable[Row], mappings: Sequence[MappingFile]) -> Fitted:
    """Find the header among the first rows and the first mapping that knows it. Raises `NoMapping`.

    A single mapping (from --map) is taken for any header that has its title or its words.
    """
    first: tuple[str, ...] = ()
    for count, (number, cells) in enumerate(rows):
        if count >= HEADER_WITHIN:
            break
        header = tuple(plain(cell) for cell in cells)
        first = first or header
        names = {_name(item): n for n, item in reversed(list(enumerate(header)))}
        for mapping in mappings:
            at = {
                ours: names[_name(theirs[0])]
                for ours, some in mapping.columns.items()
                if (theirs := [name for name in some if _name(name) in names])
            }
            if not at.keys() & {"title", "body"} or not all(_name(n) in names for n in mapping.recognise):
                continue
            joined = {names[_name(k)]: v for k, v in mapping.joined.items() if _name(k) in names}
            return Fitted(mapping, header, number, at, joined)
    raise NoMapping(first)


class Places:
    """Our places by exact name, for rows that name one."""

    def __init__(self) -> None:
        self._towns: dict[str, list[Place]] = {}
        self._inside: dict[tuple[str, str], list[Place]] = {}
        for place in Place.objects.filter(is_active=True).exclude(kind="district"):
            for name in {_name(n) for n in [place.name, *place.aliases.split(";")] if n.strip()}:
                if place.kind in {"town", "subdistrict"}:
                    self._towns.setdefault(name, []).append(place)
                else:
                    self._inside.setdefault((place.town, name), []).append(place)

    def named(self, town: str, community: str, point: str) -> Place | None:
        """The most exact place that these names mean without doubt, else None."""
        towns = self._towns.get(_name(town), []) if town else []
        if len(towns) != 1:
            return None
        for name in (point, community):
            found = self._inside.get((towns[0].code, _name(name)), []) if name else []
            if len(found) == 1:
                return found[0]
        return towns[0]


def taken_from(row: Row, fitted: Fitted, places: Places, *, now: datetime, history: bool) -> Taken:
    """What a row says. Raises `Rejected` with everything that is wrong with it."""
    number, cells = row
    reader = _Cells(cells, fitted)
    wrong: list[str] = []

    def tried(read: Any, *args: Any) -> Any:
        try:
            return read(*args)
        except BadCell as why:
            wrong.append(str(why))
            return None

    if any(text_of(cell).strip() for cell in cells[len(fitted.header) :]):
        wrong.append(_("这一行的格数比表头多,内容可能串列"))
    if any(isinstance(cell, str) and DAMAGED in cell for cell in cells):
        wrong.append(_("有无法解码的字符,请检查文件编码"))

    external_no = tried(number_of, reader.cell("external_no")) or ""
    if not external_no:
        # Without a number of its own, a row is known again by what it says.
        said = "\x1f".join(text_of(cell).strip() for cell in cells)
        external_no = "x" + sha256(said.encode()).hexdigest()[:32]
    phone, account, more = tried(contact_of, reader.cell("contact")) or ("", "", [])
    if not phone and (given := reader.cell("phone")) is not None:
        phone, _account, more = tried(contact_of, given) or ("", "", [])
        if _account:
            wrong.append(_("这个电话号码不存在:%(text)s") % {"text": _account[:40]})
    account = account or reader.text("account")
    name = reader.text("name")
    secret = (
        is_secret(name)
        or is_secret(reader.text("contact"))
        or is_secret(reader.text("phone"))
        or reader.text("secret").lower() in _YES
    )
    closed_at = tried(moment_of, reader.cell("closed_at"))
    received = tried(moment_of, reader.cell("received_at"))
    city_received = tried(moment_of, reader.cell("city_received_at"))
    deadline = tried(moment_of, reader.cell("city_deadline"))
    changed_at = tried(moment_of, reader.cell("city_changed_at"))
    is_past = history or reader.text("status") in fitted.mapping.closed
    received = received or city_received or (closed_at if is_past else None)
    if closed_at and closed_at > now:
        wrong.append(_("办结时间在将来"))
    if closed_at and received and closed_at < received:
        wrong.append(_("办结时间早于受理时间"))

    named = [reader.text(part) for part in _PLACE_FIELDS]
    district, town, community, point, address = named
    place = places.named(town, community, point) if town else None
    body = reader.raw("body")
    for column, title in fitted.joined.items():
        text = text_of(cells[column]).strip() if column < len(cells) else ""
        if text and not is_nothing(text):
            body = f"{body}\n【{title}】{text}".strip()
    if more:
        body = f"{body}\n" + "\n".join(_("【其他电话】%(n)s") % {"n": extra} for extra in more)
    unknown = not secret and not (phone or account or (name and not is_nothing(name)))
    place_text = "".join(dict.fromkeys(part for part in named if part and not is_nothing(part)))
    heard = Heard(
        title=reader.raw("title"),
        body=body,
        kind=reader.code("kind", fitted.mapping.kind, unknown="other"),
        channel=reader.code("channel", fitted.mapping.channel),
        name="" if secret and is_secret(name) or is_nothing(name) else name,
        phone=phone,
        account="" if is_nothing(account) else account,
        is_secret=secret,
        place=place,
        place_text=place_text,
        city_category=reader.text("city_category"),
        level=int(level) if (level := _level(reader)) else None,
        received_at=received,
        city_received_at=city_received,
        city_deadline=deadline,
        source=fitted.mapping.source,
        external_no=external_no,
    )
    asks = place is None and not place_text
    heard.facts = {"row": number}
    if unknown:
        heard.facts["caller"] = "unknown"
    if asks:
        heard.facts["place"] = "ask"
    if wrong:
        raise Rejected(wrong)
    outcome = _outcome(reader, closed_at) if is_past else None
    return Taken(
        number,
        heard,
        outcome,
        unknown_caller=unknown,
        asks_place=asks,
        status=reader.text("status")[:32],
        is_withdrawn=reader.text("status") in fitted.mapping.withdrawn,
        mode=reader.code("city_mode", ""),
        city_unit=reader.text("city_unit")[:64],
        changed_at=changed_at,
    )


def _level(reader: "_Cells") -> str:
    text = reader.text("level")
    return reader.code("level", _LEVEL_WORDS.get(text, text if text in {"1", "2", "3", "4"} else ""))


def _outcome(reader: "_Cells", closed_at: datetime | None) -> dict[str, Any]:
    answer = "\n".join(
        dict.fromkeys(
            privacy.lift_numbers(privacy.clean_text(text))[0]
            for part in ("result", "answer")
            if (text := reader.raw(part)) and not is_nothing(text)
        )
    )
    solved, satisfied = reader.code("solved", ""), reader.code("satisfied", "")
    return {
        "closed_at": closed_at,
        "answer": answer,
        "first_solved": solved,
        "final_solved": solved,
        "first_satisfied": satisfied,
        "final_satisfied": satisfied,
    }


class _Cells:
    """One row's cells by our names."""

    def __init__(self, cells: Sequence[Cell], fitted: Fitted) -> None:
        self._cells, self._fitted = cells, fitted

    def cell(self, ours: str) -> Cell:
        column = self._fitted.at.get(ours)
        return self._cells[column] if column is not None and column < len(self._cells) else None

    def raw(self, ours: str) -> str:
        """As it stands, for words that a person wrote."""
        return text_of(self.cell(ours))

    def text(self, ours: str) -> str:
        """Narrow and without blanks around, for names and codes."""
        return plain(self.cell(ours))

    def code(self, ours: str, default: str, *, unknown: str = "") -> str:
        text = self.text(ours)
        if not text:
            return default
        words = self._fitted.mapping.words.get(ours, {})
        return words.get(text) or (text if text in _CODES[ours] else unknown or default)


def _name(text: str) -> str:
    """A name for comparing: narrow, without blanks and marks, in small letters."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split()).strip("*:：\ufeff")


__all__ = [
    "BadMapping",
    "Fitted",
    "MappingFile",
    "NoMapping",
    "Places",
    "Rejected",
    "Taken",
    "fit",
    "mapping_from",
    "parsed_mapping",
    "shipped_mappings",
    "taken_from",
]
