"""Urgent and unsigned: whom to phone now, and acting for a unit that has a telephone only."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from fenzhen.board.duty_phones import duty_time, phone_now, phone_of
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.handle import sign_assignment
from fenzhen.office.unit_excel import open_list
from fenzhen.records.district import CalendarDay
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import forget_rules
from tests.cast import BEIJING, Cast

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def phones(cast: Cast):
    for time, phone in (("day", "010-0000-0001"), ("night", "010-0000-0002"), ("holiday", "010-0000-0003")):
        DutyPhone.objects.create(unit=cast.liuhe, time=time, phone=phone, name="值班室")
    with time_machine.travel(cast.now + timedelta(minutes=10), tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_number_follows_the_working_calendar(cast: Cast) -> None:
    CalendarDay.objects.create(date=date(2026, 3, 12), day_type="holiday", name="放假", published=True)
    CalendarDay.objects.create(date=date(2026, 3, 14), day_type="makeup", name="上班", published=True)
    forget_rules()
    for now, time, ends in (
        (datetime(2026, 3, 11, 9, 0, tzinfo=BEIJING), "day", "1"),
        (datetime(2026, 3, 11, 17, 29, tzinfo=BEIJING), "day", "1"),
        (datetime(2026, 3, 11, 17, 30, tzinfo=BEIJING), "night", "2"),
        (datetime(2026, 3, 11, 3, 0, tzinfo=BEIJING), "night", "2"),
        (datetime(2026, 3, 12, 9, 0, tzinfo=BEIJING), "holiday", "3"),  # a Thursday off
        (datetime(2026, 3, 14, 9, 0, tzinfo=BEIJING), "day", "1"),  # a Saturday that is worked
        (datetime(2026, 3, 15, 9, 0, tzinfo=BEIJING), "holiday", "3"),
    ):
        assert duty_time(cast.wang, now) == time, now
        found = phone_of(cast.wang, cast.liuhe, now)
        assert found is not None and found.phone.endswith(ends)


def test_a_table_that_is_over_or_not_begun_is_not_phoned(cast: Cast) -> None:
    DutyPhone.objects.update(valid_to=date(2026, 3, 10))
    assert phone_of(cast.wang, cast.liuhe, cast.now) is None
    DutyPhone.objects.create(unit=cast.liuhe, time="day", phone="010-0000-0009", valid_from=date(2026, 3, 11))
    found = phone_of(cast.wang, cast.liuhe, cast.now)
    assert found is not None and found.phone == "010-0000-0009"


def test_a_unit_without_an_account_is_phoned_before_it_is_late_unless_it_has_its_list(cast: Cast) -> None:
    User.objects.filter(unit=cast.police).delete()
    ticket = cast.waiting()
    dispatch_ticket(ticket, by=cast.wang, now=cast.now, lead=cast.police)
    item = cast.lead(ticket)
    whole = item.sign_due - cast.now

    def listed(part: float) -> bool:
        return item in [line.item for line in phone_now(cast.wang, cast.now + whole * part)]

    assert not listed(0.4) and listed(0.6) and listed(1.1)
    User.objects.create(username="clerk", role="unit_liaison", unit=cast.police)
    assert not listed(0.6), "whoever has a page sees it there"
    User.objects.filter(username="clerk").delete()
    open_list(cast.police, by=cast.wang, now=cast.now + whole * 0.5)
    assert not listed(0.6), "it has the list"


def test_unsigned_level_1_and_2_are_on_the_list_and_a_signature_takes_them_off(cast: Cast) -> None:
    cast.dispatched(phone="13900000001")  # level 3 waits for its page
    second = cast.dispatched(phone="13900000002", level=2)
    first = cast.dispatched(phone="13900000003", level=1)
    lines = phone_now(cast.wang, cast.now)
    leads = [line for line in lines if line.item.part == "lead"]
    assert [line.ticket.pk for line in leads] == [first.pk, second.pk]
    assert leads[0].phone is not None and leads[0].has_account
    assert next(line for line in lines if line.item.unit == cast.housing).phone is None
    sign_assignment(cast.lead(first), by=cast.huang, now=cast.now + timedelta(minutes=2))
    assert first.pk not in {x.ticket.pk for x in phone_now(cast.wang, cast.now) if x.item.part == "lead"}
    assert phone_now(cast.huang, cast.now) == [] == phone_now(cast.zhang, cast.now)


def test_phoned_and_signed_on_the_units_behalf(cast: Cast) -> None:
    ticket = cast.dispatched(level=1)
    pk = cast.lead(ticket).pk
    client = client_of(cast.wang)
    page = client.get("/phone-now").content.decode()
    assert "010-0000-0001" in page and "13900000001" not in page
    assert client.post(f"/phone-now/{pk}/phoned", {}, headers=HTMX).status_code == 422
    nobody = client.post(f"/phone-now/{pk}/phoned", {"outcome": "answered"}, headers=HTMX)
    assert nobody.status_code == 422 and "answered_by" in nobody.headers["HX-Trigger"]
    missed = client.post(f"/phone-now/{pk}/phoned", {"outcome": "no_answer", "sign": "1"}, headers=HTMX)
    assert missed.status_code == 422  # nobody took it
    assert client.post(f"/phone-now/{pk}/phoned", {"outcome": "no_answer"}, headers=HTMX).status_code == 204
    assert "无人接听" in client.get("/phone-now").content.decode()
    answer = {"outcome": "answered", "answered_by": "值班李主任", "text": "马上去", "sign": "1"}
    assert client.post(f"/phone-now/{pk}/phoned", answer, headers=HTMX).status_code == 204
    assert Assignment.objects.get(pk=pk).state == "signed"
    assert Entry.objects.get(act="sign").facts["on_behalf"] is True
    entry = Entry.objects.filter(act="phone_unit").latest("id")
    assert "李主任" not in str(entry.facts) and "值班李主任" in Note.objects.latest("id").text
    story = client.get(f"/tickets/{ticket.pk}").content.decode()
    assert "热线代办" in story and "电话通知单位" in story


def test_note_and_reply_on_the_units_behalf(cast: Cast) -> None:
    ticket = cast.signed()
    pk = cast.lead(ticket).pk
    client = client_of(cast.wang)
    assert client.get(f"/phone-now/{pk}").status_code == 200
    assert client.post(f"/phone-now/{pk}/note", {"text": "已派人"}, headers=HTMX).status_code == 204
    reply = {
        "contacted": "yes",
        "contact_how": "电话",
        "internal_text": "换灯。",
        "public_text": "灯已换好。",
        "solved_claim": "yes",
    }
    assert client.post(f"/phone-now/{pk}/reply", reply, headers=HTMX).status_code == 204
    assert Reply.objects.get().by == cast.wang
    marked = Entry.objects.filter(act__in=["note", "reply"]).values_list("facts__on_behalf", flat=True)
    assert list(marked) == [True, True]


def test_the_desk_dispatches_by_phone_in_one_go(cast: Cast) -> None:
    ticket = cast.waiting(level=1)
    client = client_of(cast.wang)
    assert client.get(f"/tickets/{ticket.pk}/phone-first").status_code == 200
    form = {"lead": "柳河镇", "outcome": "answered", "answered_by": "李主任", "text": "去接人", "sign": "1"}
    bad = client.post(f"/tickets/{ticket.pk}/phone-first/dispatch", form | {"outcome": ""}, headers=HTMX)
    assert bad.status_code == 422
    ticket.refresh_from_db()
    assert ticket.state == "pending_dispatch"  # the call is missing, so nothing was dispatched either
    once = form | {"once": "one"}
    for _ in range(2):
        client.post(f"/tickets/{ticket.pk}/phone-first/dispatch", once, headers=HTMX)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.lead_unit) == ("handling", cast.liuhe)
    acts = list(
        Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n").values_list("act", flat=True)
    )
    assert acts[-3:] == ["dispatch", "phone_unit", "sign"]


def test_others_neither_see_the_list_nor_act_for_units(cast: Cast) -> None:
    pk = cast.lead(cast.dispatched(level=1)).pk
    for person in (cast.huang, cast.zhang, cast.zhao, cast.leader, cast.admin):
        client = client_of(person)
        assert client.get("/phone-now").status_code == 403
        assert client.post(f"/phone-now/{pk}/phoned", {"outcome": "no_answer"}).status_code == 403
    assert not Entry.objects.filter(act="phone_unit").exists()


def test_lists_of_units_go_out_and_come_in_through_the_page(cast: Cast) -> None:
    from io import BytesIO

    from tests.office.test_unit_excel import filled

    ticket = cast.dispatched()
    client = client_of(cast.wang)
    assert "柳河镇" in client.get("/unit-lists").content.decode()
    out = client.post(f"/unit-lists/{cast.liuhe.pk}/out")
    assert out.status_code == 200 and out.headers["Content-Disposition"].startswith("attachment")
    file = BytesIO(filled(out.content, {0: {"sign": "是"}}))
    file.name = "柳河.xlsx"
    done = client.post(f"/unit-lists/{cast.liuhe.pk}/in", {"file": file})
    assert done.status_code == 200 and ticket.number in done.content.decode()
    assert cast.lead(ticket).state == "signed"
    broken = BytesIO(b"PK\x03\x04")
    broken.name = "x.xlsx"
    assert client.post(f"/unit-lists/{cast.liuhe.pk}/in", {"file": broken}).status_code == 422
    assert client_of(cast.huang).get("/unit-lists").status_code == 403
