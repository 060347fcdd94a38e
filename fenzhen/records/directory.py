"""The dispatch directory (派单目录): categories, how people say them, and who is in charge."""

from django.db import models


class Category(models.Model):
    """A leaf of the category tree, 2-2-2 digits."""

    code = models.CharField(max_length=6, unique=True)
    level1 = models.CharField(max_length=64)
    level2 = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    definition = models.TextField(blank=True)
    not_here = models.TextField(blank=True)
    kind_hint = models.CharField(max_length=16, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.level1}/{self.name}"


class Example(models.Model):
    """One way in which callers say what belongs to a category."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="examples")
    text = models.TextField()

    class Meta:
        ordering = ["id"]


class Duty(models.Model):
    """Who is in charge of a category in a territory, since when, on what basis (权责清单)."""

    rule_id = models.CharField(max_length=16, unique=True)
    category = models.CharField(max_length=6, db_index=True)
    territory = models.CharField(max_length=16, blank=True)
    place_type = models.CharField(max_length=16, blank=True)
    lead = models.CharField(max_length=16)
    assist = models.CharField(max_length=128, blank=True)
    level = models.PositiveSmallIntegerField(default=3)
    basis = models.TextField(blank=True)
    basis_doc = models.CharField(max_length=128, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    floor_unit = models.CharField(max_length=16, blank=True)
    not_grassroots = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["rule_id"]
        verbose_name_plural = "duties"
