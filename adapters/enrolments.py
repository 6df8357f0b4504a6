"""Enrolments at a partner: one contract of meaning, wrapped in each partner's envelope.

| call | answers |
| --- | --- |
| `POST {base}/enrolments` | 201 booked, 200 the same reference again, 409 a rejected receipt |
| `GET {base}/enrolments/{reference}` | 200 the receipt, 404 never seen |
| `DELETE {base}/enrolments/{reference}` | 200 the receipt, now cancelled (again: the same), 404 |
| `GET {base}/enrolments?day=2020-04-11` | 200 what was booked that day; `&cursor=` goes on |

A receipt is `{reference, status, partner_reference, reason, redeem_code, access_url}`; a
statement is told in `adapters/statements.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson

from adapters.base import Booking, Cursor, Receipt, ReceiptStatus, Statement
from adapters.errors import AmbiguousPartnerError, PartnerContractError, PartnerRefusedError
from adapters.http import Answer, PartnerClient
from adapters.parsing import RowError, short_text, text, to_url
from adapters.statements import to_statement
from schema.model.values import Reference


@dataclass(frozen=True, slots=True)
class EnrolmentCodec:
    """How a partner spells a booking, a receipt and a statement.

    `decode` returns the receipt's fields, `decode_statement` (where it differs) the
    statement's; they may raise `ValueError`, `LookupError` or `TypeError` for what is none.
    """

    encode: Callable[[Booking], bytes]
    decode: Callable[[bytes], Mapping[str, Any]]
    content_type: str
    decode_statement: Callable[[bytes], Mapping[str, Any]] | None = None


def to_fields(booking: Booking) -> dict[str, Any]:
    """Return what every partner is told of a booking, before any envelope."""
    return {
        "reference": booking.reference,
        "offering": booking.offering,
        "session": booking.session,
        "learner": booking.learner,
        "price": {"amount": booking.price.amount, "currency": booking.price.currency},
    }


def _encode_json(booking: Booking) -> bytes:
    return orjson.dumps(to_fields(booking))


def _decode_json(body: bytes) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = orjson.loads(body)
    return fields


JSON_CODEC = EnrolmentCodec(_encode_json, _decode_json, "application/json")


def to_receipt(fields: Any, reference: Reference) -> Receipt:
    """Translate a receipt about `reference`.  Raises `ValueError`, `LookupError` or `TypeError`."""
    if not isinstance(fields, Mapping):
        raise RowError("the receipt is not an object")
    if text(fields, "reference") != reference:
        raise RowError("the receipt is about another reference")
    return Receipt(
        reference=reference,
        status=ReceiptStatus(text(fields, "status").lower()),
        partner_reference=short_text(fields, "partner_reference"),
        reason=short_text(fields, "reason"),
        redeem_code=short_text(fields, "redeem_code"),
        access_url=to_url(fields.get("access_url")),
    )


class EnrolmentCalls:
    """Books, finds, cancels and lists at one partner; adapters delegate to it."""

    def __init__(
        self,
        client: PartnerClient,
        *,
        path: str = "/enrolments",
        codec: EnrolmentCodec = JSON_CODEC,
    ) -> None:
        self._client = client
        self._path = path
        self._codec = codec

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        answer = await self._client.send(
            "POST",
            self._path,
            content=self._codec.encode(booking),
            content_type=self._codec.content_type,
            key=booking.reference,
            accept_statuses=(HTTPStatus.CONFLICT,),
        )
        return self._written(answer, booking.reference)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        answer = await self._client.find(self._path_of(reference))
        if answer is None:
            return None
        try:
            return self._receipt(answer, reference)
        except (ValueError, LookupError, TypeError) as exc:
            raise PartnerContractError(self._client.partner, "answers no usable receipt") from exc

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`; a reference never seen is a `PartnerRefusedError`."""
        answer = await self._client.send("DELETE", self._path_of(reference), key=reference)
        return self._written(answer, reference)

    async def fetch_statement(self, day: date, cursor: Cursor | None = None) -> Statement:
        """See `StatementSource.fetch_statement`."""
        asked = {"day": day.isoformat()} | ({"cursor": cursor} if cursor else {})
        answer = await self._client.fetch(self._path, asked)
        decode = self._codec.decode_statement or self._codec.decode
        try:
            return to_statement(decode(answer.body), day)
        except (ValueError, LookupError, TypeError) as exc:
            partner = self._client.partner
            raise PartnerContractError(partner, "answers no usable statement") from exc

    def _written(self, answer: Answer, reference: Reference) -> Receipt:
        """Read the receipt of a write: done but not understood is ambiguous, not failed."""
        partner = self._client.partner
        try:
            receipt = self._receipt(answer, reference)
        except (ValueError, LookupError, TypeError) as exc:
            if answer.status == HTTPStatus.CONFLICT:
                raise PartnerRefusedError(partner, "refuses without a usable receipt") from exc
            raise AmbiguousPartnerError(partner, "answers a write without a receipt") from exc
        return receipt

    def _receipt(self, answer: Answer, reference: Reference) -> Receipt:
        return to_receipt(self._codec.decode(answer.body), reference)

    def _path_of(self, reference: Reference) -> str:
        return f"{self._path}/{quote(reference, safe='')}"
