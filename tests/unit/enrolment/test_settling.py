"""What each answer, and each silence, of a partner makes of an enrolment."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from adapters.base import Receipt, ReceiptStatus
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from gateway.enrolment.filed import Filed, new_enrolment_id
from gateway.enrolment.giving_back import ReturnJudge
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.enrolment.settling import Backoff, Judge, start
from gateway.partners.errors import BreakerOpenError, HeldBackError, PaceError
from schema.model.enrolment import Enrolment, EnrolmentStatus, check_transition
from schema.model.values import (
    CourseId,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    Reference,
    RemoteId,
)

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
S, R = EnrolmentStatus, ReceiptStatus
SEND, ASK = NextStep.SEND, NextStep.ASK
REFERENCE = Reference("mitra-1")
CUT_OFF = BreakerOpenError("tokopedia", "HTTP 503", retry_after=40.0)
LOCKED_OUT = PartnerAccessError("tokopedia", "answered HTTP 401")
JUDGE = Judge(dice=lambda: 1.0, max_attempts=5)


class FixedDice:
    def getrandbits(self, bits: int) -> int:
        return 2**bits - 1


def an_errand(status: EnrolmentStatus, step: NextStep = ASK, attempts: int = 1) -> Errand:
    record = Enrolment(
        id=new_enrolment_id(NOW, FixedDice()),
        learner=LearnerId("siti"),
        status=status,
        course_id=CourseId("C1"),
        offering_id=OfferingId("O1"),
        session_id=None,
        partner=PartnerCode("tokopedia"),
        price=Money(350_000),
        reference=REFERENCE,
        created_at=NOW,
    )
    return Errand(Filed(record, RemoteId("K1"), None), Operation.ENROL, step, attempts)


@pytest.mark.parametrize(
    ("status", "told", "path", "movement"),
    [
        (S.SUBMITTING, R.CONFIRMED, [S.CONFIRMED], "CAPTURE"),
        (S.SUBMITTING, R.PENDING, [S.PENDING_PARTNER], None),
        (S.SUBMITTING, R.WAITLISTED, [S.WAITLISTED], None),
        (S.SUBMITTING, R.REJECTED, [S.REJECTED], "RELEASE"),
        (
            S.SUBMITTING,
            R.CANCELLED,
            [S.PENDING_PARTNER, S.CANCEL_REQUESTED, S.CANCELLED],
            "RELEASE",
        ),
        (S.PENDING_PARTNER, R.CONFIRMED, [S.CONFIRMED], "CAPTURE"),
        (S.PENDING_PARTNER, R.PENDING, [], None),
        (S.PENDING_PARTNER, R.WAITLISTED, [S.WAITLISTED], None),
        (S.PENDING_PARTNER, R.REJECTED, [S.REJECTED], "RELEASE"),
        (S.IN_DOUBT, R.CONFIRMED, [S.CONFIRMED], "CAPTURE"),
        (S.IN_DOUBT, R.PENDING, [S.SUBMITTING, S.PENDING_PARTNER], None),
        (S.IN_DOUBT, R.WAITLISTED, [S.SUBMITTING, S.WAITLISTED], None),
        (S.IN_DOUBT, R.REJECTED, [S.COMPENSATING, S.REJECTED], "RELEASE"),
        (S.WAITLISTED, R.WAITLISTED, [], None),
        (S.WAITLISTED, R.CONFIRMED, [S.RESERVED, S.SUBMITTING, S.CONFIRMED], "CAPTURE"),
        (S.WAITLISTED, R.CANCELLED, [S.CANCELLED], "RELEASE"),
    ],
)
def test_a_receipt_settles_by_legal_steps(status, told, path, movement):
    verdict = JUDGE.receipt(an_errand(status), Receipt(REFERENCE, told), NOW)

    steps = [step.after for step in verdict.change.steps]
    assert steps == path
    for before, after in pairwise([status, *steps]):
        check_transition(before, after)
    moved = verdict.change.movement
    assert (moved.kind.value if moved else None) == movement


def test_only_what_is_not_decided_is_asked_about_again():
    again = {
        told: JUDGE.receipt(an_errand(S.SUBMITTING), Receipt(REFERENCE, told), NOW).again
        for told in ReceiptStatus
    }

    assert [told for told, goes_on in again.items() if goes_on] == [R.PENDING, R.WAITLISTED]


def test_a_pending_booking_is_asked_about_ever_less_often():
    waits = [
        JUDGE.receipt(
            an_errand(S.PENDING_PARTNER, attempts=attempts), Receipt(REFERENCE, R.PENDING), NOW
        ).again.wait
        for attempts in range(1, 12)
    ]

    assert waits == sorted(waits)
    assert waits[-1] == 900


def test_the_partners_words_are_kept_as_far_as_they_can_be_shown():
    receipt = Receipt(
        REFERENCE,
        R.CONFIRMED,
        partner_reference="TKP-1\x1b[31m",
        redeem_code="A" * 300,
        access_url="javascript:alert(1)",
    )

    told = JUDGE.receipt(an_errand(S.SUBMITTING), receipt, NOW).change.columns

    assert told["partner_reference"] == "TKP-1 [31m"
    assert told["redeem_code"] == "A" * 200
    assert "access_url" not in told


def test_a_rejection_says_the_partners_reason():
    receipt = Receipt(REFERENCE, R.REJECTED, reason="FULL")

    (step,) = JUDGE.receipt(an_errand(S.SUBMITTING), receipt, NOW).change.steps

    assert step.cause == "the partner refused: FULL"


@pytest.mark.parametrize(
    ("status", "step", "error", "path", "next_step"),
    [
        (S.SUBMITTING, SEND, PartnerUnavailableError("p", "down"), [], SEND),
        (S.SUBMITTING, SEND, PartnerThrottledError("p"), [], SEND),
        (S.SUBMITTING, SEND, AmbiguousPartnerError("p", "?"), [S.IN_DOUBT], ASK),
        (S.SUBMITTING, SEND, PartnerContractError("p", "?"), [S.IN_DOUBT], ASK),
        (S.SUBMITTING, SEND, PartnerRefusedError("p", "HTTP 400"), [S.REJECTED], None),
        (S.IN_DOUBT, ASK, PartnerUnavailableError("p", "down"), [], ASK),
        (S.IN_DOUBT, ASK, PartnerRefusedError("p", "HTTP 403"), [], ASK),
        (S.PENDING_PARTNER, ASK, PartnerContractError("p", "?"), [], ASK),
    ],
)
def test_a_failure_is_repeated_only_if_it_had_no_effect(status, step, error, path, next_step):
    verdict = JUDGE.failed(an_errand(status, step), error, NOW)

    assert [change.after for change in verdict.change.steps] == path
    assert (verdict.again.step if verdict.again else None) is next_step


def test_what_the_partner_never_saw_is_sent_again():
    verdict = JUDGE.absent(an_errand(S.IN_DOUBT), NOW)

    assert [step.after for step in verdict.change.steps] == [S.SUBMITTING]
    assert verdict.again.step is SEND


def test_only_what_fails_makes_the_waits_longer():
    sent, waits = an_errand(S.SUBMITTING, SEND), []
    for _ in range(4):
        doubt = JUDGE.failed(sent, AmbiguousPartnerError("p", "line dropped"), NOW).again
        asked = an_errand(S.IN_DOUBT, attempts=doubt.attempts + 1)
        again = JUDGE.absent(asked, NOW).again
        waits += [doubt.wait, again.wait]
        sent = an_errand(S.SUBMITTING, SEND, attempts=again.attempts + 1)

    assert waits == [0.5, 0.5, 1, 0.5, 2, 0.5, 4, 0.5]
    assert JUDGE.failed(sent, AmbiguousPartnerError("p", "?"), NOW).again is None


@pytest.mark.parametrize(
    ("status", "step", "error", "path"),
    [
        (S.SUBMITTING, SEND, PartnerUnavailableError("p", "down"), [S.IN_DOUBT, S.MANUAL_REVIEW]),
        (S.SUBMITTING, SEND, AmbiguousPartnerError("p", "?"), [S.IN_DOUBT, S.MANUAL_REVIEW]),
        (S.IN_DOUBT, ASK, PartnerUnavailableError("p", "down"), [S.MANUAL_REVIEW]),
    ],
)
def test_after_too_many_attempts_a_person_looks(status, step, error: PartnerError, path):
    verdict = JUDGE.failed(an_errand(status, step, attempts=5), error, NOW)

    assert [change.after for change in verdict.change.steps] == path
    assert verdict.again is None


def test_a_booking_that_the_partner_has_is_never_given_up():
    verdict = JUDGE.failed(
        an_errand(S.PENDING_PARTNER, attempts=500), PartnerUnavailableError("p", "down"), NOW
    )

    assert verdict.again.step is ASK


def test_a_throttled_errand_waits_as_long_as_the_partner_asked():
    error = PartnerThrottledError("p", retry_after=60)

    assert JUDGE.failed(an_errand(S.SUBMITTING, SEND), error, NOW).again.wait == 60


@pytest.mark.parametrize("error", [CUT_OFF, PaceError("tokopedia", retry_after=40.0)])
@pytest.mark.parametrize(
    ("status", "step"),
    [(S.SUBMITTING, SEND), (S.IN_DOUBT, ASK), (S.PENDING_PARTNER, ASK), (S.WAITLISTED, ASK)],
)
def test_what_was_held_back_waits_uncounted_and_as_it_was(
    status: EnrolmentStatus, step: NextStep, error: HeldBackError
):
    errand = an_errand(status, step, attempts=JUDGE.max_attempts)

    verdict = JUDGE.failed(errand, error, NOW)

    assert verdict.change.steps == ()
    assert verdict.again is not None
    assert (verdict.again.step, verdict.again.attempts) == (step, JUDGE.max_attempts - 1)
    assert 40.0 < verdict.again.wait < 41.0


@pytest.mark.parametrize(
    ("status", "step"),
    [(S.SUBMITTING, SEND), (S.IN_DOUBT, ASK), (S.PENDING_PARTNER, ASK), (S.WAITLISTED, ASK)],
)
def test_no_booking_is_lost_while_a_partner_does_not_let_us_in(status, step):
    verdict = JUDGE.failed(an_errand(status, step, attempts=JUDGE.max_attempts), LOCKED_OUT, NOW)

    assert verdict.change.steps == ()
    assert (verdict.again.step, verdict.again.attempts) == (step, JUDGE.max_attempts - 1)
    assert 60.0 < verdict.again.wait < 61.0


@pytest.mark.parametrize("error", [CUT_OFF, LOCKED_OUT])
def test_what_is_held_back_past_its_time_is_refused(error: PartnerError):
    errand = an_errand(S.SUBMITTING, SEND)
    late = replace(errand, filed=replace(errand.filed, hold_until=NOW))

    verdict = JUDGE.failed(late, error, NOW)

    assert [step.after for step in verdict.change.steps] == [S.REJECTED]
    assert verdict.again is None


@pytest.mark.parametrize("error", [CUT_OFF, LOCKED_OUT])
@pytest.mark.parametrize("step", [SEND, ASK, NextStep.VERIFY])
def test_a_cancellation_that_was_held_back_waits_uncounted(step: NextStep, error: PartnerError):
    errand = replace(an_errand(S.CANCEL_REQUESTED, step, 5), operation=Operation.CANCEL)
    judge = ReturnJudge(dice=lambda: 1.0, max_attempts=5)

    verdict = judge.failed(errand, error, NOW)

    assert verdict.again is not None
    assert (verdict.again.step, verdict.again.attempts) == (step, 4)


@pytest.mark.parametrize(
    ("status", "step", "path", "doing"),
    [
        (S.RESERVED, SEND, [S.SUBMITTING], SEND),
        (S.SUBMITTING, SEND, [], SEND),
        (S.SUBMITTING, ASK, [S.IN_DOUBT], ASK),
        (S.IN_DOUBT, ASK, [], ASK),
        (S.PENDING_PARTNER, ASK, [], ASK),
        (S.WAITLISTED, ASK, [], ASK),
    ],
)
def test_an_errand_goes_on_where_it_was_left(status, step, path, doing):
    change, todo = start(an_errand(status).filed, step, NOW)

    assert [step.after for step in change.steps] == path
    assert todo is doing


def test_an_errand_for_a_settled_enrolment_is_pointless():
    assert start(an_errand(S.CONFIRMED).filed, ASK, NOW) is None


def test_backoff_never_overflows():
    assert Backoff(first=1, longest=60).wait(10_000, lambda: 1.0) == 60


def test_new_ids_are_uuid7_in_the_order_of_time():
    early, late = (new_enrolment_id(moment, FixedDice()) for moment in (NOW, NOW.replace(minute=1)))

    assert early < late
    assert (early[14], early[19] in "89ab") == ("7", True)
