"""What operators have ordered about partners: rows that every process looks at.

Whoever syncs is another process, on another machine perhaps: an order is written down, and seen
within a second by all whom it concerns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database
from gateway.storage.sync_tables import partner_order
from gateway.storage.upsert import insert_into
from schema.model.values import PartnerCode, PartnerState


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """What is ordered about one partner."""

    partner: PartnerCode
    epoch: int
    sync_asked_at: datetime | None = None
    paused_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the partner's list is not to be read, and nobody enrols in its courses."""
        return self.paused_at is not None


Orders = Mapping[PartnerCode, StandingOrder]


class PartnerOrders:
    """Writes orders down; `notify` is called after each."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._now = now
        self._notify = notify

    async def read_all(self) -> Orders:
        """Return what is ordered now."""
        return await self._database.read(read_orders)

    async def ask_sync(self, partner: PartnerCode) -> None:
        """Have a partner's list read as soon as somebody can."""
        await self._write(partner, {"sync_asked_at": self._now()})

    async def pause(self, partner: PartnerCode) -> None:
        """Leave a partner alone."""
        await self._write(partner, {"paused_at": self._now()})

    async def resume(self, partner: PartnerCode) -> None:
        """Go on with a partner, and have its list read."""
        await self._write(partner, {"paused_at": None, "sync_asked_at": self._now()})

    async def _write(self, partner: PartnerCode, changes: Mapping[str, datetime | None]) -> None:
        def write(connection: Connection) -> None:
            changed = {**changes, "epoch": partner_order.c.epoch + 1}
            connection.execute(
                insert_into(connection, partner_order)
                .values(partner=partner, epoch=1, **changes)
                .on_conflict_do_update(index_elements=["partner"], set_=changed)
            )

        await self._database.write(write)
        self._notify()


def read_orders(connection: Connection) -> Orders:
    """Return what is ordered now."""
    row = partner_order.c
    columns = row.partner, row.epoch, row.sync_asked_at, row.paused_at
    found = (StandingOrder(*each) for each in connection.execute(select(*columns)))
    return {order.partner: order for order in found}


def is_paused(connection: Connection, partner: PartnerCode) -> bool:
    """Return whether a partner is paused by an order."""
    mine = select(partner_order.c.paused_at).where(partner_order.c.partner == partner)
    return connection.execute(mine).scalar_one_or_none() is not None


def as_ordered(configs: Sequence[PartnerConfig], orders: Orders) -> Sequence[PartnerConfig]:
    """Return the partners as they stand by order: of those that are active, some are paused."""
    return [_paused(each) if _is_to_pause(each, orders) else each for each in configs]


def _is_to_pause(config: PartnerConfig, orders: Orders) -> bool:
    order = orders.get(config.code)
    is_active = config.partner.state is PartnerState.ACTIVE
    return is_active and order is not None and order.is_paused


def _paused(config: PartnerConfig) -> PartnerConfig:
    return replace(config, partner=replace(config.partner, state=PartnerState.PAUSED))
