"""What an OpenID provider lets its bearers be.  Pure.

Providers put roles in different places; a claim is named by its name, or by its path
("realm_access.roles").
"""

from collections.abc import Iterator, Mapping
from typing import Any

from schema.model.viewer import Role

USUAL_CLAIMS = ("roles", "realm_access.roles")
_NAMES = {role.value: role for role in Role}


def to_roles(claims: Mapping[str, Any], claim: str | None) -> frozenset[Role]:
    """Return the roles of ours among those that a token names; others are none of our business."""
    places = (claim,) if claim else USUAL_CLAIMS
    told = (name for place in places for name in _names(_find(claims, place)))
    return frozenset(_NAMES[name] for name in told if name in _NAMES)


def _find(claims: Mapping[str, Any], place: str) -> object:
    if place in claims:  # a name may have dots in it: an address, say
        return claims[place]
    found: object = claims
    for step in place.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _names(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield from told.split()
    elif isinstance(told, list):
        yield from (name for name in told if isinstance(name, str))
