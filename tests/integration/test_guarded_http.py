"""The guarded call over real HTTP: partners that hang, drip and fail, and one that answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, PartnerSettings
from adapters.errors import AmbiguousPartnerError, PartnerError, PartnerUnavailableError
from adapters.registry import build_adapter
from gateway.app import Gateway
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError
from gateway.partners.operations import DEADLINES, CallLimits, Operation
from gateway.partners.shared_pace import SharedPace
from gateway.settings import Profile, Settings
from schema.model.values import (
    LearnerId,
    Money,
    PartnerCode,
    PartnerHealth,
    Reference,
    RemoteId,
)

pytestmark = pytest.mark.anyio

CODE, OTHER = PartnerCode("tokopedia"), PartnerCode("pintaria")
REFERENCE = Reference("mitra-1")
BOOKING = Booking(REFERENCE, RemoteId("K1"), None, LearnerId("siti"), Money(350_000))
LIMITS = CallLimits(deadlines={**DEADLINES, Operation.FIND: 0.3, Operation.ENROL: 0.3})
DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def fail(writer: asyncio.StreamWriter) -> None:
    writer.write(DOWN)
    await writer.drain()


async def answer(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


class Site:
    """A partner's server: how it answers, and how many requests it has seen."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.requests = 0
        self.address = ""
        self._under_way: set[asyncio.Task[None]] = set()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
                await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
                self.requests += 1
                await self.answering(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._under_way.discard(task)
            writer.close()

    def stop(self) -> None:
        for task in self._under_way:
            task.cancel()


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[Site]:
    site = Site(answering)
    server = await asyncio.start_server(site.converse, "127.0.0.1", 0)
    async with server:
        site.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield site
        site.stop()


@asynccontextmanager
async def calling(**sites: Site) -> AsyncIterator[PartnerCalls]:
    """Guarded calls to these sites, spoken to as Pintaria is."""
    adapters = {
        PartnerCode(code): build_adapter(
            "pintaria",
            PartnerSettings(PartnerCode(code), site.address, {"api_key": "k"}),
            reach=THIS_MACHINE,
        )
        for code, site in sites.items()
    }
    yield PartnerCalls(adapters.__getitem__, LIMITS)
    for adapter in adapters.values():
        await adapter.aclose()


@pytest.mark.parametrize("answering", [hang, drip])
async def test_whoever_does_not_answer_in_time_is_cut_at_the_deadline(answering: Answering):
    async with serving(answering) as site, calling(tokopedia=site) as calls:
        started = time.monotonic()
        with pytest.raises(PartnerUnavailableError):
            await calls.find(CODE, REFERENCE)
        with pytest.raises(AmbiguousPartnerError):
            await calls.enrol(CODE, BOOKING)

    assert time.monotonic() - started < 3
    assert site.requests == 2


async def test_a_partner_that_hangs_is_cut_off_and_costs_the_other_nothing():
    async with (
        serving(hang) as hanging,
        serving(answer) as well,
        calling(tokopedia=hanging, pintaria=well) as calls,
    ):
        stuck = [asyncio.create_task(calls.find(CODE, REFERENCE)) for _ in range(50)]
        answers = [await calls.find(OTHER, REFERENCE) for _ in range(50)]
        told = await asyncio.gather(*stuck, return_exceptions=True)

        assert answers == [None] * 50
        assert all(isinstance(each, PartnerError) for each in told)
        assert hanging.requests <= 16
        assert calls.state(CODE) is BreakerState.OPEN
        with pytest.raises(BreakerOpenError):
            await calls.find(CODE, REFERENCE)


async def test_a_partner_at_100_percent_failure_receives_a_fifth_more_at_most():
    async with serving(fail) as site, calling(tokopedia=site) as calls:
        for number in range(1, 101):
            await asyncio.gather(calls.find(CODE, REFERENCE), return_exceptions=True)
            assert site.requests <= 1.2 * number + 3

        assert calls.state(CODE) is BreakerState.OPEN
        assert site.requests == 10


async def test_a_partner_that_is_cut_off_is_shown_as_down(tmp_path, redis_url: str):
    settings = Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path, redis_url=redis_url)
    async with serving(fail) as site, calling(tokopedia=site) as calls:
        gateway = Gateway(settings)
        async with gateway.opened(loaded=True):
            adapter_for = calls._means.adapter_for
            ours = gateway.partners.calls
            ours._means = replace(ours._means, adapter_for=adapter_for)
            before = gateway.catalogue.name(with_partners=True)
            for _ in range(10):
                await asyncio.gather(
                    gateway.partners.calls.find(CODE, REFERENCE), return_exceptions=True
                )
            statuses = gateway.catalogue.follower.directory.statuses()

            assert {s.partner.code for s in statuses if s.health is PartnerHealth.DOWN} == {CODE}
            assert gateway.catalogue.name(with_partners=True) != before
            assert isinstance(gateway.partners._pace, SharedPace)
