"""「消息外发」: what went out, what failed and why, and the addresses it goes to."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board import deliveries as board
from fenzhen.board.words import word, words_of
from fenzhen.office.notices import tell
from fenzhen.office.outbox import add_way, end_way, send_again
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.narrow import asked_of, told
from fenzhen.web.notices import words_for
from fenzhen.web.page import PageRequest, go, page, say, typed

#: States in the order in which somebody must look.
STATES = ("failed", "unsure", "waiting", "quiet", "sending", "sent", "needless")
TAGS = {"failed": "tag-late", "unsure": "tag-late", "waiting": "tag-soon", "sent": "tag-done"}


def _list(request: PageRequest) -> HttpResponse:
    asked = asked_of(request.user, "deliveries")
    state = request.GET.get("state", "") or asked.get("delivery", "")
    counts = board.delivery_counts(request.user)
    unset = [
        word("courier", code)
        for code, given in (("email", settings.FENZHEN_SMTP_URL), ("sms", settings.FENZHEN_SMS_URL))
        if not given
    ]
    context = {
        "state": state if state in STATES else "",
        "counts": [(code, word("delivery", code), counts[code]) for code in STATES if counts[code]],
        "deliveries": [
            (row, TAGS.get(row.state, ""), row.trouble == "console")
            for row in board.deliveries(
                request.user, state=state if state in STATES else "", courier=asked.get("courier", "")
            )
        ],
        "ways": board.ways(request.user),
        "couriers": [pair for pair in words_of("courier") if pair[0] != "console"],
        "people": board.people_to_reach(request.user),
        "units": board.units_to_reach(request.user),
        "unset": unset,
    }
    return render(request, "deliveries.html", context)


@page(roles=board.IN_CHARGE)
def deliveries(request: PageRequest) -> HttpResponse:
    """The messages, newest first, and the addresses."""
    return _list(request)


@require_POST
@page(roles=board.IN_CHARGE)
def again(request: PageRequest, pk: int) -> HttpResponse:
    """Send once more what failed, or what may have been lost."""
    send_again(board.delivery_for(request.user, pk), by=request.user, now=timezone.now())
    say(request, _("已重新排队，马上再发一次。"))
    return go(request, "deliveries")


@require_POST
@page(roles=board.IN_CHARGE, again=_list)
def add(request: PageRequest) -> HttpResponse:
    """Keep an address."""
    add_way(
        by=request.user,
        now=timezone.now(),
        courier=typed(request, "courier", longest=16),
        address=typed(request, "address", longest=500),
        person=typed(request, "person", longest=64),
        unit=typed(request, "unit", longest=16),
    )
    say(request, _("已登记。"))
    return go(request, "deliveries")


@require_POST
@page(roles=board.IN_CHARGE)
def end(request: PageRequest, pk: int) -> HttpResponse:
    """Nothing goes there any more."""
    end_way(board.way_for(request.user, pk), by=request.user, now=timezone.now())
    say(request, _("已停用这个联系方式。"), tone="plain")
    return go(request, "deliveries")


@require_POST
@page(roles=board.IN_CHARGE)
def test(request: PageRequest) -> HttpResponse:
    """A message to oneself, to see whether it comes."""
    now = timezone.now()
    notice = tell(request.user, "test_message", once=f"test:{now:%Y%m%d%H%M%S}", now=now, urgent=True)
    if board.deliveries_of(request.user, [notice]):
        say(request, _("测试消息已排队，请看手机或邮箱，并看下面是否“已发”。"))
    else:
        say(request, _("您的账号还没有登记联系方式，测试消息只出现在页面上。"), tone="plain")
    return go(request, "deliveries")


@listing("deliveries", roles=board.IN_CHARGE)
def deliveries_list(request: PageRequest) -> Sheet:
    """What went out and what became of it. Where it went stands there as the page shows it: whose, not which
    number."""
    columns = [
        Column(_("时间"), MOMENT),
        Column(_("通知"), width=32),
        Column(_("工单号"), CODE, 16),
        Column(_("渠道"), CODE, 12),
        Column(_("发给"), CODE, 24),
        Column(_("状态"), CODE, 10),
        Column(_("试了几次"), NUMBER, 9),
        Column(_("发出时间"), MOMENT),
        Column(_("下次"), MOMENT),
        Column(_("没发成的原因"), width=36),
    ]
    asked = asked_of(request.user, "deliveries")
    found = board.deliveries(
        request.user,
        state=asked.get("delivery", ""),
        courier=asked.get("courier", ""),
        most=LONGEST_FILE,
    )
    rows = [
        [
            row.notice.created_at,
            words_for(row.notice),
            row.notice.ticket.number if row.notice.ticket else "",
            word("courier", row.way.courier),
            str(row.way.unit or (row.way.person.name if row.way.person else "")),
            word("delivery", row.state),
            row.tries,
            row.sent_at,
            row.next_try_at,
            _("渠道未配置，只写入日志") if row.trouble == "console" else row.trouble,
        ]
        for row in found
    ]
    return Sheet("deliveries", _("消息外发"), columns, rows, filters=told(request.user, "deliveries"))


routes = [
    path("deliveries", deliveries, name="deliveries"),
    path("deliveries/ways", add, name="way-add"),
    path("deliveries/ways/<int:pk>/end", end, name="way-end"),
    path("deliveries/test", test, name="delivery-test"),
    path("deliveries/<int:pk>/again", again, name="delivery-again"),
]
