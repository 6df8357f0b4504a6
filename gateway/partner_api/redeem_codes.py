"""Redeem codes: beginning a course, being at its meetings, taking its test.

What a code was committed for is what the ledger knows from partners' reports: sequence 1 is the
redeeming of the course, any other is a meeting of that number, the test being number 999.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.enrolment.attending import AttendanceReport, forget_meeting
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import BadReportError, PartnerReport, PartnerReports
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.redeeming import take_back
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.fields import to_number, to_text
from gateway.partner_api.schedules import to_codes
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.partner_api_tables import partner_sale
from gateway.storage.settling_tables import attendance
from schema.model.catalogue import Partner
from schema.model.codes import to_base32
from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import Attendance
from schema.model.values import CourseId, EnrolmentId, PartnerCode, Reference

TEST = "PRAT-"
REDEEM, POST_TEST = 1, 999
SEQUENCES = frozenset({*range(REDEEM, 11), POST_TEST})
_S = EnrolmentStatus
_STANDING = frozenset({_S.CONFIRMED, _S.ACTIVE, _S.COMPLETED, _S.NOT_PASSED})
_QUESTION = select(
    enrolment, partner_sale.c.invoice_code, partner_sale.c.transaction_code
).outerjoin(partner_sale, partner_sale.c.enrolment_id == enrolment.c.id)
Body = Mapping[str, Any]
Data = dict[str, Any]


def new_redeem_code(dice: random.Random, *, is_test: bool) -> str:
    """Return a code that nobody guesses; those of tests can be told from others."""
    text = to_base32(dice.getrandbits(60), 12)
    code = "-".join(text[start : start + 4] for start in range(0, 12, 4))
    return f"{TEST}{code}" if is_test else code


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redeem code, the enrolment behind it, and when it was committed for a sequence."""

    row: Row[Any]
    sequence: int
    committed_at: datetime | None

    @property
    def status(self) -> EnrolmentStatus:
        """Where the enrolment stands."""
        return EnrolmentStatus(self.row.status)

    @property
    def is_committed(self) -> bool:
        """Whether there is nothing left to commit."""
        if self.sequence == REDEEM:
            return self.status is not _S.CONFIRMED
        return self.committed_at is not None

    @property
    def enrolment_id(self) -> EnrolmentId:
        """The enrolment behind it."""
        return EnrolmentId(self.row.id)

    @property
    def course_id(self) -> CourseId:
        """The course, as it was bought."""
        return CourseId(self.row.course_id)

    @property
    def reference(self) -> Reference:
        """What its partner knows it by."""
        return Reference(self.row.reference)


class RedeemDesk:
    """Carries out the calls under `payment/redeem-code/`."""

    def __init__(
        self,
        database: Database,
        reports: PartnerReports,
        progress: ProgressDesk,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = database
        self._reports = reports
        self._progress = progress
        self._now = now

    async def status(self, partner: Partner, body: Body) -> Data:
        """Return what a code was committed for."""
        return _to_data(partner, await self.find(partner.code, body))

    async def commit(self, partner: Partner, body: Body) -> Data:
        """Redeem a course, or record that its learner was at a meeting; again: the same."""
        found = await self.find_standing(partner.code, body)
        if not found.is_committed:
            await self._commit(partner.code, found)
        return await self.status(partner, body)

    async def reset(self, partner: Partner, body: Body) -> Data:
        """Undo a commit of a test code, so that an integration can be tried again."""
        found = await self.find_standing(partner.code, body)
        if not found.row.redeem_code.startswith(TEST):
            raise PartnerApiError(Fault.NOT_A_TEST)
        now = self._now()
        if found.sequence != REDEEM:
            await self._ledger.write(
                lambda c: forget_meeting(c, found.enrolment_id, found.sequence)
            )
        elif not await self._ledger.write(lambda c: take_back(c, found.enrolment_id, now)):
            raise PartnerApiError(Fault.NOT_STANDING)
        return await self.status(partner, body)

    async def find(self, partner: PartnerCode, body: Body) -> Redeemed:
        """Return what a code of this partner stands for.  Raises `PartnerApiError`."""
        code, sequence = to_text(body, "redeem_code"), to_number(body, "sequence", default=REDEEM)
        if sequence not in SEQUENCES:
            raise PartnerApiError(Fault.BAD_FIELD, "sequence is 1 to 10, or 999 for the post-test")
        found = await self._ledger.read(lambda c: _read(c, partner, code, sequence))
        if found is None:
            raise PartnerApiError(Fault.UNKNOWN_REDEEM_CODE)
        return found

    async def find_standing(self, partner: PartnerCode, body: Body) -> Redeemed:
        """Return the same, if the enrolment still stands.  Raises `PartnerApiError`."""
        found = await self.find(partner, body)
        if found.status not in _STANDING:
            raise PartnerApiError(Fault.NOT_STANDING)
        return found

    async def _commit(self, partner: PartnerCode, found: Redeemed) -> None:
        now = self._now()
        if found.sequence != REDEEM:
            if found.status is _S.CONFIRMED:
                raise PartnerApiError(Fault.REDEEM_FIRST)
            met = Attendance(found.sequence, attended=True, occurred_at=now)
            await self._progress.record_attendance(AttendanceReport(partner, found.reference, met))
            return
        try:
            await self._reports.apply(PartnerReport(partner, found.reference, Said.REDEEMED, now))
        except BadReportError as exc:
            raise PartnerApiError(Fault.OUTSIDE_WINDOW) from exc


def _read(
    connection: Connection, partner: PartnerCode, code: str, sequence: int
) -> Redeemed | None:
    """Return the one enrolment of a code; one that a partner gave out twice is nobody's."""
    mine = (enrolment.c.partner == partner, enrolment.c.redeem_code == code)
    rows = connection.execute(_QUESTION.where(*mine).limit(2)).all()
    if len(rows) != 1:
        return None
    row = rows[0]
    if sequence == REDEEM:
        return Redeemed(row, sequence, row.redeemed_at)
    met = select(attendance.c.occurred_at).where(
        attendance.c.enrolment_id == row.id,
        attendance.c.meeting == sequence,
        attendance.c.attended,
    )
    return Redeemed(row, sequence, connection.execute(met).scalar())


def _to_data(partner: Partner, found: Redeemed) -> Data:
    row, at = found.row, found.committed_at
    return {
        "redeem_code": row.redeem_code,
        "sequence": found.sequence,
        **to_codes(row.offering_id, row.session_id),
        "invoice_code": row.invoice_code or row.reference,
        "status": int(found.status in _STANDING),
        "attendance_status": int(at is not None),
        "redeem_at": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
        "dp_platform": partner.name,
    }
