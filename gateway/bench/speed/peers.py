"""Other GraphQL gateways in front of ours, as whoever measures would start them."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException

import orjson

from gateway.bench.processes import Served, UnansweredError, started
from gateway.bench.servers import free_port
from gateway.bench.speed import questions

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A gateway by name, and the command that starts it.

    In the command `{port}` is where it must answer `/graphql`, `{upstream}` our address.
    """

    name: str
    command: str


def to_peer(text: str) -> Peer:
    """Read `NAME=COMMAND`.  Raises `ValueError`."""
    name, _, command = text.partition("=")
    if not name.isidentifier() or "{port}" not in command:
        raise ValueError(f"{text!r}: write NAME=COMMAND, with {{port}} and {{upstream}} in it")
    return Peer(name, command)


@contextmanager
def running_peer(peer: Peer, upstream: Served) -> Iterator[Served]:
    """Run a peer until the block ends; give it once it answers the hot question."""
    port, address = free_port(), f"http://127.0.0.1:{upstream.port}/graphql"
    told = {"{port}": str(port), "{upstream}": address}
    command = shlex.split(peer.command)
    for name, value in told.items():
        command = [word.replace(name, value) for word in command]
    with started(command) as process:
        served, deadline = Served(port, process.pid), time.monotonic() + START_SECONDS
        while not _answers(served):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the peer {peer.name} does not answer: {shlex.join(command)}")
            time.sleep(0.2)
        yield served


def _answers(served: Served) -> bool:
    try:
        served.ask(questions.hot())
    except (OSError, HTTPException, UnansweredError, orjson.JSONDecodeError):
        return False  # not yet
    return True
