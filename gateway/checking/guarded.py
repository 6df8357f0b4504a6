"""A sandbox partner before the guarded calls, for the matrix of faults."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.addresses import THIS_MACHINE
from adapters.base import (
    Booking,
    Cursor,
    NotModified,
    Page,
    PartnerSettings,
    Quote,
    Receipt,
    ReceiptStatus,
    Validators,
)
from adapters.callers import Caller, seconds_for
from adapters.matrix import Struck
from adapters.registry import build_adapter
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.server import Sandbox
from gateway.partners.calls import PartnerCalls
from gateway.partners.config import PartnerConfig
from gateway.partners.operations import CallLimits, Operation
from schema.model.values import PartnerCode, Reference, RemoteId


@dataclass(frozen=True, slots=True)
class GuardedCaller:
    """`PartnerCalls` of one partner."""

    calls: PartnerCalls
    code: PartnerCode

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`."""
        return await self.calls.fetch_page(self.code, cursor, known)

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        return await self.calls.enrol(self.code, booking)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        return await self.calls.find(self.code, reference)

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""
        return await self.calls.cancel(self.code, reference)

    async def quote(self, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """See `QuoteDesk.quote`."""
        return await self.calls.quote(self.code, keys)


class GuardedSite:
    """One partner of a running sandbox; close it with `aclose()`."""

    takes_back = True
    booked_as = ReceiptStatus.CONFIRMED

    def __init__(self, sandbox: Sandbox, config: PartnerConfig) -> None:
        self.code = config.code
        self._sandbox = sandbox
        self._config = config
        self._adapter = self._build(sandbox.state.partners[config.code].address)

    @asynccontextmanager
    async def calling(self, fault: Fault | None) -> AsyncIterator[Caller]:
        """See `Site.calling`; a fault of the address has an adapter of its own."""
        address = self._sandbox.state.partners[self.code].address
        changed = fault.address(address) if fault else address
        if changed == address:
            yield GuardedCaller(guarded(self._adapter, fault), self.code)
            return
        adapter = self._build(changed)
        try:
            yield GuardedCaller(guarded(adapter, fault), self.code)
        finally:
            await adapter.aclose()

    async def misbehave(self, order: FaultOrder) -> None:
        """See `Site.misbehave`."""
        await self._sandbox.set_fault(self.code, order)

    async def behave(self) -> Struck:
        """See `Site.behave`."""
        layer = self._sandbox.faults(self.code)
        struck = Struck(sum(each["struck"] for each in layer.tell()), layer.cookies)
        await self._sandbox.clear_faults(self.code)
        return struck

    def holds(self, reference: Reference) -> int:
        """See `Site.holds`."""
        entries = self._sandbox.entries(self.code)
        is_there = any(entry.reference == reference for entry in entries)
        return self._sandbox.faults(self.code).told[reference] if is_there else 0

    async def aclose(self) -> None:
        """Close the connections."""
        await self._adapter.aclose()

    def _build(self, address: str) -> Any:
        secrets = self._sandbox.state.partners[self.code].secrets
        settings = PartnerSettings(self.code, address, secrets, self._config.options)
        return build_adapter(self._config.adapter, settings, reach=THIS_MACHINE)


def guarded(adapter: object, fault: Fault | None) -> PartnerCalls:
    """Return guarded calls with deadlines for `fault`, whose waits between retries are skipped."""
    limits = CallLimits(deadlines=dict.fromkeys(Operation, seconds_for(fault)))
    skipped = SkippedTime()
    return PartnerCalls(
        lambda _: adapter, limits, clock=skipped.clock, sleep=skipped.sleep, dice=lambda: 0.0
    )


class SkippedTime:
    """A clock that jumps ahead instead of letting anybody wait."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def clock(self) -> float:
        """Return the time, with all that was skipped."""
        return time.monotonic() + self._skipped

    async def sleep(self, seconds: float) -> None:
        """Skip so many seconds."""
        self._skipped += seconds
        await asyncio.sleep(0)
