"""An enrolment's later life over the fake ledger: every part of it in one object."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from schema import ports
from schema.model.enrolment import (
    Actor,
    CancelRequest,
    EnrolErrorCode,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    Refusal,
)
from schema.model.progress import (
    Attendance,
    FeedEvent,
    FeedPage,
    Progress,
    RateRequest,
    RatingErrorCode,
    RatingOutcome,
    RatingRefusal,
    Review,
    ReviewErrorCode,
    ReviewOutcome,
    ReviewRefusal,
    ReviewWish,
)
from tests.unit.schema.fakes import NOW, FakeEnrolments, cut


class FakeLaterLife:
    """Cancels what is there, refuses what is not, and tells of three changes."""

    def __init__(self, enrolments: FakeEnrolments) -> None:
        self._enrolments = enrolments
        self.waiting: list[Review] = []
        self.settled: list[ReviewWish] = []
        self.rated: list[RateRequest] = []

    async def cancel(self, request: CancelRequest) -> EnrolOutcome:
        found = await self._enrolments.read_enrolment(request.learner, request.enrolment_id)
        if found is None:
            return EnrolOutcome(None, (Refusal(EnrolErrorCode.NOT_FOUND, "gone"),))
        return EnrolOutcome(replace(found, status=EnrolmentStatus.CANCEL_REQUESTED))

    async def follow(
        self, learner: Any, enrolment_id: Any, after: int = 0
    ) -> AsyncGenerator[Enrolment, None]:
        found = await self._enrolments.read_enrolment(learner, enrolment_id)
        if found is None:
            raise LookupError(enrolment_id)
        for version, status in enumerate(("RESERVED", "SUBMITTING", "CONFIRMED"), 1):
            if version > after:
                yield replace(found, status=EnrolmentStatus(status), version=version)

    async def rate(self, request: RateRequest) -> RatingOutcome:
        self.rated.append(request)
        found = await self._enrolments.read_enrolment(request.learner, request.enrolment_id)
        if found is None:
            return RatingOutcome(None, (RatingRefusal(RatingErrorCode.NOT_FOUND, "gone"),))
        return RatingOutcome(found)

    async def read_progress(self, enrolment_id: Any) -> Progress:
        return Progress(redeemed_at=NOW, rating=5)

    async def read_attendance(self, enrolment_id: Any) -> Sequence[Attendance]:
        return [Attendance(1, attended=True, occurred_at=NOW)]

    async def read_reviews(self, window: ports.Window) -> ports.Slice[Review]:
        return cut(self.waiting, lambda review: review.enrolment.id, window)

    async def settle(self, wish: ReviewWish) -> ReviewOutcome:
        self.settled.append(wish)
        found = [each.enrolment for each in self.waiting if each.enrolment.id == wish.enrolment_id]
        if not found:
            return ReviewOutcome(None, (ReviewRefusal(ReviewErrorCode.NOT_FOUND, "gone"),))
        return ReviewOutcome(found[0])

    async def read_feed(self, after: str | None, size: int) -> FeedPage:
        if after not in {None, "2"}:
            raise ports.BadCursorError(after)
        happened = EnrolmentEvent(NOW, None, EnrolmentStatus.RESERVED, Actor.LEARNER, "enrolled")
        late = replace(happened, at=NOW + timedelta(seconds=1))
        events = tuple(
            FeedEvent(n, f"E{n}", f"MTR-{n}", "tokopedia", "C1", event)  # type: ignore[arg-type]
            for n, event in enumerate((happened, late), start=1)
        )
        if after == "2":
            return FeedPage((), "2", has_more=False)
        return FeedPage(events[:size], str(min(size, 2)), has_more=size < 2)
