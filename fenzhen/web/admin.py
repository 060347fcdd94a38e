"""The reference lists, for the administrator: the one place in web that meets the records."""

from django.contrib.admin import AdminSite

lists = AdminSite(name="admin")
