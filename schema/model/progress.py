"""An enrolment's later life: how a course goes on, and what people decide about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schema.model.enrolment import Enrolment, EnrolmentEvent
from schema.model.values import CourseId, EnrolmentId, LearnerId, PartnerCode, Reference

LOWEST_RATING, HIGHEST_RATING = 1, 5


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether a learner was at one meeting, counted from 1; the newest word stands."""

    meeting: int
    attended: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a course has come; None is what has not happened yet."""

    redeemed_at: datetime | None = None
    completed_at: datetime | None = None
    certificate_reference: str | None = None
    rating: int | None = None
    rated_at: datetime | None = None


class RatingErrorCode(StrEnum):
    """Why a rating was not recorded."""

    NOT_FOUND = "NOT_FOUND"
    NOT_FINISHED = "NOT_FINISHED"
    ALREADY_RATED = "ALREADY_RATED"
    INVALID_VALUE = "INVALID_VALUE"


@dataclass(frozen=True, slots=True)
class RateRequest:
    """A learner's opinion of a course that they have taken, from 1 to 5."""

    learner: LearnerId
    enrolment_id: EnrolmentId
    rating: int


@dataclass(frozen=True, slots=True)
class RatingRefusal:
    """One reason why not; `field` is the path of the input that it is about."""

    code: RatingErrorCode
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RatingOutcome:
    """The enrolment that was rated, or the reasons why it was not."""

    enrolment: Enrolment | None
    refusals: tuple[RatingRefusal, ...] = ()


class ReviewDecision(StrEnum):
    """How a person settles what no machine could."""

    CONFIRM = "CONFIRM"
    REJECT = "REJECT"
    ACKNOWLEDGE = "ACKNOWLEDGE"


class ReviewErrorCode(StrEnum):
    """Why a decision was not carried out."""

    NOT_FOUND = "NOT_FOUND"
    NOT_IN_REVIEW = "NOT_IN_REVIEW"
    INVALID_VALUE = "INVALID_VALUE"


@dataclass(frozen=True, slots=True)
class Review:
    """An enrolment that waits for a person: since when, and why.

    One that is settled waits if its partner disagrees with that: `disagreement` is how.
    """

    enrolment: Enrolment
    since: datetime
    cause: str
    is_cancellation: bool  # it had been confirmed, and was to be cancelled
    disagreement: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewWish:
    """A person's decision, with the reason that the learner is told, and who they are."""

    enrolment_id: EnrolmentId
    decision: ReviewDecision
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ReviewRefusal:
    """One reason why not; `field` is the path of the input that it is about."""

    code: ReviewErrorCode
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReviewOutcome:
    """The enrolment that was settled, or the reasons why it was not."""

    enrolment: Enrolment | None
    refusals: tuple[ReviewRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of any enrolment, under its number in the order of recording."""

    number: int
    enrolment_id: EnrolmentId
    reference: Reference
    partner: PartnerCode
    course_id: CourseId
    event: EnrolmentEvent


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A few events; `cursor` is where the next page begins, whether or not there is more yet."""

    events: tuple[FeedEvent, ...]
    cursor: str
    has_more: bool
