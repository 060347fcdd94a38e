"""Chinese unless somebody chose otherwise."""

from django.test import Client

from tests.cast import Cast


def language_of(client: Client, address: str = "/") -> str:
    answer = client.get(address, headers={"Accept-Language": "en-US,en;q=0.9"})
    return answer.headers["Content-Language"]


def test_pages_are_chinese_whatever_the_browser_asks_for(cast: Cast, client: Client) -> None:
    assert language_of(client, "/sign-in") == "zh-hans"
    client.force_login(cast.wang)
    assert language_of(client) == "zh-hans"
    assert '<html lang="zh-Hans"' in client.get("/").content.decode()


def test_the_choice_stays_with_the_person_on_every_machine(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    answer = client.post("/language", {"language": "en"}, headers={"Referer": "http://testserver/notices"})
    assert (answer.status_code, answer["Location"]) == (303, "/notices")
    assert language_of(client) == "en"
    elsewhere = Client()
    elsewhere.force_login(cast.wang)
    assert language_of(elsewhere) == "en"
    # and not with a colleague
    elsewhere.force_login(cast.li)
    assert language_of(elsewhere) == "zh-hans"


def test_the_choice_on_the_sign_in_page_is_kept_by_a_cookie(cast: Cast, client: Client) -> None:
    client.post("/language", {"language": "en"})
    assert language_of(client, "/sign-in") == "en"


def test_a_language_that_is_not_offered_changes_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    client.post("/language", {"language": "fr"})
    assert language_of(client) == "zh-hans"
    cast.wang.refresh_from_db()
    assert cast.wang.language == ""


def test_choosing_a_language_never_leads_to_another_host(cast: Cast, client: Client) -> None:
    answer = client.post("/language", {"language": "en", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
