"""A caller who cannot say where: every desk opens such a ticket all the same."""

from django.test import Client

from fenzhen.records.callbacks import CallBack
from tests.cast import Cast


def test_no_desk_stumbles_over_a_ticket_without_place_and_town(cast: Cast, client: Client) -> None:
    nowhere = {"place": None, "place_text": "", "title": "不知道在哪里"}
    signed = cast.lead(cast.signed(**nowhere))
    replied = cast.lead(cast.replied(phone="13900000002", **nowhere))
    called = CallBack.objects.get(ticket=cast.to_call_back(phone="13900000003", **nowhere))
    for ticket in (signed.ticket, replied.ticket, called.ticket):
        assert ticket.place is None and ticket.town is None
    for viewer, addresses in (
        (cast.huang, ("/unit", f"/unit/{signed.pk}", f"/tickets/{signed.ticket_id}", "/search")),
        (cast.zhao, ("/review", f"/review/{replied.pk}")),
        (cast.sun, ("/callback", f"/callback/{called.pk}")),
        (cast.wang, ("/", "/?show=late", "/phone-now", f"/phone-now/{signed.pk}")),
    ):
        client.force_login(viewer)
        for address in addresses:
            assert client.get(address).status_code == 200, address
