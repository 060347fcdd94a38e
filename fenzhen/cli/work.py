"""`fenzhen work`"""

import os
import signal
from threading import Event, Thread

import click

from fenzhen.cli.ready import say, with_database


@click.command("work", short_help="Do the background work until stopped.")
@click.option("--once", is_flag=True, help="Do everything that is there to do now, then end.")
@with_database()
def command(once: bool) -> None:
    """Seal the journal, do what follows from it, watch the clock and run queued tasks, until Ctrl-C.

    Several may run at once, on several machines, where the database is PostgreSQL. A task that was running
    when its worker died is taken up again.
    """
    if once:
        from fenzhen.jobs.couriers import deliver_due
        from fenzhen.jobs.worker import Worker

        worker = Worker()
        while worker.look() or deliver_due():
            pass
        say("后台任务已做完", "nothing left to do")
        return
    say("后台任务开始,按 Ctrl-C 停止", "working until Ctrl-C")
    work_until_told()


def work_until_told(*, parent: int | None = None) -> None:
    """Work until SIGTERM or SIGINT, or until the process *parent* is gone."""
    from fenzhen.jobs.worker import work_forever

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if parent is not None:
        Thread(target=_watch, args=(parent, stop), daemon=True).start()
    work_forever(stop)


def _watch(parent: int, stop: Event) -> None:
    """A worker whose server was killed the hard way must not work on alone."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
