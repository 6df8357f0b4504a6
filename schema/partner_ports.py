"""What resolvers need of partners: how each stands, and how fresh what it told is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schema.model.catalogue import Freshness, Offering, PartnerStatus
from schema.model.values import OfferingId, PartnerCode


@dataclass(frozen=True, slots=True)
class MissingPartner:
    """A partner whose part of an answer may be out of date, and since when."""

    partner: PartnerStatus
    reason: str
    since: datetime | None = None
    last_good_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether an answer rests on fresh facts from every partner that it concerns."""

    missing: Sequence[MissingPartner]


@dataclass(frozen=True, slots=True)
class FreshOfferings:
    """Which offerings are fresh enough: of these partners, but for those held back."""

    partners: frozenset[PartnerCode]
    held_back: frozenset[OfferingId] = frozenset()

    def __contains__(self, offering: Offering) -> bool:
        """Return whether what we say of an offering is fresh enough."""
        return offering.partner in self.partners and offering.id not in self.held_back


class PartnerDirectory(Protocol):
    """The partners, and how each stands now."""

    @property
    def closed(self) -> frozenset[PartnerCode]:
        """The partners in whose courses nobody can enrol for the time being."""

    def statuses(self) -> Sequence[PartnerStatus]:
        """Return every partner, in the order of the partners files."""

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        """Return one partner, or None."""

    def freshness(self, code: PartnerCode) -> Freshness:
        """Return how old what we know of this partner's catalogue is, as of now."""

    def offering_freshness(self, offering: Offering) -> Freshness:
        """Return how old what we know of an offering is: its row may be held back."""

    def fresh_since(self, oldest: datetime) -> FreshOfferings:
        """Return which offerings were read at `oldest` or later."""

    def coverage(self, partners: Sequence[PartnerCode], oldest: datetime | None = None) -> Coverage:
        """Return which of `partners` (empty: of all) are not fresh, or older than `oldest`."""
