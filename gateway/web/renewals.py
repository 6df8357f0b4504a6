"""How much of a process's time goes into making answers anew, while others may still be given.

A revision of the catalogue outdates thousands of answers in one moment.  For a while those of the
revision before may be given; in that time what is asked most is made anew, a share of the
time and no more, so that nobody waits for thousands of others.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from gateway.execution.at_hand import PLAIN, Kept
from gateway.execution.packing import Encoding, pack

SHARE = 0.6  # of the time
LONGEST = 0.006  # seconds of work at once, which all who ask meanwhile wait for
_BESIDE = 0.0002  # seconds that an answer takes beside what was measured of it

log = structlog.get_logger(__name__)


class Renewals:
    """Makes answers anew in the background; used from one event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = LONGEST  # seconds that may be worked now
        self._at = clock()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def begin(self, kept: Kept) -> None:
        """Make an answer anew, if it is not being made and its turn has come."""
        if kept.key in self._under_way:
            return
        now = self._clock()
        self._left = min(self._left + (now - self._at) * SHARE, LONGEST)
        self._at = now
        if self._left <= 0:
            return
        self._left -= kept.seconds + _BESIDE
        self._under_way[kept.key] = asyncio.create_task(self._renew(kept))

    async def _renew(self, kept: Kept) -> None:
        try:
            await renewed(kept)
        except Exception as exc:  # noqa: BLE001 - who asks next is told what it is
            log.warning("answers.renewal_failed", error=type(exc).__name__)
        finally:
            del self._under_way[kept.key]


async def renewed(kept: Kept) -> Kept | None:
    """Return an answer that was made anew and packed as the one before; None if it is not kept."""
    _, new = await kept.renew()
    if new is not None and not new.is_small:
        for packing in kept.bodies.keys() - new.bodies.keys() - {PLAIN}:
            new.pack(packing, await pack(new.answer.body, Encoding(packing)))
    return new
