"""Where a request ends: what two readers of the same bytes could disagree about.  Pure.

A proxy in front that reads them otherwise than we do lets a stranger write another's request.
Names of headers are in lower case.
"""

from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]


def is_framed_plainly(version: str, headers: Headers) -> bool:
    """Return whether it says once for whom it is, and how its body comes in a way that we know."""
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if version == "1.0":  # it knows no chunks, and need not say for whom it is
        return len(hosts) <= 1 and not codings
    return len(hosts) == 1 and codings in ([], [b"chunked"])


def tells_a_body(headers: Headers) -> bool:
    """Return whether something is to follow the headers."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0"))
        for name, value in headers
    )


def head_without_upgrade(line: tuple[bytes, bytes, str], headers: Headers) -> bytes:
    """Return all that stands before a body, but for the wish to speak another protocol.

    `line` is the first: method, address and version.
    """
    method, address, version = line
    told = [b"%b: %b\r\n" % header for header in headers if header[0] != b"upgrade"]
    first = b"%b %b HTTP/%b\r\n" % (method, address, version.encode())
    return b"".join((first, *told, b"\r\n"))
