"""Linked tickets and urges on the ticket's page and at the triage desk."""

from datetime import timedelta

import pytest
from django.test import Client

from fenzhen.desk.link import link_tickets, urge_again
from fenzhen.records.links import TicketLink
from fenzhen.records.tickets import Ticket
from tests.cast import Cast


@pytest.fixture
def two(cast: Cast) -> tuple[Ticket, Ticket]:
    first = cast.dispatched()
    return first, cast.waiting(now=cast.now + timedelta(hours=1), name="吴大", phone="13900000002")


def test_a_ticket_is_linked_by_its_number_and_can_be_unlinked_and_linked_again(
    cast: Cast, client: Client, two: tuple[Ticket, Ticket]
) -> None:
    first, second = two
    client.force_login(cast.wang)
    answer = client.post(f"/tickets/{second.pk}/link", {"number": first.number, "kind": "same_matter"})
    assert answer.status_code == 303
    page = client.get(f"/tickets/{second.pk}").content.decode()
    assert first.number in page.split('id="links"')[1]
    assert second.number in client.get(f"/tickets/{first.pk}").content.decode().split('id="links"')[1]
    client.post(f"/tickets/{second.pk}/unlink/{first.pk}")
    assert not TicketLink.objects.exists()
    page = client.get(f"/tickets/{second.pk}").content.decode()
    assert f"/tickets/{second.pk}/link/{first.pk}/same_matter" in page, "the strip brings it back"
    client.post(f"/tickets/{second.pk}/link/{first.pk}/same_matter")
    assert TicketLink.objects.count() == 1


def test_a_number_that_no_ticket_has_is_refused_at_its_field(
    cast: Cast, client: Client, two: tuple[Ticket, Ticket]
) -> None:
    client.force_login(cast.wang)
    form = {"number": "2026000000000", "kind": "same_matter"}
    answer = client.post(f"/tickets/{two[0].pk}/link", form, headers={"HX-Request": "true"})
    assert (answer.status_code, '"number"' in answer["HX-Trigger"]) == (422, True)
    assert client.post(f"/tickets/{two[0].pk}/link/{two[1].pk}/swallow").status_code == 404


def test_the_page_shows_how_often_it_was_urged_and_the_unit_sees_it_too(
    cast: Cast, client: Client, two: tuple[Ticket, Ticket]
) -> None:
    first, second = two
    urge_again(first, by=cast.zhang, now=cast.now + timedelta(hours=2), text="怎么还没有人来？")
    link_tickets(first, second, by=cast.wang, now=cast.now + timedelta(hours=2), kind="same_matter")
    client.force_login(cast.huang)
    page = client.get(f"/tickets/{first.pk}").content.decode()
    assert "催过 1 次" in page and "怎么还没有人来？" in page
    assert second.number not in page, "somebody else's ticket, which the unit does not have"
    assert "关联另一张工单" not in page
    assert client.post(f"/tickets/{first.pk}/link", {"number": second.number}).status_code == 403


def test_the_triage_desk_links_what_is_alike_and_shows_what_is_linked(
    cast: Cast, client: Client, two: tuple[Ticket, Ticket]
) -> None:
    first, second = two
    client.force_login(cast.wang)
    address = f"/tickets/{second.pk}/link/{first.pk}/same_matter"
    answer = client.post(address, {"at": "triage"}, headers={"HX-Request": "true"})
    piece = answer.content.decode()
    assert "已关联的工单" in piece and first.number in piece and "<html" not in piece
    assert "fenzhen:say" in answer["HX-Trigger"]
    assert first.number in client.get(f"/triage/{second.pk}/similar").content.decode()
