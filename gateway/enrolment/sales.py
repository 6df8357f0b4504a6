"""What partners sell on their own sites: enrolments that need not be sent to anybody.

The partner has taken the learner's order, so what the rules allow is confirmed in the same
transaction that holds its price and its seat.  Functions of a connection, as in `ledger`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select

from gateway.enrolment import hearing, ledger
from gateway.enrolment.filed import Change, Filed, Step, to_filed
from gateway.enrolment.hearing import Said, Told
from gateway.storage.ledger_tables import enrolment
from gateway.storage.partner_api_tables import partner_sale
from schema.model.enrolment import Actor, EnrolmentStatus
from schema.model.values import EnrolmentId, PartnerCode

SOLD = Step(EnrolmentStatus.RESERVED, Actor.PARTNER, "sold by the partner")
_WAY = (EnrolmentStatus.SUBMITTING, EnrolmentStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Sale:
    """A partner's invoice, and the codes under which it is known from now on."""

    partner: PartnerCode
    invoice_code: str
    invoice_url: str | None
    transaction_code: str
    redeem_code: str
    token_digest: bytes


@dataclass(frozen=True, slots=True)
class SoldEnrolment:
    """A sale with the enrolment that it made, as that stands now."""

    filed: Filed
    invoice_code: str
    transaction_code: str
    token_digest: bytes


def confirm(
    connection: Connection, filed: Filed, sale: Sale, now: datetime
) -> tuple[Filed, tuple[Step, ...]]:
    """Take a sale that has just been filed to its end; return it, and the steps that it took."""
    columns = {
        "sent_at": now,  # its partner knows of it
        "partner_reference": sale.invoice_code,
        "redeem_code": sale.redeem_code,
    }
    told = Told(Said.CONFIRMED, now, columns=columns)
    change = hearing.to_change(filed, _WAY, told, now)
    confirmed = ledger.change_enrolment(connection, filed, change, now)
    row = {
        "enrolment_id": filed.enrolment.id,
        "partner": sale.partner,
        "invoice_code": sale.invoice_code,
        "invoice_url": hearing.clean_url(sale.invoice_url),
        "transaction_code": sale.transaction_code,
        "token_digest": sale.token_digest,
    }
    connection.execute(insert(partner_sale).values(row))
    return confirmed, (SOLD, *change.steps)


def take_back(
    connection: Connection, filed: Filed, now: datetime
) -> tuple[Filed, Sequence[Step]] | None:
    """Cancel at the partner's wish, with the money; None for what is past being cancelled."""
    change: Change = hearing.hear(filed, Told(Said.CANCELLED, now), now).change
    if not change.steps:
        return None
    return ledger.change_enrolment(connection, filed, change, now), change.steps


def read_sold(connection: Connection, *conditions: ColumnElement[bool]) -> SoldEnrolment | None:
    """Return the sale that fulfils `conditions` on `partner_sale`."""
    row = connection.execute(
        select(enrolment, *(partner_sale.c[name] for name in _TOLD))
        .join(partner_sale, partner_sale.c.enrolment_id == enrolment.c.id)
        .where(*conditions)
    ).first()
    if row is None:
        return None
    return SoldEnrolment(
        to_filed(row), row.invoice_code, row.transaction_code, bytes(row.token_digest)
    )


def is_sold_by_partner(connection: Connection, enrolment_id: EnrolmentId) -> bool:
    """Return whether an enrolment was bought on a partner's own site."""
    question = select(partner_sale.c.enrolment_id).where(
        partner_sale.c.enrolment_id == enrolment_id
    )
    return connection.execute(question).first() is not None


_TOLD = ("invoice_code", "transaction_code", "token_digest")
