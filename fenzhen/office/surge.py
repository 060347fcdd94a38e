"""More than usual: every arrival goes past the surge watch; what rings is written down, told once, followed, and ended.

The watch (fenzhen.spotter.surge) lives in the one process that works. It is a function of the tickets of the last half year in
their order of time, so it is never written down: a process that has none yet reads them again. What is older than a few days, and
history that was filed by an import, only teaches what is usual; it never rings. A file that comes hours late is put where it belongs:
the last days are gone through again from a copy that stands at their beginning.
"""

from bisect import insort
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, note_act, verb
from fenzhen.office.notices import tell
from fenzhen.office.spotting import TOLD
from fenzhen.records.directory import Category
from fenzhen.records.district import CalendarDay
from fenzhen.records.journal import Entry, SealHead
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import setting
from fenzhen.records.surges import Surge
from fenzhen.records.tickets import Ticket
from fenzhen.spotter import surge as library

#: So far back tickets teach what is usual.
LOOKS_BACK = timedelta(days=180)
#: What is older when it is first seen makes no alarm: nobody can act on it.
STALE = timedelta(days=3)
#: Usual is what was usual on so many days with calls; before, nothing is said.
DAYS_KNOWN = 21
#: The adviser's category is waited for so long.
PATIENCE = timedelta(seconds=30)
#: Later than this is not "now": the last days are gone through again.
LATE = timedelta(hours=1)
#: What comes from before the last days is read in with everything else, at most so often.
READ_AGAIN = timedelta(minutes=10)
#: Those that last are counted again so often, also when nothing comes.
COUNT_AGAIN = timedelta(minutes=1)
#: A cell that rang is quiet for so long.
QUIET = timedelta(days=library.QUIET)
#: Tickets taken in one look.
MOST = 500
#: Fewer people than this are no surge.
LEAST = 3
#: Colour: at least so many people, and tickets so many times the usual number. The first that fits.
LEVELS: tuple[tuple[str, int, float], ...] = (
    ("red", 30, 4.0),
    ("orange", 30, 2.0),
    ("orange", 10, 3.0),
    ("yellow", 30, 1.5),
    ("yellow", 5, 3.0),
    ("blue", LEAST, 0.0),
)
_ORDER = ("blue", "yellow", "orange", "red")


class _Row(NamedTuple):
    """A ticket as the watch sees it; rows sort by their time."""

    at: datetime
    pk: int
    who: int
    town: str | None
    category: str | None
    is_past: bool


@dataclass(slots=True)
class _Here:
    """The watch of this process: a copy that stands at `begins`, the rows since then, and the watch that has seen them."""

    base: library.SurgeWatch
    begins: datetime
    position: int
    read_at: datetime
    watch: library.SurgeWatch = field(default_factory=library.SurgeWatch)
    tail: list[_Row] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    rung: list[library.Surge] = field(default_factory=list)
    is_old: bool = False
    counted_at: datetime | None = None


_here: list[_Here] = []


def forget_surges() -> None:
    """Let this process read everything again at its next look (other lists, a test)."""
    _here.clear()


def watch_surges(*, by: User, now: datetime, most: int = MOST) -> int:
    """Show the watch what has come since the last look, raise what rings, follow what lasts. Returns how many tickets."""
    head = SealHead.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    try:
        here = _ready(head, now)
        births = _births(here.position, head, most, now)
        if births:
            _take_in(here, [pk for _position, pk in births])
            here.position = births[-1][0]
        rung, here.rung = here.rung, []
        if len(here.days) >= DAYS_KNOWN:
            for found in sorted(rung, key=lambda one: (one.at, -sum(map(bool, one.cell)))):
                _raise(here.watch, found, by, now)
        if births or here.counted_at is None or now - here.counted_at >= COUNT_AGAIN:
            here.counted_at = now
            _follow(by, now)
    except Exception:
        _here.clear()  # what it has seen was not kept: it must see it again
        raise
    return len(births)


@verb
def see_surge(surge: Surge, *, by: User, now: datetime) -> bool:
    """Somebody takes note of it; False where somebody else was first, whose name stays."""
    note_act(f"surge:{surge.pk}", "see_surge", by=by, now=now)
    return bool(Surge.objects.filter(pk=surge.pk, seen_at__isnull=True).update(seen_by=by, seen_at=now))


@verb
def dismiss_surge(surge: Surge, *, by: User, now: datetime, why: str = "") -> None:
    """It is nothing to act on: it leaves the pages with all that is part of it, and does not ring again for a week.

    Raises `Incomplete` where it was over already.
    """
    note_act(f"surge:{surge.pk}", "dismiss_surge", by=by, now=now)
    own = Q(pk=surge.pk) | Q(part_of=surge.pk)
    moved = Surge.objects.filter(own, ended_at=None).update(
        ended_at=now, dismissed_by=by, dismissed_why=why.strip()[:255]
    )
    if not moved:
        raise Incomplete({"state": _("这次来电增多已经结束。")})


@verb
def watch_surge_again(surge: Surge, *, by: User, now: datetime) -> None:
    """It was something after all. Raises `Incomplete` where nobody dismissed it."""
    note_act(f"surge:{surge.pk}", "watch_surge_again", by=by, now=now)
    surge.refresh_from_db()
    if surge.dismissed_by_id is None or Surge.objects.filter(cell=surge.cell, ended_at=None).exists():
        raise Incomplete({"state": _("状态已经变了，请刷新后再看。")})
    own = Q(pk=surge.pk) | Q(part_of=surge.pk, dismissed_by__isnull=False)
    Surge.objects.filter(own).update(ended_at=None, dismissed_by=None, dismissed_why="")


def tickets_in(surge: Surge, since: datetime, until: datetime) -> "QuerySet[Ticket]":
    """The tickets that are counted for a surge in a time."""
    rows = Ticket.objects.filter(is_history=False, received_at__gt=since, received_at__lte=until)
    if surge.town_id:
        rows = rows.filter(town=surge.town_id)
    if surge.category_id:
        rows = rows.filter(category=surge.category_id)
    return rows.exclude(state="voided")


# --- what the watch has seen ----------------------------------------------------------------------------------------


def _ready(head: int, now: datetime) -> _Here:
    """This process's watch; read anew at first, once a day, and after older tickets were filed."""
    if _here:
        here = _here[0]
        if timezone.localtime(now) - here.begins < STALE + timedelta(days=1) and not (
            here.is_old and now - here.read_at >= READ_AGAIN
        ):
            return here
    holidays = frozenset(
        CalendarDay.objects.filter(day_type="holiday").values_list("date", flat=True).order_by("date")
    )
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    base = library.SurgeWatch(holidays=holidays)
    here = _Here(base, midnight - STALE, head, now)
    rows = Ticket.objects.filter(received_at__gte=now - LOOKS_BACK, received_at__lte=now).exclude(
        state="voided"
    )
    for row in _rows(rows):
        here.days.add(row.at.date())
        if row.at < here.begins:
            base.add(row.at, row.who, row.town, row.category, rings=False)
        else:
            here.tail.append(row)
            here.seen.add(row.pk)
    _go_through(here)
    _here[:] = [here]
    return here


def _rows(tickets: "QuerySet[Ticket]") -> Iterable[_Row]:
    columns = ("received_at", "pk", "caller", "town__code", "category__code", "is_history")
    zone = timezone.get_current_timezone()
    for at, pk, caller, town, category, past in (
        tickets.order_by("received_at", "pk").values_list(*columns).iterator(chunk_size=5000)
    ):
        yield _Row(at.astimezone(zone), pk, caller or -pk, town, category, past)


def _births(after: int, head: int, most: int, now: datetime) -> list[tuple[int, int]]:
    """(position, ticket) of the tickets that came into being behind *after*, up to one whose category is still awaited."""
    rows = list(
        Entry.objects.filter(position__gt=after, position__lte=head, n=1, subject__startswith="ticket:")
        .order_by("position")
        .values_list("position", "subject", "at")[:most]
    )
    fresh = [int(subject[7:]) for _position, subject, at in rows if now - at < PATIENCE]
    awaited = set(
        Ticket.objects.filter(pk__in=fresh, category=None, is_history=False, advice=None).values_list(
            "pk", flat=True
        )
    )
    found = []
    for position, subject, _at in rows:
        pk = int(subject[7:])
        if pk in awaited:
            break
        found.append((position or 0, pk))
    return found


def _take_in(here: _Here, pks: list[int]) -> None:
    """Show the watch these tickets, each once; one that is late makes it go through the last days again."""
    late = False
    fresh = Ticket.objects.filter(pk__in=[pk for pk in pks if pk not in here.seen]).exclude(state="voided")
    for row in _rows(fresh):
        here.days.add(row.at.date())
        if row.at < here.begins:
            here.is_old = True
            continue
        here.seen.add(row.pk)
        last = here.tail[-1].at if here.tail else here.begins
        if row.at >= last - LATE and not late:
            at = max(row.at, last)
            here.rung += _shown(here.watch, row._replace(at=at))
        else:
            late = True
        insort(here.tail, row)
    if late:
        _go_through(here)


def _go_through(here: _Here) -> None:
    here.watch = deepcopy(here.base)
    here.rung = []
    for row in here.tail:
        here.rung += _shown(here.watch, row)


def _shown(watch: library.SurgeWatch, row: _Row) -> list[library.Surge]:
    return watch.add(row.at, row.who, row.town, row.category, rings=not row.is_past)


# --- what rings -----------------------------------------------------------------------------------------------------


def _raise(watch: library.SurgeWatch, found: library.Surge, by: User, now: datetime) -> None:
    """Write it down and tell those whom its colour concerns; nothing where it is old, over, or known."""
    cell = "|".join(found.cell)
    known = Q(ended_at=None) | Q(rang_at__gt=found.at - QUIET)
    if now - found.at > STALE or Surge.objects.filter(known, cell=cell).exists():
        return
    town, category = found.cell
    fresh = Surge(
        cell=cell,
        town=Place.objects.filter(code=town).first() if town else None,
        category=Category.objects.filter(code=category).first() if category else None,
        since=found.at - timedelta(days=found.days),
        rang_at=found.at,
        rung_days=found.days,
        rung_usual=found.usual,
        usual_day=max(watch.usual(found.cell), found.usual / max(found.days, 1.0)),
        level="blue",
        most=0,
    )
    _count(fresh, now)
    if _is_over(fresh, now):
        return
    related = [row for row in Surge.objects.filter(_recent(now)) if _touch(row, fresh)]
    root = _explained_by(fresh, related)
    fresh.level = _level(fresh)
    with transaction.atomic():
        if root is not None and root.ended_at is not None:
            return  # a person said of these calls that they are nothing to act on
        fresh.part_of = root
        fresh.save()
        note_act(
            f"surge:{fresh.pk}", "raise_surge", by=by, now=now, facts={"cell": cell, "level": fresh.level}
        )
        if root is None:
            _tell(fresh, now)
        elif _ORDER.index(fresh.level) > _ORDER.index(root.level):
            _climb(root, fresh.level, now)


def _recent(now: datetime) -> Q:
    return Q(ended_at=None) | Q(dismissed_by__isnull=False, rang_at__gt=now - QUIET)


def _touch(one: Surge, other: Surge) -> bool:
    """One of them counts tickets of the other: they agree in what both name."""
    town = not one.town_id or not other.town_id or one.town_id == other.town_id
    category = not one.category_id or not other.category_id or one.category_id == other.category_id
    return town and category


def _explained_by(fresh: Surge, related: list[Surge]) -> Surge | None:
    """The surge that rang before and whose calls are most of what is too many here, or that has most of these in it."""
    excess = max(fresh.tickets - fresh.usual, 1.0)
    finer = [row for row in related if _is_finer(row, fresh)]
    inside = sum(max(row.tickets - row.usual, 0.0) for row in finer if row.town_id and row.category_id)
    inside = max([inside, *(row.tickets - row.usual for row in finer)])
    if finer and inside >= excess / 2:
        best = max(finer, key=lambda row: row.tickets - row.usual)
        return best.part_of or best
    for row in related:
        if _is_finer(fresh, row) and excess >= (row.tickets - row.usual) / 2:
            return row.part_of or row
    return None


def _is_finer(one: Surge, other: Surge) -> bool:
    return (bool(one.town_id), bool(one.category_id)) != (bool(other.town_id), bool(other.category_id)) and (
        (not other.town_id or one.town_id == other.town_id)
        and (not other.category_id or one.category_id == other.category_id)
    )


def _count(surge: Surge, now: datetime) -> None:
    """People and tickets from its beginning on, at most of the last day (or three, where it rang for three)."""
    least, most = surge.rung_days, max(surge.rung_days, 1.0)
    surge.days = min(max((now - surge.since) / timedelta(days=1), least), most)
    callers = list(tickets_in(surge, now - timedelta(days=surge.days), now).values_list("caller", flat=True))
    surge.tickets = len(callers)
    known = [caller for caller in callers if caller]
    surge.people = len(set(known)) + len(callers) - len(known)
    surge.most = max(surge.most, surge.tickets)
    grown = (surge.days - least) / (most - least) if most > least else 0.0
    whole = max(surge.usual_day * most, surge.rung_usual)
    surge.usual = surge.rung_usual + grown * (whole - surge.rung_usual)
    surge.counted_at = now


def _is_over(surge: Surge, now: datetime) -> bool:
    """Few people, or nearly the usual number again. What rang for some hours is given a day."""
    if surge.people < LEAST:
        return True
    if surge.days < max(surge.rung_days, 1.0):
        return False
    return surge.tickets < surge.usual + min(0.5 * surge.usual, (surge.most - surge.usual) / 3)


def _level(surge: Surge) -> str:
    times = surge.tickets / max(surge.usual, 0.1)
    levels = setting("surge.levels", LEVELS)
    return next((str(level) for level, people, least in levels if surge.people >= people and times >= least), "blue")  # fmt: skip


def _follow(by: User, now: datetime) -> None:
    """Count those that last again: told once more where the colour rises, ended where it is over."""
    for surge in Surge.objects.filter(ended_at=None).select_related("part_of"):
        _count(surge, now)
        surge.save(update_fields=["days", "tickets", "people", "most", "usual", "counted_at"])
        level = _level(surge)
        root = surge.part_of or surge
        if _is_over(surge, now):
            with transaction.atomic():
                note_act(f"surge:{surge.pk}", "end_surge", by=by, now=now)
                Surge.objects.filter(pk=surge.pk, ended_at=None).update(ended_at=now)
                Surge.objects.filter(part_of=surge, ended_at=None).update(part_of=None)
        elif _ORDER.index(level) > _ORDER.index(root.level):
            Surge.objects.filter(pk=surge.pk).update(level=level)
            _climb(root, level, now)


def _climb(root: Surge, level: str, now: datetime) -> None:
    """A higher colour: it must be taken note of anew."""
    root.level = level
    Surge.objects.filter(pk=root.pk).update(level=level, seen_by=None, seen_at=None)
    _tell(root, now)


def _tell(surge: Surge, now: datetime) -> None:
    for person in User.objects.filter(is_active=True, role__in=TOLD[surge.level]):
        tell(
            person,
            "surge",
            once=f"surge:{surge.pk}:{surge.level}",
            now=now,
            urgent=surge.level in ("orange", "red"),
            facts={
                "surge": surge.pk,
                "level": surge.level,
                "people": surge.people,
                "tickets": surge.tickets,
            },
        )


__all__ = ["dismiss_surge", "forget_surges", "see_surge", "tickets_in", "watch_surge_again", "watch_surges"]
