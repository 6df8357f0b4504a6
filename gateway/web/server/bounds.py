"""How much may stand before a request's body, and how long clients may take."""

from dataclasses import dataclass
from http import HTTPStatus


class HeadError(Exception):
    """What stands before a body is refused."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may cost; seconds and bytes."""

    head_seconds: float = 8.0  # until all headers are there, of a first request from the connection
    write_seconds: float = 8.0  # in which a client reads some of what waits for it
    linger_seconds: float = 1.0  # in which what is still being sent is thrown away
    piece: int = 1_000  # of a body, if it is to count as one
    address: int = 16_000
    headers: int = 100
    header_bytes: int = 32_000  # names and values of all
    head_bytes: int = 52_000  # of all, before they can be told apart


@dataclass(slots=True)
class Head:
    """What has come of one request before its body."""

    bounds: Bounds
    is_open: bool = False  # more of it is to come
    size: int = 0
    address: int = 0
    headers: int = 0
    header_bytes: int = 0

    def open(self) -> None:
        """Begin another."""
        self.is_open = True
        self.size = self.address = self.headers = self.header_bytes = 0

    def add_address(self, piece: bytes) -> None:
        """Count a piece of the address.  Raises `HeadError`."""
        self.address += len(piece)
        if self.address > self.bounds.address:
            raise HeadError(HTTPStatus.REQUEST_URI_TOO_LONG)

    def add_header(self, name: bytes, value: bytes) -> None:
        """Count a header; one that comes after the body is none.  Raises `HeadError`."""
        if not self.is_open:
            raise HeadError(HTTPStatus.BAD_REQUEST)
        self.headers += 1
        self.header_bytes += len(name) + len(value)
        too_many = self.headers > self.bounds.headers
        if too_many or self.header_bytes > self.bounds.header_bytes:
            raise HeadError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def add_bytes(self, size: int) -> None:
        """Count what has come of a head that is not whole yet.  Raises `HeadError`."""
        self.size += size
        if self.size > self.bounds.head_bytes:
            raise HeadError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
