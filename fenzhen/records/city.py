"""What goes between the district and the city's platform."""

from django.db import models

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import city_word_choices


class CityWord(models.Model):
    """Something the city must be told of an order of its own: a result, or a request to return, extend or
    exclude it. `told_at` stays empty until it went out in a file or somebody ticked that it was typed in.

    One word of a kind goes out once a round: `once` is unique.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="city_words")
    kind = models.CharField(max_length=16, choices=city_word_choices)
    once = models.CharField(max_length=64, unique=True)
    fields = models.JSONField(default=dict)
    """What goes into the city's columns: codes and texts whose numbers were lifted out, never a caller."""
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=8, blank=True)
    """`file` or `typed`."""
    batch = models.CharField(max_length=40, blank=True, db_index=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["told_at", "made_at"], name="city_word_untold")]
