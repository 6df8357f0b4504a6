"""`make drill-drain`: gateways are restarted under load, and no client notices.

python -m tests.drills.draining --restarts 5

Two gateways over one data folder stand behind a proxy.  Learners enrol and readers search at a
constant rate while one gateway after the other gets SIGTERM and is started again.  No request may
fail, and every enrolment must be settled soon: whoever stops hands its errands over.
"""

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from tests.drills.hanging import at_rate, goods
from tests.drills.proxy import Proxy
from tests.e2e.conftest import Mitra, eventually
from tests.servers import free_port

DRAIN_SECONDS = 2.0  # four looks of the proxy
REST_SECONDS = 3.0  # under load between two restarts
START_SECONDS = 120  # on a busy machine
SETTLE_SECONDS = 30  # less than the lease of an errand that nobody handed over
_READ = """query ($most: BigInt!) { courses(search: "desain grafis", first: 20,
  filter: {priceMax: $most}) { totalCount nodes { id title } } }"""
_ENROL = """mutation ($offering: ID!) { enrol(input: {offeringId: $offering,
  idempotencyKey: "draining"}) { enrolment { id } userErrors { code message } } }"""
_OPEN = "SELECT count(*) FROM enrolment WHERE settled_at IS NULL"


@dataclass
class Seen:
    """What clients met."""

    asked: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    longest: float = 0.0


@dataclass
class Crowd:
    """Learners and readers, each of whom comes once, over connections that are kept."""

    http: httpx.AsyncClient
    mitra: Mitra
    offerings: Iterator[str]
    seen: Seen = field(default_factory=Seen)
    numbers: Iterator[int] = field(default_factory=count)

    async def read(self) -> None:
        """Search for something that nobody else searches for."""
        await self._ask("queries", _READ, {}, most=1_000_000 + next(self.numbers))

    async def enrol(self) -> None:
        """Enrol somebody new."""
        token = self.mitra.token(f"draining-{next(self.numbers)}")
        headers = {"Authorization": f"Bearer {token}"}
        await self._ask("enrolments", _ENROL, headers, offering=next(self.offerings))

    async def _ask(self, kind: str, query: str, headers: dict[str, str], **variables: Any) -> None:
        self.seen.asked[kind] += 1
        began = time.perf_counter()
        question = {"query": query, "variables": variables}
        try:
            answer = await self.http.post("/graphql", json=question, headers=headers)
        except httpx.HTTPError as exc:
            self.seen.failures.append(f"{kind}: {exc!r}")
            return
        self.seen.longest = max(self.seen.longest, time.perf_counter() - began)
        if answer.status_code != httpx.codes.OK or _has_errors(answer.json()):
            self.seen.failures.append(f"{kind}: {answer.status_code} {answer.text[:200]}")


def draining(
    restarts: Annotated[int, typer.Option(min=1, help="How often a gateway is stopped.")] = 5,
    reads: Annotated[float, typer.Option(min=0.1, help="Queries per second.")] = 20,
    enrolments: Annotated[float, typer.Option(min=0.1, help="Enrolments per second.")] = 5,
    drain: Annotated[float, typer.Option(min=0, help="What MITRA_DRAIN_SECONDS is.")] = (
        DRAIN_SECONDS
    ),
) -> None:
    """Restart gateways under load, and count what clients notice."""
    console = Console(highlight=False, soft_wrap=True)
    with TemporaryDirectory(prefix="mitra-draining-") as folder:
        told = {"MITRA_DRAIN_SECONDS": str(drain)}
        gateways = [Mitra(Path(folder), free_port(), told) for _ in range(2)]
        try:
            seen, passed, moved = asyncio.run(
                _drill(gateways, restarts, reads, enrolments, console)
            )
            unsettled = _wait_for_settling(Path(folder) / "ledger.sqlite3")
        finally:
            for mitra in gateways:
                for name in list(mitra.processes):
                    mitra.stop(name)
    console.print(
        f"{restarts} restarts: {seen.asked['queries']} queries and {seen.asked['enrolments']} "
        f"enrolments, {len(seen.failures)} failed; the longest took {seen.longest:.2f} s; "
        f"{moved} found a closed port and went on; by gateway {sorted(passed.values())}; "
        f"{unsettled} enrolments not settled"
    )
    for failure in seen.failures[:20]:
        console.print(f"  {failure}")
    sys.exit(1 if seen.failures or unsettled else 0)


async def _drill(
    gateways: list[Mitra], restarts: int, reads: float, enrolments: float, console: Console
) -> tuple[Seen, Counter[str], int]:
    await asyncio.to_thread(_start, gateways)
    offerings = cycle([offering for _, offering in goods(gateways[0])])
    proxy, port = Proxy([mitra.url for mitra in gateways]), free_port()
    async with proxy.serving(port), httpx.AsyncClient(timeout=30) as http:
        http.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        await asyncio.to_thread(_wait_for_the_proxy, proxy)
        crowd = Crowd(http, gateways[0], offerings)
        load = asyncio.gather(
            at_rate(reads, _for_ever(), crowd.read), at_rate(enrolments, _for_ever(), crowd.enrol)
        )
        for number in range(restarts):
            await asyncio.sleep(REST_SECONDS)
            took = await asyncio.to_thread(_restart, gateways[number % 2], f"gateway-{number % 2}")
            await asyncio.to_thread(_wait_for_the_proxy, proxy)
            failed = len(crowd.seen.failures)
            console.print(f"restart {number + 1}: stopped in {took:.1f} s, {failed} failed so far")
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
        await asyncio.sleep(REST_SECONDS)  # for what is under way
    return crowd.seen, proxy.passed, proxy.moved


def _start(gateways: list[Mitra]) -> None:
    first, second = gateways
    first.start("sandbox", "sandbox", "run")
    eventually((first.data_dir / "sandbox.json").exists, what="the sandbox listens")
    first.start("gateway-0", "serve")
    _wait_until_ready(first)
    second.start("gateway-1", "serve")
    _wait_until_ready(second)


def _restart(mitra: Mitra, name: str) -> float:
    """Stop a gateway as whoever deploys does, start it again; return how long stopping took."""
    began = time.monotonic()
    mitra.stop(name)
    took = time.monotonic() - began
    mitra.start(name, "serve")
    _wait_until_ready(mitra)
    return took


def _wait_until_ready(mitra: Mitra) -> None:
    def is_ready() -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{mitra.url}/readyz", timeout=2).is_success
        return False

    eventually(is_ready, what="the gateway is ready", seconds=START_SECONDS)


def _wait_for_the_proxy(proxy: Proxy) -> None:
    def all_are_ready() -> bool:
        return all(backend.is_ready for backend in proxy.backends)

    eventually(all_are_ready, what="the proxy knows them", seconds=START_SECONDS)


def _wait_for_settling(ledger: Path) -> int:
    """Return how many enrolments are not settled in time."""
    ends = time.monotonic() + SETTLE_SECONDS
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as connection:
        while (left := connection.execute(_OPEN).fetchone()[0]) and time.monotonic() < ends:
            time.sleep(0.2)
    return int(left)


def _has_errors(body: dict[str, Any]) -> bool:
    enrolled = (body.get("data") or {}).get("enrol") or {}
    return bool(body.get("errors") or enrolled.get("userErrors"))


def _for_ever() -> float:
    return time.monotonic() + 3_600


if __name__ == "__main__":
    typer.run(draining)
