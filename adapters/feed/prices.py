"""Price and price before the discount, as feeds tell them.  Pure.

A feed tells one price and perhaps a second, or one price and a percentage: which of
the two the price is, before or after, is what `discount` says (docs/partners/feed.md).
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adapters import parsing
from adapters.feed.options import Options
from adapters.feed.readers import Empty, FieldReader, Reader, Terms, reading
from adapters.feed.sources import NO_SOURCE, SOURCES, Source, all_of, build_source, first_of
from adapters.parsing import Record
from schema.model.catalogue import UnknownTerm
from schema.model.values import EXPONENTS, Money, folded

Prices = tuple[Money | None, Money | None]  # the price, and before the discount if it differs
PriceReader = Callable[[Record, Terms], Prices]

_FREE = ("gratis", "free")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*%?")
_HUNDRED = Decimal(100)


def build_prices(price: Options, list_price: Options, empty: Empty) -> PriceReader:
    """Return the reader of both prices from the tables of `price` and `list_price`."""
    read_price = _build_price("price", price, empty)
    read_list_price = _build_price("list_price", list_price, empty)
    forward, backward = _discount(price, empty), _discount(list_price, empty)
    if price.is_given and not read_price:
        raise price.wrong("", NO_SOURCE)
    if list_price.is_given and bool(read_list_price) is bool(backward):
        raise list_price.wrong("", f"must have a source or a discount, and not both; {SOURCES}")
    price.refuse_surplus()
    list_price.refuse_surplus()

    def read(row: Record, terms: Terms) -> Prices:
        now = read_price(row, terms) if read_price else None
        before = read_list_price(row, terms) if read_list_price else None
        if now and forward:
            now = _reduced(now, _percent(forward(row)))
        elif now and backward:
            before = _before(now, backward(row), terms)
        differs = now and before and before.currency == now.currency and before > now
        return now, before if differs else None

    return read


def percent(text: str) -> Decimal | None:
    """Return a discount as feeds spell it ("97,5%", "66.6%", "-", "gratis"), or None."""
    bare = folded(text)
    if bare in {"", "-"}:
        return Decimal(0)
    if bare in _FREE:
        return _HUNDRED
    match = _PERCENT.fullmatch(bare)
    value = Decimal(match[1].replace(",", ".")) if match else None
    return value if value is not None and value <= _HUNDRED else None


def _build_price(name: str, options: Options, empty: Empty) -> FieldReader | None:
    free = {folded(word) for word in (*_FREE, *options.texts("free"))}
    currency = options.text("currency", "IDR")
    if currency not in EXPONENTS:
        raise options.wrong("currency", f"must be one of {', '.join(EXPONENTS)}, not {currency!r}")
    thousands = options.choice("thousands", ("", ".", ","))
    columns = options.texts("currency_from")
    currency_source: Source = first_of(columns, empty) if columns else lambda _row: currency
    sign = options.text("sign")
    source = _build_source(options, empty)
    if source is None:
        return None

    def convert(value: object, row: Record, _terms: Terms) -> Money | None:
        unit = str(currency_source(row) or currency).upper()
        if folded(str(value)) in free:
            return Money(0, unit)
        if isinstance(value, str):
            value = value.removeprefix(sign).removesuffix(sign).strip()
            value = value.replace(thousands, "") if thousands else value
        return parsing.price(value, unit)

    return _picking(name, source, convert, options)


def _build_source(options: Options, empty: Empty) -> Source | None:
    """Return the source of a price; with `pick`, of all the prices that its columns tell."""
    if not options.has("pick"):
        return build_source(options, empty)
    columns = options.texts("from")
    if not columns:
        raise options.wrong("pick", "picks from columns: name them in from")
    return all_of(columns, empty)


def _picking(name: str, source: Source, convert: Reader, options: Options) -> FieldReader:
    which = options.choice("pick", ("", "lowest", "highest"))
    if not which:
        return reading(name, source, convert, options)

    def pick(values: Any, row: Record, terms: Terms) -> Money | None:
        told = [price for value in values if (price := convert(value, row, terms))]
        return (min if which == "lowest" else max)(told, default=None)

    return reading(name, source, pick, options)


def _discount(options: Options, empty: Empty) -> Source | None:
    columns = options.texts("discount")
    return first_of(columns, empty) if columns else None


def _percent(value: object) -> Decimal:
    found = percent("" if value is None else str(value))
    if found is None:
        raise parsing.RowError(f"price: {value!r} is not a discount in percent")
    return found


def _reduced(price: Money, discount: Decimal) -> Money:
    coins = (price.amount * (_HUNDRED - discount) / _HUNDRED).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(int(coins), price.currency)


def _before(price: Money, value: object, terms: Terms) -> Money | None:
    """Return the price before the discount, unless that is no whole number of coins."""
    discount = percent("" if value is None else str(value))
    if discount is None:
        terms.append(UnknownTerm("discount", str(value)))
    if not discount or discount == _HUNDRED:
        return None
    coins = price.amount * _HUNDRED / (_HUNDRED - discount)
    return Money(int(coins), price.currency) if coins == coins.to_integral_value() else None
