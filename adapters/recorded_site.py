"""A recorded partner on a real port, which can be told to misbehave: for outsiders' adapters.

    async with RecordedSite.opened(case) as site:
        await try_enrolling(site, fault, expected, BOOKING)

It answers reads with the case's payload and writes with its receipt; it remembers which
references it was told to book.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, PartnerSettings, ReceiptStatus
from adapters.callers import Caller, Deadlined, seconds_for
from adapters.matrix import Struck
from adapters.recorded import BOOKING, REFERENCE, Case
from adapters.registry import build_adapter
from adapters.sandbox.faults.kinds import Asked, Fault
from adapters.sandbox.faults.layer import FaultLayer, to_asked
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.ports import follow
from adapters.sandbox.listener import Listener
from adapters.sandbox.shelf import Shelf
from adapters.transport import build_http
from schema.model.values import PartnerCode, Reference

_HOST = "127.0.0.1"


class RecordedSite:
    """One case's partner, listening while its context is entered."""

    takes_back = False  # its one receipt is the recorded one

    def __init__(self, case: Case) -> None:
        self.code = PartnerCode(case.name)
        self.booking: Booking = BOOKING
        told = case.expected.get("receipt", {})
        self.booked_as = ReceiptStatus(told.get("status", ReceiptStatus.CONFIRMED))
        self._case = case
        self._layer = FaultLayer(case.name, Shelf(()))
        self._booked: set[str] = set()
        self._listener = Listener(
            [web.route("*", "/{path:.*}", self._answer)],
            host=_HOST,
            middlewares=[self._layer.middleware],
        )
        self._adapter: Any = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, case: Case) -> AsyncIterator[Self]:
        """Listen, and let go of everything at the end."""
        site = cls(case)
        await site._listener.open()
        site._adapter = site._build(f"http://{_HOST}:{site._listener.port}")
        try:
            yield site
        finally:
            await site._adapter.aclose()
            await site._listener.close()

    @asynccontextmanager
    async def calling(self, fault: Fault | None) -> AsyncIterator[Caller]:
        """See `Site.calling`."""
        usual = f"http://{_HOST}:{self._listener.port}"
        address = fault.address(usual) if fault else usual
        adapter = self._adapter if address == usual else self._build(address)
        try:
            yield Deadlined(adapter, self.code, seconds_for(fault))
        finally:
            if adapter is not self._adapter:
                await adapter.aclose()

    async def misbehave(self, order: FaultOrder) -> None:
        """See `Site.misbehave`."""
        before = self._layer.port
        self._layer.set(order)
        await follow(self._listener, before, self._layer.port)

    async def behave(self) -> Struck:
        """See `Site.behave`."""
        struck = Struck(sum(each["struck"] for each in self._layer.tell()), self._layer.cookies)
        before = self._layer.port
        self._layer.clear()
        await follow(self._listener, before, None)
        return struck

    def holds(self, reference: Reference) -> int:
        """See `Site.holds`."""
        return self._layer.told[reference] if reference in self._booked else 0

    def _build(self, address: str) -> Any:
        settings = PartnerSettings(self.code, address, options=self._case.options)
        return build_adapter(self._case.adapter, settings, build_http(reach=THIS_MACHINE))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = to_asked(request)
        if asked is Asked.ENROLLING:
            self._booked.add(request.headers["Idempotency-Key"])
            return self._receipt(201)
        if REFERENCE in request.path:
            return self._receipt(200) if REFERENCE in self._booked else web.Response(status=404)
        return web.Response(body=self._case.payload, headers=self._case.headers)

    def _receipt(self, status: int) -> web.Response:
        return web.Response(status=status, body=self._case.receipt)
