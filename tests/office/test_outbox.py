"""Messages outwards: planned once, held in quiet hours, tried again with growing waits, never sent twice."""

from datetime import datetime, timedelta

import pytest

from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.office.notices import see_notice, tell
from fenzhen.office.outbox import (
    LOST_AFTER,
    WAITS,
    add_way,
    claim_delivery,
    end_way,
    give_up_lost,
    plan_deliveries,
    record_failed,
    record_sent,
    send_again,
)
from fenzhen.records.couriers import ContactWay, Delivery
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from tests.cast import BEIJING, MORNING, Cast

NIGHT = datetime(2026, 3, 11, 22, 30, tzinfo=BEIJING)


def way(cast: Cast, person: str = "huang", courier: str = "sms", address: str = "13900000002") -> ContactWay:
    return add_way(by=cast.admin, now=MORNING, courier=courier, address=address, person=person)


def told(cast: Cast, now: datetime = MORNING, *, level: int = 3, once: str = "x", **more) -> Notice:
    ticket = more.pop("ticket", None) or cast.dispatched()
    return tell(cast.huang, "dispatched", once=once, now=now, ticket=ticket, facts={"level": level}, **more)


def quiet(cast: Cast, **more) -> None:
    District.objects.update(settings={"quiet": {"from": "21:00", "to": "07:00", "levels": [3, 4]} | more})


def claimed(cast: Cast, now: datetime = MORNING) -> Delivery | None:
    return claim_delivery(by=cast.admin, now=now)


def test_a_notice_becomes_one_message_for_each_way_and_planning_again_adds_none(cast: Cast) -> None:
    way(cast)
    way(cast, courier="email", address="huang@example.cn")
    notice = told(cast)
    assert Delivery.objects.filter(notice=notice).count() == 2
    told(cast, ticket=notice.ticket)
    assert plan_deliveries(notice, now=MORNING) == 0
    assert Delivery.objects.count() == 2


def test_who_has_no_way_is_told_on_the_page_only(cast: Cast) -> None:
    told(cast)
    assert Notice.objects.count() == 1 and not Delivery.objects.exists()


def test_a_units_chat_hears_of_one_event_once_though_two_people_are_told(cast: Cast) -> None:
    ways = add_way(
        by=cast.chen, now=MORNING, courier="wecom", address="http://robot.example/send?key=1", unit="T1"
    )
    other = User.objects.create(username="hu", name="胡", role="unit_liaison", unit=cast.liuhe)
    ticket = cast.dispatched()
    for person in (cast.huang, other):
        tell(person, "dispatched", once="dispatched:7", now=MORNING, ticket=ticket)
    tell(other, "dispatched", once="dispatched:8", now=MORNING, ticket=ticket)
    assert Delivery.objects.filter(way=ways).count() == 2


def test_quiet_hours_hold_levels_three_and_four_until_the_morning(cast: Cast) -> None:
    quiet(cast)
    way(cast)
    told(cast, NIGHT, level=3)
    row = Delivery.objects.get()
    assert row.state == "quiet"
    assert row.next_try_at == datetime(2026, 3, 12, 7, 0, tzinfo=BEIJING)
    assert claimed(cast, NIGHT + timedelta(hours=8)) is None
    assert claimed(cast, NIGHT + timedelta(hours=9)) is not None


@pytest.mark.parametrize("level", [1, 2])
def test_levels_one_and_two_go_out_at_any_hour_whatever_the_file_says(cast: Cast, level: int) -> None:
    quiet(cast, levels=[1, 2, 3, 4])
    way(cast)
    told(cast, NIGHT, level=level)
    assert claimed(cast, NIGHT) is not None


def test_a_retry_that_falls_into_quiet_hours_waits_too(cast: Cast) -> None:
    quiet(cast)
    way(cast)
    told(cast, NIGHT - timedelta(hours=2), level=4)
    row = claimed(cast, NIGHT - timedelta(hours=2))
    assert row is not None
    record_failed(row, "busy", by=cast.admin, now=NIGHT)
    assert claimed(cast, NIGHT + timedelta(minutes=2)) is None
    row.refresh_from_db()
    assert row.state == "quiet" and row.tries == 1


def test_what_fails_is_tried_again_after_growing_waits_and_then_given_to_a_person(cast: Cast) -> None:
    way(cast)
    told(cast)
    now = MORNING
    waited = []
    for _try in range(len(WAITS) + 1):
        row = claimed(cast, now)
        assert row is not None
        record_failed(row, "HTTP 503", by=cast.admin, now=now)
        row.refresh_from_db()
        if row.next_try_at:
            assert claimed(cast, row.next_try_at - timedelta(seconds=1)) is None
            waited.append(row.next_try_at - now)
            now = row.next_try_at
    assert tuple(waited) == WAITS and list(waited) == sorted(waited)
    assert (row.state, row.tries, row.trouble) == ("failed", len(WAITS) + 1, "HTTP 503")
    assert claimed(cast, now + timedelta(days=9)) is None


def test_what_no_try_can_help_is_not_tried_again(cast: Cast) -> None:
    way(cast)
    told(cast)
    row = claimed(cast)
    assert row is not None
    record_failed(row, "wrong key", by=cast.admin, now=MORNING, again=False)
    assert claimed(cast, MORNING + timedelta(days=1)) is None


def test_a_message_is_claimed_by_one_carrier_only(cast: Cast) -> None:
    way(cast)
    told(cast)
    assert claimed(cast) is not None
    assert claimed(cast, MORNING + timedelta(days=1)) is None


def test_a_carrier_that_dies_leaves_a_row_that_says_so_and_is_not_sent_again(cast: Cast) -> None:
    way(cast)
    told(cast)
    row = claimed(cast)
    assert row is not None
    assert give_up_lost(by=cast.admin, now=MORNING + LOST_AFTER) == 0
    assert give_up_lost(by=cast.admin, now=MORNING + LOST_AFTER + timedelta(seconds=1)) == 1
    row.refresh_from_db()
    assert row.state == "unsure"
    assert claimed(cast, MORNING + timedelta(days=1)) is None


def test_a_carrier_that_comes_back_late_does_not_overwrite_what_was_decided(cast: Cast) -> None:
    way(cast)
    told(cast)
    row = claimed(cast)
    assert row is not None
    give_up_lost(by=cast.admin, now=MORNING + timedelta(hours=1))
    record_sent(row, by=cast.admin, now=MORNING + timedelta(hours=1))
    assert Delivery.objects.get().state == "unsure"


def test_what_was_seen_on_the_page_is_not_sent_any_more(cast: Cast) -> None:
    quiet(cast)
    way(cast)
    notice = told(cast, NIGHT)
    see_notice(notice, by=cast.huang, now=NIGHT)
    assert claimed(cast, NIGHT + timedelta(hours=10)) is None
    assert Delivery.objects.get().state == "needless"


def test_a_person_may_send_again_what_failed_and_nothing_else(cast: Cast) -> None:
    way(cast)
    told(cast)
    row = Delivery.objects.get()
    with pytest.raises(Incomplete):
        send_again(row, by=cast.chen, now=MORNING)
    row = claimed(cast)
    assert row is not None
    record_failed(row, "wrong key", by=cast.admin, now=MORNING, again=False)
    with pytest.raises(NotYours):
        send_again(row, by=cast.huang, now=MORNING)
    send_again(row, by=cast.chen, now=MORNING)
    assert claimed(cast) is not None
    assert Entry.objects.filter(act="send_again", subject=f"delivery:{row.pk}").count() == 1


def test_an_address_that_was_ended_gets_nothing_more(cast: Cast) -> None:
    old = way(cast)
    told(cast)
    end_way(old, by=cast.admin, now=MORNING)
    assert claimed(cast) is None
    assert Delivery.objects.get().state == "failed"
    told(cast, once="y")
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("courier", "address"),
    [("email", "nobody"), ("sms", "12ab"), ("wecom", "ftp://x"), ("pigeon", "x"), ("dingtalk", "")],
)
def test_an_address_that_cannot_be_one_is_refused(cast: Cast, courier: str, address: str) -> None:
    with pytest.raises(Incomplete):
        way(cast, courier=courier, address=address)


def test_addresses_are_sealed_in_the_database(cast: Cast) -> None:
    from django.db import connection

    way(cast)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM records_contactway")
        kept = cursor.fetchone()[0]
    assert "13900000002" not in kept and kept.startswith("fz1.")
    assert "13900000002" not in str(list(Entry.objects.values_list("facts", flat=True)))
