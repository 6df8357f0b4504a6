"""Enrolments and their money, counted for operators."""

from schema.ids import NodeKind, to_global_id
from schema.model import reports as records
from schema.types.described import described, enumerated, presents
from schema.types.scalars import BigInt

_D = records.ReportDimension

enumerated(
    records.ReportDimension,
    {
        _D.PARTNER: "The partner that sold it.",
        _D.INSTITUTION: "The institution that gives the course, at the time of purchase.",
        _D.REGION: "The official code of the session's region, at the time of purchase.",
        _D.CATEGORY: "The course's category, at the time of purchase.",
        _D.DAY: "The day in Asia/Jakarta on which the enrolment began.",
    },
)


@presents(records.Measures)
class EnrolmentMeasures:
    """How many enrolments, where they stand, and their money in whole rupiah."""

    enrolments: BigInt = described("How many enrolments there are.")
    open: BigInt = described("Not settled yet.")
    confirmed: BigInt = described("Confirmed, active, completed or not passed.")
    completed: BigInt = described("Of these, completed.")
    rejected: BigInt = described("Rejected.")
    cancelled: BigInt = described("Cancelled.")
    expired: BigInt = described("Expired.")
    held: BigInt = described("Money that is held.")
    captured: BigInt = described("Money that was captured for partners.")
    refunded: BigInt = described("Money that came back from partners.")
    spent: BigInt = described("What was captured and not refunded.")


def _value(root: records.ReportKey) -> str | None:
    if root.dimension is _D.INSTITUTION and root.value:
        return to_global_id(NodeKind.INSTITUTION, root.value)
    return root.value


@presents(records.ReportKey)
class ReportKey:
    """What a group has in common."""

    dimension: records.ReportDimension = described("In what.")
    value: str | None = described(
        "A partner's code, an institution's id, a region's or category's code, an ISO day; null "
        "where it was not told.",
        _value,
    )
    label: str | None = described("The same, to be shown.")


@presents(records.ReportRow)
class EnrolmentReportRow:
    """One group of enrolments."""

    keys: list[ReportKey] = described("What it has in common, in the order asked for.")
    measures: EnrolmentMeasures = described("What is counted in it.")


@presents(records.EnrolmentReport)
class EnrolmentReport:
    """Enrolments and money by group."""

    rows: list[EnrolmentReportRow] = described("The groups, by their keys.")
    total: EnrolmentMeasures = described("The sum of all groups, shown or not.")
    complete: bool = described(
        "All groups are shown; else narrow the days, or export with `mitra report`.",
        lambda root: root.is_complete,
    )
