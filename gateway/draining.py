"""Stopping without harm: not ready first, then no new connections, then no streams.

A proxy in front needs a moment to notice that it shall ask others.  So what tells the server
to stop comes here first: `/readyz` says no from now on, requests are still answered, each with
`Connection: close`, and only some seconds later the server's own handler is called.  It stops
listening and waits for requests under way; streams, which would never end, are ended then.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

End = Callable[[], None]


class Draining:
    """Whether this process is about to stop, and what must be ended when it does."""

    def __init__(self, seconds: float) -> None:
        """Make it; `seconds` pass between the signal and the server's own stop."""
        self.is_draining = False
        self._has_ended = False
        self._seconds = seconds
        self._ends: set[End] = set()

    def when_stopping(self, end: End) -> None:
        """Have `end` called when the server stops, in its event loop; now, if it has."""
        self._ends.add(end)
        if self._has_ended:
            end()

    def forget(self, end: End) -> None:
        """Do not call `end`: it is over by itself."""
        self._ends.discard(end)

    def end(self) -> None:
        """End all that would not end by itself."""
        self.is_draining = self._has_ended = True
        for end in list(self._ends):
            end()

    @contextmanager
    def before_the_server(self) -> Iterator[None]:
        """Stand before the server's handler of SIGTERM, inside its event loop, for the block.

        Ctrl-C stays the server's: whoever presses it does not want to wait.
        """
        servers_own = signal.getsignal(signal.SIGTERM)
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or not callable(servers_own):  # nobody has the server stop by a signal
            yield
            return
        loop = asyncio.get_running_loop()

        def stop() -> None:
            self.end()
            servers_own(signal.SIGTERM, None)

        def hear(_signum: int, _frame: FrameType | None) -> None:
            # In no request's context, though the signal came while one was answered.
            loop.call_soon_threadsafe(self._begin, loop, stop, context=Context())

        signal.signal(signal.SIGTERM, hear)
        yield

    def _begin(self, loop: asyncio.AbstractEventLoop, stop: End) -> None:
        if not self.is_draining:
            self.is_draining = True
            log.info("gateway.draining", seconds=self._seconds)
            loop.call_later(self._seconds, stop)
