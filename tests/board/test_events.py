"""What a person sees of an event: how it grew, what callers say, who should come to the table."""

from datetime import timedelta

import pytest

from fenzhen.board.events import (
    EventWish,
    NoSuchEvent,
    central_title,
    event_counts,
    event_for,
    event_of,
    events_listed,
    likely_members,
    suggested_parties,
    town_heat,
    voices,
)
from fenzhen.board.joint import NoSuchCase, case_for, household_for
from fenzhen.office.events import begin_event, rename_event
from fenzhen.office.joint import Party, add_household, open_case
from fenzhen.office.spotting import named_by_person, recount
from fenzhen.records.events import Event, EventWord
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db

SAID = [
    ("窗户缩水", "客厅窗户只有六十公分，采光太差，开发商不管。"),
    ("窗户变小", "交房发现窗户被封堵一半，采光不好，找开发商没有用。"),
    ("窗户够不着", "老人够不着窗户把手，开发商说图纸就是这样。"),
]


@pytest.fixture
def tickets(cast: Cast) -> list[Ticket]:
    return [
        cast.waiting(
            cast.now + timedelta(hours=n), title=title, body=body, phone=f"1390000{n:04d}", name=f"来电人{n}"
        )
        for n, (title, body) in enumerate(SAID)
    ]


@pytest.fixture
def event(cast: Cast, tickets: list[Ticket]) -> Event:
    return begin_event(tickets, by=cast.chen, now=cast.now, title="清荷苑窗户缩水")


def test_a_list_shows_how_it_grew_and_a_page_what_people_say(cast: Cast, event: Event):
    later = cast.now + timedelta(hours=3)
    (line,) = events_listed(cast.chen, EventWish(), later)
    assert line.event == event and line.new_today == 3
    assert [point.people for point in line.growth][-1] == 3 and line.growth[0].people >= 1
    page = event_for(cast.chen, event.pk, later)
    words = "、".join(voice.word for voice in page.voices)
    assert page.voices[0].people == 3 and "开发商" in words and "窗户" in words
    assert page.may_decide and len(page.members) == 3
    assert event_counts(cast.chen, later) == {"": 1}


def test_no_sentence_is_quoted_twice_and_like_words_stand_together(cast: Cast):
    said = [
        ("客厅窗户缩水", "窗户缩水了，白天也要开灯，采光太差。"),
        ("窗户和样板间不符", "样板间是大窗户，到手的只有一条。"),
        ("没有阳光", "屋里没有阳光，采光不够，孩子总生病。"),
        ("样板间骗人", "跟样板间两个样，窗户太小。"),
        ("够不着把手", "老人够不着窗户的把手。"),
        ("把手太高", "把手装得太高，老人开不了。"),
    ]
    tickets = [
        cast.waiting(cast.now, title=title, body=body, phone=f"1380000{n:04d}", name=f"甲{n}")
        for n, (title, body) in enumerate(said)
    ]
    found = voices(tickets)
    assert len({voice.said for voice in found}) == len(found) >= 3
    words = [word for voice in found for word in voice.word.split("、")]
    assert len(set(words)) == len(words) and {"采光", "样板间", "把手"} <= set(words) | {"样板", "窗户"}
    assert found == voices(tickets[::-1])  # their order does not matter


def test_an_event_is_called_by_what_callers_say_until_a_person_names_it(cast: Cast):
    said = [
        ("清荷苑窗户缩水", "窗户缩水了。"),
        ("反映窗户缩水采光差", "窗户缩水，采光差。"),
        ("请来人看看", "窗户缩水，看看。"),
    ]
    tickets = [
        cast.waiting(cast.now, title=title, body=body, phone=f"1380000{n:04d}", name=f"甲{n}")
        for n, (title, body) in enumerate(said)
    ]
    assert central_title(tickets, "清荷苑") == "清荷苑窗户缩水"
    event = begin_event(tickets, by=cast.chen, now=cast.now, title="新房窗户的事")
    assert named_by_person(event) and recount(event).title == "新房窗户的事"
    EventWord.objects.all().delete()
    event.state = "watched"
    assert recount(event).title == "清荷苑窗户缩水"
    rename_event(event, by=cast.chen, now=cast.now, title="窗户")
    assert recount(event).title == "窗户"


def test_the_duty_list_the_town_and_the_developer_are_proposed(cast: Cast, event: Event):
    found = suggested_parties(cast.chen, event, cast.now)
    assert any(one.unit == cast.liuhe for one in found)
    assert [one.outside for one in found if one.part == "outside"] == ["开发商"]
    assert "3 人" in next(one.why for one in found if one.part == "outside")
    assert suggested_parties(cast.huang, event, cast.now) == []


def test_a_like_ticket_next_door_is_shown_for_a_person_to_confirm(cast: Cast, event: Event):
    more = cast.waiting(
        cast.now + timedelta(hours=5),
        title="窗户太小",
        body="窗户被封堵，采光不好。",
        phone="13800000009",
        name="己",
    )
    other = cast.waiting(
        cast.now + timedelta(hours=5), title="路灯不亮", body="村口路灯坏了。", phone="13800000008", name="庚"
    )
    found = [one.ticket for one in likely_members(cast.chen, event)]
    assert more in found and other not in found


def test_a_unit_sees_an_event_when_it_sits_at_its_table_and_no_doors(cast: Cast, event: Event):
    with pytest.raises(NoSuchEvent):
        event_for(cast.jian, event.pk, cast.now)
    case = open_case(event, [Party("lead", cast.housing)], by=cast.chen, now=cast.now)
    door = add_household(event, by=cast.chen, now=cast.now, door="3-2-501")
    assert event_for(cast.jian, event.pk, cast.now).members == ()  # its own tickets only
    seen = case_for(cast.jian, case.pk, cast.now)
    assert not seen.sees_doors and seen.doors == () and seen.counts["all"] == 1
    with pytest.raises(NoSuchCase):
        household_for(cast.jian, door.pk)
    with pytest.raises(NoSuchCase):
        case_for(cast.bai, case.pk, cast.now)
    assert len(case_for(cast.chen, case.pk, cast.now).doors) == 1


def test_a_ticket_knows_its_event_and_the_map_its_towns(cast: Cast, event: Event, tickets: list[Ticket]):
    assert event_of(cast.wang, tickets[0]) == event
    assert event_of(cast.huang, tickets[0]) is None
    heat = {
        one.place: one.tickets
        for one in town_heat(cast.chen, cast.now - timedelta(days=1), cast.now + timedelta(days=1))
    }
    assert heat[cast.town] == 3 and heat[cast.other_town] == 0
