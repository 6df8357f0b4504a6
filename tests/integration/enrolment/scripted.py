"""A partner that plays what a test scripts: how it books, refuses, breaks and gives back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from adapters.base import Booking, Receipt, ReceiptStatus
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerRefusedError,
    PartnerUnavailableError,
)
from schema.model.values import PartnerCode, Reference

PARTNER = PartnerCode("tokopedia")

Act = Callable[["ScriptedPartner", Booking], Receipt]
CancelAct = Callable[["ScriptedPartner", Reference], Receipt]


@dataclass
class ScriptedPartner:
    """Plays its acts one booking after the other, the last one for ever; books like a partner."""

    acts: list[Act]
    booked: dict[Reference, Receipt] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    is_down: bool = False
    is_locked: bool = False
    cancel_acts: list["CancelAct"] = field(
        default_factory=lambda: [lambda partner, reference: partner.give_back(reference)]
    )

    async def enrol(self, code: PartnerCode, booking: Booking) -> Receipt:
        self.calls["enrol"] += 1
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        return act(self, booking)

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        self.calls["find"] += 1
        if self.is_down:
            raise PartnerUnavailableError(code, "down")
        if self.is_locked:
            raise PartnerAccessError(code, "answered HTTP 401")
        return self.booked.get(reference)

    async def cancel(self, code: PartnerCode, reference: Reference) -> Receipt:
        self.calls["cancel"] += 1
        if self.is_down:
            raise PartnerUnavailableError(code, "down")
        act = self.cancel_acts.pop(0) if len(self.cancel_acts) > 1 else self.cancel_acts[0]
        return act(self, reference)

    def give_back(self, reference: Reference) -> Receipt:
        """Cancel what was booked; again: the same.  What it never saw it refuses."""
        receipt = self.booked.get(reference)
        if receipt is None:
            raise PartnerRefusedError(PARTNER, "HTTP 404")
        if receipt.status is not ReceiptStatus.REJECTED:
            receipt = replace(receipt, status=ReceiptStatus.CANCELLED)
        self.booked[reference] = receipt
        return receipt

    def book(self, booking: Booking, status: ReceiptStatus = ReceiptStatus.CONFIRMED) -> Receipt:
        """Book once per reference; the same reference again gets the same receipt."""
        receipt = Receipt(
            booking.reference,
            status,
            partner_reference=f"TKP-{len(self.booked) + 1}",
            reason="FULL" if status is ReceiptStatus.REJECTED else None,
            redeem_code="REDEEM",
            access_url="https://partner.test/course",
        )
        return self.booked.setdefault(booking.reference, receipt)


def answers(status: ReceiptStatus) -> Act:
    return lambda partner, booking: partner.book(booking, status)


confirms = answers(ReceiptStatus.CONFIRMED)
refuses = answers(ReceiptStatus.REJECTED)
decides_later = answers(ReceiptStatus.PENDING)
puts_on_waiting_list = answers(ReceiptStatus.WAITLISTED)


def is_unavailable(partner: ScriptedPartner, booking: Booking) -> Receipt:
    raise PartnerUnavailableError(PARTNER, "connection refused")


def locks_us_out(partner: ScriptedPartner, booking: Booking) -> Receipt:
    raise PartnerAccessError(PARTNER, "answered HTTP 401")


def books_and_drops_the_line(partner: ScriptedPartner, booking: Booking) -> Receipt:
    partner.book(booking)
    raise AmbiguousPartnerError(PARTNER, "line dropped")


def drops_the_line(partner: ScriptedPartner, booking: Booking) -> Receipt:
    raise AmbiguousPartnerError(PARTNER, "line dropped")
