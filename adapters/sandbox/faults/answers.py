"""Faults of whole answers: statuses, redirects, floods, bombs, and pages for people."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from aiohttp import web

from adapters.sandbox.faults.kinds import Act, Exchange
from adapters.sandbox.faults.wire import body_of

BOMB_BYTES = 100_000_000
LOGIN_PAGE = (
    b"<!doctype html><html><head><title>Masuk</title></head><body><form method=post>"
    b"<input name=user><input name=pass type=password></form></body></html>"
)
ERROR_BODY = (
    b'{"error": {"code": "ERRPLT001", "message": "Terjadi kesalahan"}, "status": "error",'
    b' "header": {"error_code": "ERRPLT001", "reason": "internal"}, "data": null,'
    b' "errors": [{"code": "ERRPLT001", "message": "Terjadi kesalahan",'
    b' "extensions": {"code": "INTERNAL"}}]}'
)


def replying(
    status: int,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    kind: str = "text/plain",
) -> Act:
    """Return the act that answers so, and does nothing of what was asked."""

    async def reply(_: Exchange) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, body=body, content_type=kind)

    return reply


def throttling(retry_after: str) -> Act:
    """Return the act that asks to slow down, until then."""
    return replying(429, {"Retry-After": retry_after})


def redirecting(to: Callable[[web.Request], str]) -> Act:
    """Return the act that sends on to `to(request)`."""

    async def redirect(exchange: Exchange) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": to(exchange.request)})

    return redirect


def to_plain_http(request: web.Request) -> str:
    """Return this very address without TLS."""
    return str(request.url.with_scheme("http").with_path("/lama"))


def to_itself(request: web.Request) -> str:
    """Return this very address."""
    return str(request.url)


def to_other_host(request: web.Request) -> str:
    """Return the same path on a host of another name."""
    return str(request.url.with_host("localhost"))


def encoding(name: str, encode: Callable[[bytes], bytes]) -> Act:
    """Return the act that sends the real answer, encoded by `encode` and labelled `name`."""

    async def send_encoded(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.answer()
        return web.Response(
            status=answer.status,
            headers={"Content-Encoding": name},
            body=encode(body_of(answer)),
            content_type=answer.content_type,
        )

    return send_encoded


async def send_bomb(_: Exchange) -> web.StreamResponse:
    """Send 97 kB of gzip that unpack to 100 MB."""
    headers = {"Content-Encoding": "gzip"}
    return web.Response(body=bomb(), headers=headers, content_type="application/json")


@cache
def bomb() -> bytes:
    """Return 100 MB of blanks as gzip; made in pieces, so that the sandbox stays small."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = b" " * 1_000_000
    packed = [packer.compress(piece) for _ in range(BOMB_BYTES // len(piece))]
    return b"".join((*packed, packer.flush()))


def gzip_twice(body: bytes) -> bytes:
    """Return `body` as gzip of gzip."""
    return gzip.compress(gzip.compress(body))


def unchanged(body: bytes) -> bytes:
    """Return `body`: the label lies."""
    return body


def flooding(name: str, count: int, length: int) -> Act:
    """Return the act that adds `count` header fields of `length` bytes to the real answer."""

    async def flood(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.answer()
        for number in range(count):
            answer.headers.add(name.format(number), f"k{number}=" + "x" * length)
        return answer

    return flood


async def cut_body(exchange: Exchange) -> web.StreamResponse:
    """Send the first half of the answer, and call it the whole."""
    answer = await exchange.answer()
    body = body_of(answer)
    return web.Response(
        status=answer.status, body=body[: len(body) // 2], content_type=answer.content_type
    )


async def send_first_page_again(exchange: Exchange) -> web.StreamResponse:
    """Answer every request with the page that was asked for first."""
    if "page" not in exchange.memory:
        answer = await exchange.answer()
        exchange.memory["page"] = (answer.status, body_of(answer), answer.content_type)
    status, body, kind = exchange.memory["page"]
    return web.Response(status=status, body=body, content_type=kind)


async def forget_cursors(exchange: Exchange) -> web.StreamResponse:
    """Answer the page that was asked for first, and say of every other that it is gone."""
    asked = (exchange.request.query_string, await exchange.request.read())
    if exchange.memory.setdefault("first", asked) == asked:
        return await exchange.answer()
    body = b'{"error": {"code": "CURSOR_EXPIRED"}}'
    return web.Response(status=410, body=body, content_type="application/json")
