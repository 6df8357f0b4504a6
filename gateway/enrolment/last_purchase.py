"""Until when anybody at all may buy a session, which the public catalogue shows.  Pure.

A learner is judged by the rules of their own scheme when they buy.  The catalogue knows no
learner: it says that a session is closed once no scheme would let anybody buy it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from gateway.enrolment.deadlines import Teaching, purchase_cut_off, teaching_of
from gateway.enrolment.rules.book import RuleBook
from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.catalogue import Offering, Session
from schema.model.values import EnrolmentMode

_KEPT = 10_000  # days, zones and ways of teaching: very many sessions share few of them
_ANY_START = datetime(2024, 1, 1, tzinfo=UTC)


class LastPurchase:
    """Tells the first moment at which a session can no longer be bought."""

    def __init__(self, rules: RuleBook) -> None:
        self._patient: Mapping[Teaching, SchemeRules] = {
            teaching: max(rules.every, key=lambda each: _latest(each, teaching))
            for teaching in Teaching
            if rules.every
        }
        self._passes_at = lru_cache(maxsize=_KEPT)(self._work_out)

    def __call__(self, offering: Offering, session: Session) -> datetime | None:
        """Return the moment; None where the programme does not sell, or no start was told."""
        starts_at = session.starts_at
        if starts_at is None or offering.enrolment_mode is EnrolmentMode.LINK:
            return None
        teaching = teaching_of(offering.delivery_mode, session)
        return self._passes_at(teaching, starts_at.date(), starts_at.tzinfo)

    def _work_out(self, teaching: Teaching, day: date, zone: tzinfo | None) -> datetime | None:
        rules = self._patient.get(teaching)
        if rules is None:
            return None
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return purchase_cut_off(rules, teaching, midnight).passes_at


def _latest(rules: SchemeRules, teaching: Teaching) -> datetime:
    return purchase_cut_off(rules, teaching, _ANY_START).passes_at
