"""Webhooks over a real connection: what is called, and what is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from adapters.addresses import PUBLIC, THIS_MACHINE
from gateway.webhooks import posting
from gateway.webhooks.posting import BadAddressError, HttpPost, Posted, check_address

pytestmark = pytest.mark.anyio

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Give the address of a server, and what it is sent."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                got.append(head + await reader.readexactly(length))
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks", got


def says(status: str, body: bytes = b"", *headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


async def posted(answer: Answer) -> tuple[Posted, list[bytes]]:
    async with a_server(answer) as (url, got):
        post = HttpPost(url, THIS_MACHINE, lambda: datetime.now(UTC))
        found = await post.send(b'{"a":1}', {"webhook-id": "msg_1"})
        await post.aclose()
    return found, got


async def test_a_success_is_taken_whatever_it_says():
    for status in ("200 OK", "204 No Content", "202 Accepted"):
        found, [sent] = await posted(says(status))
        assert found == Posted()
    assert b"webhook-id: msg_1" in sent
    assert sent.endswith(b'{"a":1}')


@pytest.mark.parametrize("status", ["500 Oops", "404 No", "301 There", "302 There"])
async def test_any_other_status_is_a_failure_and_no_redirect_is_followed(status: str):
    found, got = await posted(says(status, b"", "location: http://127.0.0.1:1/"))

    assert found == Posted(f"answered HTTP {status[:3]}")
    assert len(got) == 1  # no redirect is followed


async def test_gone_and_wait_are_understood():
    assert (await posted(says("410 Gone")))[0].is_gone
    assert (await posted(says("429 Slow", b"", "retry-after: 120")))[0].retry_after == 120
    assert (await posted(says("503 Later", b"", "retry-after: tomorrow")))[0].retry_after == 0
    assert (await posted(says("503 Later", b"", "retry-after: 99999999")))[0].retry_after == 900


async def test_what_hangs_or_drops_is_cut(monkeypatch):
    monkeypatch.setattr(posting, "SECONDS", 0.2)

    async def hangs(_: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async def drops(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def drips(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        for _ in range(20):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    assert (await posted(hangs))[0] == Posted("did not answer in time")
    assert (await posted(drops))[0].failure is not None
    async with asyncio.timeout(2):
        assert (await posted(drips))[0] == Posted()  # its status had been told


async def test_an_endless_answer_is_not_read():
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with asyncio.timeout(10):
        assert (await posted(endless))[0] == Posted()


async def test_nothing_is_sent_to_what_is_not_public():
    async with a_server(says("200 OK")) as (url, got):
        post = HttpPost(url, PUBLIC, lambda: datetime.now(UTC))
        found = await post.send(b"{}", {})
        await post.aclose()

    assert found.failure == "its address is not public"
    assert got == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "https://", "https://user:x@example.org/", "https://example.org/#a",
        "https://127.0.0.1/", "https://[::ffff:169.254.169.254]/", "https://169.254.169.254/",
        "http://1.1.1.1/", "https://localhost/", "https://0x7f000001/", "https://a b/",
        "https://[", "https://does-not-exist.invalid/", "https://1.1.1.1/" + "x" * 2_000,
    ],
)  # fmt: skip
async def test_addresses_that_nothing_is_sent_to(url: str):
    with pytest.raises(BadAddressError):
        await check_address(url, PUBLIC)


async def test_addresses_that_are_fine():
    await check_address("https://1.1.1.1:8443/hooks?token=x", PUBLIC)
    await check_address("http://127.0.0.1:9000/", THIS_MACHINE)
