"""What the policy tells: refusals in the promised order, each with the values that decided."""

from dataclasses import replace

from gateway.enrolment.policy import UNKNOWN_OFFERING, first_refusal, refusals, verdicts
from schema.model.enrolment import RuleState, RuleValue
from tests.unit.enrolment.facts import (
    BLOCK,
    CLOSED,
    CODE,
    LIVE,
    STATUS,
    days_ago,
    facts,
    of,
    past,
    with_sessions,
)


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


def test_a_block_says_its_reason_and_its_letter():
    (refusal,) = refusals(facts(block=BLOCK))

    assert refusal.message == (
        "The programme has stopped this course: bundles are under review "
        "(letter S-148/Dir-Eks/06/2020)."
    )


def test_a_refusal_says_the_values_that_decided():
    (refusal,) = refusals(facts(balance=1_000))

    assert refusal.message == "The price is 350000 IDR; you have 1000 left."
