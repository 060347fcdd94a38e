"""Keeping a filter under a name, and dropping it, with a way back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fenzhen.desk.drafts import drop_draft, keep_draft
from fenzhen.desk.step import Incomplete, verb
from fenzhen.hotline.privacy import clean_text
from fenzhen.records.drafts import Draft
from fenzhen.records.filters import SavedFilter
from fenzhen.records.people import User

#: More would be a list to search in.
MOST = 20
#: What was dropped last stands here, sealed, until the next one is dropped.
_DROPPED = "filter:dropped"


@verb
def save_filter(*, by: User, now: datetime, page: str, name: str, fields: Mapping[str, str]) -> SavedFilter:
    """Keep *fields* as *by*'s filter *name* of *page*; one of that name is replaced. Raises `Incomplete`: no name,
    nothing to keep, or `MOST` are there already."""
    name = " ".join(clean_text(name).split())[:64]
    kept: Any = {str(k): clean_text(v)[:200] for k, v in fields.items() if v}
    wrong: dict[str, str] = {}
    if not name:
        wrong["filter_name"] = _("请给这组条件起个名字。")
    if not kept:
        wrong["filter_name"] = _("还没有查询条件，请先查询一次再保存。")
    rows = SavedFilter.objects.filter(owner=by, page=page)
    if not wrong and not rows.filter(name=name).exists() and rows.count() >= MOST:
        wrong["filter_name"] = _("最多保存 %(n)s 组条件，请先删除用不着的。") % {"n": MOST}
    if wrong:
        raise Incomplete(wrong)
    row, _new = SavedFilter.objects.update_or_create(
        owner=by, page=page[:32], name=name, defaults={"fields": kept, "at": now}
    )
    return row


@verb
def drop_filter(pk: int, *, by: User, now: datetime) -> str:
    """Drop *by*'s own filter and return its name. Raises `SavedFilter.DoesNotExist`."""
    row = SavedFilter.objects.get(owner=by, pk=pk)
    fields: Any = row.fields
    words = {"page": [row.page], "name": [row.name], **{f"f_{k}": [str(v)] for k, v in fields.items()}}
    keep_draft(by=by, key=_DROPPED, fields=words, now=now)
    row.delete()
    return row.name


@verb
def restore_filter(*, by: User, now: datetime) -> SavedFilter:
    """Bring back what *by* dropped last. Raises `Incomplete` where there is nothing any more."""
    row = Draft.objects.filter(owner=by, key=_DROPPED).first()
    kept: Any = row.fields if row else None
    if not kept:
        raise Incomplete({"filter_name": _("没有刚删除的条件可以恢复。")})
    fields = {k.removeprefix("f_"): v[0] for k, v in kept.items() if k.startswith("f_") and v}
    drop_draft(by=by, key=_DROPPED, now=now)
    return save_filter(by=by, now=now, page=kept["page"][0], name=kept["name"][0], fields=fields)
