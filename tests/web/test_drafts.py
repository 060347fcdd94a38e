"""What is typed is kept: sealed on the server, for its owner only, until it is sent."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from fenzhen.board.drafts import draft_of, drafts_of
from fenzhen.desk.drafts import BadDraft, drop_draft, keep_draft
from tests.cast import Cast

TYPED = {"title": "楼道灯坏了", "vulnerable": ["elder", "ill"], "phone": "13900000001"}


def test_what_is_typed_comes_back_on_another_machine(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    assert client.post("/drafts/intake:a1", TYPED).status_code == 204
    elsewhere = Client()
    elsewhere.force_login(cast.zhang)
    fields = elsewhere.get("/drafts/intake:a1").json()["fields"]
    assert fields == {"title": ["楼道灯坏了"], "vulnerable": ["elder", "ill"], "phone": ["13900000001"]}


def test_the_latest_save_counts(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    client.post("/drafts/intake:a1", {"title": "楼"})
    client.post("/drafts/intake:a1", {"title": "楼道灯"})
    assert draft_of(cast.zhang, "intake:a1") == {"title": ["楼道灯"]}
    assert len(drafts_of(cast.zhang, "intake:")) == 1


def test_nobody_else_reads_or_drops_a_draft(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    client.post("/drafts/intake:a1", TYPED)
    client.force_login(cast.chen)
    assert client.get("/drafts/intake:a1").json()["fields"] == {}
    client.post("/drafts/intake:a1/drop")
    assert draft_of(cast.zhang, "intake:a1")["title"] == ["楼道灯坏了"]


def test_the_database_sees_no_word_of_it(cast: Cast) -> None:
    keep_draft(by=cast.zhang, key="intake:a1", fields={"phone": ["13900000001"]}, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT fields FROM records_draft")
        kept = cursor.fetchone()[0]
    assert "13900000001" not in kept and kept.startswith("fz1.")


def test_a_sent_form_drops_its_draft_and_a_late_save_does_not_bring_it_back(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.chen)
    client.post("/drafts/seen:1", {"title": "x"})
    client.post("/notices/seen", {"once": "token-1", "draft": "seen:1"})
    assert draft_of(cast.chen, "seen:1") == {}
    late = client.post("/drafts/seen:1", {"title": "x"}, headers={"X-Form": "token-1"})
    assert late.status_code == 208
    assert draft_of(cast.chen, "seen:1") == {}


def test_tokens_and_passwords_are_not_kept(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    client.post("/drafts/intake:a1", {"title": "x", "password": "p", "csrfmiddlewaretoken": "c"})
    assert draft_of(cast.zhang, "intake:a1") == {"title": ["x"]}


def test_null_bytes_and_emoji_are_no_trouble(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    assert client.post("/drafts/intake:a1", {"body": "灯\x00坏😀<b>"}).status_code == 204
    assert draft_of(cast.zhang, "intake:a1") == {"body": ["灯坏😀<b>"]}


@pytest.mark.parametrize(
    "key", ["x", "Intake:1", "intake:", "intake:a b", "intake:" + "a" * 60, "intake:../x"]
)
def test_a_key_that_no_form_has_is_refused(cast: Cast, key: str) -> None:
    with pytest.raises(BadDraft):
        keep_draft(by=cast.zhang, key=key, fields={"a": ["b"]}, now=timezone.now())


def test_a_draft_of_two_hundred_thousand_characters_is_refused(cast: Cast, client: Client) -> None:
    client.force_login(cast.zhang)
    assert client.post("/drafts/intake:a1", {"body": "字" * 200_001}).status_code == 400
    assert draft_of(cast.zhang, "intake:a1") == {}


def test_dropping_a_draft_that_is_not_there_is_no_trouble(cast: Cast) -> None:
    drop_draft(by=cast.zhang, key="intake:none", now=timezone.now())
