"""What a person sets for themselves."""

from datetime import datetime

from django.conf import settings

from fenzhen.records.people import User


def set_language(language: str, *, by: User, now: datetime) -> None:
    """Remember in which language *by* wants the pages. Raises ValueError for one that is not offered."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(language)
    User.objects.filter(pk=by.pk).update(language=language)
