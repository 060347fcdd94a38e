"""The world drifts: automatic dispatch is tightened by itself, says so, and comes back only when it has been shown right again."""

from datetime import datetime, timedelta

import pytest

from fenzhen.board.advice import adviser_now
from fenzhen.board.day_plan import evidence, line_today
from fenzhen.desk.dispatch import LeftToAPerson, dispatch_automatically
from fenzhen.office import automatic
from fenzhen.office.accounts import system_account
from fenzhen.records.advice import Audit, Automation, Certified, CertifiedPart, DayPlan, Decision
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.requests import Request
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from tests.cast import Cast
from tests.desk.test_automatic import advised, switched_on


@pytest.fixture
def on(cast: Cast) -> Automation:
    """A category that goes by itself: towns and bureaus certified apart."""
    row = switched_on(cast)
    row.certified.curve = [1.0, 1.0]
    row.certified.save()
    for units, line in (("grassroots", 0.9), ("bureau", 0.92), ("enterprise", None)):
        CertifiedPart.objects.create(
            certified=row.certified, units=units, threshold=line, delta_spent=0.01, way="audited", cases=200, automatic=150,
            wrong=0, wrong_at_most=0.02, missing=0,
        )  # fmt: skip
    return row


def days_of(
    cast: Cast, first: int, last: int, unit: Unit, *, back: int = 0, wrong: int | None = None
) -> None:
    """Twelve automatic dispatches to a unit on each of these days: every *back*-th is asked back after half a day, and of
    the first one a blind audit says two days later whether it was wrong (None: no audit)."""
    system = system_account()
    for day in range(first, last):
        at = cast.now + timedelta(days=day)
        tickets = Ticket.objects.bulk_create(
            Ticket(
                number=f"D{unit.code}{day}-{n}", state="handling", title="路灯不亮", received_at=at, received_by=cast.zhang,
                changed_at=at, level=3,
            )
            for n in range(12)
        )  # fmt: skip
        made = Decision.objects.bulk_create(
            Decision(
                ticket=ticket, n=3, at=at, by=system, automatic=True, unit=unit, group="01", advised=unit.code,
                confidence=0.94 + n / 200,
            )
            for n, ticket in enumerate(tickets)
        )  # fmt: skip
        for n, ticket in enumerate(tickets):
            if back and n % back == 0:
                share = Assignment.objects.create(
                    ticket=ticket, unit=unit, part="lead", state="signed", level=3, given_at=at, given_by=system,
                    sign_due=at, handle_due=at,
                )  # fmt: skip
                Request.objects.create(
                    ticket=ticket,
                    assignment=share,
                    kind="return",
                    applicant=cast.jian,
                    asked_at=at + timedelta(hours=12),
                    reason_code="not_our_duty",
                )
        if wrong is not None:
            verdict = cast.police if wrong else unit
            Audit.objects.create(
                decision=made[0], drawn_at=at, why="random", auditor=cast.li, judged_at=at + timedelta(days=2), verdict=verdict,
            )  # fmt: skip


def plan_on(cast: Cast, day: int) -> DayPlan:
    morning = cast.now + timedelta(days=day, hours=-3)
    automatic.review_day(by=system_account(), now=morning)
    return DayPlan.objects.get(day=morning.date())


def goes(cast: Cast, unit: Unit, moment: datetime, phone: str) -> tuple[str, ...]:
    """Why a fresh, sure ticket for the unit does not go by itself; empty where it went."""
    row = {"unit": unit.code, "probability": 0.985, "category": "010101", "rule": "D1", "level": 3}
    ticket = advised(cast.waiting(now=moment, phone=phone), cast, units=[row])
    try:
        dispatch_automatically(ticket, by=system_account(), now=moment + timedelta(minutes=1))
    except LeftToAPerson as left:
        return left.reasons
    return ()


def told(kind: str) -> set[str]:
    return {notice.person.username for notice in Notice.objects.filter(kind=kind)}


def test_drift_lowers_it_for_the_unit_says_so_and_only_proof_brings_it_back(
    cast: Cast, on: Automation
) -> None:
    days_of(cast, 0, 20, cast.liuhe, back=12, wrong=0)
    days_of(cast, 0, 14, cast.housing, back=12, wrong=0)
    calm = plan_on(cast, 14)
    assert calm.coverage == calm.certified_coverage == 1.0 and "unit_wrong" not in calm.codes
    assert goes(cast, cast.housing, cast.now + timedelta(days=14), "13900000101") == ()

    days_of(cast, 14, 20, cast.housing, back=2, wrong=1)  # its duties have moved, the list does not know
    tight = plan_on(cast, 20)
    assert "unit_wrong" in tight.codes and tight.held["ZJW"] > 0.1 > tight.held.get("T1", 0.0)
    assert tight.coverage < 0.7 and line_today(tight, "T1") < 0.985
    morning = cast.now + timedelta(days=20)
    assert goes(cast, cast.housing, morning, "13900000102")[0] in {"unit_held", "held_back"}
    assert goes(cast, cast.liuhe, morning, "13900000103") == ()
    assert told("automation_tightened") == {"chen", "xu"} and not told("automation_eased")
    entry = Entry.objects.get(subject="automation:all", act="tighten")
    assert entry.facts["digest"] == tight.digest and entry.role == "system"

    # Silence is no proof: nothing goes to it, so nothing comes back from it, and a week later it is held as before.
    days_of(cast, 20, 27, cast.liuhe, back=12, wrong=0)
    later = plan_on(cast, 27)
    assert "unit_wrong" in later.codes and line_today(later, "ZJW") > 0.985
    assert Audit.objects.filter(why="suspected", decision__advised="ZJW").exists()

    # Blind audits that find the unit right again are. (Here of what people sent there.)
    for day in range(27, 33):
        people(cast, day, cast.housing)
    days_of(cast, 27, 33, cast.liuhe, back=12, wrong=0)
    eased = plan_on(cast, 34)
    print(
        eased.held, eased.cutoff, eased.shift, eased.expected_wrong, eased.coverage, eased.curve, eased.seen
    )
    assert "unit_wrong" not in eased.codes and line_today(eased, "ZJW") <= 0.985
    assert told("automation_eased") == {"chen", "xu"}
    assert goes(cast, cast.housing, cast.now + timedelta(days=34), "13900000104") == ()


def people(cast: Cast, day: int, unit: Unit) -> None:
    """Twelve dispatches that people made, as the adviser had advised, all audited and found right."""
    at = cast.now + timedelta(days=day)
    tickets = Ticket.objects.bulk_create(
        Ticket(
            number=f"P{day}-{n}",
            state="handling",
            title="x",
            received_at=at,
            received_by=cast.zhang,
            changed_at=at,
        )
        for n in range(12)
    )
    made = Decision.objects.bulk_create(
        Decision(
            ticket=one,
            n=3,
            at=at,
            by=cast.wang,
            unit=unit,
            group="01",
            advised=unit.code,
            confidence=0.94 + n / 200,
        )
        for n, one in enumerate(tickets)
    )
    for one in made:
        audit = Audit.objects.create(decision=one, drawn_at=at, why="suspected")
        automatic.judge_audit(audit, by=cast.li, now=at + timedelta(hours=8), verdict=unit)


def test_the_same_day_is_reckoned_the_same_from_the_records_later(cast: Cast, on: Automation) -> None:
    days_of(cast, 0, 8, cast.liuhe, back=3, wrong=0)
    plan = plan_on(cast, 6)
    assert automatic.review_day(by=system_account(), now=cast.now + timedelta(days=6)) == 0
    days_of(cast, 8, 12, cast.housing, back=2, wrong=1)
    DayPlan.objects.all().delete()
    again = plan_on(cast, 6)
    for name in ("digest", "cutoff", "shift", "held", "codes", "coverage", "seen"):
        assert getattr(again, name) == getattr(plan, name), name
    assert evidence(system_account(), plan.day).counts["returned"] == plan.seen["returned"] == 24


def test_each_group_of_units_has_a_line_of_its_own_and_one_without_stays_with_people(
    cast: Cast, on: Automation
) -> None:
    now = cast.now + timedelta(minutes=1)
    unit = Unit.objects.create(
        code="RQ", name="燃气公司", short_name="燃气", kind="enterprise", line="district"
    )
    Certified.objects.update(adviser=adviser_now(system_account()))  # another unit, another adviser
    assert goes(cast, unit, now, "13900000105") == ("no_group_certificate",)
    CertifiedPart.objects.filter(units="bureau").update(threshold=0.99)
    assert goes(cast, cast.housing, now, "13900000106") == ("not_sure_enough",)
    assert goes(cast, cast.liuhe, now, "13900000107") == ()
    CertifiedPart.objects.create(
        certified=on.certified, units="unit:ZJW", threshold=0.95, delta_spent=0.01, way="audited", cases=300,
        automatic=250, wrong=0, wrong_at_most=0.01, missing=0,
    )  # fmt: skip
    assert goes(cast, cast.housing, now, "13900000108") == ()


def test_after_an_alarm_the_old_certificate_switches_nothing_on(cast: Cast, on: Automation) -> None:
    later = cast.now + timedelta(days=1)
    Automation.objects.update(is_on=False, lowered_at=cast.now, cases_from=cast.now)
    with pytest.raises(automatic.Incomplete):
        automatic.switch_automation("01", by=cast.chen, now=later, on=True)
    made = automatic.certify_category("01", by=cast.chen, now=later, alpha=0.03, delta=0.05)
    assert made.threshold is None and Automation.objects.get().certified == made
    assert adviser_now(system_account()) == made.adviser
