"""The one district that this installation serves."""

from django.contrib.auth.models import AnonymousUser

from fenzhen.records.district import District
from fenzhen.records.people import User


def district_of(viewer: User | AnonymousUser | None) -> District | None:
    """The district's row; None before anything was loaded. Everybody may know it, signed in or not."""
    return District.objects.order_by("pk").first()
