"""The first week in a sub-centre (STORY 7): the city above, the towns below, Excel and the telephone between.

A simulated city platform (its own process, `tests/city_platform.py`) sends five days of orders with changes,
withdrawals, doubles and late files. The real worker takes the drop folder in, advises and owes results; the desk
dispatches by the advice or by the duty list; units sign, return, ask for more time and answer by page, by telephone
and by Excel; review, call-back, close; files go back to the city until nothing is left to do.

``./test`` plays a slice of it: three days of a few orders, in which what is rare happens more often, so that all
of it happens. FENZHEN_FIRST_WEEK_ORDERS plays whole days of so many orders (300 by ``make prove-first-week``),
FENZHEN_FIRST_WEEK_DAYS so many of them.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from fenzhen.board.callbacks import callbacks_due
from fenzhen.board.duty_phones import phone_now
from fenzhen.board.handle import UnitDesk, unit_desk
from fenzhen.board.requests import consultations, requests_waiting
from fenzhen.board.review import replies_to_review
from fenzhen.board.tickets import city_clock_ends, replayed_clocks
from fenzhen.board.triage import tickets_waiting, triage_view
from fenzhen.desk.callback import close_ticket, miss_call, rehandle_ticket
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.handle import phone_unit, resume_assignment, sign_assignment, submit_reply, wait_for_caller
from fenzhen.desk.request import decide_extension, decide_return, settle_consultation
from fenzhen.desk.review import approve_reply, send_back_reply
from fenzhen.desk.step import entry_hash
from fenzhen.hotline.journey import OPEN, Clock
from fenzhen.jobs.worker import Worker
from fenzhen.office import city_drop
from fenzhen.office.city import city_folder
from fenzhen.office.city_words import city_book, owe_city, tell_city, tell_in_file
from fenzhen.office.unit_excel import take_answers
from fenzhen.records.city import CityWord
from fenzhen.records.directory import Category, Duty
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.handling import Assignment
from fenzhen.records.imports import ImportBatch
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.requests import Request
from fenzhen.records.rules import clock_rules
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from tests.cast import BEIJING, Cast

pytestmark = pytest.mark.django_db(transaction=True)

M, H, D = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 9, tzinfo=BEIJING)
WHOLE = "FENZHEN_FIRST_WEEK_ORDERS" in os.environ
ORDERS = int(os.environ.get("FENZHEN_FIRST_WEEK_ORDERS", "10"))
DAYS = int(os.environ.get("FENZHEN_FIRST_WEEK_DAYS", "5" if WHOLE else "3"))
#: How much more often what is rare happens in the slice.
OFTEN = 1 if WHOLE else 4
#: One in which each of the rare things befalls somebody.
SEED = int(os.environ.get("FENZHEN_FIRST_WEEK_SEED", "12345" if WHOLE else "297"))
#: The desk looks at its lists when the platform's file is there, and once an hour between.
HOURS = range(8, 20)
#: After these days, when nothing new comes.
LATER_HOURS = range(8, 20, 2) if WHOLE else (9, 14, 18)
MOST_DAYS = 24
#: The city's own words for a matter, and our category.
CATEGORIES = {
    "公共设施维修": "010101",
    "房屋质量监管": "020101",
    "自来水停水": "030101",
    "噪声扰民": "040101",
}


class City:
    """The platform's process, at the other end of a pipe."""

    def __init__(self, home: Path, drop: Path) -> None:
        self.back = home / "back"
        command = [
            *(sys.executable, "-m", "tests.city_platform", str(home), "--drop", str(drop)),
            *("--back", str(self.back), "--orders", str(ORDERS), "--days", str(DAYS)),
            *("--often", str(OFTEN), "--seed", str(SEED), "--first", MONDAY.date().isoformat()),
        ]
        self.process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the platform's process has ended"
        return dict(json.loads(answer))

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


@dataclass
class Lists:
    """Which list showed what, and when: (clock, whose) → the moments."""

    seen: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)

    def note(self, clock: str, whose: str, now: datetime) -> None:
        self.seen.setdefault((clock, whose), []).append(now)

    def showed(self, clock: str, whose: str, since: datetime, until: datetime) -> bool:
        return any(since <= at <= until for at in self.seen.get((clock, whose), ()))


class Week:
    """Everybody at work, one simulated hour after the other."""

    def __init__(self, cast: Cast, city: City) -> None:
        self.cast, self.city = cast, city
        self.worker = Worker()
        self.lists = Lists()
        self.did: Counter[str] = Counter()
        self.water = Unit.objects.get(code="WATER")
        self.kept_back: bytes | None = None
        self.list_out: tuple[datetime, bytes] | None = None
        self.half = self.files = self.spoilt = 0
        self.left_behind: set[int] = set()
        self.now = MONDAY
        self.clients: dict[int, Client] = {}
        self.leads: Mapping[str, Unit | None] = {
            "010101": None,  # the town's
            "020101": cast.housing,
            "030101": self.water,
            "040101": cast.police,
        }

    # one hour ---------------------------------------------------------------------------------------------

    def hour(self, now: datetime) -> bool:
        """Everything once; False when nobody had anything to do."""
        self.now = now
        self.clients = {}  # sessions of another day are over
        with time_machine.travel(now, tick=False):
            said = self.city.ask(at=now.isoformat())
            self.half += len(said["half"])
            self.files += len(said["wrote"])
            before = Entry.objects.count()
            self.work()
            for row in tickets_waiting(self.cast.wang, now, limit=10_000).rows:
                self.lists.note("triage", str(row.ticket.pk), now)
            self.decide()
            self.dispatch()
            self.telephone()
            self.by_page()
            self.by_excel()
            self.review()
            self.call_back()
            self.work()
            self.look()
            self.tell()
            return Entry.objects.count() > before or bool(said["wrote"] or said["half"] or said["read"])

    def work(self) -> None:
        """The worker, until it finds nothing more: the drop folder, advice, results that are owed, notices."""
        self.worker.look()  # the timetable's work comes after the journal's: what files bring is seen by the next look
        while self.worker.look():
            pass

    def look(self) -> None:
        """The lists that people have open, as the board answers them now."""
        cast, now, note = self.cast, self.now, self.lists.note
        for row in tickets_waiting(cast.wang, now, limit=10_000).rows:
            note("triage", str(row.ticket.pk), now)
        for liaison in (cast.huang, cast.bai, cast.jian):
            self.note_desk(unit_desk(liaison, now, longest=10_000))
        for line in phone_now(cast.wang, now):
            note("sign", f"a{line.item.pk}", now)
        calls = callbacks_due(cast.sun, now, longest=10_000)
        for call in [*calls.due, *calls.appointments, *calls.later]:
            note("callback", str(call.ticket.pk), now)
        for seen in consultations(cast.chen, now):
            note("consultation", str(seen.ticket.pk), now)
        for ticket in city_clock_ends(cast.chen, now):
            note("city", str(ticket.pk), now)

    def night(self, until: datetime) -> None:
        """The night shift has nothing but the list to phone through before it, and looks every half hour."""
        while self.now + M * 30 < until:
            self.now += M * 30
            for line in phone_now(self.cast.wang, self.now):
                self.lists.note("sign", f"a{line.item.pk}", self.now)

    def note_desk(self, desk: UnitDesk) -> None:
        """A unit's own page: what is there to sign and to do."""
        for group in (desk.came_back, desk.to_sign, desk.due_today, desk.in_hand):
            for share in group.shares:
                self.lists.note("handling", f"a{share.item.pk}", self.now)
                if share.item.state == "pending_sign":
                    self.lists.note("sign", f"a{share.item.pk}", self.now)

    # the desk ---------------------------------------------------------------------------------------------

    def luck(self, ticket: Ticket, about: str) -> float:
        """The same for the same ticket and question in every run."""
        return random.Random(f"{SEED}:{ticket.external_no}:{about}").random()

    def happens(self, ticket: Ticket, about: str, share: float) -> bool:
        """Whether something rare befalls this ticket: *share* of them all."""
        return self.luck(ticket, about) < share * OFTEN

    def decide(self) -> None:
        """Requests of units; what is disputed twice goes through a consultation to one who may not return it."""
        cast, now = self.cast, self.now
        for seen in requests_waiting(cast.chen, now):
            request, ticket = seen.request, seen.ticket
            request.refresh_from_db()
            item = request.assignment
            assert item is not None
            if item.state not in {"pending_sign", "signed", "waiting"}:
                self.left_behind.add(request.pk)  # the city took the order back meanwhile
                continue
            if request.kind == "return":
                good = self.luck(ticket, f"return{ticket.returns}") < 0.75
                decide_return(request, by=cast.chen, now=now, approve=good, text="按权责清单核对过。")
                self.did["return approved" if good else "return refused"] += 1
            elif request.kind == "extension":
                assert request.until
                if ticket.city_deadline and request.until > ticket.city_deadline:
                    word = CityWord.objects.filter(ticket=ticket, kind="extension").first()
                    if word is None:
                        fields = {
                            "reason": request.reason_code,
                            "text": "需要施工,附计划。",
                            "until": request.until + D,
                        }
                        owe_city(ticket, "extension", fields, by=cast.wang, now=now)
                        self.did["extension asked of the city"] += 1
                    elif word.made_at < request.asked_at:  # the city gave time once
                        decide_extension(
                            request, by=cast.wang, now=now, approve=False, text="市级时限已延过。"
                        )
                        self.did["extension refused"] += 1
                    continue  # until the city's next file
                # A date that the city moved meanwhile may give more than was asked for.
                good = self.luck(ticket, "extend") < 0.8 and request.until > item.handle_due
                decide_extension(request, by=cast.wang, now=now, approve=good, text="同意,请告诉诉求人。")
                self.did["extension approved" if good else "extension refused"] += 1
        for matter in consultations(cast.chen, now):
            lead = self.by_the_list(matter.ticket)[0]
            settle_consultation(
                matter.ticket, by=cast.chen, now=now, lead=lead, text="会商意见:指定承办,不得再退。"
            )
            self.did["settled"] += 1

    def by_the_list(self, ticket: Ticket) -> tuple[Unit, str]:
        """Whom the duty list names for the city's category, with the rule."""
        code = CATEGORIES[ticket.city_category]
        lead = self.leads[code]
        if lead is None:
            lead = self.cast.songshan if ticket.town == self.cast.other_town else self.cast.liuhe
        rule = next(r for r in Duty.objects.order_by("-category") if code.startswith(r.category))
        return lead, rule.rule_id

    def dispatch(self) -> None:
        """As many as the desk manages in an hour; the rest waits and gets late, on its list."""
        cast, now = self.cast, self.now
        most = max(2, ORDERS // 8)
        for n, row in enumerate(tickets_waiting(cast.wang, now, limit=most).rows):
            ticket = row.ticket
            ticket.refresh_from_db(fields=["held_by", "held_until"])
            # The page has put the next one into somebody's hands already.
            by = ticket.held_by or (cast.wang, cast.li)[n % 2]
            if self.happens(ticket, "the city's", 0.02):
                if not CityWord.objects.filter(ticket=ticket, kind="return").exists():
                    fields = {"reason": "higher_unit", "text": "属市级单位职责。", "basis": "权责清单"}
                    owe_city(ticket, "return", fields, by=by, now=now)
                    self.did["return asked of the city"] += 1
                continue
            seen = triage_view(by, ticket.pk, now)
            first = seen.suggestions[0] if seen.suggestions else None
            lead, basis = self.by_the_list(ticket)
            ours = {unit.pk for unit in (cast.liuhe, cast.songshan, cast.housing, cast.police, self.water)}
            way = "list"
            # Some dispatchers go by the duty list they know; for water everybody knows it.
            trusts = self.luck(ticket, "trust") < 0.7 and self.by_the_list(ticket)[0] != self.water
            if trusts and first and first.percent >= 30 and first.unit.pk in ours:
                lead, basis, way = first.unit, first.rule.rule_id if first.rule else "", "advice"
            assist = [cast.housing] if self.luck(ticket, "assist") < 0.15 and lead != cast.housing else []
            taken = first if way == "advice" else None
            if lead != self.water and self.luck(ticket, "page") < 0.3:
                form = {"rank": str(taken.rank) if taken else "0", "lead": lead.code}
                status = self.post(by, f"/triage/{ticket.pk}/dispatch", form, expect={200, 422})
                if status == 200:
                    self.did["dispatched by page"] += 1
                    self.did[f"dispatched by {way}"] += 1
                    continue
                # The guessed category keeps it from the towns; the city's, which the dispatcher knows, does not.
                self.did["refused by the duty list"] += 1
            category = (
                taken.category if taken else Category.objects.get(code=CATEGORIES[ticket.city_category])
            )
            levels = Duty.objects.filter(rule_id=basis).values_list("level", flat=True)
            dispatch_ticket(
                ticket,
                by=by,
                now=now,
                lead=lead,
                assist=assist,
                category=category,
                basis=basis,
                level=min([ticket.level, *levels]),
            )
            self.did[f"dispatched by {way}"] += 1

    def tell(self) -> None:
        """What the city must be told: in a file; a few are typed in by hand and ticked."""
        cast, now = self.cast, self.now
        if self.kept_back is not None:  # the file that got lost on the way, fetched once more
            self.send(self.kept_back, "again")
            self.kept_back = None
        if now.hour not in {9, 12, 14, 16, 18}:
            return
        untold = CityWord.objects.filter(told_at=None, kind="result").select_related("ticket").order_by("pk")
        for word in [word for word in untold if self.happens(word.ticket, "typed", 0.1)]:
            assert tell_city([word], "typed", by=cast.wang, now=now) == 1
            self.city.ask(typed={"no": word.ticket.external_no, "kind": word.kind}, at=now.isoformat())
            self.did["told by hand"] += 1
        batch = tell_in_file(by=cast.li, now=now)
        if not batch:
            return
        raw = city_book(batch)
        self.did["files to the city"] += 1
        if self.did["files to the city"] == 3:
            self.kept_back = city_book(batch)
            return
        self.send(raw, batch)

    def send(self, raw: bytes, name: str) -> None:
        part = self.city.back / f"{name}.part"
        part.write_bytes(raw)
        part.rename(self.city.back / f"{self.now:%d%H}-{name}.xlsx")

    # units ------------------------------------------------------------------------------------------------

    def client(self, by: User) -> Client:
        """A browser of *by*'s, signed in within this hour."""
        if by.pk not in self.clients:
            self.clients[by.pk] = Client()
            self.clients[by.pk].force_login(by)
        return self.clients[by.pk]

    def post(self, by: User, path: str, form: Mapping[str, Any], *, expect: Collection[int] = (303,)) -> int:
        """A form of *by*'s through the real pages; returns the answer's status, one of *expect*."""
        response = self.client(by).post(path, form, headers={"HX-Request": "true"} if 422 in expect else {})
        assert response.status_code in expect, (path, response.status_code, response.content[-2000:].decode())
        return int(response.status_code)

    def answer_at(self, item: Assignment) -> datetime:
        """When this unit will have done it: most in time, a few late."""
        luck = random.Random(f"{item.ticket.external_no}:{item.round}:{item.part}")
        share = luck.uniform(0.02, 0.3) if item.round > 1 else luck.triangular(0.02, 1.15, 0.3)
        return item.given_at + max((item.handle_due - item.given_at) * share, 70 * M)

    def form_of(self, item: Assignment) -> dict[str, str]:
        return {
            "contacted": "yes",
            "contact_how": "电话",
            "solved_claim": "yes",
            "internal_text": f"第{item.round}次办理:已派人到现场处理完毕。",
            "public_text": "您反映的问题已处理完毕,感谢您的来电。",
        }

    def by_page(self) -> None:
        """Three units with accounts: sign, wait, ask, answer."""
        for liaison in (self.cast.huang, self.cast.bai, self.cast.jian):
            desk = unit_desk(liaison, self.now, longest=10_000)
            self.note_desk(desk)
            asked: dict[int, dict[str, Request]] = {}
            for request in Request.objects.filter(assignment__unit=liaison.unit):
                asked.setdefault(request.assignment_id or 0, {})[request.kind] = request
            fresh = [
                share.item
                for group in (desk.came_back, desk.to_sign)
                for share in group.shares
                if share.item.state == "pending_sign"
            ]
            # Once in a while nobody looks for two hours.
            slept = random.Random(f"{liaison.username}{self.now:%d%H}").random() < 0.25
            if fresh and not slept:
                some = [str(item.pk) for item in fresh][:100]
                self.post(liaison, "/unit/sign", {"share": some})
                self.did["signed by page"] += len(some)
            for group in (desk.came_back, desk.due_today, desk.in_hand):
                for share in group.shares:
                    item = share.item
                    if item.state != "pending_sign":
                        self.go_on(liaison, item, asked.get(item.pk, {}))

    def go_on(self, liaison: User, item: Assignment, asked: Mapping[str, Request]) -> None:
        """What a clerk does with a share that is signed."""
        ticket, now = item.ticket, self.now
        if item.state == "waiting":
            if now - (item.paused_at or now) >= 5 * H:
                resume_assignment(item, by=liaison, now=now)
            return
        disputed = self.luck(ticket, "disputed") / OFTEN
        may_return = not ticket.designated and item.part == "lead" and now - item.given_at < 6 * H
        if "return" not in asked and may_return and (disputed < 0.06 or (ticket.returns and disputed < 0.10)):
            form = {"reason": "not_our_duty", "text": "不属本单位职责。", "basis": "权责清单第三条"}
            self.post(liaison, f"/unit/{item.pk}/return", form)
            self.did["return asked by page"] += 1
            return
        if any(not r.decision for r in asked.values()):
            return
        long = item.handle_due - item.given_at
        wants_time = self.happens(ticket, "slow", 0.09) and item.part == "lead" and ticket.extensions == 0
        if wants_time and "extension" not in asked and now < item.handle_due and long > 40 * H:
            until = timezone.localtime(item.handle_due + long / 2)
            form = {"reason": "construction", "text": "要等配件。", "until": f"{until:%Y-%m-%dT%H:%M}"}
            self.post(liaison, f"/unit/{item.pk}/extension", form)
            self.did["extension asked by page"] += 1
            return
        if self.happens(ticket, "away", 0.05) and ticket.round == 1 and not item.replies.exists():
            if not Entry.objects.filter(subject=f"ticket:{ticket.pk}", act="wait").exists():
                wait_for_caller(item, by=liaison, now=now, text="诉求人出差,约好晚些入户。")
                self.did["waited for the caller"] += 1
                return
        if now >= self.answer_at(item):
            self.post(liaison, f"/unit/{item.pk}/reply", self.form_of(item))
            self.did["answered by page"] += 1

    def telephone(self) -> None:
        """The waterworks have a telephone only: the desk rings, signs and writes down what they say."""
        cast, now = self.cast, self.now
        for line in phone_now(cast.wang, now):
            self.lists.note("sign", f"a{line.item.pk}", now)
            self.lists.note("handling", f"a{line.item.pk}", now)
            if line.item.unit == self.water:
                assert line.phone is not None and not line.has_account
                phone_unit(line.item, by=cast.wang, now=now, outcome="answered", answered_by="值班员")
                sign_assignment(line.item, by=cast.wang, now=now)
                self.did["signed by phone"] += 1
        for item in Assignment.objects.filter(unit=self.water, state="signed").select_related("ticket"):
            if now >= self.answer_at(item):
                self.on_behalf(item)
                self.did["answered by phone"] += 1

    def on_behalf(self, item: Assignment) -> None:
        answered = self.cast.answered(
            internal_text="值班员电话答复:已处理。", public_text="问题已处理,谢谢。"
        )
        submit_reply(item, by=self.cast.wang, now=self.now, answered=answered)

    def by_excel(self) -> None:
        """The police's post works with a list: it goes out in even hours and in the evening, and comes back
        an hour or two later."""
        cast, now = self.cast, self.now
        slow = random.Random(f"excel{now:%d%H}").random() < 0.3
        if self.list_out and now - self.list_out[0] >= (2 * H if slow else H):
            raw = self.filled(self.list_out[1])
            answers = take_answers(cast.police, raw, by=cast.li, now=now)
            for done in answers.done:
                self.did.update(f"{act} by Excel" for act in done.acts)
            self.did["bad rows in Excel"] += len(answers.faults)
            assert len(answers.faults) <= self.spoilt, answers.faults
            self.spoilt = 0
            if answers.done and not self.did["Excel twice"]:
                again = take_answers(cast.police, raw, by=cast.wang, now=now)
                assert not again.done and again.same == len(answers.done)
                self.did["Excel twice"] += 1
            self.list_out = None
        there = Assignment.objects.filter(unit=cast.police, state__in=["pending_sign", "signed"])
        # What was dispatched in the last hour must not wait for the morning's list.
        is_due = now.hour in {HOURS[-1], LATER_HOURS[-1]} or (self.list_out is None and now.hour % 2 == 0)
        if is_due and there.exists():
            response = self.client(cast.wang).post(f"/unit-lists/{cast.police.pk}/out")
            assert response.status_code == 200
            self.list_out = now, response.content
            for item, _cells in self.rows_of(load_workbook(BytesIO(response.content))):
                self.lists.note("handling", f"a{item.pk}", now)
                if item.state == "pending_sign":
                    self.lists.note("sign", f"a{item.pk}", now)

    @staticmethod
    def rows_of(book: Any) -> Iterator[tuple[Assignment, dict[str, Any]]]:
        """The shares in a list, each with its cells by code."""
        sheet = book.worksheets[0]
        codes = [cell.value for cell in sheet[2]]
        for row in sheet.iter_rows(min_row=4):
            cells = dict(zip(codes, row, strict=False))
            if cells["key"].value:
                pk = int(str(cells["key"].value).split("-", 1)[0])
                yield Assignment.objects.select_related("ticket").get(pk=pk), cells

    def filled(self, raw: bytes) -> bytes:
        """What the post's officer types into the list; now and then something that nobody can read."""
        book = load_workbook(BytesIO(raw))
        for item, cells in self.rows_of(book):
            ticket = item.ticket
            if item.state not in {"pending_sign", "signed"}:
                continue
            if item.state == "pending_sign":
                cells["sign"].value = "是"
            disputed = self.happens(ticket, "disputed", 0.06) and self.now - item.given_at < 6 * H
            if disputed and not ticket.designated and not Request.objects.filter(assignment=item).exists():
                cells["ask"].value, cells["reason"].value = "申请退回", "不属本单位职责"
                cells["basis"].value, cells["text"].value = "权责清单", "属城管部门职责。"
                continue
            if item.state == "signed" and self.now >= self.answer_at(item):
                cells["contacted"].value, cells["contact_how"].value = "联系上了", "上门"
                times = item.replies.count() + 1
                cells["internal"].value = f"第{item.round}次出警,第{times}次答复:已劝离并登记。"
                cells["public"].value = "民警已到现场劝离,会加强巡查。"
                cells["solved"].value = "解决"
                if self.happens(ticket, f"bad{self.now:%d%H}", 0.1):
                    cells["contacted"].value = "大概吧"
                    self.spoilt += 1
        out = BytesIO()
        book.save(out)
        return out.getvalue()

    # afterwards -------------------------------------------------------------------------------------------

    def review(self) -> None:
        cast, now = self.cast, self.now
        for row in replies_to_review(cast.zhao, now, longest=10_000):
            lead = row.item.part == "lead"
            if lead and row.item.replies.count() == 1 and self.happens(row.ticket, "review", 0.06):
                send_back_reply(
                    row.item, by=cast.zhao, now=now, reasons=["copy_paste"], text="请写明做了什么。"
                )
                self.did["sent back"] += 1
            elif self.luck(row.ticket, "review page") < 0.2:
                self.post(cast.zhao, f"/review/{row.item.pk}/approve", {})
                self.did["approved by page"] += 1
            else:
                approve_reply(row.item, by=cast.zhao, now=now)
                self.did["approved"] += 1

    def call_back(self) -> None:
        cast, now = self.cast, self.now
        if not 9 <= now.hour < 19:
            return
        for row in callbacks_due(cast.sun, now, longest=max(8, ORDERS // 7)).due:
            ticket = row.ticket
            if self.happens(ticket, "call", 0.08) and not row.tries:
                miss_call(ticket, by=cast.sun, now=now, outcome="no_answer")
                self.did["missed"] += 1
            elif self.happens(ticket, "did not help", 0.06) and ticket.round == 1:
                said = cast.said(
                    solved="no", satisfied="no", words="没有人来过。", reason_code="nothing_done"
                )
                rehandle_ticket(ticket, by=cast.sun, now=now, said=said, word="请上门核实。")
                self.did["rehandled"] += 1
            else:
                close_ticket(ticket, by=cast.sun, now=now, said=cast.said())
                self.did["closed"] += 1


# --- the test ----------------------------------------------------------------------------------------------


@pytest.fixture
def week(cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    """The district of the cast, with the waterworks (telephone only) and the police (Excel only)."""
    settings.FENZHEN_DATA_DIR = tmp_path / "data"
    # Files are taken at the first look, and one that is there by half is waited for however long the hours are.
    monkeypatch.setattr(city_drop, "_FOLDER", city_drop.DropFolder(settled=0.0, patience=float("inf")))
    water = Unit.objects.create(
        code="WATER", name="柳山区自来水公司", short_name="自来水公司", kind="enterprise", line="enterprise",
        duties="停水、水压、水质、管网抢修",
    )  # fmt: skip
    DutyPhone.objects.create(unit=water, time="day", phone="010-60000001", name="调度室")
    DutyPhone.objects.create(unit=water, time="night", phone="010-60000002", name="夜班")
    for code, one, two, name in (
        ("020101", "城乡建设", "房屋质量", "房屋质量监管"),
        ("030101", "公共服务", "供水", "自来水停水"),
        ("040101", "治安", "噪声", "噪声扰民"),
    ):
        Category.objects.create(code=code, level1=one, level2=two, name=name, definition=name)
    Duty.objects.create(
        rule_id="D4", category="0301", lead="WATER", level=2, basis="行业职责", basis_doc="权责清单"
    )
    Duty.objects.create(
        rule_id="D5", category="0401", lead="GA", level=3, basis="法定职责", basis_doc="权责清单"
    )
    city = City(tmp_path / "platform", city_drop.make_folders())
    yield Week(cast, city)
    city.end()


def test_five_days_of_the_citys_orders_are_in_once_out_once_and_never_late_unseen(week: Week) -> None:
    idle = 0
    for day in range(MOST_DAYS):
        for hour in HOURS if day < DAYS else LATER_HOURS:
            busy = week.hour(MONDAY + day * D + hour * H + 5 * M)
            idle = 0 if busy else idle + 1
        week.night(MONDAY + (day + 1) * D + HOURS[0] * H + 5 * M)
        left = Ticket.objects.filter(state__in=[*OPEN, "watched"]).count()
        if day >= DAYS and not left and idle >= 3:
            break
    assert not left, [story_of(ticket) for ticket in Ticket.objects.filter(state__in=[*OPEN, "watched"])[:5]]
    end = week.now
    book = week.city.ask(book=True)
    orders: dict[str, dict[str, Any]] = book["orders"]
    print(dict(sorted(week.did.items())), week.now)

    assert_the_week_was_as_promised(week, orders)
    assert book["foreign"] == []
    assert_every_order_is_in_once(orders)
    assert_every_result_is_out_once(orders)
    assert_both_clocks_are_right(week, orders)
    assert_direct_orders_were_only_watched(orders)
    late = assert_nothing_was_late_unseen(week, orders, end)
    # Without late ones that would say nothing.
    assert late["triage"] and late["sign"] and late["handling"] and (late["city"] or not WHOLE), late
    print(dict(late))


def story_of(ticket: Ticket) -> tuple[object, ...]:
    """For whoever has to find out why it is not done."""
    acts = Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n").values_list("act", "at")
    shares = Assignment.objects.filter(ticket=ticket).values_list("unit__code", "part", "round", "state")
    asked = Request.objects.filter(ticket=ticket).values_list("kind", "decision", "until")
    return (
        *(
            ticket.external_no,
            ticket.state,
            ticket.city_state,
            ticket.city_deadline,
            list(shares),
            list(asked),
        ),
        [f"{act} {timezone.localtime(at):%d.%H:%M}" for act, at in acts],
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def assert_the_week_was_as_promised(week: Week, orders: Mapping[str, Any]) -> None:
    """Everything that this story is about has happened in it."""
    assert len(orders) == ORDERS * DAYS
    assert week.half >= DAYS
    doubles = [o for o in orders.values() if any(len(state["sent"]) > 1 for state in o["states"])]
    assert len(doubles) > ORDERS // 10 and any(o["is_late"] for o in orders.values())
    for act in (
        *("dispatched by list", "dispatched by page", "signed by page", "signed by phone"),
        *("answered by page", "answered by phone", "sign by Excel", "reply by Excel"),
        *("bad rows in Excel", "Excel twice", "return asked by page", "return approved", "return refused"),
        *("extension asked by page", "extension approved", "extension asked of the city"),
        *(
            "return asked of the city",
            "settled",
            "sent back",
            "rehandled",
            "missed",
            "closed",
            "told by hand",
        ),
    ):
        assert week.did[act], (act, week.did)
    done = city_folder()
    assert not [path for path in (done / "in").iterdir() if not path.name.startswith(".")]
    assert not (done / "trouble").exists() or not list((done / "trouble").iterdir())


def assert_every_order_is_in_once(orders: Mapping[str, Any]) -> None:
    """The same orders on both sides, each once, and each as the city has it now."""
    there = Counter(Ticket.objects.values_list("external_no", flat=True))
    assert there == Counter(dict.fromkeys(orders, 1))
    assert sum(ImportBatch.objects.filter(is_city=True).values_list("rejected", flat=True)) == 0
    for ticket in Ticket.objects.select_related("caller"):
        order = orders[ticket.external_no or ""]
        last = [state for state in order["states"] if state["sent"]][-1]
        said = {"直派": "direct", "派区": "district"}[last["mode"]], last["status"], last["title"]
        assert (ticket.city_mode, ticket.city_state, ticket.title) == said, order
        assert ticket.body == last["body"] and last["address"] in ticket.place_text, order
        if last["status"] == "已撤回":
            assert ticket.state in {"withdrawn", "closed"}, (ticket.state, order)
            # A ticket that was done before the city took it back stays done; that is told to the city, too.
            assert (ticket.state == "closed") == bool(order["results"]), order
        else:
            assert ticket.state == "closed", (ticket.state, order)


def assert_every_result_is_out_once(orders: Mapping[str, Any]) -> None:
    """By the platform's own book."""
    for ticket in Ticket.objects.all():
        order = orders[ticket.external_no or ""]
        due = 1 if ticket.city_mode == "district" and ticket.state == "closed" else 0
        assert len(order["results"]) == due, (ticket.state, order)
        asked = Counter(word["kind"] for word in order["requests"])
        words = CityWord.objects.filter(ticket=ticket).exclude(kind="result").values_list("kind", flat=True)
        assert sum(asked.values()) == len(words) and all(n == 1 for n in asked.values()), order
    assert not CityWord.objects.filter(told_at=None).exists()
    typed = [o for o in orders.values() if any(word["source"] == "typed" for word in o["results"])]
    assert len(typed) == CityWord.objects.filter(way="typed").count()


def known_deadlines(order: Mapping[str, Any]) -> list[tuple[datetime, datetime]]:
    """When the district learned of which date of the city's: the newest state by then counts."""
    told = sorted(
        (moment(at), moment(state["at"]), moment(state["deadline"]))
        for state in order["states"]
        for _file, at in state["sent"]
    )
    out: list[tuple[datetime, datetime]] = []
    newest: datetime | None = None
    for at, of, deadline in told:
        if newest is None or of > newest:
            newest = of
            out.append((at, deadline))
    return out


def assert_both_clocks_are_right(week: Week, orders: Mapping[str, Any]) -> None:
    """The city's date is the city's; ours is what the journal gives, and what its dates and our margin give."""
    rules = clock_rules()
    reckoned = moved = 0
    for ticket in Ticket.objects.all():
        order = orders[ticket.external_no or ""]
        last = [state for state in order["states"] if state["sent"]][-1]
        assert ticket.city_deadline == moment(last["deadline"]), order
        assert ticket.city_received_at == moment(order["given"]), order
        entries = list(Entry.objects.filter(subject=f"ticket:{ticket.pk}").order_by("n"))
        assert all(entry.hash == entry_hash(entry) for entry in entries)
        readings = replayed_clocks(week.cast.chen, ticket)
        shifted = {
            fact["id"]
            for entry in entries
            for fact in entry.facts.get("assignments", [])
            if fact["act"] in {"extend", "resume", "send_back"}
        }
        for item in Assignment.objects.filter(ticket=ticket):
            reading = readings[Clock.HANDLING, f"a{item.pk}"]
            assert (reading.started, reading.due) == (item.given_at, item.handle_due), (ticket.pk, item.pk)
            assert readings[Clock.SIGN, f"a{item.pk}"].due == item.sign_due
            level_end = rules.levels[item.level].handling.after(item.given_at, rules.calendar)
            if item.round > 1:
                assert item.pk in shifted or item.handle_due == level_end
                continue
            if item.pk in shifted:
                continue
            given = moment(order["given"])

            def kept(deadline: datetime, given: datetime = given) -> datetime:
                return deadline - (deadline - given) * 0.2

            deadlines = known_deadlines(order)
            before = [deadline for at, deadline in deadlines if at <= item.given_at][-1]
            end = max(min(level_end, kept(before)), item.given_at)
            until = min(m for m in (item.submitted_at, reading.stopped, week.now) if m)
            for at, deadline in deadlines:
                if not item.given_at < at <= until or deadline == before:
                    continue
                if deadline < before:
                    end = max(min(end, kept(deadline)), item.given_at)
                elif kept(before) <= level_end:
                    end = max(end, kept(deadline))
                before = deadline
                moved += 1
            assert item.handle_due == end, (order, item.given_at, item.handle_due, end)
            reckoned += 1
    assert reckoned > len(orders) // 2 and moved, (reckoned, moved)


def assert_direct_orders_were_only_watched(orders: Mapping[str, Any]) -> None:
    direct = [no for no, o in orders.items() if all(state["mode"] == "直派" for state in o["states"])]
    assert len(direct) > len(orders) // 20
    for ticket in Ticket.objects.filter(external_no__in=direct):
        acts = set(Entry.objects.filter(subject=f"ticket:{ticket.pk}").values_list("act", flat=True))
        assert "copy_city" in acts and acts <= {"copy_city", "change_city", "end_watch", "withdraw"}, acts
        assert not Assignment.objects.filter(ticket=ticket).exists()
    turned = [o for o in orders.values() if o["states"][0]["mode"] == "直派" and o["no"] not in direct]
    assert turned  # some the city gave to the district after all


def assert_nothing_was_late_unseen(week: Week, orders: Mapping[str, Any], end: datetime) -> Counter[str]:
    """Every clock that ran out had stood on the list of whoever had to act, before it did."""
    late: Counter[str] = Counter()
    unseen: list[tuple[Any, ...]] = []
    for ticket in Ticket.objects.all():
        order = orders[ticket.external_no or ""]
        for (clock, whose), reading in replayed_clocks(week.cast.chen, ticket).items():
            if reading.is_late(end):
                late[str(clock)] += 1
                if not week.lists.showed(str(clock), whose, reading.started, reading.due):
                    unseen.append((str(clock), whose, reading, order["no"]))
        if ticket.city_mode == "district":
            told = [moment(word["at"]) for word in order["results"]]
            deadline = ticket.city_deadline
            assert deadline
            if told and told[0] > deadline:
                known = [at for at, date in known_deadlines(order) if date == deadline]
                if min(known) >= deadline:  # the city's own word came after the date that it set
                    late["city, told too late"] += 1
                    continue
                late["city"] += 1
                if not week.lists.showed("city", str(ticket.pk), min(known), deadline):
                    unseen.append(("city", ticket.pk, deadline, order))
    assert not unseen, (len(unseen), unseen[:5])
    return late
