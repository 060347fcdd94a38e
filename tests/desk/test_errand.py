"""What a unit passes on within its house: earlier than its own time, and without the caller."""

from datetime import timedelta

import pytest

from fenzhen.board.errands import errand_for, my_errands, slip_words
from fenzhen.board.handle import unit_desk
from fenzhen.board.tickets import NotVisible, ticket_for, visible
from fenzhen.desk.attach import attach_file
from fenzhen.desk.errand import finish_errand, pass_on
from fenzhen.desk.handle import sign_assignment
from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.hotline.privacy import executor_text
from fenzhen.hotline.roles import Role
from fenzhen.records.handling import Note
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from tests.cast import Cast
from tests.desk.pictures import jpeg


@pytest.fixture
def gu(cast: Cast) -> User:
    """Works in a section of 柳河镇 and gets errands only."""
    return User.objects.create(username="gu", name="顾科员", role=Role.UNIT_WORKER, unit=cast.liuhe)


def given(cast: Cast, **fields):
    ticket = cast.signed(
        title="冯小满反映3号楼2单元楼道灯坏", place_text="清荷苑3号楼2单元501室", **fields.pop("ticket", {})
    )
    base = {
        "to_name": "城建科",
        "due": cast.now + timedelta(days=1),
        "word": "请今天换灯，冯女士13900000001在家",
    }
    return pass_on(cast.lead(ticket), by=cast.huang, now=cast.now + timedelta(hours=1), **(base | fields))


def test_it_is_due_before_the_unit_itself_is(cast: Cast) -> None:
    lead = cast.lead(cast.signed())
    for due in (None, cast.now - timedelta(hours=1), lead.handle_due, lead.handle_due + timedelta(days=1)):
        with pytest.raises(Incomplete) as refusal:
            pass_on(lead, by=cast.huang, now=cast.now, to_name="城建科", due=due)
        assert set(refusal.value.fields) == {"due"}
    with pytest.raises(Incomplete):
        pass_on(lead, by=cast.huang, now=cast.now, to_name=" ", due=lead.handle_due - timedelta(hours=1))


def test_the_unit_stays_responsible_and_its_clock_is_not_touched(cast: Cast) -> None:
    errand = given(cast)
    share = errand.assignment
    before = share.handle_due
    share.refresh_from_db()
    share.ticket.refresh_from_db()
    assert (share.state, share.handle_due, share.ticket.state) == ("signed", before, "handling")
    entry = Entry.objects.get(act="pass_on")
    assert "城建科" not in str(entry.facts) and entry.facts["assignment"] == share.pk


def test_the_slip_knows_nothing_of_the_caller(cast: Cast) -> None:
    errand = given(cast)
    slip = errand_for(cast.huang, errand.pk, cast.now).slip
    words = slip_words(cast.huang, slip, "3月12日 09:00")
    for secret in ("冯", "小满", "13900000001", "139****", "501", "2单元", "单元", "老人晚上回来"):
        assert secret not in words + str(slip), secret
    for needed in ("楼道灯坏", "清荷苑", "3号楼", "柳河镇", "3月12日 09:00", "请今天换灯"):
        assert needed in words, needed


def test_what_leads_to_a_door_is_taken_out_and_dates_stay() -> None:
    assert executor_text("3-2-501漏水,村里12号旁", "") == "〔门牌〕漏水,村里〔门牌〕旁"
    kept = "4号线边上,10月8号晚上22:00-23:00,2026-03-11起,8户居民,3号楼5号院"
    assert executor_text(kept, "") == kept


def test_who_gets_errands_sees_those_and_no_ticket(cast: Cast, gu: User) -> None:
    errand = given(cast, to_person=gu)
    other = given(cast, ticket={"phone": "13900000002"})
    assert [seen.errand.pk for seen in my_errands(gu, cast.now)[0]] == [errand.pk]
    with pytest.raises(NotVisible):
        errand_for(gu, other.pk, cast.now)
    assert not visible(gu).exists() and unit_desk(gu, cast.now).is_empty
    with pytest.raises(NotVisible):
        ticket_for(gu, errand.assignment.ticket_id)
    fresh = cast.lead(cast.dispatched(phone="13900000003"))
    for verb in (
        lambda: sign_assignment(fresh, by=gu, now=cast.now + timedelta(hours=2)),
        lambda: pass_on(errand.assignment, by=gu, now=cast.now, to_name="村", due=errand.due),
        lambda: finish_errand(other, by=gu, now=cast.now, answer="好了"),
        lambda: attach_file(
            other.assignment.ticket, jpeg(), by=gu, now=cast.now, name="a", assignment=other.assignment
        ),
    ):
        with pytest.raises(NotYours):
            verb()


def test_it_is_finished_once_by_who_got_it_or_by_the_liaison(cast: Cast, gu: User) -> None:
    errand = given(cast, to_person=gu)
    now = cast.now + timedelta(hours=4)
    with pytest.raises(Incomplete):
        finish_errand(errand, by=gu, now=now, answer=" ")
    attach_file(errand.assignment.ticket, jpeg(), by=gu, now=now, name="a.jpg", assignment=errand.assignment)
    finish_errand(errand, by=gu, now=now, answer="灯已换好，电话13900000001已告知")
    errand.refresh_from_db()
    assert errand.done_at == now and "13900000001" not in errand.answer
    with pytest.raises(Incomplete):
        finish_errand(errand, by=cast.huang, now=now, answer="好了")
    assert Note.objects.filter(kind="finish_errand").count() == 1


def test_another_unit_neither_sees_nor_finishes_it(cast: Cast) -> None:
    errand = given(cast)
    with pytest.raises(NotYours):
        finish_errand(errand, by=cast.jian, now=cast.now + timedelta(hours=2), answer="好了")
    with pytest.raises(NotVisible):
        errand_for(cast.jian, errand.pk, cast.now)
    with pytest.raises(Incomplete):
        given(cast, ticket={"phone": "13900000005"}, to_person=cast.jian)
