"""From partners' rows to pages, and from their spellings to values.  Pure; input is hostile.

A reader either returns a value or raises `RowError` with a reason that a partner can
act on; `page` turns that into a `Rejection`, so that one bad row never costs the rest.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from html import unescape
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import nh3
import orjson

from adapters.base import Cursor, LeftOut, Page, Rejection, Validators
from adapters.errors import PartnerContractError
from adapters.fields import count_fields
from adapters.spellings import (
    RowError,
    count,
    flag,
    local_time,
    minutes,
    price,
    rating,
    shown,
    whole,
    zone_of,
)
from schema.model.catalogue import Category, Offering, UnknownTerm
from schema.model.values import RemoteId, folded

__all__ = [
    "Record", "RowError", "Vocabulary", "category", "clean_text", "clean_title", "count", "flag",
    "local_time", "minutes", "optional_text", "optional_url", "page", "plain_text", "price",
    "rating", "records", "remote_id", "text", "title", "to_raw", "to_rejection", "to_url", "whole",
    "zone_of",
]  # fmt: skip

Record = Mapping[str, Any]

TITLE_LENGTH = 300
TEXT_LENGTH = 100_000
RAW_LENGTH = 2_000
URL_LENGTH = 2_000
KEY_LENGTH = 200


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


def page(  # noqa: PLR0913  all but rows and translation are named
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
    fields: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, Mapping):
                raise RowError("is not an object")
            count_fields(fields, row)
            if leave_out and (rule := leave_out(row)):
                left_out.append(LeftOut(_key_of(row, key_field) or f"row {number}", rule))
                continue
            offering = to_offering(row)
            _check_sessions(offering)
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
        fields=fields,
    )


def _check_sessions(offering: Offering) -> None:
    for session in offering.sessions:
        if session.starts_at and session.ends_at and session.ends_at < session.starts_at:
            raise RowError(f"session {session.key} ends before it starts")


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

# Control, bidi, zero-width, lone surrogates, private use, tags; not tab and line breaks, nor
# the two joiners (U+200C, U+200D), which are part of some scripts' words and of emoji.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]"
)


def clean_title(value: str) -> str:
    """Return `value` on one line, without control and bidi characters, at most 300 long."""
    bare = _UNPRINTABLE.sub("", value[: TITLE_LENGTH * 10])
    return " ".join(bare.split())[:TITLE_LENGTH].strip()


def clean_text(value: str) -> str:
    """Return `value` without control characters but line breaks, at most 100,000 long."""
    lines = value[:TEXT_LENGTH].replace("\r\n", "\n").replace("\r", "\n")
    return (lines if _is_plain(lines) else _UNPRINTABLE.sub("", lines)).strip()


def _is_plain(text: str) -> bool:
    """Return whether `text` surely has nothing unprintable: cheaper than looking for it."""
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


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


def short_text(row: Record, key: str) -> str | None:
    """Return the text at `key` on one bounded line (`clean_title`); None when nothing is told."""
    told = optional_text(row, key)
    return (clean_title(told) or None) if told else None


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
    raise RowError(f"{key!r} must be text, not {shown(value)}")


def _required(value: str, key: str) -> str:
    if not value:
        raise RowError(f"{key!r} is blank")
    return value


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
