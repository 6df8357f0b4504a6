"""The rules for enrolling, one line each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.enrolment.facts import Facts, Participant, PastEnrolment
from gateway.enrolment.policy import UNKNOWN_OFFERING, first_refusal, refusals, verdicts
from gateway.enrolment.rules.book import built_in_rules
from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.blocks import EVERY_BUNDLE, Block, BlockScope
from schema.model.catalogue import ListedCourse, Offering, Session, Venue
from schema.model.enrolment import (
    EnrolErrorCode,
    Enrolment,
    EnrolmentStatus,
    EnrolRequest,
    RuleState,
    RuleValue,
)
from schema.model.values import (
    CourseId,
    DeliveryMode,
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
UNFINISHED = CODE.PREVIOUS_COURSE_UNFINISHED

OPEN = Session(
    PartnerCode("maubelajarapa"),
    RemoteId("S1"),
    starts_at=NOW + 96 * HOUR,
    ends_at=NOW + 98 * HOUR,
    enrolment_ends_at=NOW + 24 * HOUR,
    seats_left=5,
)
STARTED = replace(OPEN, key=RemoteId("S2"), enrolment_ends_at=None, starts_at=NOW)
UNOPENED = replace(OPEN, key=RemoteId("S4"), enrolment_starts_at=NOW + HOUR)
CLOSED = replace(OPEN, key=RemoteId("S3"), enrolment_ends_at=NOW)
UNDATED = Session(OPEN.partner, RemoteId("S4"))
UNLIMITED = replace(OPEN, key=RemoteId("S5"), unlimited=True, seats_left=0)
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


def starting(days: int, **session: object) -> Session:
    """Return a session that starts so many calendar days from now."""
    return Session(
        OPEN.partner, RemoteId("S9"), starts_at=NOW + timedelta(days=days), seats_left=1, **session
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
        pytest.param(facts(is_paused=True), [CODE.NOT_ENROLABLE], id="paused"),
        pytest.param(facts(block=BLOCK), [CODE.COURSE_BLOCKED], id="blocked"),
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
            with_sessions(STARTED, chosen=STARTED),
            [CODE.ENROLMENT_CLOSED, CODE.ENROLMENT_CLOSED],
            id="starts-now",
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


@pytest.mark.parametrize(
    ("history", "codes"),
    [
        pytest.param([past(LIVE)], [CODE.ALREADY_ENROLLED, UNFINISHED], id="live"),
        pytest.param([past(STATUS.WAITLISTED)], [CODE.ALREADY_ENROLLED, UNFINISHED], id="waiting"),
        pytest.param([past(STATUS.COMPLETED, rated=1)], [CODE.ALREADY_ENROLLED], id="completed"),
        pytest.param([past(STATUS.NOT_PASSED, rated=1)], [CODE.ALREADY_ENROLLED], id="not-passed"),
        pytest.param([past(STATUS.EXPIRED)], [CODE.ALREADY_ENROLLED, UNFINISHED], id="lapsed"),
        pytest.param([past(STATUS.EXPIRED, bought=False)], [], id="expired-before-it-was-sent"),
        pytest.param([past(STATUS.REJECTED, bought=False)], [], id="rejected"),
        pytest.param([past(STATUS.CANCELLED)], [CODE.CANCELLED_BEFORE], id="cancelled"),
        pytest.param([past(STATUS.CANCELLED, "C2")], [], id="another-course-cancelled"),
        pytest.param([past(STATUS.CANCELLED, "C0")], [CODE.CANCELLED_BEFORE], id="merged-since"),
        pytest.param([past(LIVE, "C0")], [CODE.ALREADY_ENROLLED, UNFINISHED], id="merged-live"),
        pytest.param([past(LIVE, "C2")], [UNFINISHED], id="another-course-live"),
        pytest.param([past(STATUS.COMPLETED, "C2")], [UNFINISHED], id="not-rated"),
        pytest.param([past(STATUS.ACTIVE, "C2", rated=1)], [], id="rated-before-its-result"),
        pytest.param([past(STATUS.COMPLETED, "C2", rated=14)], [], id="rated-15-days"),
        pytest.param(
            [past(STATUS.COMPLETED, "C2", rated=15)], [CODE.DEADLINE_PASSED], id="rated-16-days"
        ),
        pytest.param(
            [past(STATUS.COMPLETED, "C2", rated=40), past(STATUS.COMPLETED, "C3", rated=3)],
            [],
            id="the-last-rating-counts",
        ),
        pytest.param(
            [past(STATUS.COMPLETED, "C2", rated=3), past(LIVE, "C3")], [UNFINISHED], id="one-of-two"
        ),
    ],
)
def test_what_was_taken_before(history: list[PastEnrolment], codes: list[EnrolErrorCode]):
    given = facts(history=history, former=("C0",))

    assert [refusal.code for refusal in refusals(given)] == codes


@pytest.mark.parametrize(
    ("learner", "codes"),
    [
        pytest.param(None, [CODE.NOT_ELIGIBLE], id="stranger"),
        pytest.param(of(birth_date=date(2002, 4, 11)), [], id="18-today"),
        pytest.param(of(birth_date=date(2002, 4, 12)), [CODE.NOT_ELIGIBLE], id="18-tomorrow"),
        pytest.param(of(birth_date=date(1955, 4, 12)), [], id="65-tomorrow"),
        pytest.param(of(birth_date=date(1955, 4, 11)), [CODE.NOT_ELIGIBLE], id="65-today"),
        pytest.param(of(birth_date=None), [], id="birth-date-untold"),
        pytest.param(of(in_formal_education=True), [CODE.NOT_ELIGIBLE], id="at-school"),
        pytest.param(of(announced_on=days_ago(29)), [], id="day-30"),
        pytest.param(of(announced_on=days_ago(30)), [CODE.DEADLINE_PASSED], id="day-31"),
    ],
)
def test_who_may_buy(learner: Participant | None, codes: list[EnrolErrorCode]):
    assert [refusal.code for refusal in refusals(facts(learner=learner))] == codes


def test_a_scheme_without_rules_makes_nobody_eligible():
    given = replace(facts(), rules=None)

    assert [(each.code, each.rule) for each in refusals(given)] == [
        (CODE.NOT_ELIGIBLE, "participant")
    ]


def test_the_day_is_jakartas():
    almost = datetime(2020, 5, 10, 16, 59, tzinfo=UTC)  # of 10 May, the thirtieth day
    given = facts()

    assert refusals(replace(given, now=almost)) == ()
    assert [each.code for each in refusals(replace(given, now=almost + timedelta(minutes=1)))] == [
        CODE.DEADLINE_PASSED
    ]


def test_what_was_bought_once_has_no_first_deadline_but_what_was_cancelled_does():
    late = of(announced_on=days_ago(90))
    bought = facts(learner=late, history=[past(STATUS.COMPLETED, "C2", rated=1)])
    cancelled = facts(learner=late, history=[past(STATUS.CANCELLED, "C2")])

    assert refusals(bought) == ()
    assert [each.rule for each in refusals(cancelled)] == ["first_purchase"]


def test_a_scheme_may_allow_several_courses_at_a_time_whenever():
    scheme = rules(one_at_a_time=False, next_within_days=None)
    given = facts(
        scheme=scheme, history=[past(LIVE, "C2"), past(STATUS.COMPLETED, "C3", rated=300)]
    )

    assert refusals(given) == ()


@pytest.mark.parametrize(
    ("mode", "days", "is_late"),
    [
        (DeliveryMode.LIVE_ONLINE, 1, False),
        (DeliveryMode.ONSITE, 3, False),
        (DeliveryMode.ONSITE, 2, True),
        (DeliveryMode.BLENDED, 2, True),
        (DeliveryMode.UNKNOWN, 1, False),
    ],
)
def test_the_cut_off_before_a_session(mode: DeliveryMode, days: int, *, is_late: bool):
    session = starting(days)
    given = with_sessions(session, chosen=session, delivery_mode=mode)

    assert [each.rule for each in refusals(given)] == ["purchase_cut_off"] * is_late


def test_an_unplaced_mode_is_face_to_face_where_the_session_has_a_venue():
    session = starting(2, venue=Venue("Balai Latihan Kerja"))

    (refusal,) = refusals(with_sessions(session, chosen=session))

    assert (refusal.code, refusal.rule) == (CODE.ENROLMENT_CLOSED, "purchase_cut_off")
    assert refusal.values == (
        RuleValue("lastDay", "2020-04-10"),
        RuleValue("teaching", "FACE_TO_FACE"),
    )


def test_a_session_of_today_in_its_own_zone_is_too_late_online():
    late_in_jakarta = datetime(2020, 4, 11, 16, 30, tzinfo=UTC)  # 23:30 there
    session = replace(
        starting(0), starts_at=datetime(2020, 4, 12, 9, tzinfo=ZoneInfo("Asia/Jayapura"))
    )
    given = with_sessions(session, chosen=session, delivery_mode=DeliveryMode.LIVE_ONLINE)

    assert [each.rule for each in refusals(replace(given, now=late_in_jakarta))] == [
        "purchase_cut_off"
    ]


def test_the_refusals_come_in_the_programmes_order():
    given = with_sessions(
        replace(CLOSED, seats_left=0),
        chosen=CLOSED,
        expected=1,
        balance=0,
        learner=of(birth_date=days_ago(1), in_formal_education=True, announced_on=days_ago(99)),
        history=[past(STATUS.CANCELLED, "C0"), past(LIVE)],
        former=("C0",),
        withdrawn=True,
        block=BLOCK,
    )

    assert [refusal.code for refusal in refusals(given)] == [
        CODE.NOT_ENROLABLE,
        CODE.COURSE_BLOCKED,
        CODE.ALREADY_ENROLLED,
        CODE.CANCELLED_BEFORE,
        CODE.NOT_ELIGIBLE,
        CODE.NOT_ELIGIBLE,
        CODE.PREVIOUS_COURSE_UNFINISHED,
        CODE.ENROLMENT_CLOSED,
        CODE.COURSE_FULL,
        CODE.PRICE_CHANGED,
        CODE.BALANCE_TOO_LOW,
    ]
    assert first_refusal(given) == refusals(given)[0]


@pytest.mark.parametrize(
    ("good_for", "is_sale", "codes"),
    [
        (timedelta(seconds=1), False, []),
        (timedelta(), False, [CODE.PARTNER_UNAVAILABLE]),
        (timedelta(), True, []),  # who sells it itself is there
        (None, False, []),
    ],
)
def test_a_partner_that_is_gone_for_too_long_takes_nobody(good_for, is_sale, codes):
    given = facts()
    until = None if good_for is None else NOW + good_for
    given = replace(
        given, offering=replace(given.offering, good_until=until), is_partner_sale=is_sale
    )

    assert [each.code for each in refusals(given)] == codes


def test_the_rules_are_in_the_order_that_was_promised():
    promised = [
        CODE.NOT_FOUND,
        CODE.NOT_ENROLABLE,
        CODE.COURSE_BLOCKED,
        CODE.ALREADY_ENROLLED,
        CODE.CANCELLED_BEFORE,
        CODE.NOT_ELIGIBLE,
        CODE.PREVIOUS_COURSE_UNFINISHED,
        CODE.DEADLINE_PASSED,
        CODE.ENROLMENT_CLOSED,
        CODE.SESSION_REQUIRED,
        CODE.PARTNER_UNAVAILABLE,
        CODE.COURSE_FULL,
        CODE.PRICE_CHANGED,
        CODE.BALANCE_TOO_LOW,
    ]

    found = [verdict.code for verdict in verdicts(facts())]

    assert list(dict.fromkeys(found)) == promised
    assert found == sorted(found, key=promised.index)


def test_a_dry_run_shows_every_rule_with_the_values_that_decided():
    found = {each.rule: each for each in verdicts(facts(balance=1_000))}

    assert found["balance"].state is RuleState.REFUSED
    assert found["balance"].message == "The price is 350000 IDR; you have 1000 left."
    assert {each.rule for each in found.values() if each.state is not RuleState.KEPT} == {"balance"}
    assert found["first_purchase"].values == (
        RuleValue("announcedOn", "2020-04-11"),
        RuleValue("withinDays", "30"),
        RuleValue("lastDay", "2020-05-10"),
    )


def test_what_cannot_be_judged_is_neither_kept_nor_refused():
    stranger = {each.rule: each.state for each in verdicts(facts(learner=None))}
    nowhere = [each.state for each in verdicts(None)]

    assert stranger["participant"] is RuleState.REFUSED
    assert stranger["balance"] is stranger["age"] is RuleState.NOT_JUDGED
    assert stranger["enrolable"] is RuleState.KEPT
    assert nowhere == [RuleState.REFUSED] + [RuleState.NOT_JUDGED] * (len(nowhere) - 1)
    assert first_refusal(None) == UNKNOWN_OFFERING


def test_no_refusal_tells_an_age():
    (refusal,) = refusals(facts(learner=of(birth_date=date(1950, 5, 17))))

    assert refusal.message == "Participants are from 18 to 64 years old."
    assert refusal.values == (RuleValue("youngest", "18"), RuleValue("oldest", "64"))


def test_already_enrolled_points_at_the_live_enrolment():
    given = facts(history=[past(STATUS.NOT_PASSED, "C0", rated=3), past(LIVE)], former=("C0",))

    assert given.again == past(LIVE).record


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
