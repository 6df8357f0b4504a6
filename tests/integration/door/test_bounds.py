"""What is too much or too slow is refused."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.integration.door.serving import (
    ANSWER,
    GET,
    LATEST,
    POST,
    QUESTION,
    SOON,
    Door,
    post,
    rest_of,
    status,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (GET + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n", 431),
        (GET + b"X-A: " + b"a" * 64_000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1_000) for n in range(40)) + b"\r\n", 431),
        (GET + b"X-A: " + b"a" * 300_000, 431),  # it never ends
        (b"GET /graphql?query=" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: mitra\r\n\r\n", 414),
        (b"GET /graphql?query=" + b"a" * 300_000, 414),
    ],
    ids=["many", "long", "together", "endless", "address", "endless address"],
)
def test_too_much_before_a_body_is_refused(door: Door, raw: bytes, expected: int):
    assert status(door.answer(raw)) == expected


def test_what_is_large_but_within_bounds_is_read(door: Door):
    headers = [b"X-%d: %s" % (n, b"a" * 300) for n in range(90)]

    assert door.answer(post(QUESTION, *headers, b"Connection: close")).endswith(ANSWER)


@pytest.mark.parametrize("start", [b"P", POST, POST + b"X-A"])
def test_headers_that_do_not_come_are_408_and_ended(door: Door, start: bytes):
    began = time.monotonic()
    answer = door.answer(start)

    assert status(answer) == 408
    assert time.monotonic() - began < LATEST


@pytest.mark.parametrize("start", [b"", b"\r\n"])
def test_who_says_nothing_is_let_go(door: Door, start: bytes):
    assert door.answer(start) == b""


def test_dripping_does_not_gain_time(door: Door):
    began = time.monotonic()
    with door.connection() as client, suppress(ConnectionError):
        for byte in POST + b"X-A: " + b"a" * 1_000:
            client.sendall(bytes([byte]))
            time.sleep(0.02)

    assert time.monotonic() - began < 10 * SOON


def test_slow_clients_harm_no_others(door: Door):
    with half_open(door, 50):
        answer = door.answer(post(QUESTION, b"Connection: close"))

    assert answer.endswith(ANSWER)


@contextmanager
def half_open(door: Door, count: int) -> Iterator[None]:
    """Keep so many connections open that have said half of a header."""
    clients = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(count)]
    try:
        for client in clients:
            client.sendall(POST[:20])
        yield
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 10000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["told", "chunked"],
)
def test_a_large_body_is_413_and_heard_by_who_goes_on_sending(door: Door, head: bytes):
    piece = b" " * 100_000
    if b"chunked" in head:
        piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    with door.connection() as client:
        client.sendall(POST + head)
        for _ in range(30):
            client.sendall(piece)
        answer = rest_of(client)

    assert status(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"] == {
        "code": "BODY_TOO_LARGE"
    }


def test_who_does_not_read_is_cut_off(door: Door):
    with door.connection(SO_RCVBUF=4_096) as client:
        client.sendall(b"GET /big HTTP/1.1\r\nHost: mitra\r\n\r\n")
        time.sleep(3 * SOON)  # until the server has given it up
        found = rest_of(client)

    assert len(found) < 20_000_000
