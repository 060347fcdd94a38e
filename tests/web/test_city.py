"""The page of the city's platform: what came, what is watched, what must be told; both clocks beside each other."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from fenzhen.desk.intake import answer_ticket
from fenzhen.office.accounts import system_account
from fenzhen.office.city import take_city_file
from fenzhen.office.city_words import owe_city
from fenzhen.records.city import CityWord
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.office.test_city import direct, finished, order, the, with_the_town, worked, written


@pytest.fixture(autouse=True)
def morning(cast: Cast):
    with time_machine.travel(cast.now, tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def city_has(cast: Cast, folder: Path, *rows: dict[str, str]) -> None:
    take_city_file(written(folder / "o.csv", list(rows)), by=system_account(), now=cast.now)


def owed(cast: Cast, n: int, **fields: str) -> CityWord:
    said = {"reason": "untrue", "text": "查无此事"} | fields
    return owe_city(the(n), "exclusion", said, by=cast.wang, now=cast.now)


def text_of(person: User, address: str) -> str:
    response = client_of(person).get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_only_the_desk_and_the_supervisor_see_the_page(cast: Cast) -> None:
    for person in (cast.wang, cast.xu, cast.chen):
        assert 'href="/city"' in text_of(person, "/city")
    for person in (cast.zhang, cast.huang, cast.zhao, cast.sun, cast.leader, cast.admin):
        assert client_of(person).get("/city").status_code == 403


def test_a_file_read_on_the_page_says_what_it_brought(cast: Cast, tmp_path: Path) -> None:
    raw = written(tmp_path / "o.csv", [order(1), direct(2), order(3, 办理时限="x")]).read_bytes()
    client = client_of(cast.wang)
    for _again in range(2):
        response = client.post("/city/take", {"file": SimpleUploadedFile("三月.csv", raw)})
        assert response.status_code == 303
    page = client.get("/city").content.decode()
    assert "三月.csv" in page and "拒收 1" in page
    assert "新 1 · 直派 1" in page and "未变 2" in page
    assert Ticket.objects.count() == 2


def test_a_file_that_is_none_is_refused_in_words(cast: Cast) -> None:
    response = client_of(cast.wang).post("/city/take", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
    assert response.status_code == 422
    assert "没有认出表头" in response.content.decode()


def test_watched_orders_and_changes_stand_on_the_page(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1), direct(2, 标题="市里派给松山镇的"))
    city_has(cast, tmp_path, order(1, 办理时限="2026-03-12 08:30:00", 变更时间="2026-03-11 08:50:00"))
    page = text_of(cast.wang, "/city")
    assert "市里派给松山镇的" in page and "松山镇" in page
    assert "市级时限：2026-03-13 08:30 → 2026-03-12 08:30" in page


def test_the_oldest_city_deadline_is_told_first(cast: Cast, tmp_path: Path) -> None:
    city_has(
        cast, tmp_path, order(1, 办理时限="2026-03-20 08:30:00"), order(2, 办理时限="2026-03-12 08:30:00")
    )
    owed(cast, 1)
    owed(cast, 2)
    page = text_of(cast.wang, "/city")
    assert page.index("BJ000002") < page.index("BJ000001")


def test_the_export_is_made_once_and_fetched_as_often_as_needed(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    finished(cast, 1)
    worked(cast)
    client = client_of(cast.wang)
    page = client.get("/city").content.decode()
    once = re.search(r'action="/city/out".*?name="once" value="([^"]+)"', page, re.S)
    assert once
    first = client.post("/city/out", {"once": once[1]})
    second = client.post("/city/out", {"once": once[1]})
    assert first.status_code == 303 and "batch=" in first.headers["Location"]
    assert CityWord.objects.exclude(batch="").count() == 1
    assert second.status_code in {302, 303}
    batch = first.headers["Location"].split("batch=")[1]
    for _again in range(2):
        response = client.get(f"/city/out/{batch}")
        book = load_workbook(io.BytesIO(response.content))
        assert book["办理结果"]["A2"].value == "BJ000001"
    assert client_of(cast.zhang).get(f"/city/out/{batch}").status_code == 403
    assert client.get("/city/out/20260101-000000-aaaa").status_code == 404
    assert batch in client.get("/city").content.decode()


def test_typed_in_is_ticked_and_the_tick_undone(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    word = owed(cast, 1)
    client = client_of(cast.wang)
    assert client.post(f"/city/words/{word.pk}/told").status_code == 303
    word.refresh_from_db()
    assert (word.way, word.told_by) == ("typed", cast.wang)
    assert f"/city/words/{word.pk}/untold" in client.get("/city").content.decode()
    client.post(f"/city/words/{word.pk}/untold")
    word.refresh_from_db()
    assert word.told_at is None


def test_what_is_copied_names_no_caller(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    owed(cast, 1, text="冯小满说打13900000001,另见来信")
    page = text_of(cast.wang, f"/city/tickets/{the(1).pk}")
    assert "data-copy" in page
    assert "冯小满" not in page and "13900000001" not in page


def test_a_request_that_lacks_something_comes_back_with_what_was_typed(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    address = f"/city/tickets/{the(1).pk}"
    client = client_of(cast.wang)
    sent = {"kind": "extension", "reason": "season", "text": "要等天晴再施工", "until": "2026-03-12T08:00"}
    response = client.post(f"{address}/owe", sent)
    assert response.status_code == 422
    assert "要等天晴再施工" in response.content.decode()
    assert "申请的日期应晚于市级时限" in response.content.decode()
    assert client.post(f"{address}/owe", sent | {"until": "2026-03-15T08:00"}).status_code == 303
    word = CityWord.objects.get()
    assert (word.kind, word.fields["reason"]) == ("extension", "season")


def test_the_desk_takes_a_watched_order_over(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, direct(1))
    page = text_of(cast.wang, f"/city/tickets/{the(1).pk}")
    assert "/take-over" in page and "向市平台申请" not in page
    client_of(cast.wang).post(f"/city/tickets/{the(1).pk}/take-over", {"text": "单位不明"})
    assert the(1).state == "pending_dispatch"


def test_what_the_city_moved_under_our_units_hands_is_a_dispatchers_one_choice(
    cast: Cast, tmp_path: Path
) -> None:
    city_has(cast, tmp_path, order(1), order(2))
    for n in (1, 2):
        with_the_town(cast, n)
    moved = {"派单方式": "直派", "承办单位": "松山镇", "变更时间": "2026-03-11 09:20:00"}
    city_has(cast, tmp_path, order(1, **moved), order(2, **moved))
    one, two = the(1).pk, the(2).pk
    assert f'href="/city/tickets/{one}#moved"' in text_of(cast.wang, "/city")
    page = text_of(cast.wang, f"/city/tickets/{one}")
    assert "市平台已直接派给 松山镇" in page and "柳河镇 已经在办" in page
    assert f'action="/city/tickets/{one}/moved"' in page
    client = client_of(cast.wang)
    client.post(f"/city/tickets/{one}/moved", {"who": "ours"})
    client.post(f"/city/tickets/{two}/moved", {"who": "city", "text": "已电话交接"})
    assert (the(1).state, the(1).city_mode) == ("dispatched", "district")
    assert (the(2).state, the(2).city_mode) == ("watched", "direct")
    assert 'id="moved"' not in text_of(cast.wang, "/city")
    assert client.post(f"/city/tickets/{one}/moved", {"who": "city"}).status_code == 422
    assert client_of(cast.zhang).post(f"/city/tickets/{two}/moved", {"who": "ours"}).status_code == 403


def test_the_desk_sees_both_clocks_and_the_unit_its_own(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    city_due = 'datetime="2026-03-13T00:30:00+00:00"'
    assert city_due in text_of(cast.wang, "/triage")
    ticket = with_the_town(cast, 1)
    own = ticket.own_deadline
    assert own and own < the(1).city_deadline - timedelta(hours=9)  # type: ignore[operator]  # the row has one
    own_due = f'datetime="{own.isoformat()}"'
    for person in (cast.wang, cast.zhang, cast.chen):
        page = text_of(person, f"/tickets/{ticket.pk}")
        assert city_due in page and own_due in page
    page = text_of(cast.wang, f"/city/tickets/{ticket.pk}")
    assert city_due in page and own_due in page
    page = text_of(cast.huang, f"/tickets/{ticket.pk}")
    assert own_due in page and city_due not in page
    assert city_due not in text_of(cast.huang, "/unit")
    assert city_due in text_of(cast.leader, "/?show=open")


def test_a_ticket_of_our_own_has_no_page_at_the_city(cast: Cast) -> None:
    assert client_of(cast.wang).get(f"/city/tickets/{cast.waiting().pk}").status_code == 404


def test_an_answered_order_stands_in_the_list_until_it_is_told(cast: Cast, tmp_path: Path) -> None:
    city_has(cast, tmp_path, order(1))
    answer_ticket(the(1), by=cast.wang, now=cast.now, text="请拨物业电话。")
    worked(cast)
    assert "请拨物业电话。" in text_of(cast.xu, "/city")


@pytest.mark.browser
def test_copying_a_field_in_the_browser(
    cast: Cast, tmp_path: Path, transactional_db, new_page, sign_in, shot
) -> None:
    for width, height in ((1440, 900), (390, 844)):
        page = new_page(width, height, permissions=["clipboard-read", "clipboard-write"])
        if width == 1440:
            city_has(cast, tmp_path, order(1), order(2), order(4), direct(3), direct(5))
            city_has(cast, tmp_path, order(2, 标题="灯和门禁都坏了", 变更时间="2026-03-11 08:50:00"))
            finished(cast, 1)
            worked(cast)
            owed(cast, 4)
        sign_in(page, cast.wang)
        page.goto("/city")
        page.click(".city-word summary")
        shot(page, f"city-{width}")
        page.click(".city-word [data-copy]")
        page.wait_for_selector(".is-copied")
        assert page.evaluate("navigator.clipboard.readText()").startswith("BJ00000")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.goto(f"/city/tickets/{the(1).pk}")
        page.click(".city-ask summary")
        shot(page, f"city-ticket-{width}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.goto("/triage")
        page.wait_for_selector(".queue-line")
        shot(page, f"city-triage-{width}")
        page.goto(f"/tickets/{the(2).pk}")
        shot(page, f"city-ticket-own-{width}")
    page = new_page()
    sign_in(page, cast.wang)
    page.goto("/city")
    with page.expect_download() as got:
        page.keyboard.press("x")
    assert got.value.suggested_filename.startswith("city-")
