"""Operators count enrolments and money."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import bad_user_input
from schema.model import reports as records
from schema.paging import given
from schema.types.described import argument
from schema.types.reports import EnrolmentReport

MOST_ROWS = 1_000


@strawberry.type
class ReportQuery:
    """What operators ask to be counted."""

    @strawberry.field(
        description=f"Enrolments and their money by one or two dimensions, at most {MOST_ROWS} "
        "groups; for operators.",
        graphql_type=EnrolmentReport,
    )
    async def enrolment_report(
        self,
        info: Info,
        *,
        by: Annotated[
            list[records.ReportDimension], argument("One or two dimensions, the first outermost.")
        ],
        since: Annotated[date | None, argument("First day of enrolling; null for all.")] = UNSET,
        until: Annotated[date | None, argument("Last day of enrolling; null for all.")] = UNSET,
    ) -> records.EnrolmentReport:
        """Count enrolments."""
        try:
            query = records.ReportQuery(tuple(by), given(since), given(until))
        except records.BadReportError as exc:
            raise bad_user_input(str(exc)) from exc
        return await info.context.reports.read_report(query, MOST_ROWS)
