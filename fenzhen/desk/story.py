"""What may be done to a ticket at any time without moving it: add a note, show who called and say why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, note_act, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.privacy import Sight
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.journal import Entry
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.tickets import SealedNumber, Ticket


@verb
def add_note(ticket: Ticket, *, by: User, now: datetime, text: str) -> Note:
    """A line for the story."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    if not kept:
        raise Incomplete({"text": _("请写下备注内容。")})
    entry = step(ticket, "note", by=by, now=now, facts={"words": text_hash(kept)})
    return Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="note", text=kept)


@dataclass(frozen=True, slots=True)
class Revealed:
    """Who called, in clear, and the numbers that stood in the words, by their marks."""

    name: str
    phone: str
    account: str
    numbers: dict[str, str]


@verb
def reveal_caller(ticket: Ticket, *, by: User, now: datetime, why: str) -> Revealed:
    """Show a masked caller. The reason is obligatory and stands in the journal for whoever asks who looked.

    Raises `NotYours` where the role may not (a unit never sees a secret caller or a reporter), `Incomplete`
    without a reason.
    """
    same = bool(
        by.unit_id
        and Assignment.objects.filter(ticket=ticket, unit_id=by.unit_id).exclude(state="recalled").exists()
    )
    if (
        privacy.sight(by.role, same_unit=same, is_secret=ticket.is_secret, is_report=ticket.is_report)
        < Sight.MASKED
    ):
        raise NotYours
    why = privacy.lift_numbers(privacy.clean_text(why))[0][:200]
    if len(why) < 2:
        raise Incomplete({"why": _("请写明查看的原因,它会记入日志。")})
    entry = step(ticket, "reveal", by=by, now=now, facts={"why": text_hash(why)})
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="reveal", text=why)
    caller = ticket.caller
    return Revealed(
        caller.name if caller else "",
        caller.phone if caller else "",
        caller.account if caller else "",
        {row.mark: row.value for row in SealedNumber.objects.filter(ticket=ticket)},
    )


#: The same look-up again within this time (a page that was drawn again, a figure typed twice) is one entry.
SAME_LOOK = timedelta(minutes=10)


@verb
def record_lookup(*, by: User, now: datetime, what: str, value: str, found: int) -> Entry | None:
    """Write down that *by* looked for a person: *what* is ``phone``, ``tail`` (last four digits) or ``name``.

    The journal keeps the keyed fingerprint under which the person's own row stands, so that "who looked for
    this caller?" can be answered, and nothing can be read from it. None where the same look was just written
    down. Raises `NotYours` for roles that may not look for people.
    """
    if by.role not in roles.CENTRE:
        raise NotYours
    subject, of = f"person:{by.pk}", blind_index(value, what)
    User.objects.select_for_update().get(pk=by.pk)  # one after the other, so that n stays free of gaps
    recent = Entry.objects.filter(subject=subject, act="look_up", at__gt=now - SAME_LOOK)
    if any(entry.facts.get("of") == of for entry in recent):
        return None
    return note_act(subject, "look_up", by=by, now=now, facts={"what": what, "of": of, "found": found})
