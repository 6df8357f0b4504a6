"""`make soak`: a gateway serves a mixed load for ten minutes, and its memory does not grow.

python -m tests.drills.soak --minutes 10

A sandbox and a gateway run in processes of their own.  At constant rates readers ask the same
question, questions that repeat now and then, and searches that nobody has asked before; learners
enrol, and follow their enrolments for a while; lists are read again, and courses are blocked and
shown again, so that the catalogue changes all the time.  What is compared is the memory of the
process that serves, in the second minute and in the last; of each the median of its samples.

That what is bounded fills is no leak, so it is filled before the first minute, and with what the
load itself will bring: questions and answers of the same kinds until there is no room for more, a
turn of changes, which makes each course anew, and as many learners as come while a token that was
verified is remembered.  Their enrolments fill SQLite's pages, too.  Everybody who comes later
should leave nothing behind but what somebody else's takes with it.
"""

import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.drills.hanging import at_rate, goods, start, wait_for_search
from tests.drills.idle import FOLLOW, resident_bytes
from tests.e2e.conftest import Mitra
from tests.e2e.enrolling import ENROL
from tests.servers import free_port

BAR = 1.02
SAMPLE_SECONDS = 1.0
WARM_QUESTIONS = 2_000
FOLLOWED_SECONDS = 5.0
HOT = "{ courses(first: 20) { totalCount nodes { id title institution { name } } } }"
WARM = "query ($most: BigInt!) { courses(first: 20, filter: {priceMax: $most}) { nodes { id } } }"
_WARM_NUMBERS = range(1_000, (WARM_QUESTIONS + 1) * 1_000, 1_000)
_SYNC = """mutation ($partner: String!) {
  syncNow(partner: $partner, reason: "soak") { userErrors { message } } }"""
_BLOCK = """mutation ($value: String!, $letter: String!) { blockCourses(input: {scope: PARTNER,
  value: $value, reason: "soak", letter: $letter}) { block { id } } }"""
_LIFT = """mutation ($id: ID!) { liftBlock(input: {blockId: $id, reason: "soak"}) {
  userErrors { message } } }"""
SEARCHES = 4_000  # of some 9 kB each: twice as much as there is room for
LEARNERS = 1_200  # as many as come while a token that was verified is remembered
TIMES = 3  # that something is asked until all that is kept for those who ask again is kept
KEPT_OPEN_SECONDS = 2.0  # a connection: less than the server does, or one would meet the other
AT_ONCE = 4
RATES = {"hot": 40.0, "warm": 20.0, "search": 5.0, "enrol": 2.0, "change": 0.1}


class Memory(NamedTuple):
    """The megabytes that a gateway has: all of them, and those that are no file's."""

    all: float
    own: float

    @classmethod
    def of(cls, mitra: Mitra) -> "Memory":
        """Return what it has now."""
        return cls(*(resident_bytes(mitra, kind) / 1_000_000 for kind in ("VmRSS", "RssAnon")))


@dataclass
class Crowd:
    """Everybody who asks, and how often each kind was answered."""

    mitra: Mitra
    client: httpx.AsyncClient
    operator: str
    offerings: Iterator[tuple[str, str]]
    partners: Iterator[str]
    numbers: Iterator[int] = field(default_factory=count)
    dice: Random = field(default_factory=lambda: Random(7))
    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    async def act(self, kind: str) -> None:
        """Do one thing of a kind; what fails is told at the end."""
        acts: dict[str, Callable[[], Awaitable[Any]]] = {
            "hot": lambda: self._ask(HOT),
            "warm": lambda: self._ask(WARM, most=self._one_of_many()),
            "search": self._search,
            "enrol": self._enrol,
            "change": self._change,
        }
        try:
            await acts[kind]()
        except (httpx.HTTPError, RuntimeError, ValueError, KeyError, TypeError) as exc:
            self.failures.append(f"{kind}: {exc!r}")
        else:
            self.done[kind] += 1

    async def fill(self, partners: int) -> None:
        """Have as much remembered as there is room for, of the kinds that will be asked for."""
        for _ in range(partners):
            await self._change()
        await self._in_turns(self._search() for _ in range(SEARCHES))
        await self._in_turns(self._book() for _ in range(LEARNERS))
        for _ in range(TIMES):
            await self._in_turns(self._ask(WARM, most=each) for each in _WARM_NUMBERS)

    async def _in_turns(self, asked: Iterable[Awaitable[Any]]) -> None:
        """Ask several at once, all of them in the end."""
        waiting = iter(asked)

        async def ask() -> None:
            for each in waiting:
                await each

        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    async def _search(self) -> None:
        """Search for what nobody has searched for before."""
        await wait_for_search(self.client, 1_000_000 + next(self.numbers))

    def _one_of_many(self) -> int:
        """Return a number of which the small ones come most often, as questions do."""
        return _WARM_NUMBERS[min(WARM_QUESTIONS, int(self.dice.paretovariate(0.8))) - 1]

    async def _enrol(self) -> None:
        token, enrolment = await self._book()
        if enrolment is not None:
            await self._follow(token, enrolment)

    async def _book(self) -> tuple[str, str | None]:
        """Enrol somebody new; return who, and the enrolment: none if the course is blocked now."""
        _, offering = next(self.offerings)
        token = self.mitra.token(f"soak-{next(self.numbers)}")
        wish = {"offeringId": offering, "idempotencyKey": "soak"}
        told = (await self._ask(ENROL, token, input=wish))["enrol"]["enrolment"]
        return token, told and told["id"]

    async def _follow(self, token: str, enrolment: str) -> None:
        """Follow an enrolment for a while, and go."""
        headers = {"Accept": "text/event-stream", **_bearer(token)}
        body = {"query": FOLLOW, "variables": {"id": enrolment}}
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(FOLLOWED_SECONDS),
                self.client.stream("POST", "/graphql", json=body, headers=headers) as stream,
            ):
                async for _ in stream.aiter_raw():
                    self.done["told"] += 1

    async def _change(self) -> None:
        """Have a partner's list read, and take another's courses off sale for a moment."""
        await self._ask(_SYNC, self.operator, partner=next(self.partners))
        letter = f"SOAK-{next(self.numbers)}"
        told = await self._ask(_BLOCK, self.operator, value=next(self.partners), letter=letter)
        await asyncio.sleep(FOLLOWED_SECONDS / 2)
        await self._ask(_LIFT, self.operator, id=told["blockCourses"]["block"]["id"])

    async def _ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        body = orjson.dumps({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json", **(_bearer(token) if token else {})}
        answer = await self.client.post("/graphql", content=body, headers=headers)
        told = orjson.loads(answer.content) if answer.is_success else {}
        if "data" not in told or "errors" in told:
            raise RuntimeError(f"{answer.status_code} {answer.headers} {answer.content[:500]!r}")
        return told["data"]


def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long it is served.")] = 10.0,
) -> None:
    """Serve a mixed load, and compare the memory of the second minute with that of the last."""
    console = Console(highlight=False, soft_wrap=True)
    with TemporaryDirectory(prefix="mitra-soak-") as folder:
        mitra = Mitra(Path(folder), free_port())
        try:
            start(mitra)
            crowd, samples = asyncio.run(_serve(mitra, minutes * 60))
        finally:
            for name in list(mitra.processes):
                mitra.stop(name)
    sys.exit(0 if _tell(crowd, samples, console) else 1)


async def _serve(mitra: Mitra, seconds: float) -> tuple[Crowd, list[Memory]]:
    """Return who came, and the memory that the gateway had, one sample a second."""
    operator = issue_token(mitra.data_dir, Role.OPERATOR, "soak")
    offerings = await asyncio.to_thread(goods, mitra)
    partners = sorted({code for code, _ in offerings})
    samples: list[Memory] = []
    limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_OPEN_SECONDS)
    async with httpx.AsyncClient(base_url=mitra.url, timeout=60, limits=limits) as client:
        crowd = Crowd(mitra, client, operator, cycle(offerings), cycle(partners))
        await crowd.fill(len(partners))
        ends = time.monotonic() + seconds
        coming = [
            at_rate(rate, ends, lambda kind=kind: crowd.act(kind)) for kind, rate in RATES.items()
        ]
        await asyncio.gather(_sample(mitra, ends, samples), *coming)
    return crowd, samples


async def _sample(mitra: Mitra, ends: float, samples: list[Memory]) -> None:
    while time.monotonic() < ends:
        samples.append(Memory.of(mitra))
        await asyncio.sleep(SAMPLE_SECONDS)


def growth(samples: list[float]) -> tuple[float, float, float]:
    """Return the memory early and late, and the one by the other.

    Early is the second minute, late the last; of less than three minutes, the second third and
    the last.
    """
    part = min(int(60 / SAMPLE_SECONDS), max(1, len(samples) // 3))
    early, late = statistics.median(samples[part : 2 * part]), statistics.median(samples[-part:])
    return early, late, late / early


def _tell(crowd: Crowd, samples: list[Memory], console: Console) -> bool:
    early, late, ratio = growth([each.all for each in samples])
    own_early, own_late, _ = growth([each.own for each in samples])
    table = Table(title=f"{len(samples) * SAMPLE_SECONDS / 60:.1f} minutes of mixed load")
    for name in ("what", "number"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for kind, number in crowd.done.items():
        table.add_row(kind, f"{number:,}")
    table.add_row("failed", f"{len(crowd.failures):,}")
    table.add_row("memory in the second minute", f"{early:.1f} MB, {own_early:.1f} its own")
    table.add_row("memory in the last minute", f"{late:.1f} MB, {own_late:.1f} its own")
    table.add_row("growth", f"{(ratio - 1) * 100:+.1f} % (bar {(BAR - 1) * 100:.0f} %)")
    console.print(table)
    minutes = [statistics.median(each) for each in _by_minute([s.all for s in samples])]
    console.print("by the minute:", ", ".join(f"{each:.1f}" for each in minutes), "MB")
    for failure in crowd.failures[:10]:
        console.print(failure[:300])
    return ratio <= BAR and not crowd.failures


def _by_minute(samples: list[float]) -> Iterator[list[float]]:
    size = int(60 / SAMPLE_SECONDS)
    return (samples[at : at + size] for at in range(0, len(samples), size))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    typer.run(soak)
