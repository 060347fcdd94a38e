"""Forms that were already sent: the same form does not act twice."""

from django.db import models

from fenzhen.records.people import User


class OnceToken(models.Model):
    """One rendering of a form. The row is written in the same transaction as what the form did, so that the
    uniqueness of `token` decides who was first, on SQLite and PostgreSQL alike."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64, unique=True)
    result_url = models.CharField(max_length=255, blank=True)
    """Where the first sending led: ids only."""
    at = models.DateTimeField(db_index=True)
