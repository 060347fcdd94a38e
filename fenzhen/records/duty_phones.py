"""Whom to phone at a unit, by day, by night and on holidays."""

from django.db import models

from fenzhen.records.units import Unit
from fenzhen.records.words import duty_time_choices


class DutyPhone(models.Model):
    """A unit's duty telephone: an office's number, not a private person's."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="duty_phones")
    time = models.CharField(max_length=8, choices=duty_time_choices)
    phone = models.CharField(max_length=32)
    name = models.CharField(max_length=64, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["unit", "time", "-valid_from", "id"]
