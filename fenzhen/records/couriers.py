"""How people and units are reached outside the page, and what became of each message."""

from django.db import models
from django.db.models import Q

from fenzhen.records.keys import SealedText
from fenzhen.records.notices import Notice
from fenzhen.records.people import User
from fenzhen.records.units import Unit
from fenzhen.records.words import courier_choices, delivery_choices


class ContactWay(models.Model):
    """An address of a person or of a unit's group chat; sealed, because it may be a private number."""

    person = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="contact_ways"
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.CASCADE, related_name="contact_ways"
    )
    courier = models.CharField(max_length=16, choices=courier_choices)
    address = SealedText()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, unit__isnull=True)
                | Q(person__isnull=True, unit__isnull=False),
                name="contact_way_of_one",
            )
        ]


class Delivery(models.Model):
    """One message to one address, once: retries are dates on this row, nobody is told twice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    way = models.ForeignKey(ContactWay, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=12, choices=delivery_choices)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["notice", "way"], name="delivery_once")]
        indexes = [models.Index(fields=["state", "next_try_at"], name="delivery_due")]
