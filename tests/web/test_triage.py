"""The triage desk through its pages: the queue, one ticket in hand, accepting advice, colleagues, undo."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.triage import marked, next_waiting, queue_key, tickets_waiting, triage_view, units_matching
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.triage import hold_ticket, record_advice
from fenzhen.hotline.roles import Role
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Category
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

HTMX = {"HX-Request": "true"}


@pytest.fixture
def at_desk(cast: Cast):
    """Wang at the desk, one minute after the first call of the morning."""
    with time_machine.travel(cast.now + timedelta(minutes=1), tick=False):
        client = Client()
        client.force_login(cast.wang)
        yield client


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def system() -> User:
    return User.objects.filter(role=Role.SYSTEM).first() or User.objects.create(
        username="system", name="系统", role=Role.SYSTEM
    )


def advise(cast: Cast, ticket: Ticket, **more) -> None:
    """What the worker would write a second later."""
    advice = {
        "adviser": "test",
        "categories": [{"category": "010101", "probability": 0.9}],
        "units": [
            {
                "unit": "T1",
                "probability": 0.83,
                "category": "010101",
                "rule": "D1",
                "assist": ["ZJW"],
                "level": 3,
            },
            {
                "unit": "ZJW",
                "probability": 0.11,
                "category": "010101",
                "rule": "D3",
                "assist": [],
                "level": 3,
            },
            {"unit": "GA", "probability": 0.02, "category": "230101", "rule": "D2", "assist": [], "level": 1},
        ],
        "words": [{"field": "title", "start": 0, "end": 4, "weight": 0.5}],
        "level": 3,
        "category_code": "010101",
    }
    record_advice(ticket, by=system(), now=cast.now + timedelta(seconds=40), advice=advice | more)
    ticket.refresh_from_db()


def test_the_queue_is_ordered_by_level_then_by_the_end_of_its_triage_time(cast: Cast) -> None:
    late = cast.waiting(now=cast.now - timedelta(hours=3))
    fresh = cast.waiting()
    urgent = cast.waiting(title="煤气漏了", body="厨房煤气味很大,老人在家。")
    rows = tickets_waiting(cast.wang, cast.now).rows
    assert [row.ticket.pk for row in rows] == [urgent.pk, late.pk, fresh.pk]


def test_the_queue_goes_on_behind_a_key_without_gap_or_repetition(cast: Cast) -> None:
    for minute in range(23):
        cast.waiting(now=cast.now + timedelta(minutes=minute % 5))
    whole = [row.ticket.pk for row in tickets_waiting(cast.wang, cast.now, limit=400).rows]
    found: list[int] = []
    key = ""
    while True:
        part = tickets_waiting(cast.wang, cast.now, after=key, limit=5)
        found += [row.ticket.pk for row in part.rows]
        key = part.more
        if not key:
            break
    assert found == whole
    assert len(found) == 23
    assert part.total == 23


def test_a_bad_key_begins_at_the_beginning(cast: Cast) -> None:
    ticket = cast.waiting()
    for key in ("x", "1-2", "9-99999999999999999999999-1", "'; drop table"):
        assert [row.ticket.pk for row in tickets_waiting(cast.wang, cast.now, after=key).rows] == [ticket.pk]


def test_nobody_but_the_desk_has_a_queue(cast: Cast) -> None:
    cast.waiting()
    for person in (cast.zhang, cast.huang, cast.leader, cast.admin):
        assert tickets_waiting(person, cast.now).rows == []
    assert client_of(cast.zhang).get("/triage").status_code == 403
    assert client_of(cast.huang).get("/triage").status_code == 403


def test_the_page_shows_the_queue_and_takes_the_first_in_hand_by_a_post(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    page = at_desk.get("/triage").content.decode()
    assert f'hx-post="/triage/{ticket.pk}/open"' in page
    ticket.refresh_from_db()
    assert ticket.held_by is None  # looking holds nothing
    at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.held_by == cast.wang


def test_the_open_ticket_shows_words_advice_and_no_caller(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    page = at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    assert "<mark>楼道灯坏</mark>" in page
    assert "柳河镇" in page and "83%" in page and "属地管理" in page
    assert "冯小满" not in page and "13900000001" not in page
    assert "139****0001" in page


def test_signals_are_marked_in_the_callers_own_words(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting(title="求助", body="老人在桥下冻了一天,没人管。")
    page = at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    assert '<mark class="signal-late">' in page
    assert ticket.level == 1


def test_markup_in_what_the_caller_said_stays_text(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting(
        title="<script>alert(1)</script>", body="<b onclick=x>着火了</b>'; DROP TABLE ticket;--"
    )
    page = at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    assert "<script>alert" not in page and "<b onclick" not in page


def test_accepting_the_advice_takes_its_unit_category_level_basis_and_assistants(
    cast: Cast, at_desk: Client
) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    upcoming = cast.waiting()
    answer = at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "1", "assist-1": ["ZJW"]}, headers=HTMX)
    ticket.refresh_from_db()
    given = {a.unit.code: a for a in Assignment.objects.filter(ticket=ticket)}
    assert ticket.state == "dispatched" and ticket.category == cast.category
    assert given["T1"].part == "lead" and given["T1"].basis == "D1" and given["T1"].level == 3
    assert given["ZJW"].part == "assist"
    assert Advice.objects.get(ticket=ticket).chosen_rank == 1
    # The next one is there already, in Wang's hands, and the row is gone.
    upcoming.refresh_from_db()
    assert upcoming.held_by == cast.wang
    page = answer.content.decode()
    assert f'data-ticket="{upcoming.pk}"' in page
    assert f'id="row-{ticket.pk}" hx-swap-oob="delete"' in page
    assert f"/triage/{ticket.pk}/undo" in answer.headers["HX-Trigger"]


def test_an_assistant_that_was_unticked_is_not_asked(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "1"}, headers=HTMX)
    assert [a.unit.code for a in Assignment.objects.filter(ticket=ticket)] == ["T1"]


def test_an_advice_that_changed_meanwhile_is_shown_before_it_is_taken(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    answer = at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "1", "shown": "123.3"}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.state == "pending_dispatch"
    assert f'data-ticket="{ticket.pk}"' in answer.content.decode()


def test_a_ticket_whose_advice_is_still_being_made_can_be_dispatched_by_hand(
    cast: Cast, at_desk: Client
) -> None:
    ticket = cast.waiting()
    page = at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    assert "正在分析" in page
    at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "0", "lead": "ZJW"}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.lead_unit == cast.housing


def test_a_dispatch_without_a_unit_says_so_and_moves_nothing(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    for lead in ("", "NOSUCH"):
        answer = at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "0", "lead": lead}, headers=HTMX)
        assert answer.status_code == 422
    ticket.refresh_from_db()
    assert ticket.state == "pending_dispatch"


def test_a_town_chosen_by_hand_for_a_bureaus_matter_is_refused_in_words(cast: Cast, at_desk: Client) -> None:
    bureaus = Category.objects.create(code="020101", level1="违建", level2="执法", name="违法建设查处")
    ticket = cast.waiting(category=bureaus)
    page = at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "0", "lead": "T1"}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.state == "pending_dispatch"
    assert page.status_code == 422
    said = json.loads(page.headers["HX-Trigger"])["fenzhen:refused"]["fields"]["lead"]
    assert "按权责清单 D3，这类事项由区住建委负责，不得派给镇街" in said


def test_the_second_dispatcher_is_told_who_was_faster_sees_the_new_state_and_goes_on(
    cast: Cast, at_desk: Client
) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    other = cast.waiting()
    dispatch_ticket(ticket, by=cast.li, now=cast.now + timedelta(seconds=50), lead=cast.housing)
    answer = at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "1"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409 and answer.headers["X-Draw"] == "1"
    assert "李派单" in page and "已派单" in page and "区住建委" in page
    assert Assignment.objects.filter(ticket=ticket).count() == 1
    further = at_desk.post("/triage/next", {"key": queue_key(ticket)}, headers=HTMX).content.decode()
    assert f'data-ticket="{other.pk}"' in further


def test_what_a_colleague_holds_says_who_cannot_be_dispatched_and_is_not_offered_next(
    cast: Cast, at_desk: Client
) -> None:
    held = cast.waiting()
    free = cast.waiting()
    hold_ticket(held, by=cast.li, now=cast.now + timedelta(minutes=1))
    page = at_desk.post(f"/triage/{held.pk}/open", headers=HTMX).content.decode()
    assert "李派单" in page and "<fieldset disabled>" in page
    answer = at_desk.post(f"/triage/{held.pk}/dispatch", {"rank": "0", "lead": "T1"}, headers=HTMX)
    assert answer.status_code == 409 and "李派单" in answer.content.decode()
    upcoming = next_waiting(cast.wang, cast.now + timedelta(minutes=1))
    assert upcoming is not None and upcoming.pk == free.pk


def test_the_heartbeat_is_silent_while_nothing_changed_and_draws_again_when_something_did(
    cast: Cast, at_desk: Client
) -> None:
    ticket = cast.waiting()
    page = at_desk.post(f"/triage/{ticket.pk}/open", headers=HTMX).content.decode()
    mark = page.split('data-mark="')[1].split('"')[0]
    beat = f"/triage/{ticket.pk}/beat"
    assert at_desk.post(beat, {"have": mark}, headers=HTMX).status_code == 204
    advise(cast, ticket)
    assert at_desk.post(beat, {"have": mark, "busy": "1"}, headers=HTMX).status_code == 204
    again = at_desk.post(beat, {"have": mark}, headers=HTMX)
    assert again.status_code == 200 and "83%" in again.content.decode()


def test_leaving_lets_go_and_opening_another_lets_go_of_the_first(cast: Cast, at_desk: Client) -> None:
    one, two = cast.waiting(), cast.waiting()
    at_desk.post(f"/triage/{one.pk}/open", headers=HTMX)
    at_desk.post(f"/triage/{two.pk}/open", headers=HTMX)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.held_by, two.held_by) == (None, cast.wang)
    at_desk.post(f"/triage/{two.pk}/let-go")
    two.refresh_from_db()
    assert two.held_by is None


def test_undo_brings_the_ticket_back_into_my_hands(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    at_desk.post(f"/triage/{ticket.pk}/dispatch", {"rank": "0", "lead": "T1"}, headers=HTMX)
    answer = at_desk.post(f"/triage/{ticket.pk}/undo", headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.state == "pending_dispatch" and ticket.held_by == cast.wang
    assert answer.headers["HX-Retarget"] == "#desk"


def test_undo_of_what_a_colleague_did_is_refused(cast: Cast, at_desk: Client) -> None:
    ticket = cast.dispatched()
    answer = client_of(cast.li).post(f"/triage/{ticket.pk}/undo", headers=HTMX)
    assert answer.status_code == 409
    ticket.refresh_from_db()
    assert ticket.state == "dispatched"


def test_a_dispatch_that_is_sent_twice_acts_once(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    sent = {"rank": "0", "lead": "T1", "once": "0" * 32}
    assert at_desk.post(f"/triage/{ticket.pk}/dispatch", sent, headers=HTMX).status_code == 200
    assert at_desk.post(f"/triage/{ticket.pk}/dispatch", sent, headers=HTMX).status_code == 204
    assert Entry.objects.filter(subject=f"ticket:{ticket.pk}", act="dispatch").count() == 1


def test_asking_back_answering_and_redirecting_go_on_to_the_next(cast: Cast, at_desk: Client) -> None:
    asked, answered, told = cast.waiting(), cast.waiting(), cast.waiting()
    assert at_desk.post(f"/triage/{asked.pk}/ask-back", {"text": ""}, headers=HTMX).status_code == 422
    at_desk.post(f"/triage/{asked.pk}/ask-back", {"text": "请补充楼号"}, headers=HTMX)
    at_desk.post(f"/triage/{answered.pk}/answer", {"answer": "办事大厅周六上午开门。"}, headers=HTMX)
    at_desk.post(f"/triage/{told.pk}/redirect", {"reason": "legal_channel"}, headers=HTMX)
    states = [Ticket.objects.get(pk=t.pk).state for t in (asked, answered, told)]
    assert states == ["need_info", "answered", "redirected"]
    assert "请补充楼号" not in str(list(Entry.objects.values_list("facts", flat=True)))
    assert asked.title in at_desk.get("/triage/need-info").content.decode()


def test_another_level_moves_the_ticket_up_and_refuses_a_fifth(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    at_desk.post(f"/triage/{ticket.pk}/level", {"level": "1"}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.level == 1
    assert at_desk.post(f"/triage/{ticket.pk}/level", {"level": "5"}, headers=HTMX).status_code == 422


def test_a_level_set_by_hand_holds_for_every_advice(cast: Cast, at_desk: Client) -> None:
    ticket = cast.waiting()
    advise(cast, ticket)
    assert [s.level for s in triage_view(cast.wang, ticket.pk, cast.now).suggestions] == [3, 3, 1]
    at_desk.post(f"/triage/{ticket.pk}/level", {"level": "2"}, headers=HTMX)
    assert [s.level for s in triage_view(cast.wang, ticket.pk, cast.now).suggestions] == [2, 2, 2]


def test_the_queue_answers_204_until_something_changes(cast: Cast, at_desk: Client) -> None:
    cast.waiting()
    page = at_desk.get("/triage/queue").content.decode()
    mark = page.split('data-mark="')[1].split('"')[0]
    assert at_desk.get("/triage/queue", {"have": mark}).status_code == 204
    cast.waiting()
    assert at_desk.get("/triage/queue", {"have": mark}).status_code == 200


@pytest.mark.parametrize("typed", ["柳河", "lh", "LHZ", "liuhe", "ｌｈ", "T1"])
def test_a_unit_is_found_by_name_letters_or_pinyin(cast: Cast, typed: str) -> None:
    assert units_matching(cast.wang, typed)[0] == cast.liuhe


def test_an_unknown_unit_finds_nothing_and_units_see_no_list(cast: Cast) -> None:
    assert units_matching(cast.wang, "没有这个单位") == []
    assert units_matching(cast.huang, "lh") == []


def test_similar_open_tickets_are_asked_for_apart(cast: Cast, at_desk: Client) -> None:
    first, second = cast.waiting(), cast.waiting(title="楼道灯还是没修")
    page = at_desk.get(f"/triage/{second.pk}/similar", headers=HTMX).content.decode()
    assert first.number in page and "同一来电人" in page


def test_a_void_proposal_waits_for_somebody_else(cast: Cast, at_desk: Client) -> None:
    from fenzhen.desk.close import ask_void

    mine, others = cast.waiting(title="我自己提的"), cast.waiting(title="同事提的作废")
    ask_void(mine, by=cast.wang, now=cast.now, reason="test")
    ask_void(others, by=cast.li, now=cast.now, reason="prank")
    page = at_desk.get("/triage/voids").content.decode()
    assert "同事提的作废" in page and "我自己提的" not in page


def test_spans_that_lie_outside_the_text_are_cut() -> None:
    pieces = marked("楼上漏水", [(-3, 1, "word", 0), (2, 99, "signal", 1), (3, 4, "word", 0)])
    assert [(p.text, p.kind) for p in pieces] == [("楼", "word"), ("上", ""), ("漏水", "signal")]
    assert marked("", [(0, 5, "word", 0)]) == []
