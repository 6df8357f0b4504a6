"""From partners' rows to pages, and from their spellings to values.  Pure; input is hostile.

A reader either returns a value or raises `RowError` with a reason that a partner can
act on; `page` turns that into a `Rejection`, so that one bad row never costs the rest.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from html import unescape
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import nh3
import orjson

from adapters.base import Cursor, LeftOut, Page, Rejection, Validators
from adapters.errors import PartnerContractError
from schema.model.catalogue import Category, Offering, UnknownTerm
from schema.model.values import Money, RemoteId, folded

Record = Mapping[str, Any]

TITLE_LENGTH = 300
TEXT_LENGTH = 100_000
RAW_LENGTH = 2_000
URL_LENGTH = 2_000
KEY_LENGTH = 200
MOST_COINS = 10_000_000_000
MOST_MINUTES = 60 * 24 * 365
BEST_RATING = 5.0


class RowError(ValueError):
    """A row cannot become a record; the message says why, in words a partner understands."""


# --- pages ---------------------------------------------------------------------------


def records(body: Any, path: str, *, partner: str) -> list[Any]:
    """Return the list at dotted `path` ("data.items"; "" is the body itself).

    Raises `PartnerContractError` when there is no list, or none of its rows is an object.
    """
    found = body
    for step in path.split(".") if path else ():
        found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise PartnerContractError(partner, f"its answer has no list at {path or 'the top'!r}")
    if found and not any(isinstance(row, Mapping) for row in found):
        raise PartnerContractError(partner, f"its list at {path or 'the top'!r} has no objects")
    return found


def page(
    rows: Iterable[Any],
    to_offering: Callable[[Any], Offering],
    *,
    next_cursor: str | None = None,
    total: int | None = None,
    leave_out: Callable[[Record], str | None] | None = None,
    validators: Validators | None = None,
    key_field: str = "id",
) -> Page:
    """Translate rows into a page; rows that cannot be translated become rejections.

    `leave_out` names the rule that keeps a row out, or None.  Of rows with the same key
    the last one counts; the others are left out by the rule "duplicate".
    """
    offerings: dict[RemoteId, Offering] = {}
    rejections: list[Rejection] = []
    left_out: list[LeftOut] = []
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, Mapping):
                raise RowError("is not an object")
            if leave_out and (rule := leave_out(row)):
                left_out.append(LeftOut(_key_of(row, key_field) or f"row {number}", rule))
                continue
            offering = to_offering(row)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
            rejections.append(to_rejection(number, row, exc, key_field))
            continue
        if offering.key in offerings:
            left_out.append(LeftOut(offering.key, "duplicate"))
        offerings[offering.key] = offering
    return Page(
        offerings=tuple(offerings.values()),
        rejections=tuple(rejections),
        left_out=tuple(left_out),
        next_cursor=Cursor(next_cursor) if next_cursor else None,
        total=total,
        validators=validators,
    )


def to_rejection(number: int, row: Any, exc: Exception, key_field: str = "id") -> Rejection:
    """Return the quarantine record of row `number` (from 1), which failed with `exc`."""
    if isinstance(exc, RowError):
        reason = str(exc)
    elif isinstance(exc, KeyError):
        reason = f"lacks {exc}"
    else:
        reason = f"is not as documented ({type(exc).__name__}: {exc})"
    key = _key_of(row, key_field)
    return Rejection(number, key, clean_title(reason), to_raw(row))


def to_raw(row: Any) -> str:
    """Return the row as text for the quarantine, cut to 2,000 characters."""
    try:
        raw = orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError, RecursionError):
        raw = repr(row).encode("utf-8", errors="backslashreplace").decode()
    return raw[:RAW_LENGTH]


def _key_of(row: Any, key_field: str) -> str | None:
    key = row.get(key_field) if isinstance(row, Mapping) else None
    return str(key)[:KEY_LENGTH] if isinstance(key, str | int) and key != "" else None


# --- text ----------------------------------------------------------------------------

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, bidi and zero-width, surrogates
_JOINERS = "\u200c\u200d"  # part of some scripts' words and of emoji


def clean_title(value: str) -> str:
    """Return `value` on one line, without control and bidi characters, at most 300 long."""
    spaced = " ".join(value[: TITLE_LENGTH * 10].split())
    return "".join(c for c in spaced if _is_printable(c))[:TITLE_LENGTH].strip()


def clean_text(value: str) -> str:
    """Return `value` without control characters but line breaks, at most 100,000 long."""
    kept = (c for c in value[:TEXT_LENGTH] if c in "\n\t" or _is_printable(c))
    return "".join(kept).strip()


def _is_printable(char: str) -> bool:
    return (
        char.isprintable() or char in _JOINERS or (unicodedata.category(char) not in _UNPRINTABLE)
    )


def title(row: Record, key: str) -> str:
    """Return the text at `key`, which must be there, as a title (`clean_title`)."""
    return _required(clean_title(_to_text(row[key], key)), key)


def text(row: Record, key: str) -> str:
    """Return the text at `key`, which must be there and not blank; numbers become text."""
    return _required(clean_text(_to_text(row[key], key)), key)


def optional_text(row: Record, key: str) -> str | None:
    """Return the text at `key`, or None when it is missing, null or blank."""
    value = row.get(key)
    return None if value is None else clean_text(_to_text(value, key)) or None


def remote_id(row: Record, key: str) -> RemoteId:
    """Return what the partner calls the thing: text or a whole number, at most 200 long."""
    found = text(row, key)
    if len(found) > KEY_LENGTH or not found.isprintable():
        raise RowError(f"{key!r} is no usable id: at most {KEY_LENGTH} printable characters")
    return RemoteId(found)


def optional_url(row: Record, key: str) -> str | None:
    """Return the web address at `key`; None for anything else (`to_url`)."""
    return to_url(row.get(key))


def to_url(value: Any) -> str | None:
    """Return `value` if it is an http(s) address without credentials, else None."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= URL_LENGTH:
        return None
    url = value.strip()
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        return None
    return url if is_web and url.isprintable() and not re.search(r'[\s<>"\\]', url) else None


_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", re.IGNORECASE)


def plain_text(html: str) -> str:
    """Return what a reader sees of `html`: no tags, no scripts, paragraphs on lines."""
    broken = _BREAK.sub(r"\g<0>" + "\n", html[:TEXT_LENGTH])
    bare = unescape(nh3.clean(broken, tags=set())).replace("\u00a0", " ")
    lines = (" ".join(line.split()) for line in bare.splitlines())
    return clean_text("\n".join(line for line in lines if line))


def category(name: Any) -> Category | None:
    """Return the category of this name ("Teknologi Informasi" is teknologi-informasi)."""
    if not isinstance(name, str):
        return None
    cleaned = clean_title(name)
    code = "-".join(re.findall(r"\w+", folded(cleaned)))
    return Category(code, cleaned) if code else None


def _to_text(value: Any, key: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowError(f"{key!r} must be text, not {_shown(value)}")


def _required(value: str, key: str) -> str:
    if not value:
        raise RowError(f"{key!r} is blank")
    return value


def _shown(value: Any) -> str:
    return repr(value)[:60]


# --- numbers -------------------------------------------------------------------------

_SEPARATORS = re.compile(r"[.,]")
_AMOUNT = re.compile(r"(?:rp|idr)?\.?\s*(-?)\s*(?:rp\.?)?\s*(\d[\d.,]{0,24})(?:,-)?", re.IGNORECASE)
_FREE = {"gratis", "free", "cuma-cuma"}


def whole(value: Any) -> int:
    """Return a whole number from a number or digits ("1.250", 4.0)."""
    if isinstance(value, str):
        value = _decimal(value.strip())
    number = _to_decimal(value)
    if number != number.to_integral_value():
        raise RowError(f"{_shown(value)} is not a whole number")
    return int(number)


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
            raise RowError(f"{_shown(value)} is not a price")
        amount = _decimal(match[2]) * (-1 if match[1] else 1)
    else:
        amount = _to_decimal(value)
    if amount < 0:
        raise RowError(f"a price cannot be negative: {_shown(value)}")
    try:
        money = Money.from_major(amount, currency)
    except ValueError as exc:
        raise RowError(f"{_shown(value)} is not a price ({exc})") from exc
    if money.amount > MOST_COINS:
        raise RowError(f"{_shown(value)} is too much to be a price")
    return money


def rating(value: Any) -> float | None:
    """Return a rating from 0 to 5; None, blank text and 0 mean that nobody has rated."""
    if value is None or value == "":
        return None
    stars = _decimal(value.strip(), thousands=False) if isinstance(value, str) else value
    number = float(_to_decimal(stars))
    if not 0 <= number <= BEST_RATING:
        raise RowError(f"{_shown(value)} is not a rating from 0 to 5")
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
    raise RowError(f"{_shown(value)} is neither yes nor no")


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise RowError(f"{_shown(value)} is not a number")
    number = Decimal(str(value))
    if not number.is_finite() or number.adjusted() > 15:  # noqa: PLR2004  a quadrillion
        raise RowError(f"{_shown(value)} is not a usable number")
    return number


def _decimal(digits: str, *, thousands: bool = True) -> Decimal:
    """Return the number in Indonesian or English spelling; see `price`."""
    marks = _SEPARATORS.findall(digits)
    point = ""
    if marks:
        tail = len(digits) - max(digits.rfind("."), digits.rfind(",")) - 1
        is_mixed = len(set(marks)) > 1
        if is_mixed or (len(marks) == 1 and (tail != 3 or not thousands)):  # noqa: PLR2004
            point = marks[-1]
    head, _, tail_digits = digits.rpartition(point) if point else (digits, "", "")
    if not point and marks and not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        raise RowError(f"{_shown(digits)} is not a number")
    try:
        return Decimal(f"{_SEPARATORS.sub('', head)}.{tail_digits or 0}")
    except InvalidOperation as exc:
        raise RowError(f"{_shown(digits)} is not a number") from exc


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
    if isinstance(value, str):
        found = _spelled_minutes(value.strip())
    else:
        found = _to_decimal(value)
    if not 0 <= found <= MOST_MINUTES:
        raise RowError(f"{_shown(value)} is not a usable duration")
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
        raise RowError(f"{_shown(value)} is not a duration")
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
        raise RowError(f"{_shown(name)} is not a time zone") from exc


def local_time(value: Any, zone: str | tzinfo, formats: Sequence[str] = ()) -> datetime | None:
    """Return a moment in `zone`; None for None, blank text and zero dates ("0000-00-00 …").

    `formats` are `strptime`'s, tried in order; without any, ISO 8601 is read.  A zone at
    the end of the text ("… 09:00 WITA") wins; a time with an offset is converted.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RowError(f"{_shown(value)} is not a time")
    told = value.strip()
    head, _, last = told.rpartition(" ")
    if last.upper() in ZONES:
        told, zone = head.strip(), last
    if not told.strip("0-/:.TZ +"):  # nothing but zeros and punctuation
        return None
    place = zone_of(zone) if isinstance(zone, str) else zone
    moment = _parsed(told, formats)
    if moment.year not in YEARS:
        raise RowError(f"{_shown(value)} is not a time of this century")
    return moment.astimezone(place) if moment.tzinfo else moment.replace(tzinfo=place)


def _parsed(told: str, formats: Sequence[str]) -> datetime:
    attempts: list[Callable[[str], datetime]] = [
        lambda told, form=form: datetime.strptime(told, form)  # noqa: DTZ007  the zone comes next
        for form in formats
    ] or [datetime.fromisoformat]
    for attempt in attempts:
        try:
            return attempt(told)
        except ValueError:
            continue
    raise RowError(f"{_shown(told)} is not a time in the documented form")


# --- vocabulary ----------------------------------------------------------------------

Word = TypeVar("Word", bound=StrEnum)


class Vocabulary(Generic[Word]):
    """A partner's words for one of our vocabularies; compared without case and accents."""

    def __init__(self, words: Mapping[str, Word], *, unknown: Word) -> None:
        self._words = {folded(word): meaning for word, meaning in words.items()}
        self._unknown = unknown

    def read(self, field: str, raw: Any, terms: list[UnknownTerm]) -> Word:
        """Return what `raw` means; a word that we do not know is added to `terms`."""
        if raw is None or raw == "":
            return self._unknown
        found = self._words.get(folded(str(raw)))
        if found is None:
            terms.append(UnknownTerm(field, clean_title(str(raw))))
            return self._unknown
        return found
