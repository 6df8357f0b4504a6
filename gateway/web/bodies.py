"""Reading a request's body, within a bound of bytes and of time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

WHOLE = "mitra.body"  # in the scope: the body, where it was all there before anybody asked


class BodyTooLargeError(Exception):
    """The body is larger than it may be; not all of it was read."""


class BodyTooSlowError(Exception):
    """The body did not arrive in time."""


async def read_body(request: Request, largest: int, seconds: float) -> bytes:
    """Return a body.

    Raises `BodyTooLargeError` as soon as that is known, `BodyTooSlowError`, `ClientDisconnect`.
    """
    if (known := request.scope.get(WHOLE)) is not None and len(known) <= largest:
        return bytes(known)
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > largest:
        raise BodyTooLargeError
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            is_whole = False
            while not is_whole:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                if len(body) > largest:
                    raise BodyTooLargeError
                is_whole = not message.get("more_body", False)
    except TimeoutError as exc:
        raise BodyTooSlowError from exc
    return bytes(body)


def only_header(request: Request, name: str) -> bytes | None:
    """Return a header's value as it came, or None without it.

    Raises `LookupError` for one that is sent twice: which of them counts is ambiguous.
    """
    values = [value for key, value in request.headers.raw if key.lower() == name.encode()]
    if len(values) > 1:
        raise LookupError(name)
    return values[0] if values else None
