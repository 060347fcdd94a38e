"""Filters that somebody keeps for a list."""

from django.db import models

from fenzhen.records.keys import SealedJson
from fenzhen.records.people import User


class SavedFilter(models.Model):
    """A named filter of one person for one page. Sealed, because somebody may keep a name in it."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="filters")
    page = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    fields = SealedJson()
    at = models.DateTimeField()

    class Meta:
        ordering = ["page", "name"]
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="filter_once")]
