"""At the triage desk, before a ticket goes to a unit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Category
from fenzhen.records.handling import Note
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket


@verb
def hold_ticket(ticket: Ticket, *, by: User, now: datetime) -> bool:
    """Take a waiting ticket into one's hands for a short while, so that two dispatchers never fight.

    True if it is (still) mine; False if a colleague holds it. Holding moves nothing and is not journaled.
    """
    if by.role not in roles.DESK:
        raise NotYours
    until = now + timedelta(seconds=int(setting("hold_seconds", 120)))
    free = Q(held_by=None) | Q(held_by=by) | Q(held_until__lt=now)
    hit = Ticket.objects.filter(free, pk=ticket.pk, state="pending_dispatch").update(
        held_by=by, held_until=until
    )
    ticket.refresh_from_db(fields=["held_by", "held_until", "state"])
    return bool(hit)


@verb
def release_ticket(ticket: Ticket, *, by: User, now: datetime) -> None:
    """Let go of a held ticket."""
    Ticket.objects.filter(pk=ticket.pk, held_by=by).update(held_by=None, held_until=None)


def require_hand(ticket: Ticket, by: User, now: datetime) -> None:
    """Raises `MovedMeanwhile` while a colleague has the ticket in hand."""
    row = Ticket.objects.select_related("held_by").get(pk=ticket.pk)
    if row.held_by and row.held_by_id != by.pk and row.held_until and row.held_until > now:
        refusal = MovedMeanwhile(row, None)
        refusal.who, refusal.act = row.held_by.name, "hold"
        raise refusal


@verb
def ask_back(ticket: Ticket, *, by: User, now: datetime, text: str) -> Ticket:
    """Send it back to intake for what is missing; the clock waits."""
    text = privacy.lift_numbers(privacy.clean_text(text))[0]
    if not text:
        raise Incomplete({"text": _("请写明需要补充什么。")})
    require_hand(ticket, by, now)
    entry = step(
        ticket, "ask_back", by=by, now=now, facts={"words": text_hash(text)}, held_by=None, held_until=None
    )
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="ask_back", text=text)
    return ticket


@verb
def change_level(ticket: Ticket, *, by: User, now: datetime, level: int) -> Ticket:
    """Another level for a waiting ticket."""
    if level not in (1, 2, 3, 4):
        raise Incomplete({"level": _("等级只有一级到四级。")})
    step(ticket, "change_level", by=by, now=now, facts={"was": ticket.level}, level=level)
    return ticket


@verb
def classify_ticket(
    ticket: Ticket, *, by: User, now: datetime, category: Category | None = None, place: Place | None = None
) -> Ticket:
    """Set the category or the place by hand."""
    changes: dict[str, Any] = {}
    if category is not None:
        changes["category"] = category
    if place is not None:
        changes["place"] = place
        changes["town"] = Place.objects.filter(code=place.town or place.code).first()
    if not changes:
        raise Incomplete({"category": _("请选择分类或地点。")})
    step(
        ticket,
        "classify",
        by=by,
        now=now,
        facts={"category": category.code if category else None, "place": place.code if place else None},
        **changes,
    )
    return ticket


@verb
def record_advice(ticket: Ticket, *, by: User, now: datetime, advice: Mapping[str, Any]) -> Advice:
    """Keep what the adviser thinks of a ticket, and let its place and category fill empty ones.

    What a person has entered is never overwritten; a signal may raise the level of a waiting ticket.
    *advice* has the columns of `Advice` plus optional `category_code`, `place_code`, `town_code`.
    """
    fields = dict(advice)
    category = Category.objects.filter(code=fields.pop("category_code", "") or "").first()
    place = Place.objects.filter(code=fields.pop("place_code", "") or "").first()
    town = Place.objects.filter(code=fields.pop("town_code", "") or "").first()
    ticket.refresh_from_db()
    changes: dict[str, Any] = {}
    if ticket.category_id is None and category:
        changes["category"] = category
    if ticket.place_id is None and place:
        changes["place"] = place
    if ticket.town_id is None and town:
        changes["town"] = town
    if ticket.state == "pending_dispatch":
        if ticket.dispatched_at is None and not Note.objects.filter(ticket=ticket).exists():
            changes["level"] = min(int(fields.get("level", ticket.level)), 4)
    step(
        ticket,
        "advise",
        by=by,
        now=now,
        facts={
            "adviser": fields.get("adviser", ""),
            "units": [u.get("unit") for u in fields.get("units", [])],
            **{name: changes[name].code for name in ("category", "place", "town") if name in changes},
        },
        **changes,
    )
    row, _made = Advice.objects.update_or_create(ticket=ticket, defaults={"made_at": now, **fields})
    return row
