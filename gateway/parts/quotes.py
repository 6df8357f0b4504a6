"""Live quotes: the partners that tell them, and a cache of their own."""

from datetime import datetime

from gateway.cache.tiered import TieredCache, build_cache
from gateway.clock import utc_now
from gateway.partners.quotes import QuoteBoard, partners_with_quotes
from gateway.parts.catalogue import CataloguePart
from gateway.parts.partners import PartnersPart
from gateway.settings import Settings
from schema.model.catalogue import Offering

QUOTES_BYTES = 16 * 2**20
ANSWERS_BYTES = 4 * 2**20  # questions' answers are at hand beside it


class QuotesPart:
    """Quotes, and what they are remembered in."""

    def __init__(
        self, settings: Settings, partners: PartnersPart, catalogue: CataloguePart
    ) -> None:
        self._catalogue = catalogue
        self._cache = build_cache(settings.redis_url, "quotes", QUOTES_BYTES)
        self.board = QuoteBoard(
            partners.calls,
            self._cache,
            telling=partners_with_quotes(partners.configs),
            fetched_at=self._fetched_at,
            now=utc_now,
            closed=lambda: catalogue.follower.directory.closed,
        )

    async def aclose(self) -> None:
        """End the questions under way, and let go of the cache."""
        await self._cache.close()

    def _fetched_at(self, offering: Offering) -> datetime | None:
        return self._catalogue.follower.directory.offering_freshness(offering).fetched_at


def build_answers_cache(settings: Settings) -> TieredCache:
    """Return what finished answers and pages are remembered in."""
    return build_cache(settings.redis_url, "answers", ANSWERS_BYTES)
