"""What a unit passes on to a section, a community or a village: with an earlier time and without the caller."""

from django.db import models

from fenzhen.records.handling import Assignment
from fenzhen.records.people import User


class Errand(models.Model):
    """A task within a unit. The unit stays responsible; its clock is not touched."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="errands")
    to_name = models.CharField(max_length=64)
    to_person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="errands")
    word = models.TextField(blank=True)
    due = models.DateTimeField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["done_at", "due"], name="errand_open")]
