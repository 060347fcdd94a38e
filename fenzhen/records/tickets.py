"""Tickets and who called."""

from django.db import models
from django.db.models import F, Q

from fenzhen.records.directory import Category
from fenzhen.records.imports import ImportBatch
from fenzhen.records.keys import SealedText
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.units import Unit
from fenzhen.records.words import (
    channel_choices,
    city_mode_choices,
    kind_choices,
    satisfied_choices,
    solved_choices,
    ticket_state_choices,
)


class Caller(models.Model):
    """A person or a company that called. Everything that says who it is, is sealed; the keyed indexes find
    a whole phone number, its last four digits, a full name, or an account of another system."""

    name = SealedText(blank=True, default="")
    name_index = models.CharField(max_length=40, blank=True, db_index=True)
    phone = SealedText(blank=True, default="")
    phone_index = models.CharField(max_length=40, blank=True, db_index=True)
    tail_index = models.CharField(max_length=40, blank=True, db_index=True)
    account = SealedText(blank=True, default="")
    account_index = models.CharField(max_length=40, blank=True, db_index=True)
    created_at = models.DateTimeField()


class NumberSeries(models.Model):
    """The last number given on a day; a row lock hands numbers out once, however many desks there are."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)


class Ticket(models.Model):
    """What one caller wants (工单)."""

    number = models.CharField(max_length=24, unique=True)
    source = models.CharField(max_length=24, default="hotline")
    external_no = models.CharField(max_length=64, null=True, blank=True)
    batch = models.ForeignKey(ImportBatch, null=True, on_delete=models.PROTECT, related_name="tickets")
    is_history = models.BooleanField(default=False)

    state = models.CharField(max_length=24, choices=ticket_state_choices)
    version = models.PositiveIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)

    kind = models.CharField(max_length=16, choices=kind_choices, default="help")
    channel = models.CharField(max_length=16, choices=channel_choices, default="phone")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    is_secret = models.BooleanField(default=False)
    is_report = models.BooleanField(default=False)
    caller = models.ForeignKey(Caller, null=True, on_delete=models.PROTECT, related_name="tickets")
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followers")

    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    town = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    place_text = models.CharField(max_length=255, blank=True)
    place_now = models.CharField(max_length=255, blank=True)
    """Where the caller is now, where that is not where the matter is."""

    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    city_category = models.CharField(max_length=128, blank=True)
    level = models.PositiveSmallIntegerField(default=3)
    lead_unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="led")

    received_at = models.DateTimeField()
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    city_received_at = models.DateTimeField(null=True)
    city_deadline = models.DateTimeField(null=True)
    own_deadline = models.DateTimeField(null=True)
    triage_due = models.DateTimeField(null=True)
    callback_due = models.DateTimeField(null=True)
    consult_due = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    held_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    held_until = models.DateTimeField(null=True)

    city_mode = models.CharField(max_length=8, choices=city_mode_choices, blank=True)
    """`direct`: the city gave it to a unit itself and the district watches; `district`: ours to dispatch."""
    city_state = models.CharField(max_length=32, blank=True)
    city_row = models.CharField(max_length=64, blank=True)
    """Fingerprint of the city's row as it was last seen, so that a changed one is noticed."""
    city_changed_at = models.DateTimeField(null=True)
    """When the city last changed the row that was seen last: an older state never overwrites a newer one."""
    city_unit = models.CharField(max_length=64, blank=True)
    """The unit that the city gave a direct order to, in the city's words."""
    designated = models.BooleanField(default=False)
    """The unit was designated after a dispute: it may not return the ticket again."""
    returns = models.PositiveSmallIntegerField(default=0)
    extensions = models.PositiveSmallIntegerField(default=0)
    urges = models.PositiveSmallIntegerField(default=0)

    reason_code = models.CharField(max_length=32, blank=True)
    """Why it was redirected, withdrawn or voided."""
    answer = models.TextField(blank=True)
    """What the caller was told on the spot."""

    first_solved = models.CharField(max_length=12, choices=solved_choices, blank=True)
    first_satisfied = models.CharField(max_length=12, choices=satisfied_choices, blank=True)
    final_solved = models.CharField(max_length=12, choices=solved_choices, blank=True)
    final_satisfied = models.CharField(max_length=12, choices=satisfied_choices, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_no"],
                name="ticket_external_once",
                condition=Q(external_no__isnull=False),
            ),
            models.CheckConstraint(condition=Q(level__gte=1) & Q(level__lte=4), name="ticket_level_1_to_4"),
        ]
        indexes = [
            models.Index(fields=["state", "level", "received_at"], name="ticket_queue"),
            models.Index(F("received_at").desc(), F("id").desc(), name="ticket_newest"),
            models.Index(fields=["town", "category", "received_at"], name="ticket_town_category"),
            models.Index(fields=["state", "own_deadline"], name="ticket_deadline"),
            models.Index(
                F("received_at").desc(), F("id").desc(), name="ticket_urged", condition=Q(urges__gt=0)
            ),
            models.Index(
                fields=["city_deadline"], name="ticket_city_clock", condition=Q(city_deadline__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number


class SealedNumber(models.Model):
    """A phone, identity or card number that stood in a ticket's words; its mark stands there now."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="sealed_numbers")
    mark = models.CharField(max_length=24)
    kind = models.CharField(max_length=16)
    value = SealedText()
    value_index = models.CharField(max_length=40, db_index=True)
    tail_index = models.CharField(max_length=40, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "mark"], name="sealed_mark_once")]
