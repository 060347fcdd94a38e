"""The district's lists as files: those that were loaded, kept so that they can be loaded again, and an upload
that waits for somebody's yes."""

from django.db import models

from fenzhen.records.people import User


class KeptLists(models.Model):
    """One set of lists: a zip of the CSV folder or a filled workbook. `loaded_at` is empty until somebody says yes."""

    checksum = models.CharField(max_length=64, unique=True)
    file_name = models.CharField(max_length=255)
    content = models.BinaryField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    loaded_at = models.DateTimeField(null=True)
    loaded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict)
    """List → rows, added, changed, switched off."""

    class Meta:
        ordering = ["-made_at", "-id"]
