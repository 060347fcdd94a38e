"""Events: many tickets that are one matter, what people said about them, and how they are handled together.

The spotter's own memory is not kept: it is reckoned again from the tickets and from `EventWord`, in their order, and comes out the
same. What is kept here is what people look at and act on. A ticket stays its caller's own; membership is a row beside it.
"""

from django.db import models

from fenzhen.records.directory import Category
from fenzhen.records.keys import SealedText
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import (
    alarm_level_choices,
    event_state_choices,
    joined_how_choices,
    party_part_choices,
    wave_state_choices,
    wave_way_choices,
    whistle_choices,
)


class Event(models.Model):
    """One matter that several people call about. `key` is the spotter's name for it."""

    key = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=event_state_choices, default="watched")
    level = models.CharField(max_length=8, choices=alarm_level_choices, blank=True)
    """The highest colour it has reached; empty before any alarm."""
    people = models.PositiveIntegerField(default=0)
    tickets = models.PositiveIntegerField(default=0)
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    town = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    place_text = models.CharField(max_length=120, blank=True)
    """What callers call the place, where it is not in the list."""
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    alerted_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=255, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-last_at", "-id"]
        indexes = [
            models.Index(fields=["state", "-last_at"], name="event_live"),
            models.Index(fields=["place", "state"], name="event_place"),
        ]

    def __str__(self) -> str:
        return self.title


class EventTicket(models.Model):
    """A ticket that belongs to an event now. A ticket is in one event at most."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="members")
    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="in_event")
    how = models.CharField(max_length=8, choices=joined_how_choices, default="near")
    chance = models.FloatField(default=1.0)
    nearest = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]


class EventWord(models.Model):
    """A person's word on events, which the spotter obeys from then on. Never changed; a later word outweighs it.

    `after` is the last ticket the spotter had seen: reckoned again, the word is said at the same moment.
    """

    kind = models.CharField(max_length=8)
    """``merge`` (keys of two events), ``apart`` (tickets leave their event together), ``put`` (a ticket into an event)."""
    event = models.CharField(max_length=64, blank=True)
    other = models.CharField(max_length=64, blank=True)
    tickets = models.JSONField(default=list)
    after = models.PositiveBigIntegerField(default=0)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class EventAlert(models.Model):
    """One alarm: an event reached a colour, a town has more of a category than usual, or everything has."""

    event = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=8, default="event")
    level = models.CharField(max_length=8, choices=alarm_level_choices)
    at = models.DateTimeField()
    people = models.PositiveIntegerField()
    tickets = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    place_text = models.CharField(max_length=120, blank=True)
    last_ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=64, blank=True)
    seen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "level"], condition=models.Q(event__isnull=False), name="alert_once_a_colour"
            )
        ]


class JointCase(models.Model):
    """Joint handling (会办, 吹哨) of one event: who leads, who helps, until every household has its answer."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="case")
    number = models.CharField(max_length=24, unique=True)
    whistle = models.CharField(max_length=16, choices=whistle_choices)
    lead_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    master = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="leads_case")
    """The ticket whose assignment serves all; every other caller keeps their own."""
    called_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    due = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-called_at", "-id"]


class JointParty(models.Model):
    """Who sits at the table: a unit, or somebody outside (a developer), with the reason."""

    case = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="parties")
    part = models.CharField(max_length=8, choices=party_part_choices)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    outside = models.CharField(max_length=120, blank=True)
    contact = SealedText(blank=True, default="")
    why = models.CharField(max_length=255, blank=True)
    invited_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    report = models.TextField(blank=True)
    reported_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class JointMeeting(models.Model):
    """A meeting of the case and its minutes."""

    case = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="meetings")
    at = models.DateTimeField()
    where = models.CharField(max_length=120, blank=True)
    minutes = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]


class JointDecision(models.Model):
    """What was decided, who owes it, and until when."""

    case = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="decisions")
    meeting = models.ForeignKey(JointMeeting, null=True, on_delete=models.PROTECT, related_name="decisions")
    text = models.TextField()
    party = models.ForeignKey(JointParty, on_delete=models.PROTECT, related_name="owes")
    due = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["due", "id"]


class CaseMaterial(models.Model):
    """A paper of the case (a plan, a contract, a photo), kept sealed on disk like a ticket's attachment."""

    case = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="materials")
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=128)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Household(models.Model):
    """One door of the event, from a call or found on a visit, on its way to "content"."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="households")
    door = SealedText()
    """Building, unit and room: personal data."""
    door_index = models.CharField(max_length=40, db_index=True)
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="households")
    """The caller's ticket; none where the household never called and was found on a visit."""
    phone = SealedText(blank=True, default="")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    visited_at = models.DateTimeField(null=True)
    mediated_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)
    called_back_at = models.DateTimeField(null=True)
    is_content = models.BooleanField(null=True)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["event", "door_index"], name="household_door_once")]


class Wave(models.Model):
    """One message to all who are affected, in the approved wording."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="waves")
    text = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    sms_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    """Who said that it goes out by SMS, the last time."""
    sms_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]


class WavePerson(models.Model):
    """One person of a wave: how they are told, and whether they were."""

    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="people")
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(Household, null=True, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=8, choices=wave_way_choices)
    state = models.CharField(max_length=8, choices=wave_state_choices, default="waiting")
    at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=255, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    """How often an SMS was handed to the gateway, or tried to be."""
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    """The SMS was taken by the gateway: nobody gets it a second time."""
    trouble = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=("queued", "sending")),
                name="wave_sms_due",
            )
        ]


class SpecialReport(models.Model):
    """A special report (专报) to the district: drafted from the event's facts, edited and signed by a person."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="reports")
    number = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120)
    sections = models.JSONField(default=dict)
    """Section → text: situation, numbers, words, responsible, done, risk, proposal."""
    facts = models.JSONField(default=dict)
    """The figures it was drafted from, with the moment they were counted."""
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]


class Instruction(models.Model):
    """A leader's instruction (批示) on a report: from then on a supervised task with an owner and a date."""

    report = models.ForeignKey(SpecialReport, on_delete=models.PROTECT, related_name="instructions")
    text = models.TextField()
    leader = models.CharField(max_length=64)
    """Who gave it, as it is written on the paper."""
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    due = models.DateTimeField()
    given_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["due", "id"]
