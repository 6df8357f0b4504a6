"""Whether our record, a partner's statement and the money agree about one reference.

Pure: no I/O, no clock.  An enrolment that is not settled yet may stand in any way at its
partner; its money and the number of its bookings are judged all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.base import ReceiptStatus, StatementLine
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import Drift, DriftKind
from schema.model.values import EnrolmentId, Money, Reference

_S, _R, _K = EnrolmentStatus, ReceiptStatus, DriftKind

CONFIRMED = frozenset({_S.CONFIRMED, _S.ACTIVE, _S.COMPLETED, _S.NOT_PASSED})
HOLDING = frozenset({_R.CONFIRMED, _R.PENDING, _R.WAITLISTED})  # what takes a place over there
_GONE = frozenset({None, _R.REJECTED, _R.CANCELLED})

# What the partner may say of a settled enrolment; None: it does not know the reference.  What
# only we have put on a waiting list was never told to the partner.
_ALLOWED: dict[EnrolmentStatus, frozenset[ReceiptStatus | None]] = {
    **dict.fromkeys(CONFIRMED, frozenset({_R.CONFIRMED})),
    _S.WAITLISTED: frozenset({None, _R.WAITLISTED, _R.PENDING}),
    _S.REJECTED: _GONE,
    _S.CANCELLED: _GONE,
    _S.EXPIRED: _GONE,
}
# While an enrolment stands so, its price is held: neither spent nor free.
_HELD = frozenset({_S.RESERVED, _S.SUBMITTING, _S.PENDING_PARTNER, _S.IN_DOUBT, _S.COMPENSATING})
_ENDED = CONFIRMED | {_S.REJECTED, _S.CANCELLED, _S.EXPIRED}


@dataclass(frozen=True, slots=True)
class Ours:
    """An enrolment and its money, read in one snapshot.

    `held` and `captured` are what lies on its hold and with its partner now, in rupiah;
    `was_confirmed` says whether its partner ever had confirmed it.  One that `was_sold` on the
    partner's own site is known from the partner itself, whose statement need not list it.
    """

    id: EnrolmentId
    reference: Reference
    status: EnrolmentStatus
    price: Money
    held: int
    captured: int
    changed_at: datetime
    was_confirmed: bool = False
    was_sold: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether it is paid for and not taken back; one that expired unused is."""
        return self.status in CONFIRMED or (self.status is _S.EXPIRED and self.was_confirmed)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what the partner should say."""
        return self.status in _ALLOWED


def drifts(ours: Ours, told: Sequence[StatementLine]) -> Iterator[Drift]:
    """Yield how an enrolment, what its partner tells of its reference, and its money disagree."""
    theirs = standing(told)
    if ours.is_settled:
        yield from _status_drifts(ours, theirs)
    if theirs is not None:
        yield from _price_drifts(ours, theirs)
    yield from _double_bookings(ours, told)
    yield from _capture_drifts(ours)
    yield from _hold_drifts(ours)


def let_go(ours: Ours, told: Sequence[StatementLine]) -> Iterator[Drift]:
    """Yield that a partner holds a place for an enrolment that we had given up.

    All else is told by the report of the day on which the enrolment began.
    """
    if ours.is_settled and not ours.is_confirmed:
        yield from _status_drifts(ours, standing(told))


def unknown(told: Sequence[StatementLine]) -> Iterator[Drift]:
    """Yield what is wrong with a reference that is none of ours at this partner.

    What the partner no longer holds does no harm.
    """
    theirs = standing(told)
    if theirs is None or theirs.status not in HOLDING:
        return
    amount = theirs.price.amount if theirs.price else 0
    yield Drift(
        _K.UNKNOWN_TO_US,
        theirs.reference,
        amount,
        theirs=theirs.status,
        detail=theirs.partner_reference,
    )


def standing(told: Sequence[StatementLine]) -> StatementLine | None:
    """Return what counts of several lines about one reference: one that holds a place, if any."""
    ranks = list(ReceiptStatus)  # confirmed comes first
    return min(told, key=lambda line: ranks.index(line.status), default=None)


def _status_drifts(ours: Ours, theirs: StatementLine | None) -> Iterator[Drift]:
    allowed = _ALLOWED[_S.CONFIRMED] if ours.is_confirmed else _ALLOWED[ours.status]
    said = theirs.status if theirs else None
    if said in allowed or (theirs is None and ours.was_sold):
        return
    kind = _K.STATUS_DIFFERS if theirs else _K.MISSING_AT_PARTNER
    yield _drift(kind, ours, ours.price.amount, theirs)


def _price_drifts(ours: Ours, theirs: StatementLine) -> Iterator[Drift]:
    if theirs.price is None or theirs.price == ours.price or theirs.status in _GONE:
        return
    if theirs.price.currency == ours.price.currency:
        apart = abs(theirs.price.amount - ours.price.amount)
    else:
        apart = ours.price.amount
    said = f"{ours.price.currency} {ours.price.amount} here, "
    said += f"{theirs.price.currency} {theirs.price.amount} there"
    yield _drift(_K.PRICE_DIFFERS, ours, apart, theirs, said)


def _double_bookings(ours: Ours, told: Sequence[StatementLine]) -> Iterator[Drift]:
    """Yield a drift for each booking but one that is held under the same reference."""
    held = {line.partner_reference: line for line in told if line.status in HOLDING}
    for line in sorted(held.values(), key=lambda line: line.partner_reference or "")[1:]:
        amount = line.price.amount if line.price else ours.price.amount
        yield _drift(_K.DOUBLE_BOOKING, ours, amount, line, line.partner_reference)


def _capture_drifts(ours: Ours) -> Iterator[Drift]:
    if ours.is_confirmed:
        apart = ours.captured - ours.price.amount
        if apart:
            kind = _K.CAPTURE_TOO_HIGH if apart > 0 else _K.CAPTURE_MISSING
            yield _drift(kind, ours, abs(apart))
    elif ours.captured and ours.status is _S.CANCELLED:
        yield _drift(_K.REFUND_MISSING, ours, abs(ours.captured))
    elif ours.captured and ours.status not in {_S.CANCEL_REQUESTED, _S.MANUAL_REVIEW}:
        yield _drift(_K.CAPTURE_WITHOUT_CONFIRMATION, ours, abs(ours.captured))


def _hold_drifts(ours: Ours) -> Iterator[Drift]:
    if ours.status in _HELD:
        apart = ours.held - ours.price.amount
    elif ours.status in _ENDED:
        apart = ours.held
    else:
        return
    if apart:
        kind = _K.HOLD_LEFT_OVER if apart > 0 else _K.HOLD_MISSING
        yield _drift(kind, ours, abs(apart))


def _drift(
    kind: DriftKind,
    ours: Ours,
    amount: int,
    theirs: StatementLine | None = None,
    detail: str | None = None,
) -> Drift:
    return Drift(
        kind,
        ours.reference,
        amount,
        ours.id,
        ours.status,
        theirs.status if theirs else None,
        detail or (theirs.partner_reference if theirs else None),
    )
