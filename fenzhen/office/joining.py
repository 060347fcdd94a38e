"""A caller who means an event that is known: their own ticket, and it belongs to the event from the beginning."""

from datetime import datetime

from fenzhen.desk.intake import Heard
from fenzhen.desk.link import take_in_beside
from fenzhen.desk.step import verb
from fenzhen.office.events import put_tickets
from fenzhen.records.events import Event
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket


@verb
def take_in_to_event(heard: Heard, event: Event, beside: Ticket, *, by: User, now: datetime) -> Ticket:
    """Register the call as a ticket of its own, linked to *beside*, one of the event's, and put it into the event.

    Raises `Incomplete`; then nothing is registered.
    """
    fresh = take_in_beside(heard, beside, by=by, now=now)
    put_tickets(event, [fresh], by=by, now=now)
    return fresh
