"""Registers templates, static files and template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "fenzhen.web"
    label = "web"
    verbose_name = "分诊"
