"""Who is to be phoned: now, at an agreed time, later again; and what is there when one phones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.filters import ALL, Narrow
from fenzhen.board.handle import CALLS, Round
from fenzhen.board.tickets import CallerSeen, caller_seen
from fenzhen.hotline import roles
from fenzhen.hotline.callback import URGENT_MARKS, Turn, turn, vulnerable_in
from fenzhen.hotline.clock import Colour, colour
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.district import District
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

#: How many of a list a page shows; the counts are of all.
LONGEST = 200


@dataclass(slots=True)
class CallRow:
    """One person to phone."""

    callback: CallBack
    ticket: Ticket
    turn: Turn
    colour: Colour
    is_endangered: bool = False
    """The words speak of somebody stranded or ill."""
    tries: int = 0

    @property
    def is_secret(self) -> bool:
        """Say nothing to anybody but the caller."""
        return self.ticket.is_secret or self.ticket.is_report


@dataclass(slots=True)
class CallDesk:
    """The day of the call-back desk."""

    due: list[CallRow]
    appointments: list[CallRow]
    later: list[CallRow]
    done: list[CallBack]
    due_count: int
    late_count: int
    done_count: int


@dataclass(slots=True)
class CallSeen:
    """Everything in front of the one who phones."""

    row: CallRow
    caller: CallerSeen
    claim: Reply | None
    """What the lead unit said it did, in this round."""
    lead: Assignment | None
    rounds: list[Round]
    """Earlier rounds, the newest first."""
    attempts: list[Attempt]
    calls: list[Note]
    script: dict[str, str]
    suggested: list[str]
    """Marks that the words so far suggest; a person confirms them."""
    may_give_up: bool
    tries_needed: int
    days_needed: int
    is_often: bool
    """Re-handled as often as the district allows: the chief should decide."""
    leads: list[User] = field(default_factory=list)
    """Shift leads and the chief, for when there is danger."""


def callbacks_due(viewer: User, now: datetime, longest: int = LONGEST, narrow: Narrow = ALL) -> CallDesk:
    """Due now (level 1, kept promises, vulnerable, re-handled, late first), agreed times, later, done today."""
    rows = [_row(callback, now) for callback in _open(viewer).filter(narrow.on("ticket"))]
    tries: dict[int, int] = {}
    for pk in Attempt.objects.filter(callback__in=[row.callback.pk for row in rows]).values_list(
        "callback_id", flat=True
    ):
        tries[pk] = tries.get(pk, 0) + 1
    for row in rows:
        row.tries = tries.get(row.callback.pk, 0)
    due = [row for row in rows if row.callback.next_try_at is None or row.callback.next_try_at <= now]
    due.sort(key=lambda row: (row.turn, not row.is_endangered, row.callback.due_at, row.callback.pk))
    rest = sorted(
        (row for row in rows if row.callback.next_try_at and row.callback.next_try_at > now),
        key=lambda row: (row.callback.next_try_at or now, row.callback.pk),
    )
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    done = (
        CallBack.objects.filter(narrow.on("ticket"), done_at__gte=midnight, done_at__lte=now)
        .exclude(outcome="")
        .select_related("ticket__lead_unit", "done_by")
        .order_by("-done_at")
        if viewer.role in roles.CALLBACK
        else CallBack.objects.none()
    )
    return CallDesk(
        due=due[:longest],
        appointments=[row for row in rest if row.callback.appointment][:longest],
        later=[row for row in rest if not row.callback.appointment][:longest],
        done=list(done[:longest]),
        due_count=len(due),
        late_count=sum(row.colour is Colour.RED for row in due),
        done_count=done.count(),
    )


def callback_for(viewer: User, pk: int, now: datetime) -> CallSeen:
    """One call-back that is still to be made. Raises `CallBack.DoesNotExist`."""
    callback = _open(viewer).get(pk=pk)
    ticket = callback.ticket
    row = _row(callback, now)
    attempts = list(Attempt.objects.filter(callback=callback).select_related("by").order_by("at", "id"))
    row.tries = len(attempts)
    replies = list(
        Reply.objects.filter(assignment__ticket=ticket)
        .select_related("assignment__unit", "by")
        .order_by("id")
    )
    lead = (
        Assignment.objects.filter(ticket=ticket, round=callback.round, part="lead")
        .exclude(state="recalled")
        .select_related("unit")
        .order_by("-id")
        .first()
    )
    claims = [r for r in replies if lead and r.assignment_id == lead.pk]
    earlier = {
        cb.round: cb
        for cb in CallBack.objects.filter(ticket=ticket, round__lt=callback.round).exclude(outcome="")
    }
    rounds = [
        Round(number, [r for r in replies if r.assignment.round == number], earlier.get(number))
        for number in range(callback.round - 1, 0, -1)
    ]
    calls = list(Note.objects.filter(ticket=ticket, kind__in=CALLS).select_related("by").order_by("n"))
    tries_needed, days_needed = int(setting("callback.attempts", 3)), int(setting("callback.span_days", 2))
    days = {timezone.localtime(a.at).date() for a in attempts}
    words = "\n".join([ticket.title, ticket.body, ticket.place_now, *(note.text for note in calls)])
    known = {mark for cb in earlier.values() for mark in cb.vulnerable}
    return CallSeen(
        row=row,
        caller=caller_seen(viewer, ticket),
        claim=claims[-1] if claims else None,
        lead=lead,
        rounds=[r for r in rounds if r.replies or r.callback],
        attempts=attempts,
        calls=calls,
        script=script_for(viewer, ticket, lead, claims[-1] if claims else None),
        suggested=sorted(known | set(vulnerable_in(words))),
        may_give_up=len(attempts) >= tries_needed and len(days) >= days_needed,
        tries_needed=tries_needed,
        days_needed=days_needed,
        is_often=callback.round > int(setting("callback.max_rehandle", 2)),
        leads=list(User.objects.filter(is_active=True, role__in=roles.CHIEFS).order_by("-role", "username")),
    )


def next_callback(viewer: User, after: int | None, now: datetime, narrow: Narrow = ALL) -> int | None:
    """The call-back that comes up next, other than *after*."""
    for row in callbacks_due(viewer, now, narrow=narrow).due:
        if row.callback.pk != after:
            return row.callback.pk
    return None


def units_for_rehandling(viewer: User) -> list[Unit]:
    """The units among which "another unit" is chosen."""
    return (
        list(Unit.objects.filter(is_active=True).order_by("kind", "code"))
        if viewer.role in roles.CALLBACK
        else []
    )


def try_times(viewer: User, callback: CallBack, now: datetime) -> list[datetime]:
    """Times to offer for the next try, soonest first: soon, this evening, tomorrow at ten and at four."""
    del viewer  # whoever sees the call-back may know
    local = timezone.localtime(now)
    evening = local.replace(hour=18, minute=30, second=0, microsecond=0)
    tomorrow = local + timedelta(days=1)
    offered = [
        local + timedelta(minutes=15 if callback.ticket.level == 1 else 120),
        evening,
        tomorrow.replace(hour=10, minute=0, second=0, microsecond=0),
        tomorrow.replace(hour=16, minute=0, second=0, microsecond=0),
    ]
    first = offered[0]
    good = [first] if callback.ticket.level == 1 or 8 <= first.hour < 20 else []
    return good + [at for at in offered[1:] if at > first]


def script_for(viewer: User, ticket: Ticket, lead: Assignment | None, claim: Reply | None) -> dict[str, str]:
    """The sentences to read, by where they belong.

    Nothing of the matter, no name and no unit before the person has said that it is they; afterwards only
    the kind of matter. A secret caller's or a reporter's matter is never named at all (DOMAIN §8).
    """
    del viewer  # the same sentences for everybody who phones
    district = District.objects.order_by("pk").first()
    day = timezone.localtime(ticket.received_at)
    silent = ticket.is_secret or ticket.is_report
    facts = {
        "district": district.name if district else "",
        "m": day.month,
        "d": day.day,
        "unit": lead.unit.short_name if lead and not silent else _("承办单位"),
        "matter": ticket.category.name if ticket.category and not silent else "",
    }
    matter = _("您反映的「%(matter)s」问题") % facts if facts["matter"] else _("您反映的问题")
    facts["it"] = matter
    told = {
        "yes": _("%(unit)s说问题已经解决了，和您看到的情况一样吗？"),
        "partly": _("%(unit)s说解决了一部分，和您看到的情况一样吗？"),
        "no": _("%(unit)s说暂时还解决不了，也向您说明了原因，是这样吗？"),
    }[claim.solved_claim if claim and claim.solved_claim in {"yes", "partly", "no"} else "yes"]
    return {
        "greet": _("您好，这里是%(district)s12345市民服务热线，给您做个回访。") % facts,
        "confirm": _("请问是您本人在%(m)s月%(d)s日向热线反映过情况吗？现在方便说几句吗？") % facts,
        "contacted": _("%(it)s，%(unit)s联系您了吗？") % facts,
        "solved": _("现在问题解决了吗？"),
        "satisfied": _("您对办理结果满意吗？"),
        "is_true": told % facts,
        "no": _("哪一点还没有解决？您希望怎么办？您现在人在哪儿？"),
        "safe": _("您先找个暖和、安全的地方待着。"),
        "stay": _("我在听，不着急，您慢慢说。您现在一个人吗？身边有没有人？"),
        "urgent": _("我现在就按急件转给%(unit)s，马上有人联系您。") % facts,
        "promise": _("我都记下了，这就退回%(unit)s重新办，办完我们再给您打电话。") % facts,
        "thanks": _("谢谢您告诉我们。有新情况随时打12345，再见。"),
        "unreached": _("（换人接听时只说「12345 回访，稍后再打」，不说是什么事。）"),
    }


def _open(viewer: User) -> "QuerySet[CallBack]":
    if viewer.role not in roles.CALLBACK:
        return CallBack.objects.none()
    return CallBack.objects.filter(Q(outcome="") & Q(ticket__state="pending_callback")).select_related(
        "ticket__place",
        "ticket__town",
        "ticket__category",
        "ticket__caller",
        "ticket__lead_unit",
        "ticket__held_by",
    )


def _row(callback: CallBack, now: datetime) -> CallRow:
    ticket = callback.ticket
    marks = vulnerable_in(f"{ticket.title}\n{ticket.body}\n{ticket.place_now}")
    return CallRow(
        callback,
        ticket,
        turn(
            level=ticket.level,
            vulnerable=bool(marks),
            round_no=callback.round,
            due=callback.due_at,
            appointment=callback.appointment,
            now=now,
        ),
        colour(callback.opened_at, callback.due_at, now),
        is_endangered=bool(URGENT_MARKS.intersection(marks)),
    )
