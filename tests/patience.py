"""How long a test waits where it measures a clock on the wall.

What is promised ("within five seconds") is promised of a machine that has a processor to spare. Where more work
waits than there are processors, as when the whole suite runs, the same work takes as many times longer: a test
that measures must allow for that, or it fails on a Monday and passes on a Tuesday.
"""

import os


def allowed(seconds: float) -> float:
    """*seconds*, and as many times more as the machine is busy beyond half of its processors."""
    try:
        waiting = os.getloadavg()[0]
    except OSError:
        return 3 * seconds
    return seconds * max(1.0, 2 * waiting / (os.cpu_count() or 1))
