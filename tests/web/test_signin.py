"""Signing in and out."""

import pytest
from django.test import Client

from tests.cast import PASSWORD, Cast


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", {"username": username, "password": password, **more})


def test_a_dispatcher_signs_in_and_is_greeted_by_name(cast: Cast, client: Client) -> None:
    answer = sign_in(client, "wang")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert "王派单" in client.get("/").content.decode()


def test_a_wrong_password_is_said_in_words_and_the_name_stays(cast: Cast, client: Client) -> None:
    answer = sign_in(client, "wang", "wrong")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "用户名或密码不对" in page and 'value="wang"' in page and "wrong" not in page


def test_after_eight_wrong_passwords_even_the_right_one_waits(cast: Cast, client: Client) -> None:
    for _ in range(8):
        answer = sign_in(client, "wang", "wrong")
    assert answer.status_code == 429
    locked = sign_in(client, "wang")
    assert locked.status_code == 429
    assert "暂时不能登录" in locked.content.decode()
    assert "_auth_user_id" not in client.session
    # a colleague at the same machine is not locked out
    assert sign_in(client, "li").status_code == 303


def test_somebody_who_left_cannot_sign_in(cast: Cast, client: Client) -> None:
    cast.wang.is_active = False
    cast.wang.save()
    assert sign_in(client, "wang").status_code == 422


def test_nobody_signs_in_as_the_system(cast: Cast, client: Client) -> None:
    from fenzhen.records.people import User

    User.objects.system()
    assert sign_in(client, "system", "").status_code == 422


def test_a_page_leads_to_sign_in_and_back(cast: Cast, client: Client) -> None:
    answer = client.get("/notices")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=/notices")
    assert sign_in(client, "wang", next="/notices")["Location"] == "/notices"


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_host(cast: Cast, client: Client, onward: str) -> None:
    assert sign_in(client, "wang", next=onward)["Location"] == "/"


def test_signing_out_needs_a_post_and_ends_the_session(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert client.get("/").status_code == 302


def test_a_fragment_says_that_the_session_is_over_instead_of_swapping_in_a_sign_in_page(
    cast: Cast, client: Client
) -> None:
    answer = client.get("/notices/poll", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "fenzhen:signed-out" in answer["HX-Trigger"]
    assert answer.content == b""


def test_demo_accounts_are_offered_in_a_demo_only(cast: Cast, client: Client) -> None:
    from fenzhen.records.district import District

    cast.wang.is_demo = True
    cast.wang.save()
    assert 'data-username="wang"' in client.get("/sign-in").content.decode()
    assert 'data-username="li"' not in client.get("/sign-in").content.decode()
    District.objects.update(is_demo=False)
    assert "data-username" not in client.get("/sign-in").content.decode()


def test_the_demo_banner_stands_on_every_page_of_a_demo(cast: Cast, client: Client) -> None:
    assert "演示数据" in client.get("/sign-in").content.decode()
    client.force_login(cast.wang)
    for address in ["/", "/notices", "/no-such-page"]:
        assert "demo-banner" in client.get(address).content.decode(), address
