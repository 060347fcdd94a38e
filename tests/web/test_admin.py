"""The reference lists are the administrator's, and nothing in them is deleted."""

import pytest
from django.test import Client

from fenzhen.records.people import User
from fenzhen.records.units import Unit
from tests.cast import Cast

LISTS = ["unit", "place", "category", "example", "duty", "level", "calendarday", "district", "user"]


@pytest.mark.parametrize("name", LISTS)
def test_the_administrator_opens_every_list(cast: Cast, client: Client, name: str) -> None:
    client.force_login(cast.admin)
    assert client.get(f"/admin-lists/records/{name}/").status_code == 200
    if name != "district":
        assert client.get(f"/admin-lists/records/{name}/add/").status_code == 200


@pytest.mark.parametrize("who", ["wang", "chen", "leader", "huang"])
def test_nobody_else_opens_them(cast: Cast, client: Client, who: str) -> None:
    client.force_login(getattr(cast, who))
    for name in LISTS:
        assert client.get(f"/admin-lists/records/{name}/", follow=True).status_code == 403


def test_no_ticket_is_in_them(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    for name in ["ticket", "caller", "entry", "draft"]:
        assert client.get(f"/admin-lists/records/{name}/").status_code == 404


def test_a_unit_is_switched_off_not_deleted(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    answer = client.post(f"/admin-lists/records/unit/{cast.police.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    assert Unit.objects.filter(pk=cast.police.pk).exists()


def test_an_account_gets_a_hashed_password_and_can_sign_in(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    fields = {
        "username": "new",
        "name": "新人",
        "role": "agent",
        "is_active": "on",
        "new_password": "a-long-one-12",
    }
    assert client.post("/admin-lists/records/user/add/", fields).status_code == 302
    assert "a-long-one-12" not in User.objects.get(username="new").password
    answer = Client().post("/sign-in", {"username": "new", "password": "a-long-one-12"})
    assert answer.status_code == 303


def test_unit_staff_need_a_unit_and_a_short_password_is_refused(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    fields = {
        "username": "new",
        "name": "新人",
        "role": "unit_worker",
        "is_active": "on",
        "new_password": "short",
    }
    page = client.post("/admin-lists/records/user/add/", fields).content.decode()
    assert "必须选择单位" in page
    assert not User.objects.filter(username="new").exists()


def test_a_changed_limit_counts_for_the_next_ticket(cast: Cast, client: Client) -> None:
    from fenzhen.records.district import Level
    from fenzhen.records.rules import clock_rules

    assert clock_rules().levels[1].sign_minutes == 15
    row = Level.objects.get(level=1)
    client.force_login(cast.admin)
    fields = {
        "level": 1,
        "name": "一级",
        "limit": 2,
        "unit": "hour",
        "sign_minutes": 10,
        "contact_hours": 1,
        "note": "",
    }
    assert client.post(f"/admin-lists/records/level/{row.pk}/change/", fields).status_code == 302
    assert clock_rules().levels[1].sign_minutes == 10
