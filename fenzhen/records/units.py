"""Bureaus, towns and companies that handle what callers want."""

from django.db import models

from fenzhen.records.words import line_choices, unit_kind_choices


class Unit(models.Model):
    """A unit that tickets are dispatched to (承办单位)."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=128)
    short_name = models.CharField(max_length=64)
    aliases = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=unit_kind_choices)
    line = models.CharField(max_length=16, choices=line_choices)
    territory = models.CharField(max_length=16, blank=True)
    duties = models.TextField(blank=True)
    note = models.TextField(blank=True)
    pinyin = models.CharField(max_length=255, blank=True)
    """Full pinyin and initials of its names, for choosing it by two letters."""
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.short_name or self.name
