"""Taking a call: the caller on the left, the words in the middle, what the desk thinks on the right.

A form lives under ``/intake?draft=intake:<uuid>``: the server keeps what is typed under that key, so a reload,
a crash or another machine goes on where it stopped. What was saved is said on top of the next empty form.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.advice import AdviceView, SimilarOpen, UnitSeen, advice_for, similar_open
from fenzhen.board.drafts import draft_of, drafts_of
from fenzhen.board.events import NoSuchEvent, event_for
from fenzhen.board.intake import (
    CallerHistory,
    asked_back_count,
    history_of,
    of_the_same_caller,
    place_chosen,
    places_suggested,
    tickets_asked_back,
    tickets_of_number,
)
from fenzhen.board.meant import Meant, event_meant
from fenzhen.board.related import choices_for, links_of
from fenzhen.board.tickets import NotVisible, ticket_for
from fenzhen.desk import intake as desk
from fenzhen.desk.link import follow_up, take_in_beside, tell_again, urge_again
from fenzhen.desk.step import Incomplete
from fenzhen.desk.story import record_lookup
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.journey import RESTING
from fenzhen.hotline.related import Fitting
from fenzhen.hotline.roles import Role
from fenzhen.office.joining import take_in_to_event
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.page import PageRequest, go, page, say, typed

_INTAKE = roles.INTAKE - {Role.SYSTEM}
_KEY = re.compile(r"intake:[A-Za-z0-9-]{1,39}")
#: Longer than the desk takes, so that the desk refuses it and everything typed is still there.
_BODY = 200_000
#: So much of the words is thought about while one types; a pasted file must not slow the keys.
_LOOKED_AT = 4_000
#: A unit less likely than this only takes the eye's time.
_LIKELY = 0.03
_LINES = ("110", "119", "120", "122")
#: Fields that say that a draft is more than an opened form.
_TELLING = ("body", "title", "phone", "name", "place_text", "place_now", "answer")


def _form(request: PageRequest) -> HttpResponse:
    """The form: empty, as its draft has it, or as it was refused."""
    asked = request.POST.get("draft", "") if request.method == "POST" else request.GET.get("draft", "")
    if not _KEY.fullmatch(asked):
        return HttpResponseRedirect(_fresh())
    context = {
        "key": asked,
        "v": _values(request, asked),
        "drafts": _open_drafts(request, besides=asked),
        "asked_back": asked_back_count(request.user),
        "lines": _LINES,
        **_saved(request),
    }
    return render(request, "intake.html", context)


@page(roles=_INTAKE, again=_form)
def intake(request: PageRequest) -> HttpResponse:
    """GET: the form. POST: hand it on (`ending`), or join the call to a ticket that is there (`join`)."""
    if request.method != "POST":
        return _form(request)
    now = timezone.now()
    for name, again in (
        ("join", _join),
        ("urge", _urge),
        ("add", _add),
        ("tell", _tell),
        ("follow", _follow),
    ):
        if _is_id(request.POST.get(name, "")):
            return again(request, int(request.POST[name]), now)
    if _is_id(request.POST.get("beside", "")):
        return _beside(request, int(request.POST["beside"]), now)
    if _is_id(request.POST.get("event", "")):
        return _event(request, int(request.POST["event"]), now)
    line = request.POST.get("emergency", "")
    ending = "redirect" if line in _LINES else request.POST.get("ending") or "submit"
    if ending not in {"submit", "answer", "redirect"}:
        raise Incomplete({"ending": _("请选择:提交派单、直接答复或告知其他渠道。")})
    if line in _LINES:
        reason, text = "emergency_line", _("已请来电人立即拨打 %(line)s 或代为转接。") % {"line": line}
    else:
        reason = typed(request, "reason", 32) if ending == "redirect" else ""
        text = typed(request, "answer" if ending == "answer" else "told")
    ticket = desk.take_in(_heard(request), by=request.user, now=now, ending=ending, text=text, reason=reason)
    return go(request, _fresh(after=str(ticket.pk)))


@require_POST
@page(roles=_INTAKE)
def think(request: PageRequest) -> HttpResponse:
    """What the desk thinks of the words so far."""
    return render(request, "_intake_thoughts.html", {"thought": _thought(request, timezone.now())})


@require_POST
@page(roles=_INTAKE)
def caller(request: PageRequest) -> HttpResponse:
    """Who has called from this number before, and what is still open. The look is written down."""
    now, phone = timezone.now(), typed(request, "phone", 64)
    history = history_of(request.user, phone, now)
    if history is not None:
        number = privacy.normal_phone(phone)
        record_lookup(by=request.user, now=now, what="phone", value=number, found=history.total)
    context = {"history": history, "typed": bool(phone), "past": _past(request, history)}
    return render(request, "_intake_caller.html", context)


@require_POST
@page(roles=_INTAKE)
def places(request: PageRequest) -> HttpResponse:
    """Places for what is typed into the place field."""
    hints = places_suggested(request.user, typed(request, "place_text", 255, cut=True))
    return render(request, "_intake_places.html", {"places": hints})


@require_POST
@page(roles=_INTAKE)
def again(request: PageRequest, pk: int) -> HttpResponse:
    """The same caller has a second matter: a fresh form with who calls already in it."""
    key = f"intake:{uuid.uuid4()}"
    desk.begin_again(ticket_for(request.user, pk), by=request.user, now=timezone.now(), key=key)
    return go(request, f"{reverse('intake')}?{urlencode({'draft': key})}")


def _asked(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """The list; *pk* is the ticket whose form was refused."""
    return render(request, "asked_back.html", {"waiting": tickets_asked_back(request.user), "refused_pk": pk})


@page(roles=_INTAKE)
def asked_back(request: PageRequest) -> HttpResponse:
    """What the desk asked back, with a form for the words that were missing."""
    return _asked(request)


@require_POST
@page(roles=_INTAKE, again=_asked)
def supplement(request: PageRequest, pk: int) -> HttpResponse:
    """Add what was asked for; the ticket goes back to the queue."""
    ticket = ticket_for(request.user, pk)
    desk.supplement_ticket(
        ticket,
        by=request.user,
        now=timezone.now(),
        text=typed(request, "text", _BODY),
        place_text=typed(request, "place_text", 255),
    )
    say(request, _("%(number)s 已补充,回到派单台,时限继续计算。") % {"number": ticket.number})
    return go(request, "asked-back")


@listing("asked-back", roles=_INTAKE)
def asked_back_list(request: PageRequest) -> Sheet:
    """What the desk asked back, as the page has it: callers masked."""
    columns = [
        *ticket_columns(caller=True),
        Column(_("要补充什么"), width=40),
        Column(_("退回人"), CODE, 12),
        Column(_("退回补充"), MOMENT),
        Column(_("我登记的"), CODE, 9),
    ]
    rows = [
        [*ticket_cells(one.ticket, caller=(one.caller.name, one.caller.phone)), one.asked, one.by, one.at]
        + [one.is_mine]
        for one in tickets_asked_back(request.user)
    ]
    return Sheet("asked-back", _("待补充"), columns, rows, total=asked_back_count(request.user))


# ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _SignalSeen:
    """A sign of danger in the words typed so far."""

    name: str
    words: str
    level: int


@dataclass(slots=True)
class _Similar:
    """An open ticket like this one; `is_same` if the same number opened it."""

    like: SimilarOpen
    is_same: bool


@dataclass(slots=True)
class _Thought:
    """What stands on the right while one types."""

    advice: AdviceView
    has_phone: bool
    units: list[UnitSeen]
    signals: list[_SignalSeen] = field(default_factory=list)
    similar: list[_Similar] = field(default_factory=list)
    meant: Meant | None = None
    """The live event that these words mean."""


def _thought(request: PageRequest, now: datetime) -> _Thought | None:
    title, body = (typed(request, name, _LOOKED_AT, cut=True) for name in ("title", "body"))
    if len(title) + len(body) < 2:
        return None
    place_text = typed(request, "place_text", 255, cut=True)
    place = place_chosen(request.user, typed(request, "place_code", 16), place_text)
    code = place.code if place else ""
    advice = advice_for(
        request.user,
        title=title,
        body=body,
        place_text=place_text,
        place_code=code,
        kind=typed(request, "kind", 16),
        now=now,
    )
    likely = [unit for unit in advice.units if unit.probability >= _LIKELY]
    thought = _Thought(advice, bool(request.POST.get("phone")), likely)
    words = {"title": title, "body": body}
    for one in sorted(advice.signals, key=lambda s: s.level):
        if all(one.name != seen.name for seen in thought.signals):
            said = words[one.field][one.start : one.end]
            thought.signals.append(_SignalSeen(one.name, said[:20], one.level))
    near = similar_open(request.user, title=title, body=body, place_code=code, limit=5)
    same = of_the_same_caller(request.user, typed(request, "phone", 64), [one.ticket.pk for one in near])
    thought.similar = [_Similar(one, one.ticket.pk in same) for one in near]
    thought.meant = event_meant(
        request.user,
        title=title,
        body=body,
        places={code: 1.0} if code else {one[0]: one[3] for one in advice.place.candidates} | _sure(advice),
        town=advice.place.town,
        categories={one.code: one.probability for one in advice.categories},
        now=now,
        same_caller=tickets_of_number(request.user, typed(request, "phone", 64)),
    )
    return thought


def _sure(advice: AdviceView) -> dict[str, float]:
    return {} if advice.place.not_sure or not advice.place.code else {advice.place.code: 1.0}


def _heard(request: PageRequest) -> desk.Heard:
    place_text = typed(request, "place_text", 255)
    return desk.Heard(
        title=typed(request, "title"),
        body=typed(request, "body", _BODY),
        kind=typed(request, "kind", 16) or "help",
        channel=typed(request, "channel", 16) or "phone",
        name=typed(request, "name", 64),
        phone=typed(request, "phone", 64),
        is_secret=bool(request.POST.get("is_secret")),
        place=place_chosen(request.user, typed(request, "place_code", 16), place_text),
        place_text=place_text,
        place_now=typed(request, "place_now", 255),
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """An earlier ticket of this caller, and what fits this call; the agent decides."""

    ticket: Any
    is_open: bool
    acts: tuple[Fitting, ...]


def _past(request: PageRequest, history: CallerHistory | None) -> list[_Past]:
    return [
        _Past(
            past.ticket,
            past.ticket.state not in RESTING,
            tuple(one.act for one in choices_for(request.user, past.ticket, same_person=True)),
        )
        for past in (history.tickets if history else [])
    ]


def _words(request: PageRequest) -> str:
    return "\n".join(filter(None, (typed(request, "title"), typed(request, "body", _BODY))))


def _urge(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """The same person, the same matter, still open."""
    with _at_the_words():
        urge_again(
            ticket_for(request.user, pk),
            by=request.user,
            now=now,
            text=_words(request),
            phone=typed(request, "phone", 64),
        )
    return go(request, _fresh(after=str(pk), joined="urge"))


def _add(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """The same person, still open, something new: it goes onto the open ticket."""
    with _at_the_words():
        desk.join_call(
            ticket_for(request.user, pk),
            by=request.user,
            now=now,
            text=_words(request),
            kind="more",
            phone=typed(request, "phone", 64),
        )
    return go(request, _fresh(after=str(pk), joined="1"))


def _tell(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """The same person, closed, nothing new: told and logged."""
    with _at_the_words():
        tell_again(
            ticket_for(request.user, pk),
            by=request.user,
            now=now,
            text=_words(request),
            phone=typed(request, "phone", 64),
        )
    return go(request, _fresh(after=str(pk), joined="told"))


def _follow(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """The same person, closed, a new fact: a new ticket that names the earlier one."""
    before = ticket_for(request.user, pk)
    fresh = follow_up(_heard(request), before, by=request.user, now=now)
    return go(request, _fresh(after=str(fresh.pk)))


def _beside(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """Another person, the same matter: their own ticket, linked."""
    other = ticket_for(request.user, pk)
    fresh = take_in_beside(_heard(request), other, by=request.user, now=now)
    return go(request, _fresh(after=str(fresh.pk)))


def _event(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    """Another person, a known event: their own ticket, linked to one of the event's and in the event from the beginning."""
    try:
        seen = event_for(request.user, pk, now)
    except NoSuchEvent:
        raise Incomplete({"ending": _("这个事件已经不在了，请照常提交。")}) from None
    other = request.POST.get("event_to", "")
    mine = [one.ticket_id for one in seen.members]
    beside = int(other) if _is_id(other) and int(other) in mine else mine[0] if mine else 0
    ticket = ticket_for(request.user, beside)
    fresh = take_in_to_event(_heard(request), seen.event, ticket, by=request.user, now=now)
    return go(request, _fresh(after=str(fresh.pk)))


@contextmanager
def _at_the_words() -> Iterator[None]:
    """What the desk says of a call's words belongs to the field that they were typed into."""
    try:
        yield
    except Incomplete as why:
        fields = {"text": "body", "kind": "join_kind"}
        raise Incomplete({fields.get(k, k): v for k, v in why.fields.items()}) from None


def _join(request: PageRequest, pk: int, now: datetime) -> HttpResponse:
    ticket = ticket_for(request.user, pk)
    words = _words(request)
    if typed(request, "join_kind", 16) == "urge" and words and ticket.state not in RESTING:
        return _urge(request, pk, now)
    with _at_the_words():
        desk.join_call(
            ticket,
            by=request.user,
            now=now,
            text=words,
            kind=typed(request, "join_kind", 16) or "call",
            phone=typed(request, "phone", 64),
        )
    return go(request, _fresh(after=str(ticket.pk), joined="1"))


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def _fresh(**more: str) -> str:
    return f"{reverse('intake')}?{urlencode({'draft': f'intake:{uuid.uuid4()}', **more}, safe=':')}"


def _values(request: PageRequest, key: str) -> dict[str, str]:
    """What stands in the fields, by name. A refused form comes back with everything typed in it."""
    if request.refusal is not None:
        kept: QueryDict = request.refusal.typed
        return {name: kept.get(name, "") for name in kept}
    start = {"kind": "help", "channel": "callback" if request.user.role == Role.CALLBACK_AGENT else "phone"}
    return start | {name: values[0] for name, values in draft_of(request.user, key).items() if values}


def _open_drafts(request: PageRequest, besides: str) -> list[dict[str, Any]]:
    """The person's own unfinished forms, without those in which nothing was written."""
    out = []
    for key, at, fields in drafts_of(request.user, "intake:"):
        first = {name: values[0] for name, values in fields.items() if values}
        if key != besides and any(first.get(name, "").strip() for name in _TELLING):
            words = first.get("title") or first.get("body") or first.get("place_text") or ""
            out.append({"key": key, "at": at, "words": words})
    return out


def _saved(request: PageRequest) -> dict[str, Any]:
    """The ticket that was just written, for reading its number out."""
    pk = request.GET.get("after", "")
    if request.method != "GET" or not _is_id(pk):
        return {}
    try:
        ticket = ticket_for(request.user, int(pk))
    except NotVisible:
        return {}
    number = ticket.number
    parts = [number[:4], number[4:8], number[8:]] if number.isdigit() and len(number) == 13 else [number]
    fresh = ticket.received_by_id == request.user.pk and timezone.now() - ticket.received_at < desk.SAME_CALL
    return {
        "saved": ticket,
        "saved_parts": parts,
        "is_joined": bool(request.GET.get("joined")),
        "joined": request.GET.get("joined", ""),
        "saved_links": links_of(request.user, ticket),
        "may_go_on": fresh and not request.GET.get("joined"),
    }


routes = [
    path("intake", intake, name="intake"),
    path("intake/think", think, name="intake-think"),
    path("intake/caller", caller, name="intake-caller"),
    path("intake/places", places, name="intake-places"),
    path("intake/again/<int:pk>", again, name="intake-again"),
    path("intake/asked-back", asked_back, name="asked-back"),
    path("intake/asked-back/<int:pk>", supplement, name="supplement"),
]
