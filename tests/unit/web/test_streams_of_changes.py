"""A change that was asked for by a stream: once it has begun it is done, whoever goes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.execution.engine import Question
from gateway.web.streams.results import stream
from tests.unit.schema.api import Api, a_learner
from tests.unit.web.edge import build_engine

pytestmark = pytest.mark.anyio

ENROL = """mutation ($offering: ID!) {
  enrol(input: {offeringId: $offering, idempotencyKey: "k"}) { userErrors { code } }
}"""


class SlowDesk:
    """Records a wish no sooner than it may."""

    def __init__(self) -> None:
        self.has_begun, self.may_end, self.has_ended = (asyncio.Event() for _ in range(3))

    async def enrol(self, _wish: Any) -> Any:
        self.has_begun.set()
        await self.may_end.wait()
        self.has_ended.set()


def enrolling(desk: SlowDesk) -> AsyncGenerator[Any, None]:
    api, engine = Api(), build_engine()
    api.enrolments = desk  # type: ignore[assignment]
    prepared = engine.prepare(Question(ENROL, variables={"offering": "any"}))
    return stream(engine, prepared, lambda: api.context(a_learner()))


async def test_a_change_that_has_begun_is_done_and_waited_for():
    desk = SlowDesk()
    hearing = asyncio.create_task(anext(enrolling(desk)))
    await desk.has_begun.wait()

    hearing.cancel()
    asyncio.get_running_loop().call_soon(desk.may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await hearing

    assert desk.has_ended.is_set()


async def test_a_change_is_done_though_nobody_waits_for_it_any_more():
    desk = SlowDesk()
    hearing = asyncio.create_task(anext(enrolling(desk)))
    await desk.has_begun.wait()

    while not hearing.done():
        hearing.cancel()
        await asyncio.sleep(0)
    desk.may_end.set()

    async with asyncio.timeout(5):
        await desk.has_ended.wait()
