"""Registers the one app that has tables."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "fenzhen.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "分诊"
