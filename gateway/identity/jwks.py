"""An issuer's public keys, as a JSON Web Key Set tells them.  Pure.

Only keys for signatures of ours are taken: a set may hold others, and even secret ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.identity.tokens import LONGEST_KEY_ID

MOST_KEYS = 64
_RSA_BITS = range(2_048, 8_193)  # shorter is weak, longer is slow to check
_ALGORITHMS: Mapping[tuple[str, str | None], frozenset[str]] = {  # by type and curve
    ("RSA", None): frozenset({"RS256", "PS256"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
ALGORITHMS = frozenset().union(*_ALGORITHMS.values())


class KeySetError(ValueError):
    """An issuer's key set cannot be read."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and what it may sign with."""

    algorithms: frozenset[str]
    key: Any = field(repr=False)


def to_keys(body: bytes) -> Mapping[str, PublicKey]:
    """Return the keys of a set that we can use, by their ids.  Raises `KeySetError`."""
    try:
        told = orjson.loads(body)
    except ValueError as exc:
        raise KeySetError("is not JSON") from exc
    entries = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise KeySetError(f"is not a set of at most {MOST_KEYS} keys")
    return {key_id: key for key_id, key in map(_to_key, entries) if key_id and key}


def _to_key(entry: object) -> tuple[str | None, PublicKey | None]:
    if not isinstance(entry, dict) or not _is_public_and_signs(entry):
        return None, None
    key_id, named, algorithms = entry.get("kid"), entry.get("alg"), _algorithms_of(entry)
    usable = frozenset(name for name in algorithms if named in (None, name))
    if not isinstance(key_id, str) or not 0 < len(key_id) <= LONGEST_KEY_ID or not usable:
        return None, None
    try:
        key = jwt.PyJWK(entry, algorithm=min(usable)).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None, None
    if isinstance(key, RSAPublicKey) and key.key_size not in _RSA_BITS:
        return None, None
    return key_id, PublicKey(usable, key)


def _is_public_and_signs(entry: Mapping[str, object]) -> bool:
    return "d" not in entry and "k" not in entry and entry.get("use", "sig") == "sig"


def _algorithms_of(entry: Mapping[str, object]) -> frozenset[str]:
    """Return as what a key of this kind may sign: of RSA there are no curves."""
    kind, curve = entry.get("kty"), entry.get("crv")
    if not isinstance(kind, str) or not (curve is None or isinstance(curve, str)):
        return frozenset()
    return _ALGORITHMS.get((kind, curve), frozenset())
