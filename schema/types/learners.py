"""Learners' rows, grants and consents, as operators see them."""

from datetime import datetime

import strawberry

from schema.model import learners as records
from schema.types.described import described, enumerated, optional, presents
from schema.types.operating import WHY
from schema.types.scalars import BigInt

enumerated(
    records.ConsentDecision,
    {
        records.ConsentDecision.GIVEN: "The learner agreed.",
        records.ConsentDecision.WITHDRAWN: "The learner took it back.",
    },
)


@strawberry.input(description="A learner as the programme's registration tells of them.")
class LearnerRowInput:
    """A learner as the programme's registration tells of them."""

    reference: str = described("The opaque reference that their tokens carry; no national id.")
    scheme: str = described("Under which scheme they take part, such as 2024.")
    announced: str = described("The day they were announced on, as 2024-02-28.")
    birth_date: str | None = optional("When they were born, as 1994-02-28.")
    in_formal_education: bool = described("Whether they are in formal education.")
    national_id: str | None = optional(
        "16 digits, to notice who comes twice; only a keyed digest is kept."
    )
    name: str | None = optional("Their name; kept encrypted.")
    email: str | None = optional("Their e-mail address; kept encrypted.")
    phone: str | None = optional("Their telephone number; kept encrypted.")
    consents: list[str] | None = optional("The purposes that they agreed to, such as contact.")


@strawberry.input(description="The learners to import.")
class ImportLearnersInput:
    """The learners to import."""

    rows: list[LearnerRowInput] = described(
        f"Up to {records.MOST_ROWS} learners; the last row of a learner counts."
    )
    reason: str | None = optional(WHY)


@strawberry.input(description="A grant of a batch.")
class GrantRowInput:
    """A grant of a batch."""

    row: int = described("Its number in the batch: what makes it the same grant when sent again.")
    reference: str = described("The learner's opaque reference.")
    amount: BigInt = described("Whole rupiah, more than zero.")


@strawberry.input(description="Grants to post.")
class PostGrantsInput:
    """Grants to post."""

    batch: str = described("The batch's name, 1 to 100 printable characters without a colon.")
    rows: list[GrantRowInput] = described(f"Up to {records.MOST_ROWS} of its rows.")
    reason: str | None = optional(WHY)


@presents(records.RejectedRow)
class RejectedRow:
    """A row that was left out."""

    row: int = described(
        "Its number: in the batch, or counted from 1 in what was sent.", lambda root: root.number
    )
    reason: str = described("Why; it repeats nothing of the row.")


@presents(records.ImportOutcome)
class ImportLearnersPayload:
    """What became of learners' rows."""

    imported: int = described("How many learners are new.")
    updated: int = described("How many were known and have changed.")
    unchanged: int = described("How many were known as they are.")
    rejected: list[RejectedRow] = described("The rows that were left out.")
    notes: list[str] = described("What was not done with any of the rows, and why.")


@presents(records.GrantsOutcome)
class PostGrantsPayload:
    """What became of a batch's rows."""

    posted: int = described("How many were posted now.")
    unchanged: int = described("How many had been posted before.")
    amount: BigInt = described("The sum of what was posted now, in rupiah.")
    rejected: list[RejectedRow] = described(
        "The rows that were left out, those that have changed since they were posted among them."
    )


@presents(records.Erasure)
class EraseLearnerPayload:
    """What became of a wish to be forgotten."""

    erased_at: datetime | None = described("Since when; null if there is no such learner.")
    live_enrolments: int = described("How many enrolments go on under the reference alone.")


@presents(records.Consent)
class Consent:
    """One decision of a learner about one purpose; the newest of a purpose counts."""

    purpose: str = described("What the learner's data may be used for, such as contact.")
    decision: records.ConsentDecision = described("What they decided.")
    at: datetime = described("When it was recorded.")
    by: str = described("Who recorded it.")


@strawberry.input(description="A learner's decision about a purpose.")
class RecordConsentInput:
    """A learner's decision about a purpose."""

    learner: str = described("Their opaque reference.")
    purpose: str = described("What the data may be used for: a short word, such as contact.")
    decision: records.ConsentDecision = described("What they decided.")
    reason: str | None = optional(WHY)
