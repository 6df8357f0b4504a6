"""How a partner under drill treats a request: the middleware that makes it so, and who chooses.

A partner that fails or hangs does so before or after the request has taken effect.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LONGEST_HANG_SECONDS = 60.0
_LEARNER = re.compile(rb"drill-([a-z_]+)-(\d+)")


class Behaviour(StrEnum):
    """What a learner's first booking meets at the partner; the learner's name says it."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    HANGS = "hangs"
    COMMITS_THEN_DROPS = "commits_then_drops"
    ANSWERS_TWICE = "answers_twice"


def learner_who(behaviour: Behaviour, number: int) -> str:
    """Return the name of the learner of this number who meets this behaviour."""
    return f"drill-{behaviour}-{number:06d}"


class Conduct(StrEnum):
    """What becomes of one request."""

    ANSWER = "answer"
    ANSWER_TWICE = "answer_twice"
    FAIL_BEFORE = "fail_before"
    FAIL_AFTER = "fail_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    THROTTLE = "throttle"


C = Conduct
HANGING = (C.HANG_BEFORE, C.HANG_AFTER)
FAILING = (C.FAIL_BEFORE, C.FAIL_AFTER, C.DROP_BEFORE, C.DROP_AFTER, C.THROTTLE)
_WITHOUT_EFFECT = {C.FAIL_BEFORE, C.DROP_BEFORE, C.HANG_BEFORE, C.THROTTLE}

Choose = Callable[[str, bytes], Conduct]  # by method and body


class ByLearner:
    """The first booking of a learner meets what their name says; all else is answered."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()

    def __call__(self, method: str, body: bytes) -> Conduct:
        found = _LEARNER.search(body) if method == "POST" else None
        if found is None or found[0] in self._met:
            return C.ANSWER
        self._met.add(found[0])
        match Behaviour(found[1].decode()):
            case Behaviour.HANGS:
                return HANGING[int(found[2]) % 2]
            case Behaviour.COMMITS_THEN_DROPS:
                return C.DROP_AFTER
            case Behaviour.ANSWERS_TWICE:
                return C.ANSWER_TWICE
        return C.ANSWER


class Weather:
    """Any request may fail or hang, at these rates while the weather is bad."""

    def __init__(self, failing: float, hanging: float, seed: int) -> None:
        self._failing, self._hanging = failing, hanging
        self._dice = random.Random(seed)
        self.is_bad = False
        self.seen: Counter[Conduct] = Counter()

    def __call__(self, method: str, body: bytes) -> Conduct:
        del method, body
        if not self.is_bad:
            return C.ANSWER
        conduct = self._roll()
        self.seen[conduct] += 1
        return conduct

    def _roll(self) -> Conduct:
        rolled = self._dice.random()
        if rolled < self._hanging:
            return self._dice.choice(HANGING)
        if rolled < self._hanging + self._failing:
            return self._dice.choice(FAILING)
        return C.ANSWER


def build_middleware(choose: Choose) -> Middleware:
    """Return the middleware that treats every request as `choose` says."""

    @web.middleware
    async def treat(request: web.Request, handler: Handler) -> web.StreamResponse:
        conduct = choose(request.method, await request.read())
        answer = web.Response(status=500) if conduct in _WITHOUT_EFFECT else await handler(request)
        match conduct:
            case C.FAIL_AFTER:
                return web.Response(status=502)
            case C.THROTTLE:
                return web.Response(status=429, headers={"Retry-After": "0"})
            case C.DROP_BEFORE | C.DROP_AFTER:
                _hang_up(request)
            case C.HANG_BEFORE | C.HANG_AFTER:
                await _hang(request)
            case C.ANSWER_TWICE:
                await _answer_twice(request, answer)
        return answer

    return treat


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _hang(request: web.Request) -> None:
    """Say nothing until the other side gives up."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + LONGEST_HANG_SECONDS
    while request.transport is not None and loop.time() < ends:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.1)
    _hang_up(request)


async def _answer_twice(request: web.Request, answer: web.StreamResponse) -> None:
    """Write the answer, and behind it the very same once more."""
    await answer.prepare(request)
    await answer.write_eof()
    body = bytes(answer.body) if isinstance(answer, web.Response) and answer.body else b""
    head = f"HTTP/1.1 {answer.status} Again\r\nContent-Type: {answer.content_type}\r\n"
    if request.transport is not None:
        request.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
