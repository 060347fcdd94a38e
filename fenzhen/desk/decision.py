"""Keeping what was decided beside what was advised, and drawing some of it for a blind audit."""

from collections.abc import Sequence
from datetime import datetime
from secrets import SystemRandom

from fenzhen.board.automatic import first_advised, group_of
from fenzhen.desk.step import text_hash
from fenzhen.records.advice import Advice, Audit, Decision
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: So large a share of all dispatches is judged once more by somebody who is not shown them.
AUDIT_SHARE = 0.03
_draw = SystemRandom()


def note_decision(
    ticket: Ticket,
    lead: Unit,
    *,
    by: User,
    now: datetime,
    n: int,
    rank: int | None = None,
    automatic: bool = False,
    why: Sequence[str] = (),
    grace_until: datetime | None = None,
) -> Decision:
    """Keep a dispatch (entry *n* of the journal) with the advice that stood beside it; maybe draw it for an audit.

    What a consultation ruled is not drawn: it is known already. The draw hangs on nothing, least of all on who
    decided or how sure the adviser was.
    """
    advice = Advice.objects.filter(ticket=ticket).first()
    item = first_advised(advice)
    row = Decision.objects.create(
        ticket=ticket,
        n=n,
        at=now,
        by=by,
        automatic=automatic,
        unit=lead,
        rank=rank,
        words=text_hash(f"{ticket.title}\n{ticket.body}"),
        adviser=advice.adviser if advice else "",
        group=group_of(item.category),
        category=item.category,
        advised=item.unit,
        confidence=item.confidence if advice else None,
        why=list(why),
        grace_until=grace_until,
        now_adviser=advice.adviser if advice else "",
        now_group=group_of(item.category),
        now_advised=item.unit,
        now_confidence=item.confidence if advice else None,
    )
    if not ticket.designated and _draw.random() < float(setting("adviser.audit_share", AUDIT_SHARE)):
        Audit.objects.create(decision=row, drawn_at=now, why="random")
    return row
