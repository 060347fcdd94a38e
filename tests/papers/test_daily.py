"""Every figure of the daily list is recomputed from the journal's entries alone, by another way than the
board's, and looked for in the Word and the Excel file. Nobody's name or number stands in either.
"""

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import transaction
from django.utils import timezone, translation
from docx import Document

from fenzhen.board.daily import DIRECT, DailyList, Figure, daily_list, daily_tickets, query_key
from fenzhen.board.words import word
from fenzhen.desk.callback import rehandle_ticket
from fenzhen.desk.intake import join_call
from fenzhen.desk.request import (
    Asked,
    ask_extension,
    ask_return,
    decide_extension,
    decide_return,
    urge_ticket,
)
from fenzhen.hotline.clock import due
from fenzhen.hotline.journey import OPEN, WATCHING, Clock
from fenzhen.hotline.roles import Role
from fenzhen.office.accounts import system_account
from fenzhen.office.demo import make_demo
from fenzhen.office.distress import report_risk
from fenzhen.office.lists import load_lists
from fenzhen.papers.daily import daily_files, daily_paper
from fenzhen.records.callbacks import CallBack
from fenzhen.records.directory import Category
from fenzhen.records.district import District
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import clock_rules, forget_rules
from fenzhen.records.tickets import Caller, Ticket
from tests.cast import BEIJING, Cast

DAXING = Path(__file__).resolve().parents[2] / "demo" / "daxing"
#: A Wednesday afternoon; the list of that day is not over, that of the day before is.
NOW = datetime(2026, 3, 11, 15, 40, tzinfo=BEIJING)
TODAY, YESTERDAY = date(2026, 3, 11), date(2026, 3, 10)


@dataclass
class Told:
    """One ticket as its entries tell it: nothing is read but `Entry`."""

    pk: int
    first: Entry
    received: datetime
    channel: str
    kind: str
    town: str
    category: str
    level: int
    state: str
    round: int = 1
    city: datetime | None = None
    ends: dict[str, datetime] = field(default_factory=dict)
    shares: dict[int, dict[str, Any]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    claim: str = ""


class Recount:
    """The figures of a day, counted by walking through the journal."""

    def __init__(self, day: date, now: datetime) -> None:
        self.now, self.rules = now, clock_rules()
        self.since = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
        self.until = min(self.since + timedelta(days=1), now)
        self.tickets: dict[int, Told] = {}
        towns = {p.code: p.town or p.code for p in Place.objects.all()}
        for entry in Entry.objects.filter(subject__startswith="ticket:").order_by("subject", "n"):
            self._take(int(entry.subject[7:]), entry, towns)

    def _take(self, pk: int, entry: Entry, towns: dict[str, str]) -> None:
        facts = entry.facts
        if entry.n == 1:
            assert entry.act in {"receive", "copy_city"}
            self.tickets[pk] = Told(
                pk,
                entry,
                datetime.fromisoformat(facts["received"]),
                DIRECT if entry.act == "copy_city" else facts["channel"],
                facts["kind"],
                facts["town"] or "",
                facts["category"] or "",
                facts["level"],
                entry.target,
                city=datetime.fromisoformat(facts["city_deadline"]) if "city_deadline" in facts else None,
            )
        told = self.tickets[pk]
        told.entries.append(entry)
        told.state, told.level, told.round = entry.target, facts["level"], facts["round"]
        if entry.act == "take_over":
            told.channel = "city"
        if entry.act == "classify" and facts.get("place"):
            told.town = towns[facts["place"]]
        if entry.act in {"classify", "dispatch", "advise"} and facts.get("category"):
            told.category = facts["category"]
        for done in facts.get("assignments", []):
            share = told.shares.setdefault(done["id"], dict(done))
            if "from" not in done:
                share |= {"state": "pending_sign", "given": entry.at, "due": self._due(told, done, entry.at)}
                share["sign"] = due(Clock.SIGN, entry.at, done["level"], self.rules)
                continue
            if done["act"] == "wait":
                share["since"] = entry.at
            elif done["act"] == "reply":
                share["since"] = entry.at
            elif done["act"] in {"resume", "send_back"}:
                share["due"] += entry.at - share["since"]
            if "until" in done:
                share["due"] = datetime.fromisoformat(done["until"])
            share["state"] = done["to"]
        ends = told.ends
        if entry.act in {"submit", "take_back", "reopen", "undo", "settle", "take_over"} or (
            entry.act == "approve_return" and entry.target == "pending_dispatch"
        ):
            ends["triage"] = due(Clock.TRIAGE, entry.at, told.level, self.rules)
        if entry.act == "ask_back":
            ends["asked_back"] = entry.at
        if entry.act == "supplement":
            ends["triage"] += entry.at - ends["asked_back"]
        if entry.act == "approve" and entry.target == "pending_callback":
            ends["callback"] = due(Clock.CALLBACK, entry.at, told.level, self.rules)
        if entry.act == "consult":
            ends["consultation"] = due(Clock.CONSULTATION, entry.at, told.level, self.rules)

    def _due(self, told: Told, done: dict[str, Any], at: datetime) -> datetime:
        city = {}
        if "city" in done:
            received, deadline = map(datetime.fromisoformat, done["city"])
            city = {"city_received": received, "city_deadline": deadline}
        return due(Clock.HANDLING, at, done["level"], self.rules, **city)

    # the figures ------------------------------------------------------------------------------------------

    def came(self, ago: int = 0) -> list[Told]:
        since, until = self.since - timedelta(days=ago), self.until - timedelta(days=ago)
        return [t for t in self.tickets.values() if since <= t.received < until]

    def happened(self, *acts: str) -> list[tuple[Told, Entry]]:
        return [
            (told, entry)
            for told in self.tickets.values()
            for entry in told.entries
            if entry.act in acts and self.since <= entry.at < self.until
        ]

    def running(self, clock: str) -> dict[int, list[datetime]]:
        out: dict[int, list[datetime]] = defaultdict(list)
        for told in self.tickets.values():
            if clock == "triage" and told.state == "pending_dispatch":
                out[told.pk].append(told.ends["triage"])
            elif clock == "callback" and told.state == "pending_callback":
                out[told.pk].append(told.ends["callback"])
            elif clock == "consultation" and told.state == "in_consultation":
                out[told.pk].append(told.ends["consultation"])
            elif clock == "city" and told.state in OPEN | WATCHING and told.round == 1 and told.city:
                out[told.pk].append(told.city)
            for share in told.shares.values():
                if clock == "sign" and share["state"] == "pending_sign":
                    out[told.pk].append(share["sign"])
                lead = share["part"] == "lead" and share["state"] in {"pending_sign", "signed"}
                if clock == "handling" and lead:
                    out[told.pk].append(share["due"])
        return out


def group(name: str, told: Told) -> str:
    """Under which heading a ticket is counted."""
    return {
        "source": told.channel,
        "kind": told.kind,
        "level": str(told.level),
        "state": told.state,
        "hour": f"{timezone.localtime(told.received).hour:02d}",
        "town": told.town or "-",
        "matter": told.category[:2] or "-",
        "leaf": told.category or "-",
    }[name]


@pytest.fixture(scope="module")
def week(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """Three days of the demo, and by hand what it has few of: returns, extensions, urging, a danger heard."""
    with django_db_blocker.unblock(), transaction.atomic():
        forget_rules()
        load_lists(DAXING, by=system_account(), now=NOW)
        make_demo(DAXING, by=system_account(), now=NOW, per_day=230, days=3, seed=7)
        _by_hand()
        yield User.objects.get(pk=User.objects.filter(role=Role.SECTION_CHIEF).values("pk")[:1])
        transaction.set_rollback(True)
    forget_rules()


def _by_hand() -> None:
    """Units ask, the desk decides, people ring again: within the last hours before NOW."""
    desk = User.objects.filter(role=Role.DISPATCHER).first()
    chief = User.objects.filter(role=Role.SECTION_CHIEF).first()
    agent = User.objects.filter(role=Role.AGENT).first()
    voice = User.objects.filter(role=Role.CALLBACK_AGENT).first()
    assert desk and chief and agent and voice
    at = NOW - timedelta(minutes=30)

    def staff(item: Assignment) -> User:
        found = User.objects.filter(unit_id=item.unit_id, role=Role.UNIT_LIAISON).first()
        return found or User.objects.create(
            username=f"u{item.unit_id}", name="联络员", role=Role.UNIT_LIAISON, unit_id=item.unit_id
        )

    fresh = list(
        Assignment.objects.filter(
            part="lead", state="signed", given_at__gte=at - timedelta(hours=3), handle_due__gt=NOW
        ).select_related("ticket")[:6]
    )
    assert len(fresh) == 6
    asked = Asked(reason="not_our_duty", text="不属本单位职责范围", basis="权责清单")
    first, second, third, *later = fresh
    decide_return(
        ask_return(first, by=staff(first), now=at, asked=asked), by=desk, now=at, approve=True, text="同意"
    )
    decide_return(
        ask_return(second, by=staff(second), now=at, asked=asked), by=desk, now=at, approve=False, text="不"
    )
    Ticket.objects.filter(pk=third.ticket_id).update(returns=1)  # it came back once before
    ask_return(third, by=staff(third), now=at, asked=asked)
    for n, item in enumerate(later):
        more = Asked(reason="construction", text="要开挖", until=item.handle_due + timedelta(hours=1))
        if item.ticket.city_deadline:
            more.until = min(more.until, item.ticket.city_deadline)  # type: ignore[type-var] # both are set
        request = ask_extension(item, by=staff(item), now=at, asked=more)
        if n == 0:
            decide_extension(request, by=desk, now=at, approve=True, text="同意")
        elif n == 1:
            decide_extension(request, by=desk, now=at, approve=False, text="请抓紧")
    open_ones = Ticket.objects.filter(
        state="handling", is_secret=False, is_report=False, caller__isnull=False
    ).order_by("pk")
    for ticket in open_ones[:2]:
        join_call(ticket, by=agent, now=at, text="还没有人来", kind="urge")
        urge_ticket(ticket, by=agent, now=at, reason="caller", text="又问一次")
    join_call(open_ones[2], by=agent, now=at, text="谢谢", kind="thanks")
    calls = list(
        CallBack.objects.filter(outcome="", ticket__state="pending_callback").select_related("ticket")[:2]
    )
    report_risk(calls[0], by=voice, now=at, risk="violence")
    said = Cast.said(solved="no", satisfied="no", words="还是没修", risk="self_harm")
    rehandle_ticket(calls[1].ticket, by=voice, now=at, said=said, level=1)


@pytest.fixture(params=[TODAY, YESTERDAY], ids=["today", "yesterday"])
def both(request: Any, week: User) -> tuple[DailyList, Recount]:
    return daily_list(week, request.param, NOW), Recount(request.param, NOW)


def ids(some: Any) -> set[int]:
    return {told.pk for told in some}


def test_what_came_in_is_what_the_journal_received(both: tuple[DailyList, Recount]) -> None:
    daily, recount = both
    assert daily.total.figure.count == len(recount.came()) > 20
    assert set(daily.total.figure.tickets) == ids(recount.came())
    assert daily.total.before.count == len(recount.came(1))
    checked = 0
    for name, rows in {
        "source": daily.by_source,
        "kind": daily.by_kind,
        "level": daily.by_level,
        "state": daily.by_state,
        "hour": daily.by_hour,
        "town": [line.came for line in daily.towns],
        "matter": [line.came for line in daily.matters],
        "leaf": [leaf for line in daily.matters for leaf in line.leaves],
    }.items():
        here = Counter(group(name, told) for told in recount.came())
        before = Counter(group(name, told) for told in recount.came(1))
        days = Counter(
            group(name, told) for ago in range(1, daily.mean_days + 1) for told in recount.came(ago)
        )
        for one in rows:
            code = one.code or "-"
            assert one.figure.count == here.pop(code, 0), (name, code)
            assert one.before.count == before[code], (name, code)
            assert one.mean == pytest.approx(days[code] / daily.mean_days), (name, code)
            checked += 3
        assert not here, f"{name}: the journal knows more"
    assert checked > 300


def test_what_is_late_or_about_to_be_is_so_by_the_replayed_clocks(both: tuple[DailyList, Recount]) -> None:
    daily, recount = both
    spans = {"triage": 0.5, "sign": 0.5, "handling": 24, "city": 24, "callback": 4, "consultation": 2}
    everything: set[int] = set()
    for line in daily.clocks:
        ends = recount.running(line.clock)
        late = {pk for pk, dues in ends.items() if min(dues) < NOW}
        edge = NOW + timedelta(hours=spans[line.clock])
        soon = {pk for pk, dues in ends.items() if any(NOW <= d < edge for d in dues)} - late
        assert set(line.late.tickets) == late, line.clock
        assert set(line.soon.tickets) == soon, line.clock
        everything |= late
    assert everything
    for town in daily.towns:
        code = town.came.code
        assert set(town.late.tickets) == {pk for pk in everything if recount.tickets[pk].town == code}


def test_returns_extensions_and_rehandled_are_the_journals(both: tuple[DailyList, Recount]) -> None:
    daily, recount = both
    acts = {
        ("return", "asked"): "ask_return",
        ("return", "approved"): "approve_return",
        ("return", "refused"): "refuse_return",
        ("extension", "asked"): "ask_extension",
        ("extension", "approved"): "extend",
        ("extension", "refused"): "refuse_extension",
    }
    for kind, what, figure in daily.requests:
        if what == "open":
            asked = Counter(
                t.pk for t in recount.tickets.values() for e in t.entries if e.act == f"ask_{kind}"
            )
            answers = {"approve_return", "refuse_return", "extend", "refuse_extension"}
            decided = Counter(
                t.pk
                for t in recount.tickets.values()
                for e in t.entries
                if e.act in answers and (e.act in {"extend", "refuse_extension"}) == (kind == "extension")
            )
            assert set(figure.tickets) == set(asked - decided)
        else:
            assert set(figure.tickets) == {t.pk for t, _e in recount.happened(acts[kind, what])}, (kind, what)
    back = recount.happened("rehandle")
    assert set(daily.rehandled.tickets) == {t.pk for t, _e in back}
    assert set(daily.rehandled_again.tickets) == {t.pk for t, e in back if e.facts["round"] > 2}
    if daily.day == TODAY:
        counts = {(k, w): f.count for k, w, f in daily.requests}
        for kind, what in [(k, w) for k in ("return", "extension") for w in ("approved", "refused", "open")]:
            assert counts[kind, what] >= 1 and counts[kind, "asked"] >= 3, (
                "something of each was made by hand"
            )


def test_what_needs_a_leader_is_what_the_journal_heard(both: tuple[DailyList, Recount]) -> None:
    daily, recount = both
    found = dict(daily.leader)
    level_1 = {t.pk for t in recount.tickets.values() if t.level == 1 and t.state in OPEN}
    assert set(found["level_1"].tickets) == level_1 == set(daily.level_1_open.tickets)
    assert set(daily.level_1.tickets) == {t.pk for t in recount.came() if t.level == 1}
    risky = {
        t.pk
        for t, e in recount.happened("close", "rehandle", "note")
        if e.facts.get("risk") in {"self_harm", "violence", "medical", "group"}
    }
    assert set(found["risk"].tickets) == risky
    contradictions = set()
    for told, entry in recount.happened("close", "rehandle"):
        leads = {i for i, share in told.shares.items() if share["part"] == "lead"}
        claims = [
            e.facts["solved_claim"]
            for e in told.entries
            if e.n < entry.n
            and e.act == "reply"
            and any(done["id"] in leads for done in e.facts["assignments"])
        ]
        if claims and claims[-1] == "yes" and entry.facts["solved"] == "no":
            contradictions.add(told.pk)
    assert set(found["contradiction"].tickets) == contradictions
    disputed = recount.running("consultation")
    assert set(found["consultation"].tickets) == {pk for pk, ends in disputed.items() if min(ends) < NOW}
    if daily.day == TODAY:
        assert found["risk"].count == 2 and found["second_return"].count >= 1 and contradictions


def test_the_rates_are_counted_from_the_call_backs_entries(both: tuple[DailyList, Recount]) -> None:
    daily, recount = both
    rated = {"help", "complaint", "report", "suggestion", "consultation"}
    ended = [(t, e) for t, e in recount.happened("close", "rehandle", "close_unreached") if t.kind in rated]
    due_ones = [(t, e) for t, e in ended if t.state not in {"withdrawn", "voided"}]
    asked = [e.facts for _t, e in due_ones if e.act != "close_unreached"]
    wanted = {
        "ended": len(ended),
        "due": len(due_ones),
        "reached": len(asked),
        "contacted": sum(facts["contacted"] is True for facts in asked),
        "solved": sum(facts["solved"] == "yes" for facts in asked),
        "partly": sum(facts["solved"] == "partly" for facts in asked),
        "satisfied": sum(facts["satisfied"] in {"very", "satisfied"} for facts in asked),
        "basic": sum(facts["satisfied"] == "basic" for facts in asked),
    }
    assert wanted["reached"] > 1
    assert {name: figure.count for name, figure in daily.rounds.items()} == wanted
    rounds = daily.rates.rounds
    assert {name: getattr(rounds, name) for name in wanted} == wanted
    assert daily.rates.waiting == sum(
        t.state == "pending_callback" and t.kind in rated for t in recount.tickets.values()
    )


def test_repeated_callers_are_counted_and_nobody_is_named(both: tuple[DailyList, Recount]) -> None:
    """The journal knows no caller; who called stands in one column of the ticket and is taken from there."""
    daily, recount = both
    people = {
        pk: phone or account or f"#{caller}"
        for pk, caller, phone, account in Ticket.objects.filter(is_secret=False, is_report=False)
        .exclude(caller=None)
        .values_list("pk", "caller_id", "caller__phone_index", "caller__account_index")
    }
    first = recount.since - timedelta(days=6)
    contacts: Counter[str] = Counter()
    today: Counter[str] = Counter()
    for told in recount.tickets.values():
        if told.pk not in people:
            continue
        moments = [told.received] + [
            e.at
            for e in told.entries
            if e.act == "urge" or (e.act == "join_call" and e.facts["kind"] != "thanks")
        ]
        for at in moments:
            if first <= at < recount.until:
                contacts[people[told.pk]] += 1
                today[people[told.pk]] += at >= recount.since
    wanted = sorted((n, today[p]) for p, n in contacts.items() if n >= 2 and today[p])
    assert sorted((one.contacts, one.today) for one in daily.callers) == wanted
    if daily.day == TODAY:
        assert wanted[-1][0] >= 3


def test_pressing_a_figure_opens_exactly_its_tickets(week: User) -> None:
    daily = daily_list(week, TODAY, NOW)
    for key in ("what=came", "clock=handling&what=late", "reason=contradiction&what=leader"):
        figure = daily.figures[key]
        again, lines = daily_tickets(week, TODAY, NOW, dict(figure.query))
        assert again == figure and [line.pk for line in lines] == list(figure.tickets)
    assert all(query_key(figure.query) == key for key, figure in daily.figures.items())
    counted = {"rounds", "repeated"}
    assert all(
        one.count == len(one.tickets) for one in daily.figures.values() if one.query["what"] not in counted
    )
    assert daily_tickets(week, TODAY, NOW, {"what": "nothing"}) == (None, [])


def test_whoever_may_see_nothing_gets_an_empty_list(week: User) -> None:
    admin = User(username="x", role=Role.ADMIN)
    daily = daily_list(admin, TODAY, NOW)
    assert daily.total.figure.count == 0 and not daily.lines and not daily.callers
    assert all(line.late.count == line.soon.count == 0 for line in daily.clocks)


def test_a_demo_ranks_no_town_and_a_real_district_says_what_it_ranks_by(week: User) -> None:
    daily = daily_list(week, TODAY, NOW)
    codes = [line.came.code for line in daily.towns if line.came.code]
    assert codes == sorted(codes) and all(line.rank is None for line in daily.towns)
    assert len(codes) == Place.objects.filter(kind__in=["town", "subdistrict"]).count()
    with transaction.atomic():
        District.objects.update(is_demo=False)
        real = daily_list(week, TODAY, NOW)
        counts = [line.came.figure.count for line in real.towns if line.came.code]
        assert counts == sorted(counts, reverse=True) and real.towns[0].rank == 1
        assert "演示" not in daily_paper(real).demo
        transaction.set_rollback(True)


# -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(week: User) -> tuple[DailyList, bytes, bytes]:
    with translation.override("zh-hans"):
        made = daily_files(week, TODAY, NOW)
        return daily_list(week, TODAY, NOW), made["daily-2026-03-11.docx"], made["daily-2026-03-11.xlsx"]


def cells_of(
    files: tuple[DailyList, bytes, bytes],
) -> tuple[dict[str, list[list[str]]], dict[str, list[Any]]]:
    """The tables of both files, by the first cell of each line."""
    word_rows: dict[str, list[list[str]]] = defaultdict(list)
    for table in Document(BytesIO(files[1])).tables:
        for row in table.rows:
            texts = [cell.text for cell in row.cells]
            word_rows[texts[0]].append(texts[1:])
    excel_rows: dict[str, list[Any]] = defaultdict(list)
    for sheet in openpyxl.load_workbook(BytesIO(files[2])).worksheets:
        for line in sheet.iter_rows(values_only=True):
            if line[0] is not None:
                excel_rows[str(line[0])].append(list(line[1:]))
    return word_rows, excel_rows


def test_word_and_excel_say_the_boards_figures(files: tuple[DailyList, bytes, bytes]) -> None:
    daily = files[0]
    in_word, in_excel = cells_of(files)

    def stands(label: str, *figures: Figure | int, numbers: Figure | None = None) -> None:
        wanted = [one.count if isinstance(one, Figure) else one for one in figures]
        assert any(row[: len(wanted)] == [str(n) for n in wanted] for row in in_word[label]), label
        lines = [row for row in in_excel[label] if row[: len(wanted)] == wanted]
        assert lines, label
        if numbers is not None and numbers.count:
            named = {n for line in lines for cell in line if cell for n in re.findall(r"\d{13}", str(cell))}
            assert {daily.numbers[pk] for pk in numbers.tickets} <= named, label

    stands("受理合计", daily.total.figure, daily.total.before, numbers=daily.total.figure)
    for title, rows in (("来源", daily.by_source), ("类型", daily.by_kind), ("等级", daily.by_level)):
        for one in rows:
            stands(f"{title}·{one.label}", one.figure, one.before, numbers=one.figure)
    for line in daily.towns:
        label = line.came.label or "（地点未定）"
        mean = f"{line.came.mean:.1f}" if line.came.mean is not None else "—"
        texts = [line.came.figure.count, line.came.before.count, mean, line.late.count, line.rehandled.count]
        assert [str(n) for n in texts] in in_word[label], label
    for matter in daily.matters:
        stands(matter.came.label or "（未分类）", matter.came.figure, matter.came.before)
        for leaf in matter.leaves:
            if leaf.code:
                counted = [row[1:3] for row in in_excel[leaf.label]]
                assert [leaf.figure.count, leaf.before.count] in counted, leaf.label
    for clock in daily.clocks:
        stands(clock.label, clock.late, clock.soon, numbers=clock.late)
    for kind in ("return", "extension"):
        stands(word("request_kind", kind), *(f for k, _w, f in daily.requests if k == kind))
    stands("回访未解决、当日重办", daily.rehandled, numbers=daily.rehandled)
    stands("当日新收", daily.level_1, numbers=daily.level_1)
    stands("现未办结", daily.level_1_open, numbers=daily.level_1_open)
    for reason, label in (
        ("contradiction", "单位称已解决，回访称未解决"),
        ("risk", "自伤、暴力、群体等风险"),
    ):
        stands(label, dict(daily.leader)[reason], numbers=dict(daily.leader)[reason])
    found = daily.rates.rounds
    share = f"{100 * (found.response or 0):.1f}%"
    assert [share, str(found.contacted), str(found.reached)] in in_word["响应率"]
    for one in daily.by_hour:
        assert in_excel[f"{int(one.code)} 时"][0][:2] == [one.figure.count, one.before.count]


def test_word_is_set_as_the_standard_says(files: tuple[DailyList, bytes, bytes]) -> None:
    doc = Document(BytesIO(files[1]))
    page = doc.sections[0]
    assert [round(x.mm) for x in (page.page_width, page.page_height)] == [210, 297]
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(x.mm) for x in margins] == [37, 35, 28, 26]
    text = "\n".join(line.text for line in doc.paragraphs)
    assert (
        "大兴区 12345 热线每日清单" in text and "每日清单〔2026〕第 70 期" in text and "一、总体情况" in text
    )
    assert (
        "演示数据" in page.header.paragraphs[0].text
        and "演示数据" in page.even_page_header.paragraphs[0].text
    )
    with zipfile.ZipFile(BytesIO(files[1])) as parts:
        body = parts.read("word/document.xml").decode()
        assert 'w:eastAsia="仿宋_GB2312"' in body and 'w:eastAsia="方正小标宋简体"' in body
        assert "altName" in parts.read("word/fontTable.xml").decode()
        assert " PAGE " in "".join(parts.read(n).decode() for n in parts.namelist() if "footer" in n)


def test_charts_are_native_and_carry_their_numbers(files: tuple[DailyList, bytes, bytes]) -> None:
    daily = files[0]
    with zipfile.ZipFile(BytesIO(files[1])) as parts:
        charts = sorted(n for n in parts.namelist() if n.startswith("word/charts/chart"))
        assert len(charts) == 2 and not any("media/" in n for n in parts.namelist())
        book = openpyxl.load_workbook(BytesIO(parts.read("word/embeddings/Microsoft_Excel_Sheet1.xlsx")))
        values = [row[1].value for row in book["Sheet1"].iter_rows(min_row=2)]
        assert values == [one.figure.count for one in daily.by_hour]
    with zipfile.ZipFile(BytesIO(files[2])) as parts:
        assert sum(n.startswith("xl/charts/chart") for n in parts.namelist()) == 2


def test_no_callers_name_or_number_is_in_the_files(files: tuple[DailyList, bytes, bytes]) -> None:
    everything = ""
    for content in files[1:]:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            for name in parts.namelist():
                inner = parts.read(name)
                if name.endswith(".xlsx"):
                    with zipfile.ZipFile(BytesIO(inner)) as embedded:
                        everything += "".join(
                            embedded.read(n).decode("utf-8", "ignore") for n in embedded.namelist()
                        )
                everything += inner.decode("utf-8", "ignore")
    everything = re.sub(r"<[^>]*>", "", everything)
    callers = list(Caller.objects.filter(tickets__isnull=False).distinct())
    assert len(callers) > 100
    names = {c.name for c in callers if len(c.name) > 1}
    staff = set(User.objects.values_list("name", flat=True))
    assert not [name for name in names - staff if name in everything]
    assert not [c.phone for c in callers if c.phone and c.phone in everything]
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", everything)


def test_a_callers_own_name_in_a_title_is_masked_and_a_secret_matter_has_no_words(cast: Cast) -> None:
    cast.waiting(title="冯小满家的楼道灯坏了", level=1)
    cast.waiting(title="举报某店欠薪", level=1, is_secret=True, name="钱多多", phone="13900000002")
    daily = daily_list(cast.chen, cast.now.date(), cast.now + timedelta(hours=1))
    titles = {line.title for line in daily.lines.values()}
    assert "冯**家的楼道灯坏了" in titles
    assert not any("欠薪" in title for title in titles)
    assert daily.level_1.count == 2


def test_categories_of_the_journal_are_codes(week: User) -> None:
    known = set(Category.objects.values_list("code", flat=True))
    said = {e.facts["category"] for e in Entry.objects.filter(act="receive")} - {None}
    assert said <= known
