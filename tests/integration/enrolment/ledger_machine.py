"""What may happen to a ledger, and what must hold after each of it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from adapters.base import ReceiptStatus
from adapters.errors import AmbiguousPartnerError
from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.filed import to_filed
from gateway.enrolment.hearing import Said
from gateway.enrolment.ledger import is_live
from gateway.enrolment.partner_reports import BadReportError, PartnerReport
from gateway.enrolment.places import takes_place
from gateway.enrolment.reviews import ReviewDesk
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, entry, learner, outbox
from gateway.storage.settling_tables import quota
from schema.model.catalogue import Offering
from schema.model.enrolment import Enrolment
from schema.model.progress import ReviewDecision, ReviewWish
from tests.integration.enrolment.builders import PARTNER, Programme
from tests.integration.enrolment.scripted import (
    CancelAct,
    answers,
    books_and_drops_the_line,
    drops_the_line,
    is_unavailable,
)

T = TypeVar("T")

ACTS = [*map(answers, ReceiptStatus), is_unavailable, drops_the_line, books_and_drops_the_line]
LEARNERS = st.sampled_from(["siti", "budi"])
COURSES = st.sampled_from(["barista", "desain", "excel"])
OURS = {"desain", "excel"}  # courses whose sessions' seats are ours
PICKS = st.integers(0, 5)
HELD = {
    "RESERVED", "SUBMITTING", "IN_DOUBT", "PENDING_PARTNER", "WAITLISTED", "COMPENSATING",
    "MANUAL_REVIEW",
}  # fmt: skip
PAID = {"CONFIRMED", "ACTIVE", "COMPLETED", "NOT_PASSED"}
PRICES = st.sampled_from([0, 350_000, 1_500_000, 2_000_000, 3_500_000, 3_500_001])


def drops_the_cancellation(partner, reference):
    partner.give_back(reference)
    raise AmbiguousPartnerError(PARTNER, "line dropped")


def quota_of(offering: Offering) -> Any:
    return select(quota.c.capacity).where(quota.c.session_id == offering.sessions[0].id)


PARTNERS_CANCELLING: list[CancelAct] = [
    lambda partner, reference: partner.give_back(reference),
    lambda partner, reference: partner.booked[reference],
    drops_the_cancellation,
]


class LedgerMachine(RuleBasedStateMachine):
    """Learners come and go and the partner does as it likes, on a real ledger."""

    open_ledger: Callable[[], Database]

    def __init__(self) -> None:
        super().__init__()
        self.programme = Programme(type(self).open_ledger())
        self.loop = asyncio.Runner()
        self.keys = self.versions = 0
        self.unannounced: list[str] = []
        self._watch_the_outbox()
        programme = self.programme
        self.reviews = ReviewDesk(programme.database, now=programme.clock)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    @rule(learner=LEARNERS, course=COURSES, price=PRICES, again=st.booleans())
    def enrol(self, learner: str, course: str, price: int, again: bool) -> None:
        self.keys += 0 if again else 1
        seats = 9 if course in OURS else None
        offering = self.programme.shelf.put(
            f"{course}-{price}", price=price, course=course, seats=seats
        )
        if seats is not None and not self.rows(quota_of(offering)):
            self.run(self.programme.own_seats(offering, 1, waiting=1))
        self.run(self.programme.enrol(offering, key=f"key-{self.keys}", learner=learner))

    @rule(act=st.sampled_from(ACTS))
    def deliver(self, act) -> None:
        self.programme.partner.acts = [act]
        self.run(self.programme.courier.deliver_due())

    @rule(status=st.sampled_from(list(ReceiptStatus)))
    def the_partner_changes_its_mind(self, status: ReceiptStatus) -> None:
        partner = self.programme.partner
        partner.booked = {
            reference: type(receipt)(reference, status)
            for reference, receipt in partner.booked.items()
        }

    @rule(is_down=st.booleans())
    def the_partner_goes_down_or_comes_back(self, is_down: bool) -> None:
        self.programme.partner.is_down = is_down

    @rule(minutes=st.sampled_from([1, 30]))
    def time_passes(self, minutes: int) -> None:
        self.programme.clock.advance(minutes=minutes)

    @rule(pick=PICKS, again=st.booleans())
    def cancel(self, pick: int, again: bool) -> None:
        self.keys += 0 if again else 1
        if (record := self.one_of(enrolment.c.status != "REJECTED", pick)) is not None:
            self.run(self.programme.cancel(record, key=f"cancel-{self.keys}"))

    @rule(act=st.sampled_from(PARTNERS_CANCELLING))
    def the_partner_cancels_so(self, act: CancelAct) -> None:
        self.programme.partner.cancel_acts = [act]

    @rule(pick=PICKS, said=st.sampled_from(list(Said)), back=st.integers(0, 3))
    def the_partner_reports(self, pick: int, said: Said, back: int) -> None:
        self.versions += 1
        if (record := self.one_of(enrolment.c.id.is_not(None), pick)) is not None:
            version = max(1, self.versions - back)
            clock = self.programme.clock
            report = PartnerReport(PARTNER, record.reference, said, clock(), version)
            with suppress(BadReportError):  # redeemed at a wrong time
                self.run(self.programme.reports.apply(report))

    @rule(pick=PICKS, decision=st.sampled_from(ReviewDecision))
    def a_person_settles(self, pick: int, decision: ReviewDecision) -> None:
        if (record := self.one_of(enrolment.c.status == "MANUAL_REVIEW", pick)) is not None:
            wish = ReviewWish(record.id, decision, "asked", "operator")
            self.run(self.reviews.settle(wish))

    @rule()
    def deadlines_are_looked_after(self) -> None:
        self.run(self.programme.timekeeper.look())

    @rule()
    def a_day_passes(self) -> None:
        self.programme.clock.advance(days=1)

    @invariant()
    def no_seat_of_ours_is_sold_twice(self) -> None:
        seated = (
            select(func.count())
            .where(enrolment.c.session_id == quota.c.session_id, takes_place())
            .scalar_subquery()
        )
        for capacity, taken, counted in self.rows(select(quota.c.capacity, quota.c.taken, seated)):
            assert taken == counted
            assert counted <= capacity

    @invariant()
    def nothing_reaches_the_partner_that_is_not_in_the_outbox(self) -> None:
        assert self.unannounced == []

    @invariant()
    def every_movement_sums_to_zero(self) -> None:
        unbalanced = (
            select(entry.c.movement)
            .group_by(entry.c.movement)
            .having(func.sum(entry.c.amount) != 0)
        )

        assert self.rows(unbalanced) == []

    @invariant()
    def no_learner_spends_or_holds_less_than_nothing(self) -> None:
        balances = (
            select(entry.c.learner_id, entry.c.account, func.sum(entry.c.amount))
            .where(entry.c.account != "PROGRAMME")
            .group_by(entry.c.learner_id, entry.c.account)
        )

        assert [row for row in self.rows(balances) if row[2] < 0] == []

    @invariant()
    def what_is_kept_beside_a_learner_is_the_sum_of_their_entries(self) -> None:
        sums = select(entry.c.learner_id, entry.c.account, func.sum(entry.c.amount))
        expected = {
            (who, account): int(amount)
            for who, account, amount in self.rows(
                sums.group_by(entry.c.learner_id, entry.c.account)
            )
            if amount and account != "PROGRAMME"
        }
        columns = (learner.c.id, learner.c.spendable, learner.c.held, learner.c.paid)
        kept = {
            (who, account): amount
            for who, *amounts in self.rows(select(*columns))
            for account, amount in zip(("SPENDABLE", "HELD", "PARTNER"), amounts, strict=True)
            if amount
        }

        assert kept == expected

    @rule(limit=st.integers(1, 5))
    def the_sealer_comes_by(self, limit: int) -> None:
        self.run(self.programme.database.write(lambda c: seal(c, limit)))

    @invariant()
    def the_audit_chain_verifies(self) -> None:
        assert self.run(self.programme.database.read(verify)).fault is None

    @invariant()
    def a_learner_is_on_a_course_once(self) -> None:
        twice = (
            select(enrolment.c.learner_id, enrolment.c.course_id)
            .where(is_live())
            .group_by(enrolment.c.learner_id, enrolment.c.course_id)
            .having(func.count() > 1)
        )

        assert self.rows(twice) == []

    @invariant()
    def money_is_where_the_statuses_say(self) -> None:
        expected = {"HELD": 0, "PARTNER": 0}
        columns = (enrolment.c.status, enrolment.c.resumes_as, enrolment.c.price)
        for status, resumes_as, price in self.rows(select(*columns)):
            stands_as = resumes_as or status
            expected["HELD"] += price * (stands_as in HELD)
            expected["PARTNER"] += price * (stands_as in PAID)

        accounts = self.run(self.programme.accounts())
        assert {name: accounts.get(name, 0) for name in expected} == expected

    def one_of(self, condition: Any, pick: int) -> Enrolment | None:
        """Return one of the enrolments that fulfil a condition."""
        question = select(enrolment).where(condition).order_by(enrolment.c.id)
        read = self.programme.database.read
        found = self.run(read(lambda c: [to_filed(row) for row in c.execute(question)]))
        return found[pick % len(found)].enrolment if found else None

    def _watch_the_outbox(self) -> None:
        """Note every call that changes something at the partner and has no older errand."""
        partner = self.programme.partner
        enrol, cancel = partner.enrol, partner.cancel

        async def watched_enrol(code, booking):
            await self._check_errand(booking.reference, "ENROL")
            return await enrol(code, booking)

        async def watched_cancel(code, reference):
            await self._check_errand(reference, "CANCEL")
            return await cancel(code, reference)

        partner.enrol, partner.cancel = watched_enrol, watched_cancel  # type: ignore[method-assign]

    async def _check_errand(self, reference: str, operation: str) -> None:
        question = (
            select(outbox.c.next_step)
            .join(enrolment, enrolment.c.id == outbox.c.enrolment_id)
            .where(enrolment.c.reference == reference, outbox.c.operation == operation)
        )
        database = self.programme.database
        if await database.read(lambda c: c.execute(question).scalar()) != "ASK":
            self.unannounced.append(reference)

    def rows(self, question: Any) -> list[Any]:
        return self.run(
            self.programme.database.read(lambda c: [tuple(row) for row in c.execute(question)])
        )

    def teardown(self) -> None:
        self.loop.close()
        self.programme.database.close()
