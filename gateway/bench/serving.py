"""What readers see: how soon a change is visible, and how fast a served gateway searches."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

from gateway.bench.processes import Served, serving
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
    with _served(place) as served:
        started = time.perf_counter() - began
        waits = asyncio.run(_ask(f"http://127.0.0.1:{served.port}"))
        return ServedFigures(started, waits, peak_memory_mb(served.pid))


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
def _served(place: Place) -> Iterator[Served]:
    partners = place.data_dir / "bench-partners.toml"
    partners.write_text(_PARTNERS_FILE.format(code=place.code, address=place.address))
    told = {"MITRA_PARTNERS": str(partners), "MITRA_BACKGROUND": "false"}
    if place.database_url:
        told["MITRA_DATABASE_URL"] = place.database_url
    with serving(["gateway", "serve"], place.data_dir, told) as served:
        yield served
