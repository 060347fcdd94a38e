"""Telling people something on their page, each thing once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from fenzhen.office.outbox import plan_deliveries
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


def tell(
    person: User,
    kind: str,
    *,
    once: str,
    now: datetime,
    ticket: Ticket | None = None,
    urgent: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Notice:
    """Tell *person* something of *kind*; the same *once* is told to one person once only, however often asked.

    *facts* carry ids, codes and counts, never names or texts. Urgent ones stand on top of every page until
    they are put away. Whoever has addresses outside the page is told there too (office/outbox.py).
    """
    with transaction.atomic():
        notice, made = Notice.objects.get_or_create(
            person=person,
            once=once[:80],
            defaults={
                "kind": kind,
                "ticket": ticket,
                "is_urgent": urgent,
                "facts": dict(facts or {}),
                "created_at": now,
            },
        )
        if made:
            plan_deliveries(notice, now=now)
    return notice


def see_notice(notice: Notice, *, by: User, now: datetime) -> None:
    """*by* puts their own notice away; somebody else's stays as it is, and so does the time of the first look."""
    Notice.objects.filter(pk=notice.pk, person=by, seen_at__isnull=True).update(seen_at=now)


def see_all_notices(*, by: User, now: datetime) -> int:
    """*by* puts away all of their notices that are not urgent; returns how many."""
    return Notice.objects.filter(person=by, is_urgent=False, seen_at__isnull=True).update(seen_at=now)
