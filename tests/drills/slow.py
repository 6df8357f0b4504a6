"""`make drill-slow`: slowhttptest holds thousands of slow connections open, and no search fails.

python -m tests.drills.slow --connections 15000 --seconds 60

A sandbox and a gateway run in processes of their own, the gateway with as few descriptors as many
systems give.  In each of the tool's four ways it opens connections faster than they end, more
than there is room for, while readers search at a constant rate: every other time by a connection
of their own, else by one that is kept.  The tool is the Debian package `slowhttptest`.
"""

import asyncio
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import typer
from rich.console import Console

from gateway.bench.quantiles import to_waits
from tests.drills.hanging import at_rate, start, wait_for_search
from tests.e2e.conftest import Mitra
from tests.processes import Files
from tests.servers import free_port

TOOL = "slowhttptest"
READS_PER_SECOND = 10
OPENED_PER_SECOND = 400
DESCRIPTORS = 1_024
WAYS: Mapping[str, tuple[str, str]] = {  # options, and of what it asks
    "nothing": ("", ""),
    "slow heads": ("-H -t GET -x 24", "/graphql"),
    "slow bodies": ("-B -t POST -s 8192 -x 10 -f application/json", "/graphql"),
    "ranges": ("-R -t HEAD -a 5 -b 3000", "/schema.graphql"),
    "slow reading": ("-X -w 512 -y 1024 -n 5 -z 32 -k 3", "/schema.graphql"),
}


@dataclass
class Found:
    """How long searches waited by each kind of connection, in seconds, and how many failed."""

    kept: list[float] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    failed: int = 0

    def __str__(self) -> str:
        """Say what a reader noticed."""
        waits = [*self.kept, *self.new]
        total = self.failed + len(waits)
        median = to_waits(waits or [0.0]).p50_ms
        kept, new = (to_waits(each or [0.0]).p99_ms for each in (self.kept, self.new))
        return (
            f"{self.failed} of {total} searches failed; p50 {median:.0f} ms, p99 {kept:.0f} ms by "
            f"connections that are kept, {new:.0f} ms by new ones"
        )


def slow(
    connections: Annotated[int, typer.Option(min=1, help="How many are opened.")] = 15_000,
    seconds: Annotated[float, typer.Option(min=1, help="Of each attack.")] = 60.0,
) -> None:
    """Search beside slow clients, and fail if a search does."""
    console = Console(highlight=False, soft_wrap=True)
    if shutil.which(TOOL) is None:
        console.print(f"{TOOL} is missing: apt-get install {TOOL}")
        sys.exit(2)
    failed = 0
    with TemporaryDirectory(prefix="mitra-slow-") as folder:
        mitra = Mitra(Path(folder), free_port(), launch=_with_few_descriptors)
        try:
            start(mitra)
            for name, (options, path) in WAYS.items():
                with _attack(mitra, options.split(), path, (connections, seconds)):
                    found = asyncio.run(_search(mitra.url, seconds))
                console.print(f"beside {name}: {found}")
                failed += found.failed
        finally:
            mitra.stop_all()
    sys.exit(1 if failed else 0)


def _with_few_descriptors(
    arguments: Sequence[str], environment: Mapping[str, str], files: Files
) -> "subprocess.Popen[bytes]":
    """Start `mitra` with no more than `DESCRIPTORS`, which it cannot change."""
    out, err = files.open()
    command = f'ulimit -n {DESCRIPTORS}; exec "$0" "$@"'
    with out, err:
        return subprocess.Popen(
            ["/bin/sh", "-c", command, sys.executable, "-m", "gateway", *arguments],
            env=environment,
            stdout=out,
            stderr=err,
        )


@contextmanager
def _attack(
    mitra: Mitra, options: Sequence[str], path: str, size: tuple[int, float]
) -> Iterator[None]:
    """Have the tool attack for the block, if it has an address."""
    if not path:
        yield
        return
    connections, seconds = size
    numbers = {"-c": connections, "-r": OPENED_PER_SECOND, "-l": int(seconds), "-i": 5, "-p": 5}
    told = [word for name, number in numbers.items() for word in (name, str(number))]
    command = [TOOL, *told, *options, "-u", f"{mitra.url}{path}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
        try:
            yield
        finally:
            tool.terminate()


async def _search(url: str, seconds: float) -> Found:
    found, tls = Found(), ssl.create_default_context()  # which takes long to make
    async with httpx.AsyncClient(base_url=url, timeout=30) as kept:

        async def by_kept() -> None:
            await _one(kept, found.kept, found)

        async def by_new() -> None:
            async with httpx.AsyncClient(base_url=url, timeout=30, verify=tls) as client:
                await _one(client, found.new, found)

        ends = time.monotonic() + seconds
        halves = (at_rate(READS_PER_SECOND / 2, ends, each) for each in (by_kept, by_new))
        await asyncio.gather(*halves)
    return found


async def _one(client: httpx.AsyncClient, waits: list[float], found: Found) -> None:
    most = 1_000_000 + time.monotonic_ns() % 1_000_000_000
    try:
        waits.append(await wait_for_search(client, most))
    except httpx.HTTPError:
        found.failed += 1


if __name__ == "__main__":
    typer.run(slow)
