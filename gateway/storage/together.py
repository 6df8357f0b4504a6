"""Doing together what waits together, so that many share one transaction and one flush.

Nothing waits for company: what comes while nothing is under way begins at once, and what
comes meanwhile goes together next.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)
W = TypeVar("W")
R = TypeVar("R")


class Together(Generic[S, W, R]):
    """Carries out pieces of work in groups, one after the other, no two of one scope in a group.

    `carry_out` gets a group by scope and returns what became of each, by scope; of what it
    leaves out, None.  What it raises, each of the group gets.  Use it on one event loop.
    """

    def __init__(
        self, carry_out: Callable[[Mapping[S, W]], Awaitable[Mapping[S, R]]], *, most: int
    ) -> None:
        """Make groups of up to `most`."""
        self._carry_out = carry_out
        self._most = most
        self._waiting: OrderedDict[S, list[tuple[W, asyncio.Future[R | None]]]] = OrderedDict()
        self._is_running = False  # told by the run itself: a task that ends is not done at once
        self._task: asyncio.Task[None] | None = None

    async def submit(self, scope: S, work: W) -> R | None:
        """Have `work` carried out with what else waits; return what became of it."""
        done: asyncio.Future[R | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(scope, []).append((work, done))
        if not self._is_running:
            self._is_running = True
            self._task = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while group := self._take():
                await self._carry_out_one(group)
        finally:
            self._is_running = False

    async def _carry_out_one(self, group: Mapping[S, tuple[W, asyncio.Future[R | None]]]) -> None:
        try:
            found = await self._carry_out({scope: work for scope, (work, _) in group.items()})
        except Exception as exc:  # noqa: BLE001 - whoever waits gets it
            for _, done in group.values():
                if not done.done():
                    done.set_exception(exc)
        else:
            for scope, (_, done) in group.items():
                if not done.done():  # who waited may have gone away
                    done.set_result(found.get(scope))

    def _take(self) -> dict[S, tuple[W, asyncio.Future[R | None]]]:
        """Take the next of each scope, longest waiting first; what else one has comes last."""
        group = {}
        for scope in list(self._waiting)[: self._most]:
            queue = self._waiting.pop(scope)
            group[scope] = queue.pop(0)
            if queue:
                self._waiting[scope] = queue
        return group
