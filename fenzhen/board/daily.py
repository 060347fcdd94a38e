"""The daily list (每日清单): one day of the hotline in figures, and behind every figure its tickets.

Two kinds of figures stand in it. What *came in* or *was done* belongs to the day, [since, until); for a day
that is not over, until is now, and the days beside it are counted up to the same hour. What *stands* (late,
about to be late, open at level 1) is as of the moment of looking, which the list names.

Every figure carries the query that made it: the fields of its filter. `figures[query_key(fields)]` finds it
again, so that pressing a figure opens exactly its tickets.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from fenzhen.board.rates import ThreeRates, three_rates
from fenzhen.board.tickets import on_live, visible
from fenzhen.board.words import word, words_of
from fenzhen.hotline import privacy
from fenzhen.hotline.journey import OPEN, OUTSIDE_THE_RATES, WATCHING, Clock
from fenzhen.hotline.rates import CONTENT, RATED_KINDS
from fenzhen.hotline.roles import Role
from fenzhen.records.callbacks import CallBack
from fenzhen.records.city import CityWord
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.requests import Request
from fenzhen.records.rules import district, setting
from fenzhen.records.tickets import Ticket

#: Days before, for the mean that stands beside a figure.
MEAN_DAYS: Final = 7
#: "About to be late" on a list that is read once a day: so long before the end. (A page's colours follow the
#: share of the time that is left; on paper a plain span can be checked by whoever reads it.)
SOON: Final[Mapping[str, timedelta]] = {
    "triage": timedelta(minutes=30),
    "sign": timedelta(minutes=30),
    "handling": timedelta(hours=24),
    "city": timedelta(hours=24),
    "callback": timedelta(hours=4),
    "consultation": timedelta(hours=2),
}
#: Contacts within `MEAN_DAYS` days, the last of them on the day, from which somebody is a repeated caller.
REPEATED_FROM: Final = 2
#: What another contact about a known ticket is kept as; thanks are none.
CONTACTS: Final = frozenset({"call", "urge", "more"})
#: A voice's risks that a leader must hear of.
RISKS: Final = frozenset({"self_harm", "violence", "medical", "group"})
#: The city's order given to a unit itself, beside the channels.
DIRECT: Final = "city_direct"

#: Whose list it is.
READERS: Final = frozenset(
    {Role.SECTION_CHIEF, Role.SHIFT_LEAD, Role.ANALYST, Role.SUPERVISOR, Role.DISTRICT_LEADER}
)

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, the filter fields that made it, and its tickets (ids, in order)."""

    count: int
    query: Fields
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the day, the day before's, and the mean of the days before (None: there were none)."""

    code: str
    label: str
    figure: Figure
    before: Figure
    mean: float | None


@dataclass(frozen=True, slots=True)
class TownLine:
    """One town: what came in, what is late there now, what was sent back to work again on the day."""

    came: Compared
    late: Figure
    rehandled: Figure
    rank: int | None
    """Place by what came in; None in a demo, whose invented figures rank no real town."""


@dataclass(frozen=True, slots=True)
class MatterLine:
    """A first-level matter and the leaves of it that the day's tickets were about."""

    came: Compared
    leaves: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock: late now, about to be."""

    clock: str
    label: str
    late: Figure
    soon: Figure


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who came more than once. Who it is stands nowhere on the list."""

    figure: Figure
    contacts: int
    """Of the last `MEAN_DAYS` days."""
    today: int


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket as the list shows it. `title` never holds the caller's name; a secret caller's or a
    reporter's words are left out altogether."""

    pk: int
    number: str
    level: int
    title: str
    town: str
    unit: str
    state: str
    round: int
    received_at: datetime
    due: datetime | None = None
    clock: str = ""


@dataclass(slots=True)
class DailyList:
    """The list of one day as one viewer may see it."""

    district: str
    is_demo: bool
    banner: str
    day: date
    since: datetime
    until: datetime
    made_at: datetime
    is_over: bool
    mean_days: int
    """So many of the days before were there to be counted."""
    total: Compared
    by_source: list[Compared]
    by_kind: list[Compared]
    by_level: list[Compared]
    by_state: list[Compared]
    by_hour: list[Compared]
    towns: list[TownLine]
    matters: list[MatterLine]
    clocks: list[ClockLine]
    requests: list[tuple[str, str, Figure]]
    """(kind, asked | approved | refused | open, figure)."""
    returned_twice: Figure
    rehandled: Figure
    rehandled_again: Figure
    callers: list[Caller]
    level_1: Figure
    level_1_open: Figure
    leader: list[tuple[str, Figure]]
    """(reason, figure): what needs a leader's word."""
    rates: ThreeRates
    rounds: dict[str, Figure]
    """Ended, due, reached, contacted, solved, satisfied: rounds of the day, with their tickets."""
    figures: dict[str, Figure] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    """Every ticket that a list names."""
    numbers: dict[int, str] = field(default_factory=dict)
    dues: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """(clock, ticket) → when that clock ends or ended."""

    def found(self, fields: Fields) -> Figure | None:
        """The figure that a query made."""
        return self.figures.get(query_key(fields))

    def lines_of(self, figure: Figure) -> list[Line]:
        """The lines of a figure's tickets, those whose line is kept."""
        return [self.lines[pk] for pk in figure.tickets if pk in self.lines]


def query_key(fields: Fields) -> str:
    """One key for the same fields in whatever order.

    >>> query_key({"what": "came", "town": "T1"}) == query_key({"town": "T1", "what": "came"})
    True
    """
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] != "")


def day_of(now: datetime) -> date:
    """The local day of a moment."""
    return timezone.localtime(now).date()


def span_of(day: date, now: datetime) -> tuple[datetime, datetime]:
    """[since, until) of *day*: to midnight, or to *now* while it lasts; nothing of a day to come."""
    zone = timezone.get_default_timezone()
    since = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return since, max(min(end, now), since)


def daily_list(viewer: User, day: date, now: datetime) -> DailyList:
    """The daily list of *day* (local), looked at *now*, over the tickets that *viewer* may see.

    Tickets of the past that were filed as history are left out everywhere.
    """
    since, until = span_of(day, now)
    book = _Book(viewer, day, since, until, now)
    row = district()
    total, grouped = book.arrivals()
    clocks = book.clocks()
    rehandled, again = book.rehandled()
    late = {pk for line in clocks for pk in line.late.tickets}
    requests = book.requests()
    daily = DailyList(
        district=row.name,
        is_demo=row.is_demo,
        banner=row.banner,
        day=day,
        since=since,
        until=until,
        made_at=now,
        is_over=day_of(until) > day,
        mean_days=book.days,
        total=total,
        by_source=grouped["source"],
        by_kind=grouped["kind"],
        by_level=grouped["level"],
        by_state=grouped["state"],
        by_hour=grouped["hour"],
        towns=book.towns(grouped["town"], late, rehandled, is_demo=row.is_demo),
        matters=book.matters(grouped["matter"], grouped["leaf"]),
        clocks=clocks,
        requests=requests,
        returned_twice=book.returned_twice(),
        rehandled=rehandled,
        rehandled_again=again,
        callers=book.callers(),
        level_1=book.level_1(),
        level_1_open=book.level_1_open(),
        leader=book.leader(clocks),
        rates=three_rates(viewer, since, until, now),
        rounds=book.rounds(),
    )
    daily.figures, daily.dues = book.figures, book.dues
    daily.numbers, daily.lines = book.numbers(), book.lines()
    return daily


def daily_tickets(viewer: User, day: date, now: datetime, fields: Fields) -> tuple[Figure | None, list[Line]]:
    """The tickets behind one figure of the list: its figure (None where there is none of that kind) and lines."""
    daily = daily_list(viewer, day, now)
    figure = daily.found(fields)
    if figure is None:
        return None, []
    known = daily.lines
    missing = [pk for pk in figure.tickets if pk not in known]
    more = lines_for(viewer, missing)
    return figure, [known.get(pk) or more[pk] for pk in figure.tickets if pk in known or pk in more]


def reader_of_lists(viewer: User, username: str | None = None) -> User | None:
    """Through whose eyes a list is made that nobody has asked for at a page: the account *username*, else the
    first section chief. None where there is none, or none that may read the list. For the system and
    administrators only."""
    if viewer.role not in {Role.SYSTEM, Role.ADMIN}:
        return None
    people = User.objects.filter(is_active=True, role__in=READERS).order_by("pk")
    chosen = people.filter(username=username) if username else people.filter(role=Role.SECTION_CHIEF)
    return chosen.first()


#: All that a line needs of its ticket; the rest would be read for nothing, a thousand times.
_ON_A_LINE: Final = (
    *("number", "level", "title", "state", "round", "received_at", "is_secret", "is_report"),
    *("town__name", "lead_unit__name", "lead_unit__short_name", "caller__name", "category"),
)


def lines_for(viewer: User, tickets: Iterable[int]) -> dict[int, Line]:
    """Lines of tickets by id, those that *viewer* may see."""
    out: dict[int, Line] = {}
    wanted = sorted(set(tickets))
    for start in range(0, len(wanted), 500):
        rows = visible(viewer).filter(pk__in=wanted[start : start + 500])
        for ticket in rows.select_related("town", "lead_unit", "caller", "category").only(*_ON_A_LINE):
            out[ticket.pk] = Line(
                ticket.pk,
                ticket.number,
                ticket.level,
                _title(ticket),
                ticket.town.name if ticket.town else "",
                str(ticket.lead_unit) if ticket.lead_unit else "",
                ticket.state,
                ticket.round,
                ticket.received_at,
            )
    return out


# ---------------------------------------------------------------------------------------------------------


def _title(ticket: Ticket) -> str:
    """What the list may say of the matter: lists are forwarded, so the caller is in none of their words."""
    if ticket.is_secret or ticket.is_report:
        return f"〔{word('kind', 'report') if ticket.is_report else '保密'}〕{ticket.category or ''}".rstrip()
    title = ticket.title
    name = ticket.caller.name.strip() if ticket.caller else ""
    return title.replace(name, privacy.masked_name(name)) if len(name) > 1 else title


def _ends(rows: "Iterable[tuple[datetime | None, int]]") -> list[tuple[datetime, int]]:
    return [(due, pk) for due, pk in rows if due is not None]


@dataclass(frozen=True, slots=True)
class _Arrival:
    pk: int
    day: int
    """0 the day itself, 1 the day before …"""
    groups: Mapping[str, str]
    person: str


@dataclass(slots=True)
class _Book:
    """The day's rows, read once; every figure made is kept under its query."""

    viewer: User
    day: date
    since: datetime
    until: datetime
    now: datetime
    days: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)
    dues: dict[tuple[str, int], datetime] = field(default_factory=dict)
    heard: list[_Arrival] = field(default_factory=list)
    seen: list[_Arrival] = field(default_factory=list)
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    town_of: dict[int, str] = field(default_factory=dict)
    persons: dict[int, str] = field(default_factory=dict)

    def figure(self, tickets: Iterable[int], /, **query: str) -> Figure:
        """So many tickets, each counted once."""
        ids = tuple(dict.fromkeys(tickets))
        return self.counted(len(ids), ids, **query)

    def counted(self, count: int, tickets: Iterable[int], /, **query: str) -> Figure:
        """A count of something else (rounds, contacts) with the tickets it is about."""
        made = Figure(count, query, tuple(dict.fromkeys(tickets)))
        self.figures[query_key(query)] = made
        return made

    def tickets(self) -> "QuerySet[Ticket]":
        return visible(self.viewer).filter(is_history=False)

    def during(self, column: str) -> Q:
        return Q(**{f"{column}__gte": self.since, f"{column}__lt": self.until})

    # what came in ----------------------------------------------------------------------------------------

    def arrivals(self) -> tuple[Compared, dict[str, list[Compared]]]:
        self._read_arrivals()
        first = self.tickets().order_by("received_at").values_list("received_at", flat=True).first()
        first_day = day_of(first) if first else self.day
        self.days = max(min(MEAN_DAYS, (self.day - first_day).days), 0)
        here = [one.pk for one in self.seen if one.day == 0]
        total = self._compared("", "", here, [o.pk for o in self.seen if o.day == 1], self._mean(self.seen))
        return total, {
            "source": self._grouped("source", self._order("source", "channel", more=(DIRECT,))),
            "kind": self._grouped("kind", self._order("kind", "kind")),
            "level": self._grouped("level", [str(n) for n in range(1, 5)], keep_empty=True),
            "state": self._grouped("state", [code for code, _ in words_of("ticket_state")]),
            "hour": self._grouped("hour", [f"{n:02d}" for n in range(24)], keep_empty=True),
            "town": self._grouped("town", self._towns_in_order(), keep_empty=True),
            "matter": self._grouped("matter"),
            "leaf": self._grouped("leaf"),
        }

    def _read_arrivals(self) -> None:
        span = self.until - self.since
        rows = (
            self.tickets()
            .filter(received_at__gte=self.since - timedelta(days=MEAN_DAYS), received_at__lt=self.until)
            .order_by("received_at", "pk")
            .values_list(
                "pk",
                "received_at",
                "channel",
                "city_mode",
                "kind",
                "level",
                "state",
                "town__code",
                "town__name",
                "category__code",
                "category__level1",
                "category__name",
                "is_secret",
                "is_report",
                "caller_id",
                "caller__phone_index",
                "caller__account_index",
            )
        )
        for row in rows:
            pk, at, channel, mode, kind, level, state, town, town_name, leaf, matter, leaf_name = row[:12]
            is_secret, is_report, caller, phone, account = row[12:]
            local = timezone.localtime(at)
            ago = (self.day - local.date()).days
            source = DIRECT if mode == "direct" else channel
            groups = {
                "source": source,
                "kind": kind,
                "level": str(level),
                "state": state,
                "hour": f"{local.hour:02d}",
                "town": town or "",
                # The first two of a category's six digits are its first level.
                "matter": (leaf or "")[:2],
                "leaf": leaf or "",
            }
            self.labels["town", town or ""] = town_name or ""
            self.labels["matter", groups["matter"]] = matter or ""
            self.labels["leaf", leaf or ""] = leaf_name or ""
            # A reporter must not be found by what else they called about.
            person = "" if is_secret or is_report or not caller else phone or account or f"#{caller}"
            self.town_of[pk] = town or ""
            self.persons[pk] = person
            arrival = _Arrival(pk, ago, groups, person)
            self.heard.append(arrival)
            # The days before count up to the hour that the day of the list has come to.
            if at < self.since - timedelta(days=ago) + span:
                self.seen.append(arrival)

    def _mean(self, some: Sequence[_Arrival]) -> float | None:
        if not self.days:
            return None
        return sum(1 for one in some if 1 <= one.day <= self.days) / self.days

    def _compared(
        self, group: str, code: str, here: list[int], before: list[int], mean: float | None
    ) -> Compared:
        by = {group: code or "-"} if group else {}
        return Compared(
            code,
            self._label(group, code),
            self.figure(here, what="came", **by),
            self.figure(before, what="came", before="1", **by),
            mean,
        )

    def _grouped(self, group: str, order: Sequence[str] = (), *, keep_empty: bool = False) -> list[Compared]:
        rows: dict[str, list[_Arrival]] = defaultdict(list)
        for one in self.seen:
            rows[one.groups[group]].append(one)
        here = {code: [o.pk for o in some if o.day == 0] for code, some in rows.items()}
        codes = [code for code in order if keep_empty or code in rows]
        codes += sorted(
            (code for code in rows if code not in set(order)), key=lambda code: (-len(here[code]), code)
        )
        return [
            self._compared(
                group,
                code,
                here.get(code, []),
                [o.pk for o in rows[code] if o.day == 1],
                self._mean(rows[code]),
            )
            for code in codes
        ]

    def _order(self, group: str, words: str, more: Sequence[str] = ()) -> list[str]:
        return [code for code, _ in words_of(words)] + list(more)

    def _label(self, group: str, code: str) -> str:
        named = {"kind": "kind", "level": "level", "state": "ticket_state"}
        if group in named:
            return word(named[group], code)
        if group == "source":
            return (
                f"{word('channel', 'city')}·{word('city_mode', 'direct')}"
                if code == DIRECT
                else word("channel", code)
            )
        return self.labels.get((group, code), "")

    def _towns_in_order(self) -> list[str]:
        """Every town and sub-district in the fixed order of the district's list, also those without a ticket."""
        rows = Place.objects.filter(kind__in=["town", "subdistrict"], is_active=True).order_by("code")
        out = []
        for code, name in rows.values_list("code", "name"):
            self.labels["town", code] = name
            out.append(code)
        return out

    def towns(
        self, came: list[Compared], late: set[int], rehandled: Figure, *, is_demo: bool
    ) -> list[TownLine]:
        """In the fixed order in a demo, without a rank; else by what came in, most first."""
        wanted = [pk for pk in (*late, *rehandled.tickets) if pk not in self.town_of]
        for start in range(0, len(wanted), 500):
            some = self.tickets().filter(pk__in=wanted[start : start + 500])
            self.town_of |= {pk: code or "" for pk, code in some.values_list("pk", "town__code")}
        missing = {self.town_of[pk] for pk in (*late, *rehandled.tickets)} - {one.code for one in came}
        came = came + [self._compared("town", code, [], [], self._mean([])) for code in sorted(missing)]
        if not is_demo:
            came = sorted(came, key=lambda one: (one.code == "", -one.figure.count, one.code))
        out = []
        for one in came:
            by = {"town": one.code or "-"}
            is_ranked = not is_demo and one.code != ""
            out.append(
                TownLine(
                    one,
                    self.figure(sorted(pk for pk in late if self.town_of[pk] == one.code), what="late", **by),
                    self.figure(
                        (pk for pk in rehandled.tickets if self.town_of[pk] == one.code),
                        what="rehandled",
                        **by,
                    ),
                    1 + sum(o.code != "" and o.figure.count > one.figure.count for o in came)
                    if is_ranked
                    else None,
                )
            )
        return out

    @staticmethod
    def matters(first: list[Compared], leaves: list[Compared]) -> list[MatterLine]:
        """By what came in on the day, most first; what nobody has sorted yet stands last."""
        order = sorted(first, key=lambda one: (one.code == "", -one.figure.count, one.code))
        return [
            MatterLine(one, tuple(leaf for leaf in leaves if leaf.code[:2] == one.code and leaf.figure.count))
            for one in order
        ]

    # what stands ------------------------------------------------------------------------------------------

    def clocks(self) -> list[ClockLine]:
        ends: dict[str, list[tuple[datetime, int]]] = {name: [] for name in SOON}
        told = CityWord.objects.filter(ticket=OuterRef("pk"), kind="result", told_at__isnull=False)
        waiting = self.tickets().filter(state="pending_dispatch", triage_due__isnull=False)
        ends["triage"] = _ends(waiting.values_list("triage_due", "pk"))
        shares = Assignment.objects.filter(on_live(self.viewer))
        ends["sign"] = list(shares.filter(state="pending_sign").values_list("sign_due", "ticket_id"))
        leads = shares.filter(part="lead", state__in=["pending_sign", "signed"])
        ends["handling"] = list(leads.values_list("handle_due", "ticket_id"))
        # A second round has the district's own clock: the city's was used up by the first.
        city = self.tickets().filter(state__in=OPEN | WATCHING, round=1, city_deadline__isnull=False)
        ends["city"] = _ends(city.filter(~Exists(told)).values_list("city_deadline", "pk"))
        calls = CallBack.objects.filter(on_live(self.viewer), outcome="", ticket__state="pending_callback")
        ends["callback"] = list(calls.values_list("due_at", "ticket_id"))
        disputed = self.tickets().filter(state="in_consultation", consult_due__isnull=False)
        ends["consultation"] = _ends(disputed.values_list("consult_due", "pk"))
        out = []
        for name, rows in ends.items():
            rows.sort()
            for due, pk in reversed(rows):
                self.dues[name, pk] = due
            late = self.figure((pk for due, pk in rows if due < self.now), what="late", clock=name)
            soon = (pk for due, pk in rows if self.now <= due < self.now + SOON[name])
            # Two units' shares of one ticket may be the one late and the other soon: it is late.
            out.append(
                ClockLine(
                    name,
                    word("clock", name) if name in set(Clock) else word("import_field", "city_deadline"),
                    late,
                    self.figure((pk for pk in soon if pk not in set(late.tickets)), what="soon", clock=name),
                )
            )
        return out

    def level_1(self) -> Figure:
        """Received on the day at level 1."""
        rows = self.tickets().filter(self.during("received_at"), level=1).order_by("received_at", "pk")
        return self.figure(rows.values_list("pk", flat=True), what="level_1")

    def level_1_open(self) -> Figure:
        """Not ended now, whenever received."""
        rows = self.tickets().filter(level=1, state__in=OPEN).order_by("received_at", "pk")
        return self.figure(rows.values_list("pk", flat=True), what="level_1", open="1")

    # what was asked, done again, heard again ---------------------------------------------------------------

    def requests(self) -> list[tuple[str, str, Figure]]:
        rows = Request.objects.filter(on_live(self.viewer), kind__in=["return", "extension"])
        out: list[tuple[str, str, Figure]] = []
        for kind in ("return", "extension"):
            for what, some in (
                ("asked", rows.filter(self.during("asked_at"))),
                ("approved", rows.filter(self.during("decided_at"), decision="approved")),
                ("refused", rows.filter(self.during("decided_at"), decision="refused")),
                ("open", rows.filter(decision="")),
            ):
                ids = some.filter(kind=kind).order_by("asked_at", "pk").values_list("ticket_id", flat=True)
                out.append((kind, what, self.figure(ids, what="request", kind=kind, decision=what)))
        return out

    def returned_twice(self) -> Figure:
        """Open tickets that were returned twice or more."""
        rows = self.tickets().filter(returns__gte=2, state__in=OPEN).order_by("received_at", "pk")
        return self.figure(rows.values_list("pk", flat=True), what="returned_twice")

    def _ended_rounds(self) -> "QuerySet[CallBack]":
        return CallBack.objects.filter(self.during("done_at"), on_live(self.viewer)).order_by("done_at", "pk")

    def rehandled(self) -> tuple[Figure, Figure]:
        """Sent back to work by a call-back of the day; for the second time or more."""
        rows = self._ended_rounds().filter(outcome="rehandled")
        return (
            self.figure(rows.values_list("ticket_id", flat=True), what="rehandled"),
            self.figure(
                rows.filter(round__gte=2).values_list("ticket_id", flat=True), what="rehandled", again="1"
            ),
        )

    def callers(self) -> list[Caller]:
        """Most contacts first. Secret callers and reporters are not put together."""
        tickets: dict[str, list[int]] = defaultdict(list)
        contacts: Counter[str] = Counter()
        today: Counter[str] = Counter()
        for one in self.heard:
            if one.person and one.day < MEAN_DAYS:
                tickets[one.person].append(one.pk)
                contacts[one.person] += 1
                today[one.person] += one.day == 0
        since = self.since - timedelta(days=MEAN_DAYS - 1)
        notes = Note.objects.filter(
            on_live(self.viewer), kind__in=CONTACTS, at__gte=since, at__lt=self.until
        ).exclude(Q(ticket__is_secret=True) | Q(ticket__is_report=True) | Q(ticket__caller=None))
        for pk, at, caller, phone, account in notes.order_by("at", "pk").values_list(
            "ticket_id",
            "at",
            "ticket__caller_id",
            "ticket__caller__phone_index",
            "ticket__caller__account_index",
        ):
            person = phone or account or f"#{caller}"
            tickets[person].append(pk)
            contacts[person] += 1
            today[person] += at >= self.since
        often = [p for p in tickets if contacts[p] >= REPEATED_FROM and today[p]]
        often.sort(key=lambda p: (-contacts[p], -today[p], min(tickets[p])))
        return [
            Caller(
                self.counted(contacts[p], sorted(tickets[p]), what="repeated", person=str(n)),
                contacts[p],
                today[p],
            )
            for n, p in enumerate(often, start=1)
        ]

    def leader(self, clocks: Sequence[ClockLine]) -> list[tuple[str, Figure]]:
        rows = self._ended_rounds()
        last = int(setting("return.max", 2)) - 1
        asked = Request.objects.filter(
            on_live(self.viewer), kind="return", decision="", ticket__returns__gte=last
        )
        risks = list(rows.filter(risk__in=RISKS).values_list("ticket_id", flat=True))
        subjects = Entry.objects.filter(
            self.during("at"), act="note", subject__startswith="ticket:", facts__risk__in=sorted(RISKS)
        ).values_list("subject", flat=True)
        heard = [int(subject[7:]) for subject in subjects]
        risks += self.tickets().filter(pk__in=heard).values_list("pk", flat=True)
        late = {line.clock: line.late.tickets for line in clocks}
        found: dict[str, Iterable[int]] = {
            "level_1": self.level_1_open().tickets,
            "risk": sorted(risks),
            "second_return": asked.order_by("asked_at").values_list("ticket_id", flat=True),
            "consultation": late["consultation"],
            "contradiction": rows.filter(contradiction=True).values_list("ticket_id", flat=True),
        }
        return [(reason, self.figure(ids, what="leader", reason=reason)) for reason, ids in found.items()]

    def rounds(self) -> dict[str, Figure]:
        rows = self._ended_rounds().filter(ticket__kind__in=RATED_KINDS).exclude(outcome="")
        due = rows.exclude(ticket__state__in=OUTSIDE_THE_RATES)
        reached = due.filter(outcome__in=["closed", "rehandled"])
        found = {
            "ended": rows,
            "due": due,
            "reached": reached,
            "contacted": reached.filter(contacted=True),
            "solved": reached.filter(solved="yes"),
            "partly": reached.filter(solved="partly"),
            "satisfied": reached.filter(satisfied__in=CONTENT),
            "basic": reached.filter(satisfied="basic"),
        }
        out = {}
        for name, some in found.items():
            ids = list(some.values_list("ticket_id", flat=True))
            out[name] = self.counted(len(ids), ids, what="rounds", answer=name)
        return out

    # the tickets themselves -------------------------------------------------------------------------------

    def numbers(self) -> dict[int, str]:
        """Numbers of every ticket that a figure of the day counts (not those of the days before)."""
        wanted = sorted(
            {pk for one in self.figures.values() if "before" not in one.query for pk in one.tickets}
        )
        out: dict[int, str] = {}
        for start in range(0, len(wanted), 500):
            rows = visible(self.viewer).filter(pk__in=wanted[start : start + 500])
            out |= dict(rows.values_list("pk", "number"))
        return out

    def lines(self) -> dict[int, Line]:
        """Lines of the tickets that are named one by one."""
        named = {"late", "soon", "level_1", "leader", "request", "rehandled", "returned_twice", "repeated"}
        wanted = {pk for one in self.figures.values() if one.query["what"] in named for pk in one.tickets}
        return lines_for(self.viewer, wanted)


__all__ = [
    "MEAN_DAYS",
    "READERS",
    "REPEATED_FROM",
    "SOON",
    "Caller",
    "ClockLine",
    "Compared",
    "DailyList",
    "Figure",
    "Line",
    "MatterLine",
    "TownLine",
    "daily_list",
    "daily_tickets",
    "day_of",
    "lines_for",
    "query_key",
    "reader_of_lists",
    "span_of",
]
