"""The two tables of the process as a page: nothing else decides what may move."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from fenzhen.board.words import word
from fenzhen.hotline.journey import ANY, ASSIGNMENT, TICKET, AssignmentState, Row, TicketState
from fenzhen.hotline.roles import Role
from fenzhen.web.page import PageRequest, page


@dataclass(frozen=True, slots=True)
class Line:
    """One row in words."""

    act: str
    code: str
    sources: list[tuple[str, str]]
    is_any: bool
    to: tuple[str, str] | None
    who: str
    clocks: list[str]
    is_mine: bool


@page()
def journey(request: PageRequest) -> HttpResponse:
    """Both tables; what my role may do is marked."""
    facts = {
        "ticket": lines(TICKET, "ticket_state", [str(s) for s in TicketState], request.user.role),
        "assignment": lines(
            ASSIGNMENT, "assignment_state", [str(s) for s in AssignmentState], request.user.role
        ),
    }
    return render(request, "journey.html", facts)


def lines(rows: Iterable[Row], states: str, order: list[str], role: str) -> list[Line]:
    """A table's rows with the words of the moment's language."""
    people = [r for r in Role if r is not Role.SYSTEM]
    out = []
    for row in rows:
        may = [r for r in people if r in row.who]
        clocks = [
            f"{word('clock', clock)} {sign}"
            for sign, some in (
                (_("开始"), row.starts),
                (_("停止"), row.stops),
                (_("暂停"), row.pauses),
                (_("继续"), row.resumes),
            )
            for clock in sorted(some)
        ]
        out.append(
            Line(
                word("act", row.act),
                row.act,
                [(s, word(states, s)) for s in sorted(row.sources, key=order.index)],
                row.sources == ANY,
                (str(row.to), word(states, row.to)) if row.to else None,
                "、".join(word("role", r) for r in may) or word("role", Role.SYSTEM),
                clocks,
                role in row.who,
            )
        )
    return out


routes = [path("journey", journey, name="journey")]
