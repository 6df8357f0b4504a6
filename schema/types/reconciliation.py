"""What comparing our record with partners' statements and the money has found."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET, Parent

from schema import ports
from schema.context import Info
from schema.ids import NodeKind, to_global_id
from schema.model import catalogue as catalogue_records
from schema.model import reconciliation as records
from schema.paging import DEFAULT_SIZE, After, First, checked_cursors, given, to_window
from schema.types.connections import Connection
from schema.types.described import argument, described, enumerated, optional, presents
from schema.types.operating import WHY
from schema.types.partners import Partner, partner_of
from schema.types.scalars import BigInt

OfKind = Annotated[records.DriftKind | None, argument("Only this kind; null for all.")]
_K, _S = records.DriftKind, records.ReconciliationState

enumerated(
    records.DriftKind,
    {
        _K.MISSING_AT_PARTNER: "We hold it confirmed; the partner, asked, does not know it.",
        _K.UNKNOWN_TO_US: "The partner holds a booking under a reference that we never gave it.",
        _K.STATUS_DIFFERS: "Both know it, and disagree on whether it stands.",
        _K.PRICE_DIFFERS: "Both hold it, at different prices.",
        _K.DOUBLE_BOOKING: "The partner holds more than one booking under one reference.",
        _K.CAPTURE_MISSING: "It is confirmed, and not or not wholly paid.",
        _K.CAPTURE_TOO_HIGH: "It is confirmed, and more than its price is paid.",
        _K.CAPTURE_WITHOUT_CONFIRMATION: "It is paid, and was not confirmed.",
        _K.REFUND_MISSING: "It was cancelled, and its money did not come back.",
        _K.HOLD_MISSING: "It is on its way, and its price is not held.",
        _K.HOLD_LEFT_OVER: "Money is held for it that should be spent or free.",
        _K.UNREADABLE_LINE: "A line of the statement cannot be read.",
        _K.DISAGREEMENT: "The partner's word, noted that day, contradicts what we had settled; a "
        "person is to see to it (`enrolmentReviews`).",
    },
)
enumerated(
    records.ReconciliationState,
    {
        _S.CLEAN: "All agree.",
        _S.DRIFT: "Something disagrees.",
        _S.FAILED: "The partner's statement could not be had; the figures are of the last time.",
    },
)


@presents(records.Sum)
class ReconciliationSum:
    """A number of things and their rupiah."""

    count: int = described("How many.")
    amount: BigInt = described("Whole rupiah.")


@presents(records.DriftSum)
class DriftSum:
    """How much of one kind of disagreement there is."""

    kind: records.DriftKind = described("The kind.")
    count: int = described("How many.")
    amount: BigInt = described("The rupiah in question.")


def _enrolment_id(root: records.Drift) -> strawberry.ID | None:
    if root.enrolment_id is None:
        return None
    return strawberry.ID(to_global_id(NodeKind.ENROLMENT, root.enrolment_id))


@presents(records.Drift)
class Drift:
    """One disagreement about one reference."""

    kind: records.DriftKind = described("In what way they disagree.")
    reference: str = described("The reference, as the partner was given it.")
    amount: BigInt = described("The rupiah in question.")
    enrolment_id: strawberry.ID | None = described(
        "Our enrolment; null where there is none.", _enrolment_id
    )
    ours: str | None = described("Our status; null where we have none.")
    theirs: str | None = described("The partner's word for its status; null where it has none.")
    detail: str | None = described("More, such as the partner's own reference.")


def _partner(root: records.Reconciliation, info: Info) -> catalogue_records.PartnerStatus:
    return partner_of(root.partner, info)


async def _drifts(
    root: Parent[records.Reconciliation],
    info: Info,
    *,
    kind: OfKind = UNSET,
    first: First = DEFAULT_SIZE,
) -> Sequence[records.Drift]:
    return (await _drift_page(root, info, kind=kind, first=first)).nodes


async def _drift_page(
    root: Parent[records.Reconciliation],
    info: Info,
    *,
    kind: OfKind = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> ports.Slice[records.Drift]:
    window, book = to_window(first, after), info.context.reconciliations
    with checked_cursors():
        return await book.read_drifts(window, root.partner, root.day, given(kind))


@presents(records.Reconciliation)
class Reconciliation:
    """A partner's day, compared in three ways: our record, its statement, the money."""

    partner: Partner = described("Whose day.", _partner)
    day: date = described("The day in Asia/Jakarta on which the enrolments began.")
    state: records.ReconciliationState = described("What came of it.")
    reason: str | None = described("Why it failed; null when it did not.")
    started_at: datetime = described("When the comparison began.")
    finished_at: datetime = described("When it ended.")
    enrolments: int = described("How many enrolments began that day.")
    open: int = described("How many of them are not settled, and judged by their money alone.")
    ours: ReconciliationSum = described("What we hold confirmed.")
    theirs: ReconciliationSum = described("What the partner says of these: confirmed.")
    captured: ReconciliationSum = described("What is paid for them, by the ledger.")
    drift: ReconciliationSum = described("All disagreements together.")
    drift_by_kind: list[DriftSum] = described(
        "The disagreements by kind; empty when all agree.", lambda root: root.drifts
    )
    drifts: list[Drift] = described(
        "The first disagreements, one by one; `driftsConnection` pages on.", _drifts
    )
    drifts_connection: Connection[Drift] = described(
        "The disagreements, a page at a time. A cursor is good until the day is compared again.",
        _drift_page,
    )


@strawberry.input(description="A partner's day to compare.")
class StartReconciliationInput:
    """The GraphQL input of `ReconcileWish`."""

    partner: str = described("The partner's code.")
    day: date = described("The day in Asia/Jakarta, not later than today.")
    reason: str | None = optional(WHY)


enumerated(
    records.ReconcileErrorCode,
    {
        records.ReconcileErrorCode.NOT_FOUND: "No such partner gives statements.",
        records.ReconcileErrorCode.INVALID_VALUE: "An input is out of its bounds.",
        records.ReconcileErrorCode.IN_PROGRESS: "Days are being compared just now; ask again.",
    },
)


@presents(records.ReconcileRefusal)
class ReconciliationError:
    """One reason why a comparison was not begun."""

    code: records.ReconcileErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the input that it is about, if any.")


@presents(records.ReconcileOutcome)
class StartReconciliationPayload:
    """The report that stands while a new one is made, or why none is."""

    reconciliation: Reconciliation | None = described(
        "The report as it stands; null if that day was never compared. Ask `reconciliations` for "
        "one with a later `startedAt`."
    )
    refusals: list[ReconciliationError] = described(
        "Why the comparison was not begun; empty when it was.", name="userErrors"
    )
