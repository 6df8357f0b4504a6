"""The transport knows whether a byte left, against servers that misbehave on a real socket."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.addresses import THIS_MACHINE
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerUnavailableError,
)
from adapters.http import PartnerClient
from adapters.transport import (
    AnswerLostError,
    build_http,
)
from tests.contract.misbehaving import OK, client_of, port_of, serving
from tests.servers import free_port

pytestmark = pytest.mark.anyio


async def test_a_refused_connection_was_not_sent():
    async with client_of(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(PartnerUnavailableError, match="refuses connections"):
            await client.send("POST", "/x", json={}, key="k")


async def test_an_unknown_host_was_not_sent():
    async with client_of("http://no-such-host.invalid") as client:
        with pytest.raises(PartnerUnavailableError, match="host name"):
            await client.send("POST", "/x", json={}, key="k")


async def test_a_failed_tls_handshake_was_not_sent():
    async def refuse(reader, writer):
        seen.append(await reader.read(500))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    seen: list[bytes] = []
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, client_of(f"https://127.0.0.1:{port_of(server)}") as client:
        with pytest.raises(PartnerUnavailableError, match="TLS"):
            await client.send("POST", "/x", json={}, key="k")

    assert seen
    assert b"POST" not in b"".join(seen)


async def test_a_post_that_is_hung_up_on_was_sent():
    async with serving([None]) as (address, seen), client_of(address) as client:
        with pytest.raises(AmbiguousPartnerError, match="without answering"):
            await client.send("POST", "/enrolments", json={"reference": "r"}, key="r")

    assert len(seen) == 1, "an ambiguous write is not repeated"


async def test_a_post_on_a_reused_connection_that_is_hung_up_on_was_sent():
    async with serving([OK, None]) as (address, seen), client_of(address) as client:
        await client.send("POST", "/enrolments", json={}, key="a")
        with pytest.raises(AmbiguousPartnerError):
            await client.send("POST", "/enrolments", json={}, key="b")

    assert len(seen) == 2


async def test_a_write_does_not_take_the_connection_of_a_read():
    async with serving([OK, None]) as (address, seen), client_of(address) as client:
        await client.get("/courses")
        with pytest.raises(AmbiguousPartnerError):
            await client.send("POST", "/enrolments", json={}, key="a")

    assert b"POST" in seen[1]


async def test_an_answer_cut_in_half_is_no_answer():
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{"
    async with serving([cut, cut]) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerUnavailableError, match="mid-answer"):
            await client.get("/courses")
        with pytest.raises(AmbiguousPartnerError, match="mid-answer"):
            await client.send("POST", "/enrolments", json={}, key="a")


@pytest.mark.parametrize(
    "noise",
    [b"\x00\x01garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"],
    ids=["no-http", "huge-header"],
)
async def test_what_is_no_http_may_still_have_booked(noise):
    async with serving([noise]) as (address, _), client_of(address) as client:
        with pytest.raises(AmbiguousPartnerError):
            await client.send("POST", "/enrolments", json={}, key="a")


async def test_silence_is_a_lost_answer():
    async def keep_silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    async with server, build_http(reach=THIS_MACHINE) as http:
        with pytest.raises(AnswerLostError, match="in time"):
            await http.post(f"http://127.0.0.1:{port_of(server)}", timeout=0.05)


class Names(AbstractResolver):
    """A resolver that tells something else each time it is asked."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            ResolveResult(
                hostname=host,
                host=self.answers.pop(0),
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self):
        pass


async def test_a_connection_is_made_to_the_very_address_that_was_checked(monkeypatch):
    """DNS rebinding: the name means another place as soon as it has been checked."""
    names = Names("127.0.0.1", "169.254.169.254", "169.254.169.254")
    monkeypatch.setattr("adapters.transport.ThreadedNames", lambda: names)
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving([closing]) as (address, seen):
        named = address.replace("127.0.0.1", "api.partner.test")
        async with client_of(named) as client:
            await client.get("/courses")
            with pytest.raises(PartnerUnavailableError, match="not public"):
                await client.send("POST", "/enrolments", json={}, key="a")

    assert len(seen) == 1
    assert b"host: api.partner.test" in seen[0].lower()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "017700000001"]
)
async def test_this_machine_is_not_called_unless_it_is_allowed(host):
    async with serving([OK]) as (address, seen):
        client = PartnerClient("p", build_http(), address=address.replace("127.0.0.1", host))
        with pytest.raises(PartnerUnavailableError):
            await client.get("/courses")
        await client.aclose()

    assert seen == []
