"""One connection: requests after one another, a WebSocket, a client that goes."""

import socket
import time
from contextlib import ExitStack

from gateway.web.server.room import Room
from tests.integration.door.serving import (
    ANSWER,
    IDLE,
    QUESTION,
    SOON,
    Door,
    HastyProtocol,
    eventually,
    post,
    rest_of,
    served_door,
    status,
)


def test_a_connection_serves_one_request_after_the_other(door: Door):
    request = post(QUESTION)
    with door.connection() as client:
        for _ in range(3):
            client.sendall(request[:30])
            client.sendall(request[30:])
            found = b""
            while not found.endswith(ANSWER):
                found += client.recv(65_536)
        client.sendall(request + post(QUESTION, b"Connection: close"))  # not waiting
        found = rest_of(client)

    assert found.count(ANSWER) == 2


def test_a_websocket_goes_through_the_door_and_stays_open(door: Door):
    upgrade = (
        b"GET /socket HTTP/1.1\r\nHost: mitra\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with door.connection() as client:
        client.sendall(upgrade)

        answer = b""
        while b"still here" not in answer and (piece := client.recv(65_536)):
            answer += piece

    assert status(answer) == 101
    assert b"still here" in answer


def test_who_goes_ends_what_ran_for_them(door: Door):
    begun, given_up, tasks = door.begun, door.given_up, door.tasks()
    with door.connection() as client:
        slow = b'{"query": "query slow { me { __typename } }"}'
        client.sendall(post(slow, b"Authorization: Bearer ani"))
        eventually(lambda: door.begun > begun)
    gone_at = time.monotonic()
    eventually(lambda: door.given_up > given_up)

    assert time.monotonic() - gone_at < 1
    eventually(lambda: door.tasks() <= tasks)


def test_a_connection_is_kept_for_the_next_request_longer_than_a_head_is_waited_for(door: Door):
    with door.connection() as client:
        asked(client)
        time.sleep(2 * SOON)
        asked(client)
        answered_at = time.monotonic()
        rest = rest_of(client)

    assert rest == b""
    assert time.monotonic() - answered_at > IDLE - 0.1


def test_who_idles_makes_room_for_who_comes(monkeypatch):
    monkeypatch.setattr("gateway.web.server.room.PATIENCE_SECONDS", 0.0)
    with served_door(CrowdedProtocol) as door, ExitStack() as stack:
        first, second, third = (stack.enter_context(door.connection()) for _ in range(3))
        for client in (first, second, third):
            asked(client)

        late = stack.enter_context(door.connection())
        asked(late)

        assert rest_of(first) == b""
        for client in (second, third):
            asked(client)


def test_who_stops_waits_for_nobody_who_idles():
    with served_door() as door, door.connection() as client:
        asked(client)
        door.stop()
        began = time.monotonic()
        rest = rest_of(client)

    assert rest == b""
    assert time.monotonic() - began < IDLE / 2


class CrowdedProtocol(HastyProtocol):
    """The door, with room for three."""

    room = Room(3)


def asked(client: socket.socket) -> None:
    """Ask, and read the answer."""
    client.sendall(post(QUESTION))
    found = b""
    while not found.endswith(ANSWER):
        piece = client.recv(65_536)
        assert piece, "it is closed"
        found += piece
