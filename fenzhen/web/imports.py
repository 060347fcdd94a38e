"""Reading a file in: choose it, look at what would happen, say go, watch it, fetch what was refused."""

import tomllib

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from fenzhen.board import imports as board
from fenzhen.desk.step import Incomplete
from fenzhen.office.imports import MOST_BY_PAGE, confirm_import, drop_upload, keep_upload, rejects_of
from fenzhen.office.mapping import BadMapping, MappingFile, NoMapping, parsed_mapping, shipped_mappings
from fenzhen.office.tables import Unreadable
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say

#: Megabytes of a file that a page takes; see FILE_UPLOAD_MAX_MEMORY_SIZE.
LARGEST = 32
STAGES = {
    "kept": gettext_noop("待确认"),
    "running": gettext_noop("导入中"),
    "stuck": gettext_noop("出错停下"),
    "broken_off": gettext_noop("未完成"),
    "done": gettext_noop("完成"),
}
#: What is expected or has happened: (key, word).
COUNTS = (
    ("rows", gettext_noop("总行数")),
    ("imported", gettext_noop("入库")),
    ("waiting", gettext_noop("其中待派单")),
    ("filed", gettext_noop("其中按历史入库")),
    ("known", gettext_noop("已有，不重复")),
    ("rejected", gettext_noop("拒收")),
    ("unknown_caller", gettext_noop("来电人不详")),
    ("secret", gettext_noop("要求保密")),
    ("asks_place", gettext_noop("地点待询问")),
)


def _list(request: PageRequest) -> HttpResponse:
    batches = [(batch, seen, _(STAGES[seen.stage])) for batch, seen in board.batches(request.user)]
    context = {
        "batches": batches,
        "mappings": shipped_mappings(),
        "most": MOST_BY_PAGE,
        "largest": LARGEST,
    }
    return render(request, "imports.html", context)


@page(roles=board.IN_CHARGE)
def imports(request: PageRequest) -> HttpResponse:
    """The form, and the files so far."""
    return _list(request)


@require_POST
@page(roles=board.IN_CHARGE, again=_list)
def upload(request: PageRequest) -> HttpResponse:
    """Look a file through; nothing is imported yet."""
    file = request.FILES.get("file")
    if file is None:
        raise Incomplete({"file": _("请选择一个 .xlsx 或 .csv 文件。")})
    if (file.size or 0) > LARGEST * 1024 * 1024:
        raise Incomplete(
            {"file": _("文件超过 %(n)s MB，请在命令行用 fenzhen import 导入。") % {"n": LARGEST}}
        )
    try:
        batch = keep_upload(
            file,
            by=request.user,
            now=timezone.now(),
            name=file.name or "",
            history=bool(request.POST.get("history")),
            mapping=_mapping(request),
        )
    except NoMapping as why:
        hint = _("请附上映射文件，或改用已有映射的表头。")
        raise Incomplete({"file": f"{why} {hint}"}) from None
    except Unreadable as why:
        raise Incomplete({"file": str(why)}) from None
    except BadMapping as why:
        raise Incomplete({"mapping": str(why)}) from None
    return go(request, "import-one", batch.pk)


def _mapping(request: PageRequest) -> MappingFile | None:
    told = request.FILES.get("mapping")
    if told is None:
        return None
    try:
        return parsed_mapping(tomllib.loads(told.read(256 * 1024).decode("utf-8-sig")), told.name or "map")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise BadMapping(_("映射文件读不了：%(why)s") % {"why": why}) from None


def _one(request: PageRequest, pk: int) -> dict[str, object]:
    batch = board.batch_for(request.user, pk)
    seen = board.progress_of(request.user, batch)
    figures = batch.figures
    source = dict(figures.get("expected" if seen.stage == "kept" else "done") or {})
    source |= {} if seen.stage == "kept" else {"imported": batch.imported, "known": batch.known}
    source |= {"rows": batch.rows, "rejected": source.get("rejected", batch.rejected)}
    always = {"rows", "imported", "known", "rejected"}
    counts = [
        (_(label), source.get(key, 0), key) for key, label in COUNTS if key in always or source.get(key)
    ]
    return {
        "batch": batch,
        "seen": seen,
        "stage": _(STAGES[seen.stage]),
        "counts": counts,
        "reasons": sorted(figures.get("reasons", {}).items(), key=lambda item: -item[1])[:12],
        "columns": board.columns_of(request.user, batch) if seen.stage == "kept" else [],
        "encoding": figures.get("encoding", ""),
        "rejects": board.has_rejects(request.user, batch),
    }


@page(roles=board.IN_CHARGE)
def import_one(request: PageRequest, pk: int) -> HttpResponse:
    """One file: before the yes what would happen, then how far it is, then what became of it."""
    return render(request, "import.html", _one(request, pk))


@page(roles=board.IN_CHARGE)
def progress(request: PageRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while it runs."""
    return render(request, "_import_progress.html", _one(request, pk))


@require_POST
@page(roles=board.IN_CHARGE)
def confirm(request: PageRequest, pk: int) -> HttpResponse:
    """Go."""
    confirm_import(board.batch_for(request.user, pk), by=request.user, now=timezone.now())
    return go(request, "import-one", pk)


@require_POST
@page(roles=board.IN_CHARGE)
def drop(request: PageRequest, pk: int) -> HttpResponse:
    """Rather not."""
    batch = board.batch_for(request.user, pk)
    drop_upload(batch, by=request.user, now=timezone.now())
    say(request, _("没有导入 %(file)s，文件内容已清除。") % {"file": batch.file_name}, tone="plain")
    return go(request, "import")


@require_POST
@page(roles=board.IN_CHARGE)
def rejects(request: PageRequest, pk: int) -> HttpResponse:
    """The refused rows; a POST, because that they were fetched is written down."""
    batch = board.batch_for(request.user, pk)
    content = rejects_of(batch, by=request.user, now=timezone.now())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-rejects.csv"'
    return response


@listing("imports", roles=board.IN_CHARGE)
def imports_list(request: PageRequest) -> Sheet:
    """The files so far."""
    counts = (_("行数"), _("入库"), _("已有，不重复"), _("拒收"))
    columns = [
        Column(_("开始"), MOMENT),
        Column(_("文件"), width=40),
        Column(_("状态"), CODE, 12),
        *(Column(title, NUMBER, 12) for title in counts),
        Column(_("导入人"), CODE, 12),
    ]
    rows = [
        [b.started_at, b.file_name, _(STAGES[seen.stage]), b.rows, b.imported, b.known, b.rejected, b.by.name]
        for b, seen in board.batches(request.user, LONGEST_FILE)
    ]
    return Sheet("imports", _("导入记录"), columns, rows)


routes = [
    path("import", imports, name="import"),
    path("import/upload", upload, name="import-upload"),
    path("import/<int:pk>", import_one, name="import-one"),
    path("import/<int:pk>/progress", progress, name="import-progress"),
    path("import/<int:pk>/confirm", confirm, name="import-confirm"),
    path("import/<int:pk>/drop", drop, name="import-drop"),
    path("import/<int:pk>/rejects", rejects, name="import-rejects"),
]
