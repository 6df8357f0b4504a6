"""Faults on the wire: what a partner's machine does to a connection.  Each is an `Act`.

Those before the effect never let the partner see the request; `cut`, `claim_more` and the
like send a part of its real answer.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

from aiohttp import web

from adapters.sandbox.faults.kinds import Act, Exchange

LONGEST_SECONDS = 60.0
_LOOK_EVERY = 0.05
_PAUSE = 0.2  # so long that two writes arrive apart
_DRIPPED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n"
_HTTP2 = bytes.fromhex(  # settings, and GOAWAY: ENHANCE_YOUR_CALM
    "0000000400000000000000080700000000000000000000000b"
)
_PIECE = b'{"id": "tak-berujung", "title": "Tak Berujung"}'


async def hang(exchange: Exchange) -> web.StreamResponse:
    """Accept, and never answer."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + LONGEST_SECONDS
    while exchange.request.transport is not None and loop.time() < ends:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(_LOOK_EVERY)
    return hang_up(exchange)


async def drip(exchange: Exchange) -> web.StreamResponse:
    """Answer a header at once, and then a byte every `seconds`."""
    write(exchange, _DRIPPED)
    return await _drip(exchange, b" " * 4096)


async def drip_header(exchange: Exchange) -> web.StreamResponse:
    """Answer the very header a byte every `seconds`."""
    return await _drip(exchange, _DRIPPED)


async def wait_then_answer(exchange: Exchange) -> web.StreamResponse:
    """Wait for `seconds`, and then answer as always."""
    await asyncio.sleep(exchange.seconds)
    return await exchange.answer()


async def answer_late(exchange: Exchange) -> web.StreamResponse:
    """Do what was asked at once, and tell it only after `seconds`."""
    answer = await exchange.answer()
    await asyncio.sleep(exchange.seconds)
    return answer


async def go_away(exchange: Exchange) -> web.StreamResponse:
    """Answer in HTTP/2, that we should go away, and reset the connection."""
    write(exchange, _HTTP2)
    await asyncio.sleep(_PAUSE)
    return await reset(exchange)


async def send_garbage(exchange: Exchange) -> web.StreamResponse:
    """Send bytes that are no HTTP."""
    write(exchange, bytes(range(256)) * 8)
    return hang_up(exchange)


async def send_nothing(exchange: Exchange) -> web.StreamResponse:
    """Close the connection without a byte."""
    return hang_up(exchange)


async def reset(exchange: Exchange) -> web.StreamResponse:
    """Answer with RST."""
    transport = exchange.request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def claim_more(exchange: Exchange) -> web.StreamResponse:
    """Send half of the answer under the length of the whole, and close."""
    answer = await exchange.answer()
    body = body_of(answer)
    write(exchange, head(answer, f"Content-Length: {len(body)}") + body[: len(body) // 2])
    return hang_up(exchange)


async def claim_less(exchange: Exchange) -> web.StreamResponse:
    """Send the answer under half of its length: what comes after that belongs to nothing."""
    answer = await exchange.answer()
    body = body_of(answer)
    half = len(body) // 2
    write(exchange, head(answer, f"Content-Length: {half}") + body[:half])
    await asyncio.sleep(_PAUSE)
    write(exchange, body[half:])
    return hang_up(exchange)


async def break_chunk(exchange: Exchange) -> web.StreamResponse:
    """Send the answer in chunks, the second of which has no readable length."""
    answer = await exchange.answer()
    body = body_of(answer)
    half = body[: len(body) // 2]
    chunk = f"{len(half):x}\r\n".encode() + half + b"\r\n"
    write(exchange, head(answer, "Transfer-Encoding: chunked") + chunk)
    await asyncio.sleep(_PAUSE)
    write(exchange, b"zzz\r\n" + half)
    return hang_up(exchange)


async def cut_chunk(exchange: Exchange) -> web.StreamResponse:
    """Send the answer in chunks, and close without the last one."""
    answer = await exchange.answer()
    body = body_of(answer)
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    write(exchange, head(answer, "Transfer-Encoding: chunked") + chunk)
    return hang_up(exchange)


async def never_end(exchange: Exchange) -> web.StreamResponse:
    """Send one row after the other, without end."""
    return await _stream(exchange, _endless(b'{"data": [', b", "))


async def never_end_lines(exchange: Exchange) -> web.StreamResponse:
    """Send one line after the other, without end."""
    return await _stream(exchange, _endless(b"", b"\n"))


async def answer_twice(exchange: Exchange) -> web.StreamResponse:
    """Send the answer, and behind it the very same once more."""
    answer = await exchange.answer()
    await answer.prepare(exchange.request)
    await answer.write_eof()
    body = body_of(answer)
    write(exchange, head(answer, f"Content-Length: {len(body)}") + body)
    return answer


async def flap(exchange: Exchange) -> web.StreamResponse:
    """Be away for `seconds`, answer for as long, and so on."""
    now = asyncio.get_running_loop().time()
    since = exchange.memory.setdefault("since", now)
    if int((now - since) / exchange.seconds) % 2:
        return await exchange.answer()
    return hang_up(exchange)


def committing(act: Act) -> Act:
    """Return `act` after the partner has done what it was asked."""

    async def commit_first(exchange: Exchange) -> web.StreamResponse:
        await exchange.answer()
        return await act(exchange)

    return commit_first


def write(exchange: Exchange, data: bytes) -> None:
    """Write raw bytes to the connection, if there still is one."""
    transport = exchange.request.transport
    if transport is not None and not transport.is_closing():
        transport.write(data)


def hang_up(exchange: Exchange) -> web.Response:
    """Close the connection once all is sent; the answer that is returned goes nowhere."""
    if exchange.request.transport is not None:
        exchange.request.transport.close()
    return web.Response()


def head(answer: web.Response, *fields: str) -> bytes:
    """Return the status line and header of an answer, with other length fields."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", f"Content-Type: {answer.content_type}"]
    return "\r\n".join((*lines, *fields, "", "")).encode()


def body_of(answer: web.Response) -> bytes:
    """Return the whole body of a facade's answer."""
    return bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""


async def _drip(exchange: Exchange, data: bytes) -> web.StreamResponse:
    for byte in data:
        if exchange.request.transport is None:
            break
        write(exchange, bytes([byte]))
        await asyncio.sleep(exchange.seconds)
    return hang_up(exchange)


async def _endless(before: bytes, between: bytes) -> AsyncIterator[bytes]:
    yield before
    many = (_PIECE + between) * 1_000
    while True:
        yield many


async def _stream(exchange: Exchange, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.enable_chunked_encoding()
    try:
        await answer.prepare(exchange.request)
        async for chunk in chunks:
            await answer.write(chunk)
    except ConnectionError:  # the other side has had enough
        pass
    return answer
