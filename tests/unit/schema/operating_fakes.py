"""Operators' desks that keep what they were told."""

from dataclasses import dataclass, field

from schema.model.held import SyncDecision
from schema.model.operating import (
    ListVerdict,
    OrderErrorCode,
    OrderRefusal,
    PartnerOrder,
    PartnerOutcome,
)
from schema.model.viewer import Viewer
from tests.unit.schema.fakes import FakePartners
from tests.unit.schema.held_fakes import FakeHeldSyncs


@dataclass
class FakePartnerDesk:
    """Carries out every order about a partner that there is."""

    partners: FakePartners
    orders: list[PartnerOrder] = field(default_factory=list)

    async def order(self, order: PartnerOrder) -> PartnerOutcome:
        status = self.partners.status(order.partner)
        if status is None:
            return PartnerOutcome(None, (OrderRefusal(OrderErrorCode.NOT_FOUND, "none"),))
        self.orders.append(order)
        return PartnerOutcome(status)


@dataclass
class FakeListDesk:
    """Decides about held lists, and keeps the verdicts."""

    held: FakeHeldSyncs
    verdicts: list[ListVerdict] = field(default_factory=list)

    async def decide(self, verdict: ListVerdict) -> SyncDecision:
        self.verdicts.append(verdict)
        decide = self.held.approve if verdict.is_approval else self.held.reject
        return await decide(verdict.run, verdict.by)


@dataclass
class FakeRefusals:
    """Keeps who was refused what."""

    noted: list[tuple[str | None, str]] = field(default_factory=list)

    async def note(self, viewer: Viewer, coordinate: str) -> None:
        self.noted.append((viewer.subject, coordinate))
