"""When a bought course takes place, and until when its learner redeems it and takes its test.

Pure.  The dates are the catalogue's newest; where it no longer has the session (those that are
over leave it), they are those of the moment of purchase, which the enrolment keeps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.enrolment.deadlines import (
    Period,
    Teaching,
    post_test_deadline,
    redeem_window,
    teaching_of,
)
from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.values import SessionId
from schema.ports import OfferingFact

REPORTED_WITHIN = timedelta(days=3)  # how late partners tell what happened in time


@dataclass(frozen=True, slots=True)
class CourseDates:
    """How a course is taught, and from when to when, in the zone of the place."""

    teaching: Teaching
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns of `enrolment` that keep them; the text keeps the zone's offset."""
        return {
            "teaching": self.teaching,
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
        }


UNTOLD_DATES: dict[str, str | None] = dict.fromkeys(("teaching", "starts_at", "ends_at"))


def told_dates(fact: OfferingFact, session_id: SessionId | None) -> CourseDates | None:
    """Return what the catalogue says of a session; None for one that it does not have."""
    session = next((each for each in fact.offering.sessions if each.id == session_id), None)
    if session is None and session_id is not None:
        return None
    teaching = teaching_of(fact.offering.delivery_mode, session)
    if session is None:
        return CourseDates(teaching)
    return CourseDates(teaching, session.starts_at, session.ends_at)


def kept_dates(row: Any) -> CourseDates | None:
    """Return what was kept of the purchase; None for one of which nothing was."""
    if row.teaching is None:
        return None
    return CourseDates(
        Teaching(row.teaching),
        datetime.fromisoformat(row.starts_at) if row.starts_at else None,
        datetime.fromisoformat(row.ends_at) if row.ends_at else None,
    )


def redeem_period(rules: SchemeRules, dates: CourseDates, bought_at: datetime) -> Period:
    """Return when a course that was bought then is redeemed."""
    return redeem_window(rules, dates.teaching, bought_at, dates.starts_at)


def deadline_of_test(rules: SchemeRules, dates: CourseDates, redeemed_at: datetime) -> datetime:
    """Return the first moment that is too late for the test of a course redeemed then."""
    last_meeting_at = dates.ends_at or dates.starts_at
    if dates.teaching is Teaching.SELF_PACED:
        last_meeting_at = None
    return post_test_deadline(rules, redeemed_at, last_meeting_at).passes_at
