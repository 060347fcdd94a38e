"""The unit desk: to sign, in hand, due today, came back; and the one share that is being worked on."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fenzhen.board.handle import share_of, shares_to_sign, unit_desk
from fenzhen.desk.handle import (
    Answered,
    note_assignment,
    resume_assignment,
    sign_assignment,
    submit_reply,
    wait_for_caller,
)
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen
from fenzhen.hotline.roles import UNIT
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all

#: More at once is no signature, it is a habit.
MOST_AT_ONCE = 100


def _desk(request: PageRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    desk = unit_desk(request.user, now)
    groups = [
        ("came_back", _("退回重办"), desk.came_back, _("回访未解决或审核退回的会回到这里。")),
        ("to_sign", _("待签收"), desk.to_sign, _("新派来的工单会出现在这里，签收后开始办理。")),
        ("due_today", _("今日到期"), desk.due_today, _("今天之内到期和已经超时的会出现在这里。")),
        ("in_hand", _("办理中"), desk.in_hand, _("已签收、今天不到期的会出现在这里。")),
    ]
    seen = share_of(request.user, pk, now) if pk is not None else None
    context = {"desk": desk, "groups": groups, "seen": seen}
    if seen is not None:
        context["how"] = HOW
    return render(request, "handle.html", context)


@page(roles=UNIT)
def unit(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """The four groups, and the share *pk* beside them."""
    return _desk(request, pk)


#: Ways of reaching a person, offered; any other may be typed.
HOW = ("电话", "上门", "微信", "现场", "短信")


@require_POST
@page(roles=UNIT)
def sign(request: PageRequest) -> HttpResponse:
    """Sign one or many with one press. What a colleague signed meanwhile is told and does no harm."""
    chosen = [int(pk) for pk in typed_all(request, "share") if pk.isdigit()][:MOST_AT_ONCE]
    if not chosen:
        raise Incomplete({"share": _("请先勾选要签收的工单。")})
    now = timezone.now()
    signed = 0
    for item in shares_to_sign(request.user, chosen):
        try:
            sign_assignment(item, by=request.user, now=now)
            signed += 1
        except (NotOpen, MovedMeanwhile):
            continue
    if signed:
        say(
            request,
            ngettext("已签收 %(n)s 件，办理时限已在走。", "已签收 %(n)s 件，办理时限已在走。", signed)
            % {"n": signed},
        )
    if signed < len(chosen):
        say(
            request,
            ngettext(
                "%(n)s 件刚才已由同事签收或被撤回，没有重复签收。",
                "%(n)s 件刚才已由同事签收或被撤回，没有重复签收。",
                len(chosen) - signed,
            )
            % {"n": len(chosen) - signed},
            tone="plain",
        )
    return (
        go(request, "unit-share", chosen[0])
        if typed(request, "stay") and len(chosen) == 1
        else go(request, "unit")
    )


@require_POST
@page(roles=UNIT)
def note(request: PageRequest, pk: int) -> HttpResponse:
    """A line of what was done."""
    item = share_of(request.user, pk, timezone.now()).share.item
    note_assignment(item, by=request.user, now=timezone.now(), text=typed(request, "text"))
    say(request, _("已记下。"))
    return go(request, "unit-share", pk)


@require_POST
@page(roles=UNIT)
def wait(request: PageRequest, pk: int) -> HttpResponse:
    """The clock waits for the caller; the reason stands in the story."""
    item = share_of(request.user, pk, timezone.now()).share.item
    wait_for_caller(item, by=request.user, now=timezone.now(), text=typed(request, "text"))
    say(request, _("时限已暂停。等到人了请点「继续办理」。"))
    return go(request, "unit-share", pk)


@require_POST
@page(roles=UNIT)
def resume(request: PageRequest, pk: int) -> HttpResponse:
    """The caller is there."""
    item = share_of(request.user, pk, timezone.now()).share.item
    resume_assignment(item, by=request.user, now=timezone.now())
    say(request, _("时限继续走，期限已按等待的时间顺延。"))
    return go(request, "unit-share", pk)


@require_POST
@page(roles=UNIT, again=_desk)
def reply(request: PageRequest, pk: int) -> HttpResponse:
    """Did you reach the person, what did you do, what do you tell them."""
    item = share_of(request.user, pk, timezone.now()).share.item
    if typed(request, "contacted") not in {"yes", "no"}:
        raise Incomplete({"contacted": _("请先回答：联系上诉求人了吗？")})
    contacted = typed(request, "contacted") == "yes"
    submit_reply(
        item,
        by=request.user,
        now=timezone.now(),
        answered=Answered(
            contacted=contacted,
            contact_at=_moment(typed(request, "contact_at", 32)) if contacted else None,
            contact_how=typed(request, "contact_how", 64) if contacted else "",
            is_true=typed(request, "is_true") != "no",
            solved_claim=typed(request, "solved_claim", 12),
            unsolved_reason=typed(request, "unsolved_reason", 255),
            internal_text=typed(request, "internal_text"),
            public_text=typed(request, "public_text"),
        ),
    )
    say(request, _("已反馈，等待审核。"))
    return go(request, "unit")


def _moment(text: str) -> datetime | None:
    """A `datetime-local` field in the district's time; None for an empty one. Raises `Incomplete`."""
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise Incomplete({"contact_at": _("请填写联系的日期和时间。")})
    return timezone.make_aware(at) if timezone.is_naive(at) else at


routes = [
    path("unit", unit, name="unit"),
    path("unit/sign", sign, name="unit-sign"),
    path("unit/<int:pk>", unit, name="unit-share"),
    path("unit/<int:pk>/note", note, name="unit-note"),
    path("unit/<int:pk>/wait", wait, name="unit-wait"),
    path("unit/<int:pk>/resume", resume, name="unit-resume"),
    path("unit/<int:pk>/reply", reply, name="unit-reply"),
]
