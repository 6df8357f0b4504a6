"""However a network cuts or joins what clients send, each request gets its own answer, in turn."""

import asyncio
import json
from itertools import pairwise
from random import Random

import pytest

from tests.unit.web.edge import Edge
from tests.unit.web.wire import Reply, Served, Wire, get, post, to_reply

pytestmark = pytest.mark.anyio

NAMES = ("aa", "bb", "cc")  # of one length: heads are the same, whatever is asked
ROUNDS = 60


def asking(name: str, **headers: str) -> bytes:
    return post({"query": f"{{ courses {{ nodes {{ {name}: id }} }} }}"}, **headers)


def by_variables(dice: Random, name: str) -> bytes:
    """Return a question that the form of the others has, and that was hardly asked before."""
    told = ", ".join(f"${each}: Boolean = false" for each in NAMES)
    fields = " ".join(f"{each}: id @include(if: ${each})" for each in NAMES)
    query = f"query ($first: Int, {told}) {{ courses(first: $first) {{ nodes {{ {fields} }} }} }}"
    return post({"query": query, "variables": {name: True, "first": dice.randrange(10, 100)}})


def a_get(name: str) -> bytes:
    query = f"query=%7Bcourses%7Bnodes%7B{name}%3Aid%7D%7D%7D"
    return get(query, graphql_require_preflight="1")


def named(reply: Reply) -> str:
    """Return which question was answered."""
    [name] = json.loads(reply.body)["data"]["courses"]["nodes"][0]
    return str(name)


async def settle(wire: Wire, count: int) -> list[Reply]:
    """Return the answers that have come, once there are so many or nothing more comes."""
    for _ in range(3_000):
        raw, found = bytes(wire.transport.written), []
        while reply := to_reply(raw):
            length = int(reply.headers["content-length"])
            found.append(Reply(reply.status, reply.headers, reply.body[:length]))
            raw = reply.body[length:]
        if len(found) >= count:
            return found
        await asyncio.sleep(0)
    raise AssertionError(f"{len(found)} answers of {count}")


def cut(dice: Random, sent: bytes) -> list[bytes]:
    """Return what was sent in pieces, cut anywhere; oftenest where a head or a request ends."""
    ends = [at + 4 for at in range(len(sent)) if sent.startswith(b"\r\n\r\n", at)]
    ends += [at for at in range(1, len(sent)) if sent.startswith((b"POST ", b"GET "), at)]
    cuts = {dice.randrange(1, len(sent)) for _ in range(dice.choice((0, 1, 1, 3)))}
    cuts |= {at for at in ends if dice.random() < 0.4}
    places = [0, *sorted(cuts - {0, len(sent)}), len(sent)]
    return [sent[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("seed", range(4))
async def test_requests_cut_and_joined_anywhere_are_answered_as_in_one_piece(seed):
    dice, served = Random(seed), Served(Edge())
    forms = {
        "post": asking,
        "get": a_get,
        "token": lambda n: asking(n, authorization="Bearer ani"),
        "variables": lambda n: by_variables(dice, n),
    }
    for form in forms.values():
        for name in NAMES * 3:
            await served.connect().send(form(name))
    wire = served.connect()

    for _ in range(ROUNDS):
        wanted = [dice.choice(NAMES) for _ in range(dice.choice((1, 1, 2, 3)))]
        sent = b"".join(forms[dice.choice(list(forms))](name) for name in wanted)
        wire.transport.written.clear()
        for piece in cut(dice, sent):
            wire.protocol.data_received(piece)
            if dice.random() < 0.5:
                for _ in range(dice.choice((1, 30))):
                    await asyncio.sleep(0)
        replies = await settle(wire, len(wanted))

        assert [named(reply) for reply in replies] == wanted
        assert not wire.transport.is_closed
