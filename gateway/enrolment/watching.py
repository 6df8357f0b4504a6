"""Telling learners of changes: one look at the ledger for all who follow something.

A commit of this process is noticed at once, one of another process at the next look.  Who is
slow gets the newest state, not every one on the way; the events tell what was between.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy import Connection, select

from gateway.enrolment import ledger
from gateway.enrolment.filed import Filed, to_filed
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.sets import is_one_of
from schema.model.enrolment import LIVE, Enrolment
from schema.model.values import EnrolmentId, LearnerId

LOOK_SECONDS = 0.5
MOST_AT_ONCE = 500  # ids in one question

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Follower:
    """One who follows an enrolment, and the newest state that they have not been told."""

    seen: int
    latest: Enrolment | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, filed: Filed) -> None:
        """Keep what is newer than what they have seen."""
        if filed.version > self.seen:
            self.seen, self.latest = filed.version, filed.enrolment
            self.news.set()

    def take(self) -> Enrolment:
        """Return the newest state, which is none of news any more."""
        if self.latest is None:
            raise LookupError("there is no news")
        self.news.clear()
        return self.latest


class EnrolmentWatch:
    """Follows enrolments: implements `schema.enrolment_ports.EnrolmentWatch`."""

    def __init__(self, database: Database, look_seconds: float = LOOK_SECONDS) -> None:
        self._database = database
        self._look_seconds = look_seconds
        self._followers: defaultdict[EnrolmentId, set[_Follower]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def notify(self) -> None:
        """Look now: something was committed.  Call it on the loop that the watch runs on."""
        self._wake.set()

    async def follow(
        self, learner: LearnerId, enrolment_id: EnrolmentId, after: int = 0
    ) -> AsyncGenerator[Enrolment, None]:
        """Give a learner's enrolment as it stands, then at each change, until it has ended.

        What is not newer than version `after` is not given again.  Raises `LookupError` if it
        is not theirs.
        """
        follower = _Follower(seen=after)
        self._begin(enrolment_id, follower)
        try:
            mine = (enrolment.c.id == enrolment_id, enrolment.c.learner_id == learner)
            filed = await self._database.read(lambda c: ledger.read_filed(c, *mine))
            if filed is None:
                raise LookupError(enrolment_id)
            follower.tell(filed)
            while follower.news.is_set() or filed.enrolment.status in LIVE:
                await follower.news.wait()
                shown = follower.take()
                yield shown
                if shown.status not in LIVE:
                    return
        finally:
            self._end(enrolment_id, follower)

    def _begin(self, enrolment_id: EnrolmentId, follower: _Follower) -> None:
        self._followers[enrolment_id].add(follower)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking())

    def _end(self, enrolment_id: EnrolmentId, follower: _Follower) -> None:
        self._followers[enrolment_id].discard(follower)
        if not self._followers[enrolment_id]:
            del self._followers[enrolment_id]
        self._wake.set()

    async def _keep_looking(self) -> None:
        """Look until nobody follows anything any more."""
        while self._followers:
            try:
                await self._look()
            except Exception as exc:  # noqa: BLE001 - it is looked again
                log.error("watch.look_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._wake.wait()
            self._wake.clear()

    async def _look(self) -> None:
        followed = list(self._followers)
        for start in range(0, len(followed), MOST_AT_ONCE):
            read = partial(_read, ids=followed[start : start + MOST_AT_ONCE])
            for filed in await self._database.read(read):
                for follower in self._followers.get(filed.enrolment.id, ()):
                    follower.tell(filed)


def _read(connection: Connection, ids: Sequence[EnrolmentId]) -> Sequence[Filed]:
    rows = connection.execute(select(enrolment).where(is_one_of(connection, enrolment.c.id, ids)))
    return [to_filed(row) for row in rows]
