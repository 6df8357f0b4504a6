"""Who may enrol where.  Pure: facts in, refusals out, in the order of the programme.

A rule is a function of the facts that returns a refusal, or None when it is kept.
`enrol` answers the first refusal; a dry run may show them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from schema.model.blocks import Block
from schema.model.catalogue import Session
from schema.model.enrolment import EnrolErrorCode, Enrolment, EnrolRequest, Refusal
from schema.model.values import EnrolmentMode, SessionId
from schema.ports import OfferingFact

CURRENCY = "IDR"  # what training accounts are held in

_CODE = EnrolErrorCode
_OFFERING, _SESSION, _PRICE = ("offeringId",), ("sessionId",), ("expectedPrice",)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the verdict on one known offering depends on, read beforehand.

    `seats_taken` counts places of the wanted session that were taken through us and
    that the partner's `seats_left` does not know of yet.
    """

    now: datetime
    request: EnrolRequest
    offering: OfferingFact
    live: Enrolment | None
    balance: int
    seats_taken: int = 0
    block: Block | None = None  # one that is in force and names the offering

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """The offering's sessions by id."""
        return {session.id: session for session in self.offering.offering.sessions}

    @property
    def session(self) -> Session | None:
        """The session that is asked for, if the offering has it."""
        wanted = self.request.session_id
        return None if wanted is None else self.sessions.get(wanted)


Rule = Callable[[Facts], Refusal | None]

UNKNOWN_OFFERING = Refusal(
    _CODE.NOT_FOUND, "There is no such offering; look it up in the catalogue again.", _OFFERING
)
UNKNOWN_LEARNER = Refusal(
    _CODE.NOT_ELIGIBLE, "You are not a participant of the programme; register with it first."
)
IDEMPOTENCY_CONFLICT = Refusal(
    _CODE.IDEMPOTENCY_CONFLICT,
    "This idempotency key was used with other input; use a new key for a new wish.",
    ("idempotencyKey",),
)
IN_PROGRESS = Refusal(
    _CODE.IN_PROGRESS, "An earlier request of yours is still being recorded; repeat this one soon."
)


def refusals(facts: Facts) -> tuple[Refusal, ...]:
    """Return every rule that forbids this enrolment, most decisive first; () allows it."""
    return tuple(refusal for rule in RULES if (refusal := rule(facts)))


def is_open(session: Session, now: datetime) -> bool:
    """Return whether a session can be entered now: a date that nobody told forbids nothing."""
    if session.enrolment_starts_at is not None and now < session.enrolment_starts_at:
        return False
    ends = (session.enrolment_ends_at, session.starts_at, session.ends_at)
    return all(end is None or now < end for end in ends)


def _session_exists(facts: Facts) -> Refusal | None:
    if facts.request.session_id is None or facts.session is not None:
        return None
    return Refusal(_CODE.NOT_FOUND, "The offering has no such session; choose another.", _SESSION)


def _enrolable(facts: Facts) -> Refusal | None:
    reason = _why_not_enrolable(facts.offering)
    return Refusal(_CODE.NOT_ENROLABLE, reason, _OFFERING) if reason else None


def _why_not_enrolable(offering: OfferingFact) -> str | None:
    if offering.withdrawn:
        return "The partner no longer sells this offering; choose another."
    if not offering.approved:
        return "The programme has not approved this offering; choose another."
    if offering.mode is not EnrolmentMode.DIRECT:
        return "This offering is booked at the partner, not through us; go to its address."
    if offering.price is None:
        return "The partner has not told a price for this offering, so it cannot be paid for."
    if offering.price.currency != CURRENCY:
        return f"This offering costs {offering.price.currency}; training accounts hold {CURRENCY}."
    return None


def _not_blocked(facts: Facts) -> Refusal | None:
    block = facts.block
    if block is None:
        return None
    message = f"The programme has stopped this course: {block.reason} (letter {block.letter})."
    return Refusal(_CODE.COURSE_BLOCKED, message, _OFFERING)


def _not_enrolled_yet(facts: Facts) -> Refusal | None:
    if facts.live is None:
        return None
    return Refusal(_CODE.ALREADY_ENROLLED, "You are already enrolled in this course.")


def _enrolment_open(facts: Facts) -> Refusal | None:
    wanted = [facts.session] if facts.session else list(facts.sessions.values())
    if not wanted or any(is_open(session, facts.now) for session in wanted):
        return None
    message = "Enrolment is not open for this session; choose another."
    return Refusal(_CODE.ENROLMENT_CLOSED, message, _SESSION)


def _session_chosen(facts: Facts) -> Refusal | None:
    if facts.request.session_id is not None or not facts.sessions:
        return None
    return Refusal(_CODE.SESSION_REQUIRED, "This offering has sessions; choose one.", _SESSION)


def _seat_left(facts: Facts) -> Refusal | None:
    session = facts.session
    if session is None or session.unlimited or session.seats_left is None:
        return None
    if facts.seats_taken < session.seats_left:
        return None
    return Refusal(_CODE.COURSE_FULL, "This session is full; choose another.", _SESSION)


def _price_as_expected(facts: Facts) -> Refusal | None:
    expected, price = facts.request.expected_price, facts.offering.price
    if expected is None or price is None or expected == price.amount:
        return None
    message = f"The price is now {price.amount} {price.currency}, not {expected}."
    return Refusal(_CODE.PRICE_CHANGED, message, _PRICE)


def _affordable(facts: Facts) -> Refusal | None:
    price = facts.offering.price
    if price is None or price.amount <= facts.balance:
        return None
    message = f"The price is {price.amount} {price.currency}; you have {facts.balance} left."
    return Refusal(_CODE.BALANCE_TOO_LOW, message)


RULES: tuple[Rule, ...] = (
    _session_exists,
    _enrolable,
    _not_blocked,
    _not_enrolled_yet,
    _enrolment_open,
    _session_chosen,
    _seat_left,
    _price_as_expected,
    _affordable,
)
