"""What comes of cancelling and of rating."""

import strawberry

from schema.model import enrolment as records
from schema.model import progress
from schema.types.described import described, presents
from schema.types.enrolments import EnrolError, Enrolment


@strawberry.input(description="A learner's wish to give a place back.")
class CancelEnrolmentInput:
    """The GraphQL input of `CancelRequest`."""

    enrolment_id: strawberry.ID = described("The enrolment to cancel.")
    idempotency_key: str = described(
        "Chosen by the client, 1 to 255 printable characters: the same key again gives the same "
        "answer, never a second refund."
    )


@presents(records.EnrolOutcome)
class CancelEnrolmentPayload:
    """The enrolment as it stands after cancelling, or the reasons why it could not be."""

    enrolment: Enrolment | None = described("The enrolment as it stands; null if there is none.")
    refusals: list[EnrolError] = described(
        "Why it was refused; empty when it was not.", name="userErrors"
    )


@strawberry.input(description="A learner's opinion of a course that they have taken.")
class RateEnrolmentInput:
    """The GraphQL input of `RateRequest`."""

    enrolment_id: strawberry.ID = described("The enrolment in the course.")
    rating: int = described(
        f"From {progress.LOWEST_RATING} (bad) to {progress.HIGHEST_RATING} (good)."
    )


@presents(progress.RatingRefusal)
class RatingError:
    """One reason why a rating was not recorded."""

    code: progress.RatingErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the input that it is about, if any.")


@presents(progress.RatingOutcome)
class RateEnrolmentPayload:
    """The enrolment that was rated, or the reasons why it was not."""

    enrolment: Enrolment | None = described("The enrolment as it stands; null if there is none.")
    refusals: list[RatingError] = described(
        "Why it was refused; empty when it was not.", name="userErrors"
    )
