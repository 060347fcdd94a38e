"""No page needs an inline script, an inline style or another host."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.web.pages import plain_addresses, refused

WHO = ["zhang", "wang", "zhao", "sun", "chen", "xu", "leader", "admin", "huang"]


@pytest.mark.parametrize("who", WHO)
def test_no_page_has_inline_script_or_style(cast: Cast, client: Client, who: str) -> None:
    ticket = cast.signed()
    client.force_login(getattr(cast, who))
    looked = 0
    for address in [*plain_addresses(), f"/tickets/{ticket.pk}"]:
        answer = client.get(address)
        if "text/html" in answer.headers.get("Content-Type", "") and answer.content:
            looked += 1
            assert refused(answer.content.decode()) == [], address
    assert looked >= 5


def test_pages_for_nobody_and_error_pages_keep_to_it_too(cast: Cast, client: Client) -> None:
    for address in ["/sign-in", "/no-such-page"]:
        assert refused(client.get(address).content.decode()) == [], address


def test_the_policy_is_sent_with_every_answer(cast: Cast, client: Client) -> None:
    for address in ["/sign-in", "/", "/no-such-page"]:
        policy = client.get(address).headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "style-src 'self'" in policy
        assert "unsafe" not in policy and "http" not in policy


def test_the_reader_of_pages_finds_what_the_policy_refuses() -> None:
    assert refused("<p style='a:b'>") == ["<p style>"]
    assert refused("<script>1</script>") == ["<script> without src"]
    assert refused("<a onclick='x'>") == ["<a onclick>"]
    assert refused("<script src='https://elsewhere/x.js'></script>") == ["<script https://elsewhere/x.js>"]
    assert refused("<script src='/static/x.js'></script><p class='x'>") == []
