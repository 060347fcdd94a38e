"""Photos and papers of a ticket, for those who may see it."""

from django.db.models import QuerySet

from fenzhen.board.tickets import NotVisible, sight_of, visible
from fenzhen.hotline.privacy import Sight
from fenzhen.hotline.roles import UNIT, Role
from fenzhen.records import files
from fenzhen.records.attachments import Attachment
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

#: For the faces, which do not meet the records.
LARGEST_MB = files.LARGEST_MB
PICTURES = files.PICTURES


def attachments_of(viewer: User, ticket: Ticket) -> list[Attachment]:
    """Everything on the ticket that this person may look at, the oldest first; dropped ones are gone."""
    return [item for item in _kept().filter(ticket=ticket) if _may_see(viewer, item)]


def attachments_of_share(viewer: User, share: Assignment) -> list[Attachment]:
    """What one unit attached to its own share and has not sent with a reply yet."""
    rows = _kept().filter(assignment=share, reply=None)
    return [item for item in rows if _may_see(viewer, item)]


def attachment_for(viewer: User, pk: int) -> Attachment:
    """One of them. Raises `NotVisible`, also for one that was dropped."""
    item = _kept().filter(pk=pk).first()
    if item is None or not _may_see(viewer, item):
        raise NotVisible
    return item


def bytes_of(viewer: User, attachment: Attachment) -> bytes:
    """What is in it. Raises `NotVisible` for those who may not see it or where the bytes are gone."""
    if not _may_see(viewer, attachment):
        raise NotVisible
    try:
        return files.opened(attachment.stored_as, attachment.checksum)
    except FileNotFoundError:
        raise NotVisible from None


def _kept() -> "QuerySet[Attachment]":
    return Attachment.objects.filter(dropped_at=None).select_related("ticket", "assignment__unit", "by")


def _may_see(viewer: User, item: Attachment) -> bool:
    """Whoever sees the ticket's words; what the caller gave only those who may see the caller masked. Whoever was
    given an errand sees what they attached to it themselves."""
    if viewer.role == Role.UNIT_WORKER:
        return item.by_id == viewer.pk
    if not visible(viewer).filter(pk=item.ticket_id).exists():
        return False
    needed = Sight.MASKED if item.kind in {"caller", "contact"} and viewer.role in UNIT else Sight.MATTER
    if viewer.role in UNIT and item.assignment is not None and item.assignment.unit_id == viewer.unit_id:
        needed = Sight.MATTER
    return sight_of(viewer, item.ticket) >= needed
