"""A form that is sent twice acts once; a refused one may be sent again."""

import json
import threading

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from fenzhen.desk.once import SentBefore, act_once, forget_tokens
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen, NotYours
from fenzhen.hotline.roles import DESK
from fenzhen.office.notices import tell
from fenzhen.records.notices import Notice
from fenzhen.records.once import OnceToken
from fenzhen.web.page import go, page, say
from tests.cast import Cast


def sent(cast: Cast, view, *, htmx: bool = False, who: str = "wang", **fields: str) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {"Referer": "http://testserver/triage?x=1"}
    request: HttpRequest = RequestFactory().post("/act", fields, headers=headers)
    request.user = getattr(cast, who)
    request.session = {}
    request._messages = FallbackStorage(request)
    request.htmx = HtmxDetails(request)
    answer = view(request)
    answer.said_later = [json.loads(str(m)) for m in request._messages]
    return answer


def noticing(cast: Cast):
    done: list[int] = []

    @page()
    def view(request):
        done.append(1)
        tell(cast.chen, "late", once=f"n{len(done)}", now=timezone.now())
        say(request, "办好了")
        return go(request, "/tickets/7")

    return view, done


def test_the_second_sending_acts_on_nothing_and_leads_where_the_first_did(cast: Cast) -> None:
    view, done = noticing(cast)
    first = sent(cast, view, once="abc")
    second = sent(cast, view, once="abc")
    assert (
        (first.status_code, first["Location"])
        == (second.status_code, second["Location"])
        == (303, "/tickets/7")
    )
    assert len(done) == 1 and Notice.objects.count() == 1
    assert first.said_later[0]["text"] == "办好了"
    assert "没有重复处理" in second.said_later[0]["text"]


def test_two_renderings_of_a_form_act_twice(cast: Cast) -> None:
    view, done = noticing(cast)
    sent(cast, view, once="abc")
    sent(cast, view, once="abd")
    assert len(done) == 2


def test_a_refusal_leaves_nothing_half_done_and_the_form_good(cast: Cast) -> None:
    refuse = [True]

    @page()
    def view(request):
        tell(cast.chen, "late", once="x", now=timezone.now())
        if refuse:
            raise Incomplete({"title": "请写标题"})
        return go(request, "/")

    assert sent(cast, view, htmx=True, once="abc").status_code == 422
    assert Notice.objects.count() == OnceToken.objects.count() == 0
    refuse.clear()
    assert sent(cast, view, once="abc").status_code == 303
    assert Notice.objects.count() == 1


def test_a_fault_in_the_middle_leaves_the_form_good(cast: Cast) -> None:
    @page()
    def view(request):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        sent(cast, view, once="abc")
    assert OnceToken.objects.count() == 0


def test_old_tokens_are_forgotten_and_fresh_ones_kept(cast: Cast) -> None:
    from datetime import timedelta

    now = timezone.now()
    act_once("old", lambda: 1, by=cast.wang, now=now - timedelta(days=3), led_to=lambda _: "")
    act_once("new", lambda: 1, by=cast.wang, now=now, led_to=lambda _: "")
    assert forget_tokens(by=cast.admin, now=now) == 1
    with pytest.raises(SentBefore):
        act_once("new", lambda: 1, by=cast.wang, now=now, led_to=lambda _: "")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_instant_one_acts(transactional_db: None) -> None:
    from tests.cast import build

    cast = build()
    start, results = threading.Barrier(2), []

    def press() -> None:
        try:
            start.wait(5)
            act_once(
                "abc",
                lambda: tell(cast.chen, "late", once=str(threading.get_ident()), now=timezone.now()),
                by=cast.wang,
                now=timezone.now(),
                led_to=lambda _: "/tickets/7",
            )
            results.append("acted")
        except SentBefore as before:
            results.append(before.result_url)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == ["/tickets/7", "acted"]
    assert Notice.objects.count() == 1


# --- refusals in words ----------------------------------------------------------------------------------


def refusing(why: Exception, **options):
    @page(**options)
    def view(request):
        raise why

    return view


def trigger(answer: HttpResponse) -> dict:
    return json.loads(answer["HX-Trigger"])


def test_an_incomplete_form_stays_as_it_is_and_its_fields_are_named(cast: Cast) -> None:
    answer = sent(cast, refusing(Incomplete({"title": "请写标题"})), htmx=True, title="")
    assert (answer.status_code, answer["HX-Reswap"], answer.content) == (422, "none", b"")
    assert trigger(answer)["fenzhen:refused"] == {"fields": {"title": "请写标题"}}
    assert "内容还在" in trigger(answer)["fenzhen:say"]["items"][0]["text"]
    assert answer["HX-Trigger"].isascii()


def test_the_slower_of_two_is_told_who_was_faster_and_the_page_looks_again(cast: Cast) -> None:
    from fenzhen.desk.step import last_entry

    ticket = cast.dispatched()
    answer = sent(cast, refusing(MovedMeanwhile(ticket, last_entry(ticket))), htmx=True, who="li")
    text = trigger(answer)["fenzhen:say"]["items"][0]["text"]
    assert answer.status_code == 409
    assert "王派单" in text and "派单" in text and "已派单" in text
    assert "fenzhen:moved" in trigger(answer)


def test_a_plain_form_goes_back_with_the_reason(cast: Cast) -> None:
    answer = sent(cast, refusing(NotOpen("ticket", "dispatch", "closed")))
    assert (answer.status_code, answer["Location"]) == (303, "/triage?x=1")
    assert "办结" in answer.said_later[0]["text"] and answer.said_later[0]["tone"] == "bad"


def test_a_plain_form_can_be_drawn_again_with_everything_typed(cast: Cast) -> None:
    def form(request):
        return HttpResponse(f"{request.refusal.typed['title']} {request.refusal.fields['place']}")

    answer = sent(cast, refusing(Incomplete({"place": "请写地点"}), again=form), title="路灯")
    assert (answer.status_code, answer.content.decode()) == (422, "路灯 请写地点")


def test_somebody_elses_ticket_is_refused_in_words(cast: Cast) -> None:
    answer = sent(cast, refusing(NotYours()))
    assert answer.status_code == 403
    assert "不在您的单位" in answer.content.decode()


def test_what_was_said_before_a_refusal_is_not_said(cast: Cast) -> None:
    @page()
    def view(request):
        say(request, "已派单")
        raise NotOpen("ticket", "dispatch", "closed")

    assert [item["tone"] for item in sent(cast, view).said_later] == ["bad"]


def test_a_fragment_for_another_role_says_who_may(cast: Cast) -> None:
    answer = sent(cast, refusing(RuntimeError(), roles=DESK), htmx=True, who="zhang")
    assert answer.status_code == 403
    assert "派单员" in trigger(answer)["fenzhen:say"]["items"][0]["text"]
