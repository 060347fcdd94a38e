"""What is played in memory is, column by column and hash by hash, what the verbs write one by one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models

from fenzhen.desk import callback, close, dispatch, handle, intake, link, request, review, triage
from fenzhen.desk.past import Past, Story
from fenzhen.desk.step import Incomplete, NotOpen, NotYours, entry_hash
from fenzhen.hotline.journey import ASSIGNMENT, TICKET
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.journal import Entry
from fenzhen.records.requests import Request
from fenzhen.records.search import SearchText
from fenzhen.records.tickets import Caller, SealedNumber, Ticket
from tests.cast import Cast

TABLES: tuple[type[models.Model], ...] = (
    Caller,
    Ticket,
    Assignment,
    Reply,
    Note,
    CallBack,
    Attempt,
    Request,
    SealedNumber,
    SearchText,
    Entry,
)


class ByVerbs:
    """A story told by the verbs, under the names that `Story` uses."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket

    @property
    def lead(self) -> Assignment:
        rows = Assignment.objects.filter(ticket=self.ticket, round=self.ticket.round, part="lead")
        return rows.exclude(state="recalled").get()

    @property
    def assignments(self) -> list[Assignment]:
        return list(Assignment.objects.filter(ticket=self.ticket).order_by("id"))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        on_ticket: dict[str, Callable[..., Any]] = {
            "submit": intake.submit_ticket,
            "answer": intake.answer_ticket,
            "redirect": intake.redirect_ticket,
            "supplement": intake.supplement_ticket,
            "join_call": intake.join_call,
            "withdraw": intake.withdraw_ticket,
            "ask_back": triage.ask_back,
            "change_level": triage.change_level,
            "classify": triage.classify_ticket,
            "dispatch": dispatch.dispatch_ticket,
            "take_back": dispatch.take_back,
            "reopen": dispatch.reopen_ticket,
            "undo": dispatch.undo_desk_act,
            "miss": callback.miss_call,
            "close": callback.close_ticket,
            "close_unreached": callback.close_unreached,
            "rehandle": callback.rehandle_ticket,
            "ask_void": close.ask_void,
            "consult": request.open_consultation,
            "settle": request.settle_consultation,
            "urge": link.urge_again,
        }
        on_assignment: dict[str, Callable[..., Any]] = {
            "sign": handle.sign_assignment,
            "note": handle.note_assignment,
            "wait": handle.wait_for_caller,
            "resume": handle.resume_assignment,
            "reply": handle.submit_reply,
            "approve": review.approve_reply,
            "send_back": review.send_back_reply,
        }
        if name in {"ask_return", "ask_extension"}:
            return lambda item, **words: getattr(request, name)(item, **words)
        if name in {"decide_return", "decide_extension"}:
            return lambda asked, **words: (
                getattr(request, name)(asked, **words),
                self.ticket.refresh_from_db(),
            )
        if name in on_ticket:
            return lambda **words: on_ticket[name](self.ticket, **words)
        if name in on_assignment:
            return lambda item, **words: (on_assignment[name](item, **words), self.ticket.refresh_from_db())
        if name == "decide_void":
            return lambda request, **words: (
                close.decide_void(request, **words),
                self.ticket.refresh_from_db(),
            )
        raise AttributeError(name)


Told = Story | ByVerbs


def to_the_unit(told: Told, cast: Cast, **more: Any) -> None:
    told.submit(by=cast.zhang, now=cast.now + timedelta(minutes=1))
    told.dispatch(
        by=cast.wang,
        now=cast.now + timedelta(minutes=4),
        lead=cast.liuhe,
        assist=[cast.housing, cast.housing],
        basis="D1",
        word="请今天联系,电话13800001111。",
        chosen_rank=1,
        **more,
    )


def answered(told: Told, cast: Cast, hours: float = 5, **fields: Any) -> None:
    told.sign(told.lead, by=cast.huang, now=cast.now + timedelta(minutes=20))
    told.reply(
        told.lead, by=cast.huang, now=cast.now + timedelta(hours=hours), answered=cast.answered(**fields)
    )


def a_plain_way(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    answered(told, cast)
    told.approve(told.lead, by=cast.zhao, now=cast.now + timedelta(hours=6))
    told.miss(by=cast.sun, now=cast.now + timedelta(hours=7), outcome="no_answer")
    told.close(by=cast.sun, now=cast.now + timedelta(hours=9), said=cast.said(words="修好了,谢谢。"))


def two_rounds(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    answered(told, cast)
    told.approve(told.lead, by=cast.zhao, now=cast.now + timedelta(hours=6))
    no = cast.said(
        solved="no",
        satisfied="no",
        reason_code="nothing_done",
        words="没人来过,打我13912345678",
        emotion="angry",
        vulnerable=["elder"],
        place_now="在女儿家",
        is_true=False,
    )
    told.rehandle(by=cast.sun, now=cast.now + timedelta(hours=8), said=no, level=1, word="请马上去看")
    told.sign(told.lead, by=cast.huang, now=cast.now + timedelta(hours=8, minutes=5))
    told.reply(told.lead, by=cast.huang, now=cast.now + timedelta(hours=9), answered=cast.answered())
    told.approve(told.lead, by=cast.zhao, now=cast.now + timedelta(hours=9, minutes=5))
    told.close(by=cast.sun, now=cast.now + timedelta(hours=10), said=cast.said())


def why(**fields: Any) -> request.Asked:
    base: dict[str, Any] = {"reason": "not_our_duty", "text": "不属镇里,问13800001111", "basis": "权责清单"}
    return request.Asked(**(base | fields))


def returned_twice_and_consulted(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    M = timedelta(minutes=1)
    told.urge(by=cast.zhang, now=cast.now + 5 * M, text="快点,13800002222")
    told.urge(by=cast.zhang, now=cast.now + 6 * M)
    helper = next(item for item in told.assignments if item.part == "assist")
    told.ask_return(helper, by=cast.jian, now=cast.now + 7 * M, asked=why())
    refused = told.ask_return(told.lead, by=cast.huang, now=cast.now + 8 * M, asked=why())
    told.decide_return(refused, by=cast.wang, now=cast.now + 9 * M, approve=False, text="属地负责")
    first = told.ask_return(told.lead, by=cast.huang, now=cast.now + 10 * M, asked=why(evidence="照片"))
    told.decide_return(first, by=cast.wang, now=cast.now + 11 * M, approve=True, text="同意")
    told.dispatch(by=cast.wang, now=cast.now + 12 * M, lead=cast.songshan)
    lead = next(item for item in told.assignments if item.unit_id == cast.songshan.pk)
    second = told.ask_return(lead, by=cast.bai, now=cast.now + 13 * M, asked=why(reason="wrong_territory"))
    told.decide_return(second, by=cast.chen, now=cast.now + 14 * M, approve=True, text="会商")
    told.settle(by=cast.chen, now=cast.now + 30 * M, lead=cast.police, text="由公安办")


def extended_and_withdrawn(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    told.sign(told.lead, by=cast.huang, now=cast.now + timedelta(minutes=20))
    until = told.lead.handle_due + timedelta(hours=12)
    asked = why(reason="construction", until=until)
    refused = told.ask_extension(told.lead, by=cast.wang, now=cast.now + timedelta(hours=1), asked=asked)
    told.decide_extension(
        refused, by=cast.wang, now=cast.now + timedelta(hours=2), approve=False, text="先办"
    )
    more = told.ask_extension(told.lead, by=cast.huang, now=cast.now + timedelta(hours=3), asked=asked)
    told.decide_extension(more, by=cast.li, now=cast.now + timedelta(hours=3.5), approve=True, text="同意")
    told.ask_return(told.lead, by=cast.huang, now=cast.now + timedelta(hours=3.9), asked=why())
    told.withdraw(by=cast.zhang, now=cast.now + timedelta(hours=5), reason="caller", text="不用办了")


def back_and_forth(told: Told, cast: Cast) -> None:
    told.submit(by=cast.zhang, now=cast.now + timedelta(minutes=1))
    told.ask_back(by=cast.wang, now=cast.now + timedelta(minutes=3), text="哪个小区?")
    told.supplement(
        by=cast.zhang,
        now=cast.now + timedelta(minutes=40),
        text="清荷苑,再留个电话13700001111和13700002222。",
        place_text="清荷苑南门",
    )
    told.change_level(by=cast.wang, now=cast.now + timedelta(minutes=41), level=2)
    told.classify(
        by=cast.wang, now=cast.now + timedelta(minutes=42), category=cast.category, place=cast.estate
    )
    told.dispatch(by=cast.wang, now=cast.now + timedelta(minutes=43), lead=cast.songshan)
    told.take_back(by=cast.wang, now=cast.now + timedelta(minutes=45))
    told.dispatch(
        by=cast.wang, now=cast.now + timedelta(minutes=46), lead=cast.liuhe, category=cast.stranded, level=2
    )
    told.sign(told.lead, by=cast.huang, now=cast.now + timedelta(minutes=60))
    told.note(told.lead, by=cast.huang, now=cast.now + timedelta(hours=2), text="已到现场。")
    told.wait(told.lead, by=cast.huang, now=cast.now + timedelta(hours=3), text="家里没人。")
    told.join_call(by=cast.zhang, now=cast.now + timedelta(hours=4), text="怎么还没来?", kind="urge")
    told.resume(told.lead, by=cast.huang, now=cast.now + timedelta(hours=20))
    told.reply(told.lead, by=cast.huang, now=cast.now + timedelta(hours=21), answered=cast.answered())
    told.send_back(
        told.lead,
        by=cast.zhao,
        now=cast.now + timedelta(hours=22),
        reasons=["no_contact", "off_topic"],
        text="没有联系记录。",
    )
    told.reply(told.lead, by=cast.wang, now=cast.now + timedelta(hours=23), answered=cast.answered())
    told.approve(told.lead, by=cast.zhao, now=cast.now + timedelta(hours=24))
    for day in (0, 0, 1):
        told.miss(by=cast.sun, now=cast.now + timedelta(hours=25, days=day), outcome="off")
    told.close_unreached(by=cast.sun, now=cast.now + timedelta(days=3))


def with_an_assistant(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    second = next(item for item in told.assignments if item.part == "assist")
    told.sign(second, by=cast.jian, now=cast.now + timedelta(minutes=10))
    told.sign(told.lead, by=cast.huang, now=cast.now + timedelta(minutes=12))
    told.reply(second, by=cast.jian, now=cast.now + timedelta(hours=2), answered=cast.answered())
    told.send_back(second, by=cast.zhao, now=cast.now + timedelta(hours=3), reasons=["copy_paste"])
    told.withdraw(by=cast.zhang, now=cast.now + timedelta(hours=4), reason="caller", text="自己修好了。")


def voided(told: Told, cast: Cast) -> None:
    to_the_unit(told, cast)
    request = told.ask_void(by=cast.zhang, now=cast.now + timedelta(hours=1), reason="test", text="演练")
    told.decide_void(request, by=cast.chen, now=cast.now + timedelta(hours=2), approve=False, text="不是")
    request = told.ask_void(by=cast.zhang, now=cast.now + timedelta(hours=3), reason="entered_twice")
    told.decide_void(request, by=cast.chen, now=cast.now + timedelta(hours=4), approve=True, text="是")


def answered_and_reopened(told: Told, cast: Cast) -> None:
    told.answer(by=cast.zhang, now=cast.now + timedelta(minutes=2), text="请拨打01069290000咨询。")
    told.reopen(by=cast.chen, now=cast.now + timedelta(days=1), text="又有新情况。")
    told.redirect(by=cast.wang, now=cast.now + timedelta(days=1, minutes=5), reason="legal_channel", text="")
    told.undo(by=cast.wang, now=cast.now + timedelta(days=1, minutes=6))
    told.dispatch(by=cast.wang, now=cast.now + timedelta(days=1, minutes=9), lead=cast.housing)


STORIES = (
    a_plain_way,
    returned_twice_and_consulted,
    extended_and_withdrawn,
    two_rounds,
    back_and_forth,
    with_an_assistant,
    voided,
    answered_and_reopened,
)


def kept() -> list[tuple[str, list[dict[str, Any]]]]:
    """Everything in the tables, ids counted from the first row and sealed values opened."""
    out = []
    for table in TABLES:
        rows = []
        for row in table.objects.order_by("pk"):
            values = {field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields}
            rows.append(values)
        out.append((table.__name__, rows))
    return out


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("zone", ["local", "utc"])
def test_a_story_is_the_same_by_verbs_and_by_the_player(
    cast: Cast, story: Callable[[Told, Cast], None], zone: str, django_assert_max_num_queries: Any
) -> None:
    if zone == "utc":
        cast.now = cast.now.astimezone(UTC)
    heard = {
        "city_received_at": cast.now - timedelta(hours=1),
        "city_deadline": cast.now + timedelta(days=5),
        "source": "city",
        "external_no": "C-1",
        "body": "楼道灯坏了。我的电话13612345678,身份证110101199003078515。",
    }
    reset_ids()
    ticket = intake.receive_ticket(cast.heard(**heard), by=cast.zhang, now=cast.now)
    story(ByVerbs(ticket), cast)
    one_by_one = kept()
    for table in reversed(TABLES):
        table.objects.all().delete()
    reset_ids()

    past = Past()
    told = past.receive(cast.heard(**heard), by=cast.zhang, now=cast.now)
    story(told, cast)
    assert Ticket.objects.count() == 0
    with django_assert_max_num_queries(30):
        past.write()
    assert dict(one_by_one) == dict(kept())
    entries = list(Entry.objects.order_by("n"))
    assert [e.n for e in entries] == list(range(1, len(entries) + 1))
    assert all(e.hash == entry_hash(e) for e in entries)


def test_the_stories_walk_through_nearly_the_whole_table(cast: Cast) -> None:
    past = Past()
    for story in STORIES:
        story(past.receive(cast.heard(), by=cast.zhang, now=cast.now), cast)
    past.write()
    acts = set(Entry.objects.values_list("act", flat=True))
    # What the player has a verb for: the plain way of a ticket, which is what files and the demo's past are made of.
    plain = {
        "receive", "answer", "redirect", "submit", "ask_back", "supplement", "dispatch", "take_back", "sign", "wait",
        "resume", "reply", "send_back", "approve", "miss", "close", "close_unreached", "rehandle", "reopen", "undo",
        "withdraw", "void", "ask_void", "refuse_void", "change_level", "classify", "note", "join_call",
        "urge", "ask_return", "refuse_return", "approve_return", "consult", "settle", "ask_extension", "extend",
        "refuse_extension",
    }  # fmt: skip
    assert plain <= acts
    assert plain <= {row.act for row in (*TICKET, *ASSIGNMENT)}


def test_history_is_the_same_by_verb_and_by_the_player(cast: Cast) -> None:
    outcome = {"closed_at": cast.now, "first_solved": "no", "final_solved": "no", "answer": "已答复"}
    reset_ids()
    intake.file_history(cast.heard(), by=cast.chen, now=cast.now, **outcome)
    one_by_one = kept()
    for table in reversed(TABLES):
        table.objects.all().delete()
    reset_ids()
    past = Past()
    past.file_history(cast.heard(), by=cast.chen, now=cast.now, **outcome)
    past.write()
    assert dict(one_by_one) == dict(kept())
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.is_history, ticket.triage_due) == ("closed", True, None)


def test_the_player_refuses_what_the_table_refuses(cast: Cast) -> None:
    past = Past()
    told = past.receive(cast.heard(), by=cast.zhang, now=cast.now)
    with pytest.raises(NotOpen):
        told.dispatch(by=cast.wang, now=cast.now, lead=cast.liuhe)
    told.submit(by=cast.zhang, now=cast.now)
    with pytest.raises(NotOpen):
        told.dispatch(by=cast.zhang, now=cast.now, lead=cast.liuhe)
    told.dispatch(by=cast.wang, now=cast.now, lead=cast.liuhe)
    with pytest.raises(NotYours):
        told.sign(told.lead, by=cast.bai, now=cast.now)
    with pytest.raises(Incomplete):
        past.receive(cast.heard(phone="123456"), by=cast.zhang, now=cast.now)
    past.write()
    assert Ticket.objects.get().state == "dispatched"


def test_numbers_of_one_day_follow_each_other_and_callers_are_found_again(cast: Cast) -> None:
    first = intake.receive_ticket(cast.heard(phone="13900000007"), by=cast.zhang, now=cast.now)
    past = Past()
    for phone in ("13900000007", "13900000008", "13900000008", ""):
        past.receive(cast.heard(phone=phone, name=""), by=cast.zhang, now=cast.now)
    past.receive(cast.heard(phone="", name="冯小满"), by=cast.zhang, now=cast.now - timedelta(days=1))
    past.write()
    rows = list(Ticket.objects.order_by("pk"))
    assert [int(t.number[-5:]) for t in rows] == [1, 2, 3, 4, 5, 1]
    assert [t.number[:8] for t in rows] == ["20260311"] * 5 + ["20260310"]
    assert rows[0] == first
    # The same phone under another name is another print: who it is, is not guessed.
    assert rows[2].caller_id == rows[3].caller_id != rows[1].caller_id
    assert rows[4].caller_id is None
    later = intake.receive_ticket(cast.heard(phone="13900000008", name=""), by=cast.zhang, now=cast.now)
    assert later.caller_id == rows[2].caller_id
    assert later.number.endswith("00006")


def test_a_ticket_that_goes_on_from_another_of_the_same_block(cast: Cast) -> None:
    past = Past()
    told = past.receive(cast.heard(), by=cast.zhang, now=cast.now)
    for _ in range(3):
        told = past.receive(cast.heard(previous=told.ticket), by=cast.zhang, now=cast.now)
    past.write()
    last = Ticket.objects.order_by("-number").first()
    assert last is not None and last.previous is not None and last.previous.previous is not None
    assert last.number == "2026031100004" and last.previous.number == "2026031100003"


def test_all_or_nothing(cast: Cast) -> None:
    intake.receive_ticket(cast.heard(source="city", external_no="7"), by=cast.zhang, now=cast.now)
    past = Past()
    for number in ("6", "7"):
        past.receive(cast.heard(source="city", external_no=number), by=cast.zhang, now=cast.now)
    with pytest.raises(IntegrityError):
        past.write()
    assert Ticket.objects.count() == 1
    assert Entry.objects.filter(subject__startswith="ticket:").count() == 1


def reset_ids() -> None:
    """So that the second telling gets the ids of the first, and the entries' hashes can be the same."""
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_by_name_sql(
            no_style(),
            [{"table": table._meta.db_table, "column": "id"} for table in TABLES if table is not SearchText],
        ):
            cursor.execute(statement)
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name LIKE 'records_%'")
        cursor.execute("DELETE FROM records_numberseries")


def test_when_is_when(cast: Cast) -> None:
    """A moment given in another zone is the same moment in the journal's hash."""
    past = Past()
    told = past.receive(cast.heard(), by=cast.zhang, now=datetime(2026, 3, 11, 1, 0, tzinfo=UTC))
    told.submit(by=cast.zhang, now=cast.now + timedelta(minutes=1))
    past.write()
    entry = Entry.objects.get(act="submit")
    assert entry.hash == entry_hash(entry)
