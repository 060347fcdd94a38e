"""The city's platform: what its files brought, what is watched, what it was not told yet."""

from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board import city as board
from fenzhen.board.tickets import clocks_of, ticket_for
from fenzhen.board.words import word
from fenzhen.desk.city import hand_up, keep_ours, take_over
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
from fenzhen.office.cells import BadCell, moment_of
from fenzhen.office.city import MOST_BY_PAGE, owe_city, take_city_upload, tell_city
from fenzhen.office.city_words import city_book, city_cells, tell_in_file, untell_city
from fenzhen.office.mapping import BadMapping, NoMapping
from fenzhen.office.tables import Unreadable
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing, ticket_cells, ticket_columns
from fenzhen.web.narrow import narrowed
from fenzhen.web.narrow import told as told_by
from fenzhen.web.page import PageRequest, go, page, say, typed

#: Megabytes of a file that the page takes.
LARGEST = 16
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REQUESTS = ("return", "extension", "exclusion")


def _list(request: PageRequest) -> HttpResponse:
    viewer, now = request.user, timezone.now()
    narrow = narrowed(request, "city")
    untold = board.city_untold(viewer).filter(narrow.on("ticket"))
    watched = board.watched_orders(viewer).filter(narrow.on())
    # What goes out is always everything: the figures are not narrowed.
    count, watching = board.city_untold(viewer).count(), board.watched_orders(viewer).count()
    batch = request.GET.get("batch", "")
    context = {
        "files": board.city_files(viewer),
        "changes": board.city_changes(viewer, now),
        "watched": watched[: board.MOST],
        "watching": watching,
        "moved": board.moved_orders(viewer)[: board.MOST],
        "untold": [(word, city_cells(word)) for word in untold[: board.MOST]],
        "count": count,
        "most": board.MOST,
        "batches": board.told_batches(viewer),
        "by_hand": board.told_by_hand(viewer, now),
        "fresh": batch if board.batch_exists(viewer, batch) else "",
        "may": viewer.role in roles.DESK,
        "largest": LARGEST,
        "rows_by_page": MOST_BY_PAGE,
    }
    return render(request, "city.html", context)


@page(roles=board.SEES)
def city(request: PageRequest) -> HttpResponse:
    """In, watched, out."""
    return _list(request)


@require_POST
@page(roles=roles.DESK, again=_list)
def take(request: PageRequest) -> HttpResponse:
    """Read a file of the city's now."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择一个 .xlsx 或 .csv 文件。")})
    if (file.size or 0) > LARGEST * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请放进市平台文件夹。") % {"n": LARGEST}})
    try:
        report = take_city_upload(file, file.name or "", by=request.user, now=timezone.now())
    except (NoMapping, BadMapping, Unreadable) as why:
        raise Incomplete({"file": str(why)}) from None
    text = _(
        "读完 %(rows)s 行：新单 %(new)s，直派 %(direct)s，变更 %(changed)s，撤回 %(withdrawn)s，没有变化 %(same)s，拒收 %(rejected)s。"
    ) % {"rows": report.rows, **report.counts}
    say(request, "\n".join([text, *report.reasons[:5]]), tone="bad" if report.counts["rejected"] else "good")
    return go(request, "city")


@require_POST
@page(roles=roles.DESK)
def out(request: PageRequest) -> HttpResponse:
    """Everything that is owed becomes one file. It is fetched by an address of its own, as often as needed."""
    batch = tell_in_file(by=request.user, now=timezone.now())
    if not batch:
        say(request, _("没有要告诉市平台的。"), tone="plain")
        return go(request, "city")
    return go(request, f"{reverse('city')}?batch={batch}")


@page(roles=board.SEES)
def fetch(request: PageRequest, batch: str) -> HttpResponse:
    """One batch as XLSX."""
    if not board.batch_exists(request.user, batch):
        raise Http404
    response = HttpResponse(city_book(batch), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="city-{batch}.xlsx"'
    return response


@require_POST
@page(roles=roles.DESK)
def told(request: PageRequest, pk: int) -> HttpResponse:
    """「已录入」: typed into the city's own pages."""
    words = board.words_for(request.user, [pk])
    if not words:
        raise Http404
    if tell_city(words, "typed", by=request.user, now=timezone.now()):
        text = _("%(number)s 已勾为录入市平台") % {"number": words[0].ticket.external_no}
        say(request, text, undo=reverse("city-untold", args=[pk]))
    else:
        say(request, _("这一条别人已经回传，没有重复记录。"), tone="plain")
    return _back(request, words[0].ticket_id)


@require_POST
@page(roles=roles.DESK)
def untold(request: PageRequest, pk: int) -> HttpResponse:
    """The tick was a mistake."""
    words = board.words_for(request.user, [pk])
    if not words:
        raise Http404
    if untell_city(words[0], by=request.user, now=timezone.now()):
        say(request, _("已撤销，回到待回传"))
    else:
        say(request, _("已随文件导出的不能撤销。"), tone="plain")
    return _back(request, words[0].ticket_id)


def _one(request: PageRequest, pk: int) -> HttpResponse:
    viewer, now = request.user, timezone.now()
    ticket = ticket_for(viewer, pk)
    if not ticket.city_mode:
        raise Http404
    words = board.city_words_of(viewer, ticket)
    context = {
        "ticket": ticket,
        "clocks": clocks_of(viewer, ticket, now),
        "words": [(word, city_cells(word)) for word in words],
        "open_kinds": {word.kind for word in words if word.told_at is None},
        "changes": board.changes_of(viewer, ticket),
        "requests": REQUESTS,
        "may": viewer.role in roles.DESK,
        "moved": board.is_moved(viewer, ticket),
    }
    return render(request, "city_ticket.html", context)


@page(roles=board.SEES)
def city_ticket(request: PageRequest, pk: int) -> HttpResponse:
    """One order of the city's: both clocks, what the city changed, what it was told, requests to it."""
    return _one(request, pk)


@require_POST
@page(roles=roles.DESK, again=_one)
def owe(request: PageRequest, pk: int) -> HttpResponse:
    """A request to the city: return, extend, leave out."""
    ticket = ticket_for(request.user, pk)
    kind = typed(request, "kind", 16)
    if kind not in REQUESTS:
        raise Http404
    fields = {
        "reason": typed(request, "reason", 32),
        "text": typed(request, "text"),
        "basis": typed(request, "basis", 255),
        "until": _until(typed(request, "until", 32)),
    }
    owe_city(ticket, kind, fields, by=request.user, now=timezone.now())
    say(request, _("已列入待回传；录入市平台或导出后勾掉"))
    return go(request, "city-ticket", pk)


def _until(text: str) -> datetime | None:
    try:
        return moment_of(text)
    except BadCell as why:
        raise Incomplete({"until": str(why)}) from None


@require_POST
@page(roles=roles.DESK, again=_one)
def over(request: PageRequest, pk: int) -> HttpResponse:
    """Take a watched order into the district's own hands."""
    take_over(
        ticket_for(request.user, pk), by=request.user, now=timezone.now(), text=typed(request, "text", 2000)
    )
    say(request, _("已转为区派，在派单台排队"))
    return go(request, "city-ticket", pk)


@require_POST
@page(roles=roles.DESK, again=_one)
def moved(request: PageRequest, pk: int) -> HttpResponse:
    """The city gave a unit itself what ours have in hand: let it go, or finish it here."""
    ticket = ticket_for(request.user, pk)
    if not board.is_moved(request.user, ticket):
        raise Incomplete({"who": _("这张单已经决定过，或者市平台又改了。")})
    text, now = typed(request, "text", 2000), timezone.now()
    if request.POST.get("who") == "city":
        hand_up(ticket, by=request.user, now=now, text=text)
        say(request, _("已转为直派跟踪，本区单位不用再办"))
    else:
        keep_ours(ticket, by=request.user, now=now, text=text)
        say(request, _("仍由本区办理，结果由本区回传市平台"))
    return go(request, "city-ticket", pk)


def _back(request: PageRequest, ticket: int) -> HttpResponse:
    return go(request, "city-ticket", ticket) if request.POST.get("at") == "ticket" else go(request, "city")


@listing("city-untold", roles=board.SEES)
def untold_list(request: PageRequest) -> Sheet:
    """Done here, and the city was not told yet."""
    words = (
        board.city_untold(request.user)
        .filter(narrowed(request, "city").on("ticket"))
        .select_related("ticket__town", "ticket__place", "ticket__lead_unit")
    )
    columns = [*ticket_columns(), Column(_("要告诉的"), CODE, 12), Column(_("备好时间"), MOMENT)]
    rows = [
        [*ticket_cells(one.ticket), word("city_word", one.kind), one.made_at] for one in words[:LONGEST_FILE]
    ]
    return Sheet(
        "city-untold",
        _("未告知市平台"),
        columns,
        rows,
        filters=told_by(request.user, "city"),
        total=words.count(),
    )


@listing("city-watched", roles=board.SEES)
def watched_list(request: PageRequest) -> Sheet:
    """Orders that the city gave to a unit itself."""
    orders = board.watched_orders(request.user).filter(narrowed(request, "city").on())
    orders = orders.select_related("town", "place", "lead_unit")
    rows = [[*ticket_cells(one), one.city_state] for one in orders[:LONGEST_FILE]]
    columns = [*ticket_columns(), Column(_("市级状态"), CODE, 14)]
    return Sheet(
        "city-watched",
        _("直派跟踪"),
        columns,
        rows,
        filters=told_by(request.user, "city"),
        total=orders.count(),
    )


routes = [
    path("city", city, name="city"),
    path("city/take", take, name="city-take"),
    path("city/out", out, name="city-out"),
    path("city/out/<slug:batch>", fetch, name="city-fetch"),
    path("city/words/<int:pk>/told", told, name="city-told"),
    path("city/words/<int:pk>/untold", untold, name="city-untold"),
    path("city/tickets/<int:pk>", city_ticket, name="city-ticket"),
    path("city/tickets/<int:pk>/owe", owe, name="city-owe"),
    path("city/tickets/<int:pk>/take-over", over, name="city-take-over"),
    path("city/tickets/<int:pk>/moved", moved, name="city-moved"),
]
