"""What operators' resolvers need beside the catalogue and the ledger, as Protocols."""

from typing import Protocol

from schema.model.held import SyncDecision
from schema.model.operating import ListVerdict, PartnerOrder, PartnerOutcome
from schema.model.viewer import Viewer


class Refusals(Protocol):
    """Who keeps in mind that somebody reached for what is not theirs."""

    async def note(self, viewer: Viewer, coordinate: str) -> None:
        """Record that a viewer was refused a field ("Mutation.enrol")."""


class PartnerDesk(Protocol):
    """Where operators steer partners; each act is in the audit trail with its reason."""

    async def order(self, order: PartnerOrder) -> PartnerOutcome:
        """Carry out an order about a partner, or say why not."""


class ListDesk(Protocol):
    """Where operators decide about held lists."""

    async def decide(self, verdict: ListVerdict) -> SyncDecision:
        """Apply or discard a held list, or say why not."""


class QuietRefusals:
    """Keeps nothing in mind: for schemas that stand alone."""

    async def note(self, viewer: Viewer, coordinate: str) -> None:
        """Do nothing."""


QUIET = QuietRefusals()
