"""Giving back to the system what is free, and what the C library keeps nevertheless.

By itself it gives back what lies at the end of a heap.  Answers, pages of databases and catalogues
that were replaced are freed in between, and what comes next does not always fit there: a heap
grows for an hour though as much of it is in use as before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ctypes import CDLL

EVERY_SECONDS = 60.0


async def give_back(
    trim: Callable[[], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Give back what is free, now and then, until cancelled."""
    while True:
        await sleep(EVERY_SECONDS)
        await asyncio.to_thread(trim or give_back_now)


def give_back_now() -> None:
    """Give back every page that is free, where the C library can; others go on meanwhile."""
    with suppress(OSError, AttributeError):
        CDLL(None).malloc_trim(0)
