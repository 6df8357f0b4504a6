"""`make drill-hanging`: one of ten partners hangs, and nobody else notices.

python -m tests.drills.hanging --pairs 5 --seconds 20

A sandbox and a gateway run in processes of their own.  Learners enrol at all ten partners and
readers search, at a constant rate over HTTP, in turns with every partner well and with one that
accepts connections and never answers.  What is compared is how long the slowest hundredth waits
for an answer, for a partner's confirmation (the hanging one's left out), and for a search.
"""

import asyncio
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from adapters.sandbox import control
from adapters.sandbox.faults.orders import to_order
from gateway.bench.quantiles import to_waits
from schema.ids import NodeKind, plain_id
from schema.model.values import PartnerCode
from tests.e2e.conftest import Mitra, eventually
from tests.servers import free_port

VICTIM = PartnerCode("tokopedia")
ENROLS_PER_SECOND = 5
READS_PER_SECOND = 20
BAR = 1.3
SETTLE_SECONDS = 120
_TOOK = "SELECT id, (julianday(settled_at) - julianday(created_at)) * 86400 FROM enrolment"
_LIST = """query ($partner: String!) { courses(first: 100, filter: {partners: [$partner]}) {
  nodes { offerings { id enrolmentMode partner { code } sessions { id } } } } }"""
_READ = """query ($most: BigInt!) { courses(search: "desain grafis", first: 20,
  filter: {priceMax: $most}) { totalCount nodes { id title lowestPrice { amount } }
  facets { name buckets { value count } } } }"""
_ENROL = """mutation ($offering: ID!) { enrol(input: {offeringId: $offering,
  idempotencyKey: "hanging"}) { enrolment { id } userErrors { code message } } }"""


@dataclass
class Run:
    """What was waited in one run, in seconds; `enrolments` are of partners that are well."""

    answers: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    enrolments: list[str] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)

    @property
    def p99(self) -> Mapping[str, float]:
        """What the slowest hundredth waited, in milliseconds, by what it waited for."""
        waited = {"answer": self.answers, "confirmation": self.settled, "search": self.reads}
        return {name: to_waits(waits).p99_ms for name, waits in waited.items()}


@dataclass
class Crowd:
    """Learners and readers, each of whom comes once."""

    mitra: Mitra
    goods: Iterator[tuple[PartnerCode, str]]
    numbers: Iterator[int] = field(default_factory=count)

    async def come(self, seconds: float) -> Run:
        """Enrol and read at a constant rate for so long."""
        run, ends = Run(), time.monotonic() + seconds
        async with httpx.AsyncClient(base_url=self.mitra.url, timeout=30) as client:
            await asyncio.gather(
                at_rate(ENROLS_PER_SECOND, ends, lambda: self._enrol(client, run)),
                at_rate(READS_PER_SECOND, ends, lambda: self._read(client, run)),
            )
        return run

    async def _enrol(self, client: httpx.AsyncClient, run: Run) -> None:
        partner, offering = next(self.goods)
        token = self.mitra.token(f"hanging-{next(self.numbers)}")
        waited, data = await _ask(client, _ENROL, token, offering=offering)
        if data["enrol"]["userErrors"]:
            raise RuntimeError(f"an enrolment was refused: {data['enrol']['userErrors']}")
        run.answers.append(waited)
        if partner != VICTIM:
            enrolment = plain_id(NodeKind.ENROLMENT, data["enrol"]["enrolment"]["id"])
            run.enrolments.append(str(enrolment))

    async def _read(self, client: httpx.AsyncClient, run: Run) -> None:
        run.reads.append(await wait_for_search(client, 1_000_000 + next(self.numbers)))


def hanging(
    pairs: Annotated[int, typer.Option(min=1, help="Runs of each kind, in turns.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Per run.")] = 20.0,
) -> None:
    """Compare what others wait while one partner hangs with what they wait else."""
    console = Console(highlight=False, soft_wrap=True)
    with TemporaryDirectory(prefix="mitra-hanging-") as folder:
        mitra = Mitra(Path(folder), free_port())
        try:
            start(mitra)
            crowd = Crowd(mitra, cycle(goods(mitra)))
            _run(crowd, seconds / 2)  # warm up
            found = [_pair(crowd, seconds, console) for _ in range(pairs)]
        finally:
            for name in list(mitra.processes):
                mitra.stop(name)
    sys.exit(0 if _tell(found, console) else 1)


async def wait_for_search(client: httpx.AsyncClient, most: int) -> float:
    """Search for courses of at most so many rupiah; return how many seconds it took."""
    waited, _ = await _ask(client, _READ, None, most=most)
    return waited


def start(mitra: Mitra) -> None:
    """Start the sandbox and a gateway, and wait until it is ready."""
    mitra.start("sandbox", "sandbox", "run")
    eventually((mitra.data_dir / "sandbox.json").exists, what="the sandbox listens")
    mitra.start("gateway", "serve")
    mitra.wait_until_ready()


def goods(mitra: Mitra) -> Sequence[tuple[PartnerCode, str]]:
    """Return offerings that can be booked without a session, one partner after the other."""
    partners = [each["code"] for each in mitra.ask("{ partners { code } }")["partners"]]
    shelves = [list(_of_partner(mitra, PartnerCode(code))) for code in partners]
    return [each for row in zip(*filter(None, shelves), strict=False) for each in row]


def _of_partner(mitra: Mitra, code: PartnerCode) -> Iterator[tuple[PartnerCode, str]]:
    for course in mitra.ask(_LIST, partner=code)["courses"]["nodes"]:
        for offering in course["offerings"]:
            is_direct = offering["enrolmentMode"] == "DIRECT" and not offering["sessions"]
            if is_direct and offering["partner"]["code"] == code:
                yield code, offering["id"]


def _pair(crowd: Crowd, seconds: float, console: Console) -> tuple[Run, Run]:
    calm = _run(crowd, seconds)
    control.set_fault(crowd.mitra.data_dir, VICTIM, to_order({"fault": "hang"}))
    try:
        hung = _run(crowd, seconds)
        struck = control.fetch_faults(crowd.mitra.data_dir, VICTIM)[0]["struck"]
        if not struck:
            raise RuntimeError(f"nothing was asked of {VICTIM}: nothing was shown")
    finally:
        control.clear_faults(crowd.mitra.data_dir, VICTIM)
    console.print(
        f"p99 in ms, all well: {_shown(calm)}; one hangs: {_shown(hung)} ({struck} requests hung)"
    )
    return calm, hung


def _run(crowd: Crowd, seconds: float) -> Run:
    run = asyncio.run(crowd.come(seconds))
    ledger = crowd.mitra.data_dir / "ledger.sqlite3"
    eventually(lambda: _read_settled(ledger, run), what="all are confirmed", seconds=SETTLE_SECONDS)
    return run


def _read_settled(ledger: Path, run: Run) -> bool:
    """Read how long each confirmation took; False while one is outstanding."""
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as connection:
        rows = connection.execute(_TOOK).fetchall()
    took = dict(rows)
    run.settled = [took[each] for each in run.enrolments if took.get(each) is not None]
    return len(run.settled) == len(run.enrolments)


async def at_rate(per_second: float, ends: float, act: Any) -> None:
    under_way: set[asyncio.Task[None]] = set()
    while time.monotonic() < ends:
        under_way.add(asyncio.create_task(act()))
        await asyncio.sleep(1 / per_second)
    await asyncio.gather(*under_way)


async def _ask(
    client: httpx.AsyncClient, query: str, token: str | None, **variables: Any
) -> tuple[float, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    began = time.perf_counter()
    answer = await client.post(
        "/graphql", json={"query": query, "variables": variables}, headers=headers
    )
    waited, body = time.perf_counter() - began, answer.json()
    if "errors" in body:
        raise RuntimeError(f"the gateway refused a question: {body['errors']}")
    return waited, body["data"]


def _shown(run: Run) -> str:
    return ", ".join(f"{name} {waited:.0f}" for name, waited in run.p99.items())


def _tell(found: Sequence[tuple[Run, Run]], console: Console) -> bool:
    """Print medians and ratios; return whether every ratio is within the bar."""
    table = Table(title=f"p99 while {VICTIM} hangs, medians of {len(found)} runs")
    for name in ("waiting for", "all well", "one hangs", "ratio", "bar"):
        table.add_column(name, justify="left" if name == "waiting for" else "right")
    ratios = []
    for name in found[0][0].p99:
        calm = statistics.median(run.p99[name] for run, _ in found)
        hung = statistics.median(run.p99[name] for _, run in found)
        ratios.append(statistics.median(two.p99[name] / one.p99[name] for one, two in found))
        cells = (f"{calm:.1f} ms", f"{hung:.1f} ms", f"{ratios[-1]:.2f}", f"{BAR}")
        table.add_row(name, *cells)
    console.print(table)
    return all(ratio <= BAR for ratio in ratios)


if __name__ == "__main__":
    typer.run(hanging)
