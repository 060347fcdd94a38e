"""The demo's events. One big matter is told by `event.toml` of the district's folder: its callers are shown to the spotter one by
one, which notices it by itself; what people do then goes through the verbs that people use. Two smaller ones are seen by a person.

The words, the estate, the doors and the figures are invented.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from fenzhen.board.events import central_title, suggested_parties
from fenzhen.board.joint import STEPS
from fenzhen.hotline.roles import Role
from fenzhen.office.demo_plot import Plot, Plotter, Scene
from fenzhen.office.events import begin_event, confirm_event, dismiss_event, see_alert
from fenzhen.office.joint import (
    Party,
    add_household,
    approve_wave,
    decide,
    decision_done,
    edit_report,
    file_report,
    household_step,
    open_case,
    party_arrived,
    report_of_party,
    sign_report,
    told,
    write_instruction,
    write_meeting,
    write_wave,
)
from fenzhen.office.notices import see_notice
from fenzhen.office.seal import advance_cursor, seal_everything
from fenzhen.office.spotting import READER, forget_spotter, spot_arrivals, watch_from
from fenzhen.records.events import Event, EventTicket, JointCase
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: Fewer callers make no event of the demo.
LEAST = 3
#: The big matter began so many days ago; a shorter past does not have it.
DAYS = 6
#: Of all doors, so many have come to each step by now; of the last ones so many are not content.
SHARES = {"visited": 0.93, "mediated": 0.82, "agreed": 0.69, "restored": 0.41, "called_back": 0.25}
UNHAPPY = 1
#: Title, text of each part and the figures of a report's draft: (viewer, event, now).
Draft = Callable[[User, int, datetime], tuple[str, dict[str, str], dict[str, Any]]]


def event_plots(folder: Path, plotter: Plotter, days: int) -> list[Plot]:
    """The tickets of the big matter in the order of their coming in; none without `event.toml` or in a past of a few days."""
    script = _script(folder)
    place = next((one for one in plotter.places if script and one.code == script["place"]), None)
    if script is None or place is None or days <= DAYS or script["category"] not in plotter.categories:
        return []
    plots = []
    for call in script["calls"]:
        scene = Scene(script["category"], call["title"], call["text"], 4, None)
        plot = plotter.told(_moment(call["at"], plotter.now), scene, place)
        plot.until(plotter.now)
        plots.append(plot)
    return sorted(plots, key=lambda plot: plot.at)


@transaction.atomic
def make_events(
    *, by: User, now: datetime, folder: Path | None = None, draft: Draft | None = None
) -> list[Event]:
    """The big matter, if it was told, and two that a person saw; call it while the spotter has seen nothing yet."""
    chief = User.objects.filter(role=Role.SECTION_CHIEF, is_active=True).order_by("pk").first()
    agent = User.objects.filter(role=Role.CALLBACK_AGENT, is_active=True).order_by("pk").first()
    if chief is None or agent is None or Event.objects.exists():
        return []
    made: list[Event] = []
    script = _script(folder)
    event = _noticed(script, by, chief, now) if script else None
    if script is not None and event is not None:
        made.append(event)
        _handled(event, script, chief, agent, now, draft)
    seen = [event.category_id] if event else []
    for n, tickets in enumerate(_groups(seen)):
        fresh = begin_event(
            tickets,
            by=chief,
            now=now - timedelta(hours=30),
            title=central_title(tickets, str(tickets[0].place)) or str(tickets[0].place),
        )
        made.append(fresh)
        if n == 1:
            dismiss_event(fresh, by=chief, now=now - timedelta(hours=5), why="几家各有各的事，分别办理")
    return made


def _groups(seen: Sequence[int | None], most: int = 2) -> Iterator[list[Ticket]]:
    """Tickets of one place and category with most callers, each category once."""
    mine = Ticket.objects.filter(place__isnull=False, category__isnull=False, caller__isnull=False)
    mine = mine.exclude(state="voided").exclude(category__in=seen).filter(in_event=None)
    groups = mine.order_by().values("place", "category").annotate(people=Count("caller", distinct=True))
    had: set[int] = set()
    for group in groups.filter(people__gte=LEAST).order_by("-people", "place", "category")[:12]:
        if group["category"] in had or len(had) == most:
            continue
        had.add(group["category"])
        rows = mine.filter(place=group["place"], category=group["category"])
        yield list(rows.select_related("place", "town", "category").order_by("received_at", "pk"))


def _noticed(script: Mapping[str, Any], system: User, chief: User, now: datetime) -> Event | None:
    """Show the spotter each of the calls at its own moment, so that it alarms as it would have; the event it made of them,
    which the chief confirms on the first day."""
    confirmed = _moment(script["confirmed"], now)
    tickets = list(
        Ticket.objects.filter(place__code=script["place"], category__code=script["category"]).order_by("-pk")
    )[: len(script["calls"])][::-1]
    seal_everything(by=system, now=tickets[-1].received_at if tickets else timezone.now())
    first = (
        Entry.objects.filter(n=1, subject__in=[f"ticket:{one.pk}" for one in tickets])
        .order_by("position")
        .values_list("position", flat=True)
        .first()
    )
    if not tickets or not first:
        return None
    advance_cursor(READER, by=system, now=tickets[0].received_at, to=first - 1)
    watch_from(first - 1)
    for ticket in tickets:
        spot_arrivals(by=system, now=ticket.received_at + timedelta(seconds=4), most=1)
        held = EventTicket.objects.filter(ticket=ticket).select_related("event").first()
        if held and held.event.state == "watched" and ticket.received_at > confirmed - timedelta(hours=1):
            confirm_event(held.event, by=chief, now=confirmed)
    forget_spotter()  # from now on it reads what everybody else said, too
    most = (
        EventTicket.objects.filter(ticket__in=tickets)
        .order_by()
        .values("event")
        .annotate(many=Count("pk"))
        .order_by("-many")
        .first()
    )
    if most is None or most["many"] < LEAST:
        return None
    return Event.objects.select_related("place", "town", "category").get(pk=most["event"])


def _handled(
    event: Event, script: Mapping[str, Any], chief: User, agent: User, now: datetime, draft: Draft | None
) -> None:
    analyst = User.objects.filter(role=Role.ANALYST, is_active=True).order_by("pk").first() or chief
    said = script["said"]
    for n, alert in enumerate(event.alerts.order_by("at")):
        person = chief if n else analyst
        looked = alert.at + timedelta(minutes=7)
        see_alert(alert, by=person, now=looked)
        for notice in Notice.objects.filter(once=f"alert:{alert.pk}", is_urgent=True).select_related(
            "person"
        ):
            see_notice(notice, by=notice.person, now=looked)  # what was seen days ago calls nobody now
    begun = _moment(script["case"], now)
    parties = [
        Party(one.part, one.unit, one.outside, why=one.why) for one in suggested_parties(chief, event, now)
    ]
    if not any(one.part == "lead" for one in parties):
        return
    if not any(one.outside == script["outside"] for one in parties):
        parties.append(Party("outside", outside=script["outside"], why="建设单位"))
    parties = [one for one in parties if not one.outside or one.outside == script["outside"]]
    case = open_case(event, parties, by=chief, now=begun)
    _met(case, script, chief, now)
    _doors(event, script, agent, now)
    wave = write_wave(event, by=agent, now=_moment("4 09:05", now), text=said["wave"])
    approve_wave(wave, by=chief, now=_moment("4 09:40", now))
    wave.refresh_from_db()
    people = list(wave.people.order_by("pk"))
    for n, one in enumerate(people[: int(len(people) * 0.8)]):
        at = _after_the_call(_moment("4 10:00", now) + timedelta(minutes=9 * n), one.ticket, 30)
        told(one, by=agent, now=at, state="failed" if n % 17 == 16 else "told")
    if draft is None:
        return
    written = _moment("5 16:30", now)
    title, sections, facts = draft(chief, event.pk, written)
    sections |= {"risk": said["report_risk"], "proposal": said["report_proposal"]}
    report = file_report(event, by=chief, now=written, title=title, sections=sections, facts=facts)
    edit_report(
        report, by=chief, now=written + timedelta(minutes=25), title=title, sections=sections, version=report.version
    )  # fmt: skip
    report.refresh_from_db()
    year = timezone.localtime(now).year
    sign_report(report, by=chief, now=written + timedelta(minutes=50), number=f"专报〔{year}〕1号")
    write_instruction(
        report, by=chief, now=written + timedelta(hours=2), text=said["instruction"], leader=said["leader"],
        unit=case.lead_unit, due=_moment(f"{DAYS + 4} 18:00", now),
    )  # fmt: skip


def _after_the_call(at: datetime, ticket: Ticket | None, minutes: int) -> datetime:
    """Nobody is visited or told before they have called: *at*, or so many minutes behind the call."""
    return at if ticket is None else max(at, ticket.received_at + timedelta(minutes=minutes))


def _met(case: JointCase, script: Mapping[str, Any], chief: User, now: datetime) -> None:
    """Everybody comes, one meeting, what it decided."""
    said, begun = script["said"], case.called_at
    seats = list(case.parties.select_related("unit"))
    for n, party in enumerate(seats):
        party_arrived(party, by=chief, now=begun + timedelta(minutes=40 + 35 * n))
    met = begun + timedelta(hours=5)
    meeting = write_meeting(case, by=chief, now=met, at=met, where="分中心会议室", minutes=said["meeting"])
    outside = next((one for one in seats if one.part == "outside"), None)
    town = next((one for one in seats if one.unit and one.unit.kind in ("town", "subdistrict")), None)
    helps = next((one for one in seats if one.part == "assist" and one != town), None)
    if outside is not None:
        report_of_party(outside, by=chief, now=met + timedelta(hours=1), text=said["developer"])
    owners = {"town": town, "assist": helps, "outside": outside}
    for text, who, days, is_done in said["decisions"]:
        owner = owners[who] or seats[0]
        due = met + timedelta(days=days) if days > 0 else _moment(f"{DAYS - days} 18:00", now)
        made = decide(case, by=chief, now=met, text=text, party=owner, due=due, meeting=meeting)
        if is_done:
            decision_done(made, by=chief, now=min(due, now) - timedelta(hours=7), note="")


def _doors(event: Event, script: Mapping[str, Any], agent: User, now: datetime) -> None:
    """Every door with how far it has come; those nobody called from were found on the visits."""
    members = [one.ticket for one in event.members.select_related("ticket").order_by("ticket__received_at")]
    many = int(script["doors"])
    doors = []
    for n in range(many):
        ticket = members[n // 2] if n % 2 == 0 and n // 2 < len(members) else None
        at = _after_the_call(_moment("2 09:30", now) + timedelta(minutes=11 * n), ticket, 10)
        name = f"{n % 6 + 1}号楼{n // 6 % 3 + 1}单元{n // 18 * 3 + n % 3 + 1}0{n % 2 + 1}"
        note = "" if ticket else "走访时发现，没有来过电话"
        doors.append(add_household(event, by=agent, now=at, door=name, ticket=ticket, note=note))
    starts = dict(zip(STEPS, ("2 10:00", "3 09:00", "3 14:00", "4 08:30", "5 09:00"), strict=True))
    for step, before in ((step, before) for before, step in pairwise((None, *STEPS)) if step):
        for n, door in enumerate(doors[: round(many * SHARES[step])]):
            at = _after_the_call(_moment(starts[step], now) + timedelta(minutes=7 * n), door.ticket, 90)
            last = getattr(door, f"{before}_at") if before else None
            if last is not None and at <= last:
                at = last + timedelta(minutes=45)
            if step != "called_back":
                doors[n] = household_step(door, step, by=agent, now=at)
                continue
            unhappy = n < UNHAPPY
            note = script["said"]["unhappy"] if unhappy else ""
            doors[n] = household_step(door, step, by=agent, now=at, content=not unhappy, note=note)


def _script(folder: Path | None) -> dict[str, Any] | None:
    if folder is None or not (folder / "event.toml").is_file():
        return None
    return tomllib.loads((folder / "event.toml").read_text(encoding="utf-8"))


def _moment(when: str, now: datetime) -> datetime:
    """The moment written as "day hours:minutes", day 0 being `DAYS` days before today."""
    day, clock = when.split()
    date = timezone.localdate(now) - timedelta(days=DAYS - int(day))
    return datetime.combine(date, time.fromisoformat(clock), tzinfo=timezone.localtime(now).tzinfo)


__all__ = ["event_plots", "make_events"]
