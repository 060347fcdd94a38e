"""Places the list does not know: what callers call them is collected, and a person says what each is.

What a name is says the locator (`unknown_names`). It is collected from tickets whose place nobody knew. Written into the list of places it is used at once; every word can be taken back.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.advice import names_unknown
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
#: So many characters of a ticket are read: where something is, is said early.
_READ = 700
#: Ending → kind of place. Longer ones first.
_ENDINGS: tuple[tuple[str, str], ...] = (
    ("小区", "estate"), ("家园", "estate"), ("花园", "estate"), ("嘉园", "estate"), ("佳园", "estate"), ("新村", "estate"), ("新城", "estate"),
    ("公寓", "estate"), ("名苑", "estate"), ("社区", "community"), ("大厦", "landmark"), ("广场", "landmark"), ("商城", "market"),
    ("市场", "market"), ("公园", "park"), ("大街", "road"), ("胡同", "road"), ("苑", "estate"), ("园", "estate"), ("庭", "estate"), ("府", "estate"),
    ("郡", "estate"), ("湾", "estate"), ("村", "village"), ("路", "road"),
)  # fmt: skip


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
    names = names_unknown(by, f"{row.place_text}。{row.title}。{row.body}"[:_READ])
    # 碧海云庭 and 碧海云庭小区 are one name to whoever keeps the list.
    plain = [name.removesuffix("小区") if len(name) >= 5 else name for name in names]
    return list(dict.fromkeys(plain))


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


__all__ = ["collect_names", "name_is_alias", "name_is_none", "name_is_place", "name_undone"]
