"""How long the pages with lists take: `python bench/pages.py [tickets] [--role chief] [--repeat 5]`.

Fills a scratch SQLite file with the demo district's lists and *tickets* of one year (60,000 unless told), as many
of them open as a district has at once, then opens every page with a list as everybody who may, in this process,
and prints the median of the wall clock, the processor's time, the number of queries and their share. Texts are put
together from the demo district's example utterances; nobody in them exists. FENZHEN_DATA_DIR keeps the file for
the next run.
"""

import argparse
import csv
import os
import random
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
HOME = os.environ.setdefault("FENZHEN_DATA_DIR", tempfile.mkdtemp(prefix="fenzhen-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "fenzhen.settings"

#: Who opens which pages.
PAGES: dict[str, tuple[str, ...]] = {
    "agent": ("/", "/intake/asked-back", "/search", "/notices"),
    "dispatcher": (
        "/",
        "/triage",
        "/triage/need-info",
        "/triage/voids",
        "/requests",
        "/phone-now",
        "/city",
        "/unit-lists",
    ),
    "shift_lead": ("/",),
    "reviewer": ("/", "/review"),
    "callback_agent": ("/", "/callback"),
    "supervisor": ("/",),
    "section_chief": ("/", "/daily", "/deliveries", "/lists", "/import"),
    "unit_liaison": ("/", "/unit", "/errands"),
    "unit_worker": ("/", "/errands"),
    "district_leader": ("/",),
    "analyst": ("/",),
    "admin": ("/",),
}
#: A matter is open for about so many days at most.
OPEN_DAYS = 18


def fill(count: int) -> None:
    """The demo district's lists, one account of each role, *count* tickets of one year."""
    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.lists import load_lists
    from fenzhen.records.advice import Advice
    from fenzhen.records.callbacks import CallBack
    from fenzhen.records.city import CityWord
    from fenzhen.records.couriers import ContactWay, Delivery
    from fenzhen.records.directory import Category
    from fenzhen.records.errands import Errand
    from fenzhen.records.handling import Assignment, Note, Reply
    from fenzhen.records.keys import blind_index
    from fenzhen.records.notices import Notice
    from fenzhen.records.people import User
    from fenzhen.records.places import Place
    from fenzhen.records.requests import Request
    from fenzhen.records.tickets import Caller, Ticket
    from fenzhen.records.units import Unit

    draw = random.Random(11)
    now = timezone.now()
    load_lists(ROOT / "demo" / "daxing", by=system_account(), now=now)
    units = list(Unit.objects.filter(is_active=True))
    people = {
        role: User.objects.create(
            username=f"bench-{role}",
            name=str(role),
            role=role,
            unit=units[0] if role in {"unit_liaison", "unit_worker"} else None,
        )
        for role in PAGES
    }
    weights = [1 / (n + 2) for n in range(len(units))]
    places = list(Place.objects.exclude(kind="town"))
    towns = {place.town: place for place in Place.objects.filter(kind="town")}
    kinds = list(Category.objects.filter(is_active=True))
    with open(ROOT / "demo/daxing/examples.csv", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    callers = [
        Caller(
            name="冯小满",
            phone=f"139{n:08d}",
            phone_index=blind_index(f"139{n:08d}", "phone"),
            created_at=now,
        )
        for n in range(max(count * 55 // 100, 10))
    ]
    Caller.objects.bulk_create(callers, batch_size=500)
    agent, desk = people["agent"], people["dispatcher"]
    begun = now - timedelta(days=365)
    for begin in range(0, count, 5000):
        tickets: list[Ticket] = []
        for n in range(begin, min(begin + 5000, count)):
            at: datetime = begun + timedelta(days=365) * (n / count)
            age = (now - at) / timedelta(days=1)
            state, place = "closed", draw.choice(places)
            if age < OPEN_DAYS and draw.random() < 1.15 - age / OPEN_DAYS:
                state = draw.choice(["handling"] * 12 + ["pending_review", "pending_callback", "rehandling"])
            if age < 1:
                state = draw.choice(["pending_dispatch", "dispatched", "handling", "need_info", "watched"])
            body = "。".join(draw.sample(texts, 3))
            often = draw.random() < 0.3
            tickets.append(
                Ticket(
                    number=f"{at:%Y%m%d}{n:06d}", state=state, title=body[:40], body=body, place=place,
                    caller=callers[int(draw.random() ** (6 if often else 1) * len(callers))],
                    town=towns.get(place.town), place_text=place.name, category=draw.choice(kinds),
                    lead_unit=None if state in {"pending_dispatch", "need_info"} else draw.choices(units, weights)[0],
                    level=draw.choice([1, 2, 2, 3, 3, 3, 3, 3, 4]), received_at=at, received_by=agent,
                    changed_at=at + timedelta(hours=5), triage_due=at + timedelta(minutes=30),
                    own_deadline=at + timedelta(days=draw.choice([1, 5, 10, 15])),
                    callback_due=at + timedelta(days=9) if state == "pending_callback" else None,
                    paused_at=at if state == "need_info" else None, round=2 if state == "rehandling" else 1,
                    external_no=f"C{n:08d}" if n % 3 == 0 else None, urges=int(draw.random() < 0.08),
                    city_mode="direct" if state == "watched" else "district" if n % 3 == 0 else "",
                    city_deadline=at + timedelta(days=draw.choice([2, 7, 15])) if n % 3 == 0 else None,
                    city_received_at=at if n % 3 == 0 else None,
                    closed_at=at + timedelta(days=6) if state == "closed" else None,
                )
            )  # fmt: skip
        Ticket.objects.bulk_create(tickets, batch_size=300)
        live = {
            "dispatched": "pending_sign", "handling": "signed", "rehandling": "signed",
            "pending_review": "result_submitted", "pending_callback": "approved", "closed": "ended",
        }  # fmt: skip
        shares = [
            Assignment(
                ticket=t, round=t.round, unit=t.lead_unit, part="lead", state=live[t.state], level=t.level,
                given_at=t.received_at, given_by=desk, sign_due=t.received_at + timedelta(hours=2),
                handle_due=t.own_deadline, submitted_at=None if live[t.state] in {"pending_sign", "signed"} else t.changed_at,
            )
            for t in tickets
            if t.state in live
        ]  # fmt: skip
        Assignment.objects.bulk_create(shares, batch_size=300)
        Reply.objects.bulk_create(
            [
                Reply(
                    assignment=s, by=people["unit_liaison"], at=s.submitted_at, contacted=True, solved_claim="yes",
                    internal_text="已到现场处理。", public_text=f"您反映的问题已处理，编号{s.ticket.number}。",
                    verdict="" if s.state == "result_submitted" else "approved",
                    reviewed_by=people["reviewer"], reviewed_at=s.submitted_at,
                )
                for s in shares
                if s.submitted_at
            ],
            batch_size=500,
        )  # fmt: skip
        CallBack.objects.bulk_create(
            [
                CallBack(
                    ticket=t, round=1, opened_at=t.changed_at, due_at=t.received_at + timedelta(days=9),
                    outcome="" if t.state == "pending_callback" else "closed", contacted=True, solved="yes",
                    satisfied="satisfied", done_at=None if t.state == "pending_callback" else t.closed_at,
                    done_by=people["callback_agent"],
                )
                for t in tickets
                if t.state in {"closed", "pending_callback"}
            ],
            batch_size=500,
        )  # fmt: skip
        Note.objects.bulk_create(
            [
                Note(ticket=t, n=7, by=agent, at=t.received_at + timedelta(days=2), kind="urge", text="又催了一次")
                for t in tickets
                if t.urges
            ],
            batch_size=500,
        )  # fmt: skip
        Advice.objects.bulk_create(
            [
                Advice(ticket=t, made_at=t.received_at, adviser="bench", units=[{"unit": units[3].code, "probability": 0.8}])
                for t in tickets
            ],
            batch_size=500,
        )  # fmt: skip
        Request.objects.bulk_create(
            [
                Request(
                    ticket=s.ticket, assignment=s, kind="return", applicant=people["unit_liaison"],
                    asked_at=s.given_at, reason_code="not_ours", text="不属本单位职责",
                    decision="" if s.state == "signed" else "refused",
                    decided_at=None if s.state == "signed" else s.given_at + timedelta(hours=3),
                    decided_by=None if s.state == "signed" else desk,
                )
                for s in shares
                if s.ticket_id % 40 == 0 and s.state in {"signed", "ended"}
            ],
            batch_size=500,
        )  # fmt: skip
        CityWord.objects.bulk_create(
            [
                CityWord(
                    ticket=t, kind="result", once=f"result:{t.pk}:1", made_at=t.changed_at, made_by=desk,
                    told_at=None if t.pk % 90 == 0 else t.changed_at, told_by=None if t.pk % 90 == 0 else desk,
                    way="file", batch=f"{t.received_at:%Y%m%d}",
                )
                for t in tickets
                if t.city_deadline and t.state == "closed"
            ],
            batch_size=500,
        )  # fmt: skip
        Errand.objects.bulk_create(
            [
                Errand(
                    assignment=s, to_name="某村", to_person=people["unit_worker"], due=s.handle_due,
                    given_by=people["unit_liaison"], given_at=s.given_at,
                    done_at=None if s.state == "signed" else s.given_at + timedelta(days=1),
                )
                for s in shares
                if s.unit_id == units[0].pk and s.ticket_id % 5 == 0
            ],
            batch_size=500,
        )  # fmt: skip
    way = ContactWay.objects.create(
        unit=units[0], courier="wecom", address="https://robot.example.invalid/send?key=made-up"
    )
    newest = list(Ticket.objects.order_by("-pk")[: count // 3])
    Notice.objects.bulk_create(
        [
            Notice(person=people["unit_liaison"], kind="dispatched", ticket=t, once=f"b{t.pk}", created_at=t.received_at)
            for t in newest
        ],
        batch_size=500,
    )  # fmt: skip
    Delivery.objects.bulk_create(
        [
            Delivery(notice=n, way=way, state="sent" if n.pk % 50 else "failed", sent_at=n.created_at)
            for n in Notice.objects.all()
        ],
        batch_size=500,
    )  # fmt: skip


class Watch:
    """Counts the queries and their time; as a wrapper around each of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.asked.append(((time.perf_counter() - began) * 1000, sql))


def opened(client: Any, url: str, repeat: int) -> tuple[float, float, int, Watch]:
    """(wall ms, processor ms, bytes, queries) of one page: medians after one warm-up."""
    from django.db import connection

    client.get(url)
    watch = Watch()
    with connection.execute_wrapper(watch):
        response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    walls, cpus = [], []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        client.get(url)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    half = repeat // 2
    return sorted(walls)[half], sorted(cpus)[half], len(response.content), watch


def main() -> None:
    """Fill and open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tickets", nargs="?", type=int, default=60_000)
    parser.add_argument("--role", action="append")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--slow", type=float, help="print queries slower than so many milliseconds")
    args = parser.parse_args()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from fenzhen.records.people import User
    from fenzhen.records.tickets import Ticket

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    if not Ticket.objects.exists():
        fill(args.tickets)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"{Ticket.objects.count()} tickets, {Ticket.objects.exclude(state='closed').count()} open, {HOME}")
    for role, urls in PAGES.items():
        if args.role and role not in args.role:
            continue
        client = Client(secure=True) if settings.SECURE_SSL_REDIRECT else Client()
        client.force_login(User.objects.get(username=f"bench-{role}"))
        for url in urls:
            wall, cpu, size, watch = opened(client, url, args.repeat)
            told = f"{len(watch.asked):4d} queries {sum(ms for ms, _sql in watch.asked):6.0f} ms"
            print(
                f"{role:16s} {url:20s} {wall:7.0f} ms  cpu {cpu:6.0f} ms  {told} {size // 1024:5d} KB",
                flush=True,
            )
            for ms, sql in watch.asked if args.slow else ():
                if ms > args.slow:
                    print(f"    {ms:6.0f} ms {sql[:2500]}")


if __name__ == "__main__":
    main()
