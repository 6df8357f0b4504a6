"""Whether what we stand on answers: databases and Redis, asked when somebody wants to know."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy import text

from gateway.storage.engine import Database

PATIENCE = 2.0  # seconds for an answer; proxies wait about as long for theirs
REMEMBERED = 1.0  # seconds: who asks more often is told the same

Probe = Callable[[], Awaitable[object]]  # it raises, or does not end, when something is down


class Probes:
    """Asks several things at once, and remembers for a moment which are down.

    What fails is down; what says nothing is, the second time: it may be we who are slow, and a
    crowd of processes that think themselves unready when there is much to do helps nobody.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = probes
        self._patience = patience
        self._clock = clock
        self._asked_at = float("-inf")
        self._down: Sequence[str] = ()
        self._silent: set[str] = set()  # at the last look
        self._asking = asyncio.Lock()

    async def read_down(self) -> Sequence[str]:
        """Return the names of what is down."""
        async with self._asking:
            if self._clock() - self._asked_at >= REMEMBERED:
                answers = await asyncio.gather(*map(self._is_up, self._probes))
                self._down = [
                    name for name, is_up in zip(self._probes, answers, strict=True) if not is_up
                ]
                self._asked_at = self._clock()
            return self._down

    async def _is_up(self, name: str) -> bool:
        was_silent = name in self._silent
        self._silent.discard(name)
        try:
            async with asyncio.timeout(self._patience) as limit:
                await self._probes[name]()
        except Exception:  # noqa: BLE001 - whatever it raises, it does not answer
            if not limit.expired():
                return False
            self._silent.add(name)
            return not was_silent
        return True


def database_probe(database: Database) -> Probe:
    """Return the probe of a database."""

    async def ask() -> object:
        return await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())

    return ask
