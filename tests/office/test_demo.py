"""The demo's made-up fortnight: every state, honest rates, work for every desk, and nobody real in it."""

import csv
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from fenzhen.board.tickets import replayed_clocks
from fenzhen.hotline.journey import AssignmentState, Clock, TicketState
from fenzhen.office.accounts import system_account
from fenzhen.office.demo import Made, make_demo
from fenzhen.office.demo_events import make_events
from fenzhen.office.lists import load_lists
from fenzhen.office.seal import verify_journal
from fenzhen.office.spotting import forget_spotter
from fenzhen.papers.special import draft
from fenzhen.records.callbacks import CallBack
from fenzhen.records.city import CityWord
from fenzhen.records.events import Household, Wave
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import forget_rules
from fenzhen.records.tickets import Caller, Ticket
from tests.cast import BEIJING

#: Marked, so that the database is made also where only tests of the shared fortnight run.
pytestmark = pytest.mark.django_db

DAXING = Path(__file__).resolve().parents[2] / "demo" / "daxing"
#: A Wednesday afternoon.
NOW = datetime(2026, 3, 11, 15, 40, tzinfo=BEIJING)
PER_DAY = 190
#: What came into the tables later and the made-up fortnight does not show yet.
NOT_SHOWN: set[str] = set()
SHOWN_ACTS = set(
    "receive answer redirect submit ask_back supplement dispatch take_back sign reply send_back approve miss "
    "close close_unreached rehandle reopen withdraw void ask_void refuse_void change_level classify note "
    "join_call wait resume urge ask_return refuse_return approve_return consult settle ask_extension extend "
    "refuse_extension copy_city end_watch take_over owe_city tell_city".split()
)


def made(now: datetime, per_day: int, **options: Any) -> Made:
    load_lists(DAXING, by=system_account(), now=now)
    return make_demo(DAXING, by=system_account(), now=now, per_day=per_day, **options)


@pytest.fixture(scope="module")
def fortnight(django_db_setup: None, django_db_blocker: Any) -> Iterator[Made]:
    """One fortnight for all that only look at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        forget_rules()
        yield made(NOW, PER_DAY)
        transaction.set_rollback(True)
    forget_rules()


def test_every_state_and_nearly_every_act_is_there(fortnight: Made) -> None:
    assert set(Ticket.objects.values_list("state", flat=True)) == set(TicketState) - NOT_SHOWN
    assert set(Assignment.objects.values_list("state", flat=True)) == set(AssignmentState) - NOT_SHOWN
    acts = set(Entry.objects.values_list("act", flat=True))
    assert SHOWN_ACTS - acts == set()
    assert fortnight.tickets == Ticket.objects.count() == sum(fortnight.by_state.values())
    assert abs(fortnight.tickets - 14 * PER_DAY) < 0.12 * 14 * PER_DAY


def test_the_rates_are_about_those_of_2019(fortnight: Made) -> None:
    wanted = tomllib.loads((DAXING / "outcome.toml").read_text(encoding="utf-8"))["rates"]
    said = CallBack.objects.filter(outcome__in=["closed", "rehandled"])
    reached = said.count()
    assert reached > 500
    assert said.filter(contacted=True).count() / reached == pytest.approx(wanted["response"], abs=0.02)
    assert said.filter(solved="yes").count() / reached == pytest.approx(wanted["resolution"], abs=0.05)
    pleased = said.filter(satisfied__in=["very", "satisfied", "basic"]).count()
    assert pleased / reached == pytest.approx(wanted["satisfaction"], abs=0.05)
    assert said.filter(contradiction=True).exists()


def test_every_desk_has_work(fortnight: Made) -> None:
    desk_has_work()


def desk_has_work(callbacks: int = 30) -> None:
    """*callbacks*: how many call-backs must be waiting; fewer come out of a smaller day."""
    waiting = Ticket.objects.filter(state=TicketState.PENDING_DISPATCH)
    assert 20 <= waiting.count() <= 40
    assert waiting.filter(level=1).exists()
    assert (
        waiting.filter(
            received_at__gte=Ticket.objects.latest("changed_at").changed_at - timedelta(hours=1)
        ).count()
        >= 20
    )
    leads = Assignment.objects.filter(state="result_submitted", part="lead")
    assert 10 <= leads.count() <= 20
    assert CallBack.objects.filter(outcome="").count() >= callbacks
    assert Ticket.objects.filter(state=TicketState.NEED_INFO).count() >= 3
    assert Ticket.objects.filter(requests__kind="void", requests__decision="").exists()


def test_requests_disputes_and_the_citys_orders_have_their_shares(fortnight: Made) -> None:
    """The shares of the outcome file, within what chance allows; and something of each waits to be decided."""
    told = tomllib.loads((DAXING / "outcome.toml").read_text(encoding="utf-8"))
    city = Ticket.objects.exclude(city_mode="")
    direct = Entry.objects.filter(act="copy_city").count()
    assert direct / Ticket.objects.count() == pytest.approx(told["channels"]["city_direct"], abs=0.06)
    assert city.count() - direct > 0.15 * Ticket.objects.count()
    sent = Ticket.objects.filter(assignments__isnull=False).distinct().count()
    asked = Request.objects.filter(kind="return")
    assert asked.count() / sent == pytest.approx(told["returns"]["share"], abs=0.02)
    assert 0.3 < asked.filter(decision="approved").count() / asked.exclude(decision="").count() < 0.85
    more = Request.objects.filter(kind="extension")
    assert 0.01 < more.count() / sent < told["handling"]["extension_share"] + 0.02
    assert asked.filter(decision="").exists() and more.filter(decision="").exists()
    watched = Ticket.objects.filter(state=TicketState.WATCHED)
    assert 0.05 * direct < watched.count() < 0.7 * direct
    assert not Assignment.objects.filter(ticket__in=watched).exists()
    owed = CityWord.objects.filter(told_at=None)
    assert owed.exists() and not owed.filter(made_at__lt=NOW - timedelta(days=1)).exists()
    over = Ticket.objects.filter(city_mode="district", state=TicketState.CLOSED, city_words=None)
    assert not over.exists(), "every order of the city's that ended here is owed or told"


def test_calls_are_due_today_and_some_things_are_late(fortnight: Made) -> None:
    due = CallBack.objects.filter(outcome="", due_at__date=timezone.localtime(NOW).date())
    assert due.count() >= 30
    late = Assignment.objects.filter(state="signed", handle_due__lt=NOW)
    assert 0 < late.count() < 0.1 * Assignment.objects.filter(state="signed").count()
    assert Ticket.objects.filter(level=1).exclude(closed_at=None).exists()
    share = Ticket.objects.filter(level=1).count() / Ticket.objects.count()
    assert 0.003 < share < 0.04


def test_nobody_and_no_place_is_real(fortnight: Made) -> None:
    places = {t.place for t in Ticket.objects.select_related("place") if t.place}
    assert all("虚构" in place.note for place in places)
    assert len({place.town for place in places}) == 22
    callers = list(Caller.objects.all())
    assert all(re.fullmatch(r"163\d{8}", c.phone) for c in callers)
    assert all(c.name[0] in "甲乙丙丁戊己庚辛壬癸" and len(c.name) == 3 for c in callers)
    bodies = list(Ticket.objects.values_list("body", "title"))
    assert not [b for b, t in bodies if "{" in b + t]
    with (DAXING / "examples.csv").open(encoding="utf-8", newline="") as file:
        examples = {row["text"] for row in csv.DictReader(file)}
    assert not examples & {body for body, _title in bodies}
    assert len({body for body, _title in bodies}) > 0.9 * len(bodies)
    assert Ticket.objects.filter(external_no__isnull=False).exclude(external_no__startswith="YS").count() == 0


def test_the_journal_is_whole_and_the_clocks_follow_from_it(fortnight: Made) -> None:
    checked = verify_journal(by=system_account(), now=NOW)
    assert checked.broken is None
    assert checked.entries >= fortnight.entries > 4 * fortnight.tickets  # a watched order has two
    assert not Entry.objects.filter(at__gt=NOW).exists()
    chief = User.objects.get(username="chief")
    for ticket in Ticket.objects.order_by("pk")[::23]:
        clocks = replayed_clocks(chief, ticket)
        triage = clocks.get((Clock.TRIAGE, str(ticket.pk)))
        assert (triage.due if triage and not triage.stopped else None) == ticket.triage_due
        for item in Assignment.objects.filter(ticket=ticket):
            assert clocks[Clock.HANDLING, f"a{item.pk}"].due == item.handle_due


def test_acts_are_in_the_order_of_time_and_units_keep_hours(fortnight: Made) -> None:
    before: dict[str, datetime] = {}
    for subject, at in (
        Entry.objects.filter(subject__startswith="ticket:")
        .order_by("subject", "n")
        .values_list("subject", "at")
    ):
        assert before.get(subject, at) <= at
        before[subject] = at
    plain = Reply.objects.filter(assignment__level__gte=3)
    at_night = [r for r in plain if not 8 <= timezone.localtime(r.at).hour < 22]
    assert len(at_night) < 0.04 * plain.count()


def test_the_spotter_itself_notices_the_big_matter_and_people_handle_it(fortnight: Made) -> None:
    """Seen by the machine at the third caller, handled by the verbs of people, nothing in the future."""
    forget_spotter()
    with transaction.atomic():
        events = make_events(by=system_account(), now=NOW, folder=DAXING, draft=draft)
        big = events[0]
        assert big.people >= 18 and big.title.startswith("明渠佳苑") and "窗" in big.title
        assert set(big.members.values_list("how", flat=True)) == {"near"}
        alerts = list(big.alerts.order_by("at"))
        assert [one.level for one in alerts] == ["blue", "yellow", "orange"] and alerts[0].people == 3
        doors = Household.objects.filter(event=big)
        assert doors.count() == 44 and 0 < doors.filter(is_content=True).count() < 44
        assert all(door.added_at > door.ticket.received_at for door in doors if door.ticket)
        told = [
            one for wave in Wave.objects.filter(event=big) for one in wave.people.exclude(state="waiting")
        ]
        assert told and all(one.at > one.ticket.received_at for one in told if one.at and one.ticket)
        report = big.reports.get()
        assert report.signed_at and "44 户" in report.sections["done"] and report.instructions.count() == 1
        big.refresh_from_db()
        assert [one.state for one in events] == ["joint", "confirmed", "dismissed"]
        assert not Entry.objects.filter(at__gt=NOW).exists()
        transaction.set_rollback(True)
    forget_spotter()
