"""Facts that allow an enrolment, but for what a test names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from gateway.enrolment.facts import Facts, Participant, PastEnrolment
from gateway.enrolment.rules.book import built_in_rules
from gateway.enrolment.rules.scheme import SchemeRules
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
)
from schema.ports import OfferingFact

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODE = EnrolErrorCode
OPEN = Session(
    PartnerCode("maubelajarapa"),
    RemoteId("S1"),
    starts_at=NOW + 96 * HOUR,
    ends_at=NOW + 98 * HOUR,
    enrolment_ends_at=NOW + 24 * HOUR,
    seats_left=5,
)
CLOSED = replace(OPEN, key=RemoteId("S3"), enrolment_ends_at=NOW)
PRICE = 350_000
TODAY = NOW.date()
STATUS = EnrolmentStatus
LIVE = STATUS.CONFIRMED
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
SITI = Participant(
    LearnerId("siti"),
    scheme="2020",
    announced_on=TODAY,
    birth_date=date(1990, 1, 1),
    in_formal_education=False,
)


def rules(**purchase: object) -> SchemeRules:
    """Return the rules of 2020, with what a test changes about purchases."""
    found = built_in_rules().find("2020", TODAY)
    assert found is not None
    return replace(found, purchase=replace(found.purchase, **purchase))


def past(
    status: EnrolmentStatus, course: str = "C1", *, rated: int | None = None, bought: bool = True
) -> PastEnrolment:
    """Return an earlier enrolment; `rated` is how many days ago."""
    ended = None if rated is None else NOW - timedelta(days=rated)
    return PastEnrolment(
        Enrolment(
            id=EnrolmentId(f"E-{course}"),
            learner=SITI.id,
            status=status,
            course_id=CourseId(course),
            offering_id=OfferingId("O1"),
            session_id=None,
            partner=OPEN.partner,
            price=Money(PRICE),
            reference=Reference(f"mitra-{course}"),
            created_at=NOW - timedelta(days=60),
        ),
        settled_at=NOW - timedelta(days=60) if bought else None,
        completed_at=ended,
        rated_at=ended,
    )


def facts(  # noqa: PLR0913 - what a test names is what it is about
    session: Session | None = None,
    expected: int | None = None,
    *,
    learner: Participant | None = SITI,
    balance: int = 1_000_000,
    history: Sequence[PastEnrolment] = (),
    scheme: SchemeRules | None = None,
    taken: int = 0,
    withdrawn: bool = False,
    approved: bool = True,
    is_paused: bool = False,
    block: Block | None = None,
    former: tuple[str, ...] = (),
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
            sold,
            CourseId("C1"),
            withdrawn=withdrawn,
            fetched_at=NOW,
            approved=approved,
            is_paused=is_paused,
            former_ids=former,
        ),
        learner=learner,
        rules=(scheme or rules()) if learner else None,
        history=history,
        balance=balance,
        seats_taken=taken,
        block=block,
    )


def of(**changes: object) -> Participant:
    """Return a learner with what a test changes."""
    return replace(SITI, **changes)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def with_sessions(*sessions: Session, chosen: Session | None = None, **others: object) -> Facts:
    return facts(chosen, sessions=sessions, **others)
