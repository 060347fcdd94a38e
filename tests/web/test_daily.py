"""The daily list's page: who may read it, what its figures open, and the files it gives."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from docx import Document

from tests.cast import Cast


@pytest.fixture
def day(cast: Cast) -> Cast:
    cast.to_call_back(title="路灯不亮")
    cast.waiting(cast.now + timedelta(hours=1), title="老人被困电梯", body="老人被困电梯喘不过气", level=1)
    return cast


def client_of(person: object) -> Client:
    client = Client()
    client.force_login(person)  # type: ignore[arg-type] # a user of ours
    return client


def test_chiefs_readers_and_supervisors_may_read_it_and_nobody_else(day: Cast) -> None:
    with time_machine.travel(day.now + timedelta(hours=8), tick=False):
        for person, answer in (
            (day.chen, 200),
            (day.xu, 200),
            (day.leader, 200),
            (day.wang, 403),
            (day.zhang, 403),
            (day.huang, 403),
            (day.admin, 403),
        ):
            assert client_of(person).get("/daily").status_code == answer, person
            assert client_of(person).get("/daily/2026-03-11/docx").status_code == answer, person


def test_a_figure_is_a_link_to_its_tickets(day: Cast) -> None:
    with time_machine.travel(day.now + timedelta(hours=8), tick=False):
        client = client_of(day.leader)
        page = client.get("/daily?day=2026-03-11").content.decode()
        assert "演示数据" in page and "/daily/2026-03-11/tickets?what=came" in page
        found = client.get("/daily/2026-03-11/tickets?what=came&level=1").content.decode()
        assert "老人被困电梯" in found and "路灯不亮" not in found
        assert "冯小满" not in page + found and "13900000001" not in page + found
        nothing = client.get("/daily/2026-03-11/tickets?what=came&level=4")
        assert nothing.status_code == 200 and "没有工单" in nothing.content.decode()


def test_word_and_excel_come_as_files(day: Cast) -> None:
    with time_machine.travel(day.now + timedelta(hours=8), tick=False):
        client = client_of(day.chen)
        answer = client.get("/daily/2026-03-11/docx")
        assert answer["Content-Disposition"] == 'attachment; filename="daily-2026-03-11.docx"'
        text = "\n".join(line.text for line in Document(BytesIO(answer.content)).paragraphs)
        assert "受理诉求 2 件" in text
        assert client.get("/daily/2026-03-11/xlsx").content[:2] == b"PK"
        assert client.get("/daily/2026-03-11/pdf").status_code == 404
        assert client.get("/daily/yesterday/docx").status_code == 404


def test_a_day_that_is_none_or_has_nothing_is_a_page_all_the_same(day: Cast) -> None:
    with time_machine.travel(day.now + timedelta(hours=8), tick=False):
        client = client_of(day.chen)
        assert client.get("/daily?day=gestern").status_code == 200
        assert "受理诉求 0 件" in client.get("/daily?day=2020-01-01").content.decode()
        assert client.get("/daily?day=2030-01-01").status_code == 200
