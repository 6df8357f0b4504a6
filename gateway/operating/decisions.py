"""Operators' decisions about what partners list, each in the audit trail before it is made.

One that is then refused is followed there by a row that says so.
"""

from gateway.enrolment.audit.records import Act
from gateway.operating.trail import Trail
from schema.block_ports import Approvals
from schema.model.blocks import Approval, Decision, PendingOfferings
from schema.model.held import HeldSyncs, SyncDecision
from schema.model.operating import ListVerdict
from schema.model.values import PartnerCode

NAMED = 20  # offerings that a row of the trail names; it counts them all


class ListDesk:
    """Decides about held lists: implements `schema.operating_ports.ListDesk`."""

    def __init__(self, held: HeldSyncs, trail: Trail) -> None:
        self._held = held
        self._trail = trail

    async def decide(self, verdict: ListVerdict) -> SyncDecision:
        """Apply or discard a held list, or say why not."""
        act = Act.LIST_APPROVED if verdict.is_approval else Act.LIST_REJECTED
        target = f"list of run {verdict.run}"
        await self._trail.note(act, target, by=verdict.by, reason=verdict.reason)
        decide = self._held.approve if verdict.is_approval else self._held.reject
        decision = await decide(verdict.run, verdict.by, verdict.reason)
        codes = [refusal.code for refusal in decision.refusals]
        await self._trail.note_refused(act, target, codes, by=verdict.by)
        return decision


class AuditedApprovals:
    """Implements `schema.block_ports.Approvals` over another, with the audit trail."""

    def __init__(self, approvals: Approvals, trail: Trail) -> None:
        self._approvals = approvals
        self._trail = trail

    async def read_pending(self, partner: PartnerCode | None, limit: int) -> PendingOfferings:
        """Return the offerings that wait for approval, longest first."""
        return await self._approvals.read_pending(partner, limit)

    async def decide(self, decision: Decision) -> int:
        """Carry out a decision; return how many offerings it changed."""
        is_approval = decision.approval is Approval.APPROVED
        target = f"partner {decision.partner}" if decision.partner else "offerings"
        await self._trail.note(
            Act.OFFERINGS_APPROVED if is_approval else Act.APPROVALS_REVOKED,
            target,
            by=decision.by,
            reason=decision.reason,
            offerings=list(decision.offerings[:NAMED]),
            count=len(decision.offerings),
        )
        return await self._approvals.decide(decision)
