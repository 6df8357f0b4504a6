"""Many processes after few seats: every seat is given once, and everybody else is told.

Each attempt is another learner's, through `EnrolmentService` and a database that the
processes share.  The seed decides who asks where, in which order, and how many at a time.
"""

import asyncio
import logging
import multiprocessing
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select

from gateway.bench.crowd import bring_in
from gateway.clock import utc_now
from gateway.enrolment.learners import ImportedLearners
from gateway.enrolment.places import set_quota
from gateway.enrolment.service import EnrolmentService
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, idempotency_key, learner, outbox
from gateway.storage.migrate import upgrade
from gateway.storage.settling_tables import quota
from gateway.telemetry import configure_logging
from schema.model.catalogue import ListedCourse, Offering, Session
from schema.model.enrolment import EnrolErrorCode, EnrolOutcome, EnrolRequest
from schema.model.values import (
    CourseId,
    EnrolmentMode,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    RemoteId,
)
from schema.ports import OfferingFact

PRICE = 350_000
ASKING_AT_ONCE = (4, 64)  # learners per process, from and to
HEAD_START = 0.5  # seconds in which all processes get ready
_FULL = str(EnrolErrorCode.COURSE_FULL)
_AGAIN = str(EnrolErrorCode.IN_PROGRESS)
_ACCEPTED, _WAITS = "RESERVED", "WAITLISTED"


@dataclass(frozen=True, slots=True)
class Rush:
    """How many come for how few seats, from how many processes."""

    attempts: int = 10_000
    seats: int = 100
    waiting_places: int = 0
    processes: int = 4


@dataclass(frozen=True, slots=True)
class RushResult:
    """What came of one rush; `faults` says what must not be."""

    seed: int
    answers: Counter[str]
    seconds: float
    slowest_seconds: float
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process does in a rush."""

    url: str
    offering: Offering
    learners: Sequence[LearnerId]
    at_once: int
    starts_at: float


def run_rushes(
    url: str, rush: Rush, seeds: Sequence[int], is_over: Callable[[RushResult], None]
) -> Sequence[RushResult]:
    """Let a rush happen on one ledger once per seed, each for a session of its own."""
    ledger = Database(url, "ledger")
    upgrade(ledger)
    context = multiprocessing.get_context("spawn")
    results = []
    all_are_there = context.Barrier(rush.processes).wait
    with ProcessPoolExecutor(rush.processes, context, initializer=all_are_there) as pool:
        wait([pool.submit(time.time) for _ in range(rush.processes)])
        for seed in seeds:
            results.append(_run_rush(ledger, url, rush, seed, pool))
            is_over(results[-1])
    ledger.close()
    return results


def _run_rush(
    ledger: Database, url: str, rush: Rush, seed: int, pool: ProcessPoolExecutor
) -> RushResult:
    dice = random.Random(seed)  # noqa: S311 - a drill, not secrecy
    offering = _an_offering(f"{seed}-{secrets.token_hex(4)}")
    learners = [LearnerId(f"{offering.key}-{number}") for number in range(rush.attempts)]
    asyncio.run(_prepare(ledger, offering, rush, learners))
    dice.shuffle(learners)
    starts_at = time.time() + HEAD_START
    shares = [
        _Share(
            url, offering, learners[n :: rush.processes], dice.randint(*ASKING_AT_ONCE), starts_at
        )
        for n in range(rush.processes)
    ]
    found = list(pool.map(_take_part, shares))
    answers = sum((counted for counted, _ in found), Counter[str]())
    seconds = time.time() - starts_at
    standing = asyncio.run(ledger.read(partial(_read_standing, offering=offering)))
    faults = [*_faults_of(answers, rush), *_faults_in(standing, rush)]
    return RushResult(seed, answers, seconds, max(slowest for _, slowest in found), faults)


async def _prepare(
    ledger: Database, offering: Offering, rush: Rush, learners: Sequence[LearnerId]
) -> None:
    session_id = offering.sessions[0].id
    await ledger.write(lambda c: set_quota(c, session_id, rush.seats, rush.waiting_places))
    await bring_in(ledger, learners, utc_now())


def _take_part(share: _Share) -> tuple[Counter[str], float]:
    configure_logging("console", level=logging.ERROR)
    return asyncio.run(_ask_all(share))


async def _ask_all(share: _Share) -> tuple[Counter[str], float]:
    """Ask for every learner of a share; return the answers, and how long the slowest took."""
    ledger = Database(share.url, "ledger")
    service = EnrolmentService(
        ledger, _Shelf(share.offering), ImportedLearners(ledger), now=utc_now
    )
    answers, waits, learners = Counter[str](), [0.0], iter(share.learners)
    await asyncio.sleep(max(0.0, share.starts_at - time.time()))

    async def ask() -> None:
        for each in learners:
            began = time.perf_counter()
            answers[await _ask(service, share.offering, each)] += 1
            waits.append(time.perf_counter() - began)

    try:
        await asyncio.gather(*(ask() for _ in range(share.at_once)))
    finally:
        ledger.close()
    return answers, max(waits)


async def _ask(service: EnrolmentService, offering: Offering, who: LearnerId) -> str:
    """Ask, again under the same key while told to; return the answer in one word."""
    request = EnrolRequest(who, offering.id, offering.sessions[0].id, f"key-{who}")
    while True:
        answer = _word_of(await service.enrol(request))
        if answer != _AGAIN:
            return answer
        await asyncio.sleep(0.1)


def _word_of(outcome: EnrolOutcome) -> str:
    if outcome.refusals:
        return str(outcome.refusals[0].code)
    return str(outcome.enrolment.status) if outcome.enrolment else "NOTHING"


def _faults_of(answers: Counter[str], rush: Rush) -> Iterator[str]:
    waiting = min(rush.waiting_places, max(0, rush.attempts - rush.seats))
    seated = min(rush.seats, rush.attempts)
    expected = +Counter(
        {_ACCEPTED: seated, _WAITS: waiting, _FULL: rush.attempts - seated - waiting}
    )
    if answers != expected:
        yield f"answers are {dict(answers)}, not {dict(expected)}"


def _faults_in(standing: dict[str, int], rush: Rush) -> Iterator[str]:
    seated = min(rush.seats, rush.attempts)
    waiting = min(rush.waiting_places, rush.attempts - seated)
    expected = {
        "seats counted": seated,
        "enrolments with a seat": seated,
        "enrolments waiting": waiting,
        "errands": seated,
        "keys": rush.attempts,
        "money held": (seated + waiting) * PRICE,
    }
    for name, number in expected.items():
        if standing[name] != number:
            yield f"{name}: {standing[name]}, not {number}"


def _read_standing(connection: Connection, offering: Offering) -> dict[str, int]:
    session_id = offering.sessions[0].id
    mine = enrolment.c.session_id == session_id
    holds = learner.c.id.startswith(f"{offering.key}-", autoescape=True)
    questions = {
        "seats counted": select(quota.c.taken).where(quota.c.session_id == session_id),
        "enrolments with a seat": select(func.count()).where(mine, enrolment.c.status == _ACCEPTED),
        "enrolments waiting": select(func.count()).where(mine, enrolment.c.status == _WAITS),
        "errands": select(func.count())
        .select_from(outbox.join(enrolment, enrolment.c.id == outbox.c.enrolment_id))
        .where(mine),
        "keys": select(func.count())
        .select_from(idempotency_key)
        .where(idempotency_key.c.learner_id.startswith(f"{offering.key}-", autoescape=True)),
        "money held": select(func.sum(learner.c.held)).where(holds),
    }
    return {name: int(connection.scalar(each) or 0) for name, each in questions.items()}


class _Shelf:
    """One offering on sale: implements `OfferingFacts`."""

    def __init__(self, offering: Offering) -> None:
        self._fact = OfferingFact(
            offering, CourseId(f"course-{offering.key}"), withdrawn=False, fetched_at=utc_now()
        )

    async def read_fact(self, offering_id: OfferingId) -> OfferingFact | None:
        """See `OfferingFacts.read_fact`."""
        return self._fact if offering_id == self._fact.offering.id else None


def _an_offering(key: str) -> Offering:
    partner = PartnerCode("tokopedia")
    starts_at = datetime.now(UTC) + timedelta(days=30)
    return Offering(
        partner=partner,
        key=RemoteId(key),
        listed=ListedCourse("Barista", "Kopi Nusantara"),
        price=Money(PRICE),
        enrolment_mode=EnrolmentMode.DIRECT,
        sessions=(Session(partner, RemoteId(f"{key}-S"), starts_at=starts_at),),
    )
