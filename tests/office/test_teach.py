"""What decided tickets teach: the right unit and how it is known, blind audits, promises, alarms, models that take over."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from fenzhen.advisor.labels import Trust
from fenzhen.board import adviser as board
from fenzhen.board.advice import adviser_now
from fenzhen.desk.callback import close_ticket, rehandle_ticket
from fenzhen.desk.request import open_consultation, settle_consultation
from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.office import automatic, teach, trials
from fenzhen.office.accounts import system_account
from fenzhen.records.advice import (
    Audit,
    Automation,
    Certified,
    Decision,
    DriftAlarm,
    LearnedModel,
    Trial,
    Truth,
)
from fenzhen.records.notices import Notice
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


def collect(cast: Cast) -> int:
    return teach.collect_truths(by=system_account(), now=cast.now + timedelta(days=2))


def past(
    cast: Cast, n: int, *, wrong: int = 0, source: str = "audited", group: str = "01", confidence: float = 0.9
) -> None:
    """So many labelled past tickets, as the adviser in use judges them, without playing each through."""
    version = adviser_now(system_account())
    rows = [
        Ticket(
            number=f"P{group}{source[:2]}{n}-{at}", state="closed", title="路灯不亮", received_at=cast.now - timedelta(hours=at + 1),
            received_by=cast.zhang, changed_at=cast.now - timedelta(hours=at), lead_unit=cast.liuhe, level=3,
        )
        for at in range(n)
    ]  # fmt: skip
    Ticket.objects.bulk_create(rows)
    Truth.objects.bulk_create(
        Truth(
            ticket=ticket,
            unit=cast.songshan if at < wrong else cast.liuhe,
            source=source,
            had_it=cast.liuhe,
            first=cast.liuhe,
            at=cast.now,
            received_at=ticket.received_at,
        )
        for at, ticket in enumerate(rows)
    )
    Decision.objects.bulk_create(
        Decision(
            ticket=ticket,
            n=0,
            at=ticket.received_at,
            by=cast.wang,
            afterwards=True,
            unit=cast.liuhe,
            now_adviser=version,
            now_group=group,
            now_advised="T1",
            now_confidence=confidence,
        )
        for ticket in rows
    )


def certify(cast: Cast) -> Certified:
    return automatic.certify_category("01", by=cast.chen, now=cast.now, alpha=0.03, delta=0.05)


# --- what was right --------------------------------------------------------------------------------------


def test_the_unit_that_had_it_in_the_end_is_the_truth_and_grows_surer(cast: Cast) -> None:
    ticket = cast.to_call_back()
    assert collect(cast) == 1
    assert Truth.objects.get().source == "accepted"
    close_ticket(ticket, by=cast.sun, now=cast.now + timedelta(days=3), said=cast.said())
    teach.collect_truths(by=system_account(), now=cast.now + timedelta(days=4))
    truth = Truth.objects.get()
    assert (truth.source, truth.unit, truth.first) == ("solved", cast.liuhe, cast.liuhe)
    assert collect(cast) == 0


def test_what_was_not_solved_is_not_taken_for_right(cast: Cast) -> None:
    ticket = cast.to_call_back()
    rehandle_ticket(
        ticket, by=cast.sun, now=cast.now + timedelta(days=1), said=cast.said(solved="no", words="灯还是不亮")
    )
    assert collect(cast) == 0 and not Truth.objects.exists()


def test_a_ruling_outranks_acceptance_and_an_audit_outranks_both(cast: Cast) -> None:
    ticket = cast.waiting()
    open_consultation(ticket, by=cast.wang, now=cast.now, text="镇里说归住建")
    settle_consultation(ticket, by=cast.chen, now=cast.now, lead=cast.housing, text="归住建委")
    Ticket.objects.filter(pk=ticket.pk).update(state="closed", final_solved="yes")
    collect(cast)
    assert Truth.objects.get().source == "ruled" and not Audit.objects.exists()
    audit = Audit.objects.create(decision=Decision.objects.get(), drawn_at=cast.now, why="asked")
    automatic.judge_audit(audit, by=cast.li, now=cast.now + timedelta(days=3), verdict=cast.police)
    collect(cast)
    truth = Truth.objects.get()
    assert (truth.source, truth.unit, truth.had_it) == ("audited", cast.police, cast.housing)


def test_the_adviser_is_asked_about_the_past_once_and_it_is_marked_so(cast: Cast) -> None:
    past(cast, 1)
    Decision.objects.all().delete()
    assert teach.look_back(by=system_account(), now=cast.now) == 1
    kept = Decision.objects.get()
    assert kept.afterwards and kept.now_adviser == adviser_now(system_account())
    assert teach.look_back(by=system_account(), now=cast.now) == 0


# --- audits ----------------------------------------------------------------------------------------------


def test_nobody_judges_what_they_decided_and_nobody_twice(cast: Cast) -> None:
    past(cast, 1)
    audit = Audit.objects.create(decision=Decision.objects.get(), drawn_at=cast.now, why="random")
    with pytest.raises(NotYours):
        automatic.judge_audit(audit, by=cast.wang, now=cast.now, verdict=cast.liuhe)
    assert list(board.audits_waiting(cast.wang)) == [] and list(board.audits_waiting(cast.li)) == [audit]
    with pytest.raises(Incomplete):
        automatic.judge_audit(audit, by=cast.li, now=cast.now)
    automatic.judge_audit(audit, by=cast.li, now=cast.now, unclear=True)
    with pytest.raises(Incomplete):
        automatic.judge_audit(audit, by=cast.chen, now=cast.now, verdict=cast.liuhe)


def test_the_chief_may_draw_past_tickets_of_a_category(cast: Cast) -> None:
    past(cast, 5, source="solved")
    past(cast, 2, source="solved", group="02")
    with pytest.raises(NotYours):
        teach.draw_audits("01", 3, by=cast.wang, now=cast.now)
    assert teach.draw_audits("01", 3, by=cast.chen, now=cast.now) == 3
    assert teach.draw_audits("01", 99, by=cast.chen, now=cast.now) == 2
    assert {audit.decision.now_group for audit in Audit.objects.all()} == {"01"}


# --- promises and the switch -----------------------------------------------------------------------------


def test_without_labels_it_says_how_many_are_missing_and_spends_nothing(cast: Cast) -> None:
    past(cast, 40)
    made = certify(cast)
    assert (made.threshold, made.cases, made.missing) == (None, 40, 75)
    assert Automation.objects.get().calibrations == 0
    with pytest.raises(Incomplete):
        automatic.switch_automation("01", by=cast.chen, now=cast.now, on=True)


def test_enough_right_labels_let_the_chief_switch_it_on_and_the_next_reckoning_costs(cast: Cast) -> None:
    past(cast, 120)
    made = certify(cast)
    assert made.threshold == 0.9 and made.way == "audited" and round(made.delta_spent, 3) == 0.03
    with pytest.raises(NotYours):
        automatic.switch_automation("01", by=cast.xu, now=cast.now, on=True)
    assert automatic.switch_automation("01", by=cast.chen, now=cast.now, on=True).is_on
    assert round(certify(cast).delta_spent, 4) == 0.0076
    # 120 labels do not carry the smaller share: nothing was looked at, and what was promised holds on.
    row = Automation.objects.get()
    assert (row.calibrations, row.is_on, row.certified) == (1, True, made)


def test_too_many_wrong_labels_end_a_promise(cast: Cast) -> None:
    past(cast, 120)
    certify(cast)
    automatic.switch_automation("01", by=cast.chen, now=cast.now, on=True)
    past(cast, 100, wrong=40, source="ruled")
    assert certify(cast).threshold is None
    row = Automation.objects.get()
    assert (row.calibrations, row.is_on) == (2, False)


def test_weak_labels_count_only_once_audits_vouch_for_them(cast: Cast) -> None:
    past(cast, 600, source="solved")
    assert certify(cast).threshold is None
    past(cast, 300, group="02")  # audited elsewhere, all found right
    assert board.trust_now(cast.chen) == Trust(300, 0)
    made = certify(cast)
    assert made.threshold == 0.9 and made.way == "accepted" and 0 < made.doubt < 0.015


def test_an_alarm_switches_it_off_and_tells_the_chief(cast: Cast) -> None:
    past(cast, 150)
    certify(cast)
    automatic.switch_automation("01", by=cast.chen, now=cast.now, on=True)
    for decision in Decision.objects.order_by("pk")[:12]:
        Decision.objects.filter(pk=decision.pk).update(automatic=True, group="01", by=system_account())
        audit = Audit.objects.create(decision=decision, drawn_at=cast.now, why="random")
        audit.refresh_from_db()
        automatic.judge_audit(audit, by=cast.li, now=cast.now, verdict=cast.housing)
        if DriftAlarm.objects.exists():
            break
    row, alarm = Automation.objects.get(), DriftAlarm.objects.get()
    assert not row.is_on and row.lowered_at == cast.now and alarm.wrong == alarm.cases >= 2
    assert {n.person.username for n in Notice.objects.filter(kind="automation_lowered")} == {"chen", "xu"}
    assert board.group_seen(cast.chen, "01", cast.now).alarm == alarm


# --- models ----------------------------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "FENZHEN_DATA_DIR", tmp_path)
    return tmp_path / "models"


def decided(cast: Cast, n: int) -> None:
    """Two matters that the lists know nothing of, always settled by the same bureaus."""
    draw = random.Random(1)
    said = [
        ["社保卡", "医保", "制卡", "参保", "报销", "社保", "退休金", "缴费", "工龄", "补缴"],
        ["噪声", "施工", "夜里", "工地", "打桩", "扬尘", "渣土", "吵闹", "机器", "水泥"],
    ]
    rows = []
    for at in range(n):
        words = ",".join(draw.choices(said[at % 2], k=8))
        rows.append(
            Ticket(
                number=f"L{at}", state="closed", title=words[:12], body=words, received_at=cast.now - timedelta(minutes=n - at),
                received_by=cast.zhang, changed_at=cast.now, lead_unit=[cast.police, cast.housing][at % 2], final_solved="yes",
            )
        )  # fmt: skip
    Ticket.objects.bulk_create(rows)
    while teach.collect_truths(by=system_account(), now=cast.now):
        pass


def test_a_better_model_takes_over_is_kept_with_its_checksum_and_can_be_rolled_back(
    cast: Cast, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teach, "LEAST_TO_LEARN", 150)
    decided(cast, 160)
    before = adviser_now(system_account())
    teach.ask_teaching(by=cast.chen, now=cast.now)
    assert teach.ask_teaching(by=cast.chen, now=cast.now) is None
    assert trials.do_waiting(by=system_account(), now=lambda: cast.now) == 1
    model = LearnedModel.objects.get()
    result = Trial.objects.get().result
    assert result["in_use"] and result["right_new"] > result["right_before"] and model.in_use
    assert (models / model.file).exists() and model.file == f"{model.checksum[:16]}.skops"
    assert adviser_now(system_account()) != before
    with pytest.raises(NotYours):
        teach.use_model(None, by=cast.wang, now=cast.now)
    teach.use_model(None, by=cast.chen, now=cast.now)
    assert adviser_now(system_account()) == before
    (models / model.file).write_bytes(b"damaged")
    with pytest.raises(Incomplete):
        teach.use_model(model, by=cast.chen, now=cast.now)


def test_too_few_decided_tickets_teach_nothing_and_it_is_said(cast: Cast, models: Path) -> None:
    decided(cast, 30)
    teach.ask_teaching(by=cast.chen, now=cast.now)
    trials.do_waiting(by=system_account(), now=lambda: cast.now)
    assert Trial.objects.get().result == {"too_few": True, "labels": 30, "least": 400}
    assert not LearnedModel.objects.exists()


def test_a_model_that_is_no_better_is_kept_and_not_used() -> None:
    assert teach.Compared(300, 270, 276, 10, 4).is_better is False
    assert teach.Compared(300, 270, 290, 25, 5).is_better is True


def test_a_reckoning_that_died_is_marked_and_its_file_wiped(cast: Cast) -> None:
    row = Trial.objects.create(
        by=cast.chen,
        asked_at=cast.now,
        started_at=cast.now,
        beat_at=cast.now,
        content=b"x",
        facts={"kind": "history"},
    )
    later = cast.now + timedelta(hours=1)
    assert trials.mark_dead(by=system_account(), now=later, silent=timedelta(minutes=15)) == 1
    row.refresh_from_db()
    assert (row.trouble, row.content) == ("stopped", None)
