"""What the programme has approved of what partners list.

A partner's offerings are approved as they come, or wait for an operator, as the partners file
says.  An approval belongs to the offering: it outlives changes, withdrawal and a new listing.
Every decision is kept, with who made it and when.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, not_, or_, select, update

from gateway.catalogue.records import from_payload
from gateway.catalogue.visibility import publish
from gateway.partners.config import PartnerConfig
from gateway.storage.catalogue_tables import approval, approval_mode, course, offering
from gateway.storage.engine import Database
from gateway.storage.sets import is_one_of
from gateway.storage.upsert import insert_into
from schema.model.blocks import Approval, Decision, PendingOffering, PendingOfferings
from schema.model.values import CourseId, OfferingId, PartnerCode


class ApprovalDesk:
    """Shows what waits and carries out decisions: implements `schema.block_ports.Approvals`."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the desk; `notify` is called after a decision that changed the catalogue."""
        self._database = database
        self._now = now
        self._notify = notify

    async def read_pending(self, partner: PartnerCode | None, limit: int) -> PendingOfferings:
        """Return the offerings that wait for approval, longest first."""
        return await self._database.read(lambda connection: _pending(connection, partner, limit))

    async def decide(self, decision: Decision) -> int:
        """Carry out a decision; return how many offerings it changed."""
        now = self._now()
        changed = await self._database.write(lambda connection: _decide(connection, decision, now))
        if changed:
            self._notify()
        return changed


def note_approval_mode(connection: Connection, config: PartnerConfig) -> None:
    """Keep whether the partner's new offerings wait, for whoever applies its list."""
    values = {"manual": config.manual_approval}
    connection.execute(
        insert_into(connection, approval_mode)
        .values(partner=config.code, **values)
        .on_conflict_do_update(
            index_elements=["partner"],
            set_=values,
            where=approval_mode.c.manual != config.manual_approval,
        )
    )


def _pending(connection: Connection, partner: PartnerCode | None, limit: int) -> PendingOfferings:
    waits = and_(offering.c.approval == Approval.PENDING, not_(offering.c.withdrawn))
    if partner is not None:
        waits = and_(waits, offering.c.partner == partner)
    total: int = connection.execute(
        select(func.count()).select_from(offering).where(waits)
    ).scalar_one()
    rows = connection.execute(
        select(offering.c.course_id, offering.c.payload, offering.c.changed_at)
        .where(waits)
        .order_by(offering.c.added_run, offering.c.id)
        .limit(limit)
    )
    return PendingOfferings(total, tuple(map(_to_pending, rows)))


def _to_pending(row: Any) -> PendingOffering:
    told = from_payload(row.payload)
    return PendingOffering(
        offering_id=told.id,
        course_id=CourseId(row.course_id),
        partner=told.partner,
        title=told.listed.title,
        institution=told.listed.institution,
        price=told.price,
        listed_at=row.changed_at,
    )


def _decide(connection: Connection, decision: Decision, now: datetime) -> int:
    changed = connection.execute(
        update(offering)
        .where(_chosen(decision), offering.c.approval != decision.approval)
        .values(approval=decision.approval)
        .returning(offering.c.id, offering.c.course_id)
    ).all()
    if changed:
        connection.execute(insert(approval), [_to_row(row.id, decision, now) for row in changed])
        publish(connection, is_one_of(connection, course.c.id, {row.course_id for row in changed}))
    return len(changed)


def _chosen(decision: Decision) -> ColumnElement[bool]:
    """Return the condition for the offerings that are named, or wait at the partner named."""
    named = offering.c.id.in_(decision.offerings)
    if decision.partner is None:
        return named
    waits = and_(offering.c.partner == decision.partner, offering.c.approval == Approval.PENDING)
    return or_(named, waits)


def _to_row(offering_id: OfferingId, decision: Decision, now: datetime) -> dict[str, Any]:
    return {
        "offering_id": offering_id,
        "approval": decision.approval,
        "decided_at": now,
        "decided_by": decision.by,
        "reason": decision.reason,
    }
