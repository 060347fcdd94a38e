"""Words that are too long come back whole, with a sentence that says how long they may be."""

import pytest
from django.test import Client

from fenzhen.records.handling import Assignment, Reply
from tests.cast import Cast


@pytest.fixture
def unit(cast: Cast, client: Client) -> Client:
    client.force_login(cast.huang, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_reply_of_twenty_thousand_and_one_characters_is_refused_and_not_cut(
    cast: Cast, unit: Client
) -> None:
    lead = cast.lead(cast.signed())
    fields = {
        "contacted": "yes",
        "contact_how": "电话",
        "solved_claim": "yes",
        "internal_text": "办" * 20_001,
        "public_text": "已办。",
    }
    page = unit.get(f"/unit/{lead.pk}")
    assert page.status_code == 200
    answer = unit.post(f"/unit/{lead.pk}/reply", fields, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert not Reply.objects.exists()
    assert Assignment.objects.get(pk=lead.pk).state == "signed"
    fields["internal_text"] = "办" * 20_000
    assert unit.post(f"/unit/{lead.pk}/reply", fields, headers={"HX-Request": "true"}).status_code < 400
    assert Reply.objects.get().internal_text == "办" * 20_000
