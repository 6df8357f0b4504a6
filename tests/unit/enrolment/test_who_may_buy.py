"""The policy on who asks: age, schooling, scheme, and the days since the announcement."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.enrolment.facts import Participant
from gateway.enrolment.policy import refusals
from schema.model.enrolment import EnrolErrorCode, RuleValue
from tests.unit.enrolment.facts import CODE, days_ago, facts, of


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
def test_who_buys_is_of_age_out_of_school_and_in_time(
    learner: Participant | None, codes: list[EnrolErrorCode]
):
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


def test_no_refusal_tells_an_age():
    (refusal,) = refusals(facts(learner=of(birth_date=date(1950, 5, 17))))

    assert refusal.message == "Participants are from 18 to 64 years old."
    assert refusal.values == (RuleValue("youngest", "18"), RuleValue("oldest", "64"))
