"""What the adviser thought of a ticket, kept beside what people decided."""

from django.db import models

from fenzhen.records.tickets import Ticket


class Advice(models.Model):
    """One advice. `units`, `categories`, `signals`, `words` and `place` hold codes, numbers and spans
    (positions in the text), never the text itself."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="advice")
    made_at = models.DateTimeField()
    adviser = models.CharField(max_length=64)
    """Checksum of the lists and the model that it came from."""
    categories = models.JSONField(default=list)
    units = models.JSONField(default=list)
    place = models.JSONField(default=dict)
    signals = models.JSONField(default=list)
    words = models.JSONField(default=list)
    level = models.PositiveSmallIntegerField(default=3)
    redirect = models.CharField(max_length=8, blank=True)
    chosen_rank = models.PositiveSmallIntegerField(null=True)
    """Which advice the dispatcher took: 1-3, 0 for another unit, empty while undecided."""
