"""Phoning afterwards: was it solved, are you satisfied, how did the voice sound?"""

from django.db import models

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import (
    attempt_choices,
    emotion_choices,
    risk_choices,
    satisfied_choices,
    solved_choices,
)


class CallBack(models.Model):
    """The call-back after one round. First and final answers stay apart: a second round hides nothing."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="callbacks")
    round = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    appointment = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, blank=True)
    """`closed`, `rehandled` or `unreached`; empty while it is still to do."""
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    contacted = models.BooleanField(null=True)
    solved = models.CharField(max_length=12, choices=solved_choices, blank=True)
    satisfied = models.CharField(max_length=12, choices=satisfied_choices, blank=True)
    is_true = models.BooleanField(null=True)
    reason_code = models.CharField(max_length=32, blank=True)
    words = models.TextField(blank=True)
    emotion = models.CharField(max_length=12, choices=emotion_choices, blank=True)
    risk = models.CharField(max_length=12, choices=risk_choices, blank=True)
    vulnerable = models.JSONField(default=list)
    place_now = models.CharField(max_length=255, blank=True)
    contradiction = models.BooleanField(default=False)
    """The unit said solved, the person says not."""

    class Meta:
        ordering = ["ticket", "round"]
        constraints = [models.UniqueConstraint(fields=["ticket", "round"], name="callback_once_a_round")]
        indexes = [
            models.Index(fields=["outcome", "due_at"], name="callback_due"),
            models.Index(fields=["done_at"], name="callback_done"),
        ]


class Attempt(models.Model):
    """One try to reach the person."""

    callback = models.ForeignKey(CallBack, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=attempt_choices)
    channel = models.CharField(max_length=16, default="phone")

    class Meta:
        ordering = ["id"]
