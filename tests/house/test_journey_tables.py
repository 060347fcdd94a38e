"""The two tables hold together: every state is reached, every state leads on, every code has a word."""

import pytest

from fenzhen.hotline.journey import (
    ASSIGNMENT,
    OPEN,
    RESTING,
    TICKET,
    WATCHING,
    AssignmentState,
    Clock,
    NotOpen,
    Row,
    TicketState,
    check,
    open_acts,
    printed,
)
from fenzhen.hotline.roles import Role
from fenzhen.records.words import missing_words

TABLES = {"ticket": (TICKET, tuple(TicketState)), "assignment": (ASSIGNMENT, tuple(AssignmentState))}


def reached(rows: tuple[Row, ...]) -> set[str]:
    found = {row.to for row in rows if row.is_beginning and row.to}
    grown = True
    while grown:
        more = {row.to for row in rows if row.to and row.sources & found} - found
        found |= more
        grown = bool(more)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_from_a_beginning(name: str) -> None:
    rows, states = TABLES[name]
    assert reached(rows) == set(states)


def test_every_open_state_of_a_ticket_leads_to_a_good_end_and_to_a_way_out() -> None:
    moving = [row for row in TICKET if row.to]
    ends: set[str] = {TicketState.CLOSED}
    grown = True
    while grown:
        more = {s for row in moving if row.to in ends for s in row.sources} - ends
        ends |= more
        grown = bool(more)
    assert set(OPEN) <= ends
    for state in OPEN:
        assert any(row.act == "withdraw" and state in row.sources for row in TICKET)


def test_every_open_state_can_be_left_by_somebody_who_is_a_person() -> None:
    for state in OPEN:
        movers = {
            role for row in TICKET if state in row.sources and row.to not in {None, state} for role in row.who
        }
        assert movers - {Role.SYSTEM}, state


def test_resting_and_open_states_are_all_states() -> None:
    assert OPEN | WATCHING | RESTING == set(TicketState)
    assert not OPEN & RESTING


def test_each_clock_that_starts_is_stopped_somewhere() -> None:
    for rows in (TICKET, ASSIGNMENT):
        for clock in {c for row in rows for c in row.starts}:
            assert any(clock in row.stops for row in rows), clock


def test_one_act_has_one_row_in_a_table() -> None:
    for rows, _states in TABLES.values():
        acts = [row.act for row in rows]
        assert len(acts) == len(set(acts))


def test_an_act_that_stands_in_both_tables_means_the_same_event() -> None:
    ticket = {row.act: row for row in TICKET}
    for row in ASSIGNMENT:
        if row.act in ticket:
            assert row.event == ticket[row.act].event
            assert row.who <= ticket[row.act].who


def test_units_never_call_back_and_never_review_themselves() -> None:
    for row in TICKET:
        if row.act in {
            "close",
            "rehandle",
            "miss",
            "close_unreached",
            "approve",
            "send_back",
            "void",
            "dispatch",
        }:
            assert not row.who & {Role.UNIT_LIAISON, Role.UNIT_WORKER}, row.act


def test_every_code_has_a_word() -> None:
    assert missing_words() == []


def test_the_printed_tables_name_every_act_and_state() -> None:
    text = printed()
    for row in (*TICKET, *ASSIGNMENT):
        assert f"| {row.act} |" in text
    for state in (*TicketState, *AssignmentState):
        assert state in text


def test_a_way_that_is_not_in_the_table_is_not_open() -> None:
    with pytest.raises(NotOpen):
        check("ticket", "close", "pending_dispatch", Role.SECTION_CHIEF)
    with pytest.raises(NotOpen):
        check("ticket", "dispatch", "pending_dispatch", Role.UNIT_LIAISON)
    with pytest.raises(NotOpen):
        check("ticket", "fly", "pending_dispatch", Role.SECTION_CHIEF)
    with pytest.raises(NotOpen):
        check("ticket", "receive", "closed", Role.AGENT)
    assert "dispatch" in open_acts("ticket", "pending_dispatch", Role.DISPATCHER)
    assert "dispatch" not in open_acts("ticket", "pending_dispatch", Role.AGENT)


def test_clock_names_are_known() -> None:
    assert {c for row in (*TICKET, *ASSIGNMENT) for c in row.starts} == set(Clock)
