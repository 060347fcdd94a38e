"""Joint handling as one person may see it: the table, the doors, the messages, the reports.

The centre sees all; a unit at the table sees the case without doors and phones; who reads for the district sees figures and reports.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from fenzhen.board.events import suggested_parties
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.records import files
from fenzhen.records.events import (
    CaseMaterial,
    Event,
    Household,
    Instruction,
    JointCase,
    JointDecision,
    JointMeeting,
    JointParty,
    SpecialReport,
    Wave,
    WavePerson,
)
from fenzhen.records.people import User

_Row = TypeVar("_Row", bound=Model)
#: The steps of a door, in their order.
STEPS = ("visited", "mediated", "agreed", "restored", "called_back")


class NoSuchCase(LookupError):
    """There is no such case, door, message or report, or not for this person."""


@dataclass(frozen=True, slots=True)
class DoorSeen:
    """One door on the checklist; `done` are its steps with their dates, in order (None: not yet)."""

    household: Household
    done: tuple[tuple[str, datetime | None], ...]
    called: bool
    """Somebody of this household called; else it was found on a visit."""

    @property
    def steps(self) -> int:
        """How many of its steps are done."""
        return sum(1 for _step, at in self.done if at is not None)


@dataclass(frozen=True, slots=True)
class OwedSeen:
    """A decision with whether it is late."""

    decision: JointDecision
    late: bool


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything a case's page shows. `counts` are doors per step; `missing` is what stands between it and its end."""

    case: JointCase
    parties: tuple[JointParty, ...]
    meetings: tuple[JointMeeting, ...]
    owed: tuple[OwedSeen, ...]
    materials: tuple[CaseMaterial, ...]
    doors: tuple[DoorSeen, ...]
    counts: dict[str, int]
    content: int
    waves: tuple[Wave, ...]
    reports: tuple[SpecialReport, ...]
    instructions: tuple[Instruction, ...]
    may_act: bool
    sees_doors: bool


def cases_seen(viewer: User) -> "QuerySet[JointCase]":
    """All cases *viewer* may know of."""
    rows = JointCase.objects.all()
    if viewer.role in roles.CENTRE or viewer.role in roles.READERS:
        return rows
    if viewer.role == Role.UNIT_LIAISON and viewer.unit_id:
        return rows.filter(parties__unit=viewer.unit_id, parties__left_at=None).distinct()
    return rows.none()


def case_for(viewer: User, pk: int, now: datetime) -> CasePage:
    """One case. Raises `NoSuchCase`."""
    case = (
        cases_seen(viewer)
        .select_related("event__place", "event__town", "lead_unit", "master", "called_by", "closed_by")
        .filter(pk=pk)
        .first()
    )
    if case is None:
        raise NoSuchCase(pk)
    sees_doors = viewer.role in roles.CENTRE
    doors = _doors(case) if sees_doors else []
    households = case.event.households
    counts = {step: households.filter(**{f"{step}_at__isnull": False}).count() for step in STEPS}
    decisions = case.decisions.select_related("party__unit", "meeting").order_by("done_at", "due")
    return CasePage(
        case=case,
        parties=tuple(case.parties.select_related("unit")),
        meetings=tuple(case.meetings.select_related("by")),
        owed=tuple(OwedSeen(one, one.done_at is None and one.due < now) for one in decisions),
        materials=tuple(case.materials.select_related("by")),
        doors=tuple(doors),
        counts=counts | {"all": households.count()},
        content=households.filter(is_content=True).count(),
        waves=tuple(case.event.waves.select_related("made_by", "approved_by")) if sees_doors else (),
        reports=tuple(case.event.reports.select_related("drafted_by", "signed_by")),
        instructions=tuple(
            Instruction.objects.filter(report__event=case.event)
            .select_related("unit", "report")
            .order_by("due")
        ),
        may_act=viewer.role in roles.CENTRE,
        sees_doors=sees_doors,
    )


def household_for(viewer: User, pk: int) -> Household:
    """One door. Raises `NoSuchCase`."""
    return _one(viewer, Household.objects.select_related("event", "ticket"), pk)


def door_for(viewer: User, pk: int) -> DoorSeen:
    """One door with its steps, for a list that swaps one line. Raises `NoSuchCase`."""
    return _door(household_for(viewer, pk))


def party_for(viewer: User, pk: int) -> JointParty:
    """One party of a case the viewer may see. Raises `NoSuchCase`."""
    found = (
        JointParty.objects.select_related("case", "unit").filter(pk=pk, case__in=cases_seen(viewer)).first()
    )
    if found is None:
        raise NoSuchCase(pk)
    return found


def decision_for(viewer: User, pk: int) -> JointDecision:
    """One decision of a case the viewer may see. Raises `NoSuchCase`."""
    found = (
        JointDecision.objects.select_related("case", "party")
        .filter(pk=pk, case__in=cases_seen(viewer))
        .first()
    )
    if found is None:
        raise NoSuchCase(pk)
    return found


def wave_for(viewer: User, pk: int) -> tuple[Wave, list[WavePerson], dict[str, int]]:
    """A message, the people it goes to, and how many of them are in which state. Raises `NoSuchCase`."""
    wave = _one(viewer, Wave.objects.select_related("event", "made_by", "approved_by"), pk)
    people = list(wave.people.select_related("ticket__caller", "household", "by"))
    return wave, people, dict(Counter(one.state for one in people))


def wave_person_for(viewer: User, pk: int) -> WavePerson:
    """One person of a message. Raises `NoSuchCase`."""
    return _one(viewer, WavePerson.objects.select_related("wave__event", "ticket", "household"), pk)


def report_for(viewer: User, pk: int) -> SpecialReport:
    """A special report; readers see it once it is signed. Raises `NoSuchCase`."""
    rows = SpecialReport.objects.select_related("event__place", "drafted_by", "signed_by")
    if viewer.role in roles.READERS:
        rows = rows.filter(signed_at__isnull=False)
    elif viewer.role not in roles.CENTRE:
        rows = rows.none()
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NoSuchCase(pk)
    return found


def material_bytes(viewer: User, pk: int) -> tuple[str, str, bytes]:
    """Name, kind and content of a paper of the case. Raises `NoSuchCase`, also where the bytes are gone."""
    found = CaseMaterial.objects.filter(pk=pk, case__in=cases_seen(viewer)).first()
    if found is None:
        raise NoSuchCase(pk)
    try:
        return found.name, found.mime, files.opened(found.path, found.sha256)
    except FileNotFoundError:
        raise NoSuchCase(pk) from None


def outside_and_units(viewer: User, event: Event, now: datetime) -> dict[str, str]:
    """Why somebody was proposed: id of a unit, or name of an outside party → the reason."""
    return {
        str(one.unit.pk) if one.unit else one.outside: one.why
        for one in suggested_parties(viewer, event, now)
    }


def instruction_for(viewer: User, pk: int) -> Instruction:
    """An instruction; the unit that owes it sees it too. Raises `NoSuchCase`."""
    rows = Instruction.objects.select_related("report__event", "unit")
    if viewer.role not in roles.CENTRE | roles.READERS:
        rows = (
            rows.filter(unit=viewer.unit_id)
            if viewer.role == Role.UNIT_LIAISON and viewer.unit_id
            else rows.none()
        )
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NoSuchCase(pk)
    return found


def instructions_open(viewer: User, now: datetime) -> list[Instruction]:
    """Leaders' instructions that are not done yet, the most pressing first; a unit sees its own."""
    rows = Instruction.objects.filter(done_at=None).select_related("unit", "report__event").order_by("due")
    if viewer.role in roles.CENTRE | roles.READERS:
        return list(rows)
    if viewer.role == Role.UNIT_LIAISON and viewer.unit_id:
        return list(rows.filter(unit=viewer.unit_id))
    return []


def _doors(case: JointCase) -> list[DoorSeen]:
    rows = case.event.households.select_related("ticket").order_by("pk")
    seen = [_door(row) for row in rows]
    return sorted(seen, key=lambda one: _by_number(one.household.door))


def _door(row: Household) -> DoorSeen:
    return DoorSeen(
        row, tuple((step, getattr(row, f"{step}_at")) for step in STEPS), row.ticket_id is not None
    )


def _by_number(door: str) -> list[tuple[int, str]]:
    """3号楼 before 12号楼: numbers in a door's name are compared as numbers."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for char in f"{door} ":
        if char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
    return parts or [(0, door)]


def _one(viewer: User, rows: "QuerySet[_Row]", pk: int) -> _Row:
    found = rows.filter(pk=pk).first() if viewer.role in roles.CENTRE else None
    if found is None:
        raise NoSuchCase(pk)
    return found
