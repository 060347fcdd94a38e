"""Returns and extensions that wait for the desk's word, beside the ticket; and consultations with their clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.tickets import NotVisible, visible
from fenzhen.hotline import roles
from fenzhen.hotline.clock import Colour, colour
from fenzhen.hotline.roles import Role
from fenzhen.records.attachments import Attachment
from fenzhen.records.directory import Duty
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

KINDS = ("return", "extension")
#: How many decided ones a page shows below those that wait.
DECIDED = 30


@dataclass(slots=True)
class RequestRow:
    """One application in the list of those that wait."""

    request: Request
    ticket: Ticket
    share: Assignment
    is_chiefs: bool
    """A return that only the chief may agree to: it would be one too many."""
    colour: Colour


@dataclass(slots=True)
class RequestSeen(RequestRow):
    """One application with everything that its decision rests on."""

    rule: Duty | None
    """The duty rule on which the desk dispatched, where there was one."""
    agreed: int
    refused: int
    """How often the desk agreed to, or refused, the same reason in the same category."""
    may_decide: bool
    attachments: list[Attachment]
    others: list[Request]
    """Earlier applications on the same ticket."""


@dataclass(slots=True)
class ConsultationSeen:
    """A ticket that is being consulted about."""

    ticket: Ticket
    since: datetime
    why: str
    colour: Colour
    had: list[Assignment]
    """Units that had it and gave it back."""


def requests_waiting(viewer: User, now: datetime, narrow: Narrow = ALL) -> list[RequestRow]:
    """Undecided ones: the highest level first, then by how soon the unit's own time is over."""
    rows = list(_rows(viewer).filter(narrow.on("ticket", unit="assignment__unit"), decision=""))
    rows.sort(key=lambda r: (r.ticket.level, r.assignment.handle_due if r.assignment else r.asked_at, r.pk))
    return [_row(row, now) for row in rows]


def requests_decided(viewer: User) -> list[Request]:
    """The latest decisions."""
    return list(_rows(viewer).exclude(decision="").order_by("-decided_at", "-id")[:DECIDED])


def request_for(viewer: User, pk: int, now: datetime) -> RequestSeen:
    """One of them, waiting or decided. Raises `NotVisible`."""
    row = _rows(viewer).filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return _seen(viewer, row, now)


def requests_of_share(viewer: User, share: Assignment) -> list[Request]:
    """What a unit asked for on its share, and the desk's word, for the unit and the desk; oldest first."""
    if viewer.role in roles.UNIT and (viewer.role == Role.UNIT_WORKER or viewer.unit_id != share.unit_id):
        return []
    return list(
        Request.objects.filter(assignment=share, kind__in=KINDS)
        .select_related("applicant", "decided_by", "proposes")
        .order_by("id")
    )


def requests_on(viewer: User, ticket: Ticket) -> list[Request]:
    """Those on one ticket that still wait, for those who decide."""
    return list(_rows(viewer).filter(ticket=ticket, decision="").order_by("id"))


def consultations(viewer: User, now: datetime) -> list[ConsultationSeen]:
    """Tickets in consultation, the one whose time is over first."""
    if viewer.role not in roles.DESK | {Role.SUPERVISOR}:
        return []
    tickets = (
        visible(viewer)
        .filter(state="in_consultation")
        .select_related("place", "town", "category", "lead_unit")
        .order_by("consult_due", "id")
    )
    return [_consultation(ticket, now) for ticket in tickets]


def consultation_of(viewer: User, pk: int, now: datetime) -> ConsultationSeen:
    """One of them. Raises `NotVisible`."""
    for seen in consultations(viewer, now):
        if seen.ticket.pk == pk:
            return seen
    raise NotVisible


@dataclass(frozen=True, slots=True)
class Limits:
    """Until when, and whether at all, a unit may still ask: for its page, beside the verbs that decide."""

    return_until: datetime
    may_return: bool
    is_designated: bool
    may_extend: bool
    latest: datetime
    """The last date that an extension may reach."""


def request_limits(viewer: User, share: Assignment, now: datetime) -> Limits:
    """What the district's rules leave open on this share now."""
    ticket = share.ticket
    until = share.given_at + timedelta(hours=float(setting("return.hours", 4)))
    waiting = {r.kind for r in requests_of_share(viewer, share) if not r.decision}
    designated = ticket.designated and share.part == "lead"
    open_ = share.state in {"pending_sign", "signed", "waiting"}
    span = (share.handle_due - share.given_at) * float(setting("extension.max_factor", 1.0))
    return Limits(
        until,
        open_ and not designated and now <= until and "return" not in waiting,
        designated,
        share.state in {"signed", "waiting"}
        and ticket.state == "handling"
        and now <= share.handle_due
        and ticket.extensions < int(setting("extension.max_times", 1))
        and "extension" not in waiting,
        share.handle_due + span,
    )


def units_known(viewer: User) -> list[Unit]:
    """Every active unit, to be proposed or chosen; for those who dispatch and those who handle."""
    if viewer.role not in roles.DESK | roles.UNIT:
        return []
    return list(Unit.objects.filter(is_active=True).only("code", "name", "short_name", "kind"))


def unit_named(viewer: User, words: str) -> Unit | None:
    """The active unit with this code, name or everyday name; None where there is none or more than one."""
    words = words.strip()
    if not words or viewer.role not in roles.DESK | roles.UNIT:
        return None
    rows = list(
        Unit.objects.filter(is_active=True).filter(Q(code=words) | Q(name=words) | Q(short_name=words))[:2]
    )
    return rows[0] if len(rows) == 1 else None


# ---------------------------------------------------------------------------------------------------------


def _rows(viewer: User) -> "QuerySet[Request]":
    if viewer.role not in roles.DESK | {Role.SUPERVISOR}:
        return Request.objects.none()
    return Request.objects.filter(kind__in=KINDS).select_related(
        "ticket__place",
        "ticket__town",
        "ticket__category",
        "ticket__lead_unit",
        "assignment__unit",
        "assignment__ticket",
        "applicant",
        "decided_by",
        "proposes",
    )


def _row(row: Request, now: datetime) -> RequestRow:
    share = row.assignment
    assert share is not None  # only these kinds have none
    is_chiefs = row.kind == "return" and row.ticket.returns + 1 >= int(setting("return.max", 2))
    return RequestRow(row, row.ticket, share, is_chiefs, colour(share.given_at, share.handle_due, now))


def _seen(viewer: User, request: Request, now: datetime) -> RequestSeen:
    row = _row(request, now)
    alike = (
        Request.objects.filter(
            kind=request.kind, reason_code=request.reason_code, ticket__category=row.ticket.category
        )
        .exclude(pk=request.pk)
        .aggregate(
            agreed=Count("pk", filter=Q(decision="approved")),
            refused=Count("pk", filter=Q(decision="refused")),
        )
    )
    share = row.share
    return RequestSeen(
        request=request,
        ticket=row.ticket,
        share=share,
        is_chiefs=row.is_chiefs,
        colour=row.colour,
        rule=Duty.objects.filter(rule_id=share.basis).first() if share.basis else None,
        agreed=alike["agreed"],
        refused=alike["refused"],
        may_decide=viewer.role in roles.DESK,
        attachments=list(Attachment.objects.filter(assignment=share, dropped_at=None).select_related("by")),
        others=list(
            Request.objects.filter(ticket=row.ticket, kind__in=KINDS)
            .exclude(pk=request.pk)
            .select_related("assignment__unit", "decided_by")
            .order_by("id")
        ),
    )


def _consultation(ticket: Ticket, now: datetime) -> ConsultationSeen:
    entry = Entry.objects.filter(subject=f"ticket:{ticket.pk}", act="consult").order_by("-n").first()
    note = Note.objects.filter(ticket=ticket, kind="consult").order_by("-n").first()
    since = entry.at if entry else ticket.changed_at
    return ConsultationSeen(
        ticket,
        since,
        note.text if note else "",
        colour(since, ticket.consult_due or since, now),
        list(
            Assignment.objects.filter(ticket=ticket, state__in=["returned", "ended"])
            .select_related("unit")
            .order_by("id")
        ),
    )
