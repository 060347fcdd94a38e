"""Places the list does not know: what callers call them is collected, and a person says what each is.

A name is what ends like a place (小区, 苑, 村, 大厦 …) with the words before it that are no verb, particle or number. It is collected from
tickets whose place nobody knew. Written into the list of places it is used at once; every word can be taken back.
"""

import re
from datetime import datetime, timedelta

import rjieba
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.advice import places_heard
from fenzhen.board.lists import IN_CHARGE
from fenzhen.desk.step import Incomplete, NotYours, note_act, verb
from fenzhen.records.journal import Cursor, Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.unseen import UnseenMention, UnseenName

READER = "unseen"
#: The adviser fills in the place meanwhile.
PATIENCE = timedelta(seconds=60)
MOST = 100
_TOWNS = ("town", "subdistrict")
#: Ending → kind of place. Longer ones first.
_ENDINGS: tuple[tuple[str, str], ...] = (
    ("小区", "estate"), ("家园", "estate"), ("花园", "estate"), ("嘉园", "estate"), ("佳园", "estate"), ("新村", "estate"), ("新城", "estate"),
    ("公寓", "estate"), ("名苑", "estate"), ("社区", "community"), ("大厦", "landmark"), ("广场", "landmark"), ("商城", "market"),
    ("市场", "market"), ("公园", "park"), ("大街", "road"), ("胡同", "road"), ("苑", "estate"), ("园", "estate"), ("庭", "estate"), ("府", "estate"),
    ("郡", "estate"), ("湾", "estate"), ("村", "village"), ("路", "road"),
)  # fmt: skip
_HAN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
#: Parts of speech that no name goes on before: verbs, particles, pronouns, numbers, adverbs, prepositions, places in a sentence.
_STOPS = frozenset({"v", "vn", "vd", "p", "c", "u", "uj", "ul", "r", "m", "mq", "q", "d", "f", "y", "x", "w", "t", "zg", "e", "o", "k", "eng"})  # fmt: skip
_NO_NAME = frozenset("小区 本小区 我们小区 老旧小区 社区 市场 公园 政府 物业 业主 居民 全村 农村 我村 同村 邻村 马路 公路 道路 幼儿园 校园 家园 花园 小区路 停车场 街道 楼 区 县 市 镇 乡".split())  # fmt: skip


def names_said(text: str) -> list[str]:
    """Strings of a text that look like names of places, in their order, each once; 小区 behind a whole name is left out.

    >>> names_said("投诉碧海云庭小区物业不作为，我住碧海云庭小区")
    ['碧海云庭']
    >>> names_said("幼儿园门口的马路坏了")
    []
    """
    found: list[str] = []
    for part in _HAN.findall(text[:600]):
        words = [(word, tag) for word, tag in rjieba.tag(part)]
        for at, (word, _tag) in enumerate(words):
            ending = next((one for one, _kind in _ENDINGS if word.endswith(one)), "")
            if not ending:
                continue
            name, back = word, at - 1
            while back >= 0 and len(name) < 8:
                before, tag = words[back]
                if tag in _STOPS or before in _NO_NAME or any(before.endswith(one) for one, _k in _ENDINGS):
                    break
                name, back = before + name, back - 1
            plain = name.removesuffix(ending)
            if not 2 <= len(plain) <= 6 or name in _NO_NAME or len(rjieba.cut(name, False)) == 1:
                continue
            if name not in found:
                found.append(name)
    return found


def collect_names(*, by: User, now: datetime, most: int = MOST) -> int:
    """Look through the tickets that came since the last look. Returns how many."""
    cursor = Cursor.objects.filter(name=READER).first()
    after = cursor.position if cursor else 0
    head = SealHead.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    if head <= after:
        return 0
    births = list(
        Entry.objects.filter(
            position__gt=after, position__lte=head, n=1, subject__startswith="ticket:", at__lte=now - PATIENCE
        )
        .order_by("position")
        .values_list("position", "subject")[:most]
    )
    if not births:
        return 0
    pks = [int(subject[7:]) for _position, subject in births]
    rows = Ticket.objects.filter(pk__in=pks, is_history=False).exclude(state="voided").select_related("place")
    found = [(row, _unknown(by, row)) for row in rows if row.place is None or row.place.kind in _TOWNS]
    with transaction.atomic():
        Cursor.objects.get_or_create(name=READER)
        held = Cursor.objects.select_for_update().get(name=READER)
        if held.position != after:
            return 0  # another worker was faster
        for row, names in found:
            for name in names:
                _mention(name, row)
        held.position = births[-1][0] or after
        held.save(update_fields=["position"])
    return len(births)


def _unknown(by: User, row: Ticket) -> list[str]:
    towns = dict(Place.objects.filter(kind__in=(*_TOWNS, "district")).values_list("code", "name"))
    out = []
    for said in names_said(f"{row.place_text}。{row.title}。{row.body}"):
        name = said
        for town in towns.values():
            for start in (town, town.removesuffix("街道").removesuffix("镇").removesuffix("乡")):
                if len(start) >= 2 and name.startswith(start) and len(name) - len(start) >= 3:
                    name = name.removeprefix(start)
                    break
        known = places_heard(by, name, "")
        if any(share >= 0.5 and code not in towns for code, share in known.items()):
            continue
        if name not in out and name not in towns.values():
            out.append(name)
    return out


def _mention(name: str, row: Ticket) -> None:
    held, _made = UnseenName.objects.get_or_create(
        name=name[:32], defaults={"first_at": row.received_at, "last_at": row.received_at}
    )
    UnseenMention.objects.get_or_create(name=held, ticket=row)
    if row.received_at > held.last_at:
        UnseenName.objects.filter(pk=held.pk).update(last_at=row.received_at)


# --- what a person says ---------------------------------------------------------------------------------------------


@verb
def name_is_place(name: UnseenName, town: Place, *, by: User, now: datetime) -> Place:
    """It is a place of that town: written into the list. Raises `NotYours`, `Incomplete`."""
    note_act(f"unseen:{name.pk}", "name_is_place", by=by, now=now, facts={"town": town.code})
    _may(name, by)
    if town.kind not in _TOWNS:
        raise Incomplete({"town": _("请选择镇街。")})
    day = timezone.localtime(now).date().isoformat()
    place, _made = Place.objects.update_or_create(
        code=f"N{name.pk:06d}",
        defaults={
            "name": name.name,
            "kind": next((kind for ending, kind in _ENDINGS if name.name.endswith(ending)), "estate"),
            "parent": town.code,
            "town": town.code,
            "note": _("%(day)s %(person)s 由来电补入") % {"day": day, "person": by.name},
            "is_active": True,
        },
    )
    _decided(name, "place", place, by, now)
    return place


@verb
def name_is_alias(name: UnseenName, place: Place, *, by: User, now: datetime) -> None:
    """It is what people call a place of the list. Raises `NotYours`, `Incomplete`."""
    note_act(f"unseen:{name.pk}", "name_is_alias", by=by, now=now, facts={"place": place.code})
    _may(name, by)
    held = [one.strip() for one in place.aliases.split(";") if one.strip()]
    if name.name not in held:
        Place.objects.filter(pk=place.pk).update(aliases=";".join([*held, name.name]))
    _decided(name, "alias", place, by, now)


@verb
def name_is_none(name: UnseenName, *, by: User, now: datetime) -> None:
    """It is no place: it is not asked about again. Raises `NotYours`, `Incomplete`."""
    note_act(f"unseen:{name.pk}", "name_is_none", by=by, now=now)
    _may(name, by)
    _decided(name, "not_place", None, by, now)


@verb
def name_undone(name: UnseenName, *, by: User, now: datetime) -> None:
    """The word is taken back, and what it wrote into the list. Raises `NotYours`."""
    note_act(f"unseen:{name.pk}", "name_undone", by=by, now=now)
    if by.role not in IN_CHARGE:
        raise NotYours
    name.refresh_from_db()
    if name.state == "place" and name.place_id:
        Place.objects.filter(pk=name.place_id).update(is_active=False)
    if name.state == "alias" and name.place:
        held = [
            one.strip() for one in name.place.aliases.split(";") if one.strip() and one.strip() != name.name
        ]
        Place.objects.filter(pk=name.place.pk).update(aliases=";".join(held))
    UnseenName.objects.filter(pk=name.pk).update(
        state="waiting", place=None, decided_by=None, decided_at=None
    )


def _may(name: UnseenName, by: User) -> None:
    if by.role not in IN_CHARGE:
        raise NotYours
    name.refresh_from_db()
    if name.state != "waiting":
        raise Incomplete({"state": _("别人已经认定了这个名称，可以先撤销。")})


def _decided(name: UnseenName, state: str, place: Place | None, by: User, now: datetime) -> None:
    UnseenName.objects.filter(pk=name.pk).update(state=state, place=place, decided_by=by, decided_at=now)


__all__ = ["collect_names", "name_is_alias", "name_is_none", "name_is_place", "name_undone", "names_said"]
