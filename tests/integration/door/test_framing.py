"""What could be read in two ways is refused: no stranger writes another's request."""

import socket
import time

import pytest

from tests.integration.door.serving import (
    ANSWER,
    GET,
    MUTATION,
    POST,
    QUESTION,
    SOON,
    Door,
    post,
    rest_of,
    status,
)

CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(QUESTION), QUESTION)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and encoding",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            id="encoding and length",
        ),
        pytest.param(
            POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", id="two lengths"
        ),
        pytest.param(post(QUESTION, length=len(QUESTION) - 4), id="more than its length"),
        pytest.param(post(QUESTION, b"Connection: close") + b"more", id="more after the last"),
        pytest.param(POST + b"Content-Length: +4\r\n\r\nabcd", id="signed length"),
        pytest.param(GET + b"X-A: b\r\n c\r\n\r\n", id="folded header"),
        pytest.param(GET + b"X-A: b\rX-B: c\r\n\r\n", id="bare CR"),
        pytest.param(GET + b"X-A: b\nX-B: c\r\n\r\n", id="bare LF"),
        pytest.param(GET + b"X-A: b\0c\r\n\r\n", id="NUL"),
        pytest.param(GET + b"X-A : b\r\n\r\n", id="space before the colon"),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\n", id="another encoding"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n", id="unknown encoding"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", id="chunks by bare LF"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS, id="two encodings"
        ),
        pytest.param(
            POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
            id="chunks before they were known",
        ),
        pytest.param(post(QUESTION, b"Host: another"), id="two hosts"),
        pytest.param(post(QUESTION).replace(b"Host", b"Hast"), id="no host"),
        pytest.param(b"CONNECT mitra:443 HTTP/1.1\r\nHost: mitra\r\n\r\n", id="tunnel"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", id="address that is not ASCII"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
    ],
)
def test_what_can_be_read_in_two_ways_is_400_and_ends(door: Door, raw: bytes):
    answer = door.answer(raw)

    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_a_body_is_one_whatever_other_protocol_is_asked_for(
    door: Door, protocol: bytes, pieces: int
):
    hidden = post(MUTATION, b"Connection: close")
    head = post(b"", b"Connection: Upgrade", b"Upgrade: " + protocol, length=len(hidden))
    before = door.edge.contexts

    with door.connection() as client:
        for piece in (head + hidden,) if pieces == 1 else (head, hidden):
            client.sendall(piece)
            time.sleep(SOON / 3)
        client.shutdown(socket.SHUT_WR)
        answer = rest_of(client)

    assert status(answer) == 400  # a request is no JSON
    assert answer.count(b"HTTP/1.1 ") == 1
    assert door.edge.contexts == before


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_who_asks_for_another_protocol_with_a_body_is_answered_in_this_one(
    door: Door, protocol: bytes
):
    with door.connection() as client:
        client.sendall(post(QUESTION, b"Connection: Upgrade", b"Upgrade: " + protocol))
        client.sendall(post(QUESTION, b"Connection: close"))
        answer = rest_of(client)

    assert answer.count(ANSWER) == 2


def test_nothing_is_run_of_what_is_followed_by_garbage(door: Door):
    before = door.edge.contexts

    answer = door.answer(post(MUTATION) + b"garbage")

    assert status(answer) == 400
    assert door.edge.contexts == before


def test_a_header_after_the_body_is_none(door: Door):
    chunks = b"%x\r\n%s\r\n0\r\nAuthorization: Bearer ani\r\n\r\n" % (len(QUESTION), QUESTION)

    assert status(door.answer(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) == 400


def test_a_body_that_ends_too_soon_is_400(door: Door):
    assert status(door.answer(post(QUESTION, length=500), ends=True)) == 400


def test_a_body_of_which_the_rest_does_not_come_is_408(door: Door):
    answer = door.answer(post(QUESTION, length=500))

    assert status(answer) == 408
    assert b"connection: close" in answer.lower()
