"""Lists that somebody handed in by the page: kept, looked at, loaded after a yes, and loaded again to go back."""

from datetime import datetime, timedelta

from django.db import transaction

from fenzhen.desk.step import NotYours, note_act
from fenzhen.hotline.roles import Role
from fenzhen.office.lists import LoadReport, Source, load_lists, reader_of
from fenzhen.records.lists import KeptLists
from fenzhen.records.people import User

#: How long an upload waits for a yes.
WAITS = timedelta(days=7)


def keep_lists(name: str, raw: bytes, *, by: User, now: datetime) -> KeptLists:
    """Keep an upload until somebody says yes or no. The same lists again are the same row.

    Raises `NotYours`, `BadLists` where the file cannot be opened at all.
    """
    _may(by)
    reader = reader_of((name, raw))
    reader.settings()
    checksum = reader.checksum()
    with transaction.atomic():
        KeptLists.objects.filter(loaded_at__isnull=True, made_at__lt=now - WAITS).delete()
        kept, made = KeptLists.objects.get_or_create(
            checksum=checksum,
            defaults={"file_name": name[:255], "content": raw, "made_at": now, "made_by": by},
        )
        if made:
            note_act(f"lists:{kept.pk}", "keep_lists", by=by, now=now, facts={"checksum": checksum})
    return kept


def source_of(kept: KeptLists) -> Source:
    """What `check_lists`, `would_change` and `load_lists` read."""
    return kept.file_name, bytes(kept.content)


def load_kept(kept: KeptLists, *, by: User, now: datetime) -> LoadReport:
    """Load a set that was handed in, or one that was loaded before (that is how one goes back).

    Raises `NotYours`, `BadLists`.
    """
    _may(by)
    return load_lists(source_of(kept), by=by, now=now)


def drop_kept(kept: KeptLists, *, by: User, now: datetime) -> None:
    """Rather not: an upload that was never loaded is forgotten. Raises `NotYours`."""
    _may(by)
    with transaction.atomic():
        if KeptLists.objects.filter(pk=kept.pk, loaded_at__isnull=True).delete()[0]:
            note_act(f"lists:{kept.pk}", "drop_lists", by=by, now=now)


def _may(by: User) -> None:
    if by.role not in {Role.ADMIN, Role.SECTION_CHIEF}:
        raise NotYours


__all__ = ["WAITS", "drop_kept", "keep_lists", "load_kept", "source_of"]
