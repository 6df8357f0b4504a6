"""How a serving process lets go of memory: it looks for garbage seldom, never through what stays.

Nearly all that a request leaves is freed at once, by counting who refers to it.  Only objects in
circles wait for a collection, and a full one looks at every object that has survived: thousands
of open connections are a million of them, which holds up every answer for some 300 ms.
"""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import CDLL

# A collection of the young for every 2,000 objects more than there were, one of the middle-aged
# for ten of those, and a full one for twenty of these: after 400,000 objects, not 70,000.  What
# runs leave goes without one (`gateway.execution.circles`), but not all circles are of our making.
THRESHOLDS = (2_000, 10, 20)
SETTLING_SECONDS = (5, 10, 20, 40, 80, 160, 320, 640)
# glibc's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_ARENA_MAX (malloc.h), of which the first two are
# no longer changed by what is freed once they are told.
_MALLOC = ((-3, 128 * 1024), (-1, 1024 * 1024), (-8, 2))


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


def tidy() -> None:
    """Look for garbage once, before much comes to stay that would be looked through, too.

    Importing and building a schema leave 36,000 objects in circles, of which none would ever be
    found once what is there is kept.
    """
    gc.collect()


def keep() -> None:
    """Keep what is there now: no collection looks through it again."""
    gc.freeze()


async def keep_what_settles() -> None:
    """Keep what the first minutes bring to stay, ever less often.

    First requests make thousands of objects that are there for good: statements, documents, what
    is compiled of them.  Often at first, so that each look is short; and not for ever, as what is
    kept and ends in a circle later is never found.
    """
    for seconds in SETTLING_SECONDS:
        await asyncio.sleep(seconds)
        gc.collect()
        keep()


def give_back_soon() -> None:
    """Have the C library give back to the system what is freed, where it lets itself be told.

    Without it glibc keeps tens of megabytes more with every catalogue that is built aside and let
    go: it learns from large blocks to keep them, and has a heap for each thread.
    """
    with suppress(OSError, AttributeError):
        mallopt = CDLL(None).mallopt
        for option, value in _MALLOC:
            mallopt(option, value)
