"""How partners spell numbers, prices, durations and times: from their text to values.  Pure.

Adapters import these from `adapters.parsing`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schema.model.values import Money, folded

MOST_COINS = 10_000_000_000
MOST_COUNTED = 2**31 - 1
MOST_MINUTES = 60 * 24 * 365
BEST_RATING = 5.0


class RowError(ValueError):
    """A row cannot become a record; the message says why, in words a partner understands."""


def shown(value: Any) -> str:
    """Return a value as reasons quote it: cut short."""
    return repr(value)[:60]


# --- numbers -------------------------------------------------------------------------

_SEPARATOR = re.compile(r"[.,]")
_NUMBER = re.compile(r"-?\d(?:[\d.,]{0,24}\d)?")
_GROUPED = re.compile(r"-?\d{1,3}(?:(?:\.\d{3})+|(?:,\d{3})+)")  # "1.250.000"
_AMOUNT = re.compile(r"(?:rp|idr)?\.?\s*(-?)\s*(?:rp\.?)?\s*(\d[\d.,]{0,24})(?:,-)?", re.IGNORECASE)
_FREE = {"gratis", "free", "cuma-cuma"}


def whole(value: Any) -> int:
    """Return a whole number from a number or digits ("1.250", 4.0)."""
    if isinstance(value, str):
        value = _decimal(value.strip())
    number = _to_decimal(value)
    if number != number.to_integral_value():
        raise RowError(f"{shown(value)} is not a whole number")
    return int(number)


def count(value: Any) -> int | None:
    """Return how many seats or people there are; None and blank text mean not told."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    found = whole(value)
    if found < 0:
        raise RowError(f"a count cannot be negative: {shown(value)}")
    if found > MOST_COUNTED:
        raise RowError(f"{shown(value)} is too many to be counted")
    return found


def price(value: Any, currency: str = "IDR") -> Money | None:
    """Return a price; None and blank text are "not told", "Gratis" and 0 are free.

    Numbers count main units.  In text a dot or comma before exactly three digits parts
    thousands ("Rp 89.700"), another one the decimals ("Rp89.700,00", "350000.00").
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        if folded(value) in _FREE:
            return Money(0, currency)
        match = _AMOUNT.fullmatch(value.strip().replace("\u00a0", " "))
        if match is None:
            raise RowError(f"{shown(value)} is not a price")
        amount = _decimal(match[2]) * (-1 if match[1] else 1)
    else:
        amount = _to_decimal(value)
    if amount < 0:
        raise RowError(f"a price cannot be negative: {shown(value)}")
    try:
        money = Money.from_major(amount, currency)
    except ValueError as exc:
        raise RowError(f"{shown(value)} is not a price ({exc})") from exc
    if money.amount > MOST_COINS:
        raise RowError(f"{shown(value)} is too much to be a price")
    return money


def rating(value: Any) -> float | None:
    """Return a rating from 0 to 5; None, blank text and 0 mean that nobody has rated."""
    if value is None or value == "":
        return None
    stars = _decimal(value.strip(), thousands=False) if isinstance(value, str) else value
    number = float(_to_decimal(stars))
    if not 0 <= number <= BEST_RATING:
        raise RowError(f"{shown(value)} is not a rating from 0 to 5")
    return number or None


def flag(value: Any, *, default: bool = False) -> bool:
    """Return yes or no from a boolean, 0 or 1, or a word for it; blank is `default`."""
    if value is None or value == "":
        return default
    word = folded(str(value))
    if word in {"true", "1", "ya", "yes", "y", "t"}:
        return True
    if word in {"false", "0", "tidak", "no", "n", "f"}:
        return False
    raise RowError(f"{shown(value)} is neither yes nor no")


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise RowError(f"{shown(value)} is not a number")
    number = Decimal(str(value))
    if not number.is_finite() or number.adjusted() > 15:  # noqa: PLR2004  a quadrillion
        raise RowError(f"{shown(value)} is not a usable number")
    return number


def _decimal(digits: str, *, thousands: bool = True) -> Decimal:
    """Return the number in Indonesian or English spelling; see `price`."""
    if not _NUMBER.fullmatch(digits):
        raise RowError(f"{shown(digits)} is not a number")
    if thousands and _GROUPED.fullmatch(digits):
        return Decimal(_SEPARATOR.sub("", digits))
    at = max(digits.rfind("."), digits.rfind(","))
    if at < 0:
        return Decimal(digits)
    head, point, tail = digits[:at], digits[at], digits[at + 1 :]
    if point in head or (_SEPARATOR.search(head) and not _GROUPED.fullmatch(head)):
        raise RowError(f"{shown(digits)} is not a number")
    return Decimal(f"{_SEPARATOR.sub('', head)}.{tail}")


# --- time ----------------------------------------------------------------------------

ZONES: Mapping[str, ZoneInfo] = {
    "WIB": ZoneInfo("Asia/Jakarta"),
    "WITA": ZoneInfo("Asia/Makassar"),
    "WIT": ZoneInfo("Asia/Jayapura"),
}
YEARS = range(2000, 2099)
_MINUTES_OF = {
    "menit": 1, "mnt": 1, "minute": 1, "minutes": 1, "min": 1, "m": 1,
    "jam": 60, "hour": 60, "hours": 60, "h": 60, "j": 60,
    "jp": 45,  # jam pelajaran: a lesson hour
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d{1,6}(?:[.,]\d{1,4})?)\s*([a-z]+)\.?")
_ISO_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:\d{1,7}S)?)?")


def minutes(value: Any) -> int | None:
    """Return a duration in minutes; None, blank text and 0 mean not told.

    Reads numbers of minutes, "365 menit", "4 Jam", "1,5 jam", "1 jam 30 menit", "8 JP" (45
    minutes each) and ISO 8601 ("PT4H30M").
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    found = _spelled_minutes(value.strip()) if isinstance(value, str) else _to_decimal(value)
    if not 0 <= found <= MOST_MINUTES:
        raise RowError(f"{shown(value)} is not a usable duration")
    return round(found) or None


def _spelled_minutes(value: str) -> Decimal:
    if value.isdecimal():
        return _to_decimal(int(value[:10]))
    if iso := _ISO_DURATION.fullmatch(value.upper()):
        days, hours, mins = (int(part or 0) for part in iso.groups())
        return Decimal(days * 24 * 60 + hours * 60 + mins)
    lower = value.casefold()
    parts = _DURATION_PART.findall(lower)
    rest = _DURATION_PART.sub("", lower).replace("dan", "").strip(" ,")
    if not parts or rest or any(unit not in _MINUTES_OF for _, unit in parts):
        raise RowError(f"{shown(value)} is not a duration")
    return sum(
        (Decimal(number.replace(",", ".")) * _MINUTES_OF[unit] for number, unit in parts),
        Decimal(0),
    )


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its Indonesian or IANA name ("WITA", "Asia/Makassar")."""
    if known := ZONES.get(name.strip().upper()):
        return known
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError) as exc:
        raise RowError(f"{shown(name)} is not a time zone") from exc


def local_time(value: Any, zone: str | tzinfo, formats: Sequence[str] = ()) -> datetime | None:
    """Return a moment in `zone`; None for None, blank text and zero dates ("0000-00-00 …").

    `formats` are `strptime`'s, tried in order; without any, ISO 8601 is read.  A zone at
    the end of the text ("… 09:00 WITA") wins; a time with an offset is converted.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RowError(f"{shown(value)} is not a time")
    told = value.strip()
    head, _, last = told.rpartition(" ")
    if last.upper() in ZONES:
        told, zone = head.strip(), last
    if not told.strip("0-/:.TZ +"):  # nothing but zeros and punctuation
        return None
    place = zone_of(zone) if isinstance(zone, str) else zone
    moment = _parsed(told, formats)
    if moment.year not in YEARS:
        raise RowError(f"{shown(value)} is not a time of this century")
    return moment.astimezone(place) if moment.tzinfo else moment.replace(tzinfo=place)


def _parsed(told: str, formats: Sequence[str]) -> datetime:
    for form in formats or ("",):
        try:
            return datetime.strptime(told, form) if form else datetime.fromisoformat(told)  # noqa: DTZ007  the caller adds the zone
        except ValueError:
            continue
    raise RowError(f"{shown(told)} is not a time in the documented form")
