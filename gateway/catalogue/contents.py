"""What is stored of an offering: cleaned, as JSON, with its digest.  Pure: text in, text out.

Texts go from one process to another at little cost, records do not: so cleaning can be done
anywhere (`cleaner`), and is done everywhere in the same way.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.catalogue.cleaning import clean_offering
from gateway.catalogue.records import digest, from_payload, to_payload
from schema.model.catalogue import Offering


class Content(NamedTuple):
    """A cleaned offering as it is stored, and what stands for it in comparisons."""

    content_hash: str
    payload: str


Cleaned = Content | str  # a text says why the offering cannot be stored
Clean = Callable[[Sequence[str]], Sequence[Cleaned]]


def to_content(offering: Offering) -> Content:
    """Return `offering`, cleaned.  Raises `ValueError` for what cannot be written down."""
    payload = to_payload(clean_offering(offering))
    return Content(digest(payload), payload)


def clean_here(payloads: Sequence[str]) -> list[Cleaned]:
    """Return what is stored of each offering (`to_payload`), or why it cannot be."""
    return [_cleaned(payload) for payload in payloads]


def _cleaned(payload: str) -> Cleaned:
    try:
        return to_content(from_payload(payload))
    except (ValueError, TypeError, OverflowError) as exc:
        return str(exc)
