"""Files that were read in. Their rows are tickets; the file itself is not kept."""

from django.db import models

from fenzhen.records.keys import SealedJson
from fenzhen.records.people import User


class ImportBatch(models.Model):
    """One run over one file."""

    file_name = models.CharField(max_length=255)
    checksum = models.CharField(max_length=64)
    mapping = models.CharField(max_length=64)
    is_history = models.BooleanField(default=False)
    is_city = models.BooleanField(default=False)
    """A file of the city's platform: its rows also change and withdraw what is here already."""
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    """When somebody said "go": at the prompt at once, on the page after a look at what would happen."""
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    """Rows whose external number was here already."""
    rejected = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    """Further counts, the header and how it was understood: numbers and column names, nothing of any row."""
    trouble = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]


class ImportPart(models.Model):
    """Some rows of an uploaded file, sealed, until they have become tickets; and those that were refused,
    until they have been fetched. A file read at the prompt needs none."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="parts")
    n = models.PositiveIntegerField()
    rows = SealedJson(null=True)
    refused = SealedJson(null=True)
    is_done = models.BooleanField(default=False)

    class Meta:
        ordering = ["batch", "n"]
        constraints = [models.UniqueConstraint(fields=["batch", "n"], name="import_part_once")]
