"""Many tickets, one matter: seen by the third caller, in people's hands from then on."""

from datetime import timedelta

import pytest

from fenzhen.desk.step import Incomplete
from fenzhen.office.accounts import system_account
from fenzhen.office.events import (
    begin_event,
    confirm_event,
    dismiss_event,
    merge_events,
    part_tickets,
    put_tickets,
    see_alert,
    watch_again,
)
from fenzhen.office.seal import seal_everything
from fenzhen.office.spotting import forget_spotter, spot_arrivals
from fenzhen.records.events import Event, EventAlert, EventTicket
from fenzhen.records.notices import Notice
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db

WINDOWS = [
    ("清荷苑的窗户缩水了", "交房才发现客厅窗户只有六十公分高，和样板间不一样。"),
    ("清荷苑窗户太小没有采光", "新房窗户被砖封堵了一半，屋里白天也要开灯。"),
    ("清荷苑窗户够不着把手", "窗户开得太高太小，老人够不着把手，开发商不管。"),
    ("清荷苑封堵窗户", "窗户外面砌了砖，和合同、样板间都不符，要求恢复窗户。"),
]


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget_spotter()


def spot(cast: Cast, hours: float = 30) -> None:
    system = system_account()
    seal_everything(by=system, now=cast.now)
    spot_arrivals(by=system, now=cast.now + timedelta(hours=hours))


def calls(cast: Cast, texts: list[tuple[str, str]], *, one_person: bool = False) -> list[Ticket]:
    return [
        cast.waiting(
            cast.now + timedelta(hours=n),
            title=title,
            body=body,
            name="冯小满" if one_person else f"来电人{n}",
            phone="13900000001" if one_person else f"1390000{n:04d}",
        )
        for n, (title, body) in enumerate(texts)
    ]


def test_the_third_caller_makes_an_event_and_an_alarm(cast: Cast):
    tickets = calls(cast, WINDOWS)
    cast.waiting(
        cast.now + timedelta(hours=1),
        title="路灯不亮",
        body="村口的路灯坏了一个月。",
        phone="13911110000",
        name="甲",
    )
    spot(cast)
    event = Event.objects.get()
    assert (event.people, event.tickets, event.place, event.town) == (4, 4, cast.estate, cast.town)
    assert set(event.members.values_list("ticket", flat=True)) == {ticket.pk for ticket in tickets}
    alert = EventAlert.objects.get(event=event, level="blue")
    assert alert.people == 3 and alert.last_ticket == tickets[2]
    assert event.state == "watched" and event.alerted_at == tickets[2].received_at


def test_one_man_calling_again_and_again_is_no_event_with_an_alarm(cast: Cast):
    calls(cast, WINDOWS * 3, one_person=True)
    spot(cast)
    assert not EventAlert.objects.exists() and not Notice.objects.filter(kind="event_alert").exists()
    assert Event.objects.get().people == 1


def test_nothing_is_spotted_twice_and_another_worker_goes_on_where_the_first_stood(cast: Cast):
    calls(cast, WINDOWS[:2])
    spot(cast)
    assert Event.objects.get().tickets == 2
    spot(cast)
    forget_spotter()  # another process: it reads what was there and knows the same
    cast.waiting(
        cast.now + timedelta(hours=5), title=WINDOWS[2][0], body=WINDOWS[2][1], phone="13955550000", name="乙"
    )
    spot(cast)
    assert Event.objects.get().tickets == 3 and EventAlert.objects.count() == 1


def test_a_persons_word_is_law_even_after_a_new_start(cast: Cast):
    tickets = calls(cast, WINDOWS[:3])
    spot(cast)
    event = Event.objects.get()
    assert part_tickets(event, [tickets[1]], by=cast.chen, now=cast.now) is None
    assert event.members.count() == 2
    spot(cast)
    forget_spotter()
    cast.waiting(
        cast.now + timedelta(hours=5), title=WINDOWS[3][0], body=WINDOWS[3][1], phone="13955550000", name="乙"
    )
    spot(cast)
    assert not EventTicket.objects.filter(ticket=tickets[1], event=event).exists()
    assert event.members.count() == 3


def test_two_events_become_one_and_what_comes_goes_there(cast: Cast):
    windows = calls(cast, WINDOWS[:2])
    lifts = [
        cast.waiting(
            cast.now + timedelta(hours=6 + n),
            title=f"电梯{word}",
            body="二号楼电梯总是坏，困过人。",
            phone=f"1380000{n:04d}",
            name=f"丙{n}",
        )
        for n, word in enumerate(["停运", "故障"])
    ]
    spot(cast)
    first, second = Event.objects.order_by("first_at")
    kept = merge_events(second, first, by=cast.chen, now=cast.now)
    assert kept == first and kept.tickets == 4
    second.refresh_from_db()
    assert second.state == "merged" and second.merged_into == first
    spot(cast)
    assert set(first.members.values_list("ticket", flat=True)) == {t.pk for t in windows + lifts}
    with pytest.raises(Incomplete):
        merge_events(first, second, by=cast.chen, now=cast.now)


def test_the_alarms_of_both_stay_with_what_became_one_and_the_higher_colour_too(cast: Cast):
    calls(cast, WINDOWS[:2])
    for n, word in enumerate(["停运", "故障"]):
        cast.waiting(
            cast.now + timedelta(hours=6 + n), title=f"电梯{word}", body="二号楼电梯总是坏，困过人。",
            phone=f"1380000{n:04d}", name=f"丙{n}",
        )  # fmt: skip
    spot(cast)
    first, second = Event.objects.order_by("first_at")
    for event, level, hours in ((first, "blue", 2), (second, "blue", 1), (second, "orange", 3)):
        EventAlert.objects.create(
            event=event,
            level=level,
            at=cast.now + timedelta(hours=hours),
            people=3,
            tickets=3,
            title="多人来电",
        )
    kept = merge_events(first, second, by=cast.chen, now=cast.now)
    assert kept == first and kept.level == "orange"
    assert sorted(kept.alerts.values_list("level", flat=True)) == ["blue", "orange"]  # no colour twice
    assert kept.alerted_at == cast.now + timedelta(hours=2)


def test_what_a_person_says_is_no_event_makes_no_alarm(cast: Cast):
    calls(cast, WINDOWS[:2])
    spot(cast)
    event = Event.objects.get()
    dismiss_event(event, by=cast.chen, now=cast.now, why="两家各有各的事")
    cast.waiting(
        cast.now + timedelta(hours=5), title=WINDOWS[2][0], body=WINDOWS[2][1], phone="13955550000", name="乙"
    )
    spot(cast)
    assert not EventAlert.objects.exists()
    assert watch_again(event, by=cast.chen, now=cast.now).state == "watched"
    assert confirm_event(event, by=cast.chen, now=cast.now).state == "confirmed"
    with pytest.raises(Incomplete):
        confirm_event(event, by=cast.chen, now=cast.now)


def test_a_person_makes_an_event_of_what_nobody_saw(cast: Cast):
    one = cast.waiting(cast.now, title="楼道灯坏了", phone="13800000001", name="丁")
    other = cast.waiting(
        cast.now + timedelta(hours=3),
        title="有人乱停车",
        body="消防通道被占。",
        phone="13800000002",
        name="戊",
    )
    spot(cast)
    event = begin_event([one, other], by=cast.chen, now=cast.now, title="清荷苑物业失管")
    assert event.state == "confirmed" and event.people == 2
    spot(cast)
    assert event.members.count() == 2
    third = cast.waiting(cast.now + timedelta(hours=4), title="垃圾没人收", phone="13800000003", name="己")
    put_tickets(event, [third], by=cast.chen, now=cast.now)
    event.refresh_from_db()
    assert event.tickets == 3 and EventTicket.objects.get(ticket=third).how == "person"


def test_an_alarm_is_seen_once(cast: Cast):
    calls(cast, WINDOWS[:3])
    spot(cast)
    alert = EventAlert.objects.get()
    assert see_alert(alert, by=cast.chen, now=cast.now)
    assert not see_alert(alert, by=cast.wang, now=cast.now)
    alert.refresh_from_db()
    assert alert.seen_by == cast.chen
