"""What is looked at in a JSON Web Token before any key is: its shape and its header.  Pure.

A header is its sender's choice.  It may choose among our algorithms and among our keys; what
would have us fetch or trust something that it brings is refused here.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
import orjson
from jwt.utils import base64url_decode

from gateway.identity.errors import ExpiredTokenError, InvalidTokenError

LONGEST_TOKEN = 8_192
LONGEST_HEADER = 1_024  # encoded
LONGEST_KEY_ID = 128
LONGEST_SUBJECT = 255
LEEWAY_SECONDS = 30  # by which others' clocks may differ from ours
_PARTS = 3  # an encrypted token has five
_REFUSED = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "enc", "zip", "epk", "cty"})
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})  # RFC 9068, and what came before it


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of its own signature."""

    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What an issuer's tokens must say."""

    issuer: str
    audience: tuple[str, ...]
    algorithm: str
    required: tuple[str, ...] = ("exp", "iat", "iss", "aud", "sub")


def read_header(token: str) -> Header:
    """Return what the header of a token says.  Raises `InvalidTokenError`."""
    encoded, *others = token.split(".")
    if len(others) != _PARTS - 1 or not 0 < len(encoded) <= LONGEST_HEADER:
        raise InvalidTokenError
    told = _decoded(encoded)
    algorithm, key_id, kind = (told.get(name) for name in ("alg", "kid", "typ"))
    if told.keys() & _REFUSED or not isinstance(algorithm, str):
        raise InvalidTokenError
    if kind is not None and (not isinstance(kind, str) or kind.lower() not in _TYPES):
        raise InvalidTokenError
    if key_id is not None and not _is_key_id(key_id):
        raise InvalidTokenError
    return Header(algorithm, key_id)


def read_unproven_claims(token: str) -> dict[str, Any]:
    """Return what a token claims, before that is proven.  Raises `InvalidTokenError`."""
    return _decoded(token.split(".")[1])


def read_claims(token: str, key: Any, expected: Expected) -> dict[str, Any]:
    """Return what a token proves.  Raises `InvalidTokenError`."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[expected.algorithm],  # never the token's own choice
            issuer=expected.issuer,
            audience=expected.audience,
            leeway=LEEWAY_SECONDS,
            options={"require": list(expected.required)},
        )
    except jwt.ExpiredSignatureError as exc:
        raise ExpiredTokenError from exc
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise InvalidTokenError from exc


def checked_subject(claims: dict[str, Any]) -> str:
    """Return whose token it is.  Raises `InvalidTokenError` for what cannot be kept."""
    subject = claims.get("sub")
    if not is_subject(subject):
        raise InvalidTokenError
    return str(subject)


def is_subject(subject: object) -> bool:
    """Return whether something can name a bearer: it goes into records and logs."""
    return (
        isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
    )


def to_scopes(claims: dict[str, Any]) -> frozenset[str]:
    """Return the scopes that a token was given, as OAuth writes them: words in one text."""
    told = claims.get("scope")
    return _scopes(told if isinstance(told, str) else "")


@lru_cache(maxsize=64)  # many bearers have the same
def _scopes(told: str) -> frozenset[str]:
    return frozenset(told.split())


def _is_key_id(key_id: object) -> bool:
    return isinstance(key_id, str) and len(key_id) <= LONGEST_KEY_ID


def _decoded(part: str) -> dict[str, Any]:
    try:
        told = orjson.loads(base64url_decode(part))
    except (ValueError, RecursionError) as exc:
        raise InvalidTokenError from exc
    if not isinstance(told, dict):
        raise InvalidTokenError
    return told
