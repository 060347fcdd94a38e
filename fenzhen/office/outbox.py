"""Messages outwards: what goes to whom, when it goes, and what became of it.

A notice is told on the page at once; here it also becomes one `Delivery` per address, in the same transaction.
Whoever carries it (jobs/couriers.py) claims it first: between the claim and the word of what became of it the
row says "sending". A carrier that dies in between leaves a row of which nobody can know whether it went out; it
is shown as such and never sent again by itself, because nobody is told twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, note_act
from fenzhen.hotline.quiet import QuietHours
from fenzhen.hotline.roles import Role
from fenzhen.records.couriers import ContactWay, Delivery
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.units import Unit
from fenzhen.records.words import COURIERS

#: Waits before the second, third … try. After the last one a person must look.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
#: A carrier that has not said in this time what became of a message is taken for dead.
LOST_AFTER = timedelta(minutes=10)
#: Who may keep addresses and send again.
IN_CHARGE = frozenset({Role.SECTION_CHIEF, Role.ADMIN})


def plan_deliveries(notice: Notice, *, now: datetime) -> int:
    """Write one `Delivery` for each address of the person, and of their unit's group chats; returns how many.

    However often it is called: a way gets a notice once, and a unit's group chat gets once what several
    people of the unit are told of the same event.
    """
    person = notice.person
    ways = Q(person=person)
    if person.unit_id:
        ways |= Q(unit_id=person.unit_id)
    with transaction.atomic():
        # The lock makes two workers who tell two people of one unit take turns at the unit's chat.
        found = list(ContactWay.objects.select_for_update().filter(ways, is_active=True))
        if not found:
            return 0
        same = Q(notice=notice) | Q(notice__once=notice.once, way__unit__isnull=False)
        told = set(Delivery.objects.filter(same, way__in=found).values_list("way_id", flat=True))
        held, at = _when(notice, now)
        fresh = [
            Delivery(notice=notice, way=way, state=held, next_try_at=at)
            for way in found
            if way.pk not in told
        ]
        Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def claim_delivery(*, by: User, now: datetime) -> Delivery | None:
    """Take the next message that is due, for this carrier alone, and say so before anything is sent.

    What the person has meanwhile seen on the page is not sent; what fell into quiet hours waits on.
    """
    due = Delivery.objects.filter(_is("waiting") | _is("quiet"), next_try_at__lte=now)
    for row in due.select_related("notice__person", "notice__ticket", "way").order_by("next_try_at", "pk")[
        :50
    ]:
        if row.way.person_id and row.notice.seen_at is not None:
            _move(row, "needless", next_try_at=None)
            continue
        if not row.way.is_active or (row.way.person and not row.way.person.is_active):
            _move(row, "failed", next_try_at=None, trouble=_("这个联系方式已停用。"))
            continue
        held, at = _when(row.notice, now)
        if held == "quiet":
            _move(row, "quiet", next_try_at=at)
            continue
        if _move(row, "sending", next_try_at=now, tries=row.tries + 1):
            return row
    return None


def record_sent(delivery: Delivery, *, by: User, now: datetime, remark: str = "") -> None:
    """It went out. *remark*: what should be known about how (``console``: printed, because nothing is set up)."""
    _move(delivery, "sent", sent_at=now, next_try_at=None, trouble=remark[:255])


def record_failed(delivery: Delivery, why: str, *, by: User, now: datetime, again: bool = True) -> None:
    """It did not go out. Tried again after a growing wait, unless *again* is false or all tries are used up."""
    if again and delivery.tries <= len(WAITS):
        _move(delivery, "waiting", next_try_at=now + WAITS[delivery.tries - 1], trouble=why[:255])
    else:
        _move(delivery, "failed", next_try_at=None, trouble=why[:255])


def give_up_lost(*, by: User, now: datetime) -> int:
    """What a carrier took and never spoke of again: perhaps sent, perhaps not. Returns how many."""
    lost = Delivery.objects.filter(_is("sending"), next_try_at__lt=now - LOST_AFTER)
    return lost.update(state="unsure", next_try_at=None)


def send_again(delivery: Delivery, *, by: User, now: datetime) -> None:
    """A person decides that it goes out once more. Raises `NotYours`, `Incomplete`."""
    _may(by)
    if delivery.state not in {"failed", "unsure"}:
        raise Incomplete({"delivery": _("这条消息不在“失败”或“可能已发”之列，没有重发。")})
    with transaction.atomic():
        if _move(delivery, "waiting", next_try_at=now, tries=0, trouble=""):
            note_act(f"delivery:{delivery.pk}", "send_again", by=by, now=now)


def add_way(
    *, by: User, now: datetime, courier: str, address: str, person: str = "", unit: str = ""
) -> ContactWay:
    """Keep an address of a person (by account) or of a unit's group chat (by code).

    Raises `Incomplete` naming what is wrong, `NotYours`.
    """
    _may(by)
    wrong: dict[str, str] = {}
    address = address.strip()
    if courier not in COURIERS:
        wrong["courier"] = _("请选择渠道。")
    wrong |= _address_faults(courier, address)
    holder = User.objects.filter(username=person, is_active=True).first() if person else None
    group = Unit.objects.filter(code=unit, is_active=True).first() if unit else None
    if (holder is None) == (group is None):
        wrong["holder"] = _("请写一个账号，或一个单位代码，二者选一；须是在用的。")
    if wrong:
        raise Incomplete(wrong)
    with transaction.atomic():
        same = ContactWay.objects.filter(person=holder, unit=group, courier=courier, is_active=True)
        if any(way.address == address for way in same):
            raise Incomplete({"address": _("这个地址已经登记过。")})
        way = ContactWay.objects.create(person=holder, unit=group, courier=courier, address=address)
        note_act(f"way:{way.pk}", "add_way", by=by, now=now, facts={"courier": courier})
    return way


def end_way(way: ContactWay, *, by: User, now: datetime) -> None:
    """Nothing goes to this address any more; what went there stays on record. Raises `NotYours`."""
    _may(by)
    with transaction.atomic():
        if ContactWay.objects.filter(pk=way.pk, is_active=True).update(is_active=False):
            note_act(f"way:{way.pk}", "end_way", by=by, now=now)


def _address_faults(courier: str, address: str) -> dict[str, str]:
    if courier == "email":
        local, _at, domain = address.partition("@")
        fine = bool(local and "." in domain) or domain == "localhost"
        return {} if fine and " " not in address else {"address": _("邮件地址写成 name@example.cn 这样。")}
    if courier == "sms":
        digits = address.removeprefix("+").replace("-", "").replace(" ", "")
        fine = digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15
        return {} if fine else {"address": _("手机号只能是数字。")}
    if courier in {"wecom", "dingtalk", "feishu"}:
        fine = address.startswith(("https://", "http://")) and len(address.split()) <= 2
        return {} if fine else {"address": _("请填机器人的 Webhook 地址；启用了加签的，空一格再写密钥。")}
    return {}


def _may(by: User) -> None:
    if by.role not in IN_CHARGE | {Role.SYSTEM}:
        raise NotYours


def _is(state: str) -> Q:
    return Q(state=state)


def _move(row: Delivery, to: str, **values: Any) -> bool:
    """Move a delivery from the state that *row* was read in; False where somebody was faster."""
    # A delivery is no ticket: its state is moved here, by the same kind of conditional UPDATE as in desk/step.
    changed: Mapping[str, Any] = {"state": to, **values}
    moved = Delivery.objects.filter(pk=row.pk, tries=row.tries).filter(_is(row.state)).update(**changed)
    if moved:
        for name, value in changed.items():
            setattr(row, name, value)
    return bool(moved)


def level_of(notice: Notice) -> int:
    """The level that counts for quiet hours; what hangs on no ticket may wait like level 4."""
    if notice.is_urgent:
        return 1
    level = notice.facts.get("level") or (notice.ticket.level if notice.ticket else 4)
    try:
        return int(level)
    except ValueError:
        return 4  # the colour of an alarm: what must not wait is urgent anyway


def _when(notice: Notice, now: datetime) -> tuple[str, datetime]:
    try:
        quiet = QuietHours.of(setting("quiet", None))
    except (ValueError, TypeError, AttributeError):
        quiet = None  # `fenzhen check` names the fault; a message is not lost over it
    ends = quiet.until(timezone.localtime(now), level_of(notice)) if quiet else None
    return ("quiet", ends) if ends else ("waiting", now)


__all__ = [
    "IN_CHARGE",
    "LOST_AFTER",
    "WAITS",
    "add_way",
    "claim_delivery",
    "end_way",
    "give_up_lost",
    "level_of",
    "plan_deliveries",
    "record_failed",
    "record_sent",
    "send_again",
]
