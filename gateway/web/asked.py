"""What a request asks: all of it that an answer can depend on, and nothing that it cannot."""

from starlette.types import Scope

# Of these nothing that answers public questions reads anything, or it is done for each request.
UNREAD = frozenset(
    f"{prefix}{name}".encode()
    for prefix, names in {
        "": "accept-language cache-control connection content-length cookie dnt forwarded host "
        "keep-alive pragma priority referer save-data te traceparent tracestate user-agent via",
        "sec-": "ch-ua ch-ua-mobile ch-ua-platform fetch-dest fetch-user gpc",
        "x-": "forwarded-for forwarded-host forwarded-port forwarded-proto real-ip request-id",
    }.items()
    for name in names.split()
)
# With one of these more is to be done than to look at the bytes, or they hardly come again.
_OF_ONE_REQUEST = frozenset(
    {b"authorization", b"x-request-id", b"traceparent", b"x-forwarded-for", b"x-forwarded-proto"}
)

Header = tuple[bytes, bytes]
Asked = tuple[str | bytes | Header, ...]  # all that must be the same
_BODY = 3  # where the body stands in it


def read_asked(scope: Scope, body: bytes) -> tuple[Asked | None, bytes | None]:
    """Return all that must be the same, and the token; nothing for one with two tokens."""
    told: list[str | bytes | Header] = [scope["method"], scope["path"], scope["query_string"], body]
    authorization: bytes | None = None
    for header in scope["headers"]:
        name = header[0]
        if name in UNREAD:
            continue
        if name != b"authorization":
            told.append(header)
        elif authorization is None:
            authorization = header[1]
            told.append(name)
        else:
            return None, None
    return tuple(told), authorization


def body_of(asked: Asked) -> bytes:
    """Return the body among all that must be the same."""
    body = asked[_BODY]
    return body if isinstance(body, bytes) else b""


def with_body(asked: Asked, body: bytes) -> Asked:
    """Return the same with another body."""
    return *asked[:_BODY], body, *asked[_BODY + 1 :]


def size_of(asked: Asked) -> int:
    """Return how many bytes it has."""
    return sum(sum(map(len, each)) if isinstance(each, tuple) else len(each) for each in asked)


def comes_again(scope: Scope) -> bool:
    """Return whether the very bytes of a request may come again, and be enough to answer it."""
    return _OF_ONE_REQUEST.isdisjoint(name for name, _ in scope["headers"])
