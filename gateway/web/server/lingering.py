"""A connection that can end while its client is still sending, and be heard all the same.

Closing a socket with bytes unread resets it, and a reset may overtake the answer that says why.
So we stop writing, throw away what still comes for a moment, and close then.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.web.server.bounds import Bounds


class Alarm:
    """Work that is done unless it is stopped in time."""

    __slots__ = ("_loop", "_timer", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self.due = 0.0  # by the loop's clock, if it is set

    @property
    def is_set(self) -> bool:
        """Whether there is work to be done."""
        return self._timer is not None

    def set(self, seconds: float, work: Callable[[], object]) -> None:
        """Do `work` in so many seconds; if it is set already, it keeps its time."""
        if self._timer is None:
            self.renew(seconds, work)

    def renew(self, seconds: float, work: Callable[[], object]) -> None:
        """Do `work` in so many seconds from now, which must be no sooner than it was set before.

        Set again it costs next to nothing: the timer finds out how late it is when it rings.
        """
        self.due = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._ring, work)

    def stop(self) -> None:
        """Do not do it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self, work: Callable[[], object]) -> None:
        left = self.due - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._ring, work)
        else:
            self._timer = None
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
