"""Buying on a partner's own site: quota, one-time password, purchase, status, void."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import IntegrityError

from gateway.enrolment import ledger, sales
from gateway.enrolment.filed import Step
from gateway.enrolment.sales import Sale, SoldEnrolment
from gateway.enrolment.service import EnrolmentService
from gateway.partner_api.delivery import OtpDelivery
from gateway.partner_api.faults import Fault, PartnerApiError, of_refusal
from gateway.partner_api.fields import to_number, to_optional_text, to_text
from gateway.partner_api.names import LearnerNames
from gateway.partner_api.payment_tokens import Intent, PaymentTokens, digest_of
from gateway.partner_api.redeem_codes import new_redeem_code
from gateway.partner_api.schedules import Schedule, Schedules
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import KEY_LENGTH, enrolment
from gateway.storage.partner_api_tables import partner_sale
from schema.model.catalogue import Partner
from schema.model.codes import to_ulid
from schema.model.enrolment import EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId, PartnerCode

DELIVERY_SECONDS = 10.0
_LONGEST_URL = 2_000
_TAKEN_BACK = frozenset({EnrolmentStatus.CANCELLED, EnrolmentStatus.REJECTED})
Body = Mapping[str, Any]
Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chance:
    """The clock and the dice."""

    now: Callable[[], datetime]
    dice: random.Random


class PurchaseDesk:
    """Carries out the calls under `payment/` that are about money."""

    def __init__(  # noqa: PLR0913 - the composition root's wiring
        self,
        database: Database,
        service: EnrolmentService,
        *,
        schedules: Schedules,
        tokens: PaymentTokens,
        names: LearnerNames,
        delivery: OtpDelivery | None,
        chance: Chance,
        is_test: Callable[[Partner], bool],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the desk; `notify` is called after each commit that changed an enrolment."""
        self._ledger = database
        self._service = service
        self._schedules = schedules
        self._tokens = tokens
        self._names = names
        self._delivery = delivery
        self._chance = chance
        self._is_test = is_test
        self._notify = notify

    async def quota(self, partner: Partner, body: Body) -> Data:
        """Return how many seats of a schedule are left."""
        schedule = await self._find(partner.code, body)
        return {**schedule.codes, "quota": await self._schedules.read_quota(schedule)}

    async def send_password(self, partner: Partner, body: Body) -> Data:
        """Send the learner a one-time password, if they may buy this now."""
        if self._delivery is None:
            raise PartnerApiError(Fault.UNDELIVERABLE)
        # `user_platform_id` is the partner's own name of the learner: it is neither read nor kept
        learner = LearnerId(to_text(body, "prakerja_id", KEY_LENGTH))
        amount = to_number(body, "amount")
        schedule = await self._find(partner.code, body)
        session = schedule.session.id if schedule.session else None
        intent = Intent(partner.code, learner, schedule.fact.offering.id, session, amount)
        refusal = await self._service.judge_sale(_to_request(intent, invoice_code=""))
        if refusal is not None:
            raise PartnerApiError(of_refusal(refusal.code))
        opened = await self._tokens.open(intent)
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                await self._delivery.deliver(learner, opened.password, opened.good_until)
        except TimeoutError as exc:
            raise PartnerApiError(Fault.UNDELIVERABLE) from exc
        return {"payment_token": opened.token}

    async def authorize(self, partner: Partner, body: Body, token: str | None) -> Data:
        """Record the purchase that a learner has confirmed; once per invoice code."""
        if token is None:
            raise PartnerApiError(Fault.UNKNOWN_TOKEN)
        invoice_code = to_text(body, "invoice_code")
        invoice_url = to_optional_text(body, "invoice_url", _LONGEST_URL)
        password = to_text(body, "otp", 20)
        sold = await self._read(partner.code, invoice_code)
        if sold is None:
            intent = await self._tokens.check(partner.code, token, password)
            sale = self._to_sale(partner, invoice_code, invoice_url, token)
            await self._record(intent, sale)
            sold = await self._read(partner.code, invoice_code)
        if sold is None or sold.token_digest != digest_of(token):
            raise PartnerApiError(Fault.INVOICE_USED)
        if sold.filed.enrolment.status in _TAKEN_BACK:
            raise PartnerApiError(Fault.CANCELLED_ALREADY)
        told = await self._tell(sold)
        del told["created_at"]
        return told

    async def status(self, partner: Partner, body: Body) -> Data:
        """Return how a purchase stands: what is asked after a time-out."""
        sold = await self._read(partner.code, to_text(body, "invoice_code"))
        if sold is None:
            raise PartnerApiError(Fault.UNKNOWN_INVOICE)
        return await self._tell(sold)

    async def void(self, partner: Partner, body: Body) -> Data:
        """Take a purchase back, with the learner's money."""
        mine = (
            *_is_invoice(partner.code, to_text(body, "invoice_code")),
            partner_sale.c.transaction_code == to_text(body, "transaction_code"),
        )
        found = await self._ledger.write(lambda c: self._take_back(c, mine))
        if isinstance(found, Fault):
            raise PartnerApiError(found)
        ledger.count_changes(found)
        self._notify()
        return {"message": "the transaction is cancelled"}

    async def _find(self, partner: PartnerCode, body: Body) -> Schedule:
        codes = [to_optional_text(body, name) for name in ("course_code", "schedule_code")]
        course, schedule = codes
        if course is None or schedule is None:
            raise PartnerApiError(Fault.EMPTY_CODES)
        return await self._schedules.find(partner, course, schedule)

    def _to_sale(
        self, partner: Partner, invoice_code: str, invoice_url: str | None, token: str
    ) -> Sale:
        dice = self._chance.dice
        return Sale(
            partner.code,
            invoice_code,
            invoice_url,
            transaction_code=to_ulid(self._chance.now(), dice.getrandbits(80)),
            redeem_code=new_redeem_code(dice, is_test=self._is_test(partner)),
            token_digest=digest_of(token),
        )

    async def _record(self, intent: Intent, sale: Sale) -> None:
        try:
            outcome = await self._service.record_sale(_to_request(intent, sale.invoice_code), sale)
        except IntegrityError as exc:  # another learner's purchase took the invoice code
            raise PartnerApiError(Fault.INVOICE_USED) from exc
        if outcome.refusals:
            raise PartnerApiError(of_refusal(outcome.refusals[0].code))
        self._notify()

    async def _read(self, partner: PartnerCode, invoice_code: str) -> SoldEnrolment | None:
        mine = _is_invoice(partner, invoice_code)
        return await self._ledger.read(lambda c: sales.read_sold(c, *mine))

    async def _tell(self, sold: SoldEnrolment) -> Data:
        record = sold.filed.enrolment
        return {
            "created_at": to_utc(record.created_at),
            "invoice_code": sold.invoice_code,
            "transaction_code": sold.transaction_code,
            "amount": record.price.amount,
            "status": "CANCELLED" if record.status in _TAKEN_BACK else "SUCCESS",
            "prakerja_name": await self._names.read_name(record.learner, record.partner),
        }

    def _take_back(
        self, connection: Connection, mine: tuple[ColumnElement[bool], ...]
    ) -> Fault | tuple[Step, ...]:
        sold = sales.read_sold(connection, *mine)
        if sold is None:
            return Fault.UNKNOWN_TRANSACTION
        ledger.lock_learner(connection, sold.filed.enrolment.learner)
        filed = ledger.lock_filed(connection, enrolment.c.id == sold.filed.enrolment.id)
        if filed is None or filed.enrolment.status in _TAKEN_BACK:
            return Fault.CANCELLED_ALREADY
        taken = sales.take_back(connection, filed, self._chance.now())
        return Fault.NOT_VOIDABLE if taken is None else tuple(taken[1])


def to_utc(moment: datetime) -> str:
    """Return a time as the contract writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _is_invoice(partner: PartnerCode, invoice_code: str) -> tuple[ColumnElement[bool], ...]:
    return (partner_sale.c.partner == partner, partner_sale.c.invoice_code == invoice_code)


def _to_request(intent: Intent, invoice_code: str) -> EnrolRequest:
    return EnrolRequest(
        intent.learner,
        intent.offering,
        intent.session,
        idempotency_key=f"{intent.partner}:{invoice_code}",
        expected_price=intent.amount,
    )
