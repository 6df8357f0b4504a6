"""The running sandbox: every partner on a port of its own, in one process.

    async with Sandbox(data_dir) as sandbox:
        sandbox.state.partners["tokopedia"].address

Its whereabouts are in `sandbox.json` once all are listening; what the partners have
booked is in `sandbox-book-<code>.jsonl` beside it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from adapters.sandbox.book import EnrolmentBook, Entry
from adapters.sandbox.control import (
    SandboxControlError,
    UnknownPartnerError,
    build_control_routes,
    fetch_status,
)
from adapters.sandbox.faults.layer import FaultLayer
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.ports import follow
from adapters.sandbox.generator import DEMO_SEED, generate
from adapters.sandbox.listener import Listener
from adapters.sandbox.secrets import SANDBOX_PARTNERS, fresh_secret, fresh_secrets
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.state import SandboxPartner, SandboxState, read_state, write_state
from adapters.sandbox.world import SandboxOffering, Shop
from schema.model.values import PartnerCode

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # compared with, never bound to
_NOTHING_BEFORE = SandboxState(control="", control_token="", partners={})
_CALENDAR = ZoneInfo("Asia/Jakarta")


def utc_now() -> datetime:
    """Return the present moment: the default clock of a running sandbox."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox is run.

    `host` is what it listens on, `advertise` the host name that others reach it by (in a
    container: its service name); `latency_ms` delays every answer; `most_rows` shortens the
    partners' lists.
    """

    host: str = _LOOPBACK
    advertise: str | None = None
    seed: int = DEMO_SEED
    noise: bool = False
    latency_ms: int = 0
    partners: Sequence[PartnerCode] = SANDBOX_PARTNERS
    most_rows: int | None = None

    @property
    def public_host(self) -> str:
        """The host name in the addresses that are given out."""
        return self.advertise or (_LOOPBACK if self.host in _EVERYWHERE else self.host)


@dataclass(frozen=True, slots=True)
class _Stall:
    """One partner at its port."""

    shop: Shop
    faults: FaultLayer
    listener: Listener


class Sandbox:
    """Every sandbox partner, listening while the context is entered."""

    def __init__(
        self,
        data_dir: Path,
        options: SandboxOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._data_dir = data_dir
        self._options = options or SandboxOptions()
        self._now = now
        self._stalls: dict[PartnerCode, _Stall] = {}
        self._opened = AsyncExitStack()
        self._state: SandboxState | None = None

    @property
    def state(self) -> SandboxState:
        """Where everybody listens; known once the sandbox runs."""
        if self._state is None:
            raise SandboxControlError("the sandbox is not running: enter it with `async with`")
        return self._state

    async def __aenter__(self) -> Self:
        await self._refuse_a_second_one()
        before = read_state(self._data_dir) or _NOTHING_BEFORE
        delays = [_delayed(self._options.latency_ms / 1_000)]
        async with AsyncExitStack() as opened:
            for code, (shop, faults) in self._build_shops(before).items():
                address = before.address_of(code)
                inner = [*delays, faults.middleware]
                listener = await self._open(opened, _load_routes(shop), address, inner)
                self._stalls[code] = _Stall(shop, faults, listener)
            token = before.control_token or fresh_secret()
            control = await self._open(opened, build_control_routes(self, token), before.control)
            self._state = self._to_state(control, token)
            write_state(self._data_dir, self._state)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    def status(self) -> dict[str, Any]:
        """See `Controlled.status`."""
        return {
            "partners": {
                code: {
                    "address": self.state.partners[code].address,
                    "up": stall.listener.is_up,
                    "offerings": len(stall.shop.offerings),
                    "enrolments": len(stall.shop.book.entries()),
                    "faults": [each["fault"] for each in stall.faults.tell()],
                }
                for code, stall in self._stalls.items()
            }
        }

    def entries(self, code: PartnerCode) -> Sequence[Entry]:
        """See `Controlled.entries`."""
        return self._stall(code).shop.book.entries()

    async def take_down(self, code: PartnerCode) -> None:
        """See `Controlled.take_down`."""
        await self._stall(code).listener.close()

    async def bring_up(self, code: PartnerCode) -> None:
        """See `Controlled.bring_up`."""
        await self._stall(code).listener.open()

    def faults(self, code: PartnerCode) -> FaultLayer:
        """See `Controlled.faults`."""
        return self._stall(code).faults

    async def set_fault(self, code: PartnerCode, order: FaultOrder) -> None:
        """See `Controlled.set_fault`."""
        stall = self._stall(code)
        before = stall.faults.port
        stall.faults.set(order)
        await follow(stall.listener, before, stall.faults.port)

    async def clear_faults(self, code: PartnerCode) -> None:
        """See `Controlled.clear_faults`."""
        stall = self._stall(code)
        before = stall.faults.port
        stall.faults.clear()
        await follow(stall.listener, before, stall.faults.port)

    async def reset(self) -> None:
        """See `Controlled.reset`."""
        for code, stall in self._stalls.items():
            stall.shop.book.clear()
            await self.clear_faults(code)
            await stall.listener.open()

    def _stall(self, code: PartnerCode) -> _Stall:
        if code not in self._stalls:
            known = ", ".join(self._stalls)
            raise UnknownPartnerError(f"the sandbox has no partner {code!r}; it has {known}")
        return self._stalls[code]

    async def _refuse_a_second_one(self) -> None:
        try:
            await asyncio.to_thread(fetch_status, self._data_dir)
        except SandboxControlError:
            return
        raise SandboxControlError(
            f"a sandbox is already running for {self._data_dir}: stop it, or use another directory"
        )

    def _build_shops(self, before: SandboxState) -> dict[PartnerCode, tuple[Shop, FaultLayer]]:
        options = self._options
        today = self._now().astimezone(_CALENDAR).date()
        world = generate(options.seed, noise=options.noise, today=today)
        most = options.most_rows
        return {
            code: self._build_shop(code, world[code][:most], before) for code in options.partners
        }

    def _build_shop(
        self,
        code: PartnerCode,
        offerings: Sequence[SandboxOffering],
        before: SandboxState,
    ) -> tuple[Shop, FaultLayer]:
        journal = self._data_dir / f"sandbox-book-{code}.jsonl"
        shelf = Shelf(offerings)
        shop = Shop(
            code=code,
            offerings=shelf,
            book=EnrolmentBook(code, offerings, now=self._now, journal=journal),
            secrets={**fresh_secrets(code), **before.secrets_of(code)},
            now=self._now,
        )
        return shop, FaultLayer(code, shelf)

    async def _open(
        self,
        opened: AsyncExitStack,
        routes: Sequence[web.RouteDef],
        address: str,
        middlewares: Sequence[Middleware] = (),
    ) -> Listener:
        listener = Listener(
            routes,
            host=self._options.host,
            port=urlsplit(address).port or 0,
            middlewares=middlewares,
        )
        await listener.open()
        opened.push_async_callback(listener.close)
        return listener

    def _to_state(self, control: Listener, token: str) -> SandboxState:
        def url(listener: Listener) -> str:
            return f"http://{self._options.public_host}:{listener.port}"

        return SandboxState(
            control=url(control),
            control_token=token,
            partners={
                code: SandboxPartner(url(stall.listener), stall.shop.secrets)
                for code, stall in self._stalls.items()
            },
        )


async def run_sandbox(
    data_dir: Path,
    options: SandboxOptions,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[SandboxState], None] = lambda _: None,
) -> None:
    """Run the sandbox until `stop` is set; `on_ready` is called once everybody listens."""
    async with Sandbox(data_dir, options) as sandbox:
        on_ready(sandbox.state)
        await stop.wait()


def _load_routes(shop: Shop) -> Sequence[web.RouteDef]:
    facade = import_module(f"adapters.sandbox.facades.{shop.code}")
    routes: Sequence[web.RouteDef] = facade.build_routes(shop)
    return routes


def _delayed(seconds: float) -> Middleware:
    @web.middleware
    async def delayed(request: web.Request, handler: Handler) -> web.StreamResponse:
        if seconds:
            await asyncio.sleep(seconds)
        return await handler(request)

    return delayed
