"""Enrolling: read the facts, ask the policy, record the intent.  The courier tells the partner."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gateway.enrolment import blocks, keys, ledger, money, outbox, paging, policy
from gateway.enrolment.goods import to_goods
from gateway.enrolment.learners import Learners
from gateway.enrolment.ledger import Filed, Step
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
    Refusal,
)
from schema.model.values import EnrolmentId, LearnerId, Money, Reference
from schema.ports import OfferingFact, OfferingFacts, Slice, Window

T = TypeVar("T")

SETTLED_WITHIN = timedelta(minutes=10)  # what a learner is told to expect
_PLACED = Step(EnrolmentStatus.RESERVED, Actor.LEARNER, "enrolled through the gateway")
_LOCK_NOT_AVAILABLE = "55P03"


class UnknownLearnerError(LookupError):
    """The ledger does not know this learner."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A request with what the catalogue says of it, and when it was made."""

    request: EnrolRequest
    fact: OfferingFact | None
    now: datetime


class EnrolmentService:
    """Records enrolments centrally: implements `schema.ports.Enrolments`."""

    def __init__(
        self,
        database: Database,
        offerings: OfferingFacts,
        learners: Learners,
        *,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
        dice: random.Random | None = None,
    ) -> None:
        """Make the service; `notify` is called after each commit that left an errand."""
        self._database = database
        self._offerings = offerings
        self._learners = learners
        self._now = now
        self._notify = notify
        self._dice = dice or random.SystemRandom()

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        """Record a wish to enrol, or say why not; the same key gets the same outcome."""
        fact = await self._offerings.read_fact(request.offering_id)
        wish = _Wish(request, fact, self._now())
        try:
            outcome, is_new = await self._write_for(
                request.learner, lambda connection: self._record(connection, wish)
            )
        except UnknownLearnerError:
            return EnrolOutcome(None, (policy.UNKNOWN_LEARNER,))
        except OperationalError as exc:
            if not _is_lock_timeout(exc):
                raise
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        if is_new:
            ledger.count_changes((_PLACED,))
            self._notify()
        return outcome

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
        return await self._database.read(lambda c: ledger.read_events(c, enrolment_id))

    async def read_balance(self, learner: LearnerId) -> Money:
        """Return what the training account can still spend; nothing for unknown learners."""
        await self._learners.read_or_provision(learner)
        amount = await self._database.read(lambda c: money.read_balance(c, learner))
        return Money(amount, policy.CURRENCY)

    async def _write_for(self, learner: LearnerId, change: Callable[[Connection], T]) -> T:
        """Write, after making the learner known if need be.  Raises `UnknownLearnerError`."""
        try:
            return await self._database.write(change)
        except UnknownLearnerError:
            if not await self._learners.read_or_provision(learner):
                raise
            return await self._database.write(change)

    def _record(self, connection: Connection, wish: _Wish) -> tuple[EnrolOutcome, bool]:
        """Return the outcome of a wish, and whether it made a new enrolment.

        The learner's lock makes parallel requests of one learner take turns, so the
        second of two sees the first one's key, enrolment and hold.
        """
        request = wish.request
        if not ledger.lock_learner(connection, request.learner):
            raise UnknownLearnerError(request.learner)
        said = keys.input_hash(request)
        recorded = keys.read_recorded(
            connection, request.learner, keys.ENROL, request.idempotency_key
        )
        if recorded is not None:
            return _outcome_again(connection, recorded, said), False
        live, refused = _judge(connection, wish, self._now())
        if not refused:
            live = self._accept(connection, wish)
        enrolment_id = live.id if live else None
        keys.record(connection, request, keys.Recorded(said, enrolment_id, refused), wish.now)
        return EnrolOutcome(live, refused), not refused

    def _accept(self, connection: Connection, wish: _Wish) -> Enrolment:
        """File the enrolment, hold its price, and leave an errand for the courier."""
        filed = self._to_filed(wish)
        record = filed.enrolment
        hold = money.movement_of(
            money.MovementKind.HOLD, record.learner, record.id, record.price.amount
        )
        ledger.open_enrolment(connection, filed, _PLACED)
        money.post(connection, hold, wish.now)
        outbox.put_errand(connection, filed, wish.now)
        return record

    def _to_filed(self, wish: _Wish) -> Filed:
        request, fact = wish.request, wish.fact
        if fact is None or fact.price is None:
            raise ValueError("only what the policy allows is filed")
        sessions = {session.id: session.key for session in fact.offering.sessions}
        enrolment_id = ledger.new_enrolment_id(wish.now, self._dice)
        record = Enrolment(
            id=enrolment_id,
            learner=request.learner,
            status=EnrolmentStatus.RESERVED,
            course_id=fact.course_id,
            offering_id=request.offering_id,
            session_id=request.session_id,
            partner=fact.partner,
            price=fact.price,
            reference=Reference(f"mitra-{enrolment_id}"),
            created_at=wish.now,
            expected_by=wish.now + SETTLED_WITHIN,
        )
        session_key = sessions[request.session_id] if request.session_id else None
        goods = to_goods(fact, request.session_id)
        return Filed(record, 1, fact.key, session_key, goods)


def _judge(
    connection: Connection, wish: _Wish, now: datetime
) -> tuple[Enrolment | None, tuple[Refusal, ...]]:
    """Return the live enrolment that stands in the way, if any, and the first refusal.

    Blocks are judged by `now`, not by when the wish was made: it may have waited.
    """
    if wish.fact is None:
        return None, (policy.UNKNOWN_OFFERING,)
    facts = _read_facts(connection, wish, wish.fact)
    blocks.keep_still(connection)
    facts = replace(facts, block=blocks.read_block_on(connection, wish.fact.targets, now))
    refused = policy.refusals(facts)[:1]
    is_pointed_at = bool(refused) and refused[0].code is EnrolErrorCode.ALREADY_ENROLLED
    return facts.live if is_pointed_at else None, refused


def _read_facts(connection: Connection, wish: _Wish, fact: OfferingFact) -> policy.Facts:
    request = wish.request
    facts = policy.Facts(
        now=wish.now,
        request=request,
        offering=fact,
        live=ledger.read_live(connection, request.learner, fact.course_id),
        balance=money.read_balance(connection, request.learner),
    )
    if facts.session is None or facts.session.seats_left is None:
        return facts
    ledger.lock_session(connection, facts.session.id)
    taken = ledger.count_seats_taken(connection, facts.session.id, fact.fetched_at)
    return replace(facts, seats_taken=taken)


def _outcome_again(connection: Connection, recorded: keys.Recorded, said: str) -> EnrolOutcome:
    """Return the outcome of a key's first use, with the enrolment as it stands now."""
    if recorded.input_hash != said:
        return EnrolOutcome(None, (policy.IDEMPOTENCY_CONFLICT,))
    if recorded.enrolment_id is None:
        return EnrolOutcome(None, recorded.refusals)
    filed = ledger.read_filed(connection, enrolment.c.id == recorded.enrolment_id)
    return EnrolOutcome(filed.enrolment if filed else None, recorded.refusals)


def _is_lock_timeout(exc: OperationalError) -> bool:
    """Return whether a lock was not to be had in time, on either engine."""
    if isinstance(exc.orig, sqlite3.OperationalError):
        return exc.orig.sqlite_errorcode == sqlite3.SQLITE_BUSY
    return getattr(exc.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
