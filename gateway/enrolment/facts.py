"""What a verdict rests on, read beforehand.  Pure records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.enrolment.deadlines import day_in
from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.blocks import Block
from schema.model.catalogue import Session
from schema.model.enrolment import LIVE, Actor, Enrolment, EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId, SessionId
from schema.ports import OfferingFact

_ENDED = frozenset({EnrolmentStatus.COMPLETED, EnrolmentStatus.NOT_PASSED})


@dataclass(frozen=True, slots=True)
class Participant:
    """A learner, as far as the rules ask; a birth date may not have been told.

    Who was erased is no participant any more, until imported again.
    """

    id: LearnerId
    scheme: str
    announced_on: date
    birth_date: date | None
    in_formal_education: bool
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class PastEnrolment:
    """An enrolment of the same learner, and how far the course has got.

    `settled_at` tells one that the partner confirmed from one that never came about.
    """

    record: Enrolment
    settled_at: datetime | None = None
    completed_at: datetime | None = None
    rated_at: datetime | None = None
    cancelled_by: Actor | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the course counts as bought: under way, ended, or let lapse after buying."""
        status = self.record.status
        if status is EnrolmentStatus.EXPIRED:
            return self.settled_at is not None
        return status in LIVE or status in _ENDED

    @property
    def is_cancelled(self) -> bool:
        """Whether the learner gave the course back."""
        is_own = self.cancelled_by in {None, Actor.LEARNER}
        return is_own and self.record.status is EnrolmentStatus.CANCELLED

    @property
    def is_finished(self) -> bool:
        """Whether the course has ended, passed or not, and was rated."""
        has_ended = self.completed_at is not None or self.record.status in _ENDED
        return has_ended and self.rated_at is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the verdict on one known offering depends on.

    `learner` is None for strangers, `rules` for them and for a scheme without rules.
    `seats_taken` counts places of the wanted session that were taken through us and that
    the partner's `seats_left` does not know of yet.
    """

    now: datetime
    request: EnrolRequest
    offering: OfferingFact
    learner: Participant | None
    rules: SchemeRules | None
    history: Sequence[PastEnrolment] = ()
    balance: int = 0
    seats_taken: int = 0
    block: Block | None = None  # one that is in force and names the offering
    is_partner_sale: bool = False  # bought on the partner's own site, not through us

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """The offering's sessions by id."""
        return {session.id: session for session in self.offering.offering.sessions}

    @property
    def session(self) -> Session | None:
        """The session that is asked for, if the offering has it."""
        wanted = self.request.session_id
        return None if wanted is None else self.sessions.get(wanted)

    @property
    def wanted_sessions(self) -> Sequence[Session]:
        """The session that is asked for, or all from which one is still to be chosen."""
        return [self.session] if self.session else self.offering.offering.sessions

    @property
    def same_course(self) -> Iterator[PastEnrolment]:
        """Earlier enrolments in this course, also under the ids that it had before merges."""
        family = {self.offering.course_id, *self.offering.former_ids}
        return (each for each in self.history if each.record.course_id in family)

    @property
    def taken(self) -> Sequence[PastEnrolment]:
        """What the learner has bought so far, of any course."""
        return [each for each in self.history if each.is_taken]

    @property
    def again(self) -> Enrolment | None:
        """The enrolment by which the course is taken already: a live one before others."""
        found = [each.record for each in self.same_course if each.is_taken]
        return max(found, key=lambda record: (record.status in LIVE, record.id), default=None)

    def today(self, rules: SchemeRules) -> date:
        """Return the programme's day."""
        return day_in(rules.time_zone, self.now)
