"""What other currencies are worth in rupiah, by dated rates that the operator states.  Pure.

A price in a currency without a rate has no price in rupiah: it matches no price filter and is
sorted last.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from schema.model.values import EXPONENTS, Money


@dataclass(frozen=True, slots=True)
class Rates:
    """Rupiah for one unit of each currency ("USD": 16_250), as of a day."""

    as_of: date | None = None
    rupiah: Mapping[str, Decimal] = field(default_factory=dict)

    def to_rupiah(self, price: Money | None) -> int | None:
        """Return a price as filters and sorting compare it; None without a rate."""
        if price is None or price.currency == "IDR":
            return None if price is None else price.amount
        rate = self.rupiah.get(price.currency)
        if rate is None:
            return None
        units = Decimal(price.amount).scaleb(-EXPONENTS.get(price.currency, 2))
        return int((units * rate).to_integral_value(ROUND_HALF_EVEN))


RUPIAH_ONLY = Rates()


class RatesFileError(ValueError):
    """The rates file cannot be used; the message says what to mend."""


def load_rates(path: Path | None) -> Rates:
    """Return the rates in a TOML file: `as_of = 2026-01-31` and a table `[rupiah]`.

    Raises `RatesFileError`.
    """
    if path is None:
        return RUPIAH_ONLY
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as exc:
        raise RatesFileError(f"rates file {path}: {exc}; write it as TOML in UTF-8") from exc
    as_of, table = found.get("as_of"), found.get("rupiah")
    if not isinstance(as_of, date):
        raise RatesFileError(f"rates file {path}: state the rates' day, as_of = 2026-01-31")
    if not isinstance(table, dict):
        raise RatesFileError(f"rates file {path}: state the rates in a table [rupiah]")
    return Rates(as_of, {code: _rate(path, code, value) for code, value in table.items()})


def _rate(path: Path, code: str, value: object) -> Decimal:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not is_number or not Decimal(str(value)).is_finite() or Decimal(str(value)) <= 0:
        raise RatesFileError(f"rates file {path}: {code} must be rupiah for one {code}, above 0")
    return Decimal(str(value))
