"""How soon a block on a whole partner is seen, and how soon its end is."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.bench.syncing import Place, to_config
from gateway.catalogue.blocks import POLL_SECONDS, BlockFollower
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.places import nobody_booked
from gateway.catalogue.store import CatalogueStore
from gateway.clock import utc_now
from gateway.telemetry import configure_logging
from schema.model.blocks import Block, BlockScope
from schema.ports import CourseQuery, Window


@dataclass(frozen=True, slots=True)
class Turn:
    """What it took until all courses of a partner were hidden, or shown again.

    A process that did not hear of the block itself looks for news every half second, which comes
    on top of `seen_seconds`.
    """

    seen_seconds: float  # from the news to the first answer that heeds it
    seen_cpu_seconds: float
    stored_seconds: float  # until the catalogue's database says so, too
    followed_seconds: float  # until the process has followed that


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """A block on the partner of all `courses`, and its end."""

    courses: int
    begun: Turn
    lifted: Turn

    @property
    def seconds(self) -> float:
        """From the block until the last process shows none of the courses, at most."""
        return POLL_SECONDS + self.begun.seen_seconds


class _Log:
    """The ledger's block log, of one block that stands or not."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._number = 0
        self._stands = False

    def turn(self) -> None:
        self._number, self._stands = self._number + 1, not self._stands

    async def read_number(self) -> int:
        return self._number

    async def read_standing(self) -> tuple[int, Sequence[Block]]:
        return self._number, ([self._block] if self._stands else [])


def measure_blocking(place: Place) -> BlockFigures:
    """Block the partner of a catalogue that was synced, and lift that again."""
    configure_logging("console", level=logging.ERROR)
    return asyncio.run(_measure_blocking(place))


async def _measure_blocking(place: Place) -> BlockFigures:
    now = utc_now()
    block = Block(1, BlockScope.PARTNER, place.code, "bench", "bench", now, now, "bench")
    database, log = place.database("catalogue"), _Log(block)
    try:
        follower = CatalogueFollower(CatalogueStore(database), [to_config(place)], utc_now)
        await follower.refresh()
        courses = _count_shown(follower)
        blocks = BlockFollower(log, database, utc_now, hide=follower.hide_blocked)
        begun, lifted = [await _turn(log, follower, blocks, left) for left in (0, courses)]
    finally:
        database.close()
    return BlockFigures(courses, begun, lifted)


async def _turn(log: _Log, follower: CatalogueFollower, blocks: BlockFollower, left: int) -> Turn:
    log.turn()
    began, worked = time.perf_counter(), time.process_time()
    await follower.hide_blocked(*await log.read_standing())
    shown = _count_shown(follower)
    seen, worked = time.perf_counter(), time.process_time() - worked
    if shown != left:
        raise RuntimeError(f"{shown} courses are shown, not {left}")
    await blocks.follow()
    stored = time.perf_counter()
    await follower.refresh()
    followed = time.perf_counter()
    return Turn(seen - began, worked, stored - seen, followed - stored)


def _count_shown(follower: CatalogueFollower) -> int:
    reader = follower.reader(utc_now(), nobody_booked)
    return reader.courses(CourseQuery(search=None), Window(first=1)).total
