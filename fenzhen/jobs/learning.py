"""Long reckonings (teaching a model, trying the adviser on a district's history) in a process of their own.

The worker must hear of a level-1 matter within seconds, so nothing that takes minutes may run in it. It starts a child that
runs `fenzhen teach`, one at a time and with a low priority, and looks now and then whether it still lives.
"""

import os
import subprocess
import sys
from datetime import datetime, timedelta

from django.conf import settings

from fenzhen.board.people import Person
from fenzhen.office import trials

#: A child that has shown no sign of life for so long is taken for dead.
SILENT = timedelta(minutes=15)
_child: list[subprocess.Popen[bytes]] = []


def start_reckoning(by: Person, now: datetime) -> int:
    """Start a child for what waits, unless one runs; mark what a dead one has left. Returns 1 where one was started."""
    if _child and _child[0].poll() is not None:
        _child.clear()
    if _child:
        return 0
    trials.mark_dead(by=by, now=now, silent=SILENT)
    if not trials.something_waits(by):
        return 0
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment["FENZHEN_DATA_DIR"] = str(settings.FENZHEN_DATA_DIR)
    command = [sys.executable, "-c", "from fenzhen.cli import main; main()", "teach", "--waiting"]
    _child.append(
        subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    )
    return 1
