"""`fenzhen serve`: everything from an empty folder to pages, one process group, one Ctrl-C."""

import ctypes
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import click

from fenzhen.cli.ready import database_errors, database_name, err, fail, out, say, set_up

#: Seconds that pages and tasks get to finish when they are told to stop.
GRACE = 8
#: A worker that dies is started again, but not in a tight loop.
BREATH = 2.0


@click.command("serve", short_help="Serve the pages (with --work: and do the background work).")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one."
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that serve pages."
)
@click.option("--threads", default=6, show_default=True, type=click.IntRange(1, 64), help="Threads in each.")
@click.option("--demo", is_flag=True, help="Load the demo district and generate its fortnight, once.")
@click.option("--work", is_flag=True, help="Do the background work too.")
def command(host: str, port: int, workers: int, threads: int, demo: bool, work: bool) -> None:
    """Serve the pages until Ctrl-C.

    Brings the tables up to date first. With --demo an empty database gets the demo district (the folder
    FENZHEN_DISTRICT_DIR) and a generated fortnight; a database that has tickets is left as it is. Exits 2 when
    the port is taken.
    """
    began = time.monotonic()
    with _listening(host, port) as listener:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # many processes share few cores
        os.environ["FENZHEN_COLLECTED"] = "1"  # styles and scripts are served from one place, compressed
        set_up()
        with database_errors():
            _prepare(demo)
            _warm()
            _greet(listener, began)
        _Group(listener, workers, threads, work).run()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The port, taken before anything else is done, so that a taken one is said at once. Whoever asks before
    the pages are there waits for them."""
    try:
        family, kind, proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        fail(f"没有这个地址:{host}", f"unknown address: {host}", 2)
    with socket.socket(family, kind, proto) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(address)
            sock.listen(512)  # two sockets may bind one port as long as neither listens
        except PermissionError:
            fail(
                f"没有权限使用端口 {port},请用 --port 换一个大于 1023 的",
                "not allowed to use this port: --port N",
                2,
            )
        except OSError:
            fail(
                f"端口 {port} 已被占用,请用 --port 换一个,或先停掉占用它的程序",
                f"{host}:{port} is taken: choose another one with --port N",
                2,
            )
        yield sock


def _prepare(demo: bool) -> None:
    """Tables; then, for the demo, lists and the fortnight, each once."""
    from django.conf import settings

    from fenzhen.board.standing import has_tickets
    from fenzhen.cli.load import load
    from fenzhen.cli.migrate import migrate
    from fenzhen.office.accounts import system_account

    _collect(Path(settings.STATIC_ROOT))
    with _timed("建立数据库", "the database's tables"):
        migrate()
    if not demo:
        return
    if has_tickets(system_account()):
        load(Path(settings.FENZHEN_DISTRICT_DIR), quiet=True)
        return
    with _timed("装入演示区目录", "the demo district's lists"):
        load(Path(settings.FENZHEN_DISTRICT_DIR), quiet=True)
    learner = _in_child(_learn)  # on the second core, while the first one writes the fortnight
    from fenzhen.cli.demo import generate
    from fenzhen.cli.settle import advise_now, settle

    with _timed("生成两周演示工单", "a fortnight of made-up tickets", spinner=False):
        generate(Path(settings.FENZHEN_DISTRICT_DIR))
    with _timed("封存日志", "sealing the journal"):
        settle(Path(settings.FENZHEN_DISTRICT_DIR))
    with _timed("建议模型学习目录", "the adviser learns the lists"):
        os.waitpid(learner, 0)
        advise_now()


def _collect(root: Path) -> None:
    """Styles, scripts and pictures into one folder, with compressed copies; again only when one has changed."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    found = sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            found.update(f"{name}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    stamp = root.with_name(root.name + ".stamp")
    if root.is_dir() and stamp.exists() and stamp.read_text() == found.hexdigest():
        return
    with _timed("整理页面部件", "collecting styles and scripts"):
        root.mkdir(parents=True, exist_ok=True)
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(found.hexdigest())


def _learn() -> None:
    """Reckon the adviser's vectors into the cache; whoever comes later only reads them."""
    from fenzhen.board.advice import warm

    warm(with_similar=False)


def _warm() -> None:
    """Everything that costs time at the first page is done before the processes split, and shared by them."""
    with _timed("预热", "warming up", least=1.5):
        import fenzhen.jobs.worker  # noqa: F401 - so that the worker shares it
        from fenzhen import wsgi
        from fenzhen.board import advice, intake

        advice.warm()
        intake.warm()
        _first_page(wsgi.application)


def _first_page(application: Callable[..., Any]) -> None:
    """Ask for the sign-in page once: routes, templates and translations are then in memory."""
    from django.test import RequestFactory

    request = RequestFactory().get("/", HTTP_HOST="localhost")
    try:
        for part in application(request.environ, lambda *_given: None):
            del part
    except Exception as why:  # pages that do not work will say so themselves; serving must not depend on this
        err.print(f"[yellow]![/yellow] {type(why).__name__}")


@contextmanager
def _timed(chinese: str, english: str, *, least: float = 0.5, spinner: bool = True) -> Iterator[None]:
    """Say what is being done while it lasts, and how long it took where that was noticeable."""
    start = time.monotonic()
    if out.is_terminal and spinner:
        with out.status(f"{chinese} · [dim]{english}[/dim]"):
            yield
    else:
        yield
    took = time.monotonic() - start
    if took >= least:
        out.print(f"  [green]✓[/green] {chinese} · [dim]{english} {took:.1f} s[/dim]")


def _greet(listener: socket.socket, began: float) -> None:
    """The address, and for a demo one account per role."""
    from django.contrib.auth.hashers import check_password
    from rich.table import Table

    from fenzhen.board.district import district_of
    from fenzhen.board.people import demo_accounts
    from fenzhen.board.words import word
    from fenzhen.office.lists import demo_password

    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    if ":" in shown:
        shown = f"[{shown}]"
    district = district_of(None)
    accounts = demo_accounts(None) if district and district.is_demo else []
    out.print()
    if accounts:
        table = Table("岗位 role", "姓名 name", "账号 account", box=None, pad_edge=False, header_style="dim")
        for person in accounts:
            unit = f"({person.unit.short_name})" if person.unit else ""
            table.add_row(
                f"{word('role', person.role)} [dim]{person.role}[/dim]",
                f"{person.name}{unit}",
                person.username,
            )
        out.print(table)
        known = check_password(demo_password(), accounts[0].password)
        out.print(
            f"密码 password: [bold]{demo_password()}[/bold]"
            if known
            else "密码是第一次装入时设定的;忘了就用 fenzhen account password 账号 · [dim]password: as set at the first start[/dim]"
        )
        out.print(f"[yellow]{district.banner if district else ''}[/yellow]\n")
    out.print(
        f"[bold green]http://{shown}:{port}/[/bold green]   [dim]{time.monotonic() - began:.1f} s[/dim]"
    )
    out.print(f"[dim]{database_name()}[/dim]")
    say("按 Ctrl-C 停止", "Ctrl-C stops everything")
    sys.stdout.flush()


# --- processes ---------------------------------------------------------------------------------------------


def _in_child(do: Callable[[], None]) -> int:
    """Run *do* in a forked process; returns its id. It ends with its parent, however that ends."""
    from django.db import connections

    connections.close_all()  # a connection must not be shared by two processes
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _die_with(parent)
        do()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        code = 130  # Ctrl-C goes to everybody; the parent says what there is to say
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _die_with(parent: int) -> None:
    """Linux: be told when the parent is gone, also when it was killed without a chance to say so."""
    if sys.platform.startswith("linux"):
        try:
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        except (OSError, AttributeError):
            return
        if os.getppid() != parent:
            os._exit(1)


class _Group:
    """Two children, pages and work: watched, started again when one dies, stopped together."""

    def __init__(self, listener: socket.socket, workers: int, threads: int, work: bool) -> None:
        self.listener, self.workers, self.threads = listener, workers, threads
        self.stop = Event()
        self.children: dict[int, Callable[[], None]] = {}
        self.parts = [self._pages, self._work] if work else [self._pages]
        self.started: dict[str, float] = {}

    def run(self) -> None:
        """Until told to stop. Exits 1 when the pages cannot be served at all."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: self.stop.set())
        gc.collect()
        gc.freeze()  # what is loaded now is never looked at by the collector, so its pages stay shared
        for part in self.parts:
            self._start(part)
        quick_deaths = 0
        while not self.stop.wait(0.2):
            for pid, part, code in self._ended():
                del self.children[pid]
                if self.stop.is_set():
                    break
                lived = time.monotonic() - self.started[part.__name__]
                quick_deaths = quick_deaths + 1 if lived < 10 else 0
                if quick_deaths >= 3:
                    self._end()
                    fail("服务反复启动失败,请看上面的错误", f"it keeps failing (exit {code}); see above")
                err.print(
                    f"[yellow]![/yellow] 进程退出({code}),重新启动 · [dim]a process ended, starting it again[/dim]"
                )
                self.stop.wait(BREATH)
                self._start(part)
        self._end()

    def _start(self, part: Callable[[], None]) -> None:
        self.started[part.__name__] = time.monotonic()
        self.children[_in_child(part)] = part

    def _ended(self) -> list[tuple[int, Callable[[], None], int]]:
        ended = []
        for pid, part in list(self.children.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                ended.append((pid, part, os.waitstatus_to_exitcode(status)))
        return ended

    def _end(self) -> None:
        for pid in self.children:
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while self.children and time.monotonic() < until:
            for pid, _part, _code in self._ended():
                del self.children[pid]
            time.sleep(0.05)
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        say("已停止", "stopped")

    def _pages(self) -> None:
        """gunicorn on the port that is taken already, with what is loaded already."""
        from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn ships no types

        listener, workers, threads = self.listener, self.workers, self.threads

        class Pages(BaseApplication):
            def load_config(self) -> None:
                for key, value in {
                    "bind": f"fd://{listener.fileno()}",
                    "workers": workers,
                    "threads": threads,
                    "worker_class": "gthread",
                    "preload_app": True,
                    "graceful_timeout": GRACE - 3,
                    "timeout": 60,
                    "keepalive": 20,
                    "loglevel": "warning",
                    "control_socket_disable": True,
                }.items():
                    if key in self.cfg.settings:
                        self.cfg.set(key, value)

            def load(self) -> Any:
                from fenzhen import wsgi

                return wsgi.application

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        Pages().run()

    def _work(self) -> None:
        from fenzhen.cli.work import work_until_told

        work_until_told(parent=os.getppid())
