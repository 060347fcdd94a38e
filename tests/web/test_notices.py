"""What a person must be told reaches their page, once, and only theirs."""

import ast
from pathlib import Path

from django.test import Client
from django.utils import timezone

import fenzhen
from fenzhen.board.notices import unseen
from fenzhen.office.notices import see_notice, tell
from fenzhen.records.words import NOTICES
from fenzhen.web.notices import STRIPS
from tests.cast import Cast


def told(cast: Cast, **more):
    ticket = cast.signed()
    return tell(
        cast.chen,
        "rehandled",
        once=f"t{ticket.pk}",
        now=timezone.now(),
        ticket=ticket,
        **({"urgent": True} | more),
    )


def test_an_urgent_notice_stands_on_the_page_with_its_ticket(cast: Cast, client: Client) -> None:
    notice = told(cast)
    client.force_login(cast.chen)
    piece = client.get("/notices/poll", headers={"HX-Request": "true"}).content.decode()
    assert "回访未解决" in piece and notice.ticket.number in piece and f"/tickets/{notice.ticket.pk}" in piece
    assert "strip-urgent" in piece


def test_the_poll_is_empty_while_nothing_changes(cast: Cast, client: Client) -> None:
    told(cast)
    client.force_login(cast.chen)
    first = client.get("/notices/poll").content.decode()
    mark = first.split("have=")[1].split('"')[0]
    assert client.get("/notices/poll", {"have": mark}).status_code == 204
    told(cast)
    assert client.get("/notices/poll", {"have": mark}).status_code == 200


def test_a_notice_that_is_put_away_stays_away(cast: Cast, client: Client) -> None:
    notice = told(cast)
    client.force_login(cast.chen)
    piece = client.post(f"/notices/{notice.pk}/seen", headers={"HX-Request": "true"}).content.decode()
    assert "strip-urgent" not in piece
    assert unseen(cast.chen) == []


def test_nobody_puts_away_somebody_elses_notice(cast: Cast, client: Client) -> None:
    notice = told(cast)
    client.force_login(cast.wang)
    assert client.post(f"/notices/{notice.pk}/seen").status_code == 404
    see_notice(notice, by=cast.wang, now=timezone.now())
    assert unseen(cast.chen) == [notice]


def test_the_same_thing_is_told_once(cast: Cast) -> None:
    ticket = cast.signed()
    for _ in range(3):
        tell(cast.chen, "rehandled", once="same", now=timezone.now(), ticket=ticket)
    tell(cast.xu, "rehandled", once="same", now=timezone.now(), ticket=ticket)
    assert len(unseen(cast.chen)) == len(unseen(cast.xu)) == 1


def test_putting_all_away_leaves_the_urgent_ones(cast: Cast, client: Client) -> None:
    urgent = told(cast)
    told(cast, urgent=False)
    client.force_login(cast.chen)
    client.post("/notices/seen")
    assert unseen(cast.chen) == [urgent]


def test_many_urgent_ones_do_not_bury_the_page(cast: Cast, client: Client) -> None:
    ticket = cast.signed()
    for n in range(5):
        tell(cast.chen, "late_triage", once=str(n), now=timezone.now(), ticket=ticket, urgent=True)
    client.force_login(cast.chen)
    piece = client.get("/notices/poll").content.decode()
    assert piece.count("知道了") == STRIPS
    assert "另有 3 条急件" in piece


def test_every_kind_that_is_told_has_words() -> None:
    """The second argument of `tell`, the second of `_tell_all`; risks are told as ``risk_<risk>``."""
    kinds = set()
    for path in (Path(fenzhen.__file__).parent / "office").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"tell", "_tell_all"}:
                if isinstance(node.args[1], ast.Constant):
                    kinds.add(node.args[1].value)
    assert "rehandled" in kinds and "late_sign" in kinds
    assert kinds <= set(NOTICES), kinds - set(NOTICES)
