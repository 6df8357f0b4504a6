"""The courier: takes errands from the outbox to partners, and records what came of them.

An enrolment is SUBMITTING, and its errand says ASK, before a byte leaves.  Only an errand
that is known to have had no effect is sent again; all others are settled by asking the
partner for our reference.  On PostgreSQL any number of couriers share the outbox; on SQLite
one of them, elected by a lease, drains it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from adapters.base import Booking, Receipt
from adapters.errors import PartnerContractError, PartnerError
from gateway.enrolment import giving_back, ledger, outbox, settling, verdicts
from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.giving_back import ReturnJudge
from gateway.enrolment.ledger import change_enrolment, count_changes
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.enrolment.places import NoPlaceError
from gateway.enrolment.settling import Again, Judge, Verdict
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.ledger_tables import enrolment
from schema.model.values import PartnerCode, Reference

log = structlog.get_logger(__name__)

DRAINER = "courier"  # the lease of the one that drains an outbox on SQLite
DRAINER_LASTS = timedelta(seconds=10)
LEASE = timedelta(seconds=30)  # longer than any guarded call
POLL_SECONDS = 0.5  # how late an errand of another process is noticed
GRACE_SECONDS = 15.0  # for calls under way when the courier is stopped
BATCH = 32


class EnrolmentCalls(Protocol):
    """The guarded calls that the courier makes; each raises `PartnerError`."""

    async def enrol(self, code: PartnerCode, booking: Booking) -> Receipt:
        """Book under our reference."""

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        """Return what became of our reference; None if the partner never saw it."""

    async def cancel(self, code: PartnerCode, reference: Reference) -> Receipt:
        """Give the place under our reference back."""


Reply = Receipt | PartnerError | None  # None: the partner has never seen our reference


class Courier:
    """Delivers errands until it is stopped; any number of couriers may share a ledger."""

    def __init__(  # noqa: PLR0913 - the composition root's wiring
        self,
        ledger: Database,
        partners: EnrolmentCalls,
        *,
        now: Callable[[], datetime],
        holder: str,
        judge: Judge | None = None,
        per_partner: int = 8,
        on_change: Callable[[], None] = lambda: None,
        resting: Callable[[], Collection[PartnerCode]] = frozenset,
    ) -> None:
        """Make a courier; `holder` names it in leases and is unique among all that run.

        `on_change` is called after each commit that changed an enrolment.  Errands to partners
        that are `resting`, as no call would reach them, stay where they are.
        """
        self._ledger = ledger
        self._partners = partners
        self._now = now
        self._holder = holder
        judge = judge or Judge(dice=random.random)
        self._judges: dict[Operation, Judge | ReturnJudge] = {
            Operation.ENROL: judge,
            Operation.CANCEL: ReturnJudge(judge.dice, judge.max_attempts),
        }
        leases = Leases(ledger, now, holder=holder, lasts=DRAINER_LASTS)
        self._drainer = leases if ledger.is_sqlite else None
        self._on_change = on_change
        self._resting = resting
        self._per_partner = per_partner
        self._under_way: dict[asyncio.Task[None], PartnerCode] = {}
        self._wake = asyncio.Event()
        self._is_stopping = False

    def notify(self) -> None:
        """Look into the outbox now: an errand was put there.  Call it on the courier's loop."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver what is due, and what becomes due, until `stop` or cancellation."""
        try:
            while not self._is_stopping:
                self._wake.clear()
                if not await self._set_out():
                    await self._wait_for_errands()
            await self._finish_calls()
        finally:
            await asyncio.shield(self._hand_over())

    def stop(self) -> None:
        """Take nothing more; `run` returns when the calls under way have ended."""
        self._is_stopping = True
        self._wake.set()

    async def deliver_due(self) -> int:
        """Deliver what is due now, and wait until it is done; return how much it was."""
        delivered = 0
        while errands := await self._take():
            await asyncio.gather(*(self._deliver(errand) for errand in errands))
            delivered += len(errands)
        return delivered

    async def _set_out(self) -> int:
        try:
            errands = await self._take()
        except Exception as exc:  # noqa: BLE001 - a courier that dies would leave all waiting
            log.error("courier.round_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            return 0
        for errand in errands:
            task = asyncio.create_task(self._deliver(errand))
            self._under_way[task] = errand.partner
            task.add_done_callback(self._has_returned)
        return len(errands)

    def _has_returned(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._wake.set()

    async def _wait_for_errands(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()

    async def _finish_calls(self) -> None:
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=GRACE_SECONDS)

    async def _hand_over(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        now = self._now()
        with suppress(DBAPIError):  # then the leases run out by themselves
            await self._ledger.write(lambda c: outbox.give_back(c, self._holder, now))
            if self._drainer:
                await self._drainer.give_back(DRAINER)

    async def _take(self) -> Sequence[Errand]:
        if self._drainer and not await self._drainer.take(DRAINER):
            return []
        busy = Counter(self._under_way.values())
        now = self._now()
        held, changes = await self._ledger.write(lambda c: self._hold_due(c, busy, now))
        self._tell(changes)
        return held

    def _hold_due(
        self, connection: Connection, busy: Counter[PartnerCode], now: datetime
    ) -> tuple[list[Errand], list[Change]]:
        """Lease what is due, as far as its partner has room, and mark it as being sent."""
        calls = Counter(busy)
        full = {partner for partner, number in calls.items() if number >= self._per_partner}
        full |= set(self._resting())
        held, changes = [], []
        for errand in outbox.read_due(connection, now, busy=full, limit=BATCH):
            if calls[errand.partner] >= self._per_partner:
                continue
            taken, change = self._begin(connection, errand, now)
            changes.append(change)
            if taken is not None:
                calls[errand.partner] += 1
                held.append(taken)
        return held, changes

    def _begin(
        self, connection: Connection, errand: Errand, now: datetime
    ) -> tuple[Errand | None, Change]:
        """Lease one errand; None for one that is pointless, or has been tried for too long."""
        spent = self._judges[errand.operation].spent(errand)
        if spent is not None:
            verdicts.carry_out(connection, errand, spent, now)
            return None, spent.change
        begun = _start(errand, now)
        if begun is None:
            outbox.finish(connection, errand)
            return None, Change()
        change, step = begun
        filed = change_enrolment(connection, errand.filed, change, now)
        taken = replace(errand, filed=filed, step=step, attempts=errand.attempts + 1)
        outbox.hold(connection, taken, self._holder, now, LEASE)
        return taken, change

    async def _deliver(self, errand: Errand) -> None:
        fields = {
            "enrolment": errand.filed.enrolment.id,
            "partner": errand.partner,
            "operation": errand.operation.value,
        }
        try:
            verdict = await self._record(errand, await self._visit(errand))
        except Exception as exc:  # noqa: BLE001 - the lease runs out, and the errand is asked about
            log.error("courier.delivery_failed", error=type(exc).__name__, **fields)  # noqa: TRY400 - a traceback would show data
            return
        if verdict is None:
            log.warning("courier.lease_lost", **fields)
            return
        self._tell([verdict.change])
        statuses = [step.after.value for step in verdict.change.steps]
        log.info("courier.delivered", changes=statuses, attempts=errand.attempts, **fields)

    def _tell(self, changes: Sequence[Change]) -> None:
        steps: list[Step] = [step for change in changes for step in change.steps]
        if steps:
            count_changes(steps)
            self._on_change()

    async def _visit(self, errand: Errand) -> Reply:
        reference = errand.filed.enrolment.reference
        try:
            receipt = await self._ask(errand)
            if receipt is not None and receipt.reference != reference:
                raise PartnerContractError(errand.partner, "answered about another reference")
        except PartnerError as exc:
            return exc
        return receipt

    async def _ask(self, errand: Errand) -> Receipt | None:
        reference = errand.filed.enrolment.reference
        if errand.step is not NextStep.SEND:
            return await self._partners.find(errand.partner, reference)
        if errand.operation is Operation.CANCEL:
            return await self._partners.cancel(errand.partner, reference)
        return await self._partners.enrol(errand.partner, errand.filed.booking)

    async def _record(self, errand: Errand, reply: Reply) -> Verdict | None:
        """Judge a reply and write the verdict in one transaction; None if it is no longer ours."""
        now = self._now()
        try:
            return await self._ledger.write(lambda c: self._conclude(c, errand, reply, now))
        except NoPlaceError:
            return await self._ledger.write(
                lambda c: verdicts.wait_for_place(c, errand, self._holder, now)
            )

    def _conclude(
        self, connection: Connection, errand: Errand, reply: Reply, now: datetime
    ) -> Verdict | None:
        filed = ledger.lock_filed(connection, enrolment.c.id == errand.filed.enrolment.id)
        if filed is None or not outbox.is_held(connection, errand, self._holder):
            return None
        verdict = self._to_verdict(errand, filed, reply, now)
        verdicts.carry_out(connection, replace(errand, filed=filed), verdict, now)
        return verdict

    def _to_verdict(self, errand: Errand, filed: Filed, reply: Reply, now: datetime) -> Verdict:
        """Judge a reply by how the enrolment stands now: a report may have come in between."""
        judge = self._judges[errand.operation]
        present = replace(errand, filed=filed)
        if isinstance(reply, Receipt):
            return judge.receipt(present, reply, now)
        if filed.version != errand.filed.version:  # what was not known then may be known now
            return Verdict(again=Again(errand.step.asking, 0.0, errand.attempts))
        if reply is None:
            return judge.absent(present, now)
        return judge.failed(present, reply, now)


def _start(errand: Errand, now: datetime) -> tuple[Change, NextStep] | None:
    if errand.operation is Operation.CANCEL:
        return giving_back.start(errand.filed, errand.step)
    return settling.start(errand.filed, errand.step, now)
