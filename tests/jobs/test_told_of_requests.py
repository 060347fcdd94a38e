"""Who is told of applications, errands and urges: each once, and nobody who has no part in it."""

from collections.abc import Callable
from datetime import timedelta

from fenzhen.desk.errand import finish_errand, pass_on
from fenzhen.desk.request import Asked, ask_return, decide_return, redispatch_ticket, urge_ticket
from fenzhen.office import alarms
from fenzhen.office.accounts import system_account
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from tests.cast import Cast


def told(tell: Callable[..., int], act: str, cast: Cast) -> set[str]:
    entry = Entry.objects.filter(act=act).latest("id")
    entry.position = Entry.objects.exclude(position=None).count() + 1
    Entry.objects.filter(pk=entry.pk).update(position=entry.position)
    before = set(Notice.objects.values_list("pk", flat=True))
    for _ in range(2):
        tell(entry.position, by=system_account(), now=cast.now)
    fresh = Notice.objects.exclude(pk__in=before)
    people = [notice.person.username for notice in fresh]
    assert len(people) == len(set(people))
    return set(people)


def test_the_desk_hears_of_a_return_and_the_unit_of_the_decision(cast: Cast) -> None:
    ticket = cast.dispatched()
    asked = ask_return(
        cast.lead(ticket), by=cast.huang, now=cast.now, asked=Asked("not_our_duty", "不属", "清单")
    )
    assert told(alarms.tell_request_asked, "ask_return", cast) == {"wang", "li", "xu"}
    decide_return(asked, by=cast.wang, now=cast.now, approve=False, text="先办。")
    assert told(alarms.tell_request_decided, "refuse_return", cast) == {"huang"}


def test_a_second_return_is_told_to_the_chief(cast: Cast) -> None:
    ticket = cast.dispatched()
    type(ticket).objects.filter(pk=ticket.pk).update(returns=1)
    ask_return(cast.lead(ticket), by=cast.huang, now=cast.now, asked=Asked("not_our_duty", "不属", "清单"))
    assert told(alarms.tell_request_asked, "ask_return", cast) == {"chen"}


def test_after_a_redispatch_only_the_new_unit_is_told(cast: Cast) -> None:
    ticket = cast.signed()
    redispatch_ticket(
        ticket, by=cast.wang, now=cast.now + timedelta(hours=1), lead=cast.songshan, word="在松山。"
    )
    assert told(alarms.tell_dispatched, "redispatch", cast) == {"bai"}


def test_an_urge_reaches_the_units_that_have_it(cast: Cast) -> None:
    ticket = cast.signed()
    urge_ticket(ticket, by=cast.zhang, now=cast.now, reason="caller")
    assert told(alarms.tell_urged, "urge", cast) == {"huang", "jian"}


def test_an_errand_is_told_without_the_ticket_and_its_end_to_the_liaison(cast: Cast) -> None:
    gu = User.objects.create(username="gu", name="顾科员", role="unit_worker", unit=cast.liuhe)
    ticket = cast.signed()
    now = cast.now + timedelta(hours=1)
    errand = pass_on(
        cast.lead(ticket), by=cast.huang, now=now, to_name="", to_person=gu, due=now + timedelta(hours=5)
    )
    assert told(alarms.tell_passed_on, "pass_on", cast) == {"gu"}
    assert Notice.objects.get(person=gu).ticket is None
    finish_errand(errand, by=gu, now=now, answer="好了")
    assert told(alarms.tell_errand_finished, "finish_errand", cast) == {"huang"}
