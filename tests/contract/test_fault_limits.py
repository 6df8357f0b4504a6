"""What faults may cost at most: memory for a bomb, time for a drip; and which TLS is trusted."""

import asyncio
import multiprocessing
import re
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters import transport
from adapters.addresses import THIS_MACHINE
from adapters.base import PartnerSettings
from adapters.callers import SHORT_SECONDS, Deadlined
from adapters.errors import PartnerContractError, PartnerError, PartnerUnavailableError
from adapters.registry import build_adapter
from adapters.sandbox.faults.kinds import Port
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.registry import fault_named
from adapters.sandbox.faults.tls import authority, server_context
from adapters.sandbox.listener import Listener
from adapters.sandbox.server import Sandbox, SandboxOptions
from schema.model.values import PartnerCode

pytestmark = pytest.mark.anyio

CODE = PartnerCode("skill_academy")
MOST_MORE_KILOBYTES = 32 * 1024


@asynccontextmanager
async def misbehaving(folder: Path, fault: str, **told) -> AsyncIterator[PartnerSettings]:
    """A partner that misbehaves from its second request on."""
    async with Sandbox(folder, SandboxOptions(partners=(CODE,))) as sandbox:
        await sandbox.set_fault(CODE, FaultOrder(fault_named(fault), after=1, **told))
        partner = sandbox.state.partners[CODE]
        yield PartnerSettings(CODE, partner.address, partner.secrets)


def peak_kilobytes() -> int:
    """Return this process's largest resident size so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def weigh(settings: PartnerSettings) -> tuple[int, str]:
    """Read a good page and then a bad one; return by how much the second raised the peak."""

    async def read_twice() -> tuple[int, str]:
        adapter = build_adapter("skill_academy", settings, reach=THIS_MACHINE)
        await adapter.fetch_page()
        before = peak_kilobytes()
        try:
            await adapter.fetch_page()
        except PartnerError as exc:
            return peak_kilobytes() - before, f"{type(exc).__name__}: {exc.reason}"
        finally:
            await adapter.aclose()
        return 0, "no error"

    return asyncio.run(read_twice())


@pytest.mark.parametrize("fault", ["gzip_bomb", "endless"])
async def test_a_bomb_is_refused_and_costs_little_memory(fault, tmp_path):
    async with misbehaving(tmp_path, fault) as settings:
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            more, said = await loop.run_in_executor(pool, weigh, settings)

    assert said == "PartnerContractError: its answer is larger than 10,000,000 bytes"
    assert more <= MOST_MORE_KILOBYTES


@pytest.mark.parametrize("fault", ["drip", "drip_header"])
async def test_a_drip_is_cut_at_the_deadline(fault, tmp_path):
    async with misbehaving(tmp_path, fault, seconds=0.05) as settings:
        adapter = build_adapter("skill_academy", settings, reach=THIS_MACHINE)
        caller = Deadlined(adapter, CODE, SHORT_SECONDS)
        await adapter.fetch_page()

        started = time.monotonic()
        with pytest.raises(PartnerUnavailableError):
            await caller.fetch_page()
        took = time.monotonic() - started
        await adapter.aclose()

    assert SHORT_SECONDS * 0.9 <= took < SHORT_SECONDS + 1


@pytest.mark.parametrize(
    ("port", "is_trusted"),
    [
        (Port.TLS_GOOD, True),
        (Port.TLS_EXPIRED, False),
        (Port.TLS_WRONG_HOST, False),
        (Port.TLS_UNKNOWN_AUTHORITY, False),
        (Port.TLS_OLD, False),
    ],
)
async def test_only_what_is_wrong_about_a_certificate_makes_it_refused(
    port, is_trusted, monkeypatch
):
    trusting = ssl.create_default_context(cadata=authority().pem)
    monkeypatch.setattr(transport, "_tls", lambda: trusting)
    listener = Listener([], host="127.0.0.1")
    await listener.open(server_context(port))
    address = f"https://127.0.0.1:{listener.port}"
    adapter = build_adapter("feed", feed_at(address), reach=THIS_MACHINE)

    with pytest.raises(PartnerError) as told:
        await adapter.fetch_page()
    await adapter.aclose()
    await listener.close()

    assert ("HTTP 404" in told.value.reason) is is_trusted
    assert isinstance(told.value, PartnerUnavailableError) is not is_trusted


def feed_at(address: str) -> PartnerSettings:
    options = {
        "format": "jsonl",
        "path": "/katalog.jsonl",
        "key": "id",
        "fields": {"title": "judul", "institution": "lembaga"},
    }
    return PartnerSettings(PartnerCode("toko"), address, options=options)


async def test_a_page_that_is_refused_leaves_the_next_one_readable(tmp_path):
    async with misbehaving(tmp_path, "gzip_bomb", times=1) as settings:
        adapter = build_adapter("skill_academy", settings, reach=THIS_MACHINE)
        clean = await adapter.fetch_page()
        with pytest.raises(PartnerContractError):
            await adapter.fetch_page()

        again = await adapter.fetch_page()
        await adapter.aclose()

    assert again.next_cursor  # it tells when it was made, which may be another second
    assert replace(again, next_cursor=clean.next_cursor) == clean
