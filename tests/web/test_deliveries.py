"""The page of messages outwards: what failed can be seen and sent again, addresses are masked, others see nothing."""

import pytest
from django.test import Client

from fenzhen.office.notices import tell
from fenzhen.office.outbox import add_way, claim_delivery, record_failed
from fenzhen.records.couriers import ContactWay, Delivery
from tests.cast import Cast


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def failed(cast: Cast) -> Delivery:
    add_way(by=cast.admin, now=cast.now, courier="sms", address="13900000002", person="huang")
    tell(cast.huang, "dispatched", once="x", now=cast.now, ticket=cast.dispatched(), facts={"level": 1})
    row = claim_delivery(by=cast.admin, now=cast.now)
    assert row is not None
    record_failed(row, "HTTP 404", by=cast.admin, now=cast.now, again=False)
    return row


def test_failure_and_reason_are_shown_and_the_address_is_masked(cast: Cast, failed: Delivery) -> None:
    page = client_of(cast.chen).get("/deliveries").content.decode()
    assert "发送失败" in page and "HTTP 404" in page and failed.notice.ticket is not None
    assert failed.notice.ticket.number in page and "新派来的工单" in page
    assert "13900000002" not in page and "139" in page
    assert "短信" in page and "还没有配置" in page


def test_what_failed_can_be_sent_again_from_the_page(cast: Cast, failed: Delivery) -> None:
    assert client_of(cast.chen).post(f"/deliveries/{failed.pk}/again").status_code == 303
    failed.refresh_from_db()
    assert failed.state == "waiting" and failed.tries == 0


def test_one_state_can_be_looked_at_alone(cast: Cast, failed: Delivery) -> None:
    client = client_of(cast.admin)
    assert "HTTP 404" in client.get("/deliveries?state=failed").content.decode()
    assert "HTTP 404" not in client.get("/deliveries?state=sent").content.decode()


def test_an_address_is_added_refused_and_ended_on_the_page(cast: Cast) -> None:
    client = client_of(cast.chen)
    bad = client.post("/deliveries/ways", {"courier": "email", "person": "huang", "address": "nobody"})
    assert bad.status_code == 422 and "name@example.cn" in bad.content.decode()
    both = {"courier": "sms", "person": "huang", "unit": "T1", "address": "13900000002"}
    assert client.post("/deliveries/ways", both).status_code == 422
    good = {"courier": "wecom", "unit": "T1", "address": "https://robot.example/send?key=0123456789"}
    assert client.post("/deliveries/ways", good).status_code == 303
    way = ContactWay.objects.get()
    assert way.unit == cast.liuhe
    assert "0123456789" not in client.get("/deliveries").content.decode()
    client.post(f"/deliveries/ways/{way.pk}/end")
    way.refresh_from_db()
    assert not way.is_active


def test_a_test_message_goes_to_oneself(cast: Cast) -> None:
    add_way(by=cast.chen, now=cast.now, courier="email", address="chen@example.cn", person="chen")
    client_of(cast.chen).post("/deliveries/test")
    row = Delivery.objects.get()
    assert row.notice.person == cast.chen and row.state == "waiting"


@pytest.mark.parametrize("who", ["wang", "huang", "leader", "zhang"])
def test_nobody_else_sees_or_sends(cast: Cast, failed: Delivery, who: str) -> None:
    client = client_of(getattr(cast, who))
    assert client.get("/deliveries").status_code == 403
    assert client.post(f"/deliveries/{failed.pk}/again").status_code == 403
    assert Delivery.objects.get().state == "failed"


def test_a_person_sees_on_their_notice_what_went_out(cast: Cast, failed: Delivery) -> None:
    page = client_of(cast.huang).get("/notices").content.decode()
    assert "短信" in page and "发送失败" in page
