"""`make drill-idle`: thousands of open connections that say nothing, and nobody else notices.

python -m tests.drills.idle --connections 5000

A sandbox and a gateway run in processes of their own.  Readers search at a constant rate over
HTTP, in turns with no other connection and with thousands open: half are WebSockets of people
who have not signed in, half are streams of events by learners who follow an enrolment.  What is
compared is how long the slowest hundredth of searches waits, and what the gateway holds in
memory for each connection; at the end every one is closed and must be forgotten.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import orjson
import typer
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect

from gateway.bench.quantiles import to_waits
from gateway.web.streams.connections import MOST_OF_ONE
from tests.drills.hanging import start, wait_for_search
from tests.e2e.conftest import Mitra, eventually
from tests.e2e.enrolling import ENROL, offering_of
from tests.servers import free_port
from tests.subscribing import PROTOCOL

READS_PER_SECOND = 20
AT_ONCE = 100  # connections that are being opened
BAR = 1.3
MOST_BYTES_EACH = 200_000
FORGET_SECONDS = 30
FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status } }"


@dataclass
class Follower:
    """A learner, and the enrolment that they follow."""

    token: str
    enrolment: str


def idle(
    connections: Annotated[int, typer.Option(min=2, help="How many are open.")] = 5_000,
    pairs: Annotated[int, typer.Option(min=1, help="Runs of each kind, in turns.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="Per run.")] = 15.0,
) -> None:
    """Compare what searches wait beside many open connections with what they wait else."""
    console = Console(highlight=False, soft_wrap=True)
    with TemporaryDirectory(prefix="mitra-idle-") as folder:
        mitra = Mitra(Path(folder), free_port())
        try:
            start(mitra)
            is_good = asyncio.run(_compare(mitra, connections, pairs, seconds, console))
        finally:
            for name in list(mitra.processes):
                mitra.stop(name)
    sys.exit(0 if is_good else 1)


async def _compare(mitra: Mitra, number: int, pairs: int, seconds: float, console: Console) -> bool:
    followers = await asyncio.to_thread(_followers, mitra, number // 2)
    ratios, each = [], []
    for _ in range(pairs):
        await _apart(mitra, seconds / 2)  # warm up, or until the last ones have been put away
        calm, before = await _apart(mitra, seconds), resident_bytes(mitra)
        async with _opened(mitra, number, followers):
            held = (resident_bytes(mitra) - before) / number
            crowded = await _apart(mitra, seconds)
            console.print(
                f"p99 of a search: alone {calm:.1f} ms, beside {number:,} connections "
                f"{crowded:.1f} ms; {held / 1000:.0f} kB for each"
            )
        ratios.append(crowded / calm)
        each.append(held)
        await asyncio.to_thread(_wait_until_forgotten, mitra)
    ratio, bytes_each = statistics.median(ratios), max(each)
    console.print(f"ratio {ratio:.2f} (bar {BAR}), at most {bytes_each / 1000:.0f} kB each")
    return ratio <= BAR and bytes_each <= MOST_BYTES_EACH


def _followers(mitra: Mitra, number: int) -> Sequence[Follower]:
    """Return as many learners as it takes, each with an enrolment that is on its way."""
    offering, _ = offering_of(mitra, "bukalapak", has_session=False)
    found = []
    for count in range(-(-number // MOST_OF_ONE)):
        token = mitra.token(f"idle-{count}")
        wish = {"offeringId": offering, "idempotencyKey": "idle"}
        enrolled = mitra.ask(ENROL, token, input=wish)["enrol"]
        found.append(Follower(token, enrolled["enrolment"]["id"]))
    return found


@asynccontextmanager
async def _opened(mitra: Mitra, number: int, followers: Sequence[Follower]) -> AsyncIterator[None]:
    """Open sockets and streams, each of which has been answered once; close them at the end."""
    turn = asyncio.Semaphore(AT_ONCE)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=mitra.url, timeout=60, limits=limits) as client:
        sockets = await asyncio.gather(*(_socket(mitra, turn) for _ in range(number // 2)))
        streams = await asyncio.gather(
            *(
                _stream(client, followers[count // MOST_OF_ONE], turn)
                for count in range(number - number // 2)
            )
        )
        try:
            yield
        finally:
            await asyncio.gather(*(socket.close() for socket in sockets))
            await asyncio.gather(*(stream.aclose() for stream in streams))


async def _socket(mitra: Mitra, turn: asyncio.Semaphore) -> ClientConnection:
    async with turn:
        url = mitra.url.replace("http", "ws", 1) + "/graphql"
        socket = await connect(url, subprotocols=[PROTOCOL], open_timeout=60, ping_interval=None)
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        return socket


async def _stream(
    client: httpx.AsyncClient, follower: Follower, turn: asyncio.Semaphore
) -> httpx.Response:
    async with turn:
        request = client.build_request(
            "POST",
            "/graphql",
            content=orjson.dumps({"query": FOLLOW, "variables": {"id": follower.enrolment}}),
            headers={
                "Content-Type": "application/json",
                "Accept": "text/event-stream",
                "Authorization": f"Bearer {follower.token}",
            },
        )
        response = await client.send(request, stream=True)
        first = await anext(response.aiter_raw())
        if b"enrolmentChanged" not in first:
            raise RuntimeError(f"the stream was refused: {first!r}")
        return response


async def _apart(mitra: Mitra, seconds: float) -> float:
    """Search from a process of its own, which the other connections do not hold up."""
    question = f"print(asyncio.run(search({mitra.url!r}, {seconds})))"
    script = f"import asyncio; from tests.drills.idle import search; {question}"
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await running.communicate()
    return float(told)


async def search(url: str, seconds: float) -> float:
    """Return what the slowest hundredth of searches waited, in milliseconds."""
    waited: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        ends, under_way = time.monotonic() + seconds, set()
        while time.monotonic() < ends:
            most = 1_000_000 + time.monotonic_ns() % 1_000_000_000
            under_way.add(asyncio.create_task(wait_for_search(client, most)))
            await asyncio.sleep(1 / READS_PER_SECOND)
        waited += await asyncio.gather(*under_way)
    return to_waits(waited).p99_ms


def resident_bytes(mitra: Mitra, kind: str = "VmRSS") -> int:
    """Return the memory that a gateway has: all of it, or of a kind as Linux names them."""
    status = Path(f"/proc/{mitra.processes['gateway'].pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(f"{kind}:")]
    return int(line.split()[1]) * 1024


def _wait_until_forgotten(mitra: Mitra) -> None:
    def is_forgotten() -> bool:
        told = httpx.get(f"{mitra.url}/metrics").text.splitlines()
        return all(line.endswith(" 0.0") for line in told if line.startswith("mitra_streams{"))

    eventually(is_forgotten, what="every connection is forgotten", seconds=FORGET_SECONDS)


if __name__ == "__main__":
    typer.run(idle)
