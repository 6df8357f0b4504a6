"""Accepted enrolments a second, measured in turns with bare INSERTs on the same disk."""

import asyncio
import logging
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import func, select

from adapters.base import Booking, Receipt, ReceiptStatus
from gateway.bench.bare import measure_bare, open_postgres, open_sqlite
from gateway.bench.crowd import bring_in
from gateway.bench.quantiles import Waits
from gateway.bench.stand import Stand, make_stand
from gateway.clock import utc_now
from gateway.enrolment.courier import Courier
from gateway.storage.engine import WRITERS
from gateway.storage.ledger_tables import enrolment
from gateway.telemetry import configure_logging
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import LearnerId, PartnerCode, Reference

FASTEST = 5_000  # learners that are made ready per second of measuring

Say = Callable[[str], None]
Yardsticks = Mapping[int, Callable[[float], float]]  # by number of connections


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often it is measured, and with how many learners at a time."""

    callers: Sequence[int] = (1, 4, 16, 64, 256)
    rounds: int = 5
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class CallersFigures:
    """Medians over the rounds, with so many learners at a time; the ratio is of each round."""

    callers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    bare_per_second: Mapping[int, float]  # by number of connections
    ratio: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class EnrolmentFigures:
    """What one engine does; enrolments are written through one connection of a process."""

    engine: str
    callers: Sequence[CallersFigures]
    settled_per_second: float


def measure_enrolment(
    engine: str, folder: Path, url: str | None, pace: Pace, say: Say
) -> EnrolmentFigures:
    """Measure SQLite in `folder`, or PostgreSQL at `url`, which is empty."""
    configure_logging("console", level=logging.ERROR)
    open_stand = make_stand(folder, url)
    if url is None:
        yardsticks = {1: partial(measure_bare, partial(open_sqlite, folder / "bare.sqlite3"), 1)}
    else:
        opened = partial(open_postgres, url)
        yardsticks = {number: partial(measure_bare, opened, number) for number in (1, WRITERS)}
    return asyncio.run(_measure(engine, open_stand, yardsticks, pace, say))


async def _measure(
    engine: str,
    open_stand: Callable[[], Stand],
    yardsticks: Yardsticks,
    pace: Pace,
    say: Say,
) -> EnrolmentFigures:
    stand, numbers = open_stand(), count()
    try:
        await _enrol(stand, numbers, 16, 0.5)  # warm up
        figures = []
        for callers in pace.callers:
            figures.append(await _measure_callers(stand, numbers, callers, yardsticks, pace))
            say(f"{engine}: {_told(figures[-1])}")
        settled = await _settle(stand, pace.seconds)
    finally:
        stand.close()
    return EnrolmentFigures(engine, figures, settled)


async def _measure_callers(
    stand: Stand, numbers: Iterator[int], callers: int, yardsticks: Yardsticks, pace: Pace
) -> CallersFigures:
    """Measure in turns, so that whatever else the machine does meets all."""
    rates: list[tuple[float, Waits]] = []
    bare: dict[int, list[float]] = {number: [] for number in yardsticks}
    for _ in range(pace.rounds):
        for number, yardstick in yardsticks.items():
            bare[number].append(await asyncio.to_thread(yardstick, pace.seconds))
        rates.append(await _enrol(stand, numbers, callers, pace.seconds))
    return CallersFigures(
        callers=callers,
        per_second=statistics.median(rate for rate, _ in rates),
        p50_ms=statistics.median(waits.p50_ms for _, waits in rates),
        p99_ms=statistics.median(waits.p99_ms for _, waits in rates),
        bare_per_second={number: statistics.median(found) for number, found in bare.items()},
        ratio={
            number: statistics.median(
                rate / inserts for (rate, _), inserts in zip(rates, found, strict=True)
            )
            for number, found in bare.items()
        },
    )


def _told(figures: CallersFigures) -> str:
    ratios = ", ".join(f"{ratio:.2f} of {n}" for n, ratio in figures.ratio.items())
    return (
        f"{figures.callers} at a time: {figures.per_second:,.0f} a second, "
        f"p99 {figures.p99_ms:.1f} ms; bare connections: {ratios}"
    )


async def _enrol(
    stand: Stand, numbers: Iterator[int], callers: int, seconds: float
) -> tuple[float, Waits]:
    """Return how many learners a second enrolled, each for the first time, and their waits."""
    learners = [LearnerId(f"bench-{next(numbers)}") for _ in range(int(seconds * FASTEST))]
    await bring_in(stand.ledger, learners, utc_now())
    rate = await stand.enrol_all(iter(learners), callers, seconds)
    if rate.refused:
        raise RuntimeError(f"{rate.refused} enrolments were refused: nothing was measured")
    return rate.per_second, rate.waits


async def _settle(stand: Stand, seconds: float) -> float:
    """Return how many of the errands that wait a courier settles a second."""
    courier = Courier(stand.ledger, _YesSayer(), now=utc_now, holder="bench")
    delivering = asyncio.create_task(courier.run())
    await asyncio.sleep(seconds)
    courier.stop()
    await delivering
    settled = select(func.count()).where(enrolment.c.status == EnrolmentStatus.CONFIRMED)
    return (await stand.ledger.read(lambda c: c.execute(settled).scalar_one())) / seconds


class _YesSayer:
    """A partner that confirms at once: implements `EnrolmentCalls`."""

    async def enrol(self, code: PartnerCode, booking: Booking) -> Receipt:  # noqa: ARG002 - protocol
        return Receipt(booking.reference, ReceiptStatus.CONFIRMED, partner_reference="P-1")

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:  # noqa: ARG002 - protocol
        return None

    async def cancel(self, code: PartnerCode, reference: Reference) -> Receipt:  # noqa: ARG002 - protocol
        return Receipt(reference, ReceiptStatus.CANCELLED)
