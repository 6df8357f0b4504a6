"""The transport knows whether a byte left, against servers that misbehave on a real socket."""

import asyncio
import gzip
import socket
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.addresses import THIS_MACHINE
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerContractError,
    PartnerUnavailableError,
)
from adapters.http import PartnerClient
from adapters.transport import (
    AnswerLostError,
    AnswerTooLargeError,
    PartnerTransport,
    build_http,
)
from tests.servers import free_port

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def port_of(server) -> int:
    return server.sockets[0].getsockname()[1]


async def read_request(reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ),
        0,
    )
    return head + await reader.readexactly(length)


@asynccontextmanager
async def serving(answers):
    """Serve each request of a connection with the next answer; None hangs up without one.

    Gives the address and the requests seen so far.
    """
    seen: list[bytes] = []

    async def converse(reader, writer):
        try:
            while answers:
                seen.append(await read_request(reader))
                answer = answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{port_of(server)}", seen


@asynccontextmanager
async def client_of(address):
    client = PartnerClient("p", build_http(reach=THIS_MACHINE), address=address)
    try:
        yield client
    finally:
        await client.aclose()


def answer_of(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


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


async def test_gzip_is_asked_for_and_understood():
    answers = [answer_of(gzip.compress(b'{"data": []}'), "Content-Encoding: gzip")]
    async with serving(answers) as (address, seen), client_of(address) as client:
        assert await client.get("/a") == {"data": []}

    assert b"accept-encoding: gzip\r\n" in seen[0].lower()


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"a,b\n1,2\n")[:-9], gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n")],
    ids=["cut", "two"],
)
async def test_half_a_gzip_is_no_answer(body):
    answers = [answer_of(body, "Content-Encoding: gzip", "Connection: close")]
    async with serving(answers) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerContractError):
            await client.fetch("/courses.csv")


async def test_an_empty_answer_is_whole_whatever_its_encoding():
    unchanged = b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n"
    async with serving([unchanged]) as (address, _), client_of(address) as client:
        answer = await client.fetch("/courses.csv")

    assert (answer.status, answer.body) == (304, b"")


async def test_a_small_answer_that_becomes_large_is_refused():
    bomb = gzip.compress(b" " * 50_000_000)
    answers = [answer_of(bomb, "Content-Encoding: gzip", "Connection: close")]
    async with serving(answers) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerContractError, match="larger than 10,000,000"):
            await client.get("/courses")


async def test_what_goes_to_the_disk_may_be_larger_and_costs_no_memory(tmp_path):
    body = b"baris\n" * 3_000_000
    answers = [answer_of(gzip.compress(body, 1), "Content-Encoding: gzip", "Connection: close")] * 2
    async with serving(answers) as (address, _), client_of(address) as client:
        with (tmp_path / "large").open("w+b") as file:
            await client.download("/file", file, largest=20_000_000)
            assert file.tell() == len(body)
        with (
            (tmp_path / "larger").open("w+b") as file,
            pytest.raises(PartnerContractError, match="larger than 17,000,000"),
        ):
            await client.download("/file", file, largest=17_000_000)


async def test_a_large_answer_is_refused_before_it_has_all_come():
    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    transport = PartnerTransport(largest_answer=100_000, reach=THIS_MACHINE)
    async with server, httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(AnswerTooLargeError):
            await http.get(f"http://127.0.0.1:{port_of(server)}")


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
async def test_an_encoding_we_did_not_ask_for_is_a_broken_contract(encoding):
    answers = [answer_of(b"{}", f"Content-Encoding: {encoding}", "Connection: close")]
    async with serving(answers) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerContractError):
            await client.get("/courses")


async def test_a_lie_about_the_encoding_is_a_broken_contract():
    answers = [answer_of(b"{}", "Content-Encoding: gzip", "Connection: close")]
    async with serving(answers) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerContractError, match="decompressed"):
            await client.get("/courses")


async def test_redirects_are_not_followed_and_cookies_not_kept():
    redirect = (
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    async with serving([redirect, OK]) as (address, seen), client_of(address) as client:
        with pytest.raises(PartnerContractError, match="302"):
            await client.get("/courses")
        await client.get("/courses")

    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


@pytest.mark.parametrize(
    "headers",
    [
        ["Set-Cookie: a=" + "b" * 8_000] * 5,
        ["Set-Cookie: a=b"] * 500,
        ["X: " + "a" * 9_000],
    ],
    ids=["large-in-all", "many", "one"],
)
async def test_a_flood_of_headers_is_refused(headers):
    flood = answer_of(b"{}", *headers, "Connection: close")
    async with serving([flood, flood]) as (address, _), client_of(address) as client:
        with pytest.raises(PartnerUnavailableError):
            await client.get("/courses")
        with pytest.raises(AmbiguousPartnerError):
            await client.send("POST", "/enrolments", json={}, key="a")


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


async def test_a_file_is_read_like_an_answer(tmp_path):
    file = tmp_path / "daftar pelatihan #1?.json"
    file.write_text('[{"a": 1}]')

    async with client_of(f"file:{file}") as client:
        first = await client.fetch("")
        known = {"If-None-Match": first.headers["etag"]}
        unchanged = await client.fetch("", headers=known)
        file.write_text('[{"a": 1}, {"b": 2}]')
        changed = await client.fetch("", headers=known)

    assert (first.status, first.body) == (200, b'[{"a": 1}]')
    assert unchanged.status == 304
    assert changed.status == 200


async def test_a_missing_file_is_unavailable_and_its_path_untold(tmp_path):
    async with client_of(f"file:{tmp_path}/gone.json") as client:
        with pytest.raises(PartnerUnavailableError, match="cannot be read") as caught:
            await client.fetch("")

    assert str(tmp_path) not in caught.value.reason


async def test_a_file_that_is_too_large_is_refused(tmp_path):
    file = tmp_path / "large.json"
    file.write_bytes(b" " * 101)

    async with httpx.AsyncClient(transport=PartnerTransport(largest_answer=100)) as http:
        with pytest.raises(AnswerTooLargeError):
            await http.get(f"file://localhost{file}")
