"""Enrolling: read the facts, ask the policy, record the intent.  The courier tells the partner."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gateway.enrolment import events, keys, ledger, money, outbox, paging, places, policy
from gateway.enrolment.course_dates import REPORTED_WITHIN, redeem_period
from gateway.enrolment.facts import Facts, Participant
from gateway.enrolment.gathering import Wish, keep_still, read_facts
from gateway.enrolment.goods import Goods, to_goods
from gateway.enrolment.in_flight import TurnNotComeError, Turns, is_lock_timeout
from gateway.enrolment.keys import KeyUse
from gateway.enrolment.learners import Learners
from gateway.enrolment.ledger import Filed, Step
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from gateway.enrolment.rules.scheme import SchemeRules
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from schema.model.enrolment import (
    Actor,
    EnrolErrorCode,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
    Refusal,
)
from schema.model.values import EnrolmentId, LearnerId, Money, Reference
from schema.ports import OfferingFact, OfferingFacts, Slice, Window

T = TypeVar("T")

SETTLED_WITHIN = timedelta(minutes=10)  # what a learner is told to expect
HELD_FOR = timedelta(hours=24)  # what is not sent by then gives money and seat back
_FIRST = {
    EnrolmentStatus.RESERVED: Step(
        EnrolmentStatus.RESERVED, Actor.LEARNER, "enrolled through the gateway"
    ),
    EnrolmentStatus.WAITLISTED: Step(
        EnrolmentStatus.WAITLISTED, Actor.LEARNER, "waits for a place"
    ),
}


class UnknownLearnerError(LookupError):
    """The ledger does not know this learner."""


class EnrolmentService:
    """Records enrolments centrally: implements `schema.ports.Enrolments`."""

    def __init__(  # noqa: PLR0913 - the clock, the dice and the rules are given, too
        self,
        database: Database,
        offerings: OfferingFacts,
        learners: Learners,
        *,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
        dice: random.Random | None = None,
        rules: RuleBook | None = None,
    ) -> None:
        """Make the service; `notify` is called after each commit that left an errand."""
        self._database = database
        self._offerings = offerings
        self._learners = learners
        self._now = now
        self._notify = notify
        self._dice = dice or random.SystemRandom()
        self._rules = rules or built_in_rules()
        self._turns = Turns()

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        """Record a wish to enrol, or say why not; the same key gets the same outcome."""
        wish = await self._to_wish(request)
        use = keys.use_by(request)
        try:
            async with self._turns.turn((use.learner, use.mutation, use.key)) as was_before:
                if was_before and (first := await self._read_outcome(use, wish.now)):
                    return first
                outcome, is_new = await self._write_for(
                    request.learner, lambda connection: self._record(connection, wish, use)
                )
        except UnknownLearnerError:
            return EnrolOutcome(None, await self._read_refusals_of_stranger(wish))
        except (TurnNotComeError, places.NoPlaceError):  # the seat that was free is gone again
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        except OperationalError as exc:
            if not is_lock_timeout(exc):
                raise
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        if is_new and outcome.enrolment is not None:
            ledger.count_changes((_FIRST[outcome.enrolment.status],))
            self._notify()
        return outcome

    async def read_verdicts(self, request: EnrolRequest) -> Sequence[EnrolVerdict]:
        """Return what every rule says of a wish, in order; its key plays no part."""
        await self._learners.read_or_provision(request.learner)
        wish = await self._to_wish(request)
        return policy.verdicts(await self._database.read(lambda c: self._read_facts(c, wish)))

    async def prune_keys(self) -> int:
        """Drop the idempotency keys that are forgotten; return how many."""
        now, gone = self._now(), 0
        while pruned := await self._database.write(lambda c: keys.prune(c, now)):
            gone += pruned
        return gone

    async def read_enrolment(
        self, learner: LearnerId, enrolment_id: EnrolmentId
    ) -> Enrolment | None:
        """Return an enrolment of this learner; None if absent or another's."""
        mine = (enrolment.c.id == enrolment_id, enrolment.c.learner_id == learner)
        filed = await self._database.read(lambda c: ledger.read_filed(c, *mine))
        return filed.enrolment if filed else None

    async def read_enrolments(
        self, learner: LearnerId, window: Window, statuses: Sequence[EnrolmentStatus]
    ) -> Slice[Enrolment]:
        """Return part of a learner's enrolments, newest first.  Raises `BadCursorError`."""
        return await self._database.read(lambda c: paging.read_page(c, learner, window, statuses))

    async def read_events(self, enrolment_id: EnrolmentId) -> Sequence[EnrolmentEvent]:
        """Return what happened to an enrolment, oldest first."""
        return await self._database.read(lambda c: events.read_events(c, enrolment_id))

    async def read_balance(self, learner: LearnerId) -> Money:
        """Return what the training account can still spend; nothing for unknown learners."""
        await self._learners.read_or_provision(learner)
        amount = await self._database.read(lambda c: money.read_balance(c, learner))
        return Money(amount, policy.CURRENCY)

    async def _to_wish(self, request: EnrolRequest) -> Wish:
        fact = await self._offerings.read_fact(request.offering_id)
        return Wish(request, fact, self._now())

    async def _read_outcome(self, use: KeyUse, now: datetime) -> EnrolOutcome | None:
        return await self._database.read(lambda c: keys.read_outcome(c, use, now))

    async def _read_refusals_of_stranger(self, wish: Wish) -> tuple[Refusal, ...]:
        facts = await self._database.read(lambda c: self._read_facts(c, wish))
        refusal = policy.first_refusal(facts)
        return (refusal,) if refusal else ()

    def _read_facts(self, connection: Connection, wish: Wish) -> Facts | None:
        learner = ledger.read_learner(connection, wish.request.learner)
        learner = None if learner is None or learner.is_erased else learner
        return read_facts(connection, wish, learner, self._rules, self._now())

    async def _write_for(self, learner: LearnerId, change: Callable[[Connection], T]) -> T:
        """Write, after making the learner known if need be.  Raises `UnknownLearnerError`."""
        try:
            return await self._database.write(change)
        except UnknownLearnerError:
            if not await self._learners.read_or_provision(learner):
                raise
            return await self._database.write(change)

    def _record(self, connection: Connection, wish: Wish, use: KeyUse) -> tuple[EnrolOutcome, bool]:
        """Return the outcome of a wish, and whether it made a new enrolment.

        The learner's lock makes parallel requests of one learner take turns, so the
        second of two sees the first one's key, enrolment and hold.
        """
        learner = ledger.lock_learner(connection, use.learner)
        if learner is None or learner.is_erased:  # the erased must be imported again
            raise UnknownLearnerError(use.learner)
        if (before := keys.read_outcome(connection, use, wish.now)) is not None:
            return before, False
        outcome = self._judge(connection, wish, learner)
        keys.record(connection, use, outcome, wish.now)
        return outcome, not outcome.refusals

    def _judge(self, connection: Connection, wish: Wish, learner: Participant) -> EnrolOutcome:
        """File what the rules allow; else return the first refusal and what it points at."""
        keep_still(connection, wish)
        facts = read_facts(connection, wish, learner, self._rules, self._now())
        refusal = policy.first_refusal(facts)
        if refusal is None:
            rules = facts.rules if facts else None
            return EnrolOutcome(self._accept(connection, wish, rules))
        is_pointed_at = refusal.code is EnrolErrorCode.ALREADY_ENROLLED
        return EnrolOutcome(facts.again if facts and is_pointed_at else None, (refusal,))

    def _accept(self, connection: Connection, wish: Wish, rules: SchemeRules | None) -> Enrolment:
        """File the enrolment, hold its price and seat, and leave an errand for the courier.

        One that has to wait for a seat of ours holds its price only.
        """
        waits = places.read_room(connection, wish.request.session_id).is_full
        filed = self._to_filed(wish, rules, waits=waits)
        record = filed.enrolment
        hold = money.movement_of(
            money.MovementKind.HOLD, record.learner, record.id, record.price.amount
        )
        ledger.open_enrolment(connection, filed, _FIRST[record.status])
        money.post(connection, hold, wish.now)
        if not waits:
            places.claim(connection, record.session_id)
            outbox.put_errand(connection, filed, wish.now)
        return record

    def _to_filed(self, wish: Wish, rules: SchemeRules | None, *, waits: bool) -> Filed:
        request, fact = wish.request, wish.fact
        if fact is None or fact.price is None:
            raise ValueError("only what the policy allows is filed")
        sessions = {session.id: session.key for session in fact.offering.sessions}
        enrolment_id = ledger.new_enrolment_id(wish.now, self._dice)
        record = Enrolment(
            id=enrolment_id,
            learner=request.learner,
            status=EnrolmentStatus.WAITLISTED if waits else EnrolmentStatus.RESERVED,
            course_id=fact.course_id,
            offering_id=request.offering_id,
            session_id=request.session_id,
            partner=fact.partner,
            price=fact.price,
            reference=Reference(f"mitra-{enrolment_id}"),
            created_at=wish.now,
            expected_by=None if waits else wish.now + SETTLED_WITHIN,
        )
        session_key = sessions[request.session_id] if request.session_id else None
        hold_until = _hold_until(fact, wish, waits=waits)
        goods = to_goods(fact, request.session_id)
        lapses_at = _lapses_at(rules, goods, wish.now)
        return Filed(record, 1, fact.key, session_key, goods, hold_until, lapses_at=lapses_at)


def _lapses_at(rules: SchemeRules | None, goods: Goods, now: datetime) -> datetime | None:
    """Return when to look whether a purchase was redeemed."""
    if rules is None or goods.dates is None:
        return None
    return redeem_period(rules, goods.dates, now).closes_at + REPORTED_WITHIN


def _hold_until(fact: OfferingFact, wish: Wish, *, waits: bool) -> datetime | None:
    """Return until when a seat is held, or waited for: never past the session's start."""
    starts = {session.id: session.starts_at for session in fact.offering.sessions}
    starts_at = starts.get(wish.request.session_id) if wish.request.session_id else None
    longest = None if waits else wish.now + HELD_FOR
    return min((each for each in (starts_at, longest) if each), default=None)
