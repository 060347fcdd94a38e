"""The queue of tasks, as rows of django-tasks-db: ordered once, run until it worked, found again after a crash."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max

BACKEND = "default"
#: Waits before the second, third … try; then the task stays failed and is seen in `fenzhen status`.
TRIES_AFTER = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
#: Nothing of ours runs longer: a task that still "runs" after this was left behind by a worker elsewhere.
LONGEST_RUN = timedelta(minutes=10)
#: Finished tasks are kept for looking into.
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Order:
    """One task to run. `name` says why (reaction and position): the same name is never queued twice. *alone*: a task
    that takes all there is; while one of it waits to be run, a second one would find nothing to do."""

    name: str
    task: Task
    args: tuple[Any, ...]
    alone: bool = False


def put(orders: Iterable[Order]) -> int:
    """Queue what is not queued yet. Call it in the transaction that moves the reader's cursor."""
    rows: list[DBTaskResult] = [
        DBTaskResult(
            id=uuid5(NAMESPACE_URL, f"fenzhen:{order.name}"),
            args_kwargs={"args": list(order.args), "kwargs": {}},
            priority=order.task.priority,
            task_path=order.task.module_path,
            queue_name=order.task.queue_name,
            backend_name=BACKEND,
            run_after=get_date_max(),
        )
        for order in orders
        if not (order.alone and is_waiting(order.task))
    ]
    DBTaskResult.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def is_waiting(task: Task) -> bool:
    """Whether such a task is queued and not begun; one that runs already may have passed what is new."""
    return DBTaskResult.objects.ready().filter(backend_name=BACKEND, task_path=task.module_path).exists()


def worker_name() -> str:
    """Who runs a task: the machine, the process and a word that no other process of that number had."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{get_random_string(8)}"


def run_one(worker: str, *, now: datetime) -> bool:
    """Run the first task that is ready, if there is one. A failed one comes again later, a few times."""
    ready = DBTaskResult.objects.ready().filter(backend_name=BACKEND)
    if not ready.exists():  # an idle worker writes nothing
        return False
    with transaction.atomic():
        row = ready.get_locked()
        if row is None:
            return False
        row.claim(worker)
    _runner(worker).run_task(row)
    if row.status == TaskResultStatus.FAILED and len(row.worker_ids) <= len(TRIES_AFTER):
        again = now + TRIES_AFTER[len(row.worker_ids) - 1]
        DBTaskResult.objects.filter(pk=row.pk, status=TaskResultStatus.FAILED).update(
            status=TaskResultStatus.READY, run_after=again
        )
    return True


def requeue_abandoned(*, now: datetime, me: str = "") -> int:
    """Give back to the queue what a dead worker was running; returns how many. *me* is who asks."""
    abandoned = [
        row.pk
        for row in DBTaskResult.objects.running().filter(backend_name=BACKEND)
        if _is_dead(row.worker_ids[-1] if row.worker_ids else "", me)
        or row.started_at is None
        or row.started_at < now - LONGEST_RUN
    ]
    return DBTaskResult.objects.filter(pk__in=abandoned, status=TaskResultStatus.RUNNING).update(
        status=TaskResultStatus.READY, run_after=get_date_max()
    )


def forget_finished(*, now: datetime) -> int:
    """Delete what was done long enough ago; returns how many."""
    return DBTaskResult.objects.finished().filter(finished_at__lt=now - KEPT).delete()[0]


def queue_counts() -> dict[str, int]:
    """How many tasks wait, run, and have failed for good."""
    rows = DBTaskResult.objects.filter(backend_name=BACKEND)
    return {
        "ready": rows.filter(status=TaskResultStatus.READY).count(),
        "running": rows.filter(status=TaskResultStatus.RUNNING).count(),
        "failed": rows.filter(Q(status=TaskResultStatus.FAILED)).count(),
    }


def _runner(worker: str) -> Worker:
    """Django-tasks-db's own worker, for its way of running and recording one task."""
    return Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name=BACKEND,
        startup_delay=False,
        max_tasks=1,
        worker_id=worker,
        excluded_queue_names=[],
    )


def _is_dead(worker: str, me: str) -> bool:
    """Whether the process of that name on this machine is gone. Of other machines nothing is known."""
    host, _, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname()[:30] or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        # In a container every worker has the same number: one that bears mine but not my name came before me.
        return bool(me) and worker != me
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
