"""Making values anew: once per key in this process, and once in the cluster.

A refresh passes: the second level, a place in its lane, a lease.  Without Redis, or when it
fails, each process is a cluster of its own.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gateway.cache.flights import Flight, LoadAll, NotMadeError, Terms
from gateway.cache.leases import Turn
from gateway.cache.levels import Levels
from gateway.cache.lifetimes import Entry, Standing, to_bytes

LEASE_SECONDS = 2.0  # for which one process makes a value for all, or what failed is left alone
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.04  # seconds between two looks whether it has come


class Refreshes:
    """The refreshes under way, by key."""

    def __init__(self, levels: Levels, most: int, dice: Callable[[], float]) -> None:
        """Make at most `most` values at a time in one lane."""
        self._levels = levels
        self._dice = dice
        self._lanes: defaultdict[str, asyncio.Semaphore] = defaultdict(
            partial(asyncio.Semaphore, most)
        )
        self._flights: dict[str, asyncio.Future[Entry]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(
        self, keys: Sequence[str], load: LoadAll, terms: Terms
    ) -> Mapping[str, "asyncio.Future[Entry]"]:
        """Return the refreshes of keys, beginning together those that are not under way."""
        loop = asyncio.get_running_loop()
        futures = {key: loop.create_future() for key in keys if key not in self._flights}
        if futures:
            self._flights.update(futures)
            for key, future in futures.items():
                future.add_done_callback(partial(self._land, key))
            task = loop.create_task(self._fly(Flight(futures, load, terms)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return {key: self._flights[key] for key in keys}

    async def close(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, key: str, _: "asyncio.Future[Entry]") -> None:
        self._flights.pop(key, None)

    async def _fly(self, flight: Flight) -> None:
        """Refresh keys; the work outlives readers that give up: others may be waiting for it."""
        try:
            keys = flight.pending()
            entries = await self._levels.fetch(keys, flight.terms.tags)
            for key, entry in zip(keys, entries, strict=True):
                self._is_settled_by(flight, key, entry)
            if flight.pending():
                async with self._lanes[flight.terms.lane]:
                    await self._obtain(flight)
        except Exception as exc:  # noqa: BLE001 - whoever waits gets it
            for key in flight.pending():
                flight.settle(key, exc)
        finally:
            for key in flight.pending():
                flight.futures[key].cancel()

    def _is_settled_by(self, flight: Flight, key: str, entry: Entry | None) -> bool:
        """Settle a key if `entry` is fresh, and return whether it is; note what is known."""
        standing = self._levels.standing(entry)
        if entry is None or standing is Standing.GONE:
            return False
        flight.known.add(key)
        if standing is Standing.FRESH:
            flight.settle(key, entry)
        return standing is Standing.FRESH

    async def _obtain(self, flight: Flight) -> None:
        """Make the values whose turn is ours, and wait for the others."""
        now = asyncio.get_running_loop().time
        waits_until, pause = now() + flight.terms.others, FIRST_PAUSE
        waiting = await self._without_failed(flight)
        async with asyncio.TaskGroup() as loads:
            while waiting:
                ours, waiting = await self._claim(flight, waiting)
                if waiting and now() >= waits_until:
                    ours += flight.give_up(waiting)
                    waiting = []
                if ours:
                    loads.create_task(self._make(flight, ours))
                if waiting:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    async def _without_failed(self, flight: Flight) -> list[str]:
        """Leave alone what has just failed here while something of it is known."""
        memory, pending = self._levels.memory, flight.pending()
        flight.give_up([key for key in pending if await memory.get(_failed(key)) is not None])
        return flight.pending()

    async def _claim(self, flight: Flight, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return which keys are ours to make, and which another process is making."""
        shared = self._levels.shared
        if shared is None:
            return list(keys), []
        tags = flight.terms.tags
        turns: dict[Turn, list[str]] = {turn: [] for turn in Turn}
        come: list[str] = []
        for key, claim in (await shared.claim(keys, LEASE_SECONDS)).items():
            entry = await self._levels.take_over(key, claim.kept, tags)
            if not self._is_settled_by(flight, key, entry):
                turns[claim.turn].append(key)
            elif claim.turn is Turn.OURS:
                come.append(key)
        if come:
            await shared.close_leases({}, tags, given_back=come)
        return turns[Turn.OURS] + flight.give_up(turns[Turn.FAILED]), turns[Turn.THEIRS]

    async def _make(self, flight: Flight, keys: Sequence[str]) -> None:
        """Load values, tell those who wait, and then the second level."""
        made_at, made = self._levels.clock(), dict[str, Entry]()
        terms = flight.terms
        try:
            loaded = await flight.load(keys)
        except Exception as exc:  # noqa: BLE001 - whoever waits gets it
            outcomes: Mapping[str, Entry | Exception] = dict.fromkeys(keys, exc)
        else:
            made = {
                key: Entry(loaded[key], made_at, terms.lifetime.jittered(self._dice))
                for key in keys
                if key in loaded
            }
            outcomes = {key: made.get(key) or NotMadeError(key) for key in keys}
        for key, entry in made.items():
            await self._levels.remember(key, entry, terms.tags)
        for key, outcome in outcomes.items():
            flight.settle(key, outcome)
        await self._tell(made, [key for key in keys if key not in made], terms.tags)

    async def _tell(
        self, made: Mapping[str, Entry], failed: Sequence[str], tags: Sequence[str]
    ) -> None:
        """Leave behind what was made, and what has failed."""
        for key in failed:
            await self._levels.memory.set(_failed(key), b"", LEASE_SECONDS)
        if self._levels.shared is not None:
            now = self._levels.clock()
            kept = {key: (to_bytes(each), each.seconds_left(now)) for key, each in made.items()}
            await self._levels.shared.close_leases(kept, tags, failed=failed)


def _failed(key: str) -> str:
    return f"failed:{key}"
