"""Photos and papers; their bytes lie sealed in the data folder, never in the database in clear."""

from django.db import models

from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import attachment_choices


class Attachment(models.Model):
    """One file of a ticket."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="attachments")
    assignment = models.ForeignKey(
        Assignment, null=True, on_delete=models.PROTECT, related_name="attachments"
    )
    reply = models.ForeignKey(Reply, null=True, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=16, choices=attachment_choices)
    file_name = models.CharField(max_length=120)
    mime = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=80, unique=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
