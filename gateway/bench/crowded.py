"""Enrolling, and asking for one's enrolments, in a ledger that is empty and in one that is full.

Both are databases of one PostgreSQL server, asked in turns; what is compared is how long the
slowest hundredth waits.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path

import psycopg
from strawberry import Schema

from gateway.bench.crowd import bring_in
from gateway.bench.enrolment import Pace, Say
from gateway.bench.population import fill, read_sample
from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.stand import Stand, make_stand
from gateway.clock import utc_now
from schema.build import build_schema
from schema.context import Context
from schema.model.values import LearnerId
from schema.model.viewer import Role, Viewer

CALLERS = 4
ROOMY = {"shared_buffers": "2GB", "max_wal_size": "4GB"}  # a server for so much
PER_SECOND = 2_000  # learners that are made ready per second of measuring
MY_ENROLMENTS = """{
  me { balance { amount } enrolments(first: 20) {
    totalCount pageInfo { hasNextPage }
    edges { node { id status price { amount } reference createdAt } }
  } }
}"""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the slowest hundredth waits in an empty ledger and in a full one: medians of rounds."""

    empty_p99_ms: float
    full_p99_ms: float
    empty_p50_ms: float
    full_p50_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes in the full one."""
        return self.full_p99_ms / self.empty_p99_ms


@dataclass(frozen=True, slots=True)
class CrowdedFigures:
    """What a full ledger changes, with so many callers at a time."""

    learners: int
    enrolments: int
    callers: int
    enrol: Compared
    my_enrolments: Compared


def measure_crowded(
    server: str, folder: Path, learners: int, enrolments: int, pace: Pace, say: Say
) -> CrowdedFigures:
    """Fill a database of `server`, leave another empty, and compare."""
    stands = {}
    for name in ("empty", "full"):
        with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE bench_{name}")
        stands[name] = make_stand(folder, f"{server}/bench_{name}")
    fill(f"{server}/bench_full", learners, enrolments, say)
    wanted = int(PER_SECOND * pace.seconds * (pace.rounds + 1))
    known = [LearnerId(each) for each in read_sample(f"{server}/bench_full", wanted)]
    enrol, asked = asyncio.run(_compare(stands["empty"](), stands["full"](), known, pace, say))
    return CrowdedFigures(learners, enrolments, CALLERS, enrol, asked)


async def _compare(
    empty: Stand, full: Stand, known: Sequence[LearnerId], pace: Pace, say: Say
) -> tuple[Compared, Compared]:
    numbers, waiting = count(), iter(known)
    fresh = [LearnerId(f"bench-{next(numbers)}") for _ in known]
    await bring_in(empty.ledger, fresh, utc_now())
    coming, schema = iter(fresh), build_schema(lambda _error, _id: None)
    gc.collect()
    gc.freeze()  # as a process that serves does: what stays is not looked through again and again
    try:
        enrol = await _take_turns(
            lambda: _enrol(empty, coming, pace), lambda: _enrol(full, waiting, pace), pace
        )
        say(f"enrol: {enrol}")
        asked = await _take_turns(
            lambda: _ask(schema, empty, fresh, pace), lambda: _ask(schema, full, known, pace), pace
        )
        say(f"me {{ enrolments }}: {asked}")
    finally:
        gc.unfreeze()
        empty.close()
        full.close()
    return enrol, asked


async def _take_turns(
    in_empty: Callable[[], Awaitable[Waits]], in_full: Callable[[], Awaitable[Waits]], pace: Pace
) -> Compared:
    await in_empty()  # warm up
    await in_full()
    rounds = [(await in_empty(), await in_full()) for _ in range(pace.rounds)]
    return Compared(
        empty_p99_ms=statistics.median(empty.p99_ms for empty, _ in rounds),
        full_p99_ms=statistics.median(full.p99_ms for _, full in rounds),
        empty_p50_ms=statistics.median(empty.p50_ms for empty, _ in rounds),
        full_p50_ms=statistics.median(full.p50_ms for _, full in rounds),
    )


async def _enrol(stand: Stand, learners: Iterator[LearnerId], pace: Pace) -> Waits:
    rate = await stand.enrol_all(learners, CALLERS, pace.seconds)
    if rate.refused:
        raise RuntimeError(f"{rate.refused} enrolments were refused: nothing was measured")
    return rate.waits


async def _ask(schema: Schema, stand: Stand, learners: Sequence[LearnerId], pace: Pace) -> Waits:
    """Ask, in the name of one learner after the other, for what they have."""
    asked, waits = count(), list[float]()
    ends = time.perf_counter() + pace.seconds

    async def ask() -> None:
        while (began := time.perf_counter()) < ends:
            await _ask_for(schema, stand, learners[next(asked) % len(learners)])
            waits.append(time.perf_counter() - began)

    await asyncio.gather(*(ask() for _ in range(CALLERS)))
    return to_waits(waits)


async def _ask_for(schema: Schema, stand: Stand, learner: LearnerId) -> None:
    ports = dict.fromkeys(each.name for each in fields(Context))  # the question asks one of them
    viewer = Viewer(frozenset({Role.LEARNER}), learner=learner)
    context = Context(**{**ports, "enrolments": stand.service, "now": utc_now(), "viewer": viewer})  # type: ignore[arg-type]
    result = await schema.execute(MY_ENROLMENTS, context_value=context)
    if result.errors or not result.data:
        raise RuntimeError(f"the question was not answered: {result.errors}")
