"""When what was not taken is sent again, and when nothing more is.  Pure: the dice are passed in.

A subscriber of which some messages are taken gets those that were not for three days, each on
its own.  One that takes none is only probed, and disabled after three days.
"""

from collections.abc import Callable
from datetime import timedelta

DISABLED_AFTER = timedelta(days=3)
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)  # 76 hours in all
FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(hours=1)
JITTER = 0.2

Dice = Callable[[], float]


def retry_wait(attempts: int, told: float, dice: Dice) -> timedelta | None:
    """Return how long a message waits after so many attempts; None: it is given up.

    `told` are the seconds that the subscriber asked for.
    """
    if attempts > len(RETRIES):
        return None
    return _spread(max(RETRIES[attempts - 1], timedelta(seconds=told)), dice)


def rest(attempts: int, told: float, dice: Dice) -> timedelta:
    """Return how long a subscriber rests that has taken nothing so many times in a row."""
    wait = min(FIRST_REST * 2 ** min(attempts - 1, 30), LONGEST_REST)
    return _spread(max(wait, timedelta(seconds=told)), dice)


def _spread(wait: timedelta, dice: Dice) -> timedelta:
    return wait * (1 + JITTER * dice())
