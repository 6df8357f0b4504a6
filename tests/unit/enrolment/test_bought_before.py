"""The policy on what a learner took before: this course or another, finished and rated or not."""

import pytest

from gateway.enrolment.facts import PastEnrolment
from gateway.enrolment.policy import refusals
from schema.model.enrolment import EnrolErrorCode
from tests.unit.enrolment.facts import CODE, LIVE, STATUS, days_ago, facts, of, past, rules

UNFINISHED = CODE.PREVIOUS_COURSE_UNFINISHED


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
def test_what_was_taken_before_decides_what_may_be_taken_now(
    history: list[PastEnrolment], codes: list[EnrolErrorCode]
):
    given = facts(history=history, former=("C0",))

    assert [refusal.code for refusal in refusals(given)] == codes


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


def test_already_enrolled_points_at_the_live_enrolment():
    given = facts(history=[past(STATUS.NOT_PASSED, "C0", rated=3), past(LIVE)], former=("C0",))

    assert given.again == past(LIVE).record
