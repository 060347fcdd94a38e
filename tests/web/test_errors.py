"""Whatever goes wrong, a person reads what happened, what was kept and what to do; never a traceback."""

import json
import re
import sqlite3
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from fenzhen.records.tickets import Ticket
from tests.cast import Cast


@pytest.fixture
def quiet_client(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def said(answer) -> str:
    return json.loads(answer["HX-Trigger"])["fenzhen:say"]["items"][0]["text"]


def test_a_page_that_is_not_there(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert "没有找到" in answer.content.decode() and "没有改动" in answer.content.decode()


def test_somebody_elses_ticket_looks_like_none(cast: Cast, client: Client) -> None:
    ticket = cast.signed()
    client.force_login(cast.bai)
    hidden, missing = client.get(f"/tickets/{ticket.pk}"), client.get("/tickets/999999")
    assert hidden.status_code == missing.status_code == 404


def test_another_role_is_told_who_may(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    answer = client.get("/triage")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "派单员" in page and "班长" in page and "科长" in page and "话务员" not in page


def test_a_fault_of_ours_shows_no_traceback(
    cast: Cast, quiet_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> None:
        raise RuntimeError("secret detail 13800000000")

    monkeypatch.setattr("fenzhen.board.home.figures_for", fails)
    quiet_client.force_login(cast.wang)
    page = quiet_client.get("/")
    assert page.status_code == 500
    assert "系统出错了" in page.content.decode() and "草稿都还在" in page.content.decode()
    piece = quiet_client.get("/", headers={"HX-Request": "true"})
    assert (piece.status_code, piece.content) == (500, b"")
    assert "这一步没有保存" in said(piece)
    for text in (page.content.decode(), said(piece)):
        assert "secret" not in text and "Traceback" not in text and "RuntimeError" not in text


def test_the_page_for_a_fault_asks_nothing_of_the_database(
    cast: Cast, quiet_client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    from django.test import RequestFactory

    from fenzhen.web.errors import broken

    with django_assert_num_queries(0):
        assert broken(RequestFactory().get("/")).status_code == 500


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's one writer at a time")
def test_a_step_that_found_no_turn_can_be_sent_once_more(cast: Cast, quiet_client: Client) -> None:
    quiet_client.force_login(cast.wang)
    quiet_client.get("/")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 200")  # a test need not wait as long as people do
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    form = {
        "once": uuid4().hex,
        "title": "路灯不亮 <script>",
        "body": "“三号楼”前的路灯不亮",
        "phone": "13900000000",
    }
    try:
        other.execute("BEGIN IMMEDIATE")
        page = quiet_client.post("/intake", form)
        piece = quiet_client.post("/intake", form, headers={"HX-Request": "true"})
    finally:
        other.execute("ROLLBACK")
        other.close()
    text = page.content.decode()
    assert (page.status_code, page["Retry-After"]) == (503, "5") and "系统正忙" in text
    assert piece.status_code == 503 and "系统正忙" in said(piece)
    assert "<script>" not in text and Ticket.objects.count() == 0
    again = {
        unescape(name): unescape(value) for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', text)
    }
    assert again == form


def test_an_expired_form_is_said_in_words(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.wang)
    answer = strict.post("/notices/seen")
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode() and "草稿还在" in answer.content.decode()


@pytest.mark.parametrize("address", ["/%00", "/tickets/%00", "/?show=%00", "/?show=%F0%9F%98%80<script>"])
def test_strange_addresses_do_no_harm(cast: Cast, client: Client, address: str) -> None:
    client.force_login(cast.wang)
    answer = client.get(address)
    assert answer.status_code in {200, 400, 404}
    assert "<script>" not in answer.content.decode().replace("<script src", "")


def test_a_form_with_ten_thousand_fields_is_refused_in_words(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    answer = client.post("/drafts/intake:1", {f"f{n}": "x" for n in range(1100)})
    assert answer.status_code == 400
    assert "没有保存" in answer.content.decode()


def test_personal_pages_stay_out_of_caches(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    assert "no-store" in client.get("/")["Cache-Control"]
