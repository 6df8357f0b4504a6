"""The load: keep-alive connections on raw sockets, each asking anew once it is answered.

Our own, in a process of its own: the same on every machine that has Python, with any body in any
request, and every answer looked at.  It does little, so that it takes less of the cores than the
server does: an answer costs it about two system calls, and no object is made of it.
"""

import selectors
import socket
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.bench.speed.requests import EXPECTED, Request, Requests

HOST = "127.0.0.1"
LAST_SECONDS = 30.0  # to wait for what is still on its way when the time is over
BUFFER_BYTES = 262_144
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_CHUNKED = b"transfer-encoding: chunked"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_OK = b"HTTP/1.1 200 "


class WrongAnswerError(RuntimeError):
    """An answer is not what was asked for; the message has its beginning."""


@dataclass(frozen=True, slots=True)
class Load:
    """Who is asked what by how many at a time, and for how long."""

    port: int
    requests: Requests
    connections: int
    seconds: float
    most: int | None = None  # requests; None for as many as there is time for


@dataclass(slots=True)
class Tally:
    """Every answer: its kind, when it came (from the start) and how long it was waited for."""

    kinds: bytearray = field(default_factory=bytearray)
    ends: "array[float]" = field(default_factory=lambda: array("d"))
    waits: "array[float]" = field(default_factory=lambda: array("d"))
    body_bytes: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0  # that asking took


class _Line:
    """One connection: what it waits for, and since when."""

    __slots__ = (
        "began", "head", "is_chunked", "is_seen", "is_waiting", "kind", "length", "missing",
        "socket", "tail",
    )  # fmt: skip

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kind = self.length = self.missing = 0
        self.is_waiting = self.is_seen = self.is_chunked = False
        self.head = self.tail = b""
        self.began = 0.0

    def send(self, request: Request, now: float) -> None:
        """Ask; a request is small, so that it goes as a whole."""
        self.kind, text = request
        self.began, self.is_waiting, self.is_seen = now, True, False
        self.socket.sendall(text)

    def take(self, piece: memoryview) -> None:
        """Take what has come; nothing is waited for once all of an answer is here."""
        if self.missing:
            self._take_body(piece)
            return
        text = self.head + piece
        end = text.find(_END_OF_HEAD)
        if end < 0:
            self.head = text
            return
        self.head = b""
        if not text.startswith(_OK):
            raise WrongAnswerError(f"the benchmark was answered {text[:800]!r}")
        length = to_length(text[:end])
        self.is_chunked, self.length, self.missing = length is None, length or 0, length or 1
        if body := text[end + len(_END_OF_HEAD) :]:
            self._take_body(memoryview(body))

    def _take_body(self, piece: memoryview) -> None:
        if not self.is_seen:  # once for each answer
            self.is_seen = True
            if EXPECTED[self.kind] not in bytes(piece):
                raise WrongAnswerError(f"the benchmark was answered {bytes(piece[:800])!r}")
        if self.is_chunked:
            self._take_chunks(piece)
        else:
            self.missing -= len(piece)
        self.is_waiting = self.missing > 0

    def _take_chunks(self, piece: memoryview) -> None:
        """Count them with what stands around them: only peers answer so."""
        self.length += len(piece)
        self.tail = (self.tail + piece[-len(_LAST_CHUNK) :])[-len(_LAST_CHUNK) :]
        if self.tail == _LAST_CHUNK:
            self.tail, self.missing = b"", 0


def to_length(head: bytes) -> int | None:
    """Return how long a body is; None if it comes in chunks.

    Raises `WrongAnswerError` if its head does not say.
    """
    lowered = head.lower()
    start = lowered.find(_LENGTH)
    if start < 0:
        if _CHUNKED in lowered:
            return None
        raise WrongAnswerError(f"an answer without a length: {head!r}")
    return int(lowered[start + len(_LENGTH) :].partition(b"\r\n")[0])


def ask(load: Load) -> Tally:
    """Ask until the time is over, then wait for what has been asked."""
    lines = [_Line(load.port) for _ in range(load.connections)]
    try:
        return _Asking(load, lines).run()
    finally:
        for line in lines:
            line.socket.close()


class _Asking:
    """One turn."""

    def __init__(self, load: Load, lines: list[_Line]) -> None:
        self._requests: Iterator[Request] = iter(load.requests)
        self._left = load.most if load.most is not None else -1
        self._load, self._lines = load, lines
        self._under_way = 0
        self._tally = Tally()

    def run(self) -> Tally:
        """Ask and be answered; return what was seen."""
        tally, clock = self._tally, time.perf_counter
        buffer = memoryview(bytearray(BUFFER_BYTES))
        with selectors.DefaultSelector() as selector:
            for line in self._lines:
                selector.register(line.socket, selectors.EVENT_READ, line)
            worked, began = time.process_time(), clock()
            ends = began + self._load.seconds
            for line in self._lines:
                self._ask(line, clock())
            while self._under_way:
                ready = selector.select(LAST_SECONDS)
                if not ready:
                    raise WrongAnswerError(f"no answer for {LAST_SECONDS:g} s")
                for key, _ in ready:
                    line = key.data
                    self._take(line, buffer, began)
                    if not line.is_waiting and clock() < ends:
                        self._ask(line, clock())
            tally.seconds = clock() - began
            tally.processor_seconds = time.process_time() - worked
        return tally

    def _ask(self, line: _Line, now: float) -> None:
        if self._left:
            self._left -= 1
            self._under_way += 1
            line.send(next(self._requests), now)

    def _take(self, line: _Line, buffer: memoryview, began: float) -> None:
        size = line.socket.recv_into(buffer)
        if not size:
            raise WrongAnswerError("the server closed a connection before it had answered")
        line.take(buffer[:size])
        if line.is_waiting:
            return
        now, tally = time.perf_counter(), self._tally
        tally.kinds.append(line.kind)
        tally.ends.append(now - began)
        tally.waits.append(now - line.began)
        tally.body_bytes += line.length
        self._under_way -= 1
