"""Who goes first on a busy machine: those who serve people."""

import os

BEHIND_SERVING = 5  # a worker's nice value
LAST = 10  # that of what only saves a worker time


def step_back(to: int) -> None:
    """Let other processes go before this one and its children, where the system knows how."""
    if hasattr(os, "nice"):
        os.nice(max(0, to - os.nice(0)))
