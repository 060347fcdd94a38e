"""Names of places that callers use and the list does not know, and what a person said of each."""

from django.db import models

from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import unseen_state_choices


class UnseenName(models.Model):
    """A name as callers say it. `place` is the one it was written to, as a new row or as an alias of it."""

    name = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=unseen_state_choices, default="waiting")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-last_at", "-id"]
        indexes = [models.Index(fields=["state", "-last_at"], name="unseen_waiting")]

    def __str__(self) -> str:
        return self.name


class UnseenMention(models.Model):
    """A ticket that uses the name."""

    name = models.ForeignKey(UnseenName, on_delete=models.CASCADE, related_name="mentions")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["name", "ticket"], name="unseen_once_a_ticket")]
