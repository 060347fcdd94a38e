"""Messages outwards: what they say, what became of them, and where they go."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.district import district_of
from fenzhen.board.words import word
from fenzhen.hotline import privacy
from fenzhen.hotline.roles import Role
from fenzhen.records.couriers import ContactWay, Delivery
from fenzhen.records.handling import Assignment
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: Who sees what went out and to whom.
IN_CHARGE = frozenset({Role.SECTION_CHIEF, Role.ADMIN})
#: Kinds whose clock is not the handling limit.
_CLOCKS = {
    "late_triage": "triage_due",
    "need_info": "triage_due",
    "late_callback": "callback_due",
    "appointment": "callback_due",
}


@dataclass(frozen=True, slots=True)
class WaySeen:
    """An address as a page may show it: masked."""

    way: ContactWay
    holder: str
    address: str
    sent: int
    failed: int


def message_of(viewer: User, notice: Notice) -> str:
    """What a message says: number, category, level, deadline; never the caller's name, phone or words.

    A secret matter gives not even its category away.
    """
    what = word("notice", notice.kind)
    parts = [_("有新情况") if what == notice.kind else what]
    ticket = notice.ticket
    if ticket is not None:
        parts.append(_("编号%(number)s") % {"number": ticket.number})
        if ticket.category and not ticket.is_secret and not ticket.is_report:
            parts.append(f"{ticket.category.level1}/{ticket.category.name}")
        parts.append(word("level", int(notice.facts.get("level") or ticket.level)))
        due = _deadline(notice, ticket)
        if due is not None:
            parts.append(_("期限%(due)s") % {"due": timezone.localtime(due).strftime("%m-%d %H:%M")})
    here = district_of(viewer)
    sign = _("分诊") + (f"·{here.name}" if here and here.name else "")
    return f"【{sign}】" + "，".join(parts) + "。" + _("详情请登录查看。")


def _deadline(notice: Notice, ticket: Ticket) -> datetime | None:
    clock = _CLOCKS.get(notice.kind)
    if clock:
        due: datetime | None = getattr(ticket, clock)
        return due
    unit = notice.facts.get("unit") or notice.person.unit_id
    if unit:
        share = Assignment.objects.filter(ticket=ticket, unit_id=unit).order_by("-round", "-id").first()
        if share is not None:
            if notice.kind == "late_sign":
                return share.sign_due
            return share.handle_due
    return ticket.own_deadline or ticket.city_deadline


def deliveries(viewer: User, *, state: str = "", courier: str = "", most: int = 100) -> list[Delivery]:
    """The newest messages, only those in *state* and by *courier* where they are given; nothing for anybody not
    in charge."""
    if viewer.role not in IN_CHARGE:
        return []
    rows = Delivery.objects.select_related(
        "notice__person", "notice__ticket", "way__person", "way__unit"
    ).order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if courier:
        rows = rows.filter(way__courier=courier)
    return list(rows[:most])


def delivery_counts(viewer: User) -> Counter[str]:
    """How many messages are in each state."""
    if viewer.role not in IN_CHARGE:
        return Counter()
    rows = Delivery.objects.order_by().values("state").annotate(n=Count("pk"))
    return Counter(dict(rows.values_list("state", "n")))


def delivery_for(viewer: User, pk: int) -> Delivery:
    """One message. Raises `Delivery.DoesNotExist`, also for whoever may not know."""
    rows = Delivery.objects.select_related("notice__ticket", "way")
    return (rows if viewer.role in IN_CHARGE else rows.none()).get(pk=pk)


def deliveries_of(viewer: User, notices: list[Notice]) -> dict[int, list[Delivery]]:
    """What went out for the viewer's own notices, by notice."""
    found: dict[int, list[Delivery]] = {}
    mine = [notice.pk for notice in notices if notice.person_id == viewer.pk]
    for row in Delivery.objects.filter(notice__in=mine).select_related("way"):
        found.setdefault(row.notice_id, []).append(row)
    return found


def ways(viewer: User) -> list[WaySeen]:
    """All addresses in use, masked; for those in charge."""
    if viewer.role not in IN_CHARGE:
        return []
    went: dict[int, Counter[str]] = {}
    rows = Delivery.objects.order_by().values("way_id", "state").annotate(n=Count("pk"))
    for way, state, n in rows.values_list("way_id", "state", "n"):
        went.setdefault(way, Counter())[state] += n
    return [
        WaySeen(
            way,
            str(way.unit) if way.unit else (way.person.name if way.person else ""),
            masked_address(way.courier, way.address),
            went.get(way.pk, Counter())["sent"],
            went.get(way.pk, Counter())["failed"],
        )
        for way in ContactWay.objects.filter(is_active=True).select_related("person__unit", "unit")
    ]


def way_for(viewer: User, pk: int) -> ContactWay:
    """One address. Raises `ContactWay.DoesNotExist`, also for whoever may not know."""
    rows = ContactWay.objects.all()
    return (rows if viewer.role in IN_CHARGE else rows.none()).get(pk=pk)


def masked_address(courier: str, address: str) -> str:
    """An address that tells which one it is and cannot be used."""
    if courier == "sms":
        return privacy.masked_phone(address)
    if courier == "email":
        local, at, domain = address.partition("@")
        return f"{local[:2]}***{at}{domain}"
    if courier in {"wecom", "dingtalk", "feishu"}:
        web = address.split()[0] if address else ""
        return f"{web[:24]}…{web[-4:]}"
    return address


def people_to_reach(viewer: User) -> list[User]:
    """Accounts that may get an address, for the form."""
    if viewer.role not in IN_CHARGE:
        return []
    return list(
        User.objects.filter(is_active=True)
        .exclude(role=Role.SYSTEM)
        .select_related("unit")
        .order_by("unit__code", "username")
    )


def units_to_reach(viewer: User) -> list[Unit]:
    """Units whose group chat may get an address, for the form."""
    if viewer.role not in IN_CHARGE:
        return []
    return list(Unit.objects.filter(is_active=True))


__all__ = [
    "IN_CHARGE",
    "WaySeen",
    "deliveries",
    "deliveries_of",
    "delivery_counts",
    "delivery_for",
    "masked_address",
    "message_of",
    "people_to_reach",
    "units_to_reach",
    "way_for",
    "ways",
]
