"""More than usual: rings once, is told once, goes on, is over; the past never rings."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
import time_machine
from django.test import Client

from fenzhen.desk.step import Incomplete
from fenzhen.office.accounts import system_account
from fenzhen.office.outbox import add_way
from fenzhen.office.surge import dismiss_surge, forget_surges, see_surge, watch_surge_again, watch_surges
from fenzhen.records.district import District
from fenzhen.records.journal import Entry, SealHead
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.surges import Surge
from fenzhen.records.tickets import Caller, Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(cast: Cast):
    forget_surges()
    with time_machine.travel(cast.now, tick=False):
        yield


class Stream:
    """Tickets written as rows: this is about counting them, not about how they were taken in."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.n = cast, 0

    def calls(self, times: list[datetime], *, history: bool = False, stranded: bool = False, one: bool = False) -> None:  # fmt: skip
        callers = Caller.objects.bulk_create(Caller(created_at=at) for at in (times[:1] if one else times))
        rows = []
        for at, caller in zip(times, callers * len(times) if one else callers, strict=False):
            self.n += 1
            rows.append(
                Ticket(
                    number=f"S{self.n:08d}", state="pending_dispatch", title="楼道灯不亮", town=self.cast.town,
                    category=self.cast.stranded if stranded else self.cast.category, caller=caller,
                    received_at=at, received_by=self.cast.zhang, changed_at=at, is_history=history,
                )
            )  # fmt: skip
        made = Ticket.objects.bulk_create(rows)
        head, _made = SealHead.objects.get_or_create(pk=1)
        entries = []
        for at, row in zip(times, made, strict=True):
            head.position += 1
            entries.append(
                Entry(
                    subject=f"ticket:{row.pk}", n=1, act="save", event="registered", by=self.cast.zhang, role="agent",
                    at=at, position=head.position, hash=sha256(f"{row.pk}".encode()).hexdigest(), facts={},
                )
            )  # fmt: skip
        Entry.objects.bulk_create(entries)
        head.save()

    def past(self, days: int = 60, *, history: bool = True) -> None:
        """Two calls of the matter a day, and ten of another."""
        begin = self.cast.now - timedelta(days=days)
        self.calls([begin + timedelta(days=d, hours=h) for d in range(days) for h in (1, 5)], history=history)
        self.calls(
            [begin + timedelta(days=d, minutes=40 * h) for d in range(days) for h in range(10)],
            history=history,
            stranded=True,
        )

    def burst(self, many: int = 9, since: float = 0, **how: bool) -> None:
        self.calls([self.cast.now + timedelta(hours=since, minutes=7 * n) for n in range(many)], **how)

    def look(self, hours: float) -> list[Surge]:
        watch_surges(by=system_account(), now=self.cast.now + timedelta(hours=hours))
        return list(Surge.objects.filter(part_of=None, ended_at=None))


@pytest.fixture
def stream(cast: Cast) -> Stream:
    return Stream(cast)


def test_a_matter_in_a_town_far_above_its_usual_level_rings_once_and_is_told_once(cast: Cast, stream: Stream):
    stream.past()
    assert stream.look(0) == []
    stream.burst()
    (surge,) = stream.look(1.5)
    assert (surge.town, surge.category, surge.people, surge.tickets) == (cast.town, cast.category, 9, 9)
    assert surge.usual < 3 and surge.level == "yellow"
    told = Notice.objects.filter(kind="surge")
    assert set(told.values_list("person__role", flat=True)) <= {"analyst", "shift_lead", "section_chief"}
    assert told.filter(person=cast.chen).count() == 1
    stream.look(2)
    forget_surges()  # another process reads the same rows and says nothing again
    stream.look(2.5)
    assert (
        Surge.objects.filter(part_of=None).count() == 1
        and Notice.objects.filter(person=cast.chen).count() == 1
    )
    assert all(part.part_of == surge for part in Surge.objects.exclude(pk=surge.pk))
    assert Entry.objects.filter(subject=f"surge:{surge.pk}", act="raise_surge").count() == 1


def test_history_one_persons_calls_and_a_young_installation_do_not_ring(cast: Cast, stream: Stream):
    stream.past()
    stream.burst(history=True)
    stream.burst(one=True, since=1.2)
    assert stream.look(3) == []
    Ticket.objects.all().delete()
    Entry.objects.all().delete()
    forget_surges()
    stream.past(days=15, history=False)
    stream.burst(20)
    assert stream.look(3) == [] and not Notice.objects.exists()


def test_a_file_that_comes_hours_late_rings_all_the_same_and_what_is_days_old_does_not(
    cast: Cast, stream: Stream
):
    stream.past()
    stream.look(0)
    stream.calls([cast.now + timedelta(hours=9)], stranded=True)
    stream.look(9)
    stream.burst()  # received in the morning, filed in the evening
    (surge,) = stream.look(9.1)
    assert surge.tickets == 9 and surge.rang_at < cast.now + timedelta(hours=2)
    Surge.objects.update(part_of=None)
    Surge.objects.all().delete()
    Notice.objects.all().delete()
    forget_surges()
    assert stream.look(24 * 5) == [] and not Notice.objects.exists()


def test_it_grows_is_told_anew_in_a_higher_colour_and_ends_when_it_is_over(cast: Cast, stream: Stream):
    stream.past()
    stream.look(0)
    stream.burst()
    (surge,) = stream.look(1.5)
    assert see_surge(surge, by=cast.chen, now=cast.now) and not see_surge(surge, by=cast.wang, now=cast.now)
    stream.burst(40, since=2)
    (grown,) = stream.look(7)
    assert grown.pk == surge.pk and grown.level == "red" and grown.tickets == 49 and grown.seen_at is None
    assert Notice.objects.filter(person=cast.chen, kind="surge", is_urgent=True).exists()
    assert Notice.objects.filter(person__role="district_leader", kind="surge").exists()
    assert stream.look(40) == []
    surge.refresh_from_db()
    assert surge.ended_at is not None and surge.dismissed_by is None
    assert not Surge.objects.filter(ended_at=None).exists()


def test_what_a_person_dismisses_stays_away_until_they_want_it_back(cast: Cast, stream: Stream):
    stream.past()
    stream.look(0)
    stream.burst()
    (surge,) = stream.look(1.5)
    dismiss_surge(surge, by=cast.wang, now=cast.now, why="演练")
    stream.burst(9, since=2)
    forget_surges()
    assert stream.look(4) == []
    watch_surge_again(surge, by=cast.wang, now=cast.now)
    assert [one.pk for one in stream.look(4.1)] == [surge.pk]
    with pytest.raises(Incomplete):
        watch_surge_again(surge, by=cast.wang, now=cast.now)


def test_the_pages_show_it_and_lead_to_its_calls(cast: Cast, stream: Stream):
    stream.past()
    stream.look(0)
    stream.burst()
    (surge,) = stream.look(1.5)

    def client(person: User) -> Client:
        found = Client()
        found.force_login(person)
        return found

    with time_machine.travel(cast.now + timedelta(hours=1.5), tick=False):
        chief = client(cast.chen)
        for address in ("/", "/events"):
            page = chief.get(address).content.decode()
            assert "来电明显多于平常" in page and f"/surges/{surge.pk}" in page and "平常 不到 1 件" in page
        assert "来电明显多于平常" in client(cast.wang).get("/").content.decode()
        page = chief.get(f"/surges/{surge.pk}").content.decode()
        assert page.count("楼道灯不亮") == 9
        assert client(cast.huang).get(f"/surges/{surge.pk}").status_code == 403
        assert chief.post("/export/surge", {"pk": surge.pk}).status_code == 200
        assert chief.post(f"/surges/{surge.pk}/seen").status_code == 303
        assert chief.post(f"/surges/{surge.pk}/dismiss", {"why": "演练"}).status_code == 303
        assert "surges-title" not in chief.get("/").content.decode()
        assert chief.post(f"/surges/{surge.pk}/again").status_code == 303


def test_an_alarm_in_a_colour_reaches_who_has_an_address_also_with_quiet_hours(cast: Cast, stream: Stream):
    District.objects.update(settings={"quiet": {"from": "21:00", "to": "07:00"}})
    add_way(by=cast.chen, now=cast.now, courier="sms", address="13800000000", person=cast.chen.username)
    stream.past()
    stream.look(0)
    stream.burst()
    assert stream.look(1.5)
    assert Notice.objects.get(person=cast.chen, kind="surge").deliveries.count() == 1
