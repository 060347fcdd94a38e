"""What a person must be told on their page."""

from django.db import models

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


class Notice(models.Model):
    """One thing told to one person, once: `once` is unique per person."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)
    once = models.CharField(max_length=80)
    is_urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["person", "once"], name="notice_once")]
        indexes = [
            models.Index(fields=["person", "seen_at"], name="notice_unseen"),
            models.Index(
                fields=["person", "-is_urgent", "-id"],
                condition=models.Q(seen_at__isnull=True),
                name="notice_bell",
            ),
        ]
