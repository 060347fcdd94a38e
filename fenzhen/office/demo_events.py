"""The demo's events: what its fortnight holds most of, made events by the same verbs that people use.

One is handled together and half way through its doors, one is confirmed, one was no event. Doors are invented like everything else.
"""

from datetime import datetime, timedelta

from django.db.models import Count

from fenzhen.board.events import suggested_parties
from fenzhen.board.joint import STEPS
from fenzhen.hotline.roles import Role
from fenzhen.office.events import begin_event, dismiss_event
from fenzhen.office.joint import (
    Party,
    add_household,
    approve_wave,
    decide,
    household_step,
    open_case,
    party_arrived,
    told,
    write_meeting,
    write_wave,
)
from fenzhen.records.events import Event
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Fewer callers make no event of the demo.
LEAST = 3


def make_events(*, by: User, now: datetime) -> list[Event]:
    """Up to three events of matters that several people of one place called about; none where there is no such matter."""
    chief = User.objects.filter(role=Role.SECTION_CHIEF, is_active=True).order_by("pk").first()
    agent = User.objects.filter(role=Role.CALLBACK_AGENT, is_active=True).order_by("pk").first()
    if chief is None or agent is None or Event.objects.exists():
        return []
    groups = (
        Ticket.objects.filter(place__isnull=False, category__isnull=False, caller__isnull=False)
        .exclude(state="voided")
        .order_by()
        .values("place", "category")
        .annotate(people=Count("caller", distinct=True))
        .filter(people__gte=LEAST)
        .order_by("-people", "place", "category")[:12]
    )
    made: list[Event] = []
    seen: set[int] = set()
    for group in groups:
        if group["category"] in seen or len(made) == 3:
            continue
        seen.add(group["category"])
        tickets = list(
            Ticket.objects.filter(place=group["place"], category=group["category"], caller__isnull=False)
            .exclude(state="voided")
            .select_related("place", "category")
            .order_by("received_at")
        )
        category = tickets[0].category
        name = category.name if category else ""
        title = f"{tickets[0].place}{name}"
        made.append(begin_event(tickets, by=chief, now=now - timedelta(hours=30), title=title))
    if made:
        _handle(made[0], chief, agent, now)
    if len(made) == 3:
        dismiss_event(made[2], by=chief, now=now - timedelta(hours=5), why="几家各有各的事，分别办理")
    return made


def _handle(event: Event, chief: User, agent: User, now: datetime) -> None:
    begun = now - timedelta(hours=26)
    proposed = suggested_parties(chief, event, now)
    parties = [Party(one.part, one.unit, one.outside, why=one.why) for one in proposed]
    if not any(one.part == "lead" for one in parties):
        return
    case = open_case(event, parties, by=chief, now=begun)
    for party in list(case.parties.all())[:-1]:
        party_arrived(party, by=chief, now=begun + timedelta(hours=2))
    met = begun + timedelta(hours=4)
    meeting = write_meeting(
        case, by=chief, now=met, at=met, where="分中心会议室", minutes="各方到会，逐户核实后定整改办法。"
    )
    lead = case.parties.get(part="lead")
    decide(
        case,
        by=chief,
        now=met,
        text="三日内逐户走访，提出整改办法",
        party=lead,
        due=now + timedelta(days=2),
        meeting=meeting,
    )
    members = list(event.members.select_related("ticket").order_by("pk"))
    for n, member in enumerate(members):
        door = add_household(
            event, by=agent, now=met, door=f"{n % 5 + 1}号楼{n % 3 + 1}单元{n + 1}02", ticket=member.ticket
        )
        for step in STEPS[: max(0, 4 - n)]:
            household_step(door, step, by=agent, now=now - timedelta(hours=6 - n % 4))
    add_household(
        event, by=agent, now=now - timedelta(hours=4), door="6号楼1单元301", note="走访时发现，没有来过电话"
    )
    wave = write_wave(
        event,
        by=agent,
        now=now - timedelta(hours=20),
        text="已请各方到场，三日内逐户走访，请您在家等候联系。",
    )
    approve_wave(wave, by=chief, now=now - timedelta(hours=19))
    wave.refresh_from_db()
    for person in wave.people.order_by("pk")[: max(1, len(members) // 2)]:
        told(person, by=agent, now=now - timedelta(hours=18))
