"""The courier: takes errands from the outbox to partners, and records what came of them.

An enrolment is SUBMITTING, and its errand says ASK, before a byte leaves.  Only an errand
that is known to have had no effect is sent again; all others are settled by asking the
partner for our reference.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from adapters.base import Booking, Receipt
from adapters.errors import PartnerContractError, PartnerError
from gateway.enrolment import outbox
from gateway.enrolment.ledger import Change, StaleEnrolmentError, change_enrolment, count_changes
from gateway.enrolment.outbox import Errand, NextStep
from gateway.enrolment.settling import Judge, Verdict, start
from gateway.storage.engine import Database
from schema.model.values import PartnerCode, Reference

log = structlog.get_logger(__name__)

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


class Courier:
    """Delivers errands until it is stopped; any number of couriers may share a ledger."""

    def __init__(
        self,
        ledger: Database,
        partners: EnrolmentCalls,
        *,
        now: Callable[[], datetime],
        holder: str,
        judge: Judge | None = None,
        per_partner: int = 8,
    ) -> None:
        """Make a courier; `holder` names it in leases and is unique among all that run."""
        self._ledger = ledger
        self._partners = partners
        self._now = now
        self._holder = holder
        self._judge = judge or Judge(dice=random.random)
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

    async def _take(self) -> Sequence[Errand]:
        busy = Counter(self._under_way.values())
        now = self._now()
        held = await self._ledger.write(lambda connection: self._hold_due(connection, busy, now))
        for _, change in held:
            count_changes(change.steps)
        return [errand for errand, _ in held]

    def _hold_due(
        self, connection: Connection, busy: Counter[PartnerCode], now: datetime
    ) -> list[tuple[Errand, Change]]:
        """Lease what is due, as far as its partner has room, and mark it as being sent."""
        calls = Counter(busy)
        full = {partner for partner, number in calls.items() if number >= self._per_partner}
        held = []
        for errand in outbox.read_due(connection, now, busy=full, limit=BATCH):
            if calls[errand.partner] >= self._per_partner:
                continue
            begun = start(errand.filed, errand.step)
            if begun is None:
                outbox.finish(connection, errand)
                continue
            change, step = begun
            filed = change_enrolment(connection, errand.filed, change, now)
            taken = replace(errand, filed=filed, step=step, attempts=errand.attempts + 1)
            outbox.hold(connection, taken, self._holder, now, LEASE)
            calls[errand.partner] += 1
            held.append((taken, change))
        return held

    async def _deliver(self, errand: Errand) -> None:
        fields = {"enrolment": errand.filed.enrolment.id, "partner": errand.partner}
        try:
            verdict = await self._visit(errand)
            recorded = await self._record(errand, verdict)
        except Exception as exc:  # noqa: BLE001 - the lease runs out, and the errand is asked about
            log.error("courier.delivery_failed", error=type(exc).__name__, **fields)  # noqa: TRY400 - a traceback would show data
            return
        if not recorded:
            log.warning("courier.lease_lost", **fields)
            return
        count_changes(verdict.change.steps)
        statuses = [step.after.value for step in verdict.change.steps]
        log.info("courier.delivered", changes=statuses, attempts=errand.attempts, **fields)

    async def _visit(self, errand: Errand) -> Verdict:
        reference = errand.filed.enrolment.reference
        try:
            receipt: Receipt | None
            if errand.step is NextStep.SEND:
                receipt = await self._partners.enrol(errand.partner, errand.filed.booking)
            else:
                receipt = await self._partners.find(errand.partner, reference)
            if receipt is not None and receipt.reference != reference:
                raise PartnerContractError(errand.partner, "answered about another reference")
        except PartnerError as exc:
            return self._judge.failed(errand, exc)
        if receipt is None:
            return self._judge.absent(errand)
        return self._judge.receipt(errand, receipt, self._now())

    async def _record(self, errand: Errand, verdict: Verdict) -> bool:
        """Write a verdict in one transaction; False if the errand is no longer ours to judge."""
        now = self._now()
        try:
            return await self._ledger.write(lambda c: self._conclude(c, errand, verdict, now))
        except StaleEnrolmentError:  # the enrolment has moved on without us: look again
            return False

    def _conclude(
        self, connection: Connection, errand: Errand, verdict: Verdict, now: datetime
    ) -> bool:
        if not outbox.is_held(connection, errand, self._holder):
            return False
        change_enrolment(connection, errand.filed, verdict.change, now)
        if verdict.again is None:
            outbox.finish(connection, errand)
        else:
            again = verdict.again
            at = now + timedelta(seconds=again.wait)
            outbox.put_off(connection, errand, again.step, at, attempts=again.attempts)
        return True
