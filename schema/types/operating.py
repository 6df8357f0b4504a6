"""What came of an operator's order about a partner."""

from schema.model import operating as records
from schema.types.described import described, enumerated, presents
from schema.types.partners import Partner

WHY = (
    f"Why, for the audit trail: 1 to {records.LONGEST_REASON} printable characters. It is kept for "
    "good, so let it name no learner."
)

enumerated(
    records.OrderErrorCode,
    {
        records.OrderErrorCode.NOT_FOUND: "There is no such partner.",
        records.OrderErrorCode.NOT_READ: "Its list is not ours to read now; see the message.",
        records.OrderErrorCode.NOT_ACTIVE: "Where it stands is said in the partners file, and "
        "only there.",
        records.OrderErrorCode.INVALID_VALUE: "It cannot be recorded as it is; see the message.",
    },
)


@presents(records.OrderRefusal)
class PartnerOrderError:
    """Why an order was not carried out."""

    code: records.OrderErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the argument that it is about.")


@presents(records.PartnerOutcome)
class PartnerOrderPayload:
    """What came of an order about a partner."""

    partner: Partner | None = described("The partner as it stands now.")
    user_errors: list[PartnerOrderError] = described(
        "Why it was not carried out; empty when it was.", lambda root: root.refusals
    )
