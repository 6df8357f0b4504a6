"""The one transaction that records wishes: as many as wait together, and each for itself.

Every statement is about all of them, so the work per wish is small; a verdict is about one,
and knows of the seats that those before it took.  Functions of a connection, as in `ledger`.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.enrolment import keys, ledger, money, outbox, places, policy, sales
from gateway.enrolment.blocks import StandingBlocks
from gateway.enrolment.course_dates import REPORTED_WITHIN, redeem_period
from gateway.enrolment.filed import Filed, Step, new_enrolment_id
from gateway.enrolment.gathering import Standing, Wish, keep_still, read_standing
from gateway.enrolment.goods import Goods, to_goods
from gateway.enrolment.ledger import Account
from gateway.enrolment.rules.book import RuleBook
from gateway.enrolment.rules.scheme import SchemeRules
from gateway.storage.sets import read_by_index
from schema.model.enrolment import (
    Actor,
    EnrolErrorCode,
    Enrolment,
    EnrolmentStatus,
    EnrolOutcome,
)
from schema.model.values import LearnerId, Reference, SessionId

SETTLED_WITHIN = timedelta(minutes=10)  # what a learner is told to expect
HELD_FOR = timedelta(hours=24)  # what is not sent by then gives money and seat back
FIRST = {
    EnrolmentStatus.RESERVED: Step(
        EnrolmentStatus.RESERVED, Actor.LEARNER, "enrolled through the gateway"
    ),
    EnrolmentStatus.WAITLISTED: Step(
        EnrolmentStatus.WAITLISTED, Actor.LEARNER, "waits for a place"
    ),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a wish; the enrolment as filed, and its steps, if it made a new one."""

    outcome: EnrolOutcome
    filed: Filed | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records wishes by the rules; the clock and the dice are given."""

    rules: RuleBook
    now: Callable[[], datetime]
    dice: random.Random
    blocks: StandingBlocks = field(default_factory=StandingBlocks)

    def record(
        self, connection: Connection, wishes: Mapping[LearnerId, Wish], *, wait: bool
    ) -> Mapping[LearnerId, Recorded]:
        """Return what became of wishes, one per learner; the same key gets the same outcome.

        Strangers are left out, and without `wait` those whom another transaction keeps still.
        A learner's lock makes their requests take turns, so the second of two sees the first
        one's key, enrolment and hold.  Raises `NoPlaceError`; nothing may be kept then.
        """
        read_by_index(connection)
        accounts = {
            learner: account
            for learner, account in ledger.lock_accounts(connection, wishes, wait=wait).items()
            if not account.participant.is_erased  # the erased must be imported again
        }
        if not accounts:
            return {}
        mine = [wish for learner, wish in wishes.items() if learner in accounts]
        before = keys.read_outcomes(connection, [wish.use for wish in mine], self.now())
        known = {use.learner: Recorded(outcome) for use, outcome in before.items()}
        fresh = [wish for wish in mine if wish.request.learner not in known]
        return {**known, **(self._judge(connection, fresh, accounts) if fresh else {})}

    def _judge(
        self,
        connection: Connection,
        wishes: Sequence[Wish],
        accounts: Mapping[LearnerId, Account],
    ) -> Mapping[LearnerId, Recorded]:
        """File what the rules allow, first come first served, and keep every outcome."""
        keep_still(connection, wishes)
        standing = read_standing(connection, wishes, self.blocks, self.now())
        judged = {
            wish.request.learner: self._verdict(wish, accounts[wish.request.learner], standing)
            for wish in wishes
        }
        opened = [(each.filed, each.steps[0]) for each in judged.values() if each.filed]
        _file(connection, opened, standing)
        for wish in wishes:
            if wish.sale is not None and (filed := judged[wish.request.learner].filed) is not None:
                sold, steps = sales.confirm(connection, filed, wish.sale, wish.now)
                judged[wish.request.learner] = Recorded(EnrolOutcome(sold.enrolment), sold, steps)
        told = [(wish, judged[wish.request.learner]) for wish in wishes]
        keys.record_all(
            connection,
            (
                (wish.use, recorded.outcome, wish.now)
                for wish, recorded in told
                if recorded.filed or wish.sale is None  # an invoice that was refused may come again
            ),
        )
        return judged

    def _verdict(self, wish: Wish, account: Account, standing: Standing) -> Recorded:
        """Return the enrolment to file; else the first refusal and what it points at."""
        facts = standing.facts_of(wish, account, self.rules)
        refusal = policy.first_refusal(facts)
        if refusal is not None:
            is_pointed_at = refusal.code is EnrolErrorCode.ALREADY_ENROLLED
            again = facts.again if facts and is_pointed_at else None
            return Recorded(EnrolOutcome(again, (refusal,)))
        session_id = wish.request.session_id
        rules = facts.rules if facts else None
        filed = _to_filed(wish, self.dice, rules, waits=standing.is_full(session_id))
        standing.take_place(session_id)
        first = FIRST[filed.enrolment.status] if wish.sale is None else sales.SOLD
        return Recorded(EnrolOutcome(filed.enrolment), filed, (first,))


def _file(connection: Connection, opened: Sequence[tuple[Filed, Step]], standing: Standing) -> None:
    """File enrolments, hold their prices and seats, and leave errands for the courier.

    One that has to wait for a seat of ours holds its price only; what a partner has sold needs
    no errand.
    """
    ledger.open_enrolments(connection, opened)
    records = [filed.enrolment for filed, _ in opened]
    money.post_all(connection, [(_hold_of(record), record.created_at) for record in records])
    seated = [each for each, _ in opened if each.enrolment.status is EnrolmentStatus.RESERVED]
    taken: Counter[SessionId] = Counter(
        each.enrolment.session_id for each in seated if each.enrolment.session_id in standing.rooms
    )
    places.claim_all(connection, taken)
    ours = [filed for filed, first in opened if first is FIRST[EnrolmentStatus.RESERVED]]
    outbox.put_first_errands(connection, ours)


def _hold_of(record: Enrolment) -> money.Movement:
    kind = money.MovementKind.HOLD
    return money.movement_of(kind, record.learner, record.id, record.price.amount)


def _to_filed(wish: Wish, dice: random.Random, rules: SchemeRules | None, *, waits: bool) -> Filed:
    request, fact, session, sale = wish.request, wish.fact, wish.session, wish.sale
    if fact is None or fact.price is None:
        raise ValueError("only what the policy allows is filed")
    enrolment_id = new_enrolment_id(wish.now, dice)
    record = Enrolment(
        id=enrolment_id,
        learner=request.learner,
        status=EnrolmentStatus.WAITLISTED if waits else EnrolmentStatus.RESERVED,
        course_id=fact.course_id,
        offering_id=request.offering_id,
        session_id=request.session_id,
        partner=fact.partner,
        price=fact.price,
        reference=Reference(sale.transaction_code if sale else f"mitra-{enrolment_id}"),
        created_at=wish.now,
        expected_by=None if waits else wish.now + SETTLED_WITHIN,
    )
    session_key = session.key if session else None
    goods = to_goods(fact, request.session_id)
    hold_until = _hold_until(wish, waits=waits)
    lapses_at = _lapses_at(rules, goods, wish.now)
    return Filed(record, fact.key, session_key, goods, hold_until, lapses_at=lapses_at)


def _lapses_at(rules: SchemeRules | None, goods: Goods, now: datetime) -> datetime | None:
    """Return when to look whether a purchase was redeemed."""
    if rules is None or goods.dates is None:
        return None
    return redeem_period(rules, goods.dates, now).closes_at + REPORTED_WITHIN


def _hold_until(wish: Wish, *, waits: bool) -> datetime | None:
    """Return until when a seat is held, or waited for: never past the session's start."""
    starts_at = wish.session.starts_at if wish.session else None
    longest = None if waits else wish.now + HELD_FOR
    return min((each for each in (starts_at, longest) if each), default=None)
