"""Verbs beside a ticket's way."""
