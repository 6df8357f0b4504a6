"""Steering partners: implements `schema.operating_ports.PartnerDesk`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.catalogue.partner_orders import Orders, PartnerOrders
from gateway.enrolment.audit.records import Act
from gateway.operating.trail import Trail
from gateway.partners.config import PartnerConfig
from schema.model.catalogue import PartnerStatus
from schema.model.operating import (
    OrderErrorCode,
    OrderRefusal,
    PartnerCommand,
    PartnerOrder,
    PartnerOutcome,
)
from schema.model.values import PartnerCode, PartnerState

_ACTS: Mapping[PartnerCommand, Act] = {
    PartnerCommand.SYNC: Act.SYNC_ASKED,
    PartnerCommand.PAUSE: Act.PARTNER_PAUSED,
    PartnerCommand.RESUME: Act.PARTNER_RESUMED,
}
_FIELD = ("partner",)

Stand = Callable[[PartnerCode], Awaitable[PartnerStatus | None]]


class PartnerDesk:
    """Carries out operators' orders; `stand` tells how a partner stands after one."""

    def __init__(
        self, configs: Sequence[PartnerConfig], orders: PartnerOrders, trail: Trail, stand: Stand
    ) -> None:
        self._configs = {config.code: config for config in configs}
        self._orders = orders
        self._trail = trail
        self._stand = stand
        self._carry_out = {
            PartnerCommand.SYNC: orders.ask_sync,
            PartnerCommand.PAUSE: orders.pause,
            PartnerCommand.RESUME: orders.resume,
        }

    async def order(self, order: PartnerOrder) -> PartnerOutcome:
        """Carry out an order, or say why not."""
        config = self._configs.get(order.partner)
        if config is None:
            message = "There is no such partner; `partners { code }` lists them."
            return PartnerOutcome(None, (_refusal(OrderErrorCode.NOT_FOUND, message),))
        refusal = find_refusal(config, order.command, await self._orders.read_all())
        if refusal is None:
            target = f"partner {order.partner}"
            await self._trail.note(_ACTS[order.command], target, by=order.by, reason=order.reason)
            await self._carry_out[order.command](order.partner)
        refusals = () if refusal is None else (refusal,)
        return PartnerOutcome(await self._stand(order.partner), refusals)


def find_refusal(
    config: PartnerConfig, command: PartnerCommand, orders: Orders
) -> OrderRefusal | None:
    """Return why an order cannot be carried out, if so."""
    state = config.partner.state
    if state is not PartnerState.ACTIVE:
        message = f"The partners file says that it is {state}; change it there."
        return _refusal(OrderErrorCode.NOT_ACTIVE, message)
    if command is not PartnerCommand.SYNC:
        return None
    if config.pushes:
        message = "It brings its list itself; there is nothing to read."
        return _refusal(OrderErrorCode.NOT_READ, message)
    standing = orders.get(config.code)
    if standing is not None and standing.is_paused:
        return _refusal(OrderErrorCode.NOT_READ, "It is paused; `resumePartner` has it read.")
    return None


def _refusal(code: OrderErrorCode, message: str) -> OrderRefusal:
    return OrderRefusal(code, message, _FIELD)
