"""Finding tickets: what finds them, for whom, and what is told of it."""

from datetime import date, timedelta

import pytest

from fenzhen.board.search import PAGE, Wanted, tickets_found
from fenzhen.desk.step import NotYours
from fenzhen.desk.story import record_lookup
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


def found(viewer: User, words: str = "", **more: object) -> list[int]:
    result = tickets_found(viewer, Wanted(words=words, **more))  # type: ignore[arg-type]
    return [hit.ticket.pk for hit in result.hits]


@pytest.mark.parametrize(
    "words", ["楼道", "道灯", "物业", "楼道灯坏了半个月", "清荷", "柳河镇", "清荷苑3号", "清荷 物业"]
)
def test_two_characters_find_words_and_places(cast: Cast, words: str) -> None:
    ticket = cast.waiting()
    cast.waiting(title="广场舞太吵", body="晚上十点还在跳。", place_text="松山公园", place=cast.other_town)
    assert found(cast.wang, words) == [ticket.pk]


def test_every_word_must_be_there_and_pairs_must_stand_side_by_side(cast: Cast) -> None:
    cast.waiting()
    assert found(cast.wang, "物业 暖气") == []
    assert found(cast.wang, "灯楼") == []


def test_its_number_or_the_beginning_of_it_finds_a_ticket(cast: Cast) -> None:
    ticket = cast.waiting()
    assert found(cast.wang, ticket.number) == [ticket.pk]
    assert found(cast.wang, ticket.number[:8]) == [ticket.pk]
    wide = ticket.number.translate({0x30 + n: 0xFF10 + n for n in range(10)})
    assert found(cast.wang, wide) == [ticket.pk]


def test_the_number_of_another_system_finds_a_ticket(cast: Cast) -> None:
    ticket = cast.waiting(source="city", external_no="SH-2024-000123")
    assert found(cast.wang, "SH-2024-000123") == [ticket.pk]
    assert found(cast.wang, "sh-2024-999999") == []


@pytest.mark.parametrize("typed", ["13900000001", "139 0000 0001", "+86 139-0000-0001", "0001"])
def test_a_whole_phone_number_or_its_last_four_digits_find_a_caller(cast: Cast, typed: str) -> None:
    ticket = cast.waiting()
    cast.waiting(phone="13900000002")
    for asked in (Wanted(words=typed), Wanted(phone=typed)):
        result = tickets_found(cast.wang, asked)
        assert [h.ticket.pk for h in result.hits] == [ticket.pk]
        assert len(result.looked_for) == 1
        assert (result.hits[0].caller_name, result.hits[0].caller_phone) == ("冯**", "139****0001")


def test_a_number_that_was_lifted_out_of_the_words_is_found(cast: Cast) -> None:
    ticket = cast.waiting(body="邻居老刘13812345678也知道。", phone="")
    assert found(cast.wang, "13812345678") == [ticket.pk]
    assert found(cast.wang, "5678") == [ticket.pk]


def test_the_full_name_finds_a_caller_and_a_part_of_it_does_not(cast: Cast) -> None:
    ticket = cast.waiting()
    assert found(cast.zhang, name=" 冯小满 ") == [ticket.pk]
    assert found(cast.zhang, name="冯") == []
    assert found(cast.zhang, "冯小满") == []


def test_only_the_centre_finds_tickets_by_who_called(cast: Cast) -> None:
    ticket = cast.dispatched()
    for viewer in (cast.huang, cast.leader):
        assert found(viewer, "13900000001") == []
        assert found(viewer, "0001") == []
        by_name = tickets_found(viewer, Wanted(name="冯小满"))
        assert by_name.looked_for == []
        seen = tickets_found(viewer, Wanted(words="楼道"))
        assert [h.ticket.pk for h in seen.hits] == [ticket.pk]
        assert (seen.hits[0].caller_name, seen.hits[0].caller_phone) == ("", "")


def test_asking_by_name_alone_gives_a_unit_nothing_rather_than_everything(cast: Cast) -> None:
    cast.dispatched()
    assert found(cast.huang, name="冯小满") == []
    assert found(cast.huang, phone="13900000001") == []


def test_a_unit_finds_its_own_tickets_only_and_the_administrator_none(cast: Cast) -> None:
    ticket = cast.dispatched()
    cast.waiting(phone="13900000002")
    assert found(cast.huang, "楼道") == [ticket.pk]
    assert found(cast.bai, "楼道") == []
    assert found(cast.admin, "楼道") == []


def test_filters_narrow_the_result(cast: Cast) -> None:
    ticket = cast.dispatched()
    other = cast.waiting(cast.now + timedelta(days=2), phone="13900000002", kind="complaint")
    assert found(cast.wang, state="dispatched") == [ticket.pk]
    assert found(cast.wang, unit="T1") == [ticket.pk]
    assert found(cast.wang, unit="ZJW") == [ticket.pk]
    assert found(cast.wang, unit="nowhere") == []
    assert found(cast.wang, kind="complaint") == [other.pk]
    assert found(cast.wang, town="990000001") == [other.pk, ticket.pk]
    assert found(cast.wang, town="990000002") == []
    assert found(cast.wang, level="3") == [other.pk, ticket.pk]
    assert found(cast.wang, level="9") == []
    assert found(cast.wang, since=date(2026, 3, 13)) == [other.pk]
    assert found(cast.wang, until=date(2026, 3, 11)) == [ticket.pk]
    assert found(cast.wang, since=date(2026, 3, 11), until=date(2026, 3, 13)) == [other.pk, ticket.pk]
    assert found(cast.wang, until=date.max) == [other.pk, ticket.pk]


def test_days_the_wrong_way_round_and_words_without_a_word_are_said_to_be_so(cast: Cast) -> None:
    wrong = Wanted(since=date(2026, 3, 12), until=date(2026, 3, 11))
    assert tickets_found(cast.wang, wrong).problem == "dates"
    assert tickets_found(cast.wang, Wanted(phone="999")).problem == "phone"
    for nothing in ("😀", "%", "'\"", "\x00", "--"):
        assert tickets_found(cast.wang, Wanted(words=nothing)).problem == "words"


@pytest.mark.parametrize(
    "words",
    [
        '"楼道',
        "楼道*",
        "楼道 OR 1=1",
        "NEAR(楼道 灯)",
        "grams:楼道",
        "'; DROP TABLE records_ticket; --",
        "楼" * 5000,
        "a AND",
    ],
)
def test_the_language_of_the_index_cannot_be_spoken_from_the_search_box(cast: Cast, words: str) -> None:
    cast.waiting()
    result = tickets_found(cast.wang, Wanted(words=words))
    assert result.problem == ""
    assert Ticket.objects.count() == 1


def test_pages_follow_each_other_without_gap_or_double(cast: Cast) -> None:
    made = [cast.waiting(cast.now + timedelta(minutes=n)).pk for n in range(PAGE + 3)]
    first = tickets_found(cast.wang, Wanted(words="楼道"), 1)
    second = tickets_found(cast.wang, Wanted(words="楼道"), 2)
    assert (first.total, first.has_next, second.has_next) == (PAGE + 3, True, False)
    both = [h.ticket.pk for h in [*first.hits, *second.hits]]
    assert both == sorted(made, reverse=True)
    assert tickets_found(cast.wang, Wanted(words="楼道"), 10_000).hits == []
    assert [h.ticket.pk for h in tickets_found(cast.wang, Wanted(words="楼道"), -3).hits] == both[:PAGE]


def test_who_looked_for_a_caller_stands_in_the_journal_without_the_number(cast: Cast) -> None:
    ticket = cast.waiting()
    entry = record_lookup(by=cast.wang, now=cast.now, what="phone", value="13900000001", found=1)
    assert entry is not None
    assert (entry.subject, entry.act, entry.by) == (f"person:{cast.wang.pk}", "look_up", cast.wang)
    assert ticket.caller is not None
    assert entry.facts == {"what": "phone", "of": ticket.caller.phone_index, "found": 1}
    assert "139" not in str(entry.facts).replace(str(entry.facts["of"]), "")


def test_the_same_look_within_ten_minutes_is_one_entry_and_a_later_one_another(cast: Cast) -> None:
    for minutes in (0, 5, 12):
        record_lookup(
            by=cast.wang, now=cast.now + timedelta(minutes=minutes), what="tail", value="0001", found=0
        )
    record_lookup(by=cast.wang, now=cast.now, what="name", value="冯小满", found=0)
    assert [e.n for e in Entry.objects.filter(subject=f"person:{cast.wang.pk}")] == [1, 2, 3]


def test_a_unit_has_no_look_up_to_write_down(cast: Cast) -> None:
    with pytest.raises(NotYours):
        record_lookup(by=cast.huang, now=cast.now, what="phone", value="13900000001", found=1)
