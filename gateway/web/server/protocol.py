"""uvicorn's protocol with bounds: it has none on headers, and waits for them for ever.

It is the one place that knows uvicorn's insides, because a layer over ASGI is called too late:
a request begins there when its headers are whole.  What is used of them: the parser and its
callbacks, `cycle` with its three flags, `_should_upgrade`, what it does when a request is answered
(`on_response_complete`), and `send_400_response`, which is called for all that cannot be read.
`tests/integration/door` speaks to a real server and notices when they change.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.web.server.bounds import Bounds, Head, HeadError
from gateway.web.server.door import Door, put_door, shortcut_of, to_refusal, to_wire
from gateway.web.server.framing import head_without_upgrade, is_framed_plainly, tells_a_body
from gateway.web.server.lingering import Alarm, LingeringTransport
from gateway.web.server.room import Room
from gateway.web.server.waiting import Waiting


class GuardedProtocol(HttpToolsProtocol):
    """Speaks HTTP/1.1 with one client, within bounds."""

    bounds = Bounds()
    room = Room()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parser = self._new_parser()
        self._head = Head(self.bounds)
        self._is_handed_over = False  # to another protocol
        self._is_cut_short = False  # we have said our last word before the client had
        self._is_misread = False  # as the beginning of a protocol that we do not speak
        self._refusal = HTTPStatus.BAD_REQUEST
        self._begun = 0  # messages in what has just come
        self._door: Door | None = None  # of the last of them
        self._waiting = Waiting(self.loop, self.bounds.head_seconds, self.timeout_keep_alive)
        self._write_alarm = Alarm(self.loop)

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, if there is room."""
        has_place = self.room.has_place(self.connections, self.loop.time())
        lingering = LingeringTransport(transport, self.bounds, self._is_sending)
        super().connection_made(lingering)  # type: ignore[arg-type]  # it is one for all that is asked
        self._await_head()
        if not has_place:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read what has come, unless nothing counts any more."""
        if self.transport.is_closing():
            return
        is_between = self._is_between()
        if is_between and self._is_answered_by_shortcut(data):
            self._idle()
            return
        self._begun = 0
        self._read(data)
        if self._is_handed_over:
            return
        if is_between and self._begun == 1 and self._door and self._door.body() is not None:
            self._door.sent = data
        if self._head.is_open:
            try:
                self._head.add_bytes(len(data))
            except HeadError as exc:
                self._refuse(exc.status)
        if self._head.is_open or (is_between and not self._begun):
            self._await_head()
        elif len(data) >= self.bounds.piece:  # dripping gains no time
            self._waiting.for_piece()

    def eof_received(self) -> None:
        """Refuse a request of which the rest will not come."""
        if self._is_sending() and not self.transport.is_closing():
            self._refuse(HTTPStatus.BAD_REQUEST)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._waiting.stop()
        self._write_alarm.stop()
        if isinstance(self.transport, LingeringTransport):
            self.transport.forget()
        super().connection_lost(exc)
        if self.cycle is not None and self.cycle.response_complete:
            self.cycle = None  # type: ignore[assignment]  # as before the first; it knows us

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over as it came."""
        self._is_handed_over = True
        self._waiting.stop()
        if isinstance(self.transport, LingeringTransport):
            self.transport = self.transport.raw
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Wait for a client to read, but not for ever."""
        super().pause_writing()
        self._write_alarm.set(self.bounds.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        self._write_alarm.stop()
        super().resume_writing()

    # The parser's callbacks: what they raise ends in `send_400_response`

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._head.open()
        self._begun += 1
        self._door = None
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._counted(self._head.add_address, url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._counted(self._head.add_header, name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._head.is_open = False
        self._waiting.head_has_come()
        self._waiting.for_piece()
        is_tunnel = self.parser.get_method() == b"CONNECT"
        if is_tunnel or not is_framed_plainly(self.parser.get_http_version(), self.headers):
            raise HeadError(HTTPStatus.BAD_REQUEST)
        self._is_misread = self.parser.should_upgrade() and not self._should_upgrade()
        if self._is_misread:
            return
        super().on_headers_complete()
        if self.cycle is not None and self.cycle.scope is self.scope:  # no upgrade
            self._door = put_door(self.scope, self.cycle)

    def on_message_complete(self) -> None:
        """End a request, unless its body is still to be read."""
        if self._is_misread:
            return
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete and self.cycle.more_body:
            self.cycle.more_body = False  # it was answered before all of it had come
            self._idle()

    def on_response_complete(self) -> None:
        """Begin the next request if one waits, else to idle.

        uvicorn's own makes a timer for each answer.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.cycle.more_body:  # which nobody reads: it is waited for like a head
            self._await_head()
        else:
            self._idle()

    # The parser itself

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # what follows a last request is not for us to guess at
        parser.set_dangerous_leniencies(lenient_data_after_close=False)
        return parser

    def _read(self, data: bytes) -> None:
        """Read what has come.

        To the parser whatever follows an `Upgrade` is of another protocol: a body, too, which
        would then be taken for the next request.  Where we do not switch, all of it is read anew.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            if not self._is_misread:
                self.handle_websocket_upgrade()
                return
            self._is_misread = False
            line = self.parser.get_method(), self.url, self.parser.get_http_version()
            head = head_without_upgrade(line, self.headers)
            self.parser = self._new_parser()
            self._read(head + data[exc.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("")

    def _should_upgrade(self) -> bool:
        """Return whether WebSocket is asked for, as it may be: by a GET without a body."""
        is_bare = self.parser.get_method() == b"GET" and not tells_a_body(self.headers)
        return is_bare and super()._should_upgrade()

    # Before parsing

    def _is_between(self) -> bool:
        """Return whether all that has come is answered, so that a new request begins here."""
        if self._head.is_open:
            return False
        cycle = self.cycle
        return cycle is None or (cycle.response_complete and not cycle.more_body)

    def _is_answered_by_shortcut(self, data: bytes) -> bool:
        shortcut = shortcut_of(self.app_state)
        if shortcut is None or self.flow.write_paused:
            return False
        found = shortcut.find(data, self.client[0] if self.client else None)
        if found is None:
            return False
        status, head, body = found
        self.transport.write(to_wire(status, self.server_state.default_headers, head, body))
        self.server_state.total_requests += 1
        return True

    # Refusing

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, or is too much."""
        del msg
        self._refuse(self._refusal)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, and close; nothing is run of what could be read in two ways."""
        is_talking = False
        if self.cycle is not None and not self.cycle.response_complete:
            is_talking = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_talking:
            self.transport.write(to_refusal(status, self.server_state.default_headers))
        self._is_cut_short = True
        self.transport.close()

    def _counted(self, count: Any, *counted: bytes) -> None:
        try:
            count(*counted)
        except HeadError as exc:
            self._refusal = exc.status
            raise

    def _is_sending(self) -> bool:
        """Return whether the client may be in the middle of a request."""
        is_in_body = self.cycle is not None and self.cycle.more_body
        return self._is_cut_short or self._head.is_open or is_in_body

    # Waiting

    @property
    def waits_since(self) -> float | None:
        """Since when its client keeps us waiting, by the loop's clock; None while we keep it."""
        if self.transport.is_closing():
            return None
        if self._write_alarm.is_set:  # whatever else is under way: nothing of it is read
            return self._write_alarm.due - self.bounds.write_seconds
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return self._waiting.since
        is_ours = self.flow.read_paused or cycle.waiting_for_100_continue
        return None if is_ours or not cycle.more_body else self._waiting.piece_since

    def let_go(self) -> None:
        """Close it at once, because its client keeps us waiting and others come."""
        if self._is_between() and not self.transport.get_write_buffer_size():
            self.transport.close()
        else:
            self.transport.abort()

    def _await_head(self) -> None:
        self._waiting.for_head(self._give_up)

    def _idle(self) -> None:
        """Wait for another request, and hold nothing of the last."""
        self._waiting.for_request(self._end_idling)
        if not self._head.is_open:
            self._waiting.head_has_come()
            self.cycle = self.scope = self.headers = self._door = None  # type: ignore[assignment]

    def _end_idling(self) -> None:
        if self._is_between():  # else it begins to idle when all is answered
            self.transport.close()

    def _give_up(self) -> None:
        if self._head.is_open:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()
