"""The approved words go out by SMS, once to everybody with a number; who cannot be reached is phoned."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.jobs.couriers import Trouble, deliver_due, tell_one_of_a_wave
from fenzhen.office.accounts import system_account
from fenzhen.office.events import begin_event
from fenzhen.office.joint import Party, add_household, approve_wave, open_case, told, write_wave
from fenzhen.office.waves import claim_wave_sms, give_up_lost_waves, hold_wave, send_wave
from fenzhen.records.events import Wave, WavePerson
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning(cast: Cast) -> Iterator[None]:
    with time_machine.travel(cast.now + timedelta(hours=2), tick=False):
        yield


@pytest.fixture
def wave(cast: Cast) -> Wave:
    """Five callers: three by mobile, one of them secret, one by a fixed line; a door with a caller's number, one without any."""
    phones = ("13900000001", "13900000002", "13900000003", "01069298765")
    tickets = [
        cast.waiting(title="窗户缩水", body="窗户被封堵。", phone=phone, name=f"来电人{n}")
        for n, phone in enumerate(phones)
    ]
    Ticket.objects.filter(pk=tickets[2].pk).update(is_secret=True)
    event = begin_event(tickets, by=cast.chen, now=cast.now, title="清荷苑窗户缩水")
    open_case(event, [Party("lead", cast.housing)], by=cast.chen, now=cast.now)
    add_household(event, by=cast.wang, now=cast.now, door="3号楼501", phone="139 0000 0001")
    add_household(event, by=cast.wang, now=cast.now, door="3号楼502")
    made = write_wave(event, by=cast.wang, now=cast.now, text="本周六上午入户核实，请在家等候。")
    approve_wave(made, by=cast.chen, now=cast.now)
    made.refresh_from_db()
    return made


class Gateway:
    """Keeps what it is given; refuses the numbers it is told to."""

    def __init__(self, *bad: str, again: bool = False) -> None:
        self.got: list[tuple[str, str]] = []
        self.bad, self.again = bad, again

    def send(self, message: object, text: str) -> None:
        number = message.way.address  # type: ignore[attr-defined]  # a courier's message
        if number in self.bad:
            raise Trouble("gateway: 空号", again=self.again)
        self.got.append((number, text))


def carry(gateway: Gateway) -> None:
    while tell_one_of_a_wave(system_account(), {"sms": gateway}):
        pass


def states(wave: Wave) -> list[str]:
    return list(wave.people.values_list("state", flat=True))


def test_everybody_with_a_mobile_number_gets_it_once_and_the_others_are_phoned(cast: Cast, wave: Wave):
    assert send_wave(wave, by=cast.wang, now=cast.now, many=2) == 2
    gateway = Gateway("13900000002")
    carry(gateway)
    assert [number for number, _text in gateway.got] == ["13900000001"]
    assert gateway.got[0][1].startswith("【") and "本周六上午入户核实" in gateway.got[0][1]
    assert sorted(states(wave)) == ["failed", "sent", "waiting", "waiting", "waiting", "waiting"]
    failed = wave.people.get(state="failed")
    assert failed.way == "phone" and "空号" in failed.trouble
    with pytest.raises(Incomplete):  # one could be tried again, but that is another number of people
        send_wave(wave, by=cast.wang, now=cast.now, many=2)
    told(
        wave.people.get(state="sent"), by=cast.wang, now=cast.now, state="waiting"
    )  # taken back by mistake: still nobody twice
    carry(gateway)
    send_wave(wave, by=cast.wang, now=cast.now, many=1)
    carry(gateway)
    assert len(gateway.got) == 1
    acts = Entry.objects.filter(subject=f"event:{wave.event_id}").values_list("act", flat=True)
    assert {"wave_sms", "wave_sms_sent", "wave_sms_failed"} <= set(acts)
    assert "1390000" not in str(list(Entry.objects.values_list("facts", flat=True)))


def test_nothing_goes_out_before_approval_or_by_somebody_who_may_not(cast: Cast, wave: Wave):
    with pytest.raises(NotYours):
        send_wave(wave, by=cast.zhang, now=cast.now, many=2)
    Wave.objects.filter(pk=wave.pk).update(approved_at=None)
    with pytest.raises(Incomplete):
        send_wave(wave, by=cast.wang, now=cast.now, many=2)
    assert set(states(wave)) == {"waiting"}


def test_in_the_night_it_waits_unless_it_is_urgent_and_may_be_stopped(cast: Cast, wave: Wave):
    night = cast.now.replace(hour=23)
    gateway = Gateway()
    with time_machine.travel(night, tick=False):
        send_wave(wave, by=cast.wang, now=night, many=2)
        carry(gateway)
        assert gateway.got == [] and states(wave).count("queued") == 2
        assert hold_wave(wave, by=cast.wang, now=night) == 2
        send_wave(wave, by=cast.wang, now=night, many=2, urgent=True)
        carry(gateway)
    assert len(gateway.got) == 2


def test_a_busy_gateway_is_tried_again_and_a_carrier_that_died_leaves_a_doubt(cast: Cast, wave: Wave):
    send_wave(wave, by=cast.wang, now=cast.now, many=2)
    busy = Gateway("13900000001", "13900000002", again=True)
    carry(busy)
    assert states(wave).count("queued") == 2
    later = cast.now + timedelta(hours=3)
    assert claim_wave_sms(by=system_account(), now=later) is not None
    assert give_up_lost_waves(by=system_account(), now=later + timedelta(minutes=11)) == 1
    person = wave.people.get(state="unsure")
    with time_machine.travel(later + timedelta(minutes=12), tick=False):
        gateway = Gateway()
        carry(gateway)
        assert len(gateway.got) == 1  # the other one; of the lost one a person must ask
    told(person, by=cast.wang, now=later, state="told")


def test_without_a_gateway_nobody_counts_as_told(cast: Cast, wave: Wave):
    send_wave(wave, by=cast.wang, now=cast.now, many=2)
    deliver_due()
    assert states(wave).count("failed") == 2 and set(
        WavePerson.objects.filter(state="failed").values_list("trouble", "way")
    ) == {("console", "phone")}


def test_the_page_counts_asks_and_shows_no_number(cast: Cast, wave: Wave):
    desk = Client()
    desk.force_login(cast.wang)
    page = desk.get(f"/waves/{wave.pk}").content.decode()
    assert "给 2 人发短信" in page and "短信网关没有配置" in page and "保密或举报，改用电话" in page
    assert "13900000001" not in page and "139****0001" in page
    assert desk.post(f"/waves/{wave.pk}/sms", {"many": "2", "once": "w1"}).status_code == 303
    page = desk.get(f"/waves/{wave.pk}").content.decode()
    assert "待发短信" in page and "停发还没发的 2 条" in page
    assert desk.post(f"/waves/{wave.pk}/sms", {"hold": "1"}).status_code == 303
    assert "电话名单" in page and set(states(wave)) == {"waiting"}
    assert "3号楼501" in desk.get(f"/waves/{wave.pk}?only=phone").content.decode()
    agent = Client()
    agent.force_login(cast.zhang)
    assert agent.post(f"/waves/{wave.pk}/sms", {"many": "2"}).status_code == 403
    assert "给 2 人发短信" not in agent.get(f"/waves/{wave.pk}").content.decode()
