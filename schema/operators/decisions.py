"""Operators see what has been decided about the catalogue, and by whom."""

import strawberry
from strawberry import UNSET

from schema import ports
from schema.context import Info
from schema.model import decisions as records
from schema.paging import After, First, checked_cursors, to_window
from schema.types.connections import Connection
from schema.types.decisions import CatalogueDecision


@strawberry.type
class DecisionQuery:
    """Fields of the query root."""

    @strawberry.field(
        description="What operators have decided about lists and links, and who, the newest "
        "first; for operators.",
        graphql_type=Connection[CatalogueDecision],
    )
    async def catalogue_decisions(
        self, info: Info, *, first: First = UNSET, after: After = UNSET
    ) -> ports.Slice[records.CatalogueDecision]:
        """List decisions."""
        window = to_window(first, after)
        with checked_cursors():
            return await info.context.decisions.read_decisions(window)
