"""「现在打电话」: urgent shares that nobody has signed for, whom to call, and acting for a unit that has a telephone only."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.duty_phones import (
    PHONING,
    calls_to,
    duty_time,
    phone_now,
    phones_of,
    share_to_phone,
)
from fenzhen.board.requests import units_known
from fenzhen.board.tickets import ticket_for
from fenzhen.desk.dispatch import dispatch_by_phone as desk_dispatch_by_phone
from fenzhen.desk.handle import Answered, note_assignment, phone_unit, submit_reply
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import DESK
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.handle import HOW, moment_of
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.requests import chosen_unit


@page(roles=PHONING)
def phoning(request: PageRequest) -> HttpResponse:
    """The list, the most urgent first."""
    now = timezone.now()
    context = {
        "lines": phone_now(request.user, now, narrowed(request, "phone-now")),
        "time": duty_time(request.user, now),
    }
    return render(request, "phone_now.html", context)


def _one(request: PageRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    item = share_to_phone(request.user, pk)
    context = {
        "item": item,
        "ticket": item.ticket,
        "phones": phones_of(request.user, item.unit, now),
        "time": duty_time(request.user, now),
        "calls": calls_to(request.user, item),
        "how": HOW,
        "may_act": request.user.role in DESK,
    }
    return render(request, "phone_one.html", context)


@page(roles=PHONING)
def phone_one(request: PageRequest, pk: int) -> HttpResponse:
    """One share: the numbers, what to read out, and what the unit says."""
    return _one(request, pk)


@require_POST
@page(roles=PHONING, again=_one)
def phoned(request: PageRequest, pk: int) -> HttpResponse:
    """I rang: how it went; with `sign` they took it, so it is signed for them at once."""
    item, now = share_to_phone(request.user, pk), timezone.now()
    signs = bool(request.POST.get("sign")) and item.state == "pending_sign"
    phone_unit(item, by=request.user, now=now, signs=signs, **_call(request))
    if signs:
        say(request, _("已记下通话，并代 %(unit)s 签收。") % {"unit": item.unit})
    else:
        say(request, _("已记下通话。"))
    return go(request, "phone-now")


def _call(request: PageRequest) -> dict[str, str]:
    """How the call went, as the form says."""
    return {
        "outcome": typed(request, "outcome", 16),
        "answered_by": typed(request, "answered_by", 64),
        "text": typed(request, "text", 2000),
    }


@require_POST
@page(roles=DESK, again=_one)
def note(request: PageRequest, pk: int) -> HttpResponse:
    """What the unit says on the telephone."""
    item = share_to_phone(request.user, pk)
    note_assignment(item, by=request.user, now=timezone.now(), text=typed(request, "text", 4000))
    say(request, _("已代 %(unit)s 记下。") % {"unit": item.unit})
    return go(request, "phone-one", pk)


@require_POST
@page(roles=DESK, again=_one)
def reply(request: PageRequest, pk: int) -> HttpResponse:
    """The unit's result as told on the telephone; the story says that the hotline wrote it."""
    item = share_to_phone(request.user, pk)
    if typed(request, "contacted") not in {"yes", "no"}:
        raise Incomplete({"contacted": _("请先回答：联系上诉求人了吗？")})
    contacted = typed(request, "contacted") == "yes"
    answered = Answered(
        contacted=contacted,
        contact_at=moment_of(typed(request, "contact_at", 32), "contact_at") if contacted else None,
        contact_how=typed(request, "contact_how", 64) if contacted else "",
        is_true=typed(request, "is_true") != "no",
        solved_claim=typed(request, "solved_claim", 12),
        unsolved_reason=typed(request, "unsolved_reason", 255),
        internal_text=typed(request, "internal_text"),
        public_text=typed(request, "public_text"),
    )
    submit_reply(item, by=request.user, now=timezone.now(), answered=answered)
    say(request, _("已代 %(unit)s 反馈，等待审核。") % {"unit": item.unit})
    return go(request, "phone-now")


def _first(request: PageRequest, pk: int) -> HttpResponse:
    ticket = ticket_for(request.user, pk)
    return render(request, "phone_first.html", {"ticket": ticket, "units": units_known(request.user)})


@page(roles=DESK)
def phone_first(request: PageRequest, pk: int) -> HttpResponse:
    """A matter that cannot wait for a page: ring the unit, then write down in one go what was agreed."""
    return _first(request, pk)


@require_POST
@page(roles=DESK, again=_first)
def dispatch_by_phone(request: PageRequest, pk: int) -> HttpResponse:
    """Dispatch and the call together; signed at once where they said that they take it."""
    ticket = ticket_for(request.user, pk)
    call = _call(request)
    item = desk_dispatch_by_phone(
        ticket,
        by=request.user,
        now=timezone.now(),
        lead=chosen_unit(request, "lead"),
        word=typed(request, "word", 1000),
        signs=bool(request.POST.get("sign")) and call["outcome"] == "answered",
        **call,
    )
    say(request, _("%(number)s 已电话派给 %(unit)s。") % {"number": ticket.number, "unit": item.unit})
    return go(request, "triage")


@listing("phone-now", roles=PHONING)
def phone_list(request: PageRequest) -> Sheet:
    """Whom to phone now, with the unit's duty telephone: an office's number, nobody's own."""
    columns = [
        *ticket_columns(),
        Column(_("未签收单位"), CODE, 18),
        Column(_("签收时限"), MOMENT),
        Column(_("值班电话"), CODE, 18),
        Column(_("联系岗位"), CODE, 14),
        Column(_("打过"), NUMBER, 8),
    ]
    rows = [
        [
            *ticket_cells(one.ticket),
            str(one.item.unit),
            one.item.sign_due,
            one.phone.phone if one.phone else "",
            one.phone.name if one.phone else "",
            len(one.calls) or None,
        ]
        for one in phone_now(request.user, timezone.now(), narrowed(request, "phone-now"))
    ]
    return Sheet("phone-now", _("现在打电话"), columns, rows, filters=told(request.user, "phone-now"))


routes = [
    path("phone-now", phoning, name="phone-now"),
    path("phone-now/<int:pk>", phone_one, name="phone-one"),
    path("phone-now/<int:pk>/phoned", phoned, name="phone-phoned"),
    path("phone-now/<int:pk>/note", note, name="phone-note"),
    path("phone-now/<int:pk>/reply", reply, name="phone-reply"),
    path("tickets/<int:pk>/phone-first", phone_first, name="phone-first"),
    path("tickets/<int:pk>/phone-first/dispatch", dispatch_by_phone, name="phone-first-dispatch"),
]
