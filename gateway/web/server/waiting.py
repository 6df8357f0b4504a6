"""What a connection waits for, and since when: a moment for a head, long for another request.

A head that has begun, and the first one, must come in a few seconds.  Between requests a proxy
keeps its connections for a minute and more, and one that we close first may just be in use again.
"""

import asyncio
from collections.abc import Callable

from gateway.web.server.lingering import Alarm

Work = Callable[[], object]


class Waiting:
    """The two alarms of one connection; a body's time is measured where it is read.

    That of the head is set seldom and keeps its time.  The other is set anew by each answer and
    is not stopped by requests, for that would cost each of them something: whoever it calls has to
    look whether one is under way.
    """

    __slots__ = ("_head", "_head_seconds", "_idle", "_idle_seconds", "_loop", "piece_since")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, head_seconds: float, idle_seconds: float
    ) -> None:
        self._loop = loop
        self.piece_since = 0.0  # since when another piece of a body is waited for
        self._head, self._head_seconds = Alarm(loop), head_seconds
        self._idle, self._idle_seconds = Alarm(loop), idle_seconds

    @property
    def since(self) -> float:
        """Since when it waits for a head or a request, by the loop's clock."""
        if self._head.is_set:
            return self._head.due - self._head_seconds
        return self._idle.due - self._idle_seconds

    def for_head(self, give_up: Work) -> None:
        """Wait for a head, or go on doing so."""
        self._head.set(self._head_seconds, give_up)

    def for_request(self, let_go: Work) -> None:
        """Wait for another request, from now."""
        self._idle.renew(self._idle_seconds, let_go)

    def for_piece(self) -> None:
        """Wait for more of a body, from now."""
        self.piece_since = self._loop.time()

    def head_has_come(self) -> None:
        """Wait for no head."""
        self._head.stop()

    def stop(self) -> None:
        """Wait for nothing."""
        self._head.stop()
        self._idle.stop()
