"""The central record of an enrolment, and the only ways in which it may change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schema.model.values import (
    CourseId,
    EnrolmentId,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    Reference,
    SessionId,
)


class EnrolmentStatus(StrEnum):
    """Where an enrolment stands."""

    REQUESTED = "REQUESTED"
    RESERVED = "RESERVED"
    SUBMITTING = "SUBMITTING"
    PENDING_PARTNER = "PENDING_PARTNER"
    WAITLISTED = "WAITLISTED"
    IN_DOUBT = "IN_DOUBT"
    CONFIRMED = "CONFIRMED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    NOT_PASSED = "NOT_PASSED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"
    COMPENSATING = "COMPENSATING"
    MANUAL_REVIEW = "MANUAL_REVIEW"


class Actor(StrEnum):
    """Who caused a change."""

    LEARNER = "LEARNER"
    PARTNER = "PARTNER"
    SYSTEM = "SYSTEM"
    OPERATOR = "OPERATOR"


_S = EnrolmentStatus

# What is on its way to a partner (SUBMITTING, IN_DOUBT, COMPENSATING) cannot be cancelled: there
# may be nothing to cancel yet, and something a moment later.
TRANSITIONS: dict[EnrolmentStatus, frozenset[EnrolmentStatus]] = {
    _S.REQUESTED: frozenset({_S.RESERVED, _S.REJECTED, _S.EXPIRED, _S.CANCELLED}),
    _S.RESERVED: frozenset({_S.SUBMITTING, _S.EXPIRED, _S.CANCEL_REQUESTED}),
    _S.SUBMITTING: frozenset(
        {_S.CONFIRMED, _S.PENDING_PARTNER, _S.WAITLISTED, _S.REJECTED, _S.IN_DOUBT}
    ),
    _S.PENDING_PARTNER: frozenset({_S.CONFIRMED, _S.WAITLISTED, _S.REJECTED, _S.CANCEL_REQUESTED}),
    _S.WAITLISTED: frozenset({_S.RESERVED, _S.CANCELLED, _S.CANCEL_REQUESTED}),
    _S.IN_DOUBT: frozenset({_S.CONFIRMED, _S.SUBMITTING, _S.COMPENSATING, _S.MANUAL_REVIEW}),
    _S.COMPENSATING: frozenset({_S.REJECTED, _S.MANUAL_REVIEW}),
    _S.CONFIRMED: frozenset({_S.ACTIVE, _S.EXPIRED, _S.CANCEL_REQUESTED}),
    _S.ACTIVE: frozenset({_S.COMPLETED, _S.NOT_PASSED, _S.EXPIRED, _S.CANCEL_REQUESTED}),
    _S.CANCEL_REQUESTED: frozenset(
        {
            _S.CANCELLED,
            _S.RESERVED,
            _S.PENDING_PARTNER,
            _S.WAITLISTED,
            _S.CONFIRMED,
            _S.ACTIVE,
            _S.MANUAL_REVIEW,
        }
    ),
    _S.MANUAL_REVIEW: frozenset({_S.CONFIRMED, _S.REJECTED, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.NOT_PASSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.CANCELLED: frozenset(),
}

# A learner has at most one of these per course.
LIVE = frozenset(status for status, onward in TRANSITIONS.items() if onward)

# Those that take a seat; who finished a course has sat on one.
SEATED = (LIVE | {_S.COMPLETED, _S.NOT_PASSED}) - {_S.REQUESTED, _S.WAITLISTED}


class IllegalTransitionError(ValueError):
    """An enrolment was asked to change in a way that the programme does not know."""


def check_transition(before: EnrolmentStatus, after: EnrolmentStatus) -> None:
    """Raise `IllegalTransitionError` unless `before` may become `after`."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransitionError(f"an enrolment cannot go from {before} to {after}")


@dataclass(frozen=True, slots=True)
class EnrolmentEvent:
    """One change of an enrolment's status; `before` is None for the first."""

    at: datetime
    before: EnrolmentStatus | None
    after: EnrolmentStatus
    actor: Actor
    cause: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A learner's place on a course, as the programme records it."""

    id: EnrolmentId
    learner: LearnerId
    status: EnrolmentStatus
    course_id: CourseId
    offering_id: OfferingId
    session_id: SessionId | None
    partner: PartnerCode
    price: Money
    reference: Reference
    created_at: datetime
    partner_reference: str | None = None
    expected_by: datetime | None = None
    redeem_code: str | None = None
    access_url: str | None = None
    certificate_url: str | None = None
    version: int = 1  # rises with each change


class EnrolErrorCode(StrEnum):
    """Why an enrolment, or its cancellation, was refused."""

    ALREADY_ENROLLED = "ALREADY_ENROLLED"
    BALANCE_TOO_LOW = "BALANCE_TOO_LOW"
    COURSE_FULL = "COURSE_FULL"
    COURSE_BLOCKED = "COURSE_BLOCKED"
    ENROLMENT_CLOSED = "ENROLMENT_CLOSED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    NOT_FOUND = "NOT_FOUND"
    PREVIOUS_COURSE_UNFINISHED = "PREVIOUS_COURSE_UNFINISHED"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IN_PROGRESS = "IN_PROGRESS"
    PARTNER_UNAVAILABLE = "PARTNER_UNAVAILABLE"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    PRICE_CHANGED = "PRICE_CHANGED"
    SESSION_REQUIRED = "SESSION_REQUIRED"
    NOT_ENROLABLE = "NOT_ENROLABLE"
    CANCELLED_BEFORE = "CANCELLED_BEFORE"
    NOT_CANCELLABLE = "NOT_CANCELLABLE"


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """A learner's wish to take an offering, said once under an idempotency key."""

    learner: LearnerId
    offering_id: OfferingId
    session_id: SessionId | None
    idempotency_key: str
    expected_price: int | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A learner's wish to give a place back, said once under an idempotency key."""

    learner: LearnerId
    enrolment_id: EnrolmentId
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class RuleValue:
    """One of the values that decided: whole numbers and ISO 8601 days and times as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why not; `field` is the path of the input that it is about.

    `rule` names the rule that forbids it, and `values` are those that decided.
    """

    code: EnrolErrorCode
    message: str
    field: tuple[str, ...] | None = None
    rule: str | None = None
    values: tuple[RuleValue, ...] = ()


class RuleState(StrEnum):
    """What a rule says of a wish."""

    KEPT = "KEPT"
    REFUSED = "REFUSED"
    NOT_JUDGED = "NOT_JUDGED"


@dataclass(frozen=True, slots=True)
class EnrolVerdict:
    """What one rule says of a wish; `code` is what `enrol` answers if it refuses."""

    rule: str
    code: EnrolErrorCode
    state: RuleState
    message: str
    field: tuple[str, ...] | None = None
    values: tuple[RuleValue, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolOutcome:
    """What became of a request: an enrolment, or the reasons why there is none.

    ALREADY_ENROLLED carries both: the refusal and the live enrolment it points at.
    """

    enrolment: Enrolment | None
    refusals: tuple[Refusal, ...] = ()
