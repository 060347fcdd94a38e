"""Every morning the list of the day before is made once, filed and offered to the chief."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from fenzhen.jobs.timetable import TIMETABLE
from fenzhen.office.accounts import system_account
from fenzhen.records.district import District
from fenzhen.records.journal import Entry
from fenzhen.records.notices import Notice
from tests.cast import BEIJING, Cast

MAKE = next(line.do for line in TIMETABLE if line.name == "the daily list")


@pytest.fixture
def folder(tmp_path: Path, settings: object) -> Path:
    settings.FENZHEN_DATA_DIR = tmp_path  # type: ignore[attr-defined] # pytest-django's
    return tmp_path / "papers"


def test_it_is_made_once_after_its_hour_and_the_chief_is_told(cast: Cast, folder: Path) -> None:
    cast.waiting()
    system = system_account()
    assert MAKE(system, datetime(2026, 3, 12, 7, 29, tzinfo=BEIJING)) == 0 and not folder.exists()
    assert MAKE(system, datetime(2026, 3, 12, 7, 30, tzinfo=BEIJING)) == 1
    assert MAKE(system, datetime(2026, 3, 12, 7, 31, tzinfo=BEIJING)) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["daily-2026-03-11.docx", "daily-2026-03-11.xlsx"]
    assert all(p.stat().st_mode & 0o077 == 0 for p in folder.iterdir())
    notice = Notice.objects.get(kind="daily")
    assert notice.person == cast.chen and notice.facts == {"day": "2026-03-11"}
    assert Entry.objects.get(subject="daily:2026-03-11").act == "file_paper"


def test_the_district_says_when(cast: Cast, folder: Path) -> None:
    cast.waiting()
    District.objects.update(settings={"daily": {"at": "06:00"}})
    assert MAKE(system_account(), datetime(2026, 3, 12, 6, 1, tzinfo=BEIJING)) == 1


def test_a_day_on_which_nothing_came_in_makes_no_list(cast: Cast, folder: Path) -> None:
    cast.waiting()
    assert MAKE(system_account(), datetime(2026, 3, 13, 8, 0, tzinfo=BEIJING)) == 0
    assert not Notice.objects.filter(kind="daily").exists()


def test_the_page_and_the_notice_offer_the_filed_one(cast: Cast, folder: Path) -> None:
    cast.waiting()
    MAKE(system_account(), cast.now + timedelta(days=1))
    client = Client()
    client.force_login(cast.chen)
    assert "/daily?day=2026-03-11" in client.get("/notices").content.decode()
    assert "docx?filed=1" in client.get("/daily?day=2026-03-11").content.decode()
    filed = client.get("/daily/2026-03-11/docx?filed=1")
    assert filed.content == (folder / "daily-2026-03-11.docx").read_bytes()
