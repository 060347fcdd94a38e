"""The district's lists as files: what is loaded, what was loaded before, what waits for a yes."""

from fenzhen.hotline.roles import Role
from fenzhen.records.lists import KeptLists
from fenzhen.records.people import User

#: Who sees, loads and takes back the district's lists.
IN_CHARGE = frozenset({Role.SECTION_CHIEF, Role.ADMIN})


def kept_lists(viewer: User) -> list[KeptLists]:
    """The sets of lists that were loaded, newest first; nothing for anybody not in charge."""
    if viewer.role not in IN_CHARGE:
        return []
    rows = KeptLists.objects.filter(loaded_at__isnull=False).select_related("loaded_by")
    return list(rows.defer("content").order_by("-loaded_at", "-pk"))


def lists_waiting(viewer: User) -> list[KeptLists]:
    """Uploads that nobody has said yes to."""
    if viewer.role not in IN_CHARGE:
        return []
    return list(KeptLists.objects.filter(loaded_at__isnull=True).select_related("made_by").defer("content"))


def lists_for(viewer: User, pk: int) -> KeptLists:
    """One set. Raises `KeptLists.DoesNotExist`, also for whoever may not know."""
    rows = KeptLists.objects.select_related("made_by", "loaded_by")
    return (rows if viewer.role in IN_CHARGE else rows.none()).get(pk=pk)


__all__ = ["IN_CHARGE", "kept_lists", "lists_for", "lists_waiting"]
