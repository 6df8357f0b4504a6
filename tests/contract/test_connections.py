"""When a server breaks HTTP, no answer is taken for another one's, and none is waited for."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from adapters.addresses import THIS_MACHINE
from adapters.errors import AmbiguousPartnerError, PartnerUnavailableError
from adapters.http import PartnerClient
from adapters.transport import build_http

pytestmark = pytest.mark.anyio


def answer(text: str) -> bytes:
    body = f'"{text}"'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@asynccontextmanager
async def serving(*answers: tuple[bytes, ...]):
    """Answer the requests with these, in parts that arrive apart; b"" hangs up.

    Gives a client and the number of each request's connection.
    """
    waiting, connections = list(answers), []
    numbers = iter(range(100))

    async def converse(reader, writer):
        number = next(numbers)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                connections.append(number)
                for part in waiting.pop(0):
                    if not part:
                        return
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.05)
        except (asyncio.IncompleteReadError, ConnectionError, IndexError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = PartnerClient("p", build_http(reach=THIS_MACHINE), address=address)
    async with server:
        yield client, connections
        await client.aclose()


async def settled() -> None:
    """Let what is still on the wire arrive."""
    await asyncio.sleep(0.15)


@pytest.mark.parametrize(
    "parts",
    [
        (answer("one") + answer("stale"),),
        (answer("one"), answer("stale")),
        (answer("one") + answer("stale")[:-3], answer("stale")[-3:]),
        (answer("one") + answer("stale")[:9], answer("stale")[9:]),
        (answer("one"), b"\x00\x01"),
    ],
    ids=["together", "apart", "cut-in-the-body", "cut-in-the-head", "noise"],
)
async def test_what_comes_behind_an_answer_is_never_the_next_one(parts):
    async with serving(parts, (answer("two"),)) as (client, connections):
        assert await client.get("/1") == "one"
        await settled()

        assert await client.get("/2") == "two"

    assert connections == [0, 1], "the connection is closed, not used again"


async def test_a_good_connection_is_used_again():
    async with serving((answer("one"),), (answer("two"),)) as (client, connections):
        assert [await client.get("/1"), await client.get("/2")] == ["one", "two"]

    assert connections == [0, 0]


async def test_an_announcement_is_no_answer():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with serving((hints, answer("one")), (answer("two"),)) as (client, _):
        assert [await client.get("/1"), await client.get("/2")] == ["one", "two"]


async def test_a_body_that_breaks_http_ends_the_wait():
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    async with serving((begun, b"zzz\r\n"), (begun, b"zzz\r\n")) as (client, _):
        started = time.monotonic()
        with pytest.raises(PartnerUnavailableError):
            await client.get("/1")
        with pytest.raises(AmbiguousPartnerError):
            await client.send("POST", "/2", json={}, key="k")

    assert time.monotonic() - started < 5


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_is_lost_on_an_open_connection_is_not_sent_again(method):
    async with serving((answer("one"),), (b"",), (answer("three"),)) as (client, connections):

        async def ask():
            if method == "GET":
                return await client.get("/1")
            return await client.send("DELETE", "/1", key="k")

        await ask()
        with pytest.raises((PartnerUnavailableError, AmbiguousPartnerError)):
            await ask()

    assert len(connections) == 2
