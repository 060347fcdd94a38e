"""「本区清单」: hand in a file, read what is missing, see what would change, say yes, go back."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fenzhen.office.accounts import system_account
from fenzhen.office.lists import load_lists
from fenzhen.papers.template import template
from fenzhen.records.directory import Category
from fenzhen.records.district import District
from fenzhen.records.lists import KeptLists
from fenzhen.records.people import User
from fenzhen.records.units import Unit
from tests import fictitious
from tests.cast import MORNING


@pytest.fixture
def chief(db: None) -> User:
    load_lists(fictitious.HERE, by=system_account(), now=MORNING)
    return User.objects.get(username="kezhang")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def zipped(**changes: tuple[str, str]) -> SimpleUploadedFile:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        for name, text in fictitious.folder().items():
            old, new = changes.get(name.split(".")[0], ("", ""))
            assert old in text
            packed.writestr(f"云岭/{name}", text.replace(old, new, 1) if old else text)
    return SimpleUploadedFile("云岭.zip", kept.getvalue(), "application/zip")


def handed_in(client: Client, file: SimpleUploadedFile) -> KeptLists:
    answer = client.post("/lists/upload", {"file": file})
    assert answer.status_code == 303, answer.content.decode()
    return KeptLists.objects.get(pk=int(answer.headers["Location"].rsplit("/", 1)[1]))


def test_the_template_can_be_fetched_and_comes_back_filled(chief: User) -> None:
    client = client_of(chief)
    fetched = client.get("/lists/template")
    assert fetched.headers["Content-Type"].endswith("spreadsheetml.sheet")
    filled = SimpleUploadedFile("district.xlsx", fictitious.fill(fetched.content))
    page = client.get(f"/lists/{handed_in(client, filled).pk}").content.decode()
    assert "请本区核定" in page and "必须改正" not in page and "云岭区" in page


def test_before_the_yes_it_is_said_what_would_change_and_nothing_has(chief: User) -> None:
    client = client_of(chief)
    kept = handed_in(
        client,
        zipped(
            units=("WLJ,云岭区文化和旅游局,区文旅局", "WLJ,云岭区文化和旅游局,区文旅体局"), duties=("", "")
        ),
    )
    assert kept.loaded_at is None
    page = client.get(f"/lists/{kept.pk}").content.decode()
    assert "如果装入" in page and "读不了" in page  # the duty list still says 区文旅局
    assert Unit.objects.get(code="WLJ").short_name == "区文旅局"


def test_yes_loads_and_the_lists_before_can_be_loaded_again(chief: User) -> None:
    client = client_of(chief)
    before = KeptLists.objects.get()
    kept = handed_in(client, zipped(units=("占道经营、户外广告、", "占道经营、")))
    page = client.get(f"/lists/{kept.pk}").content.decode()
    assert "CGJ" in page and "单位" in page
    assert client.post(f"/lists/{kept.pk}/load").status_code == 303
    assert "户外广告" not in Unit.objects.get(code="CGJ").duties
    assert District.objects.get().checksum == kept.checksum
    page = client.get("/lists").content.decode()
    assert page.count("使用中") == 1 and "云岭.zip" in page
    # Back to what was.
    assert client.post(f"/lists/{before.pk}/load").status_code == 303
    assert "户外广告" in Unit.objects.get(code="CGJ").duties
    assert KeptLists.objects.filter(loaded_at__isnull=False).count() == 2


def test_what_vanished_is_named_before_it_is_switched_off(chief: User) -> None:
    client = client_of(chief)
    row = next(line for line in fictitious.folder()["staff.csv"].splitlines() if "banzhang" in line)
    kept = handed_in(client, zipped(staff=(row + "\n", "")))
    page = client.get(f"/lists/{kept.pk}").content.decode()
    assert "没有人担任：班长" in page
    leaf = next(line for line in fictitious.folder()["categories.csv"].splitlines() if "景区管理" in line)
    kept = handed_in(client, zipped(categories=(leaf + "\n", "")))
    page = client.get(f"/lists/{kept.pk}").content.decode()
    assert "不在分类表里" in page  # examples and a rule still speak of it
    assert Category.objects.filter(is_active=True).count() == 60


def test_no_means_that_it_is_forgotten(chief: User) -> None:
    client = client_of(chief)
    kept = handed_in(client, zipped(units=("占道经营、户外广告、", "占道经营、")))
    client.post(f"/lists/{kept.pk}/drop")
    assert not KeptLists.objects.filter(pk=kept.pk).exists()
    loaded = KeptLists.objects.get()
    client.post(f"/lists/{loaded.pk}/drop")
    assert KeptLists.objects.filter(pk=loaded.pk).exists()  # what was loaded is kept


@pytest.mark.parametrize("raw", [b"", b"name,code\n1,2\n", b"PK\x03\x04nonsense"])
def test_a_file_that_is_none_is_refused_plainly(chief: User, raw: bytes) -> None:
    answer = client_of(chief).post("/lists/upload", {"file": SimpleUploadedFile("x.zip", raw)})
    assert answer.status_code in {422, 303}
    assert KeptLists.objects.count() == 1


def test_an_empty_template_says_what_to_fill(chief: User) -> None:
    client = client_of(chief)
    answer = client.post("/lists/upload", {"file": SimpleUploadedFile("district.xlsx", template())})
    assert answer.status_code in {303, 422}
    if answer.status_code == 303:
        page = client.get(answer.headers["Location"]).content.decode()
        assert "区名" in page and "不能装入" in page


def test_only_chiefs_and_administrators_see_the_page(chief: User) -> None:
    for name, status in (("paidan", 403), ("lly01", 403), ("guanli", 200), ("kezhang", 200)):
        assert client_of(User.objects.get(username=name)).get("/lists").status_code == status
