"""What resolvers need of syncs under way."""

from collections.abc import AsyncGenerator
from typing import Protocol

from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode


class SyncWatch(Protocol):
    """Who is told how far syncs are."""

    def follow(self, partner: PartnerCode | None = None) -> AsyncGenerator[SyncProgress, None]:
        """Give how far each sync is, and how it ended: one partner's, or everybody's."""
