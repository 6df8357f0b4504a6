"""What a client may spend and a learner may change in a minute.

Questions are paid with their cost, refused ones too: somebody who guesses names pays for each
guess.  Mutations are counted by the field, not by the request.
"""

import asyncio
import math
import time
from dataclasses import dataclass

from gateway.execution.buckets import WINDOW, Allowance, Bucket, Buckets, LocalBuckets
from gateway.execution.engine import Engine, Prepared, Question
from gateway.execution.refusals import RefusedError, Stage, refusal
from schema.errors import ErrorCode

# A wrong document costs as much as a page of courses, so that nobody guesses thousands of names.
REFUSALS = {Stage.REQUEST: 10, Stage.PARSE: 100, Stage.VALIDATION: 500, Stage.COERCION: 100}
LONG = 0.005  # seconds after which others get a turn
TURN = 0.0001  # seconds; more than none, so that all who are due come first


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for a request: the client that sent it, and the learner in whose name."""

    client: str
    learner: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be run and is paid for; without an allowance nothing is counted."""

    prepared: Prepared
    allowance: Allowance | None = None


class Budgets:
    """Takes from clients and learners what their requests cost."""

    def __init__(
        self,
        buckets: Buckets,
        *,
        points_a_minute: int | None = None,
        mutations_a_minute: int | None = None,
    ) -> None:
        """Give each client and each learner so much; None is without end."""
        self._buckets = buckets
        self._client = Bucket(points_a_minute, WINDOW) if points_a_minute else None
        self._learner = Bucket(mutations_a_minute, WINDOW) if mutations_a_minute else None

    async def pay(self, payer: Payer, cost: int, changes: int = 0) -> Allowance | None:
        """Return what the client has left.  Raises `RefusedError` if it cannot be paid.

        `changes` are mutations that are called in the learner's name.
        """
        allowance = await self._take("client", payer.client, self._client, max(cost, 1))
        if changes and payer.learner is not None:
            await self._take("learner", payer.learner, self._learner, changes)
        return allowance

    @property
    def pays_at_once(self) -> bool:
        """Whether what clients have is known in this process, so that nobody need be asked."""
        return self._client is None or isinstance(self._buckets, LocalBuckets)

    def pay_at_once(self, payer: Payer, cost: int) -> Allowance | None:
        """Do as `pay`, if `pays_at_once`.  Raises `RefusedError`."""
        if self._client is None or not isinstance(self._buckets, LocalBuckets):
            return None
        key = f"client:{payer.client}"
        return _checked("client", self._buckets.spend_at_once(key, self._client, max(cost, 1)))

    def give_back(self, payer: Payer, cost: int) -> None:
        """Undo `pay_at_once`, where what was paid for is not to be had."""
        if self._client is not None and isinstance(self._buckets, LocalBuckets):
            self._buckets.give_back(f"client:{payer.client}", self._client, max(cost, 1))

    async def pay_refusal(self, payer: Payer, refused: RefusedError) -> Allowance | None:
        """Return what the client has left.  Raises `RefusedError` if it cannot be paid."""
        return await self.pay(payer, REFUSALS.get(refused.stage, 1))

    async def _take(
        self, what: str, who: str, bucket: Bucket | None, amount: int
    ) -> Allowance | None:
        if bucket is None:
            return None
        return _checked(what, await self._buckets.spend(f"{what}:{who}", bucket, amount))


class Gate:
    """Where requests come in, from whatever transport: prepared, and paid for."""

    def __init__(self, engine: Engine, budgets: Budgets) -> None:
        self.engine = engine
        self._budgets = budgets

    async def admit(self, question: Question, payer: Payer) -> Admitted:
        """Return what may be run.  Raises `RefusedError`, with the client's allowance.

        What took long to prepare takes long to run; between the two others are answered.
        """
        begun = time.perf_counter()
        try:
            prepared = self.engine.prepare(question)
        except RefusedError as refused:
            refused.allowance = await self._budgets.pay_refusal(payer, refused)
            raise
        if time.perf_counter() - begun > LONG:
            await asyncio.sleep(TURN)
        allowance = await self._budgets.pay(payer, prepared.cost, prepared.changes)
        return Admitted(prepared, allowance)

    async def pay(self, payer: Payer, cost: int) -> Allowance | None:
        """Return what is left after a question whose cost is known.  Raises `RefusedError`."""
        return await self._budgets.pay(payer, cost)


def _checked(what: str, allowance: Allowance) -> Allowance:
    if allowance.retry_after is None:
        return allowance
    raise _too_much(what, allowance, allowance.retry_after)


def _too_much(what: str, allowance: Allowance, retry_after: float) -> RefusedError:
    seconds = math.ceil(retry_after)
    message = f"Too much was asked by this {what} lately; ask again in {seconds} s"
    refused = refusal(Stage.BUDGET, ErrorCode.RATE_LIMITED, message, retryAfter=seconds, of=what)
    refused.allowance = allowance
    return refused
