"""The eight points at which a gateway's process is killed, and how each is found.

They are put around the product from outside, in the process that is to die: listeners on
the database, wrappers around the transport and the calls, a courier that dies after it has
written.  `doomed` is the learner with whom it happens.
"""

import asyncio
import os
import re
import signal
from collections.abc import Callable
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

import aiohttp
import httpx
from sqlalchemy import event

from adapters.base import Booking, Receipt
from adapters.transport import PartnerTransport
from gateway.enrolment.courier import Courier, EnrolmentCalls, Reply
from gateway.enrolment.outbox import Errand
from gateway.enrolment.settling import Verdict
from gateway.storage.engine import Database
from schema.model.values import PartnerCode, Reference

LEAVING_SECONDS = 0.05  # until bytes that were written have surely left

_INSERT = re.compile(r"INSERT INTO (?:\w+\.)?(\w+)")
_is_doomed_request: ContextVar[bool] = ContextVar("is_doomed_request", default=False)


class Point(StrEnum):
    """Where a process is killed."""

    AFTER_KEY_ROW = "after the key row"
    AFTER_HOLD = "after the hold"
    AFTER_COMMIT = "after the commit"
    BEFORE_SEND = "before send"
    AFTER_BYTES_SENT = "after bytes sent"
    AFTER_REPLY_READ = "after the reply is read"
    AFTER_STATE_WRITTEN = "after the state is written"
    BEFORE_REPLY = "before the reply to the client"

    @property
    def is_in_transaction(self) -> bool:
        """Whether nothing may be left of it."""
        return self in (Point.AFTER_KEY_ROW, Point.AFTER_HOLD)


AT_THE_DATABASE = (Point.AFTER_KEY_ROW, Point.AFTER_HOLD, Point.AFTER_COMMIT)


def die() -> None:
    """Kill this process as `kill -9` does: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_in_database(ledger: Database, point: Point, doomed: str) -> None:
    """Die when the row that `point` names has been inserted, or when it has been committed."""
    table, sign = ("entry", "hold:") if point is Point.AFTER_HOLD else ("idempotency_key", "")
    write = ledger._write
    is_written = False

    def after_execute(_connection: Any, _cursor: Any, statement: str, said: Any, *_: Any) -> None:
        nonlocal is_written
        found, values = _INSERT.match(statement), repr(said)
        if found and found[1] == table and sign in values and doomed in values:
            is_written = True
            if point.is_in_transaction:
                die()

    def writing(*args: Any) -> Any:
        done = write(*args)
        if is_written:
            die()
        return done

    event.listen(ledger.engine, "after_cursor_execute", after_execute)
    ledger._write = writing  # type: ignore[method-assign]


def kill_at_wire(point: Point, doomed: str) -> None:
    """Die before the booking's bytes leave, or when they have left and nothing was read."""
    send, read = PartnerTransport.handle_async_request, aiohttp.ClientResponse.start

    async def sending(transport: PartnerTransport, request: httpx.Request) -> httpx.Response:
        is_doomed = request.method == "POST" and doomed.encode() in request.content
        if is_doomed and point is Point.BEFORE_SEND:
            die()
        mark = _is_doomed_request.set(is_doomed)
        try:
            return await send(transport, request)
        finally:
            _is_doomed_request.reset(mark)

    async def reading(response: aiohttp.ClientResponse, *args: Any) -> aiohttp.ClientResponse:
        if _is_doomed_request.get():
            await asyncio.sleep(LEAVING_SECONDS)
            die()
        return await read(response, *args)

    PartnerTransport.handle_async_request = sending  # type: ignore[method-assign]
    if point is Point.AFTER_BYTES_SENT:
        aiohttp.ClientResponse.start = reading  # type: ignore[method-assign]


class DyingCalls:
    """Dies once the partner has answered about the doomed learner, to a look-up if need be."""

    def __init__(self, calls: EnrolmentCalls, doomed: str) -> None:
        self._calls = calls
        self._doomed = doomed
        self._reference: Reference | None = None

    async def enrol(self, code: PartnerCode, booking: Booking) -> Receipt:
        """See `EnrolmentCalls.enrol`."""
        is_doomed = booking.learner == self._doomed
        if is_doomed:
            self._reference = booking.reference
        receipt = await self._calls.enrol(code, booking)
        if is_doomed:
            die()
        return receipt

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        """See `EnrolmentCalls.find`."""
        receipt = await self._calls.find(code, reference)
        if reference == self._reference:
            die()
        return receipt

    async def cancel(self, code: PartnerCode, reference: Reference) -> Receipt:
        """See `EnrolmentCalls.cancel`."""
        return await self._calls.cancel(code, reference)


def courier_dying_after_writing(doomed: str) -> type[Courier]:
    """Return a courier that dies when the partner's answer has been recorded."""

    class DyingCourier(Courier):
        async def _record(self, errand: Errand, reply: Reply) -> Verdict | None:
            verdict = await super()._record(errand, reply)
            if errand.filed.enrolment.learner == doomed:
                die()
            return verdict

    return DyingCourier


def guard_for(point: Point | None, doomed: str) -> Callable[[EnrolmentCalls], EnrolmentCalls]:
    """Return what is put around the calls."""
    if point is Point.AFTER_REPLY_READ:
        return lambda calls: DyingCalls(calls, doomed)
    return lambda calls: calls
