"""Advice joins words, places and duties; the desk sees codes and reasons, and nobody else sees anything."""

import pytest

from fenzhen.board.advice import AdviceView, advice_for, advice_on, similar_open, warm
from fenzhen.desk.callback import close_ticket
from fenzhen.office.advise import advise_ticket, advise_waiting
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import MORNING, Cast


@pytest.fixture
def town(cast: Cast) -> Cast:
    """The cast's district with a few words to learn from."""
    power = Category.objects.create(
        code="040101", level1="市政", level2="电", name="停电", definition="停电、跳闸、没电"
    )
    Duty.objects.create(
        rule_id="D4", category="04", lead="ZJW", level=2, basis="供电属部门", basis_doc="权责清单"
    )
    for category, texts in {
        cast.category: ["楼道灯坏了没人修", "单元门禁坏了好几天", "电梯间的灯一直不亮物业不管"],
        power: ["家里突然停电了", "整栋楼都没电", "总是跳闸用不了空调"],
        cast.stranded: ["被拦在村外没有地方去", "回不了家在外面待了一天"],
    }.items():
        Example.objects.bulk_create(Example(category=category, text=text) for text in texts)
    return cast


def test_the_likeliest_unit_comes_first_with_the_rule_that_says_so(town: Cast) -> None:
    view = advice_for(
        town.wang,
        title="楼道灯坏了",
        body="我家楼道灯坏了半个月,物业一直没人修",
        place_text="清荷苑3号楼",
        now=MORNING,
    )
    first = view.units[0]
    assert (first.unit, first.short_name, first.category, first.rule) == ("T1", "柳河镇", "010101", "D1")
    assert (first.basis_doc, first.assist, view.level, view.level_from) == (
        "权责清单",
        (("ZJW", "区住建委"),),
        3,
        "rule",
    )
    assert (view.place.code, view.place.town, view.place.not_sure) == ("E1", "990000001", False)
    assert any(
        "灯" in "我家楼道灯坏了半个月,物业一直没人修"[w.start : w.end]
        for w in view.words
        if w.field == "body"
    )


def test_a_place_that_a_person_chose_is_believed(town: Cast) -> None:
    view = advice_for(
        town.zhang, title="楼道灯坏了", body="楼道灯坏了没人修", place_code="990000002", now=MORNING
    )
    assert view.units[0].unit == "T2" and view.place.confidence == 1.0


def test_without_a_place_the_town_is_not_guessed_but_asked_for(town: Cast) -> None:
    view = advice_for(town.zhang, title="楼道灯坏了", body="楼道灯坏了好久没人修", now=MORNING)
    assert view.ask_place and view.town_share > 0.3 and view.place.not_sure
    assert all(u.unit in {"T1", "T2", "ZJW", "GA"} for u in view.units)
    assert "T1" not in {u.unit for u in view.units}


def test_a_signal_raises_the_level_and_its_words_are_marked(town: Cast) -> None:
    body = "老人被拦在村口,在桥下冻了一天"
    view = advice_for(town.zhang, title="回不了家", body=body, place_code="990000001", now=MORNING)
    assert view.level == 1
    found = next(s for s in view.signals if s.code == "stranded")
    assert found.field == "body" and "桥下" in body[found.start : found.end]


def test_a_consultation_is_not_hurried_by_its_subject_but_by_a_signal(town: Cast) -> None:
    asked = advice_for(
        town.zhang,
        title="供电营业厅",
        body="请问办跳闸检修预约的供电营业厅几点开门",
        kind="consultation",
        now=MORNING,
    )
    assert asked.level == 3
    danger = advice_for(
        town.zhang,
        title="咨询",
        body="屋里煤气味很大,燃气泄漏了怎么办理报修",
        kind="consultation",
        now=MORNING,
    )
    assert danger.level == 1 and danger.level_from == "signal"


@pytest.mark.parametrize(
    "title, body",
    [("", ""), ("x", ""), ("<script>", "'; DROP TABLE --"), ("🔥" * 50, "\x00" * 9), ("字" * 20_000, "")],
)
def test_odd_words_give_flat_advice_and_no_crash(town: Cast, title: str, body: str) -> None:
    view = advice_for(town.zhang, title=title, body=body, now=MORNING)
    assert all(u.probability < 0.6 for u in view.units)


def test_units_and_readers_get_no_advice(town: Cast) -> None:
    for person in (town.huang, town.leader, town.admin):
        assert advice_for(person, title="楼道灯坏了", body="没人修", now=MORNING) == AdviceView()


def test_a_district_without_lists_still_sees_danger(db: None, cast: Cast) -> None:
    Ticket.objects.all().delete()
    Category.objects.all().delete()
    view = advice_for(cast.zhang, title="着火了", body="楼道里着火了", now=MORNING)
    assert view.units == () and view.level == 1 and view.redirect == "119"


def test_lists_that_grow_are_learnt_at_once(town: Cast) -> None:
    say = {"title": "暖气不热", "body": "暖气片冰凉,供热站没人接电话"}
    before = advice_for(town.zhang, now=MORNING, **say)
    heat = Category.objects.create(
        code="040201", level1="市政", level2="热", name="供暖不热", definition="暖气不热、冰凉"
    )
    Example.objects.create(category=heat, text="暖气片冰凉家里冻人")
    Example.objects.create(category=heat, text="供热站没人管暖气不热")
    after = advice_for(town.zhang, now=MORNING, **say)
    assert before.categories[0].code != "040201" and after.categories[0].code == "040201"


def test_what_is_kept_carries_codes_and_positions_but_no_words(town: Cast) -> None:
    view = advice_for(
        town.wang, title="楼道灯坏了", body="楼道灯坏了没人修,老人摔了一跤", place_text="清荷苑", now=MORNING
    )
    kept = str(view.as_record())
    assert "楼道" not in kept and "清荷苑" not in kept and "E1" in kept and "T1" in kept


# --- the task's verbs --------------------------------------------------------------------------------------


def test_a_waiting_ticket_gets_advice_and_its_empty_columns_are_filled(town: Cast) -> None:
    ticket = town.waiting(place=None, place_text="清荷苑3号楼")
    assert advise_ticket(ticket.pk, by=User.objects.system(), now=MORNING)
    ticket.refresh_from_db()
    advice = Advice.objects.get(ticket=ticket)
    assert advice.units[0]["unit"] == "T1" and advice.units[0]["rule"] == "D1"
    assert ticket.place == town.estate and ticket.category == town.category


def test_what_a_person_entered_is_not_overwritten(town: Cast) -> None:
    ticket = town.waiting(category=town.stranded)
    advise_ticket(ticket.pk, by=User.objects.system(), now=MORNING)
    ticket.refresh_from_db()
    assert ticket.category == town.stranded


def test_a_ticket_that_has_left_the_desk_gets_no_advice(town: Cast) -> None:
    ticket = town.dispatched()
    assert not advise_ticket(ticket.pk, by=User.objects.system(), now=MORNING)
    assert not Advice.objects.exists()


def test_a_heap_of_waiting_tickets_is_advised_the_most_urgent_first(town: Cast) -> None:
    tickets = [town.waiting(title=f"楼道灯坏了{n}") for n in range(3)]
    urgent = town.waiting(title="着火了", body="楼道里着火了")
    system = User.objects.system()
    assert advise_waiting(by=system, now=MORNING, limit=1) == 1
    assert Advice.objects.get().ticket == urgent
    assert advise_waiting(by=system, now=MORNING, limit=40) == 3
    assert advise_waiting(by=system, now=MORNING, limit=40) == 0
    assert Advice.objects.filter(ticket__in=tickets).count() == 3


def test_one_ticket_that_fails_stops_nobody_else(town: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from fenzhen.office import advise

    bad, good = town.waiting(), town.waiting(title="另一件")
    real = advise.advice_on

    def stumbles(viewer: User, ticket: Ticket, now: object) -> object:
        if ticket.pk == bad.pk:
            raise ValueError("made to fail")
        return real(viewer, ticket, now)

    monkeypatch.setattr(advise, "advice_on", stumbles)
    assert advise_waiting(by=User.objects.system(), now=MORNING) == 1
    assert Advice.objects.get().ticket == good


# --- similar open tickets ----------------------------------------------------------------------------------


def test_an_open_ticket_of_the_same_place_and_words_is_found_while_typing(town: Cast) -> None:
    same = town.waiting(title="清荷苑楼道灯坏了")
    far = town.waiting(title="松山镇楼道灯坏了", place=town.other_town, place_text="松山镇")
    found = similar_open(
        town.zhang, title="楼道灯坏了没人修", body="三号楼二单元楼道灯坏了半个月", place_code="E1"
    )
    assert [one.ticket.pk for one in found] == [same.pk, far.pk]
    assert found[0].same_place and not found[1].same_place


def test_a_ticket_is_not_similar_to_itself_and_a_closed_one_to_nothing(town: Cast) -> None:
    one, other = town.to_call_back(), town.waiting()
    assert [s.ticket.pk for s in similar_open(town.wang, other)] == [one.pk]
    close_ticket(one, by=town.sun, now=MORNING, said=town.said())
    assert similar_open(town.wang, other) == []


def test_similar_tickets_are_those_the_viewer_may_see(town: Cast) -> None:
    own, other = town.dispatched(), town.waiting()
    assert [s.ticket.pk for s in similar_open(town.huang, title="楼道灯坏了", body="楼道灯坏了半个月")] == [
        own.pk
    ]
    assert similar_open(town.bai, title="楼道灯坏了", body="楼道灯坏了半个月") == []
    assert {s.ticket.pk for s in similar_open(town.zhang, title="楼道灯坏了", body="楼道灯坏了半个月")} == {
        own.pk,
        other.pk,
    }


def test_warming_says_what_there_is(town: Cast) -> None:
    facts = warm()
    assert facts["categories"] == 3 and facts["duties"] == 4 and facts["places"] == 3


def test_advice_on_a_ticket_uses_its_place(town: Cast) -> None:
    ticket = town.waiting()
    assert advice_on(town.wang, ticket, MORNING).place.why == ("chosen",)
