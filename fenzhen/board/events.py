"""Events as one person may see them: which are live, how each grew, what callers say, who should come to the table.

The centre and the readers see all of them. A unit sees an event once it sits at its table, and of it only what its own tickets tell.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import rjieba
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from fenzhen.board.tickets import visible
from fenzhen.hotline import roles
from fenzhen.hotline.duty import unit_in_charge
from fenzhen.hotline.roles import Role
from fenzhen.records.advice import Advice
from fenzhen.records.directory import Duty
from fenzhen.records.events import Event, EventAlert, EventTicket, Household
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import duties_of
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.spotter.settings import Settings

#: Who says what an event is: the desk and the analysts.
DECIDES = roles.DESK | {Role.ANALYST}
#: States in which an event can still be worked with.
LIVE = ("watched", "confirmed", "joint")
#: A watched pair is not worth a line: fewer people than this stay off the list until they are more.
LEAST = 3
COLOURS = ("red", "orange", "yellow", "blue")


@dataclass(frozen=True, slots=True)
class Point:
    """The growth curve: at the end of this step so many people and tickets had called."""

    at: datetime
    people: int
    tickets: int


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in a list, with its curve and what came in the last day."""

    event: Event
    growth: tuple[Point, ...]
    new_today: int
    unseen: int
    """Alarms nobody has taken note of."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What several callers say in like words: the words that go together, how many people, one of them in full, the tickets."""

    word: str
    people: int
    said: str
    tickets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A unit that should come to the table, or a name from outside that callers give, and why."""

    part: str
    unit: Unit | None
    outside: str
    weight: float
    why: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class LikelyMember:
    """A ticket that may belong to the event: same place or town, like words."""

    ticket: Ticket
    likeness: float
    same_place: bool


@dataclass(frozen=True, slots=True)
class EventPage:
    """Everything an event's page shows."""

    event: Event
    members: tuple[EventTicket, ...]
    growth: tuple[Point, ...]
    voices: tuple[Voice, ...]
    alerts: tuple[EventAlert, ...]
    may_decide: bool
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class TownHeat:
    """One town on the map: tickets and people in the period, and the same time before."""

    place: Place
    tickets: int
    before: int
    events: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """One colour of the ladder: so many people in so many hours, and the alarm of this event, if it has rung."""

    level: str
    people: int
    hours: int
    alert: EventAlert | None = None

    @property
    def days(self) -> int:
        """The window in days where it is longer than one; else 0."""
        return self.hours // 24 if self.hours > 24 else 0


@dataclass(slots=True)
class EventWish:
    """What a list of events is narrowed to."""

    state: str = "live"
    level: str = ""
    town: str = ""
    words: str = ""
    least: int = LEAST
    extra: dict[str, str] = field(default_factory=dict)


class NoSuchEvent(LookupError):
    """There is no such event, or not for this person: the two look the same on purpose."""


def events_seen(viewer: User) -> "QuerySet[Event]":
    """All events *viewer* may know of."""
    rows = Event.objects.exclude(state="merged")
    if viewer.role in roles.CENTRE or viewer.role in roles.READERS:
        return rows
    if viewer.role == Role.UNIT_LIAISON and viewer.unit_id:
        return rows.filter(case__parties__unit=viewer.unit_id, case__parties__left_at=None).distinct()
    return rows.none()


def events_listed(viewer: User, wish: EventWish, now: datetime, most: int = 200) -> list[EventLine]:
    """The events wanted: alarmed ones first by colour, then the latest."""
    rows = events_seen(viewer)
    rows = (
        rows.filter(state__in=LIVE)
        if wish.state == "live"
        else rows.filter(state=wish.state)
        if wish.state
        else rows
    )
    if wish.level:
        rows = rows.filter(level=wish.level)
    if wish.town:
        rows = rows.filter(town__code=wish.town)
    if wish.words:
        rows = rows.filter(
            Q(title__icontains=wish.words)
            | Q(place__name__icontains=wish.words)
            | Q(place_text__icontains=wish.words)
        )
    if wish.state == "live":
        rows = rows.filter(Q(people__gte=wish.least) | ~Q(level="") | Q(state__in=("confirmed", "joint")))
    found = list(rows.select_related("place", "town", "category").order_by("-last_at", "-pk")[:most])
    found.sort(key=lambda event: (_rank(event.level), -event.last_at.timestamp(), -event.pk))
    return _lines(found, now)


def event_counts(viewer: User, now: datetime) -> dict[str, int]:
    """Live events by colour, for a home page and the navigation; ``""`` counts those without one that were confirmed."""
    rows = (
        events_seen(viewer).filter(state__in=LIVE).filter(~Q(level="") | Q(state__in=("confirmed", "joint")))
    )
    return {row["level"]: row["many"] for row in rows.order_by().values("level").annotate(many=Count("pk"))}


def event_for(viewer: User, pk: int, now: datetime) -> EventPage:
    """One event. Raises `NoSuchEvent`."""
    event = (
        events_seen(viewer)
        .select_related("place", "town", "category", "merged_into", "decided_by")
        .filter(pk=pk)
        .first()
    )
    if event is None:
        raise NoSuchEvent(pk)
    seen = visible(viewer)
    members = list(
        event.members.filter(ticket__in=seen)
        .select_related("ticket__place", "ticket__town", "ticket__lead_unit", "nearest")
        .order_by("ticket__received_at", "ticket")
    )
    alerts = event.alerts.select_related("seen_by", "last_ticket").order_by("at")
    case = getattr(event, "case", None)
    return EventPage(
        event,
        tuple(members),
        _growth([(one.ticket.received_at, one.ticket.caller_id) for one in members]),
        tuple(voices([one.ticket for one in members])),
        tuple(alerts),
        viewer.role in DECIDES,
        case.pk if case else None,
    )


def event_of(viewer: User, ticket: Ticket) -> Event | None:
    """The live event a ticket belongs to, if it is more than a pair; for the ticket's own page and the desk."""
    row = EventTicket.objects.filter(ticket=ticket).select_related("event__place").first()
    if row is None or row.event.state not in LIVE:
        return None
    if row.event.people < 2 or not events_seen(viewer).filter(pk=row.event_id).exists():
        return None
    return row.event


def alerts_open(viewer: User, now: datetime, days: int = 7) -> list[EventAlert]:
    """Alarms of the last days that nobody has taken note of, the reddest first."""
    if viewer.role not in roles.CENTRE and viewer.role not in roles.READERS:
        return []
    rows = EventAlert.objects.filter(seen_at=None, at__gte=now - timedelta(days=days))
    found = list(
        rows.exclude(event__state__in=("dismissed", "merged", "closed")).select_related("event__place")[:100]
    )
    return sorted(found, key=lambda one: (_rank(one.level), -one.at.timestamp()))


def alert_for(viewer: User, pk: int) -> EventAlert:
    """One alarm. Raises `NoSuchEvent`."""
    found = EventAlert.objects.filter(pk=pk).first() if viewer.role in roles.CENTRE | roles.READERS else None
    if found is None:
        raise NoSuchEvent(pk)
    return found


def alarm_ladder(viewer: User, seen: EventPage) -> list[Rung]:
    """The four colours from blue to red with what each takes, and the alarm of this event in it."""
    rules, rung = Settings(), {alert.level: alert for alert in seen.alerts}
    steps = (("blue", rules.blue), ("yellow", rules.yellow), ("orange", rules.orange), ("red", rules.red))
    return [Rung(level, rule.people, int(rule.hours), rung.get(level)) for level, rule in steps]


def doors_of(viewer: User, events: Iterable[Event]) -> dict[int, int]:
    """How many households are on the list of each event, by its id; events without any are left out."""
    seen = events_seen(viewer).filter(pk__in=[event.pk for event in events])
    rows = Household.objects.filter(event__in=seen).order_by().values("event").annotate(many=Count("pk"))
    return {row["event"]: row["many"] for row in rows}


def likely_members(viewer: User, event: Event, most: int = 12) -> list[LikelyMember]:
    """Tickets around the event in time and place that use like words and are not in it, the likest first."""
    if viewer.role not in roles.CENTRE:
        return []
    mine = list(event.members.values_list("ticket__title", "ticket__body"))
    if not mine:
        return []
    around = Q(
        received_at__gte=event.first_at - timedelta(days=14),
        received_at__lte=event.last_at + timedelta(days=14),
    )
    where = Q(town=event.town_id) if event.town_id else Q()
    rows = (
        visible(viewer)
        .filter(around)
        .filter(where | Q(town=None))
        .exclude(in_event__event=event)
        .exclude(state="voided")
        .select_related("place")
        .order_by("-received_at")[:600]
    )
    tickets = list(rows)
    weights = _weights(
        [f"{one.title} {one.body}" for one in tickets] + [f"{title} {body}" for title, body in mine]
    )
    whole: Counter[str] = Counter()
    for title, body in mine:
        whole.update(_grams(f"{title} {body}"))
    heart = {gram: weights[gram] * math.log1p(count) for gram, count in whole.items()}
    found = []
    for ticket in tickets:
        alike = _cosine(heart, {gram: weights[gram] for gram in _grams(f"{ticket.title} {ticket.body}")})
        same = bool(event.place_id and ticket.place_id == event.place_id)
        if alike >= (0.12 if same else 0.22):
            found.append(LikelyMember(ticket, round(alike, 3), same))
    found.sort(key=lambda one: (-(one.likeness + 0.1 * one.same_place), -one.ticket.pk))
    return found[:most]


def suggested_parties(viewer: User, event: Event, now: datetime) -> list[Suggested]:
    """Who should come to the table: whom the duty list names for what callers say, the town, and who is named from outside.

    The first is proposed as the lead. Each says why; a person decides.
    """
    if viewer.role not in roles.CENTRE:
        return []
    members = list(event.members.select_related("ticket__category"))
    advices = list(Advice.objects.filter(ticket__in=[one.ticket_id for one in members]))
    weight: defaultdict[str, float] = defaultdict(float)
    helps: defaultdict[str, float] = defaultdict(float)
    rules: dict[str, str] = {}
    for advice in advices:
        for rank, unit in enumerate(advice.units[:3]):
            share = float(unit.get("probability", 0.0))
            weight[unit["unit"]] += share
            rules.setdefault(unit["unit"], str(unit.get("rule", "")))
            for code in unit.get("assist", ()):
                helps[code] += share * (0.6 if rank == 0 else 0.3)
                rules.setdefault(code, str(unit.get("rule", "")))
    for unit_code, many in _leads(members).items():
        weight[unit_code] += 0.5 * many
    for category, many in Counter(
        one.ticket.category.code for one in members if one.ticket.category is not None
    ).items():
        territory = event.place.code if event.place else event.town.code if event.town else ""
        duty = unit_in_charge(
            duties_of(category, territory),
            category=category,
            territory=territory or None,
            place_type=event.place.kind if event.place else None,
            on=timezone.localtime(now).date(),
        )
        if duty is not None:
            weight[duty.lead] += many
            rules[duty.lead] = duty.rule.id
            for code in duty.assist:
                helps[code] += 0.6 * many
                rules.setdefault(code, duty.rule.id)
    texts = [f"{one.ticket.title}\n{one.ticket.body}" for one in members]
    units = {unit.code: unit for unit in Unit.objects.filter(is_active=True)}
    named = _units_named(texts, units.values())
    total = max(len(members), 1)
    for code, many in named.items():
        helps[code] += 0.5 * many
    town = next(
        (
            u
            for u in units.values()
            if event.town and u.territory == event.town.code and u.kind in ("town", "subdistrict")
        ),
        None,
    )
    bases = {row.rule_id: row for row in Duty.objects.filter(rule_id__in=set(rules.values()))}
    out: list[Suggested] = []
    both = {code: weight[code] + helps[code] for code in {*weight, *helps} if code in units}
    bureaus = [
        code
        for code in sorted(both, key=lambda code: (-both[code], code))
        if units[code].kind not in ("town", "subdistrict")
    ]
    for code in bureaus[:4]:
        if both[code] / total < 0.08 and len(out) >= 2:
            continue
        row = bases.get(rules.get(code, ""))
        parts = []
        if row is not None:
            parts.append(f"{row.rule_id} {row.basis}"[:120])
        if named.get(code):
            parts.append(f"{named[code]} 人来电提到")
        out.append(
            Suggested(
                "assist", units[code], "", round(both[code] / total, 3), "；".join(parts), rules.get(code, "")
            )
        )
    if town is not None:
        out.append(
            Suggested(
                "assist", town, "", round((weight[town.code] + helps[town.code]) / total, 3), "属地街镇"
            )
        )
    if out:
        lead = max(range(len(out)), key=lambda n: weight[out[n].unit.code] if out[n].unit else 0.0)  # type: ignore[union-attr]  # asked on the line itself
        first = out.pop(lead)
        out.insert(0, Suggested("lead", first.unit, "", first.weight, first.why, first.rule))
    for name, many in _outsiders(texts).most_common(2):
        out.append(Suggested("outside", None, name, round(many / total, 3), f"{many} 人来电提到"))
    return out


def town_heat(viewer: User, since: datetime, until: datetime, category: str = "") -> list[TownHeat]:
    """Tickets of each town in a period and in the period of the same length before it; live events of each."""
    rows = visible(viewer).exclude(state="voided").filter(town__isnull=False)
    if category:
        rows = rows.filter(category__code__startswith=category)

    def counted(begin: datetime, end: datetime) -> dict[int, int]:
        part = rows.filter(received_at__gte=begin, received_at__lt=end).order_by()
        return {row["town"]: row["many"] for row in part.values("town").annotate(many=Count("pk"))}

    here, before = counted(since, until), counted(since - (until - since), since)
    live = events_seen(viewer).filter(state__in=LIVE).exclude(level="").order_by()
    events = {
        row["town"]: row["many"] for row in live.values("town").annotate(many=Count("pk", distinct=True))
    }
    towns = Place.objects.filter(kind__in=("town", "subdistrict"), is_active=True).order_by("code")
    return [
        TownHeat(town, here.get(town.pk, 0), before.get(town.pk, 0), events.get(town.pk, 0)) for town in towns
    ]


# ---------------------------------------------------------------------------------------------------------


def voices(tickets: Sequence[Ticket], most: int = 8) -> list[Voice]:
    """What callers say, grouped: words that the same people use, or that share a character that means something
    (采光, 阳光), stand together; each group quotes one caller, and no sentence is quoted twice.

    A word counts once a caller, whatever how often it is said; words of one caller only, everyday words and the
    names of the place and its town tell nothing. The same tickets always give the same groups.
    """
    names = "".join(
        sorted({name for ticket in tickets for name in (str(ticket.place or ""), str(ticket.town or ""))})
    )
    said: dict[str, dict[object, Ticket]] = {}
    for ticket in sorted(tickets, key=lambda one: (one.received_at, one.pk)):
        person: object = ticket.caller_id or f"t{ticket.pk}"
        for word in sorted(set(_words(f"{ticket.title}。{ticket.body}"))):
            if word not in names:
                said.setdefault(word, {}).setdefault(person, ticket)
    ranked = sorted(
        (word for word, people in said.items() if len(people) >= 2),
        key=lambda word: (-len(said[word]) * min(len(word), 4), word),
    )
    groups: list[tuple[list[str], dict[object, Ticket]]] = []
    for word in ranked:
        people = said[word]
        home = next((group for group in groups if _kin(word, people, group[0], said)), None)
        if home is None:
            groups.append(([word], dict(people)))
            continue
        if len(home[0]) < 3 and not any(word in one or one in word for one in home[0]):
            home[0].append(word)
        for person, ticket in people.items():
            home[1].setdefault(person, ticket)
    quoted: list[set[str]] = []
    used: set[int] = set()
    out: list[Voice] = []
    for words, people in sorted(groups, key=lambda one: (-len(one[1]), one[0])):
        best: tuple[int, int, str, set[str], int] | None = None
        for n, ticket in enumerate(people.values()):
            if ticket.pk in used:
                continue
            sentence = _sentence_with(ticket, words[0])
            grams = _grams(sentence)
            if any(len(grams & one) > 0.5 * min(len(grams), len(one)) for one in quoted):
                continue
            told = sum(word in sentence for word in words)
            if best is None or (told, -n) > best[:2]:
                best = (told, -n, sentence, grams, ticket.pk)
        if best is None:
            continue  # everybody who says this has been heard already
        used.add(best[4])
        quoted.append(best[3])
        ids = tuple(sorted(ticket.pk for ticket in people.values()))
        out.append(Voice("、".join(words), len(people), best[2], ids))
        if len(out) == most:
            break
    return out


def _kin(
    word: str,
    people: Mapping[object, Ticket],
    words: Sequence[str],
    said: Mapping[str, Mapping[object, Ticket]],
) -> bool:
    """Does a word belong to a group: one inside the other, a telling character in common, or said by the same people?"""
    for one in words:
        if word in one or one in word or set(word) & set(one) - _LIGHT:
            return True
    theirs = said[words[0]].keys()
    return len(people.keys() & theirs) >= 0.8 * len(people.keys() | theirs)


def central_title(tickets: Sequence[Ticket], place: str = "") -> str:
    """What an event is called until a person says it: the short title that says best what all callers say, behind the place.

    Each caller's title, without the place, the town and words of the desk (反映, 投诉 …), is weighed by how many
    callers say its two-character strings; the earliest of the best is taken. Empty where no title is left.
    """
    first: dict[object, Ticket] = {}
    for ticket in sorted(tickets, key=lambda one: (one.received_at, one.pk)):
        first.setdefault(ticket.caller_id or f"t{ticket.pk}", ticket)
    names = sorted({name for one in first.values() for name in _names_of(one)} | {place} - {""}, key=len)[
        ::-1
    ]
    heard: Counter[str] = Counter()
    for ticket in first.values():
        heard.update(_grams(_bare(f"{ticket.title}。{ticket.body}", names)))
    best, score = "", 0.0
    for ticket in first.values():
        bare = _DESK.sub("", _bare(ticket.title, names)).strip(_EDGES)
        grams = _grams(bare)
        if not 4 <= len(bare) <= 24 or not grams:
            continue
        # the mean is fair to short and long titles; one of four characters may be too little to say what it is
        weight = sum(heard[gram] for gram in grams) / len(grams) * min(1.0, 0.7 + 0.06 * len(bare))
        if weight > score:
            best, score = bare, weight
    return f"{place}{best}"[:120] if best else ""


def _names_of(ticket: Ticket) -> set[str]:
    """How the ticket's place and town are called, with aliases (two characters at least)."""
    found: set[str] = set()
    for place in (ticket.place, ticket.town):
        if place is not None:
            found |= {place.name, *re.split(r"[;；]", place.aliases)}
    return {name.strip() for name in found if len(name.strip()) >= 2}


def _bare(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, "")
    return text


_DESK = re.compile(
    r"^(?:来电人|市民|群众|业主|居民|反映|反应|投诉|咨询|举报|求助|关于|要求|希望|请求|建议|小区|的)+"
)
_EDGES = " ，,。.！!？?：:；;、的了"
#: Characters that many words share without meaning the same.
_LIGHT = frozenset(
    "公不有人家上下无业物大小高低电不可以来出到时天月日年里中外前后间面一二三四五六七八九十发生成开关行进用个号楼层户房子头点"
)
_BREAK = re.compile(r"[。！？!?；;\n]+")
_PLAIN = frozenset(
    "我们 你们 他们 这个 那个 一个 没有 现在 已经 希望 反映 问题 情况 解决 处理 有关 部门 相关 市民 来电 您好 你好 谢谢 请问 什么 怎么 "
    "一条 不行 公分 一截 完全 真要 同样 一样 号楼 单元 楼里 一栋 邻居 家家 屋里 情况 来电人 称 先生 女士 认为 觉得 发现 表示 多次 无人 反复 一下 今天 昨天 前天 上周 本周 下午 上午 晚上 早上 目前 之前 之后 至今 核实 回复 "
    "答复 查处 督促 协调 联系 要个 怎么办 不让 不了 不到 这么 那么 这边 那边 每天 时候 是不是 有没有 为什么 还是 或者 如果 应该 需要 "
    "就是 不是 可以 因为 所以 但是 而且 还有 一直 多次 自己 大家 小区 社区 业主 居民 电话 我家 家里 导致 进行 影响 要求 尽快 管理 投诉 咨询".split()
)  # fmt: skip


def _words(text: str) -> Iterable[str]:
    for word in rjieba.cut(text):
        if len(word) >= 2 and word not in _PLAIN and all("\u4e00" <= char <= "\u9fff" for char in word):
            yield word


def _sentence_with(ticket: Ticket, word: str) -> str:
    for sentence in _BREAK.split(f"{ticket.body}。{ticket.title}"):
        if word in sentence:
            return sentence.strip()[:80]
    return ticket.title[:80]


def _growth(calls: Sequence[tuple[datetime, int | None]], steps: int = 24) -> tuple[Point, ...]:
    """People and tickets added up over at most *steps* equal steps from the first call to the last."""
    if not calls:
        return ()
    ordered = sorted(calls, key=lambda one: one[0])
    first, last = ordered[0][0], ordered[-1][0]
    width = max((last - first) / steps, timedelta(hours=1))
    points: list[Point] = []
    people: set[object] = set()
    at, n = first, 0
    while at < last or not points:
        at = at + width
        while n < len(ordered) and (ordered[n][0] <= at or at >= last):
            people.add(ordered[n][1] or f"#{n}")
            n += 1
        points.append(Point(at, len(people), n))
    return tuple(points)


def _lines(events: Sequence[Event], now: datetime) -> list[EventLine]:
    ids = [event.pk for event in events]
    calls: dict[int, list[tuple[datetime, int | None]]] = {}
    for event, at, caller in EventTicket.objects.filter(event__in=ids).values_list(
        "event", "ticket__received_at", "ticket__caller"
    ):
        calls.setdefault(event, []).append((at, caller))
    alarms = (
        EventAlert.objects.filter(event__in=ids, seen_at=None)
        .order_by()
        .values("event")
        .annotate(many=Count("pk"))
    )
    unseen = {row["event"]: row["many"] for row in alarms}
    day = now - timedelta(days=1)
    return [
        EventLine(
            event,
            _growth(calls.get(event.pk, []), 12),
            sum(1 for at, _caller in calls.get(event.pk, []) if at > day),
            unseen.get(event.pk, 0),
        )
        for event in events
    ]


def _rank(level: str) -> int:
    return COLOURS.index(level) if level in COLOURS else len(COLOURS)


def _grams(text: str) -> set[str]:
    plain = "".join(char for char in text if "\u4e00" <= char <= "\u9fff")
    return {plain[n : n + 2] for n in range(len(plain) - 1)}


def _weights(texts: Sequence[str]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(_grams(text))
    return {gram: math.log((1 + len(texts)) / (0.5 + count)) for gram, count in seen.items()}


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    dot = sum(value * one.get(gram, 0.0) for gram, value in other.items())
    norms = math.sqrt(sum(v * v for v in one.values())) * math.sqrt(sum(v * v for v in other.values()))
    return dot / norms if norms else 0.0


def _leads(members: Sequence[EventTicket]) -> Counter[str]:
    pks = [one.ticket.lead_unit_id for one in members if one.ticket.lead_unit_id]
    codes = dict(Unit.objects.filter(pk__in=set(pks)).values_list("pk", "code"))
    return Counter(codes[pk] for pk in pks)


def _units_named(texts: Sequence[str], units: Iterable[Unit]) -> Counter[str]:
    """How many callers name a unit by one of its names (three characters at least)."""
    named: Counter[str] = Counter()
    for unit in units:
        names = {unit.name, unit.short_name, *re.split(r"[;；]", unit.aliases)}
        names = {name.strip() for name in names if len(name.strip()) >= 3}
        many = sum(1 for text in texts if any(name in text for name in names))
        if many:
            named[unit.code] = many
    return named


_COMPANY = re.compile(r"[\u4e00-\u9fff]{2,8}(?:置业|地产|房地产|物业|建设|开发)(?:有限)?公司")
_KINDS = (
    ("开发商", "开发商"),
    ("开发公司", "开发商"),
    ("售楼", "开发商"),
    ("物业", "物业公司"),
    ("施工", "施工单位"),
)


def _outsiders(texts: Sequence[str]) -> Counter[str]:
    """Parties outside the administration that callers speak of: a company by its name, else by what it is."""
    named: Counter[str] = Counter()
    for text in texts:
        said = {kind for word, kind in _KINDS if word in text}
        named.update(said | {match[-12:] for match in _COMPANY.findall(text)})
    return Counter({name: many for name, many in named.items() if many >= 2})
