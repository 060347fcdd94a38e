"""A unit chosen by hand is held against the duty list: no town gets what the list keeps from the grassroots."""

from datetime import timedelta

import pytest

from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.dispatch import dispatch_by_phone, dispatch_ticket
from fenzhen.desk.request import open_consultation, redispatch_ticket, settle_consultation
from fenzhen.desk.step import Incomplete
from fenzhen.records.directory import Category, Duty
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


@pytest.fixture
def bureaus_matter(cast: Cast) -> Category:
    """By rule D3 the housing bureau's, and never a town's."""
    return Category.objects.create(code="020101", level1="违建", level2="执法", name="违法建设查处")


def facts_of(ticket: Ticket, act: str) -> dict[str, object]:
    return dict(Entry.objects.get(subject=f"ticket:{ticket.pk}", act=act).facts)


def test_a_town_chosen_by_hand_is_refused_and_the_refusal_names_rule_and_unit(
    cast: Cast, bureaus_matter: Category
) -> None:
    ticket = cast.waiting(category=bureaus_matter)
    ways = [
        lambda: dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.liuhe),
        lambda: dispatch_by_phone(ticket, by=cast.wang, now=cast.now, lead=cast.liuhe, outcome="no_answer"),
    ]
    for way in ways:
        with pytest.raises(Incomplete) as why:
            way()
        assert "D3" in why.value.fields["lead"] and "区住建委" in why.value.fields["lead"]
    assert not Assignment.objects.exists()


def test_the_category_that_is_chosen_with_the_dispatch_counts(cast: Cast, bureaus_matter: Category) -> None:
    ticket = cast.waiting(category=cast.category)
    with pytest.raises(Incomplete):
        dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.liuhe, category=bureaus_matter)


def test_the_rule_that_named_the_unit_is_its_basis(cast: Cast, bureaus_matter: Category) -> None:
    one, two = cast.waiting(category=bureaus_matter), cast.waiting(category=cast.category)
    dispatch_ticket(one, by=cast.wang, now=cast.now, lead=cast.housing)
    dispatch_ticket(two, by=cast.wang, now=cast.now, lead=cast.liuhe)  # the town of the place
    assert [cast.lead(one).basis, cast.lead(two).basis] == ["D3", "D1"]
    assert facts_of(one, "dispatch")["basis"] == "D3"


def test_another_unit_than_the_lists_may_be_chosen_and_the_journal_says_whom_the_list_names(
    cast: Cast,
) -> None:
    ticket = cast.waiting(category=cast.category)
    dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.police)
    said = facts_of(ticket, "dispatch")
    assert (said["basis"], said["list_rule"], said["list_lead"]) == ("", "D1", "T1")
    assert cast.lead(ticket).basis == ""


def test_neither_redispatch_nor_designation_nor_a_second_round_goes_round_the_list(
    cast: Cast, bureaus_matter: Category
) -> None:
    def with_housing() -> Ticket:
        ticket = cast.waiting(category=bureaus_matter)
        dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.housing)
        return ticket

    later = cast.now + timedelta(hours=1)
    with pytest.raises(Incomplete):
        redispatch_ticket(
            with_housing(), by=cast.chen, now=later, lead=cast.liuhe, word="属地", designate=True
        )
    disputed = cast.waiting(category=bureaus_matter)
    open_consultation(disputed, by=cast.wang, now=cast.now, text="归谁?")
    with pytest.raises(Incomplete):
        settle_consultation(disputed, by=cast.chen, now=later, lead=cast.liuhe, text="镇里办")
    disputed.refresh_from_db()
    assert disputed.state == "in_consultation"
    done = cast.to_call_back()
    Ticket.objects.filter(pk=done.pk).update(category=bureaus_matter)
    done.refresh_from_db()
    no = cast.said(solved="no", satisfied="no", words="没人来")
    with pytest.raises(Incomplete) as why:
        rehandle_ticket(done, by=cast.sun, now=cast.now + timedelta(hours=8), said=no, unit=cast.songshan)
    assert "D3" in why.value.fields["unit"]


def test_a_rule_that_was_changed_a_moment_ago_counts_at_once(cast: Cast) -> None:
    ticket = cast.waiting(category=cast.category)
    Duty.objects.filter(rule_id="D1").update(not_grassroots=True, floor_unit="ZJW")
    with pytest.raises(Incomplete):
        dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.liuhe)
    Duty.objects.filter(rule_id="D1").update(valid_to=cast.now.date() - timedelta(days=1))
    dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.liuhe)
    assert facts_of(ticket, "dispatch")["basis"] == ""
