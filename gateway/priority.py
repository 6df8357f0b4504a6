"""Who goes first on a busy machine: those who serve people."""

import os
import sys

BEHIND_SERVING = 5  # a worker's nice value
LAST = 10  # that of what only saves a worker time
TURN_SECONDS = 0.0005  # that a thread works while another waits


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


def take_short_turns() -> None:
    """Have this process's threads take turns ten times as often as Python has them.

    The event loop gives its turn away whenever it looks at its sockets.  While a thread builds the
    next catalogue, each answer would wait for the end of that thread's turn.
    """
    sys.setswitchinterval(TURN_SECONDS)
