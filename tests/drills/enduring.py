"""Enrolments in bad weather: many, while every partner fails and hangs, until all are settled."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select

from adapters.sandbox.secrets import SANDBOX_PARTNERS
from gateway.enrolment.calendar import day_of
from gateway.partners.reports import CallReport
from gateway.storage.ledger_tables import enrolment
from schema.model.reconciliation import Reconciliation, ReconciliationState
from tests.drills.conduct import FAILING, HANGING, Behaviour, Conduct, learner_who
from tests.drills.findings import Fault, Kind, examine
from tests.drills.partners import PartnersProcess
from tests.drills.station import Goods, Site, Station, Wish, prepare

ENROLLING = 16  # learners at a time
REFUSED_EACH = 50  # one learner in so many is refused by the partner
LOOK_SECONDS = 1.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Course:
    """How a drill goes, and what came of it."""

    count: int
    began: float = field(default_factory=time.monotonic)
    accepted: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)  # of guarded calls
    requests: Counter[Conduct] = field(default_factory=Counter)  # as the partners treated them
    statuses: Counter[str] = field(default_factory=Counter)
    reports: list[Reconciliation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seconds: float = 0.0  # until all was settled

    def hear(self, report: CallReport) -> None:
        """Count a guarded call."""
        self.outcomes[report.outcome] += 1

    @property
    def failed(self) -> float:
        """The share of requests that the partners failed."""
        return sum(self.requests[each] for each in FAILING) / max(self.requests.total(), 1)

    @property
    def hung(self) -> float:
        """The share of requests that they let hang."""
        return sum(self.requests[each] for each in HANGING) / max(self.requests.total(), 1)

    @property
    def drift(self) -> int:
        """How many disagreements the reconciliation has found."""
        return sum(report.drift.count for report in self.reports)


async def endure(
    site: Site,
    partners: PartnersProcess,
    count: int,
    *,
    limit: float,
    codes: Collection[str] = SANDBOX_PARTNERS,
    say: Say = lambda _: None,
) -> Course:
    """Enrol `count` learners in bad weather; settle, reconcile and examine, within `limit` s."""
    goods = await prepare(site, codes)
    course = Course(count)
    station = Station(site, on_call=course.hear)
    async with station.running():
        began = station.now()
        await asyncio.to_thread(partners.turn, is_bad=True)
        telling = asyncio.create_task(_keep_telling(station, course, say))
        await _enrol_all(station, goods, course)
        await _wait_until_settled(station, course, limit)
        course.seconds = time.monotonic() - course.began
        telling.cancel()
        course.requests = Counter(await asyncio.to_thread(partners.seen))
        await asyncio.to_thread(partners.turn, is_bad=False)
        say(f"settled after {course.seconds:.0f} s; reconciling")
        await _reconcile(station, course, sorted(goods), day_of(began))
        await _examine(station, course, partners)
    return course


async def _enrol_all(station: Station, goods: Goods, course: Course) -> None:
    wishes = _wishes(goods, course.count)

    async def enrol() -> None:
        for wish in wishes:  # shared: each takes the next
            outcome = await station.enrol(wish)
            if outcome.enrolment is None:
                told = [refusal.code.value for refusal in outcome.refusals]
                course.faults.append(Fault(Kind.LOST, f"{wish.learner} was refused: {told}"))
            else:
                course.accepted[wish.learner] = outcome.enrolment.id

    await asyncio.gather(*(enrol() for _ in range(ENROLLING)))


def _wishes(goods: Goods, count: int) -> Iterator[Wish]:
    codes = sorted(goods)
    for number in range(count):
        behaviour = Behaviour.ANSWERS if number % REFUSED_EACH else Behaviour.REFUSES
        partner = codes[number % len(codes)]
        offerings = goods[partner]
        offering = offerings[number // len(codes) % len(offerings)]
        yield Wish(learner_who(behaviour, number), partner, offering)


async def _wait_until_settled(station: Station, course: Course, limit: float) -> None:
    while not (backlog := await station.backlog()).is_empty:
        if time.monotonic() - course.began > limit:
            course.faults.append(Fault(Kind.SLOW, f"after {limit:.0f} s still {backlog}"))
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _reconcile(station: Station, course: Course, codes: Sequence[str], first: date) -> None:
    """Compare every partner's days since `first`."""
    last = day_of(station.now())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for code in codes:
        for day in days:
            report = await station.reconciler.reconcile(code, day)  # type: ignore[arg-type]
            course.reports.append(report)
            if report.state is not ReconciliationState.CLEAN or report.open:
                detail = f"{code} {day}: {report.state}, {report.open} open, {report.drifts}"
                course.faults.append(Fault(Kind.DRIFT, f"{detail} {report.reason or ''}"))


async def _examine(station: Station, course: Course, partners: PartnersProcess) -> None:
    bookings = await asyncio.to_thread(partners.bookings)
    course.faults += await station.ledger.read(lambda c: examine(c, course.accepted, bookings))
    course.statuses = await _read_statuses(station)


async def _read_statuses(station: Station) -> Counter[str]:
    question = select(enrolment.c.status, func.count()).group_by(enrolment.c.status)
    rows = await station.ledger.read(lambda c: c.execute(question).all())
    return Counter(dict(map(tuple, rows)))


async def _keep_telling(station: Station, course: Course, say: Say) -> None:
    """Say every five seconds how it goes."""
    while True:
        await asyncio.sleep(5)
        backlog, calls = await station.backlog(), course.outcomes
        say(
            f"{time.monotonic() - course.began:.0f} s: {len(course.accepted)} of {course.count} "
            f"enrolled, {len(course.accepted) - backlog.unsettled} settled, "
            f"{backlog.unsealed} to seal, {calls.total()} calls, of these {calls['ok']} answered, "
            f"{calls['ambiguous']} in doubt, {calls['unavailable']} in vain"
        )
