"""A made-up past at any hour, from any seed, and where none is made."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import transaction

from fenzhen.desk.step import NotYours
from fenzhen.hotline.journey import TicketState
from fenzhen.office.accounts import system_account
from fenzhen.office.demo import DemoThere, NoDemo, make_demo
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.rules import forget_rules
from fenzhen.records.tickets import Ticket
from tests.cast import BEIJING, Cast
from tests.office.test_demo import DAXING, NOT_SHOWN, NOW, desk_has_work, made


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 9, 1, 20, tzinfo=BEIJING),
        datetime(2026, 3, 9, 9, 5, tzinfo=BEIJING),
        datetime(2026, 3, 8, 18, 0, tzinfo=BEIJING),
        datetime(2026, 10, 3, 12, 0, tzinfo=BEIJING),
        datetime(2027, 7, 15, 23, 50, tzinfo=BEIJING),
    ],
    ids=lambda at: f"{at:%a-%H%M}",
)
def test_whatever_the_hour_there_is_something_to_show(db: None, now: datetime) -> None:
    forget_rules()
    result = made(now, 110)
    missing = {s for s in TicketState if s not in result.by_state}
    assert missing <= NOT_SHOWN | {TicketState.VOIDED, TicketState.WITHDRAWN}
    desk_has_work(callbacks=20)
    assert not Entry.objects.filter(at__gt=now).exists()


def test_the_same_seed_and_moment_make_the_same_tickets(db: None) -> None:
    forget_rules()

    def print_() -> str:
        rows = Ticket.objects.order_by("pk").values_list(
            "number", "title", "body", "state", "received_at", "level"
        )
        return sha256(repr(list(rows)).encode()).hexdigest()

    prints = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            made(NOW, 12, days=5, seed=seed)
            prints.append(print_())
            transaction.set_rollback(True)
    assert prints[0] == prints[1] != prints[2]


def test_a_made_up_past_is_never_mixed_with_real_tickets(cast: Cast) -> None:
    cast.waiting()
    with pytest.raises(DemoThere):
        make_demo(DAXING, by=system_account(), now=cast.now)
    assert Ticket.objects.count() == 1


def test_a_district_that_is_no_demo_gets_none(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(NotYours):
        make_demo(DAXING, by=cast.chen, now=cast.now)
    with pytest.raises(NoDemo):
        make_demo(tmp_path, by=system_account(), now=cast.now)
    with pytest.raises(NoDemo):  # the cast's district has no invented estates
        make_demo(DAXING, by=system_account(), now=cast.now)
    District.objects.update(is_demo=False)
    with pytest.raises(NoDemo):
        make_demo(DAXING, by=system_account(), now=cast.now)
    assert Ticket.objects.count() == 0
