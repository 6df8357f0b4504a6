"""What resolvers and enrolling need of live quotes, as a Protocol that the gateway implements."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from schema.model.catalogue import Offering
from schema.model.quotes import KnownQuote
from schema.model.values import OfferingId


class LiveQuotes(Protocol):
    """Price and seats as partners tell them now: the one read that calls partners."""

    async def read_quotes(self, offerings: Sequence[Offering]) -> Mapping[OfferingId, KnownQuote]:
        """Return what is known of each offering, asked anew where it can be told in time.

        What the partner does not tell in time is the last that is known, with its age; an
        offering of which nothing is known is left out.  Never raises for a partner's sake.
        """

    async def read_live(self, offering: Offering) -> KnownQuote | None:
        """Return a quote that is new enough to be acted upon, or None; asks as above."""
