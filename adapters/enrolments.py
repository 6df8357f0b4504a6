"""Enrolments at a partner: one contract of meaning, wrapped in each partner's envelope.

| call | answers |
| --- | --- |
| `POST {base}/enrolments` | 201 booked, 200 the same reference again, 409 a rejected receipt |
| `GET {base}/enrolments/{reference}` | 200 the receipt, 404 never seen |
| `DELETE {base}/enrolments/{reference}` | 200 the receipt, now cancelled (again: the same), 404 |

A receipt is `{reference, status, partner_reference, reason, redeem_code, access_url}`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson

from adapters.base import Booking, Receipt, ReceiptStatus
from adapters.errors import AmbiguousPartnerError, PartnerContractError, PartnerRefusedError
from adapters.http import Answer, PartnerClient
from adapters.parsing import RowError, clean_title, optional_text, text, to_url
from schema.model.values import Reference


@dataclass(frozen=True, slots=True)
class EnrolmentCodec:
    """How a partner spells a booking and a receipt.

    `decode` returns the receipt's fields; it may raise `ValueError`, `LookupError` or
    `TypeError` for what is no receipt.
    """

    encode: Callable[[Booking], bytes]
    decode: Callable[[bytes], Mapping[str, Any]]
    content_type: str


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
        partner_reference=_short(fields, "partner_reference"),
        reason=_short(fields, "reason"),
        redeem_code=_short(fields, "redeem_code"),
        access_url=to_url(fields.get("access_url")),
    )


def _short(fields: Mapping[str, Any], key: str) -> str | None:
    told = optional_text(fields, key)
    return clean_title(told) if told else None


class EnrolmentCalls:
    """Books, finds and cancels at one partner; adapters delegate to it."""

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
