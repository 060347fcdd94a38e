"""What people say about events. Their word is law: the spotter obeys it from then on, and every word can be taken back.

Nothing here moves a ticket: each caller keeps their own ticket, acknowledgement, reply and call-back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from fenzhen.board.events import LIVE
from fenzhen.desk.step import Incomplete, note_act, verb
from fenzhen.office.spotting import recount, take_over_alarms
from fenzhen.records.events import Event, EventAlert, EventTicket, EventWord
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


@verb
def confirm_event(event: Event, *, by: User, now: datetime) -> Event:
    """Yes, these calls are one event. Raises `Incomplete` where it is not watched (any more)."""
    note_act(f"event:{event.pk}", "confirm_event", by=by, now=now, facts={"tickets": event.tickets})
    return _decided(event, ("watched", "dismissed"), "confirmed", by, now, "")


@verb
def dismiss_event(event: Event, *, by: User, now: datetime, why: str = "") -> Event:
    """No event: nobody is told of it any more. Its tickets go their own ways as they always did."""
    note_act(f"event:{event.pk}", "dismiss_event", by=by, now=now)
    return _decided(event, ("watched", "confirmed"), "dismissed", by, now, why)


@verb
def watch_again(event: Event, *, by: User, now: datetime) -> Event:
    """Take back a dismissal or a confirmation: the event is watched as before."""
    note_act(f"event:{event.pk}", "watch_again", by=by, now=now)
    return _decided(event, ("dismissed", "confirmed"), "watched", by, now, "")


@verb
def rename_event(event: Event, *, by: User, now: datetime, title: str) -> Event:
    """Call it by what it is: the title a machine took from the first call is seldom the best. Raises `Incomplete`."""
    note_act(f"event:{event.pk}", "rename_event", by=by, now=now)
    title = " ".join(title.split())[:120]
    if not title:
        raise Incomplete({"title": _("请填写事件名称。")})
    Event.objects.filter(pk=event.pk).update(title=title, version=F("version") + 1)
    _named(event, by, now)
    event.refresh_from_db()
    return event


@verb
def merge_events(event: Event, other: Event, *, by: User, now: datetime) -> Event:
    """These two are one. The older one stays and has all members; returns it. Raises `Incomplete`."""
    first, second = sorted((event, other), key=lambda one: (one.first_at, one.pk))
    note_act(f"event:{first.pk}", "merge_events", by=by, now=now, facts={"other": second.pk})
    if first.pk == second.pk:
        raise Incomplete({"other": _("请选择另一个事件。")})
    if first.state not in LIVE or second.state not in LIVE:
        raise Incomplete({"other": _("已经结束的事件不能合并。")})
    if hasattr(second, "case") and hasattr(first, "case"):
        raise Incomplete({"other": _("两个事件都已开始会办，不能合并。")})
    if hasattr(second, "case"):
        first, second = second, first  # joint handling has begun there: that one stays
    EventTicket.objects.filter(event=second).update(event=first)
    Event.objects.filter(pk=second.pk).update(
        state="merged", merged_into=first, people=0, tickets=0, version=F("version") + 1,
        decided_by=by, decided_at=now,
    )  # fmt: skip
    take_over_alarms(first, second)
    EventWord.objects.create(kind="merge", event=first.key, other=second.key, by=by, at=now)
    return recount(first)


@verb
def part_tickets(event: Event, tickets: Iterable[Ticket], *, by: User, now: datetime) -> Event | None:
    """Not this event: the tickets leave it together, and the spotter never puts them back.

    Two and more of them are an event of their own, which is returned; one alone is a plain ticket again. Raises `Incomplete`.
    """
    pks = sorted({ticket.pk for ticket in tickets})
    note_act(f"event:{event.pk}", "part_tickets", by=by, now=now, facts={"tickets": pks})
    rows = list(
        EventTicket.objects.filter(event=event, ticket__in=pks).select_related("ticket").order_by("ticket")
    )
    if not rows or len(rows) != len(pks):
        raise Incomplete({"tickets": _("请选择这个事件里的工单。")})
    if len(rows) == event.members.count():
        raise Incomplete({"tickets": _("不能把全部工单都移出；如果不是事件，请选“不是同一件事”。")})
    EventWord.objects.create(kind="apart", event=event.key, tickets=pks, by=by, at=now)
    fresh: Event | None = None
    if len(rows) > 1:
        first = rows[0].ticket
        fresh = Event.objects.create(
            key=_free_key(f"E{pks[0]}"), title=(first.title or first.body)[:60], first_at=first.received_at,
            last_at=first.received_at,
        )  # fmt: skip
        EventTicket.objects.filter(pk__in=[row.pk for row in rows]).update(event=fresh, how="person", by=by)
        recount(fresh)
    else:
        EventTicket.objects.filter(pk=rows[0].pk).delete()
    recount(event)
    return fresh


@verb
def put_tickets(event: Event, tickets: Sequence[Ticket], *, by: User, now: datetime) -> Event:
    """These belong there: a person moves tickets into an event (likely members, or found by reading)."""
    pks = sorted({ticket.pk for ticket in tickets})
    note_act(f"event:{event.pk}", "put_tickets", by=by, now=now, facts={"tickets": pks})
    event.refresh_from_db()
    if event.state not in LIVE:
        raise Incomplete({"tickets": _("这个事件已经结束。")})
    if not pks:
        raise Incomplete({"tickets": _("请选择工单。")})
    left = set(
        EventTicket.objects.filter(ticket__in=pks).exclude(event=event).values_list("event", flat=True)
    )
    for pk in pks:
        EventTicket.objects.update_or_create(
            ticket_id=pk, defaults={"event": event, "how": "person", "at": now, "by": by, "chance": 1.0}
        )
    EventWord.objects.create(kind="put", event=event.key, tickets=pks, by=by, at=now)
    for old in Event.objects.filter(pk__in=left):
        recount(old)
    return recount(event)


@verb
def begin_event(tickets: Sequence[Ticket], *, by: User, now: datetime, title: str) -> Event:
    """A person sees what the spotter did not: these tickets are one event. Raises `Incomplete`."""
    title = " ".join(title.split())[:120]
    wrong = {}
    if not title:
        wrong["title"] = _("请填写事件名称。")
    if len({ticket.pk for ticket in tickets}) < 2:
        wrong["tickets"] = _("请至少选择两张工单。")
    if wrong:
        raise Incomplete(wrong)
    first = min(tickets, key=lambda one: (one.received_at, one.pk))
    held = EventTicket.objects.filter(ticket=first).select_related("event").first()
    if held is not None and held.event.state in LIVE:
        event = held.event
    else:
        event = Event.objects.create(
            key=_free_key(f"E{first.pk}"), title=title, first_at=first.received_at, last_at=first.received_at,
            state="confirmed", decided_by=by, decided_at=now,
        )  # fmt: skip
        _named(event, by, now)
    note_act(f"event:{event.pk}", "begin_event", by=by, now=now)
    return put_tickets(event, tickets, by=by, now=now)


@verb
def see_alert(alert: EventAlert, *, by: User, now: datetime) -> bool:
    """Somebody takes note of an alarm; False where somebody else was first, whose name stays."""
    note_act(f"alert:{alert.pk}", "see_alert", by=by, now=now)
    return bool(EventAlert.objects.filter(pk=alert.pk, seen_at__isnull=True).update(seen_by=by, seen_at=now))


def _decided(event: Event, sources: tuple[str, ...], target: str, by: User, now: datetime, why: str) -> Event:
    moved = Event.objects.filter(pk=event.pk, state__in=sources).update(
        state=target, decided_by=by, decided_at=now, decided_why=why[:255], version=F("version") + 1
    )
    event.refresh_from_db()
    if not moved:
        raise Incomplete({"state": _("事件的状态已经变了，请刷新后再看。")})
    return event


def _named(event: Event, by: User, now: datetime) -> None:
    """From now on the title is a person's: `recount` leaves it alone. The spotter has nothing to obey in it."""
    EventWord.objects.create(kind="name", event=event.key, by=by, at=now)


def _free_key(wanted: str) -> str:
    key, turn = wanted, 1
    while Event.objects.filter(key=key).exists():
        turn += 1
        key = f"{wanted}.{turn}"
    return key


__all__ = [
    "LIVE", "begin_event", "confirm_event", "dismiss_event", "merge_events", "part_tickets",
    "put_tickets", "rename_event", "see_alert", "watch_again",
]  # fmt: skip
