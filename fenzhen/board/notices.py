"""What a person must be told."""

from fenzhen.records.notices import Notice
from fenzhen.records.people import User


def unseen(viewer: User) -> list[Notice]:
    """The viewer's own notices that they have not put away: urgent ones first, then the newest, at most 50."""
    return list(
        Notice.objects.filter(person=viewer, seen_at__isnull=True)
        .select_related("ticket")
        .order_by("-is_urgent", "-id")[:50]
    )


def recent_notices(viewer: User, most: int = 100) -> list[Notice]:
    """The viewer's own notices, seen or not, newest first, at most *most*."""
    return list(Notice.objects.filter(person=viewer).select_related("ticket").order_by("-id")[:most])


def notice_of(viewer: User, pk: int) -> Notice:
    """One of the viewer's own notices. Raises `Notice.DoesNotExist`, also for somebody else's."""
    return Notice.objects.select_related("ticket").get(person=viewer, pk=pk)
