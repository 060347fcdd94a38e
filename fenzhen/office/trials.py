"""Reckonings that take minutes: asked for on a page, done beside the worker, seen while they run, never left half done."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from fenzhen.advisor.history import LEAST, BadHistory, Past, guessed_columns, read_rows, try_history
from fenzhen.board.adviser import ALPHA, DELTA
from fenzhen.desk.step import Incomplete, NotYours, note_act
from fenzhen.hotline import privacy
from fenzhen.hotline.roles import CHIEFS, Role
from fenzhen.office.tables import Readable, open_table, text_of
from fenzhen.office.teach import LEAST_TO_LEARN, teach
from fenzhen.records.advice import LearnedModel, Trial, Truth
from fenzhen.records.keys import keyring
from fenzhen.records.people import User

log = logging.getLogger("fenzhen.office")

Clock = Callable[[], datetime]

#: Rows of an export that are tried at once.
MOST_ROWS = 30_000
#: What the sealed rows are sealed for.
_COLUMN = "records_trial.content"
#: Why a row could not be used.
DROPPED = {
    "no_text": gettext_noop("没有文字"),
    "no_final": gettext_noop("没有最后承办单位"),
    "no_time": gettext_noop("看不懂受理时间"),
}


def something_waits(by: User) -> bool:
    """Whether a reckoning was asked for and not begun."""
    return Trial.objects.filter(started_at=None, done_at=None).exists()


def mark_dead(*, by: User, now: datetime, silent: timedelta) -> int:
    """What has begun and shown no sign of life for so long has failed; what it was to reckon from is wiped."""
    quiet = Q(beat_at__lt=now - silent) | Q(beat_at=None, started_at__lt=now - silent)
    return Trial.objects.filter(quiet, started_at__isnull=False, done_at=None).update(
        done_at=now, trouble="stopped", content=None
    )


def do_waiting(*, by: User, now: Clock) -> int:
    """Do everything that waits, one after the other; returns how many. Raises `NotYours`."""
    if by.role != Role.SYSTEM:
        raise NotYours
    done = 0
    while True:
        row = Trial.objects.filter(started_at=None, done_at=None).order_by("pk").first()
        if row is None:
            return done
        if not Trial.objects.filter(pk=row.pk, started_at=None).update(started_at=now(), beat_at=now()):
            continue  # somebody else has begun it
        try:
            result = _teach(row, by, now) if row.facts.get("kind") == "teach" else _history(row, by, now)
        except _Spoken as why:
            _end(row, now(), trouble=str(why))
        except Exception as why:
            log.exception("reckoning %s failed", row.pk)
            _end(row, now(), trouble=type(why).__name__)
        else:
            _end(row, now(), result=result)
        done += 1


def last_teaching(by: User) -> dict[str, Any]:
    """What came of the last teaching."""
    row = Trial.objects.filter(facts__kind="teach", done_at__isnull=False).order_by("-pk").first()
    return dict(row.result) if row else {}


def keep_trial(file: Readable, name: str, told: Mapping[str, str], *, by: User, now: datetime) -> Trial:
    """Look an export through and keep its rows sealed until they have been reckoned. Names and telephone numbers that
    stand in the words are lifted out first; other columns are not kept at all.

    Raises `NotYours`, `Unreadable`, `Incomplete` (no such columns, too few or too many rows).
    """
    if by.role not in CHIEFS:
        raise NotYours
    table = open_table(file, name)
    found = list(islice(table.rows(), MOST_ROWS + 2))
    if not found:
        raise Incomplete({"file": _("文件是空的。")})
    if len(found) > MOST_ROWS + 1:
        raise Incomplete({"file": _("超过 %(n)s 行，请按时间截一段再试。") % {"n": MOST_ROWS}})
    header = [text_of(cell).strip() for cell in found[0][1]]
    try:
        columns = guessed_columns(header, told)
    except BadHistory:
        there = "、".join(name for name in header if name)[:300]
        text = _(
            "没有认出需要的列。要有标题或内容、最后承办单位、受理时间；这份表有：%(there)s。请在下面写出列名。"
        )
        raise Incomplete({"file": text % {"there": there}}) from None
    rows = [
        dict(zip(header, (text_of(cell) for cell in cells), strict=False)) for _number, cells in found[1:]
    ]
    try:
        read = read_rows(rows, columns)
    except BadHistory:
        text = _("没有一行能用：每行要有文字、最后承办单位和看得懂的受理时间。")
        raise Incomplete({"file": text}) from None
    if len(read.rows) < LEAST:
        text = _("能用的只有 %(n)s 行，至少要 %(least)s 行才算得出什么。") % {
            "n": len(read.rows),
            "least": LEAST,
        }
        raise Incomplete({"file": text})
    kept = {
        "rows": [
            [_lifted(one.title), _lifted(one.body), one.first, one.final, one.at.isoformat(), one.returned]
            for one in read.rows
        ],
        "dropped": read.dropped,
    }
    sealed = keyring().seal_bytes(json.dumps(kept, ensure_ascii=False).encode(), _COLUMN)
    facts = {"kind": "history", "alpha": ALPHA, "delta": DELTA, "columns": columns}
    with transaction.atomic():
        row = Trial.objects.create(
            by=by, asked_at=now, file_name=name[:255], rows=len(read.rows), facts=facts, content=sealed
        )
        note_act(f"trial:{row.pk}", "keep_trial", by=by, now=now, facts={"rows": len(read.rows)})
    return row


def forget_trial(trial: Trial, *, by: User, now: datetime) -> None:
    """Delete a trial that is done, figures and all. Raises `NotYours`."""
    if by.role not in CHIEFS:
        raise NotYours
    with transaction.atomic():
        if Trial.objects.filter(pk=trial.pk, done_at__isnull=False).delete()[0]:
            note_act(f"trial:{trial.pk}", "forget_trial", by=by, now=now, facts={})


def _lifted(text: str) -> str:
    return privacy.lift_numbers(privacy.clean_text(text))[0]


# ---------------------------------------------------------------------------------------------------------


class _Spoken(Exception):
    """Failed for a reason that the person can do something about; the text says it."""


def _say(row: Trial, now: Clock) -> Callable[[str, float], None]:
    def say(step: str, share: float) -> None:
        Trial.objects.filter(pk=row.pk).update(step=step[:64], share=share, beat_at=now())

    return say


def _teach(row: Trial, by: User, now: Clock) -> dict[str, Any]:
    model = teach(by=by, now=now(), say=_say(row, now))
    if model is None:
        return {"too_few": True, "labels": Truth.objects.count(), "least": LEAST_TO_LEARN}
    in_use = LearnedModel.objects.filter(pk=model.pk, in_use=True).exists()
    return {**model.figures, "version": model.version, "in_use": in_use}


def _history(row: Trial, by: User, now: Clock) -> dict[str, Any]:
    sealed = Trial.objects.filter(pk=row.pk).values_list("content", flat=True).first()
    if sealed is None:
        raise _Spoken(_("文件已经不在了，请再传一次。"))
    kept = json.loads(keyring().open_bytes(bytes(sealed), _COLUMN))
    past = [
        Past(title, body, first, final, datetime.fromisoformat(at), returned)
        for title, body, first, final, at, returned in kept["rows"]
    ]
    say = _say(row, now)
    try:
        figures = try_history(past, alpha=float(row.facts["alpha"]), delta=float(row.facts["delta"]), say=say)
    except BadHistory as why:
        raise _Spoken(str(why)) from None
    return figures | {"dropped": kept["dropped"]}


def _end(row: Trial, now: datetime, *, result: dict[str, Any] | None = None, trouble: str = "") -> None:
    """The file is wiped with the result: what is kept are figures."""
    Trial.objects.filter(pk=row.pk).update(
        done_at=now, share=1.0, result=result or {}, trouble=trouble[:255], content=None
    )


__all__ = [
    "DROPPED",
    "LEAST",
    "MOST_ROWS",
    "do_waiting",
    "forget_trial",
    "keep_trial",
    "last_teaching",
    "mark_dead",
    "something_waits",
]
