"""What operators see of held lists, and decide: implements `schema.model.held.HeldSyncs`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, select

from gateway.catalogue import decision_log
from gateway.catalogue.difference import read_examples
from gateway.catalogue.holding import Settled, alarms_of, approve_held, reject_held
from gateway.catalogue.runs import load_run
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.sync_tables import held_list
from schema.model.decisions import CatalogueDecision
from schema.model.decisions import CatalogueDecisionKind as _Kind
from schema.model.held import DecisionErrorCode, DecisionRefusal, HeldSync, SyncDecision
from schema.model.values import PartnerCode

logger = structlog.get_logger()


class HeldLists:
    """Shows and settles held lists; `leases` must not be those of a scheduler.

    A decision takes the partner's sync lease, so that no list is read meanwhile.
    """

    def __init__(
        self,
        database: Database,
        leases: Leases,
        now: Callable[[], datetime],
        *,
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._leases = leases
        self._now = now
        self._notify = notify

    async def read_held(self) -> Sequence[HeldSync]:
        """See `HeldSyncs.read_held`."""
        return await self._database.read(_read_held)

    async def approve(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        """See `HeldSyncs.approve`."""
        return await self._decide(run, _Kind.LIST_APPROVED, by, reason)

    async def reject(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        """See `HeldSyncs.reject`."""
        return await self._decide(run, _Kind.LIST_REJECTED, by, reason)

    async def _decide(self, run: int, verdict: _Kind, by: str, reason: str | None) -> SyncDecision:
        partner = await self._database.read(lambda connection: _partner_of(connection, run))
        if partner is None:
            return _not_held(run)
        async with self._leases.held(f"sync:{partner}") as is_ours:
            if not is_ours:
                said = f"{partner} is being read just now; decide again when that has ended"
                refusal = DecisionRefusal(DecisionErrorCode.SYNC_RUNNING, said)
                return SyncDecision(partner, refusals=(refusal,))
            made = CatalogueDecision(
                verdict, (str(run),), by, self._now(), about=partner, reason=reason
            )
            done = await self._database.write_much(
                lambda connection: _settle(connection, run, made)
            )
        if done is None:
            return _not_held(run)
        logger.info("catalogue.list_decided", partner=partner, run=run, verdict=verdict)
        self._notify()
        return SyncDecision(partner, done.revision if isinstance(done, Settled) else None)


def _settle(
    connection: Connection, run: int, made: CatalogueDecision
) -> Settled | PartnerCode | None:
    """Carry out a decision and write it down; None if that run is not held."""
    settle = approve_held if made.kind is _Kind.LIST_APPROVED else reject_held
    done = settle(connection, run, made.at)
    if done is not None:
        decision_log.record(connection, made)
    return done


def _not_held(run: int) -> SyncDecision:
    said = f"run {run} is not held, or no longer; look at what is held now, and decide on that"
    return SyncDecision(refusals=(DecisionRefusal(DecisionErrorCode.NOT_HELD, said),))


def _partner_of(connection: Connection, run: int) -> PartnerCode | None:
    found = select(held_list.c.partner).where(held_list.c.run_id == run)
    partner = connection.execute(found).scalar_one_or_none()
    return PartnerCode(partner) if partner is not None else None


def _read_held(connection: Connection) -> list[HeldSync]:
    rows = connection.execute(
        select(held_list).order_by(held_list.c.held_since, held_list.c.run_id)
    )
    return [_to_held_sync(connection, row) for row in rows.all()]


def _to_held_sync(connection: Connection, row: Row[Any]) -> HeldSync:
    run = load_run(connection, row.run_id)
    return HeldSync(
        run=run.id,
        partner=run.partner,
        since=row.held_since,
        read_at=row.read_at,
        alarms=alarms_of(row),
        fetched=run.counts.fetched,
        added=run.counts.added,
        changed=run.counts.changed,
        unchanged=run.counts.unchanged,
        withdrawn=run.counts.withdrawn,
        quarantined=run.counts.quarantined,
        examples=read_examples(connection, run),
    )
