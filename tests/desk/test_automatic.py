"""A ticket goes by itself only where the chief has switched it on, the promise covers it, and nothing speaks against it."""

from datetime import timedelta

import pytest

from fenzhen.board.advice import adviser_now
from fenzhen.desk import decision as decisions
from fenzhen.desk.dispatch import LeftToAPerson, dispatch_automatically, dispatch_ticket, recall_automatic
from fenzhen.desk.handle import sign_assignment
from fenzhen.desk.step import MovedMeanwhile, NotOpen
from fenzhen.desk.triage import hold_ticket
from fenzhen.office.accounts import system_account
from fenzhen.records.advice import Advice, Audit, Automation, Certified, Decision
from fenzhen.records.journal import Entry
from fenzhen.records.links import TicketLink
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


def switched_on(
    cast: Cast, *, threshold: float | None = 0.9, group: str = "01", **fields: object
) -> Automation:
    certified = Certified.objects.create(
        group=group, adviser=adviser_now(system_account()), made_at=cast.now, by=cast.chen, alpha=0.03, delta=0.05,
        number=1, delta_spent=0.03, way="audited", threshold=threshold, cases=200, automatic=150, wrong=0,
        wrong_at_most=0.02, missing=0,
    )  # fmt: skip
    return Automation.objects.create(
        group=group, is_on=True, certified=certified, changed_at=cast.now, changed_by=cast.chen, **fields
    )


def advised(ticket: Ticket, cast: Cast, *, confidence: float = 0.95, **fields: object) -> Ticket:
    unit = {
        "unit": "T1",
        "probability": confidence,
        "category": "010101",
        "rule": "D1",
        "assist": ["ZJW"],
        "level": 3,
    }
    row = {"made_at": cast.now, "adviser": adviser_now(system_account()), "units": [unit]} | fields
    Advice.objects.create(ticket=ticket, **row)
    return ticket


def go(ticket: Ticket, cast: Cast, minutes: float = 2) -> list[object]:
    return list(
        dispatch_automatically(ticket, by=system_account(), now=cast.now + timedelta(minutes=minutes))
    )


def reasons(ticket: Ticket, cast: Cast) -> tuple[str, ...]:
    with pytest.raises(LeftToAPerson) as left:
        go(ticket, cast)
    assert Ticket.objects.get(pk=ticket.pk).state == "pending_dispatch"
    return left.value.reasons


def test_a_sure_ticket_goes_to_its_unit_with_its_assistants_and_is_marked(cast: Cast) -> None:
    switched_on(cast)
    ticket = advised(cast.waiting(), cast)
    go(ticket, cast)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead_unit) == ("dispatched", cast.liuhe)
    entry = Entry.objects.get(subject=f"ticket:{ticket.pk}", act="dispatch_automatically")
    assert (entry.event, entry.role, entry.facts["threshold"]) == ("dispatched", "system", 0.9)
    kept = Decision.objects.get(ticket=ticket)
    assert (kept.automatic, kept.advised, kept.group, kept.n) == (True, "T1", "01", entry.n)


def test_nothing_goes_while_nothing_is_switched_on(cast: Cast) -> None:
    assert reasons(advised(cast.waiting(), cast), cast) == ("off",)


def test_without_a_promise_or_below_it_a_person_decides(cast: Cast) -> None:
    row = switched_on(cast)
    assert reasons(advised(cast.waiting(), cast, confidence=0.89), cast) == ("not_sure_enough",)
    row.certified.threshold = None
    row.certified.save()
    assert reasons(advised(cast.waiting(phone="13900000002"), cast), cast) == ("no_certificate",)


def test_a_promise_made_for_another_adviser_counts_nothing(cast: Cast) -> None:
    row = switched_on(cast)
    row.certified.adviser = "older"
    row.certified.save()
    assert reasons(advised(cast.waiting(), cast), cast) == ("other_adviser",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"body": "我现在被困在电梯里,快喘不上气了,救命"}, "level_1"),
        ({"kind": "report"}, "report"),
        ({"is_secret": True}, "secret"),
    ],
)
def test_what_is_dangerous_or_a_report_or_secret_never_goes(
    cast: Cast, fields: dict[str, object], reason: str
) -> None:
    switched_on(cast)
    assert reason in reasons(advised(cast.waiting(**fields), cast, confidence=1.0), cast)


def test_an_unknown_place_a_missing_rule_or_a_ruling_stops_it(cast: Cast) -> None:
    switched_on(cast)
    one = advised(cast.waiting(), cast, place={"ask_place": True})
    assert "place_unknown" in reasons(one, cast)
    unit = {"unit": "T1", "probability": 0.99, "category": "010101", "rule": "", "level": 3}
    assert reasons(advised(cast.waiting(phone="13900000003"), cast, units=[unit]), cast) == ("no_rule",)
    ruled = [{**unit, "unit": "ZJW", "ruling": 1, "lifted": True, "rule": "D3"}, {**unit, "rule": "D1"}]
    assert "ruling_differs" in reasons(advised(cast.waiting(phone="13900000004"), cast, units=ruled), cast)


def test_a_caller_with_an_open_ticket_is_left_to_a_person(cast: Cast) -> None:
    switched_on(cast)
    cast.waiting()
    assert reasons(advised(cast.waiting(), cast), cast) == ("same_caller",)


def test_what_is_linked_with_another_is_left_to_a_person(cast: Cast) -> None:
    switched_on(cast)
    ticket, other = advised(cast.waiting(), cast), cast.waiting(phone="13900000008")
    TicketLink.objects.create(ticket=other, other=ticket, kind="same_matter", by=cast.wang, at=cast.now)
    assert reasons(ticket, cast) == ("linked",)


def test_what_a_colleague_has_in_hand_is_left_alone(cast: Cast) -> None:
    switched_on(cast)
    ticket = advised(cast.waiting(), cast)
    hold_ticket(ticket, by=cast.wang, now=cast.now + timedelta(minutes=1))
    with pytest.raises(MovedMeanwhile):
        go(ticket, cast)


def test_it_can_be_taken_back_within_its_grace_even_when_signed_and_never_goes_again(cast: Cast) -> None:
    switched_on(cast)
    ticket = advised(cast.waiting(), cast)
    go(ticket, cast)
    sign_assignment(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(minutes=5))
    recall_automatic(ticket, by=cast.li, now=cast.now + timedelta(minutes=20))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead_unit) == ("pending_dispatch", None)
    assert set(ticket.assignments.values_list("state", flat=True)) == {"recalled"}
    assert Decision.objects.get(ticket=ticket).taken_back_by == cast.li
    assert "not_new" in reasons(ticket, cast)


def test_after_its_grace_it_is_not_taken_back_with_one_press(cast: Cast) -> None:
    switched_on(cast)
    ticket = advised(cast.waiting(), cast)
    go(ticket, cast)
    with pytest.raises(NotOpen):
        recall_automatic(ticket, by=cast.li, now=cast.now + timedelta(minutes=33))
    with pytest.raises(NotOpen):
        recall_automatic(
            cast.dispatched(phone="13900000005"), by=cast.li, now=cast.now + timedelta(minutes=3)
        )


def test_a_persons_dispatch_is_kept_beside_the_advice_and_may_be_drawn(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = advised(cast.waiting(), cast)
    monkeypatch.setattr(decisions._draw, "random", lambda: 0.0)
    dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.housing, chosen_rank=0)
    kept = Decision.objects.get(ticket=ticket)
    assert (kept.automatic, kept.unit, kept.advised, kept.rank) == (False, cast.housing, "T1", 0)
    assert Audit.objects.get(decision=kept).why == "random"
    monkeypatch.setattr(decisions._draw, "random", lambda: 0.5)
    dispatch_ticket(
        cast.waiting(phone="13900000006"),
        by=cast.wang,
        now=cast.now + timedelta(minutes=2),
        lead=cast.housing,
    )
    assert Audit.objects.count() == 1
