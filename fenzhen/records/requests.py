"""What somebody asks for beside a ticket's way; somebody else decides."""

from django.db import models

from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import decision_choices, request_kind_choices


class Request(models.Model):
    """An application with its coded reason, and the decision on it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="requests")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16, choices=request_kind_choices)
    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reason_code = models.CharField(max_length=32)
    text = models.TextField(blank=True)
    basis = models.CharField(max_length=255, blank=True)
    """The law or the list that the applicant rests on."""
    evidence = models.TextField(blank=True)
    proposes = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    """Who should have it instead, as the applicant sees it."""
    until = models.DateTimeField(null=True)
    """The date that an extension asks for."""
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=12, blank=True, choices=decision_choices)
    decision_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                condition=models.Q(decision="", kind="void"),
                name="request_one_open_void",
            ),
            models.UniqueConstraint(
                fields=["assignment", "kind"],
                condition=models.Q(decision="") & ~models.Q(kind="void"),
                name="request_one_open_of_a_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["decision", "kind", "asked_at"], name="request_open"),
            models.Index(fields=["decided_at"], name="request_decided"),
        ]
