"""A gateway's process under drill: it enrols until it is killed, or settles what another left.

What it has to say goes through a pipe at once, as a reply goes to a client: what was said
before the kill was said.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection

from gateway.enrolment.courier import Courier
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import PartnerReport
from gateway.telemetry import configure_logging
from schema.model.values import LearnerId, Reference
from tests.drills.conduct import Behaviour
from tests.drills.points import (
    AT_THE_DATABASE,
    Point,
    courier_dying_after_writing,
    die,
    guard_for,
    kill_at_wire,
    kill_in_database,
)
from tests.drills.station import Site, Station, Wish

PATIENCE_SECONDS = 20.0  # until a process that should have died says that it did not
LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client was told: the enrolment, or the codes of refusals."""

    learner: str
    enrolment: str | None
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survived:
    """The process was not killed where it should have been."""


@dataclass(frozen=True, slots=True)
class Converged:
    """Everything is settled, so many seconds after the restart; None: not in time."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Crash:
    """To enrol in all wishes and to die at `point` with the last one; `pause` is before a reply."""

    site: Site
    wishes: Sequence[Wish]
    point: Point
    pause: float

    @property
    def doomed(self) -> str:
        """With whom the process dies."""
        return self.wishes[-1].learner


@dataclass(frozen=True, slots=True)
class Restart:
    """To ask once more under the same keys, and to settle all, within `limit` of `began`.

    `ahead` sets the clock: a drill in a hurry does not wait for a dead process's leases.
    """

    site: Site
    wishes: Sequence[Wish]
    began: float
    limit: float
    ahead: timedelta


def run_crash(there: Connection, crash: Crash) -> None:
    """Enrol, and be killed."""
    configure_logging("console", level=logging.CRITICAL)
    asyncio.run(_crash(there, crash))


def run_restart(there: Connection, restart: Restart) -> None:
    """Settle what the killed process has left, and say when it is done."""
    configure_logging("console", level=logging.CRITICAL)
    asyncio.run(_restart(there, restart))


async def _crash(there: Connection, crash: Crash) -> None:
    point, doomed = crash.point, crash.doomed
    is_late = point is Point.AFTER_STATE_WRITTEN
    station = Station(
        crash.site,
        courier_kind=courier_dying_after_writing(doomed) if is_late else Courier,
        guard=guard_for(point, doomed),
    )
    if point in AT_THE_DATABASE:
        kill_in_database(station.ledger, point, doomed)
    kill_at_wire(point, doomed)
    async with station.running():
        for wish in crash.wishes:
            await station.learners.read_or_provision(LearnerId(wish.learner))
        # all at once: the first goes alone, and the doomed shares a transaction with the others
        others = [_ask(station, wish, there) for wish in crash.wishes[:-1]]
        await asyncio.gather(*others, _ask(station, crash.wishes[-1], there, crash))
        await asyncio.sleep(PATIENCE_SECONDS)
        there.send(Survived())


async def _ask(
    station: Station, wish: Wish, there: Connection, crash: Crash | None = None
) -> Reply:
    """Enrol and tell the client, unless the process is to die before that."""
    outcome = await station.enrol(wish)
    if crash is not None and crash.point is Point.BEFORE_REPLY:
        await asyncio.sleep(crash.pause)
        die()
    told = outcome.enrolment.id if outcome.enrolment else None
    reply = Reply(wish.learner, told, tuple(refusal.code for refusal in outcome.refusals))
    there.send(reply)
    return reply


async def _restart(there: Connection, restart: Restart) -> None:
    station = Station(restart.site, ahead=restart.ahead)
    async with station.running():
        replies = await asyncio.gather(*(_ask(station, w, there) for w in restart.wishes))
        seconds = await _wait_until_settled(station, restart)
        for wish, reply in zip(restart.wishes, replies, strict=True):
            await _report_twice(station, wish, reply)
        await _wait_until_settled(station, restart)
        there.send(Converged(seconds))


async def _wait_until_settled(station: Station, restart: Restart) -> float | None:
    """Return how long after the restart all was settled; None if it took too long."""
    while (since := time.monotonic() - restart.began) < restart.limit:
        if (await station.backlog()).is_empty:
            return since
        await asyncio.sleep(LOOK_SECONDS)
    return None


async def _report_twice(station: Station, wish: Wish, reply: Reply) -> None:
    """Let a partner that says things twice also report by itself what it has answered."""
    if Behaviour.ANSWERS_TWICE not in wish.learner or reply.enrolment is None:
        return
    reference, now = Reference(f"mitra-{reply.enrolment}"), station.now()
    for _ in range(2):
        await station.reports.apply(PartnerReport(wish.partner, reference, Said.CONFIRMED, now))
