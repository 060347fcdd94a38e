"""The one that works while nobody looks: seals, follows the journal, watches the clock, runs tasks."""

import logging
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.utils import timezone

from fenzhen.board.journal import happened_after, position_of
from fenzhen.board.people import Person
from fenzhen.jobs import queue
from fenzhen.jobs.couriers import carry_until
from fenzhen.jobs.reactions import READER, orders_after
from fenzhen.jobs.timetable import TIMETABLE, Line
from fenzhen.office.accounts import system_account
from fenzhen.office.seal import advance_cursor, seal_entries

log = logging.getLogger("fenzhen.jobs")

#: Seconds between two looks when there was nothing to do. A chief must hear of a level-1 matter within five.
INTERVAL = 0.5
#: Seconds of running tasks before the journal is looked at again.
TASKS_FOR = 0.5


class Worker:
    """One process's worker. `look` does everything once; `work_forever` keeps looking."""

    def __init__(self, timetable: tuple[Line, ...] = TIMETABLE) -> None:
        self.name = queue.worker_name()
        # Whose tasks were left behind only a worker with a name can say.
        abandoned = Line(
            "tasks left behind",
            timedelta(seconds=30),
            lambda by, now: queue.requeue_abandoned(now=now, me=self.name),
        )
        self.timetable = (*timetable, abandoned)
        self._system: Person | None = None
        self._done: dict[str, datetime] = {}

    @property
    def system(self) -> Person:
        """In whose name all this is done."""
        if self._system is None:
            self._system = system_account()
        return self._system

    def look(self, now: datetime | None = None) -> int:
        """Seal, react, keep the timetable, run tasks for a moment. Returns how much there was to do."""
        started = monotonic()
        fixed = now
        done = seal_entries(by=self.system, now=now or timezone.now())
        done += self.react(now or timezone.now())
        done += self.keep_time(now or timezone.now())
        while queue.run_one(self.name, now=fixed or timezone.now()):
            done += 1
            if monotonic() - started > TASKS_FOR:
                break
        return done

    def react(self, now: datetime) -> int:
        """Queue what follows from the entries behind the cursor; the cursor moves in the same transaction."""
        total = 0
        while True:
            position = position_of(self.system, READER)
            happened = happened_after(self.system, position)
            if not happened:
                return total
            with transaction.atomic():
                if advance_cursor(READER, by=self.system, now=now, to=happened[-1].position):
                    queue.put(orders_after(happened))
            total += len(happened)

    def keep_time(self, now: datetime) -> int:
        """Do the lines of the timetable that are due. One that fails is told in the log and comes again.
        Returns how much those did that go on."""
        done = 0
        for line in self.timetable:
            last = self._done.get(line.name)
            if last is not None and now - last < line.every:
                continue
            self._done[line.name] = now
            try:
                result = line.do(self.system, now)
                if line.goes_on and isinstance(result, int):
                    done += result
            except (DatabaseError, InterfaceError):
                raise
            except Exception:
                log.exception("the timetable's %r failed", line.name)
        return done


def work_forever(stop: Event, *, interval: float = INTERVAL) -> None:
    """Work until *stop* is set. A database that is busy or away is waited for."""
    worker = Worker()
    carriers = Thread(target=carry_until, args=(stop,), name="couriers", daemon=True)
    carriers.start()
    trouble = 0
    while not stop.is_set():
        close_old_connections()
        try:
            done = worker.look()
            trouble = 0
        except (DatabaseError, InterfaceError) as why:
            trouble += 1
            log.warning("the database does not answer (%s), try %s", type(why).__name__, trouble)
            connection.close()
            stop.wait(min(interval * 2**trouble, 30))
            continue
        if not done:
            stop.wait(interval)
    close_old_connections()
    carriers.join(timeout=10)  # what is on its way is waited for; what is left behind is shown as such
