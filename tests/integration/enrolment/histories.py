"""Enrolments of one partner's day as they might have come about, with what is to be found wrong.

A `Past` says how one enrolment stands and what, if anything, is wrong with it; `Day` writes
many of them into a real ledger and into a partner's book, so that they agree but for that.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from adapters.base import Cursor, Receipt, ReceiptStatus, Rejection, Statement, StatementLine
from adapters.errors import PartnerError
from gateway.enrolment.calendar import start_of
from gateway.enrolment.disagreements import DisagreementKind, note
from gateway.enrolment.money import Movement, MovementKind, post
from gateway.storage.ledger_tables import enrolment, enrolment_event, learner
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind
from schema.model.values import EnrolmentId, LearnerId, Money, PartnerCode, Reference

S, R, K, M = EnrolmentStatus, ReceiptStatus, DriftKind, MovementKind

PARTNER = PartnerCode("tokopedia")
DAY = date(2020, 4, 11)
SETTLED = [S.CONFIRMED, S.ACTIVE, S.COMPLETED, S.NOT_PASSED]
MOVING = [S.RESERVED, S.SUBMITTING, S.PENDING_PARTNER, S.IN_DOUBT, S.COMPENSATING]

MONEY: dict[EnrolmentStatus, tuple[MovementKind, ...]] = {
    S.REQUESTED: (),
    **dict.fromkeys([*MOVING, S.WAITLISTED, S.MANUAL_REVIEW], (M.HOLD,)),
    **dict.fromkeys([*SETTLED, S.CANCEL_REQUESTED], (M.HOLD, M.CAPTURE)),
    S.REJECTED: (M.HOLD, M.RELEASE),
    S.EXPIRED: (M.HOLD, M.RELEASE),
    S.CANCELLED: (M.HOLD, M.CAPTURE, M.REFUND),
}
# What the partner rightly says of a status; None: nothing.
SAID: dict[EnrolmentStatus, tuple[ReceiptStatus | None, ...]] = {
    **dict.fromkeys(SETTLED, (R.CONFIRMED,)),
    S.REJECTED: (None, R.CANCELLED),
    S.CANCELLED: (R.CANCELLED, None),
    S.EXPIRED: (None, R.CANCELLED),
    S.WAITLISTED: (R.WAITLISTED, R.PENDING, None),
    **dict.fromkeys(
        [*MOVING, S.REQUESTED, S.MANUAL_REVIEW, S.CANCEL_REQUESTED],
        (None, R.CONFIRMED, R.PENDING, R.CANCELLED),
    ),
}
# To which statuses a drift can happen.
BEFALLS: dict[DriftKind, Sequence[EnrolmentStatus]] = {
    K.MISSING_AT_PARTNER: SETTLED,
    K.UNKNOWN_TO_US: [S.CONFIRMED],
    K.STATUS_DIFFERS: [*SETTLED, S.REJECTED, S.CANCELLED, S.EXPIRED, S.WAITLISTED],
    K.PRICE_DIFFERS: SETTLED,
    K.DOUBLE_BOOKING: SETTLED,
    K.CAPTURE_MISSING: SETTLED,
    K.CAPTURE_TOO_HIGH: SETTLED,
    K.CAPTURE_WITHOUT_CONFIRMATION: [S.REJECTED, S.EXPIRED],
    K.REFUND_MISSING: [S.CANCELLED],
    K.HOLD_MISSING: MOVING,
    K.HOLD_LEFT_OVER: [S.REJECTED, S.EXPIRED],
    K.UNREADABLE_LINE: [S.CONFIRMED],
    K.DISAGREEMENT: [S.COMPLETED, S.REJECTED, S.CANCELLED, S.EXPIRED],
}
BROKEN_MONEY: dict[DriftKind, tuple[MovementKind, ...]] = {
    K.CAPTURE_MISSING: (M.HOLD, M.RELEASE),
    K.CAPTURE_TOO_HIGH: (M.HOLD, M.CAPTURE, M.HOLD, M.CAPTURE),
    K.CAPTURE_WITHOUT_CONFIRMATION: (M.HOLD, M.CAPTURE),
    K.REFUND_MISSING: (M.HOLD, M.CAPTURE),
    K.HOLD_MISSING: (),
    K.HOLD_LEFT_OVER: (M.HOLD,),
}


@dataclass(frozen=True)
class Past:
    """How one enrolment came to stand; `late`: 0 booked that day, 1 the next, 2 days later."""

    status: EnrolmentStatus = S.CONFIRMED
    price: int = 350_000
    drift: DriftKind | None = None
    said: int = 0
    late: int = 0
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass
class ListingPartner:
    """A partner that lists what it booked, a few lines at a time, and finds by reference."""

    page: int = 3
    listed: defaultdict[date, list[StatementLine | Rejection]] = field(
        default_factory=lambda: defaultdict(list)
    )
    known: dict[Reference, ReceiptStatus] = field(default_factory=dict)
    asked: list[date] = field(default_factory=list)
    fails: list[PartnerError] = field(default_factory=list)

    async def fetch_statement(
        self, code: PartnerCode, day: date, cursor: Cursor | None = None
    ) -> Statement:
        if self.fails:
            raise self.fails.pop()
        self.asked.append(day)
        start = int(cursor or 0)
        rows, end = self.listed[day], start + self.page
        part = rows[start:end]
        return Statement(
            lines=tuple(row for row in part if isinstance(row, StatementLine)),
            rejections=tuple(row for row in part if isinstance(row, Rejection)),
            next_cursor=Cursor(str(end)) if end < len(rows) else None,
        )

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        status = self.known.get(reference)
        return Receipt(reference, status, f"P-{reference}") if status else None


@dataclass
class Day:
    """Writes pasts; `expected` is what a comparison must find: kind, reference, amount."""

    partner: ListingPartner = field(default_factory=ListingPartner)
    day: date = DAY
    expected: set[tuple[DriftKind, str, int]] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    def write(self, connection: Connection, pasts: Sequence[Past]) -> None:
        for past in pasts:
            self._write(connection, past)

    def _write(self, connection: Connection, past: Past) -> None:
        number = next(self.numbers)
        begins = start_of(self.day)
        at = begins + timedelta(seconds=(number * 7_919) % 86_400)
        record = EnrolmentId(f"{self.day}-{number}")
        row = self._row(past, record, at)
        connection.execute(insert(learner).values(_learner(row["learner_id"], at)))
        connection.execute(insert(enrolment).values(row | past.columns))
        connection.execute(insert(enrolment_event).values(_event(row, at)))
        kinds = BROKEN_MONEY.get(past.drift, MONEY[past.status])  # type: ignore[arg-type]
        _move(connection, row, kinds, at)
        if past.drift is K.DISAGREEMENT:
            note(connection, record, DisagreementKind.PARTNER_DISAGREES, "it says so", at)
        self._tell(past, row)

    def _row(self, past: Past, record: EnrolmentId, at: datetime) -> dict[str, Any]:
        was_confirmed = past.status in {*SETTLED, S.CANCELLED, S.CANCEL_REQUESTED}
        return {
            "id": record,
            "learner_id": f"learner-{record}",
            "status": past.status,
            "version": 1,
            "course_id": "C",
            "offering_id": "O",
            "offering_key": "K",
            "partner": PARTNER,
            "price": past.price,
            "currency": "IDR",
            "reference": f"mitra-{record}",
            "created_at": at,
            "settled_at": at if was_confirmed else None,
        }

    def _tell(self, past: Past, row: dict[str, Any]) -> None:
        reference, price, drift = Reference(row["reference"]), past.price, past.drift
        said = SAID[past.status][past.said % len(SAID[past.status])]
        if drift is K.MISSING_AT_PARTNER:
            said = None
        elif drift is K.STATUS_DIFFERS:
            said = R.CANCELLED if past.status in SETTLED else R.CONFIRMED
        elif drift is K.PRICE_DIFFERS:
            price += 1_000
        elif drift is K.UNREADABLE_LINE:
            self.partner.listed[self.day].append(Rejection(1, reference, "no status", "{}"))
        elif drift is K.UNKNOWN_TO_US:
            self._list(0, StatementLine(Reference(f"x-{reference}"), R.CONFIRMED, Money(price)))
        if said:
            line = StatementLine(reference, said, Money(price), f"P-{reference}")
            self._list(past.late, line)
            if drift is K.DOUBLE_BOOKING:
                self._list(past.late, StatementLine(reference, said, Money(price), "P-again"))
        if drift:
            self.expected.add((drift, self._named(drift, reference), self._at_stake(past)))

    def _list(self, late: int, line: StatementLine) -> None:
        self.partner.known[line.reference] = line.status
        self.partner.listed[self.day + timedelta(days=late)].append(line)

    def _named(self, drift: DriftKind, reference: Reference) -> str:
        return f"x-{reference}" if drift is K.UNKNOWN_TO_US else reference

    def _at_stake(self, past: Past) -> int:
        match past.drift:
            case K.UNREADABLE_LINE:
                return 0
            case K.PRICE_DIFFERS:
                return 1_000
        return past.price


def _learner(name: str, at: datetime) -> dict[str, Any]:
    return {
        "id": name,
        "scheme": "2023",
        "announced_on": at.date(),
        "in_formal_education": False,
        "provisioned_at": at,
    }


def _event(row: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "enrolment_id": row["id"],
        "number": 1,
        "at": at,
        "after": row["status"],
        "actor": "SYSTEM",
        "cause": "as the test wants it",
    }


def _move(
    connection: Connection, row: dict[str, Any], kinds: Sequence[MovementKind], at: datetime
) -> None:
    who, record = LearnerId(row["learner_id"]), EnrolmentId(row["id"])
    granted = max(3_500_000, 2 * row["price"])
    post(connection, Movement(M.GRANT, who, granted, who), at)
    for number, kind in enumerate(kinds):
        post(connection, Movement(kind, who, row["price"], f"{record}:{number // 2}", record), at)
