"""Keeping what somebody types, sealed, until it is sent or thrown away."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from fenzhen.hotline.privacy import clean_text
from fenzhen.records.drafts import Draft
from fenzhen.records.once import OnceToken
from fenzhen.records.people import User

_KEY = re.compile(r"[a-z][a-z_]{0,23}:[A-Za-z0-9-]{1,39}")
#: A draft larger than this is no form of ours.
LARGEST = 200_000


class BadDraft(ValueError):
    """A key or a size that no form of ours has."""


def keep_draft(
    *, by: User, key: str, fields: Mapping[str, Sequence[str]], now: datetime, once: str = ""
) -> bool:
    """Keep *fields* as *by*'s draft of the form *key* (``intake:<uuid>``, ``reply:12``).

    A save that arrives after its form was sent (*once* is used up) is ignored, so that a sent form does not
    come back as a draft; then False. Raises `BadDraft`.
    """
    if not _KEY.fullmatch(key):
        raise BadDraft(key[:80])
    kept: Any = {str(name): [clean_text(v) for v in values] for name, values in fields.items()}
    if sum(len(n) + sum(map(len, v)) for n, v in kept.items()) > LARGEST:
        raise BadDraft("too large")
    if once and OnceToken.objects.filter(owner=by, token=once[:64]).exists():
        return False
    with transaction.atomic():
        Draft.objects.update_or_create(owner=by, key=key, defaults={"fields": kept, "updated_at": now})
        # The form may have been sent while this waited for its turn to write.
        if once and OnceToken.objects.filter(owner=by, token=once[:64]).exists():
            Draft.objects.filter(owner=by, key=key).delete()
            return False
    return True


def drop_draft(*, by: User, key: str, now: datetime) -> None:
    """Throw *by*'s draft of the form *key* away: it was sent, or is not wanted."""
    Draft.objects.filter(owner=by, key=key).delete()
