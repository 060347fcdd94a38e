"""Tickets that belong together while each caller keeps their own."""

from django.db import models

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import link_choices


class TicketLink(models.Model):
    """*ticket* has to do with *other*, the earlier one."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links_out")
    other = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links_in")
    kind = models.CharField(max_length=16, choices=link_choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "other"], name="link_once")]
