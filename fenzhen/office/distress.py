"""Somebody on the phone may hurt themselves or be hurt: the shift lead knows at once, before the form is sent."""

from datetime import datetime

from fenzhen.desk.step import step, verb
from fenzhen.hotline import roles
from fenzhen.hotline.callback import URGENT_RISKS
from fenzhen.office.notices import tell
from fenzhen.records.callbacks import CallBack
from fenzhen.records.journal import Entry
from fenzhen.records.people import User


@verb
def report_risk(callback: CallBack, *, by: User, now: datetime, risk: str) -> bool:
    """Call the shift leads and the chief, urgently and once per call-back and risk; the story keeps it.

    False where nothing was to do: no such danger, or told already.
    """
    if risk not in URGENT_RISKS:
        return False
    subject = f"ticket:{callback.ticket_id}"
    if Entry.objects.filter(
        subject=subject, act="note", facts__risk=risk, facts__callback=callback.pk
    ).exists():
        return False
    step(callback.ticket, "note", by=by, now=now, facts={"risk": risk, "callback": callback.pk})
    for person in User.objects.filter(is_active=True, role__in=roles.CHIEFS).exclude(pk=by.pk):
        tell(
            person,
            f"risk_{risk}",
            once=f"risk:{callback.pk}:{risk}",
            now=now,
            ticket=callback.ticket,
            urgent=True,
            facts={"callback": callback.pk},
        )
    return True
