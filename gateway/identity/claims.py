"""Where providers put what they tell of a bearer.  Pure."""

from collections.abc import Mapping
from typing import Any


def find_claim(claims: Mapping[str, Any], place: str) -> object:
    """Return what a claim says, by its name or its path ("realm_access.roles"); None if nothing."""
    if place in claims:  # a name may have dots in it: an address, say
        return claims[place]
    found: object = claims
    for step in place.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
