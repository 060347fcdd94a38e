"""Further calls and tickets that belong together: urge, tell, link, unlink. Nobody is swallowed: each caller keeps
their own ticket, acknowledgement and call-back (DOMAIN §2.7)."""

from datetime import datetime

from django.utils.translation import gettext as _

from fenzhen.desk.dispatch import dispatch_ticket, together
from fenzhen.desk.handle import sign_assignment
from fenzhen.desk.intake import Heard, keep_call, receive_ticket, submit_ticket, words_of_call
from fenzhen.desk.step import Incomplete, step, text_hash, verb
from fenzhen.hotline import roles
from fenzhen.hotline.journey import RESTING, WITH_UNITS
from fenzhen.hotline.related import urge_reason
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.links import TicketLink
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import LINKS


@verb
def urge_again(ticket: Ticket, *, by: User, now: datetime, text: str = "", phone: str = "") -> Note:
    """The same person asks where it is: an urge on the open ticket, with what was said, if anything.

    A *phone* other than the ticket's own is sealed with the words. Raises `Incomplete`, `NotOpen` for a ticket
    that rests.
    """
    kept, lifted = words_of_call(ticket, text=text, phone=phone, must=False)
    ticket.refresh_from_db(fields=["urges"])
    entry = step(
        ticket,
        "urge",
        by=by,
        now=now,
        facts={"reason": urge_reason(ticket.urges), "words": text_hash(kept)},
        urges=ticket.urges + 1,
    )
    return keep_call(ticket, lifted, kept, n=entry.n, kind="urge", by=by, now=now)


@verb
def tell_again(ticket: Ticket, *, by: User, now: datetime, text: str, phone: str = "") -> Note:
    """A matter that rests is brought up again without a new fact: the caller was told what is so (*text*), and
    that is logged on the ticket. No order follows. Raises `Incomplete`: no words, or the ticket is still open.
    """
    ticket.refresh_from_db(fields=["state"])
    wrong = {}
    if ticket.state not in RESTING:
        wrong["text"] = _("这张工单还没有办结，请催办或补充情况。")
    kept, lifted = words_of_call(ticket, text=text, phone=phone, wrong=wrong)
    facts = {"words": text_hash(kept), "kind": "told", "reason": "duplicate_no_new_fact"}
    entry = step(ticket, "join_call", by=by, now=now, facts=facts)
    return keep_call(ticket, lifted, kept, n=entry.n, kind="told", by=by, now=now)


@verb
def follow_up(heard: Heard, ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """A new fact about a matter that has a ticket already: a new ticket that names it, handed to the desk."""
    heard.previous = ticket
    fresh = receive_ticket(heard, by=by, now=now)
    link_tickets(fresh, ticket, by=by, now=now, kind="follows")
    return submit_ticket(fresh, by=by, now=now)


@verb
def take_in_beside(heard: Heard, ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """Another person, the same matter: their own ticket, linked to the one that is there."""
    fresh = receive_ticket(heard, by=by, now=now)
    link_tickets(fresh, ticket, by=by, now=now, kind="same_matter")
    return submit_ticket(fresh, by=by, now=now)


@verb
def link_tickets(ticket: Ticket, other: Ticket, *, by: User, now: datetime, kind: str) -> TicketLink:
    """Write down that two tickets have to do with each other; a line in both stories, and nothing moves.

    *kind* is one of `LINKS`; ``joined`` says that one unit's work serves both: it is the desk's to say, and where
    one of them waits and a unit has the other, the waiting one goes to that unit at once (`desk/join.py`). The earlier
    ticket is always the one that is pointed at. Raises `Incomplete`: the same ticket, linked already, no such kind,
    joined by somebody who is not at the desk; and as `dispatch_ticket` does.
    """
    ticket, other = _in_order(ticket, other)
    wrong: dict[str, str] = {}
    if kind not in LINKS:
        wrong["kind"] = _("请选择关联的方式。")
    if ticket.pk == other.pk:
        wrong["number"] = _("不能与自己关联。")
    elif TicketLink.objects.filter(ticket=ticket, other=other).exists():
        wrong["number"] = _("这两张工单已经关联。")
    if kind == "joined" and by.role not in roles.DESK:
        wrong["kind"] = _("并办由派单台决定；请先选“同一件事”。")
    if wrong:
        raise Incomplete(wrong)
    step(ticket, "link", by=by, now=now, facts={"other": other.pk, "kind": kind})
    step(other, "link", by=by, now=now, facts={"other": ticket.pk, "kind": kind})
    link = TicketLink.objects.create(ticket=ticket, other=other, kind=kind, by=by, at=now)
    if kind == "joined":
        for one, another in ((ticket, other), (other, ticket)):
            if one.state == "pending_dispatch" and another.state in WITH_UNITS:
                _follow(one, another, by=by, now=now)
    return link


def _follow(ticket: Ticket, other: Ticket, *, by: User, now: datetime) -> None:
    """The waiting *ticket* to the unit that leads *other*, signed where that is signed."""
    share = (
        Assignment.objects.filter(
            ticket=other, round=other.round, part="lead", state__in=["pending_sign", "signed", "waiting"]
        )
        .select_related("unit")
        .first()
    )
    if share is None:
        return
    births = dispatch_ticket(
        ticket,
        by=by,
        now=now,
        lead=share.unit,
        category=ticket.category or other.category,
        word=together(other),
        along_with=other,
    )
    if share.state != "pending_sign" and births[0].state == "pending_sign":
        sign_assignment(births[0], by=by, now=now, along_with=other)


@verb
def unlink_tickets(ticket: Ticket, other: Ticket, *, by: User, now: datetime) -> str:
    """Take a link back; both stories keep that it was there. Returns its kind, for linking them again. Raises
    `Incomplete` where there is none, or where one is the other's follow-up, which is part of how it was taken in.
    """
    ticket, other = _in_order(ticket, other)
    link = TicketLink.objects.select_for_update().filter(ticket=ticket, other=other).first()
    if link is None:
        raise Incomplete({"number": _("这两张工单没有关联，可能已经取消。")})
    if ticket.previous_id == other.pk:
        raise Incomplete({"number": _("这是后续工单，登记时已写明上一张，不能取消。")})
    step(ticket, "unlink", by=by, now=now, facts={"other": other.pk, "kind": link.kind})
    step(other, "unlink", by=by, now=now, facts={"other": ticket.pk, "kind": link.kind})
    link.delete()
    return str(link.kind)


def _in_order(one: Ticket, another: Ticket) -> tuple[Ticket, Ticket]:
    """The later one first."""
    if (one.received_at, one.pk) < (another.received_at, another.pk):
        return another, one
    return one, another
