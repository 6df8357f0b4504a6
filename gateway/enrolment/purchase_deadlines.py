"""Until when somebody buys next, by which rules refuse and unspent money returns.  Pure."""

from collections.abc import Sequence
from datetime import date, datetime

from gateway.enrolment.deadlines import Deadline, first_purchase_deadline, next_purchase_deadline
from gateway.enrolment.facts import PastEnrolment
from gateway.enrolment.rules.scheme import SchemeRules


def last_rated_at(taken: Sequence[PastEnrolment]) -> datetime | None:
    """Return when the last of what was taken was rated; None while something is not."""
    rated = [each.rated_at for each in taken if each.is_finished and each.rated_at]
    return max(rated) if rated and len(rated) == len(taken) else None


def purchase_deadline(
    rules: SchemeRules, announced_on: date, history: Sequence[PastEnrolment]
) -> Deadline | None:
    """Return until when a learner buys next; None while a course is under way, or for ever."""
    taken = [each for each in history if each.is_taken]
    if not taken:
        return first_purchase_deadline(rules, announced_on)
    rated_at = last_rated_at(taken)
    return None if rated_at is None else next_purchase_deadline(rules, rated_at)
