"""Home: the numbers that matter to this person, and the list behind each."""

from datetime import timedelta

import pytest
from django.test import Client

from fenzhen.board.home import FIGURES, figures_for, lines_behind, rates_lately
from fenzhen.desk.callback import close_ticket, miss_call, rehandle_ticket
from fenzhen.desk.review import send_back_reply
from fenzhen.hotline.roles import Role
from fenzhen.web.home import WORDS
from tests.cast import Cast

HOUR = timedelta(hours=1)


def titles(viewer, key, now) -> list[str]:
    return [line.ticket.title for line in lines_behind(viewer, key, now)]


def test_every_role_has_its_numbers_and_every_number_its_words() -> None:
    assert set(FIGURES) == set(Role) - {Role.SYSTEM}
    assert {key for keys in FIGURES.values() for key in keys} <= set(WORDS)


@pytest.mark.parametrize("who", ["zhang", "wang", "zhao", "sun", "chen", "xu", "leader", "admin", "huang"])
def test_every_number_opens_its_list(cast: Cast, client: Client, who: str) -> None:
    cast.signed()
    person = getattr(cast, who)
    client.force_login(person)
    for key in ["", *FIGURES[person.role]]:
        answer = client.get("/", {"show": key})
        assert answer.status_code == 200
        if key:
            assert WORDS[key][0] in answer.content.decode()


def test_a_dispatcher_sees_what_waits_and_what_is_late_most_pressing_first(cast: Cast) -> None:
    cast.waiting(title="甲", level=3)
    cast.waiting(title="乙", level=1)
    cast.dispatched(title="丙")
    now = cast.now + timedelta(minutes=16)
    figures = figures_for(cast.wang, now)
    assert {key: n for key, n in figures.items() if n} == {"waiting": 2, "late": 1, "late_triage": 1}
    assert {"city_today", "returned", "not_phoned", "untold", "need_info", "voids"} <= set(figures)
    assert titles(cast.wang, "waiting", now) == ["乙", "甲"]
    assert titles(cast.wang, "late_triage", now) == ["乙"]


def test_a_unit_sees_its_own_and_no_other_units_tickets(cast: Cast) -> None:
    cast.dispatched(title="甲")
    now = cast.now + HOUR
    assert figures_for(cast.huang, now)["to_sign"] == 1
    assert titles(cast.jian, "to_sign", now) == ["甲"]
    assert set(figures_for(cast.bai, now).values()) == {0}
    assert titles(cast.bai, "to_sign", now) == []


def test_what_review_sent_back_comes_back_to_the_unit(cast: Cast) -> None:
    ticket = cast.replied(title="甲")
    now = cast.now + 6 * HOUR
    assert titles(cast.zhao, "to_review", now) == ["甲"]
    assert titles(cast.huang, "came_back", now) == []
    send_back_reply(cast.lead(ticket), by=cast.zhao, now=now, reasons=["off_topic"])
    assert titles(cast.huang, "came_back", now) == ["甲"]
    assert titles(cast.zhao, "to_review", now) == []


def test_a_call_back_is_due_then_agreed_then_late(cast: Cast) -> None:
    ticket = cast.to_call_back(title="甲")
    now = cast.now + 7 * HOUR
    assert titles(cast.sun, "calls_due", now) == ["甲"]
    miss_call(ticket, by=cast.sun, now=now, outcome="appointment", next_try_at=now + HOUR)
    assert figures_for(cast.sun, now) == {"calls_due": 0, "appointments": 1, "appointments_late": 0}
    later = now + 2 * HOUR
    assert figures_for(cast.sun, later) == {"calls_due": 1, "appointments": 0, "appointments_late": 1}


def test_the_chief_sees_level_one_and_what_was_rehandled_today(cast: Cast) -> None:
    ticket = cast.to_call_back(title="甲")
    now = cast.now + 7 * HOUR
    rehandle_ticket(
        ticket, by=cast.sun, now=now, said=cast.said(solved="no", satisfied="no", words="还没修"), level=1
    )
    figures = figures_for(cast.chen, now)
    assert {key: n for key, n in figures.items() if n} == {
        "level_1": 1,
        "rehandled_today": 1,
        "not_phoned": 1,
    }
    assert figures_for(cast.chen, now + 3 * HOUR)["late"] == 1
    assert figures_for(cast.chen, now + 30 * HOUR)["rehandled_today"] == 0


def test_a_clock_that_stands_still_is_not_late(cast: Cast) -> None:
    from fenzhen.desk.handle import wait_for_caller

    ticket = cast.signed(title="甲")
    wait_for_caller(cast.lead(ticket), by=cast.huang, now=cast.now + HOUR, text="等住户在家")
    assert figures_for(cast.chen, cast.now + timedelta(days=30))["late"] == 0


def test_a_list_that_is_not_ones_own_is_empty(cast: Cast) -> None:
    cast.waiting()
    assert lines_behind(cast.huang, "waiting", cast.now) == []
    assert lines_behind(cast.wang, "no-such", cast.now) == []


def test_rates_count_rounds_and_carry_no_caller(cast: Cast) -> None:
    first = cast.to_call_back()
    now = cast.now + 7 * HOUR
    rehandle_ticket(first, by=cast.sun, now=now, said=cast.said(solved="no", satisfied="no", words="还没修"))
    second = cast.to_call_back(phone="13900000002")
    close_ticket(second, by=cast.sun, now=now, said=cast.said())
    rates = rates_lately(cast.leader, now)
    assert (rates.ended, rates.reached, rates.contacted, rates.solved, rates.satisfied) == (2, 2, 2, 1, 1)
    assert rates_lately(cast.leader, now + timedelta(days=31)).ended == 0


def test_the_leader_reads_figures_and_no_name_or_phone(cast: Cast, client: Client) -> None:
    cast.to_call_back()
    client.force_login(cast.leader)
    page = client.get("/", {"show": "open"}).content.decode()
    assert "响应率" in page
    assert "冯小满" not in page and "13900000001" not in page


def test_an_agents_drafts_are_on_their_home_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    client.post("/drafts/intake:a1", {"title": "写到一半"})
    assert "写到一半" in client.get("/", {"show": "drafts"}).content.decode()
    client.force_login(cast.chen)
    assert "写到一半" not in client.get("/", {"show": "drafts"}).content.decode()
