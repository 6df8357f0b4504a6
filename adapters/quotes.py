"""From partners' rows to quotes: price and seats now.  Pure; input is hostile."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from adapters.base import Quote
from adapters.errors import PartnerContractError
from adapters.parsing import Record
from schema.model.values import RemoteId


def to_quotes(
    rows: Iterable[Any],
    to_quote: Callable[[Record], Quote],
    *,
    asked: Collection[RemoteId],
    partner: str,
) -> tuple[Quote, ...]:
    """Translate rows of what was `asked`, once each; others, and unreadable ones, are left out.

    Raises `PartnerContractError` when there are rows and none of them can be read.
    """
    wanted, found = set(asked), dict[RemoteId, Quote]()
    unreadable = readable = 0
    for row in rows:
        if row is None:  # how some say that they do not know one
            continue
        try:
            quote = to_quote(row)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            unreadable += 1
            continue
        readable += 1
        if quote.offering in wanted:
            found[quote.offering] = quote
    if unreadable and not readable:
        raise PartnerContractError(partner, "tells no price and seats that can be read")
    return tuple(found.values())
