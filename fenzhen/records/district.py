"""What differs between districts and is neither a place nor a unit: settings, limits, the calendar."""

from django.db import models

from fenzhen.records.words import day_type_choices, time_unit_choices


class District(models.Model):
    """The one district that this installation serves (row 1)."""

    code = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    is_demo = models.BooleanField(default=False)
    banner = models.CharField(max_length=64, blank=True)
    settings = models.JSONField(default=dict)
    loaded_at = models.DateTimeField(null=True)
    checksum = models.CharField(max_length=64, blank=True)


class Level(models.Model):
    """One level's limits; `confirmed` is false until somebody of the district has said that they are so."""

    level = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=32)
    limit = models.PositiveIntegerField()
    unit = models.CharField(max_length=16, choices=time_unit_choices)
    sign_minutes = models.PositiveIntegerField()
    contact_hours = models.PositiveIntegerField()
    confirmed = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["level"]


class CalendarDay(models.Model):
    """A day that differs from the plain week."""

    date = models.DateField(unique=True)
    day_type = models.CharField(max_length=16, choices=day_type_choices)
    name = models.CharField(max_length=32, blank=True)
    published = models.BooleanField(default=True)

    class Meta:
        ordering = ["date"]
