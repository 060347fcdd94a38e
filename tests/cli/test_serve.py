"""`fenzhen serve`: one command brings everything up, one signal takes everything down."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.office.test_lists import FILES
from tests.patience import allowed

FENZHEN = Path(sys.executable).with_name("fenzhen")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def environment(home: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "FENZHEN_DATABASE_URL"}
    return env | {"FENZHEN_DATA_DIR": str(home / "data"), "FENZHEN_DISTRICT_DIR": str(home / "district")}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "district").mkdir()
    for name, text in FILES.items():
        (tmp_path / "district" / name).write_text(text, encoding="utf-8")
    return tmp_path


@contextmanager
def serving(home: Path, *words: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    port = free_port()
    with (home / "out").open("a") as told:
        server = subprocess.Popen(
            [str(FENZHEN), "serve", "--port", str(port), "--workers", "2", *words],
            env=environment(home),
            cwd=home,
            stdout=told,
            stderr=told,
            text=True,
            start_new_session=True,
        )
        try:
            yield port, server
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
            server.wait(20)


def page(port: int, path: str = "/sign-in", patience: float = 90) -> int:
    until = time.monotonic() + patience
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
            connection.request("GET", path)
            return connection.getresponse().status
        except (ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def in_group(group: int) -> list[int]:
    """Processes of a group that are still there (dead ones that nobody has fetched do not count)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def grows_to(group: int, many: int) -> int:
    """How many processes the group has, as soon as it has so many: the first page may come before the last fork."""
    until = time.monotonic() + 90
    while len(in_group(group)) < many and time.monotonic() < until:
        time.sleep(0.1)
    return len(in_group(group))


def rests(group: int) -> bool:
    until = time.monotonic() + 60
    while in_group(group) and time.monotonic() < until:
        time.sleep(0.1)
    return not in_group(group)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_pages_and_work(home: Path, how: signal.Signals) -> None:
    with serving(home, "--work") as (port, server):
        assert page(port) in {200, 302}
        assert grows_to(server.pid, 5) == 5  # serve, gunicorn with two workers, the job worker
        if how is signal.SIGINT:
            os.killpg(server.pid, how)  # Ctrl-C goes to the whole group
        else:
            server.send_signal(how)
        assert server.wait(90) == 0
        assert rests(server.pid)
    assert "Traceback" not in (home / "out").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_nothing_is_left_behind_when_the_server_is_killed_the_hard_way(home: Path) -> None:
    with serving(home, "--work") as (port, server):
        page(port)
        server.kill()
        server.wait(60)
        assert rests(server.pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_job_worker_that_dies_is_started_again(home: Path) -> None:
    with serving(home, "--work") as (port, server):
        page(port)
        grows_to(server.pid, 5)
        parents = {
            pid: int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            for pid in in_group(server.pid)
        }
        gunicorn = next(p for p in parents if list(parents.values()).count(p) == 2 and p != server.pid)
        worker = next(p for p in parents if parents[p] == server.pid and p != gunicorn)
        os.kill(worker, signal.SIGKILL)
        until = time.monotonic() + 90
        while time.monotonic() < until and (worker in in_group(server.pid) or len(in_group(server.pid)) < 5):
            time.sleep(0.1)
        assert worker not in in_group(server.pid) and len(in_group(server.pid)) == 5
        assert page(port) in {200, 302}


def test_a_taken_port_is_said_at_once_and_exits_2(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        began = time.monotonic()
        done = subprocess.run(
            [str(FENZHEN), "serve", "--port", str(port)],
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=180,
        )
    assert done.returncode == 2 and str(port) in done.stderr and "Traceback" not in done.stderr
    assert time.monotonic() - began < allowed(10)
    assert not (home / "data" / "fenzhen.sqlite3").exists()  # nothing was begun


def test_an_unknown_address_exits_2(home: Path) -> None:
    done = subprocess.run(
        [str(FENZHEN), "serve", "--host", "no.such.host.invalid"],
        env=environment(home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
