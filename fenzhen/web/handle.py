"""The unit desk: to sign, in hand, due today, came back; and the one share that is being worked on."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fenzhen.board.attachments import attachments_of, attachments_of_share
from fenzhen.board.errands import colleagues, earlier_names, errands_of
from fenzhen.board.handle import ShareSeen, share_of, shares_to_sign, unit_desk
from fenzhen.board.requests import request_limits, requests_of_share, unit_named, units_known
from fenzhen.board.words import word
from fenzhen.desk.attach import attach_file
from fenzhen.desk.errand import pass_on
from fenzhen.desk.handle import (
    Answered,
    note_assignment,
    resume_assignment,
    sign_assignment,
    submit_reply,
    wait_for_caller,
)
from fenzhen.desk.request import Asked, ask_extension, ask_return
from fenzhen.desk.step import Incomplete, MovedMeanwhile, NotOpen
from fenzhen.hotline.roles import UNIT, Role
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.attach import file_of
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.narrow import narrowed, told
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all

#: More at once is no signature, it is a habit.
MOST_AT_ONCE = 100


def _desk(request: PageRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    if request.user.role == Role.UNIT_WORKER:
        return go(request, "errands")  # they see what was given to them, and no tickets
    desk = unit_desk(request.user, now, narrow=narrowed(request, "unit"))
    groups = [
        ("came_back", _("退回重办"), desk.came_back, _("回访未解决或审核退回的会回到这里。")),
        ("to_sign", _("待签收"), desk.to_sign, _("新派来的工单会出现在这里，签收后开始办理。")),
        ("due_today", _("今日到期"), desk.due_today, _("今天之内到期和已经超时的会出现在这里。")),
        ("in_hand", _("办理中"), desk.in_hand, _("已签收、今天不到期的会出现在这里。")),
    ]
    seen = share_of(request.user, pk, now) if pk is not None else None
    context = {"desk": desk, "groups": groups, "seen": seen}
    if seen is not None:
        context |= _beside(request, seen, now)
    return render(request, "handle.html", context)


def _beside(request: PageRequest, seen: ShareSeen, now: datetime) -> dict[str, object]:
    """What stands beside the reply: files, applications with the desk's word, errands."""
    item = seen.share.item
    mine = attachments_of_share(request.user, item)
    return {
        "how": HOW,
        "files": mine,
        "files_sent": [f for f in attachments_of(request.user, seen.share.ticket) if f not in mine],
        "requests": requests_of_share(request.user, item),
        "limits": request_limits(request.user, item, now),
        "units": units_known(request.user),
        "errands": errands_of(request.user, item, now),
        "colleagues": colleagues(request.user),
        "earlier_names": earlier_names(request.user),
    }


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
            contact_at=moment_of(typed(request, "contact_at", 32), "contact_at") if contacted else None,
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


@require_POST
@page(roles=UNIT, again=_desk)
def return_(request: PageRequest, pk: int) -> HttpResponse:
    """It is not ours, because; the clock runs on until the desk has decided."""
    item = _share(request, pk)
    ask_return(item, by=request.user, now=timezone.now(), asked=_asked(request))
    say(request, _("已申请退回，等派单台答复。答复之前时限照走，请先办着。"))
    return go(request, "unit-share", pk)


@require_POST
@page(roles=UNIT, again=_desk)
def extension(request: PageRequest, pk: int) -> HttpResponse:
    """More time, because."""
    item = _share(request, pk)
    asked = _asked(request)
    asked.until = moment_of(typed(request, "until", 32), "until")
    ask_extension(item, by=request.user, now=timezone.now(), asked=asked)
    say(request, _("已申请延期，等派单台答复。请告诉诉求人为什么要晚一些。"))
    return go(request, "unit-share", pk)


@require_POST
@page(roles=UNIT, again=_desk)
def pass_on_(request: PageRequest, pk: int) -> HttpResponse:
    """To a section or a village, due before we are."""
    item = _share(request, pk)
    chosen = typed(request, "to_person", 12)
    given_to = next((p for p in colleagues(request.user) if str(p.pk) == chosen), None)
    errand = pass_on(
        item,
        by=request.user,
        now=timezone.now(),
        to_name=typed(request, "to_name", 64),
        to_person=given_to,
        due=moment_of(typed(request, "due", 32), "due"),
        word=typed(request, "word", 2000),
    )
    say(request, _("已转交 %(name)s。任务单里没有诉求人的信息，可以直接发。") % {"name": errand.to_name})
    return go(request, "errand", errand.pk)


@require_POST
@page(roles=UNIT)
def files(request: PageRequest, pk: int) -> HttpResponse:
    """A photo or a paper; it goes with the next reply, or joins the one that waits for review."""
    item = _share(request, pk)
    raw, name = file_of(request)
    attach_file(
        item.ticket,
        raw,
        by=request.user,
        now=timezone.now(),
        name=name,
        kind=typed(request, "kind", 16) or "photo",
        assignment=item,
    )
    if not request.htmx:
        say(request, _("已上传。"))
        return go(request, "unit-share", pk)
    context = {"files": attachments_of_share(request.user, item), "may_drop": True}
    return render(request, "_files.html", context)


def _share(request: PageRequest, pk: int) -> Any:
    return share_of(request.user, pk, timezone.now()).share.item


def _asked(request: PageRequest) -> Asked:
    proposed = typed(request, "proposes", 128)
    unit = unit_named(request.user, proposed)
    if proposed and unit is None:
        raise Incomplete({"proposes": _("没有这个单位，请从列表里选。")})
    return Asked(
        reason=typed(request, "reason", 32),
        text=typed(request, "text", 4000),
        basis=typed(request, "basis", 255),
        evidence=typed(request, "evidence", 4000),
        proposes=unit,
    )


def moment_of(text: str, field: str) -> datetime | None:
    """A `datetime-local` field in the district's time; None for an empty one. Raises `Incomplete`."""
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise Incomplete(
            {field: _("请填写联系的日期和时间。") if field == "contact_at" else _("请填写日期和时间。")}
        )
    return timezone.make_aware(at) if timezone.is_naive(at) else at


@listing("unit", roles=UNIT)
def unit_list(request: PageRequest) -> Sheet:
    """The four groups of the unit's day, as they stand on the page."""
    columns = [
        Column(_("分组"), CODE, 10),
        Column(_("工单号"), CODE, 16),
        Column(_("等级"), CODE, 7),
        Column(_("承办状态"), CODE, 11),
        Column(_("主协办"), CODE, 8),
        Column(_("标题"), width=44),
        Column(_("地点"), width=24),
        Column(_("派出时间"), MOMENT),
        Column(_("现在的时限"), MOMENT),
        Column(_("第几次办"), NUMBER),
        Column(_("退回原因"), CODE, 12),
    ]
    desk = unit_desk(request.user, timezone.now(), LONGEST_FILE, narrowed(request, "unit"))
    back = {"review": _("审核退回"), "callback": _("回访未解决")}
    rows: list[list[object]] = []
    starts: list[int] = []
    for name, group in (
        (_("退回重办"), desk.came_back),
        (_("待签收"), desk.to_sign),
        (_("今日到期"), desk.due_today),
        (_("办理中"), desk.in_hand),
    ):
        starts.append(len(rows))
        for share in group.shares:
            item, ticket = share.item, share.ticket
            rows.append(
                [name, ticket.number, word("level", item.level), word("assignment_state", item.state)]
                + [word("part", item.part), ticket.title, ticket.place_text or str(ticket.town or "")]
                + [item.given_at, share.due, item.round, back.get(share.came_back, "")]
            )
    total = sum(g.count for g in (desk.came_back, desk.to_sign, desk.due_today, desk.in_hand))
    return Sheet(
        "unit",
        _("本单位工单"),
        columns,
        rows,
        filters=told(request.user, "unit"),
        groups=starts,
        total=total,
    )


routes = [
    path("unit", unit, name="unit"),
    path("unit/sign", sign, name="unit-sign"),
    path("unit/<int:pk>", unit, name="unit-share"),
    path("unit/<int:pk>/note", note, name="unit-note"),
    path("unit/<int:pk>/wait", wait, name="unit-wait"),
    path("unit/<int:pk>/resume", resume, name="unit-resume"),
    path("unit/<int:pk>/reply", reply, name="unit-reply"),
    path("unit/<int:pk>/return", return_, name="unit-return"),
    path("unit/<int:pk>/extension", extension, name="unit-extension"),
    path("unit/<int:pk>/pass-on", pass_on_, name="unit-pass-on"),
    path("unit/<int:pk>/files", files, name="unit-files"),
]
