"""Who goes first on a busy machine: those who serve people."""

import os

BEHIND_SERVING = 5  # a worker's nice value
LAST = 10  # that of what only saves a worker time


def step_back(to: int) -> None:
    """Let other processes go before this one and its children, where the system knows how.

    A nice value alone shares a processor, and whoever serves would wait for the end of our slice:
    a batch never takes a processor from another, and what comes last gives its own up at once.
    """
    if hasattr(os, "nice"):
        os.nice(max(0, to - os.nice(0)))
    if hasattr(os, "sched_setscheduler"):
        policy = os.SCHED_IDLE if to >= LAST else os.SCHED_BATCH
        os.sched_setscheduler(0, policy, os.sched_param(0))
