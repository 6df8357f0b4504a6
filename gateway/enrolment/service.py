"""Enrolling: read the facts, ask the policy, record the intent.  The courier tells the partner."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gateway.enrolment import events, keys, ledger, money, paging, places, policy
from gateway.enrolment.facts import Facts
from gateway.enrolment.gathering import Wish, read_standing
from gateway.enrolment.in_flight import TurnNotComeError, Turns, is_lock_timeout
from gateway.enrolment.keys import KeyUse
from gateway.enrolment.learners import Learners
from gateway.enrolment.quoting import read_up_to_date
from gateway.enrolment.recording import Recorded, Recorder
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from gateway.enrolment.sales import Sale
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.together import Together
from schema.model.enrolment import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
    Refusal,
)
from schema.model.values import EnrolmentId, LearnerId, Money
from schema.ports import OfferingFacts, Slice, Window
from schema.quote_ports import LiveQuotes

MOST_TOGETHER = 64  # wishes in one transaction

log = structlog.get_logger(__name__)


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
        quotes: LiveQuotes | None = None,
    ) -> None:
        """Make the service; `notify` is called after each commit that left an errand.

        Without `quotes` prices and seats are as they are listed.
        """
        self._database = database
        self._offerings = offerings
        self._learners = learners
        self._quotes = quotes
        self._now = now
        self._notify = notify
        self._rules = rules or built_in_rules()
        self._recorder = Recorder(self._rules, now, dice or random.SystemRandom())
        self._turns = Turns()
        self._together: Together[LearnerId, Wish, Recorded] = Together(
            self._record_together, most=MOST_TOGETHER
        )

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        """Record a wish to enrol, or say why not; the same key gets the same outcome."""
        return await self._carry_out(await self._to_wish(request))

    async def record_sale(self, request: EnrolRequest, sale: Sale) -> EnrolOutcome:
        """Record what a partner has sold, under the rules of `enrol`, or say why not.

        The request's idempotency key is the partner's invoice.  Raises `IntegrityError` if the
        invoice or its payment token is another learner's.
        """
        return await self._carry_out(await self._to_wish(request, sale, is_partner_sale=True))

    async def judge_sale(self, request: EnrolRequest) -> Refusal | None:
        """Return why a partner may not sell this to a learner now, or None."""
        await self._learners.read_or_provision(request.learner)
        wish = await self._to_wish(request, is_partner_sale=True)
        return policy.first_refusal(await self._database.read(lambda c: self._read_facts(c, wish)))

    async def _carry_out(self, wish: Wish) -> EnrolOutcome:
        use = wish.use
        try:
            async with self._turns.turn((use.learner, use.mutation, use.key)) as was_before:
                if was_before and (first := await self._read_outcome(use, wish.now)):
                    return first
                recorded = await self._record(wish)
        except UnknownLearnerError:
            return EnrolOutcome(None, await self._read_refusals_of_stranger(wish))
        except (TurnNotComeError, places.NoPlaceError):  # the seat that was free is gone again
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        except OperationalError as exc:
            if not is_lock_timeout(exc):
                raise
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        if recorded.filed is not None:
            ledger.count_changes(recorded.steps)
            self._notify()
        return recorded.outcome

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

    async def _to_wish(
        self, request: EnrolRequest, sale: Sale | None = None, *, is_partner_sale: bool = False
    ) -> Wish:
        fact = await self._offerings.read_fact(request.offering_id)
        if not is_partner_sale:  # who sells it knows its price
            fact = await read_up_to_date(fact, request, self._quotes)
        use = keys.use_by_sale(request) if is_partner_sale else keys.use_by(request)
        return Wish(request, fact, self._now(), use, is_partner_sale, sale)

    async def _read_outcome(self, use: KeyUse, now: datetime) -> EnrolOutcome | None:
        return await self._database.read(lambda c: keys.read_outcome(c, use, now))

    async def _read_refusals_of_stranger(self, wish: Wish) -> tuple[Refusal, ...]:
        facts = await self._database.read(lambda c: self._read_facts(c, wish))
        refusal = policy.first_refusal(facts)
        return (refusal,) if refusal else ()

    def _read_facts(self, connection: Connection, wish: Wish) -> Facts | None:
        account = ledger.read_account(connection, wish.request.learner)
        account = None if account is None or account.participant.is_erased else account
        standing = read_standing(connection, [wish], self._recorder.blocks, self._now())
        return standing.facts_of(wish, account, self._rules)

    async def _record(self, wish: Wish) -> Recorded:
        """Record with what else waits, or alone what cannot be.  Raises `UnknownLearnerError`."""
        learner = wish.request.learner
        recorded = await self._together.submit(learner, wish)
        recorded = recorded or await self._record_alone(wish)
        if recorded is None and await self._learners.read_or_provision(learner):
            recorded = await self._record_alone(wish)
        if recorded is None:
            raise UnknownLearnerError(learner)
        return recorded

    async def _record_together(
        self, wishes: Mapping[LearnerId, Wish]
    ) -> Mapping[LearnerId, Recorded]:
        """Record wishes in one transaction; none of them if one of them cannot be.

        What is left out is recorded alone, where it may wait for a lock and fail by itself.
        """
        try:
            return await self._database.write(
                lambda c: self._recorder.record(c, wishes, wait=False)
            )
        except OperationalError:  # it is the database's, so each would fail
            raise
        except Exception as exc:  # noqa: BLE001 - whose it is shows when each is alone
            log.warning("enrolment.recorded_apart", error=type(exc).__name__, wishes=len(wishes))
            return {}

    async def _record_alone(self, wish: Wish) -> Recorded | None:
        learner = wish.request.learner
        wishes = {learner: wish}
        recorded = await self._database.write(lambda c: self._recorder.record(c, wishes, wait=True))
        return recorded.get(learner)
