"""Where a request ends and what it is of is never guessed: what is not plain is parsed."""

import asyncio

import pytest

from tests.unit.web.varied import LENGTH, Passing, varied
from tests.unit.web.wire import request, to_reply

pytestmark = pytest.mark.anyio

GOOD = [varied({"first": n}) for n in (3, 4, 5, 1, 2)]
HEAD, BODY = GOOD[0].split(b"\r\n\r\n")
HEADERS = {"host": "mitra", "user-agent": "tests", "content-type": "application/json"}
END = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def headed(*lines: bytes, without: bytes = b"", body: bytes = BODY) -> bytes:
    """Return the request with more headers, and without one."""
    kept = [line for line in HEAD.split(b"\r\n") if not (without and line.startswith(without))]
    return b"\r\n".join((*kept, *lines)) + END + body


CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
ODD = {
    "too short a length": headed(b"content-length: 10", without=b"content-length"),
    "too long a length": headed(b"content-length: 999", without=b"content-length"),
    "two lengths": headed(b"content-length: %d" % LENGTH),
    "other lengths": headed(b"content-length: 10"),
    "signed length": headed(b"content-length: +%d" % LENGTH, without=b"content-length"),
    "padded length": headed(b"content-length: 0%d" % LENGTH, without=b"content-length"),
    "no length": headed(without=b"content-length"),
    "chunks": headed(b"transfer-encoding: chunked", without=b"content-length", body=CHUNKED),
    "chunks and length": headed(b"transfer-encoding: chunked", body=CHUNKED),
    "two hosts": headed(b"host: other"),
    "no host": headed(without=b"host"),
    "HTTP/1.0": GOOD[0].replace(b"HTTP/1.1", b"HTTP/1.0"),
    "HTTP/1.2": GOOD[0].replace(b"HTTP/1.1", b"HTTP/1.2"),
    "expecting": headed(b"expect: 100-continue"),
    "upgrade": headed(b"connection: upgrade", b"upgrade: h2c"),
    "websocket": headed(b"connection: upgrade", b"upgrade: websocket"),
    "last": headed(b"connection: close"),
    "folded": headed(b"x-a: b", b" c"),
    "bare LF": GOOD[0].replace(b"\r\n", b"\n"),
    "token": headed(b"authorization: Bearer ani"),
    "bad token": headed(b"authorization: Bearer else"),
    "id": headed(b"x-request-id: abcdefgh-1"),
    "proxy": headed(b"x-forwarded-for: 198.51.100.7"),
    "cost": headed(b"graphql-cost: 1"),
    "packed body": headed(b"content-encoding: gzip"),
    "two types": headed(b"content-type: text/plain"),
    "events": headed(b"accept: text/event-stream"),
    "elsewhere": GOOD[0].replace(b"POST /graphql", b"POST /elsewhere"),
    "put": GOOD[0].replace(b"POST", b"PUT"),
    "get": GOOD[0].replace(b"POST", b"GET"),
    "no JSON": HEAD + END + b"{".ljust(LENGTH),
    "no object": HEAD + END + b'"query"'.ljust(LENGTH),
    "batch": HEAD + END + b'[{"query": "{ __typename }"}]'.ljust(LENGTH),
    "mutation": varied({}, "mutation { __typename }"),
    "viewer": varied({}, "{ me { __typename } }"),
    "nothing": request("POST /graphql", {**HEADERS, "content-length": "0"}),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_what_is_out_of_the_ordinary_is_answered_as_without_forms(odd):
    hot, ordinary = Passing(), Passing(is_hot=False)
    await hot.learn(hot.connect(), *GOOD[3:])
    await ordinary.learn(ordinary.connect(), *GOOD[3:])

    said = []
    for served in (hot, ordinary):
        wire = served.connect()
        for _ in range(2):
            wire.protocol.data_received(odd)
            for _ in range(60):
                await asyncio.sleep(0)
        raw = bytes(wire.transport.written).replace(CONTINUE, b"")  # needless: it has come
        reply = to_reply(raw)
        told = reply and reply.lasting[:2]
        said.append((told, raw.count(b"HTTP/1.1 "), wire.transport.is_closed))
        wire.close()

    assert said[0] == said[1]
    assert (hot.at_once, hot.edge.contexts) == (0, ordinary.edge.contexts)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([GOOD[0] + GOOD[1]], id="two together"),
        pytest.param([GOOD[0] + b"\r\n"], id="with a line behind it"),
        pytest.param([b"\r\n" + GOOD[0]], id="with a line before it"),
        pytest.param([HEAD + END, BODY], id="head and body"),
        pytest.param([GOOD[0][:-1], GOOD[0][-1:]], id="all but one byte"),
        pytest.param([GOOD[0][:9], GOOD[0][9:]], id="begun before"),
    ],
)
async def test_what_does_not_come_alone_and_in_one_piece_is_parsed(pieces):
    served = Passing()
    await served.learn(served.connect(), *GOOD[3:])

    reply = await served.connect().send(*pieces)
    for _ in range(60):
        await asyncio.sleep(0)

    assert reply.status == 200
    assert served.passed == b"".join(pieces).count(b"POST ")


async def test_a_request_within_a_body_is_never_one():
    served = Passing()
    wire = served.connect()
    await served.learn(wire, *GOOD[3:])
    inner = GOOD[0]
    outer = request("POST /graphql", {**HEADERS, "content-length": str(len(inner))})

    replies = [await wire.send(outer, inner), await wire.send(outer + inner)]

    assert [each.status for each in replies] == [400, 400]
    assert served.edge.contexts == 2


async def test_who_does_not_read_is_not_answered_before_they_do():
    served = Passing()
    wire = served.connect()
    await served.learn(wire, *GOOD[3:])

    wire.protocol.pause_writing()
    wire.protocol.data_received(GOOD[0])
    wire.protocol.resume_writing()
    for _ in range(60):
        await asyncio.sleep(0)

    assert served.passed == 1
