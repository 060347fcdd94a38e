"""Towns, communities, villages, estates, roads and landmarks."""

from django.db import models


class Place(models.Model):
    """One place of the gazetteer; `town` is the code of the town or sub-district it lies in."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=16)
    parent = models.CharField(max_length=16, blank=True)
    town = models.CharField(max_length=16, blank=True, db_index=True)
    aliases = models.TextField(blank=True)
    run_by = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
