"""What the first week shows at home: late, the city's clock, returned, not phoned, untold, called again and again."""

from datetime import timedelta

from django.test import Client

from fenzhen.board.home import figures_for, lines_behind
from fenzhen.desk.handle import phone_unit, sign_assignment
from fenzhen.desk.link import urge_again
from fenzhen.desk.request import Asked, ask_return, decide_return
from fenzhen.records.city import CityWord
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

HOUR = timedelta(hours=1)


def titles(viewer: User, key: str, now: object) -> list[str]:
    return [line.ticket.title for line in lines_behind(viewer, key, now)]  # type: ignore[arg-type]  # a datetime


def owed(cast: Cast, ticket: Ticket, kind: str = "result") -> CityWord:
    return CityWord.objects.create(
        ticket=ticket, kind=kind, once=f"{ticket.pk}:{kind}", made_at=cast.now, made_by=cast.sun
    )


def test_every_figure_is_as_long_as_the_list_behind_it(cast: Cast) -> None:
    now = cast.now + 3 * HOUR
    first = cast.dispatched(level=1, city_deadline=cast.now + 5 * HOUR)
    cast.dispatched(level=2, phone="13900000002")
    ask_return(
        cast.lead(first),
        by=cast.huang,
        now=cast.now + HOUR,
        asked=Asked("not_our_duty", "不属本镇。", "权责清单第3条"),
    )
    owed(cast, first)
    for n in range(2):
        urge_again(first, by=cast.zhang, now=cast.now + n * HOUR)
    for viewer in (cast.chen, cast.wang, cast.xu):
        figures = figures_for(viewer, now)
        assert {"late", "city_today", "returned", "not_phoned", "untold"} <= set(figures)
        for key, count in figures.items():
            assert len(lines_behind(viewer, key, now)) == count, key
    assert {k: n for k, n in figures_for(cast.chen, now).items() if n} == {
        "late": 1,
        "city_today": 1,
        "returned": 1,
        "not_phoned": 4,
        "untold": 1,
        "repeated": 1,
        "level_1": 1,
    }


def test_the_citys_clock_ends_today_until_the_city_has_our_result(cast: Cast) -> None:
    cast.dispatched(title="明天", city_deadline=cast.now + timedelta(days=1), phone="13900000002")
    ticket = cast.to_call_back(title="今天", city_deadline=cast.now + 10 * HOUR)
    now = cast.now + 7 * HOUR
    assert titles(cast.chen, "city_today", now) == ["今天"]
    word = owed(cast, ticket)
    Ticket.objects.filter(pk=ticket.pk).update(closed_at=now)
    assert titles(cast.chen, "city_today", now) == ["今天"], "done here, and the city does not know"
    CityWord.objects.filter(pk=word.pk).update(told_at=now, told_by=cast.wang, way="typed")
    assert titles(cast.chen, "city_today", now) == []
    assert titles(cast.chen, "city_today", now + timedelta(days=1)) == ["明天"]
    assert titles(cast.chen, "city_today", now + timedelta(days=3)) == ["明天"], "late ones stay on the list"


def test_what_ends_at_the_city_before_the_office_opens_again_ends_today(cast: Cast) -> None:
    friday = cast.now + timedelta(days=2)
    ends = (
        ("夜里", cast.now + 22 * HOUR),
        ("周四", cast.now + 25 * HOUR),
        ("周日", friday + timedelta(days=2)),
        ("周一早上", friday + timedelta(days=3) - HOUR),
        ("周一", friday + timedelta(days=3)),
    )
    for n, (title, at) in enumerate(ends):
        cast.dispatched(title=title, city_deadline=at, phone=f"1390000000{n}")
    assert titles(cast.chen, "city_today", cast.now) == ["夜里"]
    assert titles(cast.chen, "city_today", friday) == ["夜里", "周四", "周日", "周一早上"]


def test_a_return_is_shown_while_it_waits_and_on_the_day_it_was_agreed_to(cast: Cast) -> None:
    ticket = cast.dispatched(title="甲")
    request = ask_return(
        cast.lead(ticket),
        by=cast.huang,
        now=cast.now + HOUR,
        asked=Asked("not_our_duty", "不属本镇。", "权责清单第3条"),
    )
    assert titles(cast.wang, "returned", cast.now + HOUR) == ["甲"]
    assert titles(cast.wang, "returned", cast.now + timedelta(days=2)) == ["甲"]
    decide_return(request, by=cast.wang, now=cast.now + 2 * HOUR, approve=True, text="同意。")
    assert titles(cast.wang, "returned", cast.now + 3 * HOUR) == ["甲"]
    assert titles(cast.wang, "returned", cast.now + timedelta(days=1)) == []


def test_a_refused_return_leaves_the_list(cast: Cast) -> None:
    request = ask_return(
        cast.lead(cast.dispatched()),
        by=cast.huang,
        now=cast.now + HOUR,
        asked=Asked("not_our_duty", "不属本镇。", "权责清单第3条"),
    )
    decide_return(request, by=cast.wang, now=cast.now + 2 * HOUR, approve=False, text="属本镇职责。")
    assert titles(cast.chen, "returned", cast.now + 3 * HOUR) == []


def test_an_urgent_share_leaves_the_list_once_the_unit_was_phoned_or_has_signed(cast: Cast) -> None:
    ticket = cast.dispatched(level=1)
    cast.dispatched(level=3, phone="13900000002")
    now = cast.now + timedelta(minutes=5)
    shares = lines_behind(cast.wang, "not_phoned", now)
    assert {line.share.unit for line in shares if line.share} == {cast.liuhe, cast.housing}
    lead = cast.lead(ticket)
    phone_unit(lead, by=cast.wang, now=now, outcome="answered", answered_by="值班员", text="马上去。")
    assert [line.share.unit for line in lines_behind(cast.wang, "not_phoned", now) if line.share] == [
        cast.housing
    ]
    sign_assignment(ticket.assignments.get(unit=cast.housing), by=cast.jian, now=now)
    assert lines_behind(cast.wang, "not_phoned", now) == []


def test_repeated_callers_stand_on_the_chiefs_list_and_on_no_units_page(cast: Cast, client: Client) -> None:
    ticket = cast.dispatched(title="甲")
    for n in range(2):
        urge_again(ticket, by=cast.zhang, now=cast.now + n * HOUR)
    now = cast.now + 3 * HOUR
    assert [line.calls for line in lines_behind(cast.chen, "repeated", now)] == [3]
    for viewer in (cast.huang, cast.jian, cast.wang, cast.leader):
        assert "repeated" not in figures_for(viewer, now)
        assert lines_behind(viewer, "repeated", now) == []
    client.force_login(cast.huang)
    assert "反复来电" not in client.get("/").content.decode()


def test_a_figure_leads_to_its_list_and_the_citys_clock_says_whose_it_is(cast: Cast, client: Client) -> None:
    from django.utils import timezone

    ticket = cast.dispatched(now=timezone.now() - HOUR, city_deadline=timezone.now() - timedelta(minutes=5))
    client.force_login(cast.chen)
    page = client.get("/?show=city_today").content.decode()
    assert 'href="?show=city_today" aria-current="true"' in page
    assert ticket.number in page
    assert "市级" in page.split('id="list-title"')[1]


def test_a_consultation_past_its_time_is_late(cast: Cast) -> None:
    from fenzhen.desk.request import open_consultation

    ticket = cast.waiting()
    open_consultation(ticket, by=cast.wang, now=cast.now + HOUR, text="镇里和住建委都说不是自己的。")
    assert figures_for(cast.chen, cast.now + HOUR)["late"] == 0
    assert figures_for(cast.chen, cast.now + timedelta(days=30))["late"] == 1
