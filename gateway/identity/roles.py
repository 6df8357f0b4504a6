"""What an OpenID provider lets its bearers be.  Pure.

Providers put roles in different places: see `claims`.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from gateway.identity.claims import find_claim
from schema.model.viewer import Role

USUAL_CLAIMS = ("roles", "realm_access.roles")
_NAMES = {role.value: role for role in Role}


def to_roles(claims: Mapping[str, Any], claim: str | None) -> frozenset[Role]:
    """Return the roles of ours among those that a token names; others are none of our business."""
    places = (claim,) if claim else USUAL_CLAIMS
    told = (name for place in places for name in _names(find_claim(claims, place)))
    return as_one(frozenset(_NAMES[name] for name in told if name in _NAMES))


@lru_cache(maxsize=1 << len(Role))
def as_one(roles: frozenset[Role]) -> frozenset[Role]:
    """Return the one set of these roles: a set for each bearer would weigh as much as the rest."""
    return roles


def _names(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield from told.split()
    elif isinstance(told, list):
        yield from (name for name in told if isinstance(name, str))
