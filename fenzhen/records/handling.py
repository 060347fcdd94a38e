"""What units are given, do, and answer."""

from django.db import models
from django.db.models import Q

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import assignment_state_choices, part_choices, solved_choices


class Assignment(models.Model):
    """One unit's share of a ticket in one round (承办)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="assignments")
    round = models.PositiveSmallIntegerField(default=1)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="assignments")
    part = models.CharField(max_length=8, choices=part_choices)
    state = models.CharField(max_length=24, choices=assignment_state_choices)
    level = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=16, blank=True)
    """The duty rule it rests on, where there was one."""
    word = models.TextField(blank=True)
    """What the desk tells the unit."""
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sign_due = models.DateTimeField()
    handle_due = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["ticket", "round", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "round", "unit"],
                condition=~Q(state__in=["recalled", "returned", "ended"]),
                name="assignment_unit_once_a_round",
            ),
            models.UniqueConstraint(
                fields=["ticket", "round"],
                condition=Q(part="lead") & ~Q(state__in=["recalled", "returned", "ended"]),
                name="assignment_one_lead_a_round",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "state", "handle_due"], name="assignment_unit_queue"),
            models.Index(fields=["state", "sign_due"], name="assignment_sign_due"),
        ]


class Reply(models.Model):
    """What a unit says it did; internal and public words apart. Review's verdict stays with it."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="replies")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    contacted = models.BooleanField()
    contact_at = models.DateTimeField(null=True)
    contact_how = models.CharField(max_length=64, blank=True)
    is_true = models.BooleanField(default=True)
    solved_claim = models.CharField(max_length=12, choices=solved_choices)
    unsolved_reason = models.CharField(max_length=255, blank=True)
    internal_text = models.TextField()
    public_text = models.TextField()
    verdict = models.CharField(max_length=12, blank=True)
    verdict_reasons = models.JSONField(default=list)
    verdict_text = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["reviewed_by", "reviewed_at"], name="reply_reviewed")]


class Note(models.Model):
    """Words that someone added to a ticket's story; `n` is the journal entry they belong to."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="notes")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="notes")
    n = models.PositiveIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    text = models.TextField()

    class Meta:
        ordering = ["ticket", "n"]
        constraints = [models.UniqueConstraint(fields=["ticket", "n", "kind"], name="note_once_per_entry")]
        indexes = [models.Index(fields=["kind", "at"], name="note_kind")]
