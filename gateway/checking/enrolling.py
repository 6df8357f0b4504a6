"""What is asked of a live partner's desk: look-ups, and test bookings only when they are wanted.

A test booking has a reference of our own prefix, and is cancelled at the end whatever happens.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from adapters.base import Booking, Capability, Receipt, ReceiptStatus
from adapters.errors import PartnerError
from adapters.matrix import PREFIX, to_booking
from gateway.checking.bench import AmissError, Bench, LiveCheck, NotApplicableError
from schema.model.values import Reference

CALENDAR = ZoneInfo("Asia/Jakarta")
MOST_STATEMENT_PAGES = 50


async def knows_no_stranger(bench: Bench) -> None:
    """Find nothing under a reference that was never used."""
    found = await bench.calls.find(bench.code, Reference(f"{PREFIX}none-{secrets.token_hex(8)}"))
    if found is not None:
        raise AmissError(f"it found a {found.status} booking that nobody made")


async def tells_yesterday(bench: Bench) -> None:
    """Tell what was booked yesterday."""
    yesterday = bench.now().astimezone(CALENDAR).date() - timedelta(days=1)
    statement = await bench.calls.fetch_statement(bench.code, yesterday)
    if statement.rejections:
        first = statement.rejections[0]
        count = len(statement.rejections)
        raise AmissError(f"lines that cannot be read: {count}, one because {first.reason}")


async def books(bench: Bench) -> None:
    """Confirm a test booking."""
    bench.booking = _booking(bench)
    bench.receipt = await bench.calls.enrol(bench.code, bench.booking)
    if bench.receipt.status is not ReceiptStatus.CONFIRMED:
        raise AmissError(f"it is {bench.receipt.status} ({bench.receipt.reason or 'no reason'})")


async def books_once(bench: Bench) -> None:
    """Answer the same receipt to the same booking."""
    booking, receipt = _booked(bench)
    again = await bench.calls.enrol(bench.code, booking)
    if again.partner_reference != receipt.partner_reference:
        raise AmissError("the same reference was booked twice")


async def refuses_another_booking(bench: Bench) -> None:
    """Not take another learner under a reference that is used."""
    booking, receipt = _booked(bench)
    other = replace(booking, learner=type(booking.learner)("mitra-check-other"))
    try:
        answer = await bench.calls.enrol(bench.code, other)
    except PartnerError:
        return
    is_new = answer.partner_reference not in (None, receipt.partner_reference)
    if answer.status is ReceiptStatus.CONFIRMED and is_new:
        raise AmissError("it booked another learner under the same reference")


async def finds(bench: Bench) -> None:
    """Find the test booking."""
    booking, receipt = _booked(bench)
    found = await bench.calls.find(bench.code, booking.reference)
    if found is None or found.partner_reference != receipt.partner_reference:
        raise AmissError("it does not find what it has just confirmed")


async def tells_today(bench: Bench) -> None:
    """Tell the test booking in today's statement."""
    booking, _ = _booked(bench)
    if Capability.STATEMENT not in bench.capabilities:
        raise NotApplicableError("its adapter has no statement")
    today = bench.now().astimezone(CALENDAR).date()
    cursor = None
    for _ in range(MOST_STATEMENT_PAGES):
        statement = await bench.calls.fetch_statement(bench.code, today, cursor)
        if any(line.reference == booking.reference for line in statement.lines):
            return
        cursor = statement.next_cursor
        if cursor is None:
            break
    raise AmissError("its statement of today lacks what it has just confirmed")


async def takes_back(bench: Bench) -> None:
    """Cancel the test booking, and say the same when asked again."""
    booking, _ = _booked(bench)
    for _ in range(2):
        receipt = await bench.calls.cancel(bench.code, booking.reference)
        if receipt.status is not ReceiptStatus.CANCELLED:
            raise AmissError(f"it is {receipt.status} after we cancelled it")
    found = await bench.calls.find(bench.code, booking.reference)
    if found is None or found.status is not ReceiptStatus.CANCELLED:
        raise AmissError("it no longer knows what we cancelled")
    bench.booking = None


@asynccontextmanager
async def given_back(bench: Bench) -> AsyncIterator[list[str]]:
    """Cancel a test booking that is left at the end; yield where it is said if that failed."""
    left: list[str] = []
    try:
        yield left
    finally:
        if bench.booking is not None:
            reference = bench.booking.reference
            try:
                if await bench.calls.find(bench.code, reference) is not None:
                    await bench.calls.cancel(bench.code, reference)
            except PartnerError as exc:
                left.append(f"test booking {reference} could not be cancelled: {exc.reason}")


def _booking(bench: Bench) -> Booking:
    for page in bench.pages:
        if found := to_booking(page, "live", bench.now()):
            return found
    raise NotApplicableError("nothing that was read can be booked by us now")


def _booked(bench: Bench) -> tuple[Booking, Receipt]:
    if bench.booking is None or bench.receipt is None:
        raise NotApplicableError("nothing was booked")
    return bench.booking, bench.receipt


_DESK = Capability.ENROLMENT
LOOKING_CHECKS = (
    LiveCheck(
        "desk", "finds nothing where nothing is", knows_no_stranger,
        "Answer 404 to a reference that was never used.", _DESK,
    ),
    LiveCheck(
        "desk", "tells what was booked yesterday", tells_yesterday,
        "Answer the day's list, with an empty one for a quiet day.", Capability.STATEMENT,
    ),
)  # fmt: skip
BOOKING_CHECKS = (
    LiveCheck(
        "desk", "confirms a test booking", books,
        "Book what your own list says is open, and answer a receipt.", _DESK,
    ),
    LiveCheck(
        "desk", "books one reference once", books_once,
        "Keep our reference; answer a known one with its receipt instead of booking again.", _DESK,
    ),
    LiveCheck(
        "desk", "takes nobody else under that reference", refuses_another_booking,
        "Refuse a known reference with other contents.", _DESK,
    ),
    LiveCheck(
        "desk", "finds it by our reference", finds,
        "Answer a look-up with the receipt as it stands now.", _DESK,
    ),
    LiveCheck(
        "desk", "tells it in today's statement", tells_today,
        "List a booking in the statement of its day (Asia/Jakarta) at once.", _DESK,
    ),
    LiveCheck(
        "desk", "takes it back", takes_back,
        "Cancel on DELETE, and answer the same when asked again.", _DESK,
    ),
)  # fmt: skip
