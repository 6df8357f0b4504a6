"""Reading a partner's body leniently: the documents contradict themselves on types.  Pure."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.partner_api.faults import Fault, PartnerApiError

HIGHEST_NUMBER = 2**53 - 1  # what every JSON library reads alike
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)


def to_text(body: Mapping[str, Any], name: str, longest: int = 100) -> str:
    """Return a text that may have come as a number.  Raises `PartnerApiError` that names it."""
    text = _as_text(body.get(name))
    if text is None or not text:
        raise PartnerApiError(Fault.BAD_FIELD, f"{name} is missing: a text or a whole number")
    if len(text) > longest or not text.isprintable():
        raise PartnerApiError(Fault.BAD_FIELD, f"{name} is at most {longest} printable characters")
    return text


def to_optional_text(body: Mapping[str, Any], name: str, longest: int = 100) -> str | None:
    """Return a text, or None where it is not sent, null or empty."""
    return None if body.get(name) in (None, "") else to_text(body, name, longest)


def to_number(body: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Return a whole number that may have come as text.  Raises `PartnerApiError`."""
    told = body.get(name)
    if told is None and default is not None:
        return default
    text = _as_text(told)
    if text is None or not _NUMBER.fullmatch(text) or int(text) > HIGHEST_NUMBER:
        raise PartnerApiError(Fault.BAD_FIELD, f"{name} is a whole number, 0 or more")
    return int(text)


def _as_text(told: object) -> str | None:
    """Return what was told as text; None for what is neither text nor a whole number."""
    if isinstance(told, str):
        return told.strip()
    return str(told) if isinstance(told, int) and not isinstance(told, bool) else None
