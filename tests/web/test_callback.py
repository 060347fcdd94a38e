"""The call-back desk: who is phoned first, what is read aloud, and what follows from an answer."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.callbacks import callback_for, callbacks_due, try_times
from fenzhen.board.rates import rates_by_unit, three_rates
from fenzhen.desk.callback import close_ticket, close_unreached, hold_callback, miss_call, rehandle_ticket
from fenzhen.desk.handle import sign_assignment, submit_reply
from fenzhen.desk.intake import withdraw_ticket
from fenzhen.desk.review import approve_reply
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast

HTMX = {"HX-Request": "true"}
YES = {
    "act": "close",
    "contacted": "yes",
    "solved": "yes",
    "satisfied": "very",
    "is_true": "yes",
    "emotion": "calm",
}
NO = {
    "act": "rehandle",
    "contacted": "no",
    "solved": "no",
    "satisfied": "no",
    "is_true": "no",
    "reason_code": "nothing_done",
    "words": "没人来过",
    "emotion": "angry",
    "level": "3",
}
PLAIN = {"title": "路灯不亮", "body": "路口的灯不亮了好几天。"}


@pytest.fixture(autouse=True)
def afternoon(cast: Cast):
    with time_machine.travel(cast.now + timedelta(hours=7), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def to_call(cast: Cast, n: int = 1, days: int = 0, **fields) -> CallBack:
    ticket = cast.to_call_back(
        now=cast.now - timedelta(days=days), **({"phone": f"1390000{n:04d}"} | PLAIN | fields)
    )
    return CallBack.objects.get(ticket=ticket, outcome="")


def due(cast: Cast) -> list[int]:
    return [row.callback.pk for row in callbacks_due(cast.sun, cast.now + timedelta(hours=7)).due]


def test_level_1_then_vulnerable_then_rehandled_then_late(cast: Cast) -> None:
    plain = to_call(cast, 1)
    late = to_call(cast, 2, days=5)
    again = to_call(cast, 3, days=1).ticket
    rehandle_ticket(
        again, by=cast.sun, now=cast.now, said=cast.said(solved="no", satisfied="no", words="没修")
    )
    item = cast.lead(again)
    sign_assignment(item, by=cast.huang, now=cast.now + timedelta(minutes=9))
    submit_reply(item, by=cast.huang, now=cast.now + timedelta(hours=1), answered=cast.answered())
    approve_reply(item, by=cast.zhao, now=cast.now + timedelta(hours=2))
    elder = to_call(cast, 4, body="独居老人出门看不见路。")
    stranded = to_call(cast, 5, body="没地方住，在桥洞里。")
    urgent = to_call(cast, 6, level=1)
    second = CallBack.objects.get(ticket=again, round=2)
    order = due(cast)
    # "stranded" raises the level by its words alone; among the vulnerable it would come before "elder".
    assert set(order[:2]) == {urgent.pk, stranded.pk}
    assert order[2:] == [elder.pk, second.pk, late.pk, plain.pk]


def test_who_was_not_reached_comes_back_at_its_time_and_an_appointment_too(cast: Cast) -> None:
    missed, agreed = to_call(cast, 1), to_call(cast, 2)
    now = cast.now + timedelta(hours=7)
    miss_call(missed.ticket, by=cast.sun, now=now, outcome="no_answer")
    miss_call(
        agreed.ticket, by=cast.sun, now=now, outcome="appointment", next_try_at=now + timedelta(hours=1)
    )
    desk = callbacks_due(cast.sun, now)
    assert [r.callback.pk for r in desk.appointments] == [agreed.pk]
    assert [r.callback.pk for r in desk.later] == [missed.pk]
    assert desk.due == []
    later = callbacks_due(cast.sun, now + timedelta(hours=3)).due
    assert [r.callback.pk for r in later] == [agreed.pk, missed.pk]


def test_units_and_agents_do_not_call_back(cast: Cast) -> None:
    callback = to_call(cast)
    for person in (cast.huang, cast.zhang, cast.zhao, cast.leader):
        assert client_of(person).get(f"/callback/{callback.pk}").status_code == 403
        assert client_of(person).post(f"/callback/{callback.pk}/done", YES).status_code == 403
        assert callbacks_due(person, cast.now).due == []
        with pytest.raises(CallBack.DoesNotExist):
            callback_for(person, callback.pk, cast.now)


def test_nothing_of_the_matter_is_said_before_the_person_is_known(cast: Cast) -> None:
    callback = to_call(cast, category=cast.category)
    script = callback_for(cast.sun, callback.pk, cast.now).script
    for first in (script["greet"], script["confirm"]):
        for secret in ("冯", "路灯", "公共设施", "柳河镇", "清荷苑"):
            assert secret not in first
    assert "公共设施维修" in script["contacted"] and "柳河镇" in script["contacted"]
    assert all("冯小满" not in line and "139" not in line for line in script.values())


@pytest.mark.parametrize("fields", [{"is_secret": True}, {"kind": "report"}])
def test_a_secret_matter_is_never_named_aloud(cast: Cast, fields: dict[str, object]) -> None:
    script = callback_for(cast.sun, to_call(cast, category=cast.category, **fields).pk, cast.now).script
    assert all("公共设施" not in line and "柳河镇" not in line for line in script.values())


def test_what_the_unit_claimed_stands_beside_the_field_for_the_persons_words(cast: Cast) -> None:
    page = client_of(cast.sun).get(f"/callback/{to_call(cast).pk}").content.decode()
    assert page.index("楼道灯已于今天下午换好") < page.index('id="words"') < page.index('name="emotion"')
    assert "13900000001" not in page


def test_solved_and_content_closes_and_the_next_call_is_there(cast: Cast) -> None:
    first, second = to_call(cast, 1), to_call(cast, 2)
    answer = client_of(cast.sun).post(f"/callback/{first.pk}/done", YES | {"once": "a"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/callback/{second.pk}"
    ticket = Ticket.objects.get(pk=first.ticket_id)
    assert (ticket.state, ticket.first_solved, ticket.final_satisfied) == ("closed", "yes", "very")


def test_a_no_begins_a_new_round_at_once(cast: Cast) -> None:
    callback = to_call(cast)
    answer = client_of(cast.sun).post(f"/callback/{callback.pk}/done", NO, headers=HTMX)
    assert answer.status_code == 204
    ticket = Ticket.objects.get(pk=callback.ticket_id)
    assert (ticket.state, ticket.round, ticket.first_solved) == ("rehandling", 2, "no")
    callback.refresh_from_db()
    assert (
        callback.contradiction and callback.reason_code == "nothing_done" and callback.outcome == "rehandled"
    )
    assert cast.lead(ticket).unit == cast.liuhe


def test_another_unit_can_take_the_new_round(cast: Cast) -> None:
    callback = to_call(cast)
    client = client_of(cast.sun)
    wrong = client.post(f"/callback/{callback.pk}/done", NO | {"unit": "NOBODY"}, headers=HTMX)
    assert wrong.status_code == 422
    client.post(f"/callback/{callback.pk}/done", NO | {"unit": "ZJW", "level": "2"}, headers=HTMX)
    ticket = Ticket.objects.get(pk=callback.ticket_id)
    assert (ticket.lead_unit, ticket.level) == (cast.housing, 2)


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"contacted": ""}, "contacted"),
        ({"solved": "maybe"}, "solved"),
        ({"satisfied": ""}, "satisfied"),
        ({"reason_code": ""}, "reason_code"),
        ({"words": ""}, "words"),
        ({"emotion": "bored"}, "emotion"),
        ({"risk": "flood"}, "risk"),
        ({"vulnerable": ["elder", "cat"]}, "vulnerable"),
        ({"level": "7"}, "level"),
    ],
)
def test_an_answer_that_lacks_something_is_told_where(
    cast: Cast, wrong: dict[str, object], field: str
) -> None:
    callback = to_call(cast)
    answer = client_of(cast.sun).post(f"/callback/{callback.pk}/done", NO | wrong, headers=HTMX)
    assert answer.status_code == 422 and f'"{field}"' in answer.headers["HX-Trigger"]
    callback.refresh_from_db()
    assert callback.outcome == "" and callback.ticket.state == "pending_callback"


def test_unsolved_and_discontent_cannot_be_closed_away(cast: Cast) -> None:
    callback = to_call(cast)
    client = client_of(cast.sun)
    assert (
        client.post(f"/callback/{callback.pk}/done", NO | {"act": "close"}, headers=HTMX).status_code == 422
    )
    explained = NO | {"act": "close", "satisfied": "understands", "reason_code": "policy"}
    assert client.post(f"/callback/{callback.pk}/done", explained, headers=HTMX).status_code == 204
    assert Ticket.objects.get(pk=callback.ticket_id).final_solved == "no"


def test_a_refused_plain_form_comes_back_with_the_answers(cast: Cast) -> None:
    answer = client_of(cast.sun).post(f"/callback/{to_call(cast).pk}/done", NO | {"contacted": ""})
    page = answer.content.decode()
    assert answer.status_code == 422 and "没人来过" in page
    assert 'name="solved" value="no" checked' in page


@pytest.mark.parametrize(
    "said, level",
    [
        ({"words": "我还在桥下站着，冻得受不了"}, "1"),
        ({"words": "在外面等着", "vulnerable": "elder", "place_now": "五孔桥桥下"}, "1"),
        ({"vulnerable": "stranded"}, "1"),
        ({"vulnerable": "ill"}, "1"),
        ({"risk": "self_harm"}, "1"),
        ({"words": "灯还是不亮", "vulnerable": "elder"}, "3"),
        ({"words": "灯还是不亮"}, "3"),
    ],
)
def test_the_level_is_proposed_from_words_marks_and_risk(
    cast: Cast, said: dict[str, str], level: str
) -> None:
    answer = client_of(cast.sun).post(f"/callback/{to_call(cast).pk}/listen", said, headers=HTMX)
    assert f'data-level="{level}"' in answer.content.decode()


def test_self_harm_calls_the_shift_lead_and_the_chief_at_once_and_once(cast: Cast) -> None:
    callback = to_call(cast)
    client = client_of(cast.sun)
    for _ in range(2):
        page = client.post(
            f"/callback/{callback.pk}/listen", {"risk": "self_harm"}, headers=HTMX
        ).content.decode()
        assert "班长和科长已收到通知" in page and "您慢慢说" in page
    told = Notice.objects.filter(kind="risk_self_harm", is_urgent=True)
    assert sorted(told.values_list("person__username", flat=True)) == ["chen", "xu"]
    entry = Entry.objects.get(act="note")
    assert entry.facts["risk"] == "self_harm" and "words" not in entry.facts
    page = client.get(f"/callback/{callback.pk}").content.decode()
    assert "120" in page and "许班长" in page


def test_not_reached_proposes_the_next_try_and_keeps_the_attempt(cast: Cast) -> None:
    callback = to_call(cast)
    now = cast.now + timedelta(hours=7)
    offered = try_times(cast.sun, callback, now)
    assert offered == sorted(offered) and offered[0] == now + timedelta(hours=2)
    client_of(cast.sun).post(
        f"/callback/{callback.pk}/miss", {"outcome": "busy", "next_try": offered[0].isoformat()}, headers=HTMX
    )
    callback.refresh_from_db()
    assert (callback.next_try_at, callback.appointment) == (offered[0], False)
    assert Attempt.objects.get().outcome == "busy"


@pytest.mark.parametrize(
    "sent",
    [
        {"outcome": ""},
        {"outcome": "appointment"},
        {"outcome": "busy", "next_try_own": "2020-01-01T10:00"},
        {"outcome": "busy", "next_try_own": "soon"},
    ],
)
def test_a_miss_without_its_facts_is_refused(cast: Cast, sent: dict[str, str]) -> None:
    answer = client_of(cast.sun).post(f"/callback/{to_call(cast).pk}/miss", sent, headers=HTMX)
    assert answer.status_code == 422 and Attempt.objects.count() == 0


def test_giving_up_is_offered_after_enough_tries_over_enough_days_only(cast: Cast) -> None:
    callback = to_call(cast, days=3)
    client = client_of(cast.sun)
    miss_call(callback.ticket, by=cast.sun, now=cast.now - timedelta(days=2), outcome="off")
    miss_call(callback.ticket, by=cast.sun, now=cast.now - timedelta(days=2, hours=-3), outcome="off")
    assert "联系不上，办结" not in client.get(f"/callback/{callback.pk}").content.decode()
    assert client.post(f"/callback/{callback.pk}/unreached", headers=HTMX).status_code == 409
    miss_call(callback.ticket, by=cast.sun, now=cast.now, outcome="no_answer")
    assert "联系不上，办结" in client.get(f"/callback/{callback.pk}").content.decode()
    assert client.post(f"/callback/{callback.pk}/unreached", headers=HTMX).status_code == 204
    assert Ticket.objects.get(pk=callback.ticket_id).state == "closed"


def test_nobody_is_phoned_by_two_people_at_once(cast: Cast) -> None:
    callback = to_call(cast)
    assert hold_callback(callback, by=cast.xu, now=cast.now + timedelta(hours=7))
    page = client_of(cast.sun).get(f"/callback/{callback.pk}").content.decode()
    assert "许班长 正在打这个电话" in page
    assert hold_callback(callback, by=cast.sun, now=cast.now + timedelta(hours=8))


def test_a_colleague_was_faster(cast: Cast) -> None:
    callback = to_call(cast)
    close_ticket(callback.ticket, by=cast.xu, now=cast.now + timedelta(hours=7), said=cast.said())
    answer = client_of(cast.sun).post(f"/callback/{callback.pk}/done", YES, headers=HTMX)
    assert answer.status_code in {404, 409}
    assert CallBack.objects.get(pk=callback.pk).done_by == cast.xu


# --- today's figures ------------------------------------------------------------------------------------


def rates(cast: Cast, viewer: User | None = None):
    return three_rates(
        viewer or cast.sun,
        cast.now - timedelta(days=30),
        cast.now + timedelta(days=1),
        cast.now + timedelta(hours=9),
    )


def test_every_round_counts_and_the_first_answer_stays(cast: Cast) -> None:
    ticket = to_call(cast, days=1).ticket
    now = cast.now
    rehandle_ticket(ticket, by=cast.sun, now=now, said=cast.said(solved="no", satisfied="no", words="没修"))
    item = cast.lead(ticket)
    sign_assignment(item, by=cast.huang, now=now + timedelta(minutes=5))
    submit_reply(item, by=cast.huang, now=now + timedelta(hours=1), answered=cast.answered())
    approve_reply(item, by=cast.zhao, now=now + timedelta(hours=2))
    close_ticket(ticket, by=cast.sun, now=now + timedelta(hours=3), said=cast.said())
    seen = rates(cast)
    assert (seen.rounds.reached, seen.rounds.solved, seen.resolution) == (2, 1, 0.5)
    assert (seen.first.reached, seen.first.solved) == (1, 0)
    assert (seen.final.reached, seen.final.solved) == (1, 1)


def test_withdrawn_praise_and_unreached_are_not_rated_and_waiting_is_shown_apart(cast: Cast) -> None:
    withdrawn = to_call(cast, 1, days=1).ticket
    rehandle_ticket(
        withdrawn, by=cast.sun, now=cast.now, said=cast.said(solved="no", satisfied="no", words="没修")
    )
    withdraw_ticket(withdrawn, by=cast.zhang, now=cast.now + timedelta(hours=1), reason="caller")
    praise = to_call(cast, 2, kind="praise").ticket
    close_ticket(praise, by=cast.sun, now=cast.now + timedelta(hours=7), said=cast.said())
    gone = to_call(cast, 3, days=5).ticket
    for n in range(3):
        miss_call(gone, by=cast.sun, now=cast.now - timedelta(days=3 - n), outcome="off")
    close_unreached(gone, by=cast.sun, now=cast.now)
    to_call(cast, 4)
    seen = rates(cast)
    assert (seen.rounds.ended, seen.rounds.left_out, seen.rounds.reached, seen.waiting) == (2, 1, 0, 1)
    assert (seen.rounds.coverage, seen.resolution) == (0.0, None)


def test_a_unit_sees_the_rates_of_what_it_led_only(cast: Cast) -> None:
    close_ticket(to_call(cast).ticket, by=cast.sun, now=cast.now + timedelta(hours=7), said=cast.said())
    assert rates(cast, cast.huang).rounds.reached == 1
    assert rates(cast, cast.jian).rounds.reached == 0  # assisted
    assert rates(cast, cast.bai).rounds.reached == 0
    assert rates(cast, cast.leader).rounds.reached == 1
    assert rates(cast, cast.admin).rounds.reached == 0
    by_unit = rates_by_unit(cast.chen, cast.now, cast.now + timedelta(days=1))
    assert {code: r.reached for code, r in by_unit.items()} == {"T1": 1}


def test_a_handful_of_calls_is_shown_as_counts_and_not_as_per_cent(cast: Cast) -> None:
    close_ticket(to_call(cast).ticket, by=cast.sun, now=cast.now + timedelta(hours=7), said=cast.said())
    page = client_of(cast.sun).get("/callback").content.decode()
    assert "接通 1 / 1" in page and "人数少，暂不算率" in page and "100.0%" not in page
