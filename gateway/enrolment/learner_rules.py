"""Rules about who buys: what was taken before, eligibility, deadlines and money.  Pure.

An age is judged and never told: refusals are kept with their keys, and say the limits alone.
"""

from gateway.enrolment.deadlines import age_on, first_purchase_deadline, next_purchase_deadline
from gateway.enrolment.facts import Facts
from gateway.enrolment.findings import Finding, Rule, found
from gateway.enrolment.purchase_deadlines import last_rated_at
from schema.model.enrolment import EnrolErrorCode

_CODE = EnrolErrorCode


def _course_once(facts: Facts) -> Finding | None:
    if facts.learner is None:
        return None
    again = facts.again
    if again is None:
        return found()
    message = "You have taken this course already: the same course is taken once, at any partner."
    return found(message, status=again.status.value, since=again.created_at.isoformat())


def _not_cancelled_before(facts: Facts) -> Finding | None:
    if facts.learner is None:
        return None
    cancelled = next((each.record for each in facts.same_course if each.is_cancelled), None)
    if cancelled is None:
        return found()
    message = "You cancelled this course before: it cannot be bought again, at any partner."
    return found(message, boughtAt=cancelled.created_at.isoformat())


def _participant(facts: Facts) -> Finding:
    if facts.learner is None:
        return found("You are not a participant of the programme; register with it first.")
    if facts.rules is None:
        message = "There are no rules for your scheme, so nothing can be bought; ask the programme."
        return found(message, scheme=facts.learner.scheme)
    return found(scheme=facts.learner.scheme)


def _age(facts: Facts) -> Finding | None:
    if facts.learner is None or facts.rules is None or facts.learner.birth_date is None:
        return None
    limits = facts.rules.eligibility
    age = age_on(facts.today(facts.rules), facts.learner.birth_date)
    message = f"Participants are from {limits.youngest} to {limits.oldest} years old."
    is_kept = limits.youngest <= age <= limits.oldest
    return found(None if is_kept else message, youngest=limits.youngest, oldest=limits.oldest)


def _education(facts: Facts) -> Finding | None:
    if facts.learner is None or facts.rules is None:
        return None
    is_kept = facts.rules.eligibility.in_formal_education or not facts.learner.in_formal_education
    return found(None if is_kept else "Who is in formal education cannot take part.")


def _one_at_a_time(facts: Facts) -> Finding | None:
    if facts.rules is None:
        return None
    if not facts.rules.purchase.one_at_a_time:
        return found(oneAtATime="false")
    unfinished = next((each for each in facts.taken if not each.is_finished), None)
    if unfinished is None:
        return found(oneAtATime="true")
    message = "Complete and rate your previous course first: courses are taken one at a time."
    return found(message, oneAtATime="true", previousStatus=unfinished.record.status.value)


def _first_purchase(facts: Facts) -> Finding | None:
    if facts.learner is None or facts.rules is None:
        return None
    if facts.taken:
        return found()
    within = facts.rules.purchase.first_within_days
    announced_on = facts.learner.announced_on
    deadline = first_purchase_deadline(facts.rules, announced_on)
    message = (
        f"A first course is bought within {within} days of being announced; "
        f"your last day was {deadline.last_day}."
    )
    return found(
        message if deadline.has_passed(facts.now) else None,
        announcedOn=announced_on,
        withinDays=within,
        lastDay=deadline.last_day,
    )


def _next_purchase(facts: Facts) -> Finding | None:
    """Judge once everything taken so far is rated: only then do the days begin."""
    if facts.learner is None or facts.rules is None:
        return None
    rated_at = last_rated_at(facts.taken)
    if rated_at is None:
        return found()
    deadline = next_purchase_deadline(facts.rules, rated_at)
    if deadline is None:
        return found()
    within = facts.rules.purchase.next_within_days
    message = (
        f"The next course is bought within {within} days of rating the previous one; "
        f"your last day was {deadline.last_day}."
    )
    return found(
        message if deadline.has_passed(facts.now) else None,
        ratedAt=rated_at.isoformat(),
        withinDays=within,
        lastDay=deadline.last_day,
    )


def _affordable(facts: Facts) -> Finding | None:
    price = facts.offering.price
    if price is None or facts.learner is None:
        return None
    is_kept = price.amount <= facts.balance
    message = f"The price is {price.amount} {price.currency}; you have {facts.balance} left."
    return found(None if is_kept else message, price=price.amount, balance=facts.balance)


COURSE_ONCE = Rule(
    "course_once",
    _CODE.ALREADY_ENROLLED,
    "The course has not been taken before, whichever partner sold it.",
    _course_once,
)
NOT_CANCELLED_BEFORE = Rule(
    "not_cancelled_before",
    _CODE.CANCELLED_BEFORE,
    "The course has not been bought and cancelled before.",
    _not_cancelled_before,
)
PARTICIPANT = Rule(
    "participant",
    _CODE.NOT_ELIGIBLE,
    "The learner is a participant, under a scheme that has rules.",
    _participant,
)
AGE = Rule("age", _CODE.NOT_ELIGIBLE, "The learner is of the programme's age.", _age)
EDUCATION = Rule(
    "education", _CODE.NOT_ELIGIBLE, "The learner is not in formal education.", _education
)
ONE_AT_A_TIME = Rule(
    "one_at_a_time",
    _CODE.PREVIOUS_COURSE_UNFINISHED,
    "The previous course is completed and rated, where the scheme wants one at a time.",
    _one_at_a_time,
)
FIRST_PURCHASE = Rule(
    "first_purchase",
    _CODE.DEADLINE_PASSED,
    "A first course is bought soon enough after the learner was announced.",
    _first_purchase,
)
NEXT_PURCHASE = Rule(
    "next_purchase",
    _CODE.DEADLINE_PASSED,
    "A next course is bought soon enough after the previous one was rated.",
    _next_purchase,
)
BALANCE = Rule(
    "balance", _CODE.BALANCE_TOO_LOW, "The training account can pay the price.", _affordable
)
