"""Sekolah.mu's answer about price and seats now.  Pure.

A course that cannot be resolved is null in the list, with an error; the others stand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.base import Quote
from adapters.parsing import Record, price, records, remote_id
from adapters.quotes import to_quotes
from adapters.sekolahmu.failures import raise_first_error
from adapters.sekolahmu.mapping import to_seats
from schema.model.values import PartnerCode, RemoteId

QUOTES = """
query Quotes($ids: [ID!]!) {
  coursesById(ids: $ids) { id price { amount currency } batches { id seats { left } } }
}
"""


def to_quotes_of(body: Any, partner: PartnerCode, asked: Sequence[RemoteId]) -> Sequence[Quote]:
    """Translate one answer; raises what its first error means when no course came with it."""
    match body:
        case {"data": {"coursesById": [*courses]}, **rest} if any(courses) or not rest.get(
            "errors"
        ):
            known = [each for each in courses if each is not None]
        case _:
            raise_first_error(body, partner)
            known = records(body, "data.coursesById", partner=partner)
    return to_quotes(known, to_quote, asked=asked, partner=partner)


def to_quote(node: Record) -> Quote:
    """Translate price and seats of one course; without a price, it is not told."""
    asked = node.get("price") or {"amount": None, "currency": "IDR"}
    return Quote(
        offering=remote_id(node, "id"),
        price=price(asked["amount"], asked["currency"]),
        seats=tuple(_seats(each) for each in node.get("batches") or () if _is_told(each)),
    )


def _is_told(batch: Record) -> bool:
    seats = batch.get("seats")
    return isinstance(seats, Mapping) and seats.get("left") is not None


def _seats(batch: Record) -> tuple[RemoteId, int]:
    return remote_id(batch, "id"), to_seats(batch["seats"]["left"]) or 0
