"""Cancelling: what can be given back, and until when.  The courier tells the partner."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import OperationalError

from gateway.enrolment import hearing, keys, ledger, outbox, policy
from gateway.enrolment.deadlines import cancellation_window, day_in
from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.in_flight import is_lock_timeout
from gateway.enrolment.ledger import change_enrolment
from gateway.enrolment.outbox import Operation
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from gateway.enrolment.rules.scheme import SchemeRules
from gateway.enrolment.sales import is_sold_by_partner
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from schema.model.enrolment import (
    Actor,
    CancelRequest,
    EnrolErrorCode,
    EnrolmentStatus,
    EnrolOutcome,
    Refusal,
)
from schema.model.values import SessionId
from schema.ports import OfferingFact, OfferingFacts

CANCEL = "cancelEnrolment"
SETTLED_WITHIN = timedelta(minutes=10)  # what a learner is told to expect

_S, _CODE = EnrolmentStatus, EnrolErrorCode
_FIELD = ("input", "enrolmentId")
_ASKED = Step(_S.CANCEL_REQUESTED, Actor.LEARNER, "cancelled by the learner")
_DONE = Step(_S.CANCELLED, Actor.LEARNER, "cancelled by the learner")

_AT_THE_PARTNER = frozenset({_S.PENDING_PARTNER, _S.CONFIRMED, _S.ACTIVE})
_BOUGHT_THERE = Refusal(
    _CODE.NOT_CANCELLABLE, "It was bought on the partner's own site; cancel it there.", _FIELD
)
_PASSES = frozenset({_S.SUBMITTING, _S.IN_DOUBT, _S.MANUAL_REVIEW})  # and may be cancelled then
_NOT_NOW = "{} Ask again later, with the same key."
_WHY_NOT = {
    _S.SUBMITTING: _NOT_NOW.format("It is just being sent to the partner."),
    _S.IN_DOUBT: _NOT_NOW.format("The partner has not told yet what became of it."),
    _S.COMPENSATING: "It is being taken back already; nothing will be paid.",
    _S.MANUAL_REVIEW: _NOT_NOW.format("The programme is looking into it."),
    _S.COMPLETED: "The course has been completed.",
    _S.NOT_PASSED: "The course has been taken to its end.",
    _S.EXPIRED: "It has expired.",
    _S.REJECTED: "It was refused by the partner, and nothing was paid.",
    _S.CANCELLED: "It is cancelled already.",
}


class Cancellations:
    """Records that learners cancel: implements `schema.enrolment_ports.Cancellations`."""

    def __init__(
        self,
        database: Database,
        offerings: OfferingFacts,
        *,
        now: Callable[[], datetime],
        rules: RuleBook | None = None,
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the desk; `notify` is called after each commit that changed something."""
        self._database = database
        self._offerings = offerings
        self._now = now
        self._rules = rules or built_in_rules()
        self._notify = notify

    async def cancel(self, request: CancelRequest) -> EnrolOutcome:
        """Record that a learner cancels, or say why not; the same key gets the same outcome."""
        mine = _is_theirs(request)
        filed = await self._database.read(lambda c: ledger.read_filed(c, *mine))
        fact = None
        if filed is not None:  # what the catalogue says is read with no transaction open
            fact = await self._offerings.read_fact(filed.enrolment.offering_id)
        try:
            outcome, steps = await self._database.write(lambda c: self._record(c, request, fact))
        except OperationalError as exc:
            if not is_lock_timeout(exc):
                raise
            return EnrolOutcome(None, (policy.IN_PROGRESS,))
        if steps:
            ledger.count_changes(steps)
            self._notify()
        return outcome

    def _record(
        self, connection: Connection, request: CancelRequest, fact: OfferingFact | None
    ) -> tuple[EnrolOutcome, tuple[Step, ...]]:
        """Return the outcome of a request, and what it changed."""
        now = self._now()
        learner = ledger.lock_learner(connection, request.learner)
        if learner is None:
            return EnrolOutcome(None, (_not_found(),)), ()
        use = keys.use_of(request.learner, CANCEL, request.idempotency_key, [request.enrolment_id])
        if (before := keys.read_outcome(connection, use, now)) is not None:
            return before, ()
        filed = ledger.lock_filed(connection, *_is_theirs(request))
        rules = self._rules.find(learner.scheme, learner.announced_on)
        refusal = _refusal(filed, rules, fact, now)
        if (
            filed is not None
            and refusal is None
            and is_sold_by_partner(connection, filed.enrolment.id)
        ):
            refusal = _BOUGHT_THERE
        change = Change()
        if filed is not None and refusal is None:
            filed, change = _cancel(connection, filed, now)
        refusals = () if refusal is None else (refusal,)
        outcome = EnrolOutcome(filed.enrolment if filed else None, refusals)
        if not _may_pass(filed, refusals):
            keys.record(connection, use, outcome, now)
        return outcome, change.steps


def _refusal(
    filed: Filed | None, rules: SchemeRules | None, fact: OfferingFact | None, now: datetime
) -> Refusal | None:
    if filed is None:
        return _not_found()
    status = filed.enrolment.status
    if status in _WHY_NOT:
        return Refusal(_CODE.NOT_CANCELLABLE, _WHY_NOT[status], _FIELD)
    if status not in _AT_THE_PARTNER:
        return None  # nothing has been bought yet, or it is being cancelled already
    starts_at = _starts_at(fact, filed.enrolment.session_id)
    reason = why_not_cancellable(rules, filed.enrolment.created_at, starts_at, now)
    return None if reason is None else Refusal(_CODE.NOT_CANCELLABLE, reason, _FIELD)


def _may_pass(filed: Filed | None, refusals: tuple[Refusal, ...]) -> bool:
    """Return whether a refusal only says "not now", so that the same key may be tried again."""
    return bool(refusals) and filed is not None and filed.enrolment.status in _PASSES


def why_not_cancellable(
    rules: SchemeRules | None, bought_at: datetime, starts_at: datetime | None, now: datetime
) -> str | None:
    """Return why rule 4 forbids cancelling, with the dates that decide; None if it allows it."""
    if rules is None:
        return "There are no rules for your scheme here; ask the programme."
    limits = rules.cancellation
    bought_on = day_in(rules.time_zone, bought_at)
    window = cancellation_window(rules, bought_at, starts_at)
    if window is not None and now in window:
        return None
    said = f"bought on {bought_on}" + (f", starts on {starts_at.date()}" if starts_at else "")
    return (
        f"A course is cancelled at most {limits.days_after_purchase} days after the day of "
        f"purchase and at least {limits.days_before_start} days before it starts; yours: {said}."
    )


def _cancel(connection: Connection, filed: Filed, now: datetime) -> tuple[Filed, Change]:
    """Carry out what a learner may; the money of what no partner has confirmed is free at once."""
    change = _to_change(filed, now)
    if not change.steps:
        return filed, change
    was_sent = filed.sent_at is not None
    changed = change_enrolment(connection, filed, change, now)
    outbox.strike_out(connection, filed.enrolment.id, Operation.ENROL)
    if was_sent:
        outbox.put_errand(connection, changed, now, Operation.CANCEL)
    return changed, change


def _to_change(filed: Filed, now: datetime) -> Change:
    status = filed.enrolment.status
    if status is _S.CANCEL_REQUESTED:
        return Change()
    if status in _AT_THE_PARTNER:
        columns = {"resumes_as": status, "expected_by": now + SETTLED_WITHIN}
        return Change((_ASKED,), columns)
    steps = (_ASKED, _DONE) if status is _S.RESERVED else (_DONE,)
    movement = hearing.closing_movement(filed, _S.CANCELLED)
    return Change(steps, {"expected_by": None}, None if status is _S.REQUESTED else movement)


def _starts_at(fact: OfferingFact | None, session_id: SessionId | None) -> datetime | None:
    if fact is None or session_id is None:
        return None
    starts = {session.id: session.starts_at for session in fact.offering.sessions}
    return starts.get(session_id)


def _is_theirs(request: CancelRequest) -> tuple[ColumnElement[bool], ...]:
    return (enrolment.c.id == request.enrolment_id, enrolment.c.learner_id == request.learner)


def _not_found() -> Refusal:
    return Refusal(_CODE.NOT_FOUND, "You have no such enrolment; list yours to find it.", _FIELD)
