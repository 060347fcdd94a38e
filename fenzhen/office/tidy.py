"""Throwing away what nobody needs any more and no rule says to keep."""

from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings

from fenzhen.desk.once import forget_tokens
from fenzhen.records.drafts import Draft
from fenzhen.records.people import User

#: A draft that nobody has touched for so long will not be finished.
DRAFTS_KEPT = timedelta(days=30)


def throw_away_leftovers(*, by: User, now: datetime) -> int:
    """Old form tokens, forgotten drafts and ended sessions; returns how many tokens and drafts went."""
    gone = forget_tokens(by=by, now=now)
    gone += Draft.objects.filter(updated_at__lt=now - DRAFTS_KEPT).delete()[0]
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return gone
