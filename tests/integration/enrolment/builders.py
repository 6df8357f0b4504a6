"""A catalogue, a partner and a clock that tests can steer, around the real ledger."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.enrolment.cancelling import Cancellations
from gateway.enrolment.courier import Courier
from gateway.enrolment.lapsing import Lapsing
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.outbox import Operation
from gateway.enrolment.partner_reports import PartnerReports
from gateway.enrolment.places import set_quota
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.redeeming import RedeemWindows
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from gateway.enrolment.service import EnrolmentService
from gateway.enrolment.settling import Judge
from gateway.enrolment.timekeeper import Timekeeper
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import entry, outbox
from gateway.storage.settling_tables import disagreement, quota
from schema.model.catalogue import ListedCourse, Offering, Session
from schema.model.enrolment import (
    CancelRequest,
    EnrolErrorCode,
    Enrolment,
    EnrolOutcome,
    EnrolRequest,
)
from schema.model.values import (
    CourseId,
    EnrolmentId,
    EnrolmentMode,
    LearnerId,
    Money,
    OfferingId,
    RemoteId,
)
from schema.ports import OfferingFact
from tests.integration.enrolment.scripted import PARTNER, ScriptedPartner, confirms

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
SITI = LearnerId("siti")
GRANT = 3_500_000
PRICE = 350_000


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **amount: float) -> None:
        self.time += timedelta(**amount)


def several_at_a_time() -> RuleBook:
    """Return the rules of 2023 for tests of other things, without the one-at-a-time rule."""
    rules = built_in_rules().find("2023", NOW.date())
    assert rules is not None
    purchase = replace(rules.purchase, one_at_a_time=False)
    return RuleBook([replace(rules, purchase=purchase)])


class Shelf:
    """What is on sale: implements `OfferingFacts`."""

    def __init__(self) -> None:
        self.facts: dict[OfferingId, OfferingFact] = {}

    async def read_fact(self, offering_id: OfferingId) -> OfferingFact | None:
        return self.facts.get(offering_id)

    def put(
        self,
        key: str,
        *,
        price: int = PRICE,
        course: str | None = None,
        seats: int | None = None,
        starts_in: float = 30,
    ) -> Offering:
        """Put an offering on the shelf; with `seats` it has one session, so many days from now."""
        starts_at = NOW + timedelta(days=starts_in)
        session = Session(PARTNER, RemoteId(f"{key}-S"), starts_at=starts_at, seats_left=seats)
        offering = Offering(
            partner=PARTNER,
            key=RemoteId(key),
            listed=ListedCourse(key, "Kopi Nusantara"),
            price=Money(price),
            enrolment_mode=EnrolmentMode.DIRECT,
            sessions=() if seats is None else (session,),
        )
        course_id = CourseId(course or f"course-{key}")
        self.facts[offering.id] = OfferingFact(offering, course_id, withdrawn=False, fetched_at=NOW)
        return offering

    def fetch_again(self, offering: Offering, at: datetime) -> None:
        self.facts[offering.id] = replace(self.facts[offering.id], fetched_at=at)


@dataclass
class Programme:
    """Everything around one real ledger."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    shelf: Shelf = field(default_factory=Shelf)
    partner: ScriptedPartner = field(default_factory=lambda: ScriptedPartner([confirms]))
    rules: RuleBook = field(default_factory=several_at_a_time)

    def __post_init__(self) -> None:
        learners = DevelopmentLearners(self.database, self.clock, self.rules)
        self.service = EnrolmentService(
            self.database, self.shelf, learners, now=self.clock, rules=self.rules
        )
        self.courier = self.a_courier("courier-1")
        self.cancellations = Cancellations(
            self.database, self.shelf, now=self.clock, rules=self.rules
        )
        windows = RedeemWindows(self.database, self.shelf, self.rules)
        self.reports = PartnerReports(self.database, now=self.clock, judge=windows.check)
        self.progress = ProgressDesk(self.database, now=self.clock)
        self.timekeeper = Timekeeper(
            self.database,
            self.reports,
            now=self.clock,
            lapsing=Lapsing(self.database, self.shelf, self.rules, now=self.clock),
            progress=self.progress,
        )

    def a_courier(self, holder: str, max_attempts: int = 5) -> Courier:
        judge = Judge(dice=lambda: 1.0, max_attempts=max_attempts)
        return Courier(self.database, self.partner, now=self.clock, holder=holder, judge=judge)

    async def enrol(
        self, offering: Offering, key: str = "key-1", learner: str = SITI, **wanted: Any
    ) -> EnrolOutcome:
        session = offering.sessions[0].id if offering.sessions else None
        request = EnrolRequest(
            LearnerId(learner),
            offering.id,
            wanted.get("session", session),
            key,
            wanted.get("expected"),
        )
        return await self.service.enrol(request)

    async def cancel(self, record: Enrolment, key: str = "cancel-1") -> EnrolOutcome:
        request = CancelRequest(LearnerId(record.learner), record.id, key)
        return await self.cancellations.cancel(request)

    async def own_seats(self, offering: Offering, capacity: int, waiting: int = 0) -> None:
        """Take the seats of an offering's session into our own hands."""
        session_id = offering.sessions[0].id
        await self.database.write(lambda c: set_quota(c, session_id, capacity, waiting))

    async def seats_taken(self, offering: Offering) -> int:
        question = select(quota.c.taken).where(quota.c.session_id == offering.sessions[0].id)
        return await self.database.read(lambda c: c.execute(question).scalar_one())

    async def disagreements(self) -> list[str]:
        question = select(disagreement.c.kind).order_by(disagreement.c.enrolment_id)
        return await self.database.read(lambda c: list(c.execute(question).scalars()))

    async def read(self, record: Enrolment) -> Enrolment:
        """Return an enrolment as it stands now."""
        found = await self.service.read_enrolment(record.learner, record.id)
        assert found is not None
        return found

    async def next_step(self, operation: Operation) -> str:
        question = select(outbox.c.next_step).where(outbox.c.operation == operation)
        return await self.database.read(lambda c: c.execute(question).scalar_one())

    async def statuses(self, enrolment_id: EnrolmentId) -> list[str]:
        return [event.after.value for event in await self.service.read_events(enrolment_id)]

    async def balance(self, learner: str = SITI) -> int:
        return (await self.service.read_balance(LearnerId(learner))).amount

    async def make_known(self, *learners: str) -> None:
        """Let learners be provisioned, as by their first question."""
        for learner in learners:
            await self.balance(learner)

    async def accounts(self) -> dict[str, int]:
        """Return the sum of every account that has had money, over all learners."""
        question = select(entry.c.account, func.sum(entry.c.amount)).group_by(entry.c.account)

        def ask(connection: Connection) -> dict[str, int]:
            return {account: int(amount) for account, amount in connection.execute(question)}

        return await self.database.read(ask)

    async def errands(self) -> int:
        question = select(func.count()).select_from(outbox)
        return await self.database.read(lambda c: c.execute(question).scalar_one())


def codes(outcome: EnrolOutcome) -> list[EnrolErrorCode]:
    """Return why an enrolment was refused; nothing, if it was not."""
    return [refusal.code for refusal in outcome.refusals]


async def until(is_so: Callable[[], object]) -> None:
    """Wait for what happens in another task; five seconds are for ever."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - the product has no event for the test's sake
            await asyncio.sleep(0.005)
