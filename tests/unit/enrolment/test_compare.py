"""Our record, a partner's word and the money about one enrolment, case by case."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.base import ReceiptStatus, StatementLine
from gateway.enrolment.compare import Ours, drifts, unknown
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind
from schema.model.values import EnrolmentId, Money, Reference

S, R, K = EnrolmentStatus, ReceiptStatus, DriftKind
PRICE = 350_000
REFERENCE = Reference("mitra-1")
PAID = Ours(
    id=EnrolmentId("1"),
    reference=REFERENCE,
    status=S.CONFIRMED,
    price=Money(PRICE),
    held=0,
    captured=PRICE,
    changed_at=datetime(2020, 4, 11, tzinfo=UTC),
    was_confirmed=True,
)
FREE = replace(PAID, price=Money(0), captured=0)
WAITING = replace(PAID, status=S.IN_DOUBT, held=PRICE, captured=0, was_confirmed=False)
REFUSED = replace(WAITING, status=S.REJECTED, held=0)
SOLD = replace(PAID, was_sold=True)  # by the partner, on its own site
BOOKED = StatementLine(REFERENCE, R.CONFIRMED, Money(PRICE), "P-1")
CANCELLED = replace(BOOKED, status=R.CANCELLED)


@pytest.mark.parametrize(
    ("ours", "told", "found"),
    [
        pytest.param(PAID, [BOOKED], [], id="all-agree"),
        pytest.param(PAID, [replace(BOOKED, price=None)], [], id="price-not-told"),
        pytest.param(PAID, [BOOKED, BOOKED], [], id="one-line-twice"),
        pytest.param(
            PAID, [CANCELLED, replace(BOOKED, partner_reference="P-2")], [], id="rebooked"
        ),
        pytest.param(PAID, [], [(K.MISSING_AT_PARTNER, PRICE)], id="denied"),
        pytest.param(PAID, [CANCELLED], [(K.STATUS_DIFFERS, PRICE)], id="cancelled-there"),
        pytest.param(
            PAID,
            [replace(BOOKED, price=Money(PRICE - 50_000))],
            [(K.PRICE_DIFFERS, 50_000)],
            id="cheaper-there",
        ),
        pytest.param(
            PAID,
            [replace(BOOKED, price=Money(PRICE, "USD"))],
            [(K.PRICE_DIFFERS, PRICE)],
            id="other-currency",
        ),
        pytest.param(
            PAID,
            [BOOKED, replace(BOOKED, partner_reference="P-2"), CANCELLED],
            [(K.DOUBLE_BOOKING, PRICE)],
            id="booked-twice",
        ),
        pytest.param(
            replace(PAID, captured=0), [BOOKED], [(K.CAPTURE_MISSING, PRICE)], id="not-captured"
        ),
        pytest.param(
            replace(PAID, captured=100_000),
            [BOOKED],
            [(K.CAPTURE_MISSING, 250_000)],
            id="captured-in-part",
        ),
        pytest.param(
            replace(PAID, captured=2 * PRICE),
            [BOOKED],
            [(K.CAPTURE_TOO_HIGH, PRICE)],
            id="captured-twice",
        ),
        pytest.param(
            replace(PAID, held=PRICE), [BOOKED], [(K.HOLD_LEFT_OVER, PRICE)], id="still-held"
        ),
        pytest.param(FREE, [replace(BOOKED, price=Money(0))], [], id="free-needs-no-money"),
        pytest.param(replace(PAID, status=S.EXPIRED), [BOOKED], [], id="expired-unused-is-paid"),
        pytest.param(
            replace(PAID, status=S.EXPIRED),
            [],
            [(K.MISSING_AT_PARTNER, PRICE)],
            id="expired-unused-is-known",
        ),
        pytest.param(
            replace(REFUSED, status=S.EXPIRED),
            [BOOKED],
            [(K.STATUS_DIFFERS, PRICE)],
            id="expired-unsent-is-not",
        ),
        pytest.param(SOLD, [], [], id="sold-there-and-not-listed"),
        pytest.param(SOLD, [BOOKED], [], id="sold-there-and-listed"),
        pytest.param(SOLD, [CANCELLED], [(K.STATUS_DIFFERS, PRICE)], id="sold-there-and-undone"),
        pytest.param(
            replace(SOLD, captured=0), [], [(K.CAPTURE_MISSING, PRICE)], id="sold-there-not-paid"
        ),
        pytest.param(WAITING, [], [], id="open-and-unknown"),
        pytest.param(WAITING, [BOOKED], [], id="open-and-booked"),
        pytest.param(
            replace(WAITING, held=0), [], [(K.HOLD_MISSING, PRICE)], id="open-without-money"
        ),
        pytest.param(
            replace(WAITING, held=2 * PRICE), [], [(K.HOLD_LEFT_OVER, PRICE)], id="held-twice"
        ),
        pytest.param(
            replace(WAITING, captured=PRICE),
            [],
            [(K.CAPTURE_WITHOUT_CONFIRMATION, PRICE)],
            id="paid-too-soon",
        ),
        pytest.param(
            replace(PAID, status=S.CANCEL_REQUESTED), [CANCELLED], [], id="being-cancelled"
        ),
        pytest.param(REFUSED, [], [], id="refused"),
        pytest.param(REFUSED, [BOOKED], [(K.STATUS_DIFFERS, PRICE)], id="refused-but-booked"),
        pytest.param(
            replace(REFUSED, captured=PRICE),
            [],
            [(K.CAPTURE_WITHOUT_CONFIRMATION, PRICE)],
            id="refused-but-paid",
        ),
        pytest.param(
            replace(PAID, status=S.CANCELLED),
            [CANCELLED],
            [(K.REFUND_MISSING, PRICE)],
            id="cancelled-but-paid",
        ),
        pytest.param(
            replace(PAID, status=S.CANCELLED, captured=0),
            [BOOKED],
            [(K.STATUS_DIFFERS, PRICE)],
            id="cancelled-here-only",
        ),
    ],
)
def test_each_difference_is_a_drift_with_what_is_at_stake(ours, told, found):
    assert [(drift.kind, drift.amount) for drift in drifts(ours, told)] == found


def test_a_drift_says_what_each_side_says():
    [drift] = drifts(PAID, [CANCELLED])

    assert (drift.enrolment_id, drift.reference) == ("1", REFERENCE)
    assert (drift.ours, drift.theirs, drift.detail) == ("CONFIRMED", "cancelled", "P-1")


@pytest.mark.parametrize("status", list(ReceiptStatus))
def test_a_reference_that_we_do_not_know_matters_while_it_holds_a_place(status):
    found = [(drift.kind, drift.amount) for drift in unknown([replace(BOOKED, status=status)])]

    gone = status in {R.REJECTED, R.CANCELLED}
    assert found == ([] if gone else [(K.UNKNOWN_TO_US, PRICE)])


@pytest.mark.parametrize("status", list(EnrolmentStatus))
def test_every_status_can_be_judged(status):
    told = [[], *([replace(BOOKED, status=each)] for each in ReceiptStatus)]

    assert [list(drifts(replace(WAITING, status=status), each)) for each in told]
