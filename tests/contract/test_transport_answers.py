"""What the transport takes for an answer: packed, large, lying or redirecting, on a real socket."""

import asyncio
import gzip

import httpx
import pytest

from adapters.addresses import THIS_MACHINE
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerContractError,
    PartnerUnavailableError,
)
from adapters.transport import (
    AnswerTooLargeError,
    PartnerTransport,
)
from tests.contract.misbehaving import OK, answer_of, client_of, port_of, serving

pytestmark = pytest.mark.anyio


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
