"""What the adviser thought, what people decided, what was right in the end, and what is promised from that.

Only ids, codes, numbers and hashes stand here; the words stay with the ticket.
"""

from django.db import models
from django.db.models import Q

from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import audit_reason_choices, model_end_choices, truth_source_choices


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


class LearnedModel(models.Model):
    """A model that learned from decided tickets. Its file lies in `data/models`; at most one is in use."""

    version = models.CharField(max_length=16, unique=True)
    checksum = models.CharField(max_length=64)
    file = models.CharField(max_length=64)
    """The file's name, without a folder."""
    trained_at = models.DateTimeField()
    trained_to = models.DateTimeField(null=True)
    """It learned from tickets received up to then; only later ones may be used for a certificate."""
    share = models.FloatField(default=0.5)
    """How much its word counts beside what the lists say."""
    figures = models.JSONField(default=dict)
    """How it did on later tickets, and the adviser before it on the same."""
    in_use = models.BooleanField(default=False)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=16, blank=True, choices=model_end_choices)

    class Meta:
        ordering = ["-trained_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["in_use"], condition=Q(in_use=True), name="model_one_in_use"),
        ]


class Decision(models.Model):
    """One dispatch: what was advised and what was decided. `n` is its entry in the ticket's journal."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="decisions")
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    automatic = models.BooleanField(default=False)
    afterwards = models.BooleanField(default=False)
    """The adviser was asked only when all was over (a past that was filed, a time before it)."""
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField(null=True)
    words = models.CharField(max_length=16, blank=True)
    """Hash of the words that were advised on."""
    adviser = models.CharField(max_length=64, blank=True)
    group = models.CharField(max_length=6, blank=True)
    """First level of the advised category."""
    category = models.CharField(max_length=6, blank=True)
    advised = models.CharField(max_length=16, blank=True)
    confidence = models.FloatField(null=True)
    why = models.JSONField(default=list)
    """Why it did not go by itself: codes of hotline.automatic."""
    grace_until = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # What the adviser in use says of the same words today; a certificate is drawn from that.
    now_adviser = models.CharField(max_length=64, blank=True)
    now_group = models.CharField(max_length=6, blank=True)
    now_advised = models.CharField(max_length=16, blank=True)
    now_confidence = models.FloatField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "n"], name="decision_once")]
        indexes = [
            models.Index(fields=["now_group", "now_adviser"], name="decision_group"),
            models.Index(fields=["automatic", "-at"], name="decision_automatic"),
            models.Index(fields=["-at"], name="decision_newest"),
        ]


class Truth(models.Model):
    """Which unit was the right one in the end, and how that is known; the strongest source counts."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="truth")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=12, choices=truth_source_choices)
    had_it = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    """The unit that had it last, where that is known: an audit may say otherwise."""
    first = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    """The unit that it was first sent to."""
    returns = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    """The ticket's, for cutting by time."""

    class Meta:
        indexes = [
            models.Index(fields=["source", "received_at"], name="truth_source"),
            models.Index(fields=["received_at"], name="truth_time"),
        ]


class Audit(models.Model):
    """A decision that is judged once more by somebody who is not shown it."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="audit")
    drawn_at = models.DateTimeField()
    why = models.CharField(max_length=12, choices=audit_reason_choices)
    auditor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(null=True)
    verdict = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    unclear = models.BooleanField(default=False)
    """The auditor could not tell; counts for nothing."""

    class Meta:
        ordering = ["drawn_at", "id"]
        indexes = [models.Index(fields=["judged_at", "drawn_at"], name="audit_open")]


class Certified(models.Model):
    """One calibration for one category: what may be promised, and what of δ it cost."""

    group = models.CharField(max_length=6)
    adviser = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    alpha = models.FloatField()
    delta = models.FloatField()
    number = models.PositiveIntegerField()
    """The k-th calibration of this category; each may spend less of δ than the one before."""
    delta_spent = models.FloatField()
    """The share of δ that this one was reckoned at."""
    way = models.CharField(max_length=12, choices=truth_source_choices)
    threshold = models.FloatField(null=True)
    cases = models.PositiveIntegerField()
    automatic = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    wrong_at_most = models.FloatField()
    missing = models.PositiveIntegerField()
    doubt = models.FloatField(default=0.0)
    curve = models.JSONField(default=list)
    """Confidence → chance of being wrong on the cases of that day: slope and shift (advisor.automation.Curve)."""

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["group", "-made_at"], name="certified_newest")]


class CertifiedPart(models.Model):
    """What a calibration promises for one group of units. `threshold` of the whole is the lowest of its parts; where
    there are no parts (calibrations before there were groups) it holds for all units."""

    certified = models.ForeignKey(Certified, on_delete=models.CASCADE, related_name="parts")
    units = models.CharField(max_length=24)
    """A kind of units (grassroots, bureau, enterprise), or ``unit:`` and a code."""
    delta_spent = models.FloatField()
    way = models.CharField(max_length=12, choices=truth_source_choices)
    threshold = models.FloatField(null=True)
    cases = models.PositiveIntegerField()
    automatic = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    wrong_at_most = models.FloatField()
    missing = models.PositiveIntegerField()
    doubt = models.FloatField(default=0.0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["certified", "units"], name="certified_part_once")]


class Automation(models.Model):
    """What the chief has switched on for one category."""

    group = models.CharField(max_length=6, unique=True)
    alpha = models.FloatField(default=0.03)
    delta = models.FloatField(default=0.05)
    is_on = models.BooleanField(default=False)
    calibrations = models.PositiveIntegerField(default=0)
    certified = models.ForeignKey(Certified, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    watch = models.JSONField(default=dict)
    """State of the watch over audited automatic dispatches since it was last switched on."""
    lowered_at = models.DateTimeField(null=True)
    """An alarm has switched it off; the chief has to look before it goes on again."""
    cases_from = models.DateTimeField(null=True)
    """After an alarm only tickets received from then on prove anything."""


class DayPlan(models.Model):
    """How sure the adviser has to be today for each unit, reckoned from returns, audits and people's decisions up to
    midnight; never below what is certified. One for each α that is promised anywhere. From the other records it can be reckoned
    again (`digest` is of what went in)."""

    day = models.DateField()
    alpha = models.FloatField()
    made_at = models.DateTimeField()
    adviser = models.CharField(max_length=64)
    curve = models.JSONField(default=list)
    cutoff = models.FloatField()
    """The greatest chance of being wrong that goes today."""
    shift = models.FloatField()
    """How far the odds of being wrong have moved (log)."""
    held = models.JSONField(default=dict)
    """Unit → share of its tickets thought newly wrong."""
    look_first = models.JSONField(default=list)
    codes = models.JSONField(default=list)
    expected_wrong = models.FloatField()
    coverage = models.FloatField()
    """Of the last ten days' tickets of categories that are on: share that goes by this plan…"""
    certified_coverage = models.FloatField()
    """…and share that would go by the certificates alone."""
    seen = models.JSONField(default=dict)
    """How many decisions, returns, audits it rests on."""
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-day", "alpha"]
        constraints = [models.UniqueConstraint(fields=["day", "alpha"], name="day_plan_once")]


class DriftAlarm(models.Model):
    """More automatic dispatches were found wrong than was promised."""

    group = models.CharField(max_length=6)
    at = models.DateTimeField()
    alpha = models.FloatField()
    cases = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    low = models.FloatField()
    """So large a share is wrong at least."""
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]


class Trial(models.Model):
    """「用我们自己的历史试一试」: an export that the adviser is tried on. The file lies sealed until it has been reckoned, then
    it is gone; the result holds figures and names of units."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    file_name = models.CharField(max_length=255)
    rows = models.PositiveIntegerField(default=0)
    facts = models.JSONField(default=dict)
    """Which columns, α, δ."""
    content = models.BinaryField(null=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    """The reckoning's last sign of life."""
    step = models.CharField(max_length=64, blank=True)
    share = models.FloatField(default=0.0)
    done_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=255, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        ordering = ["-asked_at", "-id"]
