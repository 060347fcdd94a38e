"""The journal: history, event and outbox in one. Chained per subject; a sealer gives the global order."""

from django.db import models

from fenzhen.records.people import User


class Entry(models.Model):
    """One act. `subject` is ``ticket:17`` (or ``import:3``, ``person:5`` …), `n` counts up on it.

    `facts` carries ids, codes, times and hashes of texts, never names, phones or words.
    `hash` covers the entry and `previous`, the hash of the entry before it on the same subject.
    `position` and `sealed` come later from the sealer: gap-free, and chained over everything.
    """

    subject = models.CharField(max_length=40)
    n = models.PositiveIntegerField()
    act = models.CharField(max_length=32)
    event = models.CharField(max_length=32)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=32)
    at = models.DateTimeField()
    source = models.CharField(max_length=24, blank=True)
    target = models.CharField(max_length=24, blank=True)
    facts = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    position = models.PositiveBigIntegerField(null=True, unique=True)
    sealed = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["subject", "n"]
        constraints = [models.UniqueConstraint(fields=["subject", "n"], name="entry_chain")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(position__isnull=True), name="entry_unsealed"),
            models.Index(fields=["event", "at"], name="entry_event_at"),
        ]


class SealHead(models.Model):
    """Where the sealer stands (row 1); its row lock lets one sealer work at a time."""

    position = models.PositiveBigIntegerField(default=0)
    sealed = models.CharField(max_length=64, blank=True)


class Cursor(models.Model):
    """How far a reader of the journal has come."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.PositiveBigIntegerField(default=0)
