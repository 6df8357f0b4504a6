"""What a partner asks for an offering now, or asked when it was last heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schema.model.values import FreshnessState, Money, RemoteId


@dataclass(frozen=True, slots=True)
class KnownQuote:
    """Price and seats of one offering, as they were at `as_of`.

    `price` None is not told.  `seats` are those left by the sessions' keys; of a session that
    is not named nothing is told.
    """

    price: Money | None
    as_of: datetime
    freshness: FreshnessState
    seats: Mapping[RemoteId, int] = field(default_factory=dict)

    @property
    def seats_left(self) -> int | None:
        """The seats left in all sessions together; None when nothing is told."""
        return sum(self.seats.values()) if self.seats else None

    @property
    def is_live(self) -> bool:
        """Whether it is new enough to be acted upon."""
        return self.freshness in {FreshnessState.LIVE, FreshnessState.FRESH}
