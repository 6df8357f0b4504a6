"""What resolvers need of enrolments: making them, and their later life; all of it is `async`."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from schema.model.enrolment import (
    CancelRequest,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
)
from schema.model.progress import (
    Attendance,
    FeedPage,
    Progress,
    RateRequest,
    RatingOutcome,
    Review,
    ReviewOutcome,
    ReviewWish,
)
from schema.model.values import EnrolmentId, LearnerId, Money
from schema.page_ports import Slice, Window


class Enrolments(Protocol):
    """The central record of enrolments, as one learner sees it."""

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        """Record a wish to enrol, or say why not."""

    async def read_verdicts(self, request: EnrolRequest) -> Sequence[EnrolVerdict]:
        """Return what every rule says of a wish, in order, and record nothing."""

    async def read_enrolment(
        self, learner: LearnerId, enrolment_id: EnrolmentId
    ) -> Enrolment | None:
        """Return an enrolment of this learner; None if absent or another's."""

    async def read_enrolments(
        self, learner: LearnerId, window: Window, statuses: Sequence[EnrolmentStatus]
    ) -> Slice[Enrolment]:
        """Return part of a learner's enrolments, newest first.  Raises `BadCursorError`."""

    async def read_events(self, enrolment_id: EnrolmentId) -> Sequence[EnrolmentEvent]:
        """Return what happened to an enrolment, oldest first."""

    async def read_balance(self, learner: LearnerId) -> Money:
        """Return what the training account can still spend."""


class Cancellations(Protocol):
    """Where learners cancel."""

    async def cancel(self, request: CancelRequest) -> EnrolOutcome:
        """Record that a learner cancels, or say why not; the same key gets the same outcome."""


class EnrolmentWatch(Protocol):
    """Who is told of changes."""

    def follow(
        self, learner: LearnerId, enrolment_id: EnrolmentId, after: int = 0
    ) -> AsyncGenerator[Enrolment, None]:
        """Give a learner's enrolment as it stands, then at each change, until it has ended.

        What is not newer than version `after` is not given again.  Raises `LookupError` if it
        is not theirs.
        """


class Progresses(Protocol):
    """How courses go on once they are bought."""

    async def rate(self, request: RateRequest) -> RatingOutcome:
        """Record a learner's rating of a course that has ended, or say why not."""

    async def read_progress(self, enrolment_id: EnrolmentId) -> Progress:
        """Return how far an enrolment has come."""

    async def read_attendance(self, enrolment_id: EnrolmentId) -> Sequence[Attendance]:
        """Return who was there at which meeting, in order."""


class Reviews(Protocol):
    """The queue of what no machine can settle."""

    async def read_reviews(self, window: Window) -> Slice[Review]:
        """Return what waits for a person, longest first.  Raises `BadCursorError`."""

    async def settle(self, wish: ReviewWish) -> ReviewOutcome:
        """Settle one of them, or say why not."""


class EventFeed(Protocol):
    """What happens to all enrolments, for the programme's own systems."""

    async def read_feed(self, after: str | None, size: int) -> FeedPage:
        """Return events in the order of their recording.  Raises `BadCursorError`."""
