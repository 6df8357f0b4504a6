"""The next page is under way while the present one is staged, and only the next."""

import asyncio

import pytest

from adapters.base import Cursor, NotModified, Page, Validators
from adapters.errors import PartnerUnavailableError
from gateway.catalogue.ahead import Ahead
from schema.model.values import PartnerCode

pytestmark = pytest.mark.anyio
TWO = Cursor("2")


class Wire:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.asked: list[Cursor | None] = []
        self.go = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, cursor: Cursor | None, known: Validators | None) -> Page | NotModified:
        self.asked.append(cursor)
        await self.go.wait()
        if self.failure:
            raise self.failure
        return Page()


async def test_a_page_that_was_begun_is_not_asked_for_twice():
    wire = Wire()
    wire.go.set()

    async with Ahead(wire) as ahead:
        ahead.begin(TWO)
        await asyncio.sleep(0)
        assert wire.asked == [TWO]
        await ahead.fetch(TWO, None)

    assert wire.asked == [TWO]


async def test_the_end_begins_nothing_and_another_cursor_is_asked_for():
    wire = Wire()
    wire.go.set()

    async with Ahead(wire) as ahead:
        ahead.begin(None)
        await ahead.fetch(None, None)

    assert wire.asked == [None]


async def test_a_failure_is_raised_when_the_page_is_wanted_and_asked_again_after():
    wire = Wire()
    wire.failure = PartnerUnavailableError(PartnerCode("tokopedia"), "down")
    wire.go.set()

    async with Ahead(wire) as ahead:
        ahead.begin(TWO)
        with pytest.raises(PartnerUnavailableError):
            await ahead.fetch(TWO, None)
        wire.failure = None
        assert await ahead.fetch(TWO, None) == Page()

    assert wire.asked == [TWO, TWO]


async def test_a_walk_that_ends_gives_up_what_is_under_way():
    wire, before = Wire(), asyncio.all_tasks()

    async with Ahead(wire) as ahead:
        ahead.begin(TWO)
        await asyncio.sleep(0)

    assert wire.asked == [TWO]
    assert asyncio.all_tasks() == before
