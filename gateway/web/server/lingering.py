"""A connection that can end while its client is still sending, and be heard all the same.

Closing a socket with bytes unread resets it, and a reset may overtake the answer that says why.
So we stop writing, throw away what still comes for a moment, and close then.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.web.server.bounds import Bounds


class Alarm:
    """Work that is done unless it is stopped in time; set again, it keeps its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def set(self, seconds: float, work: Callable[[], object]) -> None:
        """Do `work` in so many seconds."""
        if self._timer is None:
            self.postpone(seconds)
            self._timer = self._loop.call_later(seconds, self._ring, work)

    def postpone(self, seconds: float) -> None:
        """Do it in so many seconds from now, if it is to be done; this costs next to nothing."""
        self._due = self._loop.time() + seconds

    def stop(self) -> None:
        """Do not do it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self, work: Callable[[], object]) -> None:
        left = self._due - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._ring, work)
        else:
            work()


class LingeringTransport:
    """A transport whose `close` lets the client finish, if `is_sending` says that it has not."""

    def __init__(
        self, transport: asyncio.Transport, bounds: Bounds, is_sending: Callable[[], bool]
    ) -> None:
        self.raw = transport
        self._bounds = bounds
        self._is_sending = is_sending
        self._is_closing = False
        loop = asyncio.get_running_loop()
        self._lingering, self._patience = Alarm(loop), Alarm(loop)

    def __getattr__(self, name: str) -> Any:
        """Be the transport itself in everything else."""
        return getattr(self.raw, name)

    def is_closing(self) -> bool:
        """Return whether nothing will be written any more."""
        return self._is_closing or self.raw.is_closing()

    def write(self, data: bytes) -> None:
        """Write, unless that has ended."""
        if not self.is_closing():
            self.raw.write(data)

    def close(self) -> None:
        """Write what waits, and close; a client that does not read it is cut off."""
        if self.is_closing():
            return
        self._is_closing = True
        if self._is_sending() and self.raw.can_write_eof():
            self.raw.resume_reading()
            self.raw.write_eof()
            self._lingering.set(self._bounds.linger_seconds, self.raw.close)
        else:
            self.raw.close()
        self._patience.set(self._bounds.write_seconds, self.raw.abort)

    def forget(self) -> None:
        """Do nothing more: the connection is gone."""
        self._lingering.stop()
        self._patience.stop()
        self._is_sending = _is_over  # and know no longer who knows this


def _is_over() -> bool:
    return False
