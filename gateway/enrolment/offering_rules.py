"""Rules about what is bought: the offering, its session, seats and price.  Pure."""

from datetime import datetime

from gateway.enrolment.deadlines import purchase_cut_off, teaching_of
from gateway.enrolment.facts import Facts
from gateway.enrolment.findings import Finding, Rule, found
from schema.model.catalogue import Session
from schema.model.enrolment import EnrolErrorCode
from schema.model.values import EnrolmentMode
from schema.ports import OfferingFact

CURRENCY = "IDR"  # what training accounts are held in

_CODE = EnrolErrorCode
_OFFERING, _SESSION, _PRICE = ("offeringId",), ("sessionId",), ("expectedPrice",)


def is_open(session: Session, now: datetime) -> bool:
    """Return whether a session can be entered now: a date that nobody told forbids nothing."""
    if session.enrolment_starts_at is not None and now < session.enrolment_starts_at:
        return False
    ends = (session.enrolment_ends_at, session.starts_at, session.ends_at)
    return all(end is None or now < end for end in ends)


def _session_exists(facts: Facts) -> Finding:
    if facts.request.session_id is None or facts.session is not None:
        return found()
    return found("The offering has no such session; choose another.")


def _enrolable(facts: Facts) -> Finding:
    reason = _why_not_enrolable(facts.offering, is_partner_sale=facts.is_partner_sale)
    return found(reason, mode=facts.offering.mode.value)


def _why_not_enrolable(offering: OfferingFact, *, is_partner_sale: bool) -> str | None:
    elsewhere = offering.mode is not EnrolmentMode.DIRECT and not is_partner_sale
    reasons = (
        (offering.withdrawn, "The partner no longer sells this offering; choose another."),
        (not offering.approved, "The programme has not approved this offering; choose another."),
        (offering.is_paused, "The partner sells nothing now; come back later, or choose another."),
        (elsewhere, "This offering is booked at the partner, not through us; go to its address."),
    )
    return next((reason for holds, reason in reasons if holds), None) or _why_not_paid(offering)


def _why_not_paid(offering: OfferingFact) -> str | None:
    if offering.price is None:
        return "The partner has not told a price for this offering, so it cannot be paid for."
    if offering.price.currency != CURRENCY:
        return f"This offering costs {offering.price.currency}; training accounts hold {CURRENCY}."
    return None


def _not_blocked(facts: Facts) -> Finding:
    block = facts.block
    if block is None:
        return found()
    message = f"The programme has stopped this course: {block.reason} (letter {block.letter})."
    since = block.effective_at.isoformat()
    return found(message, scope=block.scope.value, letter=block.letter, effectiveAt=since)


def _enrolment_open(facts: Facts) -> Finding:
    wanted = facts.wanted_sessions
    dates: dict[str, str] = {}
    if facts.session is not None:
        times = {
            "opensAt": facts.session.enrolment_starts_at,
            "closesAt": facts.session.enrolment_ends_at,
            "startsAt": facts.session.starts_at,
        }
        dates = {name: at.isoformat() for name, at in times.items() if at is not None}
    if not wanted or any(is_open(session, facts.now) for session in wanted):
        return found(**dates)
    return found("Enrolment is not open for this session; choose another.", **dates)


def _purchase_cut_off(facts: Facts) -> Finding | None:
    """Judge the chosen session, or all of which one is still to be chosen."""
    if facts.rules is None:
        return None
    mode, deadlines = facts.offering.offering.delivery_mode, []
    for session in facts.wanted_sessions:
        if session.starts_at is None:  # a date that nobody told forbids nothing
            return found()
        teaching = teaching_of(mode, session)
        deadlines.append((purchase_cut_off(facts.rules, teaching, session.starts_at), teaching))
    if not deadlines:
        return found()
    deadline, teaching = max(deadlines, key=lambda each: each[0].passes_at)
    message = (
        f"The last day to buy this session was {deadline.last_day}; choose one that starts later."
    )
    return found(
        message if deadline.has_passed(facts.now) else None,
        lastDay=deadline.last_day,
        teaching=teaching.value,
    )


def _session_chosen(facts: Facts) -> Finding:
    if facts.request.session_id is not None or not facts.sessions:
        return found()
    return found("This offering has sessions; choose one.", sessions=len(facts.sessions))


def _partner_was_there(facts: Facts) -> Finding:
    """Judge by the partner's last list; a partner that sells something itself is there."""
    offering = facts.offering
    if offering.good_until is None or facts.is_partner_sale:
        return found()
    since = offering.fetched_at.isoformat()
    is_gone = facts.now >= offering.good_until
    message = "The partner cannot be reached, and what we know of it is too old; try later."
    return found(message if is_gone else None, lastReadAt=since)


def _seat_left(facts: Facts) -> Finding:
    session = facts.session
    if session is None or session.unlimited or session.seats_left is None:
        return found()
    is_full = facts.seats_taken >= session.seats_left
    return found(
        "This session is full; choose another." if is_full else None,
        seatsLeft=session.seats_left,
        seatsTaken=facts.seats_taken,
    )


def _price_as_expected(facts: Facts) -> Finding:
    expected, price = facts.request.expected_price, facts.offering.price
    if expected is None or price is None:
        return found()
    is_same = expected == price.amount
    message = (
        None if is_same else f"The price is now {price.amount} {price.currency}, not {expected}."
    )
    return found(message, price=price.amount, expectedPrice=expected)


SESSION_EXISTS = Rule(
    "session_exists",
    _CODE.NOT_FOUND,
    "The session is one of the offering's.",
    _session_exists,
    _SESSION,
)
ENROLABLE = Rule(
    "enrolable",
    _CODE.NOT_ENROLABLE,
    "The offering is on sale, approved, priced in rupiah and booked through us; its partner is not "
    "paused.",
    _enrolable,
    _OFFERING,
)
NOT_BLOCKED = Rule(
    "not_blocked",
    _CODE.COURSE_BLOCKED,
    "The programme has not stopped the course.",
    _not_blocked,
    _OFFERING,
)
ENROLMENT_OPEN = Rule(
    "enrolment_open",
    _CODE.ENROLMENT_CLOSED,
    "The session has opened for enrolment, and neither closed nor started.",
    _enrolment_open,
    _SESSION,
)
PURCHASE_CUT_OFF = Rule(
    "purchase_cut_off",
    _CODE.ENROLMENT_CLOSED,
    "The session is bought early enough before it starts, in days of where it is held.",
    _purchase_cut_off,
    _SESSION,
)
SESSION_CHOSEN = Rule(
    "session_chosen",
    _CODE.SESSION_REQUIRED,
    "A session is chosen where the offering has sessions.",
    _session_chosen,
    _SESSION,
)
PARTNER_THERE = Rule(
    "partner_there",
    _CODE.PARTNER_UNAVAILABLE,
    "The partner's list was read lately enough to enrol by.",
    _partner_was_there,
    _OFFERING,
)
SEATS = Rule("seats", _CODE.COURSE_FULL, "The session has a seat left.", _seat_left, _SESSION)
EXPECTED_PRICE = Rule(
    "expected_price",
    _CODE.PRICE_CHANGED,
    "The price is the one that the learner was shown.",
    _price_as_expected,
    _PRICE,
)
