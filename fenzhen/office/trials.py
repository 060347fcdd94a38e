"""Reckonings that take minutes: asked for on a page, done beside the worker, seen while they run, never left half done."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from fenzhen.desk.step import NotYours
from fenzhen.hotline.roles import Role
from fenzhen.office.teach import LEAST_TO_LEARN, teach
from fenzhen.records.advice import LearnedModel, Trial, Truth
from fenzhen.records.people import User

log = logging.getLogger("fenzhen.office")

Clock = Callable[[], datetime]


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
    raise _Spoken(_("还不能试算。"))


def _end(row: Trial, now: datetime, *, result: dict[str, Any] | None = None, trouble: str = "") -> None:
    """The file is wiped with the result: what is kept are figures."""
    Trial.objects.filter(pk=row.pk).update(
        done_at=now, share=1.0, result=result or {}, trouble=trouble[:255], content=None
    )
