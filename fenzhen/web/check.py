"""「本区清单」: hand in the district's lists, see what is missing, see what would change, load them, go back."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from fenzhen.board import lists as board
from fenzhen.board.district import district_of
from fenzhen.desk.step import Incomplete
from fenzhen.office.checks import check_lists
from fenzhen.office.kept import drop_kept, keep_lists, load_kept, source_of
from fenzhen.office.lists import BadLists, would_change
from fenzhen.office.sheets import BY_KEY
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.papers.template import template
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed

#: Megabytes of a file that the page takes.
LARGEST = 32
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Severity → heading, tag, what it means.
SEVERITIES = (
    ("error", gettext_noop("必须改正"), "late", gettext_noop("不改不能装入，或装入后派不出去。")),
    ("warning", gettext_noop("建议补上"), "soon", gettext_noop("可以先装入，但用起来会缺。")),
    (
        "confirm",
        gettext_noop("请本区核定"),
        "",
        gettext_noop("没有查到公开规定的数字，请本区确认后标为已核定。"),
    ),
)


def _list(request: PageRequest) -> HttpResponse:
    here = district_of(request.user)
    context = {
        "loaded": here if here and here.loaded_at else None,
        "kept": [
            (
                row,
                sum(counts[0] for counts in row.counts.values()),
                here is not None and row.checksum == here.checksum,
            )
            for row in board.kept_lists(request.user)
        ],
        "waiting": board.lists_waiting(request.user),
        "largest": LARGEST,
    }
    return render(request, "check.html", context)


@page(roles=board.IN_CHARGE)
def check(request: PageRequest) -> HttpResponse:
    """The form, what is loaded, and what was loaded before."""
    return _list(request)


@page(roles=board.IN_CHARGE)
def empty_template(request: PageRequest) -> HttpResponse:
    """The template to fill."""
    response = HttpResponse(template(), content_type=XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="district.xlsx"'
    return response


@require_POST
@page(roles=board.IN_CHARGE, again=_list)
def upload(request: PageRequest) -> HttpResponse:
    """Look a file through; nothing is loaded yet."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择填好的模板(.xlsx)，或各清单压成的 .zip。")})
    if (file.size or 0) > LARGEST * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请在命令行用 fenzhen load 装入。") % {"n": LARGEST}})
    try:
        kept = keep_lists(file.name or "lists", file.read(), by=request.user, now=timezone.now())
    except BadLists as why:
        raise Incomplete({"file": "；".join(str(fault) for fault in why.faults[:3])}) from None
    return go(request, "check-one", kept.pk)


@page(roles=board.IN_CHARGE)
def one(request: PageRequest, pk: int) -> HttpResponse:
    """The check's report on one set of lists, and what loading it would change."""
    kept = board.lists_for(request.user, pk)
    now = timezone.now()
    report = check_lists(source_of(kept), today=timezone.localdate())
    changes = []
    here = district_of(request.user)
    is_loaded = here is not None and here.checksum == kept.checksum
    unreadable = any(finding.code == "fault" for finding in report.errors)
    if not unreadable and not is_loaded:
        would = would_change(source_of(kept), by=request.user, now=now)
        changes = [
            (_(BY_KEY[key].word), count)
            for key, count in would.counts.items()
            if count.added or count.changed or count.retired
        ]
    context = {
        "kept": kept,
        "report": report,
        "groups": [
            (key, _(title), tag, _(what), found)
            for key, title, tag, what in SEVERITIES
            if (found := report.of(key))
        ],
        "rows": [(_(BY_KEY[key].word), count) for key, count in report.rows.items()],
        "changes": changes,
        "unreadable": unreadable,
        "is_loaded": is_loaded,
    }
    return render(request, "check_one.html", context)


@require_POST
@page(roles=board.IN_CHARGE)
def load(request: PageRequest, pk: int) -> HttpResponse:
    """Yes: these are the lists from now on."""
    kept = board.lists_for(request.user, pk)
    try:
        report = load_kept(kept, by=request.user, now=timezone.now())
    except BadLists as why:
        raise Incomplete({"file": "；".join(str(fault) for fault in why.faults[:3])}) from None
    added, changed, retired = (
        sum(getattr(count, name) for count in report.counts.values())
        for name in ("added", "changed", "retired")
    )
    say(
        request,
        _(
            "已装入 %(file)s：新增 %(added)s，更改 %(changed)s，停用 %(retired)s。要退回去，在下面选以前的清单再装入。"
        )
        % {"file": kept.file_name, "added": added, "changed": changed, "retired": retired},
    )
    return go(request, "check")


@require_POST
@page(roles=board.IN_CHARGE)
def drop(request: PageRequest, pk: int) -> HttpResponse:
    """No: the upload is forgotten."""
    kept = board.lists_for(request.user, pk)
    drop_kept(kept, by=request.user, now=timezone.now())
    say(request, _("没有装入 %(file)s。") % {"file": kept.file_name}, tone="plain")
    return go(request, "check")


@page(roles=board.IN_CHARGE)
def fetch(request: PageRequest, pk: int) -> HttpResponse:
    """A set of lists as it was handed in."""
    kept = board.lists_for(request.user, pk)
    is_book = kept.file_name.lower().endswith(".xlsx")
    response = HttpResponse(bytes(kept.content), content_type=XLSX if is_book else "application/zip")
    ending = "xlsx" if is_book else "zip"
    response.headers["Content-Disposition"] = f'attachment; filename="lists-{kept.pk}.{ending}"'
    return response


@listing("lists", roles=board.IN_CHARGE)
def lists_list(request: PageRequest) -> Sheet:
    """The sets of lists that were loaded."""
    columns = [
        Column(_("装入"), MOMENT),
        Column(_("文件"), width=40),
        Column(_("行数"), NUMBER),
        Column(_("装入人"), CODE, 12),
    ]
    rows = [
        [
            row.loaded_at,
            row.file_name,
            sum(counts[0] for counts in row.counts.values()),
            row.loaded_by.name if row.loaded_by else "",
        ]
        for row in board.kept_lists(request.user)
    ]
    return Sheet("lists", _("装入过的清单"), columns, rows)


@listing("findings", roles=board.IN_CHARGE)
def findings_list(request: PageRequest) -> Sheet:
    """What the check says of one set of lists (`pk`), to be worked through beside the template."""
    number = typed(request, "pk", 18)
    kept = board.lists_for(request.user, int(number) if number.isdecimal() else 0)
    report = check_lists(source_of(kept), today=timezone.localdate())
    columns = [
        Column(_("轻重"), CODE, 12),
        Column(_("在哪里"), CODE, 28),
        Column(_("是什么"), width=60),
        Column(_("怎么办"), width=48),
    ]
    rows: list[list[object]] = []
    starts: list[int] = []
    for key, title, _tag, _what in SEVERITIES:
        starts.append(len(rows))
        rows += [[_(title), finding.where, finding.text, finding.todo] for finding in report.of(key)]
    return Sheet(
        "findings", _("清单检查"), columns, rows, filters=[(_("文件"), kept.file_name)], groups=starts
    )


routes = [
    path("lists", check, name="check"),
    path("lists/template", empty_template, name="check-template"),
    path("lists/upload", upload, name="check-upload"),
    path("lists/<int:pk>", one, name="check-one"),
    path("lists/<int:pk>/load", load, name="check-load"),
    path("lists/<int:pk>/drop", drop, name="check-drop"),
    path("lists/<int:pk>/file", fetch, name="check-file"),
]
