"""The matrix of faults and adapters: set a fault, ask, and see what came of it.

    async with site.calling(fault) as caller:
        finding = await try_reading(site, fault, caller)

A `Site` is a partner that misbehaves on order; a `Caller` asks it, and is an adapter with
something that keeps its deadlines.  After every fault the partner behaves again: then a
booking that was left in doubt is settled by `find`, and the partner must hold it exactly once.
"""

import asyncio
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.base import (
    Booking,
    NotModified,
    Page,
    Receipt,
    ReceiptStatus,
)
from adapters.callers import Caller
from adapters.errors import (
    AmbiguousPartnerError,
    CursorExpiredError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.http import LONGEST_WAIT_SECONDS
from adapters.sandbox.faults.kinds import Asked, Fault
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.outcomes import Expected
from schema.model.catalogue import Session
from schema.model.values import EnrolmentMode, LearnerId, PartnerCode, Reference, RemoteId

PREFIX = "mitra-check-"  # of the references of test bookings
TEST_LEARNER = LearnerId("mitra-check")
_NOTICE_SECONDS = 0.05
MOST_REQUESTS = 3  # of one call, retries and all
_POINTLESS = {Expected.CONTRACT, Expected.REFUSED, Expected.NO_ACCESS}  # to repeat


@dataclass(frozen=True, slots=True)
class Struck:
    """What a partner knows at the end: how often a fault struck, and what it was told."""

    times: int
    cookies: int


class Site(Protocol):
    """A partner that misbehaves on order."""

    @property
    def code(self) -> PartnerCode:
        """Whose matrix this is."""

    @property
    def takes_back(self) -> bool:
        """Whether it really cancels what is cancelled."""

    @property
    def booked_as(self) -> ReceiptStatus:
        """What becomes of a test booking when all is well."""

    def calling(self, fault: Fault | None) -> AbstractAsyncContextManager[Caller]:
        """Return who asks while `fault` is set; without one, who asks when all is well."""

    async def misbehave(self, order: FaultOrder) -> None:
        """Set a fault."""

    async def behave(self) -> Struck:
        """Clear all faults; tell what they have done."""

    def holds(self, reference: Reference) -> int:
        """Return how often the partner was told to book `reference`, and did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one fault at one partner; `amiss` says what else was wrong."""

    partner: PartnerCode
    fault: Fault
    is_booking: bool
    expected: Expected
    got: Expected | str
    amiss: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether all is as it must be."""
        return self.got is self.expected and self.amiss is None

    def __str__(self) -> str:
        what = "enrolling" if self.is_booking else "reading"
        told = f"{self.partner}, {what} under {self.fault.id} {self.fault.name}: {self.got}"
        return told if self.is_good else f"{told}, expected {self.expected}; {self.amiss or ''}"


async def try_reading(site: Site, fault: Fault, expected: Expected, clean: Page) -> Finding:
    """Read the first page under `fault`; `clean` is what it is without."""
    async with site.calling(fault) as caller:
        await _set(site, FaultOrder(fault, on=frozenset({Asked.READING})))
        try:
            found = await caller.fetch_page()
            got: Expected | str = to_outcome(found, clean)
            amiss = None
        except Exception as exc:  # noqa: BLE001 - an outsider's adapter may raise anything
            got, amiss = to_error_outcome(exc), to_leak(exc)
        struck = await site.behave()
    amiss = amiss or _amiss(struck, got) or await _still_reads(site, clean)
    return Finding(site.code, fault, False, expected, got, amiss)  # noqa: FBT003


async def try_quoting(site: Site, fault: Fault, expected: Expected, key: RemoteId) -> Finding:
    """Ask for the quote of one offering under `fault`, and again when all is well."""
    async with site.calling(fault) as caller:
        await _set(site, FaultOrder(fault, on=frozenset({Asked.READING})))
        try:
            told = {each.offering for each in await caller.quote([key])}
            got: Expected | str = Expected.READ if key in told else f"told of {told!r:.100}"
            amiss = None
        except Exception as exc:  # noqa: BLE001 - an outsider's adapter may raise anything
            got, amiss = to_error_outcome(exc), to_leak(exc)
        struck = await site.behave()
    async with site.calling(None) as caller:
        if not await caller.quote([key]):
            amiss = amiss or "tells no quote any more when all is well again"
    return Finding(site.code, fault, False, expected, got, amiss or _amiss(struck, got))  # noqa: FBT003


async def try_enrolling(site: Site, fault: Fault, expected: Expected, booking: Booking) -> Finding:
    """Book under `fault`, and settle it once the partner behaves again."""
    async with site.calling(fault) as caller:
        await _set(site, FaultOrder(fault, on=frozenset({Asked.ENROLLING})))
        try:
            receipt = await caller.enrol(booking)
            is_good = isinstance(receipt, Receipt) and receipt.status is site.booked_as
            got: Expected | str = Expected.BOOKED if is_good else f"gave {receipt!r:.100}"
            amiss = None
        except Exception as exc:  # noqa: BLE001 - an outsider's adapter may raise anything
            got, amiss = to_error_outcome(exc), to_leak(exc)
        struck = await site.behave()
    if got is Expected.AMBIGUOUS and struck.times > 1:
        amiss = f"a booking in doubt was sent {struck.times} times"
    amiss = amiss or _amiss(struck, got) or await _settle(site, booking)
    return Finding(site.code, fault, True, expected, got, amiss)  # noqa: FBT003


async def read_clean(site: Site) -> Page:
    """Return the first page as the partner tells it when all is well."""
    async with site.calling(None) as caller:
        found = await caller.fetch_page()
    if isinstance(found, NotModified):
        raise PartnerContractError(site.code, "answers 'not modified' to who knows nothing")
    return found


def to_booking(page: Page, name: str, now: datetime) -> Booking | None:
    """Return a test booking of something that the page sells, or None if nothing can be booked."""
    for offering in page.offerings:
        sessions = [each for each in offering.sessions if _is_open(each, now)]
        is_bookable = bool(sessions) or not offering.sessions
        if offering.enrolment_mode is EnrolmentMode.DIRECT and offering.price and is_bookable:
            reference = Reference(f"{PREFIX}{name}-{secrets.token_hex(4)}")
            session = sessions[0].key if sessions else None
            return Booking(reference, offering.key, session, TEST_LEARNER, offering.price)
    return None


def _is_open(session: Session, now: datetime) -> bool:
    ends_at = session.enrolment_ends_at
    return bool(session.seats_left) and (ends_at is None or ends_at > now)


def to_outcome(found: object, clean: Page) -> Expected | str:
    """Return what was read: as always, without a bad row, or with one of two alike."""
    if not isinstance(found, Page):
        return f"gave {found!r:.100}"
    missing = len(clean.offerings) - len(found.offerings)
    if len(found.rejections) > len(clean.rejections):
        return Expected.QUARANTINED if missing <= 1 else f"lost {missing} rows for one"
    if _duplicates(found) > _duplicates(clean):
        return Expected.DUPLICATE
    return Expected.READ if missing == 0 else f"lost {missing} rows without a word"


def to_error_outcome(exc: BaseException) -> Expected | str:
    """Return which of our errors was raised."""
    kinds: tuple[tuple[type[PartnerError], Expected], ...] = (
        (PartnerThrottledError, Expected.THROTTLED),
        (PartnerUnavailableError, Expected.UNAVAILABLE),
        (CursorExpiredError, Expected.CURSOR_EXPIRED),
        (PartnerAccessError, Expected.NO_ACCESS),
        (PartnerRefusedError, Expected.REFUSED),
        (PartnerContractError, Expected.CONTRACT),
        (AmbiguousPartnerError, Expected.AMBIGUOUS),
    )
    found = next((word for kind, word in kinds if isinstance(exc, kind)), None)
    return found or f"raised {type(exc).__name__}: {exc}"


def to_leak(exc: BaseException) -> str | None:
    """Return what an error says that it must not say."""
    reason = getattr(exc, "reason", "")
    if "://" in reason or "127.0.0.1" in reason or "169.254" in reason:
        return f"its reason carries an address: {reason!r}"
    wait = getattr(exc, "retry_after", None)
    if wait is not None and not 0 <= wait <= LONGEST_WAIT_SECONDS:
        return f"asks to wait for {wait} s"
    return None


async def _set(site: Site, order: FaultOrder) -> None:
    await site.misbehave(order)
    if order.fault.port is not None:  # a write on a connection that was just closed is in doubt
        await asyncio.sleep(_NOTICE_SECONDS)


def _amiss(struck: Struck, got: Expected | str) -> str | None:
    if struck.times > MOST_REQUESTS:
        return f"one call made {struck.times} requests"
    if got in _POINTLESS and struck.times > MOST_REQUESTS - 1:
        return f"what cannot help was repeated {struck.times} times"
    return "a cookie was sent back" if struck.cookies else None


async def _still_reads(site: Site, clean: Page) -> str | None:
    try:
        found = await _read_again(site)
    except PartnerError as exc:
        return f"cannot read any more when all is well again: {exc.reason}"
    same = len(found.offerings) == len(clean.offerings)
    return None if same else "reads something else when all is well again"


async def _read_again(site: Site) -> Page:
    try:
        return await read_clean(site)
    except PartnerUnavailableError:  # the fault's connection broke off only now
        return await read_clean(site)


async def _settle(site: Site, booking: Booking) -> str | None:
    """Find out, book only what is not there, and give it back; say what was wrong."""
    try:
        async with site.calling(None) as caller:
            receipt = await caller.find(booking.reference)
            if receipt is None:
                receipt = await caller.enrol(booking)
            held = site.holds(booking.reference)
            if site.takes_back:
                cancelled = await _give_back(caller, booking.reference)
                if cancelled.status is not ReceiptStatus.CANCELLED:
                    return f"cannot be cancelled: {cancelled.status}"
    except PartnerError as exc:
        return f"cannot be settled when all is well again: {exc.reason}"
    if receipt.status is not site.booked_as:
        return f"ends as {receipt.status}"
    return None if held == 1 else f"the partner booked it {held} times"


async def _give_back(caller: Caller, reference: Reference) -> Receipt:
    """Cancel; what is left in doubt is asked again, which is safe."""
    try:
        return await caller.cancel(reference)
    except AmbiguousPartnerError:  # the fault's connection broke off only now
        return await caller.cancel(reference)


def _duplicates(page: Page) -> int:
    return sum(each.rule == "duplicate" for each in page.left_out)
