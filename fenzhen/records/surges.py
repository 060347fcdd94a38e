"""More calls than usual: what rang, how it goes on, who took note, when it was over."""

from django.db import models

from fenzhen.records.directory import Category
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.words import alarm_level_choices


class Surge(models.Model):
    """A town and category, a category, a town or everything (both empty) above its own usual level.

    It rang for the `rung_days` up to `rang_at`, which usually bring `rung_usual` tickets. While it lasts, `people` and `tickets` are of
    the last `days` as they were last counted, and `usual` is what such a time usually brings. `part_of`: most of it are the calls of
    another surge that rang before; nobody is told a second time.
    """

    cell = models.CharField(max_length=40)
    """Codes of town and category, so that one that lasts stands here once."""
    town = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=8, choices=alarm_level_choices)
    since = models.DateTimeField()
    """The beginning of the window in which there were too many."""
    rang_at = models.DateTimeField()
    rung_days = models.FloatField()
    rung_usual = models.FloatField()
    usual_day = models.FloatField()
    days = models.FloatField()
    people = models.PositiveIntegerField()
    tickets = models.PositiveIntegerField()
    most = models.PositiveIntegerField()
    usual = models.FloatField()
    counted_at = models.DateTimeField()
    part_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    seen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    dismissed_why = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-rang_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cell"], condition=models.Q(ended_at__isnull=True), name="surge_once_a_cell"
            )
        ]
        indexes = [models.Index(fields=["cell", "-rang_at"], name="surge_of_cell")]
