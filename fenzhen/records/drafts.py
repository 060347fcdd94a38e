"""What somebody has typed but not sent, sealed, so that a crash loses nothing."""

from django.db import models

from fenzhen.records.keys import SealedJson
from fenzhen.records.people import User


class Draft(models.Model):
    """The fields of one form of one person. `key` names the form: ``intake:<uuid>``, ``reply:12`` …"""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=64)
    fields = SealedJson()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at"]
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="draft_once")]
