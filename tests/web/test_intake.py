"""The intake page: three ways to end a call, joining, drafts, what is refused and what stays."""

import re
from typing import Any

import pytest
from django.test import Client

from fenzhen.board import advice
from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.triage import ask_back
from fenzhen.records.drafts import Draft
from fenzhen.records.handling import Note
from fenzhen.records.journal import Entry
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.web.pages import refused

KEY = "intake:11111111-2222-3333-4444-555555555555"
PAGE = f"/intake?draft={KEY}"


@pytest.fixture
def agent(cast: Cast, client: Client) -> Client:
    client.force_login(cast.zhang)
    return client


def form(**fields: Any) -> dict[str, Any]:
    base = {
        "draft": KEY,
        "once": "once-1",
        "ending": "submit",
        "name": "冯小满",
        "phone": "13900000001",
        "body": "三号楼楼道灯坏了半个月。",
        "place_text": "清荷苑3号楼",
        "place_code": "E1",
        "kind": "complaint",
        "channel": "phone",
    }
    return base | fields


def text(response: Any) -> str:
    return str(response.content.decode())


def test_an_empty_form_gets_an_address_of_its_own_that_survives_a_reload(agent: Client) -> None:
    answer = agent.get("/intake")
    assert answer.status_code == 302
    assert re.fullmatch(r"/intake\?draft=intake:[0-9a-f-]{36}", answer["Location"])
    assert agent.get(answer["Location"]).status_code == 200
    assert agent.get("/intake?draft=nonsense").status_code == 302


def test_a_call_is_handed_on_and_its_number_is_read_out_on_the_next_empty_form(agent: Client) -> None:
    answer = agent.post("/intake", form())
    ticket = Ticket.objects.get()
    assert answer.status_code == 303
    assert (ticket.state, ticket.kind, ticket.place.code if ticket.place else "") == (
        "pending_dispatch",
        "complaint",
        "E1",
    )
    page = text(agent.get(answer["Location"]))
    spoken = re.search(r'saved-number num">(.*?)</div>', page)
    assert spoken
    assert re.sub(r"<.*?>", "", spoken[1]) == ticket.number
    assert "三号楼楼道灯坏了半个月。</textarea>" not in page
    assert "13900000001" not in page


def test_through_htmx_the_page_goes_on_in_the_same_way(agent: Client) -> None:
    answer = agent.post("/intake", form(), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].endswith(f"after={Ticket.objects.get().pk}")


def test_a_call_is_answered_on_the_spot(agent: Client) -> None:
    agent.post("/intake", form(ending="answer", answer="窗口九点开门。"))
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.answer) == ("answered", "窗口九点开门。")


def test_a_caller_is_told_the_right_channel(agent: Client) -> None:
    agent.post("/intake", form(ending="redirect", reason="legal_channel", told="请向法院起诉"))
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.reason_code, ticket.answer) == (
        "redirected",
        "legal_channel",
        "请向法院起诉",
    )


def test_one_key_sends_an_emergency_on_and_writes_down_where(agent: Client) -> None:
    agent.post("/intake", form(body="楼道着火了", emergency="119"))
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.reason_code, ticket.level) == ("redirected", "emergency_line", 1)
    assert "119" in ticket.answer


def test_a_second_call_about_an_open_ticket_joins_it(cast: Cast, agent: Client) -> None:
    ticket = cast.dispatched()
    answer = agent.post("/intake", form(join=str(ticket.pk), join_kind="urge", body="还没有人来"))
    assert Ticket.objects.count() == 1
    assert Note.objects.get(ticket=ticket).kind == "urge"
    ticket.refresh_from_db()
    assert ticket.urges == 1
    page = text(agent.get(answer["Location"]))
    assert "已催单，第 1 次" in page
    assert "另记一件" not in page


def test_joining_without_words_says_so_at_the_words(cast: Cast, agent: Client) -> None:
    ticket = cast.dispatched()
    answer = agent.post("/intake", form(join=str(ticket.pk), body=" "), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert '"body"' in answer["HX-Trigger"]


@pytest.mark.parametrize("join", ["0", "999999", "9" * 18])
def test_joining_a_ticket_that_is_not_there_is_not_found(agent: Client, join: str) -> None:
    assert agent.post("/intake", form(join=join)).status_code == 404


def test_a_form_sent_twice_makes_one_ticket_and_leads_to_the_same_place(agent: Client) -> None:
    first = agent.post("/intake", form())
    second = agent.post("/intake", form())
    assert Ticket.objects.count() == 1
    assert second["Location"] == first["Location"]


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"body": ""}, "body"),
        ({"body": "\x00"}, "body"),
        ({"body": "水" * 60_000}, "body"),
        ({"phone": "999999"}, "phone"),
        ({"phone": "1390000123x"}, "phone"),
        ({"kind": "nonsense"}, "kind"),
        ({"channel": "pigeon"}, "channel"),
        ({"ending": "answer", "answer": ""}, "answer"),
        ({"ending": "redirect", "reason": "because"}, "reason"),
        ({"ending": "vanish"}, "ending"),
    ],
)
def test_a_refused_form_comes_back_with_everything_typed(
    agent: Client, wrong: dict[str, str], field: str
) -> None:
    sent = form(place_now="桥下", told="去法院", **wrong)
    answer = agent.post("/intake", sent)
    page = text(answer)
    assert answer.status_code == 422
    assert not Ticket.objects.exists()
    fault = re.search(rf'id="fault-{field}" role="alert"( hidden)?>(.*?)</div>', page)
    assert fault
    assert fault[1] is None
    assert fault[2]
    assert 'value="桥下"' in page
    assert 'value="冯小满"' in page
    assert 'value="去法院"' in page
    assert sent["body"].replace("\x00", "") in page
    assert f'value="{KEY}"' in page


def test_after_a_refusal_the_same_form_can_be_sent_again(agent: Client) -> None:
    assert agent.post("/intake", form(phone="999999")).status_code == 422
    assert agent.post("/intake", form()).status_code == 303
    assert Ticket.objects.count() == 1


def test_twenty_thousand_characters_arrive_whole(agent: Client) -> None:
    words = "水" * 19_999 + "终"
    agent.post("/intake", form(body=words))
    assert Ticket.objects.get().body == words


def test_markup_is_shown_as_it_was_typed_and_never_run(cast: Cast, agent: Client) -> None:
    nasty = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    keep_draft(
        by=cast.zhang, key=KEY, fields={n: [nasty] for n in ("body", "name", "title", "phone")}, now=cast.now
    )
    page = text(agent.get(PAGE))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert refused(page) == []
    agent.post("/intake", form(body=nasty, title=nasty))
    for address in ("/intake/caller", "/intake/think"):
        shown = text(agent.post(address, {"phone": "13900000001", "body": nasty + "楼道灯"}))
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown


# what is typed is kept ------------------------------------------------------------------------------------


def test_what_was_typed_is_there_again_after_a_crash(cast: Cast, agent: Client) -> None:
    agent.post(
        f"/drafts/{KEY}",
        {
            "body": "电梯坏了",
            "phone": "13900000001",
            "kind": "complaint",
            "is_secret": "1",
            "place_code": "E1",
        },
    )
    again = Client()
    again.force_login(cast.zhang)
    page = text(again.get(PAGE))
    assert "电梯坏了</textarea>" in page
    assert 'value="13900000001"' in page
    assert 'value="complaint" data-think checked' in page
    assert 'name="is_secret" value="1" checked' in page


def test_unfinished_forms_are_listed_and_those_of_colleagues_are_not(cast: Cast, agent: Client) -> None:
    keep_draft(by=cast.zhang, key="intake:a", fields={"body": ["说到一半"]}, now=cast.now)
    keep_draft(by=cast.zhang, key="intake:b", fields={"body": [""], "kind": ["help"]}, now=cast.now)
    keep_draft(by=cast.xu, key="intake:c", fields={"body": ["别人的话"]}, now=cast.now)
    page = text(agent.get(PAGE))
    assert "未完成的登记 1" in page
    assert "说到一半" in page
    assert "别人的话" not in page
    assert text(agent.get("/intake?draft=intake:c")).count("别人的话") == 0


def test_the_draft_is_gone_when_the_call_is_saved_and_stays_when_it_is_refused(
    cast: Cast, agent: Client
) -> None:
    keep_draft(by=cast.zhang, key=KEY, fields={"body": ["话"]}, now=cast.now)
    agent.post("/intake", form(phone="999999"))
    assert Draft.objects.filter(key=KEY).exists()
    agent.post("/intake", form())
    assert not Draft.objects.filter(key=KEY).exists()


def test_a_second_matter_of_the_same_call_opens_with_the_caller_filled_in(agent: Client) -> None:
    agent.post("/intake", form())
    answer = agent.post(f"/intake/again/{Ticket.objects.get().pk}")
    page = text(agent.get(answer["Location"]))
    assert 'value="13900000001"' in page
    assert 'value="冯小满"' in page


def test_a_colleague_does_not_learn_the_caller_that_way(cast: Cast, agent: Client) -> None:
    agent.post("/intake", form())
    other = Client()
    other.force_login(cast.xu)
    assert other.post(f"/intake/again/{Ticket.objects.get().pk}").status_code == 403


# what stands beside the words -----------------------------------------------------------------------------


def test_the_history_is_masked_and_the_look_is_written_down_without_the_number(
    cast: Cast, agent: Client
) -> None:
    ticket = cast.waiting()
    page = text(agent.post("/intake/caller", {"phone": "139 0000 0001"}))
    assert ticket.number in page
    assert "冯**" in page
    assert "冯小满" not in page
    assert "13900000001" not in page
    entry = Entry.objects.get(act="look_up")
    assert (entry.by, entry.facts["found"]) == (cast.zhang, 1)
    assert "13900000001" not in str(entry.facts)


def test_half_a_number_shows_nothing_and_is_no_look(cast: Cast, agent: Client) -> None:
    cast.waiting()
    assert "号码填完整后" in text(agent.post("/intake/caller", {"phone": "1390000"}))
    assert not Entry.objects.filter(act="look_up").exists()


def test_danger_in_the_words_is_shown_big_with_its_line(cast: Cast, agent: Client) -> None:
    page = text(agent.post("/intake/think", {"body": "三号楼楼道着火了,快来人!"}))
    assert 'name="emergency" value="119"' in page
    assert 'class="level level-1"' in page
    calm = text(agent.post("/intake/think", {"body": "三号楼楼道灯坏了,没有着火。"}))
    assert "emergency" not in calm


def test_a_similar_open_ticket_is_shown_and_whether_it_is_the_same_caller(
    cast: Cast, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The process remembers the open tickets of earlier tests, which are gone.
    monkeypatch.setattr(advice, "_open_words", advice._Words(advice.OPEN))
    ticket = cast.waiting()
    words = {"body": "我家住的三号楼二单元楼道灯坏了,老人晚上看不见"}
    mine = text(agent.post("/intake/think", {**words, "phone": "13900000001"}))
    assert f'name="join" value="{ticket.pk}"' in mine
    assert "同一来电人" in mine
    assert "data-confirm" not in mine
    other = text(agent.post("/intake/think", {**words, "phone": "13900000009"}))
    assert "别的来电人" in other
    assert "data-confirm" in other


def test_thinking_never_uses_up_the_form(agent: Client) -> None:
    """The pieces beside the form must not send its token, or the ticket could not be saved any more."""
    page = text(agent.get(PAGE))
    sent = re.findall(r'hx-post="/intake/\w+" hx-params="([^"]*)"', page)
    assert len(sent) == 4
    for names in sent:
        assert not {"once", "draft", "*"} & set(names.split(","))


@pytest.mark.parametrize("typed", ["清荷", "qhy", "清荷苑3号楼"])
def test_places_are_suggested_by_two_characters_or_pinyin(agent: Client, typed: str) -> None:
    assert 'data-code="E1"' in text(agent.post("/intake/places", {"place_text": typed}))


@pytest.mark.parametrize(
    "address", ["/intake", "/intake/asked-back", "/intake/think", "/intake/caller", "/intake/places"]
)
@pytest.mark.parametrize("who", ["huang", "leader", "zhao", "admin"])
def test_whoever_takes_no_calls_is_told_who_does(cast: Cast, client: Client, who: str, address: str) -> None:
    client.force_login(getattr(cast, who))
    method = client.get if address in {"/intake", "/intake/asked-back"} else client.post
    assert method(address, {"phone": "13900000001"}).status_code == 403


# asked back -----------------------------------------------------------------------------------------------


def test_what_the_desk_asked_is_listed_and_answered(cast: Cast, agent: Client) -> None:
    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now, text="几单元?")
    page = text(agent.get("/intake/asked-back"))
    assert "几单元?" in page
    assert "139****0001" in page
    assert "13900000001" not in page
    answer = agent.post(
        f"/intake/asked-back/{ticket.pk}", {"text": "七单元", "place_text": "清荷苑3号楼7单元", "once": "o"}
    )
    ticket.refresh_from_db()
    assert answer.status_code == 303
    assert (ticket.state, ticket.place_text) == ("pending_dispatch", "清荷苑3号楼7单元")
    assert "没有等待补充的工单" in text(agent.get("/intake/asked-back"))


def test_an_empty_supplement_is_refused_at_its_own_form(cast: Cast, agent: Client) -> None:
    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now, text="几单元?")
    answer = agent.post(f"/intake/asked-back/{ticket.pk}", {"text": " "})
    assert answer.status_code == 422
    assert "请写下补充的内容" in text(answer)


def test_two_who_answer_at_the_same_time_do_not_answer_twice(cast: Cast, agent: Client) -> None:
    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now, text="几单元?")
    agent.post(f"/intake/asked-back/{ticket.pk}", {"text": "七单元"})
    second = agent.post(f"/intake/asked-back/{ticket.pk}", {"text": "八单元"})
    assert second.status_code == 409
    ticket.refresh_from_db()
    assert "八单元" not in ticket.body


def test_the_caller_is_shown_to_the_agent_only_after_saying_why(cast: Cast, agent: Client) -> None:
    ticket = cast.waiting()
    ask_back(ticket, by=cast.wang, now=cast.now, text="几单元?")
    assert agent.post(f"/tickets/{ticket.pk}/reveal", {"why": " "}).status_code != 200
    assert not Entry.objects.filter(act="reveal").exists()
    shown = agent.post(f"/tickets/{ticket.pk}/reveal", {"why": "补充单元号"}, headers={"HX-Request": "true"})
    assert "13900000001" in text(shown)
    assert Entry.objects.filter(act="reveal", by=cast.zhang).count() == 1


# the same matter again -----------------------------------------------------------------------------------


def closed(cast: Cast) -> Ticket:
    from datetime import timedelta

    from fenzhen.desk.callback import close_ticket

    ticket = cast.to_call_back()
    close_ticket(ticket, by=cast.sun, now=cast.now + timedelta(hours=8), said=cast.said())
    return ticket


def test_the_history_offers_the_act_that_fits_and_asks_for_a_new_fact(cast: Cast, agent: Client) -> None:
    open_one = cast.dispatched()
    done = closed(cast)
    page = text(agent.post("/intake/caller", {"phone": "13900000001"}))
    for name in ("urge", "add"):
        assert f'name="{name}" value="{open_one.pk}"' in page
        assert f'name="{name}" value="{done.pk}"' not in page
    for name in ("tell", "follow"):
        assert f'name="{name}" value="{done.pk}"' in page
        assert f'name="{name}" value="{open_one.pk}"' not in page
    assert "有新情况吗？" in page


def test_an_urge_is_one_press_and_needs_no_words(cast: Cast, agent: Client) -> None:
    ticket = cast.dispatched()
    for n in (1, 2):
        answer = agent.post("/intake", form(once=f"urge-{n}", urge=str(ticket.pk), body=""))
        assert answer.status_code == 303
    ticket.refresh_from_db()
    assert (ticket.urges, Ticket.objects.count()) == (2, 1)
    page = text(agent.post("/intake/caller", {"phone": "13900000001"}))
    assert "催过 2 次" in page


def test_what_is_new_about_an_open_ticket_goes_onto_it(cast: Cast, agent: Client) -> None:
    ticket = cast.dispatched()
    agent.post("/intake", form(add=str(ticket.pk), body="现在整栋楼都黑了。"))
    ticket.refresh_from_db()
    assert Note.objects.get(ticket=ticket, kind="more").text == "现在整栋楼都黑了。"
    assert (ticket.urges, Ticket.objects.count()) == (0, 1)


def test_a_closed_matter_without_a_new_fact_is_told_and_makes_no_ticket(cast: Cast, agent: Client) -> None:
    ticket = closed(cast)
    answer = agent.post("/intake", form(tell=str(ticket.pk), body="已告知灯已换好。"))
    assert Ticket.objects.count() == 1
    assert "没有另开工单" in text(agent.get(answer["Location"]))
    empty = agent.post(
        "/intake", form(once="2", tell=str(ticket.pk), body=""), headers={"HX-Request": "true"}
    )
    assert (empty.status_code, '"body"' in empty["HX-Trigger"]) == (422, True)


def test_a_new_fact_about_a_closed_matter_makes_a_ticket_that_names_it(cast: Cast, agent: Client) -> None:
    before = closed(cast)
    answer = agent.post("/intake", form(follow=str(before.pk), body="新灯又坏了，还冒火花。"))
    fresh = Ticket.objects.exclude(pk=before.pk).get()
    assert (fresh.previous, fresh.state) == (before, "pending_dispatch")
    page = text(agent.get(answer["Location"]))
    assert before.number in page and "后续" in page


def test_a_neighbour_with_the_same_matter_gets_a_ticket_of_their_own(cast: Cast, agent: Client) -> None:
    first = cast.dispatched()
    agent.post("/intake", form(beside=str(first.pk), name="吴大", phone="13900000002"))
    fresh = Ticket.objects.exclude(pk=first.pk).get()
    assert fresh.caller != first.caller
    assert [link.other for link in fresh.links_out.all()] == [first]
    first.refresh_from_db()
    assert first.urges == 0
