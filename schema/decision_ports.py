"""What resolvers need to tell what operators have decided about the catalogue."""

from typing import Protocol

from schema.model.decisions import CatalogueDecision
from schema.page_ports import Slice, Window


class CatalogueDecisions(Protocol):
    """The log of what operators have decided about lists and links."""

    async def read_decisions(self, window: Window) -> Slice[CatalogueDecision]:
        """Return decisions, the newest first; forwards only.  Raises `BadCursorError`."""
