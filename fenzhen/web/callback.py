"""The call-back desk: what to read aloud, what was answered, what follows from it."""

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.callbacks import (
    CallSeen,
    callback_for,
    callbacks_due,
    next_callback,
    try_times,
    units_for_rehandling,
)
from fenzhen.board.rates import three_rates
from fenzhen.board.words import word, words_of
from fenzhen.desk.callback import (
    Said,
    close_ticket,
    close_unreached,
    hold_callback,
    miss_call,
    rehandle_ticket,
)
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.callback import may_rest, urgency_of
from fenzhen.hotline.roles import CALLBACK
from fenzhen.hotline.urgency import SIGNALS
from fenzhen.office.distress import report_risk
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all


def _desk(request: PageRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    desk = callbacks_due(request.user, now, narrow=narrowed(request, "callback"))
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "desk": desk,
        "rates": three_rates(request.user, midnight, midnight + timedelta(days=1), now),
        "chosen": pk,
    }
    if pk is not None:
        seen = callback_for(request.user, pk, now)
        mine = hold_callback(seen.row.callback, by=request.user, now=now)
        context |= {
            "seen": seen,
            "held_by": None if mine else seen.row.ticket.held_by,
            "tries": try_times(request.user, seen.row.callback, now),
            "units": units_for_rehandling(request.user),
            "urgency": urgency_of(seen.row.ticket.level),
            "outcomes": [(code, text) for code, text in words_of("attempt") if code != "reached"],
        }
    return render(request, "callback.html", context)


@page(roles=CALLBACK)
def callback(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Who is to be phoned, and the call-back *pk* with its script."""
    return _desk(request, pk)


@require_POST
@page(roles=CALLBACK)
def listen(request: PageRequest, pk: int) -> HttpResponse:
    """While the person speaks: how urgent is it? A danger that was marked is told to the shift lead at once."""
    now = timezone.now()
    seen = callback_for(request.user, pk, now)
    hold_callback(seen.row.callback, by=request.user, now=now)
    risk = typed(request, "risk", 12)
    told = report_risk(seen.row.callback, by=request.user, now=now, risk=risk)
    said = _said(request)
    urgency = urgency_of(
        seen.row.ticket.level,
        words=said.words,
        place_now=said.place_now,
        vulnerable=said.vulnerable,
        risk=said.risk,
    )
    reasons = [_("他说“%(words)s”") % {"words": found.words} for found in urgency.signals]
    reasons += [SIGNALS[found.code].words for found in urgency.signals]
    reasons += [word("vulnerable", mark) for mark in urgency.marks]
    reasons += [word("risk", one) for one in urgency.risks]
    if urgency.is_cold and urgency.is_raised:
        reasons.append(_("人在寒冷处或户外"))
    context = {
        "seen": seen,
        "urgency": urgency,
        "reasons": list(dict.fromkeys(reasons)),
        "told": told or risk in {"self_harm", "violence", "medical"},
    }
    return render(request, "_callback_urgency.html", context)


@require_POST
@page(roles=CALLBACK, again=_desk)
def done(request: PageRequest, pk: int) -> HttpResponse:
    """Reached. `act` says what follows: the ticket rests (`close`), or a new round begins (`rehandle`)."""
    now = timezone.now()
    seen = callback_for(request.user, pk, now)
    said = _said(request)
    if typed(request, "act", 10) == "rehandle":
        _rehandle(request, seen, said, now)
    else:
        _close(request, seen, said, now)
    return _next(request, pk)


def _close(request: PageRequest, seen: CallSeen, said: Said, now: datetime) -> None:
    if said.solved in {"no", "partly"} and not may_rest(
        solved=said.solved, satisfied=said.satisfied, reason_code=said.reason_code
    ):
        raise Incomplete(
            {
                "solved": _(
                    "没有解决、也不满意，不能办结：请退回重办。确属政策原因的，原因选「不认可政策解释」。"
                )
            }
        )
    close_ticket(seen.row.ticket, by=request.user, now=now, said=said)
    say(request, _("%(number)s 已办结。") % {"number": seen.row.ticket.number})


def _rehandle(request: PageRequest, seen: CallSeen, said: Said, now: datetime) -> None:
    if said.solved in {"no", "partly"} and not said.reason_code:
        raise Incomplete({"reason_code": _("请选择没有解决的原因。")})
    code = typed(request, "unit", 16)
    other = next((unit for unit in units_for_rehandling(request.user) if unit.code == code), None)
    if code and other is None:
        raise Incomplete({"unit": _("没有这个单位，请从列表中选。")})
    level = typed(request, "level", 1)
    ticket = seen.row.ticket
    rehandle_ticket(
        ticket,
        by=request.user,
        now=now,
        said=said,
        level=int(level) if level.isdigit() else None,
        unit=other,
        word=typed(request, "word"),
    )
    facts = {"number": ticket.number, "unit": ticket.lead_unit, "level": word("level", ticket.level)}
    say(request, _("%(number)s 已退回 %(unit)s 重办，%(level)s，时限已重新开始。") % facts)


@require_POST
@page(roles=CALLBACK, again=_desk)
def miss(request: PageRequest, pk: int) -> HttpResponse:
    """Not reached, or asked to ring later."""
    seen = callback_for(request.user, pk, timezone.now())
    at = _moment(typed(request, "next_try_own", 32)) or _moment(typed(request, "next_try", 40))
    done = miss_call(
        seen.row.ticket,
        by=request.user,
        now=timezone.now(),
        outcome=typed(request, "outcome", 16),
        next_try_at=at,
    )
    assert done.next_try_at is not None  # the verb proposes one where none was given
    when = timezone.localtime(done.next_try_at).strftime("%m-%d %H:%M")
    say(request, _("已记下，%(when)s 再联系。") % {"when": when})
    return _next(request, pk)


@require_POST
@page(roles=CALLBACK, again=_desk)
def give_up(request: PageRequest, pk: int) -> HttpResponse:
    """Enough tries over enough days: closed without an answer, outside the rates."""
    seen = callback_for(request.user, pk, timezone.now())
    close_unreached(seen.row.ticket, by=request.user, now=timezone.now())
    say(request, _("%(number)s 多次联系不上，已办结；不计入三率。") % {"number": seen.row.ticket.number})
    return _next(request, pk)


def _said(request: PageRequest) -> Said:
    yes_no = {"yes": True, "no": False}
    return Said(
        contacted=yes_no.get(typed(request, "contacted", 3)),
        solved=typed(request, "solved", 12),
        satisfied=typed(request, "satisfied", 12),
        is_true=yes_no.get(typed(request, "is_true", 3)),
        reason_code=typed(request, "reason_code", 32),
        words=typed(request, "words"),
        emotion=typed(request, "emotion", 12),
        risk=typed(request, "risk", 12) or "none",
        vulnerable=typed_all(request, "vulnerable"),
        place_now=typed(request, "place_now", 255),
    )


def _next(request: PageRequest, pk: int) -> HttpResponse:
    following = next_callback(request.user, pk, timezone.now(), narrowed(request, "callback"))
    return go(request, "callback-one", following) if following else go(request, "callback")


def _moment(text: str) -> datetime | None:
    """A time that was offered (ISO) or typed (`datetime-local`). Raises `Incomplete`."""
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise Incomplete({"next_try_at": _("请填写下次联系的日期和时间。")})
    return timezone.make_aware(at) if timezone.is_naive(at) else at


@listing("callback", roles=CALLBACK)
def callback_list(request: PageRequest) -> Sheet:
    """Everybody to be phoned, in the groups of the page, and who was phoned today. Nobody's number: that is shown
    one by one, with its reason."""
    desk = callbacks_due(request.user, timezone.now(), LONGEST_FILE, narrowed(request, "callback"))
    columns = [
        Column(_("分组"), CODE, 12),
        *ticket_columns(clocks=False),
        Column(_("回访时限"), MOMENT),
        Column(_("下次拨打"), MOMENT),
        Column(_("已打次数"), NUMBER),
        Column(_("结果"), CODE, 12),
        Column(_("满意"), CODE, 10),
        Column(_("回访人"), CODE, 10),
        Column(_("回访时间"), MOMENT),
    ]
    rows: list[list[object]] = []
    starts: list[int] = []
    for name, some in (
        (_("现在打"), desk.due),
        (_("约好的"), desk.appointments),
        (_("没打通的"), desk.later),
    ):
        starts.append(len(rows))
        for row in some:
            cb = row.callback
            rows.append(
                [name, *ticket_cells(row.ticket, clocks=False), cb.due_at, cb.next_try_at, row.tries]
                + ["", "", "", None]
            )
    starts.append(len(rows))
    for cb in desk.done:
        outcome = _("联系不上") if cb.outcome == "unreached" else word("solved", cb.solved)
        outcome = _("退回重办") if cb.outcome == "rehandled" else outcome
        who = cb.done_by.name if cb.done_by else ""
        rows.append(
            [_("今天已回访"), *ticket_cells(cb.ticket, clocks=False), cb.due_at, None, None]
            + [outcome, word("satisfied", cb.satisfied), who, cb.done_at]
        )
    return Sheet(
        "callback",
        _("回访清单"),
        columns,
        rows,
        filters=told(request.user, "callback"),
        groups=starts,
    )


routes = [
    path("callback", callback, name="callback"),
    path("callback/<int:pk>", callback, name="callback-one"),
    path("callback/<int:pk>/listen", listen, name="callback-listen"),
    path("callback/<int:pk>/done", done, name="callback-done"),
    path("callback/<int:pk>/miss", miss, name="callback-miss"),
    path("callback/<int:pk>/unreached", give_up, name="callback-unreached"),
]
