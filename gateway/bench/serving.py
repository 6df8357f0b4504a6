"""What readers see: how soon a change is visible, and how fast a served gateway searches."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.syncing import (
    Place,
    in_own_process,
    peak_memory_mb,
    sync_behind,
    to_config,
)
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.store import CatalogueStore
from gateway.clock import utc_now
from gateway.telemetry import configure_logging

ASKED = 200  # questions over HTTP, one after the other
START_SECONDS = 600
_QUESTION = """query ($search: String!, $priceMax: BigInt!) {
  courses(search: $search, filter: {levels: [BEGINNER], priceMax: $priceMax}, first: 20) {
    totalCount
    nodes { id title institution { name } lowestPrice { amount } }
    facets { name buckets { value count } }
  }
}"""
_SEARCHES = ("kelola keuangan", "barista kopi", "desain grafis", "bahasa inggris", "digital")
_PARTNERS_FILE = """[[partner]]
code = "{code}"
name = "Synthetic"
kind = "DIGITAL_PLATFORM"
adapter = "skill_academy"
address = "{address}"
"""


@dataclass(frozen=True, slots=True)
class VisibleFigures:
    """How long a change of one row in a hundred takes from the partner to the reader."""

    load_seconds: float  # a process that starts
    sync_seconds: float
    follow_seconds: float
    memory_mb: float  # of the process that follows, at its peak

    @property
    def seconds(self) -> float:
        """From the partner's change until every reader of this process sees it."""
        return self.sync_seconds + self.follow_seconds


def measure_visible(place: Place) -> VisibleFigures:
    """Sync a list that has just changed, beside a process that serves it."""
    configure_logging("console", level=logging.ERROR)
    return asyncio.run(_measure_visible(place))


async def _measure_visible(place: Place) -> VisibleFigures:
    database = place.database("catalogue")
    try:
        follower = CatalogueFollower(CatalogueStore(database), [to_config(place)], utc_now)
        began = time.perf_counter()
        await follower.refresh()
        loaded = time.perf_counter()
        await asyncio.to_thread(in_own_process, sync_behind, place)
        synced = time.perf_counter()
        await follower.refresh()
        seen = time.perf_counter()
    finally:
        database.close()
    return VisibleFigures(loaded - began, synced - loaded, seen - synced, peak_memory_mb())


@dataclass(frozen=True, slots=True)
class ServedFigures:
    """What `mitra serve` takes to start, to answer searches, and in memory at its peak."""

    start_seconds: float
    search: Waits
    memory_mb: float


def measure_served(place: Place) -> ServedFigures:
    """Ask a gateway that serves the stored catalogue, each question with a price of its own."""
    began = time.perf_counter()
    with _served(place) as (url, pid):
        started = time.perf_counter() - began
        return ServedFigures(started, asyncio.run(_ask(url)), peak_memory_mb(pid))


async def _ask(url: str) -> Waits:
    waits: list[float] = []
    async with aiohttp.ClientSession() as session:
        for number in range(ASKED):
            search = _SEARCHES[number % len(_SEARCHES)]
            variables = {"search": search, "priceMax": 900_000 + number}  # never a stored answer
            began = time.perf_counter()
            question = {"query": _QUESTION, "variables": variables}
            async with session.post(f"{url}/graphql", json=question) as answer:
                body = await answer.json()
            waits.append(time.perf_counter() - began)
            if "errors" in body:
                raise RuntimeError(f"the gateway refused the benchmark's question: {body}")
    return to_waits(waits)


@contextmanager
def _served(place: Place) -> Iterator[tuple[str, int]]:
    partners = place.data_dir / "bench-partners.toml"
    partners.write_text(_PARTNERS_FILE.format(code=place.code, address=place.address))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    told = {
        "MITRA_PORT": str(port),
        "MITRA_DATA_DIR": str(place.data_dir),
        "MITRA_PARTNERS": str(partners),
        "MITRA_BACKGROUND": "false",
        "MITRA_PROFILE": "development",
    }
    if place.database_url:
        told["MITRA_DATABASE_URL"] = place.database_url
    command = [sys.executable, "-m", "gateway", "serve"]
    process = subprocess.Popen(  # noqa: S603  our own command
        command, env=os.environ | told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(_until_ready(url, process))
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


async def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
        while process.poll() is None:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            except aiohttp.ClientError:
                pass  # not listening yet
            await asyncio.sleep(0.2)
    raise RuntimeError("the gateway ended at once: does `mitra serve` start here?")
