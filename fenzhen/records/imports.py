"""Files that were read in. Their rows are tickets; the file itself is not kept."""

from django.db import models

from fenzhen.records.people import User


class ImportBatch(models.Model):
    """One run over one file."""

    file_name = models.CharField(max_length=255)
    checksum = models.CharField(max_length=64)
    mapping = models.CharField(max_length=64)
    is_history = models.BooleanField(default=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    """Rows whose external number was here already."""
    rejected = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
