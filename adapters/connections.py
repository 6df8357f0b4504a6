"""aiohttp's connections, made strict about partners that do not keep to HTTP.

As it comes, aiohttp (3.14) takes what a server sends between two answers for the next answer;
waits until its time-out for the rest of a body that has broken HTTP; and sends a request once
more by itself when a connection that was open before turns out to be closed, which no retry
budget knows of.  All three are put right here, where aiohttp has no public way to do so.
"""

from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import set_exception

_INFORMATIONAL = 200  # statuses below it announce an answer, and are none


class StrictHandler(ResponseHandler):
    """One connection, on which nothing may come but the answer to what was asked."""

    _is_answered = False

    def set_response_params(self, **params: Any) -> None:
        """Begin to read the answer to a request."""
        self._is_answered = False
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Note that an answer has begun; a second one is none."""
        if self._is_answered:
            self._give_up()
            return
        self._is_answered = data[0].code >= _INFORMATIONAL
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Read on; behind a whole answer nothing belongs to any question of ours."""
        payload = self._payload
        if data and self._is_answered and (payload is None or payload.is_eof()):
            self._give_up()
        else:
            super().data_received(data)

    def _give_up(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()

    def set_exception(self, exc: Any, *causes: Any) -> None:
        """Fail, and let whoever reads the body know it at once."""
        super().set_exception(exc, *causes)
        payload = self._payload
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            set_exception(payload, aiohttp.ClientPayloadError("broke HTTP in mid-answer"))


class StrictConnector(aiohttp.TCPConnector):
    """Makes strict connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(StrictHandler, loop=self._loop)  # type: ignore[assignment]  # is one


def without_own_retries(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return `session`, which from now on sends every request once."""
    session._retry_connection = False  # noqa: SLF001 - there is no option
    return session
