"""The rules for enrolling, one line each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.enrolment.policy import Facts, refusals
from schema.model.blocks import EVERY_BUNDLE, Block, BlockScope
from schema.model.catalogue import ListedCourse, Offering, Session
from schema.model.enrolment import EnrolErrorCode, Enrolment, EnrolmentStatus, EnrolRequest
from schema.model.values import (
    CourseId,
    EnrolmentId,
    EnrolmentMode,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    Reference,
    RemoteId,
    SessionId,
)
from schema.ports import OfferingFact

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODE = EnrolErrorCode

OPEN = Session(
    PartnerCode("maubelajarapa"),
    RemoteId("S1"),
    starts_at=NOW + 48 * HOUR,
    ends_at=NOW + 50 * HOUR,
    enrolment_ends_at=NOW + 24 * HOUR,
    seats_left=5,
)
STARTED = replace(OPEN, key=RemoteId("S2"), enrolment_ends_at=None, starts_at=NOW)
UNOPENED = replace(OPEN, key=RemoteId("S4"), enrolment_starts_at=NOW + HOUR)
CLOSED = replace(OPEN, key=RemoteId("S3"), enrolment_ends_at=NOW)
UNDATED = Session(OPEN.partner, RemoteId("S4"))
UNLIMITED = replace(OPEN, key=RemoteId("S5"), unlimited=True, seats_left=0)
PRICE = 350_000
LIVE = Enrolment(
    id=EnrolmentId("E1"),
    learner=LearnerId("siti"),
    status=EnrolmentStatus.CONFIRMED,
    course_id=CourseId("C1"),
    offering_id=OfferingId("O1"),
    session_id=None,
    partner=OPEN.partner,
    price=Money(PRICE),
    reference=Reference("mitra-E1"),
    created_at=NOW,
)

BLOCK = Block(
    id=1,
    scope=BlockScope.BUNDLE,
    value=EVERY_BUNDLE,
    reason="bundles are under review",
    letter="S-148/Dir-Eks/06/2020",
    effective_at=NOW,
    created_at=NOW,
    created_by="op",
)


def facts(  # noqa: PLR0913 - what a test names is what it is about
    session: Session | None = None,
    expected: int | None = None,
    *,
    balance: int = 1_000_000,
    live: Enrolment | None = None,
    taken: int = 0,
    withdrawn: bool = False,
    approved: bool = True,
    block: Block | None = None,
    **offering: object,
) -> Facts:
    """Return facts that allow everything but for what is named."""
    sold = Offering(
        partner=OPEN.partner,
        key=RemoteId("K1"),
        listed=ListedCourse("Barista", "Kopi Nusantara"),
        **{"price": Money(PRICE), "enrolment_mode": EnrolmentMode.DIRECT, **offering},
    )
    wanted = session.id if session else None
    return Facts(
        now=NOW,
        request=EnrolRequest(LearnerId("siti"), sold.id, wanted, "key-1", expected),
        offering=OfferingFact(
            sold, CourseId("C1"), withdrawn=withdrawn, fetched_at=NOW, approved=approved
        ),
        live=live,
        balance=balance,
        seats_taken=taken,
        block=block,
    )


def with_sessions(*sessions: Session, chosen: Session | None = None, **others: object) -> Facts:
    return facts(chosen, sessions=sessions, **others)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        pytest.param(facts(), [], id="all-good"),
        pytest.param(facts(balance=PRICE), [], id="exact-balance"),
        pytest.param(facts(balance=PRICE - 1), [CODE.BALANCE_TOO_LOW], id="one-rupiah-short"),
        pytest.param(facts(price=Money(0), balance=0), [], id="free-needs-no-money"),
        pytest.param(facts(price=None), [CODE.NOT_ENROLABLE], id="unknown-price"),
        pytest.param(facts(price=Money(500, "USD")), [CODE.NOT_ENROLABLE], id="other-currency"),
        pytest.param(
            facts(enrolment_mode=EnrolmentMode.LINK), [CODE.NOT_ENROLABLE], id="link-only"
        ),
        pytest.param(
            facts(enrolment_mode=EnrolmentMode.PARTNER_SITE), [CODE.NOT_ENROLABLE], id="at-partner"
        ),
        pytest.param(facts(withdrawn=True), [CODE.NOT_ENROLABLE], id="withdrawn"),
        pytest.param(facts(approved=False), [CODE.NOT_ENROLABLE], id="not-approved"),
        pytest.param(facts(block=BLOCK), [CODE.COURSE_BLOCKED], id="blocked"),
        pytest.param(facts(live=LIVE), [CODE.ALREADY_ENROLLED], id="twice"),
        pytest.param(facts(expected=PRICE), [], id="price-as-expected"),
        pytest.param(facts(expected=PRICE - 1), [CODE.PRICE_CHANGED], id="price-changed"),
        pytest.param(facts(OPEN), [CODE.NOT_FOUND], id="session-of-another-offering"),
        pytest.param(with_sessions(OPEN, chosen=OPEN), [], id="open-session"),
        pytest.param(with_sessions(OPEN), [CODE.SESSION_REQUIRED], id="no-session-chosen"),
        pytest.param(
            with_sessions(OPEN, CLOSED, chosen=CLOSED), [CODE.ENROLMENT_CLOSED], id="closes-now"
        ),
        pytest.param(
            with_sessions(UNOPENED, chosen=UNOPENED), [CODE.ENROLMENT_CLOSED], id="opens-later"
        ),
        pytest.param(
            with_sessions(STARTED, chosen=STARTED), [CODE.ENROLMENT_CLOSED], id="starts-now"
        ),
        pytest.param(
            with_sessions(CLOSED, STARTED),
            [CODE.ENROLMENT_CLOSED, CODE.SESSION_REQUIRED],
            id="all-sessions-closed",
        ),
        pytest.param(with_sessions(UNDATED, chosen=UNDATED), [], id="untold-dates-forbid-nothing"),
        pytest.param(with_sessions(OPEN, chosen=OPEN, taken=4), [], id="last-seat"),
        pytest.param(with_sessions(OPEN, chosen=OPEN, taken=5), [CODE.COURSE_FULL], id="full"),
        pytest.param(with_sessions(UNLIMITED, chosen=UNLIMITED, taken=9), [], id="unlimited"),
    ],
)
def test_refusals(given: Facts, codes: list[EnrolErrorCode]):
    assert [refusal.code for refusal in refusals(given)] == codes


def test_the_most_decisive_refusal_comes_first():
    given = with_sessions(
        replace(CLOSED, seats_left=0),
        chosen=CLOSED,
        expected=1,
        balance=0,
        live=LIVE,
        withdrawn=True,
        block=BLOCK,
    )

    assert [refusal.code for refusal in refusals(given)] == [
        CODE.NOT_ENROLABLE,
        CODE.COURSE_BLOCKED,
        CODE.ALREADY_ENROLLED,
        CODE.ENROLMENT_CLOSED,
        CODE.COURSE_FULL,
        CODE.PRICE_CHANGED,
        CODE.BALANCE_TOO_LOW,
    ]


def test_a_block_says_its_reason_and_its_letter():
    (refusal,) = refusals(facts(block=BLOCK))

    assert refusal.message == (
        "The programme has stopped this course: bundles are under review "
        "(letter S-148/Dir-Eks/06/2020)."
    )


def test_a_refusal_says_the_values_that_decided():
    (refusal,) = refusals(facts(balance=1_000))

    assert refusal.message == "The price is 350000 IDR; you have 1000 left."


def test_a_session_is_known_by_its_id():
    assert with_sessions(OPEN, chosen=OPEN).session == OPEN
    assert with_sessions(OPEN).sessions == {SessionId(OPEN.id): OPEN}
