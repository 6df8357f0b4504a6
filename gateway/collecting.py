"""How a serving process looks for garbage: seldom, and never through what stays.

Nearly all that a request leaves is freed at once, by counting who refers to it.  Only objects in
circles wait for a collection, and a full one looks at every object that has survived: thousands
of open connections are a million of them, which holds up every answer for some 300 ms.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A collection of the young for every 2,000 objects more than there were, one of the middle-aged for
# ten of those, and a full one for 500 of these: after ten million objects, not 70,000.
THRESHOLDS = (2_000, 10, 500)


def collect_seldom() -> None:
    """Have collections of many objects seldom from now on."""
    gc.set_threshold(*THRESHOLDS)


@contextmanager
def paused() -> Iterator[None]:
    """Look for no garbage meanwhile: where very many objects come to stay, none is."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep() -> None:
    """Keep what is there now: no collection looks through it again."""
    gc.freeze()
