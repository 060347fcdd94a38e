"""Taking calls in: whatever is thrown at it, nothing is cut off, nothing leaks, nothing is doubled."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.intake import (
    LONGEST_BODY,
    begin_again,
    join_call,
    receive_ticket,
    supplement_ticket,
    take_in,
)
from fenzhen.desk.once import SentBefore, act_once
from fenzhen.desk.step import Incomplete, NotOpen, NotYours
from fenzhen.desk.triage import ask_back
from fenzhen.records.drafts import Draft
from fenzhen.records.handling import Note
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Caller, NumberSeries, SealedNumber, Ticket
from tests.cast import Cast

IDENTITY = "110101199003070011"
CARD = "6222021234567890128"


def everything_in_the_database() -> str:
    """Every value of every table, as the database keeps it."""
    out: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            out += [str(value) for row in cursor.fetchall() for value in row]
    if connection.vendor == "sqlite":
        out.append(connection.connection.serialize().decode("latin-1"))  # the file's own bytes
    return "\n".join(out)


@pytest.fixture
def nowhere_in_clear(cast: Cast) -> Iterator[list[str]]:
    """Add texts; after the test none of them stands in the database."""
    secrets: list[str] = []
    yield secrets
    kept = everything_in_the_database()
    for secret in secrets:
        assert secret not in kept, secret
        assert secret.encode().decode("latin-1") not in kept, secret


def test_names_phones_identity_numbers_and_cards_are_nowhere_in_the_database_in_clear(
    cast: Cast, nowhere_in_clear: list[str]
) -> None:
    nowhere_in_clear += [IDENTITY, CARD, "13812345678", "13987654321", "司马相如"]
    words = f"身份证{IDENTITY},卡号{CARD},找邻居 138-1234-5678。"
    ticket = take_in(
        cast.heard(title=f"退款 {IDENTITY}", body=words, name="司马相如", phone="13987654321"),
        by=cast.zhang,
        now=cast.now,
    )
    join_call(ticket, by=cast.zhang, now=cast.now, text=f"又说{IDENTITY}", phone="13812345678")
    keep_draft(by=cast.zhang, key="intake:x", fields={"body": [words], "name": ["司马相如"]}, now=cast.now)
    assert ticket.title == "退款 〔证件号1〕"
    assert ticket.body == "身份证〔证件号1〕,卡号〔卡号1〕,找邻居 〔电话1〕。"
    assert {row.value for row in SealedNumber.objects.filter(ticket=ticket)} >= {IDENTITY, CARD}


def test_the_search_for_clear_text_would_find_it(cast: Cast) -> None:
    take_in(cast.heard(body="院墙倒了一截"), by=cast.zhang, now=cast.now)
    kept = everything_in_the_database()
    assert "院墙倒了一截" in kept
    assert "院墙倒了一截".encode().decode("latin-1") in kept or connection.vendor != "sqlite"


@pytest.mark.parametrize("title, body", [("", ""), (" ", "\n\t "), ("\x00", "\x00\x07")])
def test_nothing_said_is_refused_and_takes_no_number(cast: Cast, title: str, body: str) -> None:
    with pytest.raises(Incomplete) as refusal:
        take_in(cast.heard(title=title, body=body), by=cast.zhang, now=cast.now)
    assert "body" in refusal.value.fields
    assert not Ticket.objects.exists()
    assert not Caller.objects.exists()
    assert not NumberSeries.objects.exists()


def test_twenty_thousand_characters_are_kept_whole(cast: Cast) -> None:
    words = "水" * 19_999 + "终"
    ticket = take_in(cast.heard(title="", body=words), by=cast.zhang, now=cast.now)
    assert Ticket.objects.get(pk=ticket.pk).body == words
    assert ticket.title == words[:60]


def test_more_than_any_call_is_refused_instead_of_cut(cast: Cast) -> None:
    with pytest.raises(Incomplete) as refusal:
        take_in(cast.heard(body="水" * (LONGEST_BODY + 1)), by=cast.zhang, now=cast.now)
    assert list(refusal.value.fields) == ["body"]
    assert not Ticket.objects.exists()


def test_a_long_title_goes_to_the_front_of_the_words_and_nothing_is_lost(cast: Cast) -> None:
    title = "漏" * 300
    ticket = take_in(cast.heard(title=title, body="三天了"), by=cast.zhang, now=cast.now)
    assert (len(ticket.title), ticket.body) == (200, f"{title}\n三天了")


@pytest.mark.parametrize(
    "words",
    [
        "漏水😀👨‍👩‍👧‍👦🆘",
        "<script>alert(1)</script><b>漏水</b>",
        "'); DROP TABLE records_ticket;--",
        "100% 的_漏水 \\ {{ x }} {% y %}",
    ],
)
def test_what_was_said_is_kept_as_it_was_said(cast: Cast, words: str) -> None:
    ticket = take_in(cast.heard(title=words, body=words), by=cast.zhang, now=cast.now)
    ticket.refresh_from_db()
    assert (ticket.title, ticket.body) == (words, words)


def test_null_bytes_and_control_characters_fall_away_and_lines_stay(cast: Cast) -> None:
    ticket = take_in(cast.heard(body="漏\x00水\x07\r\n三天\t了"), by=cast.zhang, now=cast.now)
    assert ticket.body == "漏水\n三天\t了"


@pytest.mark.parametrize(
    "phone", ["１３９００００１２３４", "139 0000 1234", "+86-13900001234", "（139）00001234"]
)
def test_full_width_digits_and_other_ways_to_write_a_number_are_one_caller(cast: Cast, phone: str) -> None:
    first = take_in(cast.heard(phone="13900001234"), by=cast.zhang, now=cast.now)
    second = take_in(cast.heard(phone=phone), by=cast.zhang, now=cast.now)
    assert first.caller == second.caller


@pytest.mark.parametrize(
    "phone", ["12", "99999999999999", "1390000123x", "电话不详", "00000000000", "1" * 200, "-", "😀"]
)
def test_a_phone_number_that_cannot_exist_is_refused_at_its_field(cast: Cast, phone: str) -> None:
    with pytest.raises(Incomplete) as refusal:
        take_in(cast.heard(phone=phone), by=cast.zhang, now=cast.now)
    assert list(refusal.value.fields) == ["phone"]
    assert not Ticket.objects.exists()


def test_a_caller_who_gives_nothing_is_unknown_and_nothing_is_guessed(cast: Cast) -> None:
    ticket = take_in(cast.heard(name=" ", phone="", place=None, place_text=""), by=cast.zhang, now=cast.now)
    assert (ticket.caller, ticket.place, ticket.place_text) == (None, None, "")


@pytest.mark.parametrize(
    "kind, channel, wrong", [("nonsense", "phone", "kind"), ("help", "pigeon", "channel")]
)
def test_codes_that_no_list_has_are_refused(cast: Cast, kind: str, channel: str, wrong: str) -> None:
    with pytest.raises(Incomplete) as refusal:
        take_in(cast.heard(kind=kind, channel=channel), by=cast.zhang, now=cast.now)
    assert list(refusal.value.fields) == [wrong]


def test_a_time_in_the_future_or_a_deadline_before_the_call_is_refused(cast: Cast) -> None:
    for wrong in (
        {"received_at": cast.now + timedelta(hours=1)},
        {"city_deadline": cast.now - timedelta(days=1)},
    ):
        with pytest.raises(Incomplete) as refusal:
            receive_ticket(cast.heard(**wrong), by=cast.zhang, now=cast.now)
        assert list(refusal.value.fields) == list(wrong)


def test_an_answer_without_words_leaves_no_half_ticket_behind(cast: Cast) -> None:
    with pytest.raises(Incomplete) as refusal:
        take_in(cast.heard(), by=cast.zhang, now=cast.now, ending="answer", text=" ")
    assert list(refusal.value.fields) == ["answer"]
    with pytest.raises(Incomplete):
        take_in(cast.heard(), by=cast.zhang, now=cast.now, ending="redirect", reason="because")
    assert not Ticket.objects.exists()
    assert not Entry.objects.exists()


def test_a_call_may_end_in_three_ways(cast: Cast) -> None:
    ends = {
        "submit": take_in(cast.heard(), by=cast.zhang, now=cast.now),
        "answer": take_in(cast.heard(), by=cast.zhang, now=cast.now, ending="answer", text="窗口九点开门。"),
        "redirect": take_in(
            cast.heard(), by=cast.zhang, now=cast.now, ending="redirect", reason="legal_channel"
        ),
    }
    assert {k: t.state for k, t in ends.items()} == {
        "submit": "pending_dispatch",
        "answer": "answered",
        "redirect": "redirected",
    }
    assert len({t.number for t in ends.values()}) == 3


def test_whoever_takes_no_calls_writes_no_ticket(cast: Cast) -> None:
    for person in (cast.huang, cast.leader, cast.zhao):
        with pytest.raises(NotOpen):
            take_in(cast.heard(), by=person, now=cast.now)


def test_the_same_form_sent_twice_makes_one_ticket(cast: Cast) -> None:
    def send() -> Ticket:
        return act_once(
            "t1",
            lambda: take_in(cast.heard(), by=cast.zhang, now=cast.now),
            by=cast.zhang,
            now=cast.now,
            led_to=lambda ticket: f"/tickets/{ticket.pk}",
        )

    ticket = send()
    with pytest.raises(SentBefore) as before:
        send()
    assert before.value.result_url == f"/tickets/{ticket.pk}"
    assert Ticket.objects.count() == 1


def test_a_second_call_joins_the_story_and_moves_nothing(cast: Cast) -> None:
    ticket = cast.signed()
    state = ticket.state
    join_call(
        ticket, by=cast.zhang, now=cast.now, text="谢谢,已经修好了。", kind="thanks", phone="13900000001"
    )
    note = Note.objects.get(ticket=ticket, kind="thanks")
    assert (ticket.state, note.text) == (state, "谢谢,已经修好了。")
    assert Ticket.objects.count() == 1


def test_who_calls_for_somebody_else_can_be_called_too(cast: Cast) -> None:
    ticket = cast.waiting(body="老人电话13812340000,一个人住。")
    join_call(ticket, by=cast.zhang, now=cast.now, text="我是她女儿", kind="more", phone="010-69298765")
    note = Note.objects.get(ticket=ticket, kind="more")
    assert note.text == "我是她女儿\n来电号码:〔电话2〕"
    assert SealedNumber.objects.get(ticket=ticket, mark="〔电话2〕").value == "01069298765"


def test_joining_needs_words_a_known_kind_and_a_possible_number(cast: Cast) -> None:
    ticket = cast.waiting()
    with pytest.raises(Incomplete) as refusal:
        join_call(ticket, by=cast.zhang, now=cast.now, text=" ", kind="gossip", phone="12")
    assert sorted(refusal.value.fields) == ["kind", "phone", "text"]
    assert not Note.objects.exists()


def test_what_was_asked_back_is_added_and_found_and_the_ticket_waits_again(cast: Cast) -> None:
    from fenzhen.board.search import Wanted, tickets_found

    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now + timedelta(minutes=1), text="几单元?")
    supplement_ticket(
        ticket, by=cast.zhang, now=cast.now + timedelta(minutes=9), text="七单元,门口有石狮子。"
    )
    assert ticket.state == "pending_dispatch"
    assert ticket.body.endswith("【补充】七单元,门口有石狮子。")
    assert [h.ticket for h in tickets_found(cast.wang, Wanted(words="石狮")).hits] == [ticket]


def test_a_second_matter_of_the_same_call_starts_with_the_caller_filled_in(cast: Cast) -> None:
    ticket = take_in(cast.heard(is_secret=True), by=cast.zhang, now=cast.now)
    begin_again(ticket, by=cast.zhang, now=cast.now + timedelta(minutes=5), key="intake:again")
    draft = Draft.objects.get(owner=cast.zhang, key="intake:again")
    assert (draft.fields["phone"], draft.fields["is_secret"]) == (["13900000001"], ["1"])


def test_nobody_learns_a_caller_by_beginning_again(cast: Cast) -> None:
    ticket = take_in(cast.heard(), by=cast.zhang, now=cast.now)
    with pytest.raises(NotYours):
        begin_again(ticket, by=cast.xu, now=cast.now, key="intake:a")
    with pytest.raises(NotYours):
        begin_again(ticket, by=cast.zhang, now=cast.now + timedelta(hours=1), key="intake:a")
    assert not Draft.objects.exists()
