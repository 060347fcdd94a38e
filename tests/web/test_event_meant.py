"""While somebody is still on the line: this is a known event, how many called, what callers are told; one key joins it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.meant import event_meant, forget_meant
from fenzhen.hotline.roles import Role
from fenzhen.office.events import begin_event, dismiss_event
from fenzhen.office.joint import approve_wave, write_wave
from fenzhen.records.events import Event, EventTicket
from fenzhen.records.links import TicketLink
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db

SAID = [
    ("窗户缩水了", "交房才发现客厅窗户只有六十公分高，和样板间不一样。"),
    ("窗户太小没有采光", "新房窗户被砖封堵了一半，屋里白天也要开灯。"),
    ("窗户够不着把手", "窗户开得太高太小，老人够不着把手，开发商不管。"),
    ("封堵窗户", "窗户外面砌了砖，和合同、样板间都不符，要求恢复。"),
]


@pytest.fixture(autouse=True)
def afternoon(cast: Cast) -> Iterator[None]:
    forget_meant()
    with time_machine.travel(cast.now + timedelta(hours=6), tick=False):
        yield


@pytest.fixture
def event(cast: Cast) -> Event:
    for n in range(12):  # what else is reported
        words = ("路灯不亮", "噪音扰民", "占道经营", "垃圾没人清运")[n % 4]
        cast.waiting(title=words, body=f"{words}，请尽快处理。", phone=f"1380000{n:04d}", name=f"别人{n}")
    tickets = [
        cast.waiting(title=title, body=body, phone=f"1390000{n:04d}", name=f"来电人{n}")
        for n, (title, body) in enumerate(SAID)
    ]
    found = begin_event(tickets, by=cast.chen, now=cast.now, title="清荷苑窗户")
    wave = write_wave(found, by=cast.wang, now=cast.now, text="住建委已约谈开发商，本周入户核实。")
    approve_wave(wave, by=cast.chen, now=cast.now)
    return found


def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.zhang)
    return client


def typed(cast: Cast, **fields: str) -> str:
    base = {"title": "", "body": "", "place_text": "", "place_code": "", "kind": "complaint", "phone": ""}
    return agent(cast).post("/intake/think", base | fields).content.decode()


@pytest.mark.parametrize(
    "body", ["我家客厅那个窗开得特别高，白天屋里黑得要开灯。", "开发商把样板间改了，窗户比图上小一大截。"]
)
def test_words_unlike_the_title_are_told_the_event_with_the_approved_wording(
    cast: Cast, event: Event, body: str
):
    page = typed(cast, body=body, place_text="清荷苑5号楼", place_code=cast.estate.code)
    assert "像是同一件事" in page and event.title in page and "本周入户核实" in page
    assert 'data-key="F9"' in page


def test_another_matter_another_place_and_a_dismissed_event_are_not_told(cast: Cast, event: Event):
    other = "楼道里的声控灯坏了，晚上上楼看不见。"
    assert "像是同一件事" not in typed(
        cast, body=other, place_text="清荷苑5号楼", place_code=cast.estate.code
    )
    Place.objects.create(code="E9", name="碧水家园", kind="estate", town=cast.other_town.code)
    windows = "新房窗户太小没有采光，和样板间不一样。"
    assert "像是同一件事" not in typed(cast, body=windows, place_text="碧水家园", place_code="E9")
    assert "请问清是不是这里" in typed(cast, body=windows)
    dismiss_event(event, by=cast.chen, now=cast.now)
    assert "像是同一件事" not in typed(
        cast, body=windows, place_text="清荷苑5号楼", place_code=cast.estate.code
    )


def test_one_key_registers_the_caller_and_puts_them_into_the_event(cast: Cast, event: Event):
    first = event.members.order_by("ticket").first()
    form = {
        "draft": "intake:11111111-2222-3333-4444-555555555555", "once": "once-1", "event": event.pk, "event_to": first.ticket_id,
        "name": "赵一", "phone": "13711112222", "body": "窗户开得太高，屋里黑。", "place_text": "清荷苑5号楼",
        "place_code": cast.estate.code, "kind": "complaint", "channel": "phone",
    }  # fmt: skip
    assert agent(cast).post("/intake", form).status_code == 303
    fresh = Ticket.objects.latest("pk")
    row = EventTicket.objects.get(ticket=fresh)
    assert row.event == event and row.how == "person" and row.by == cast.zhang
    assert TicketLink.objects.get(ticket=fresh).other_id == first.ticket_id
    event.refresh_from_db()
    assert event.people == 5 and fresh.state == "pending_dispatch"
    page = typed(
        cast, body="窗户太高太小", place_code=cast.estate.code, place_text="清荷苑", phone="13711112222"
    )
    assert "此人已在其中" in page and fresh.number in page


def test_the_triage_desk_is_told_and_may_take_it_back(cast: Cast, event: Event):
    ticket = cast.waiting(title="窗户太小", body="窗户太小没有采光，和样板间不一样。", phone="13711112222")
    desk = Client()
    desk.force_login(cast.wang)
    page = desk.get(f"/triage/{ticket.pk}/similar").content.decode()
    assert "归入这件事" in page
    desk.post(f"/tickets/{ticket.pk}/to-event/{event.pk}", {"at": "triage"})
    assert EventTicket.objects.filter(ticket=ticket, event=event).exists()
    desk.post(f"/tickets/{ticket.pk}/out-of-event/{event.pk}", {"at": "triage"})
    assert not EventTicket.objects.filter(ticket=ticket).exists()


def test_nobody_outside_the_centre_is_told(cast: Cast, event: Event):
    for person in User.objects.filter(role__in=[Role.UNIT_LIAISON, Role.ADMIN]):
        assert (
            event_meant(
                person, title="窗户太小", body="没有采光", places={"E1": 1.0}, categories={}, now=cast.now
            )
            is None
        )
