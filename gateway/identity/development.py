"""The development issuer: tokens for whoever can read a key in the data folder.

In production there is no such issuer.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt

from gateway.identity.errors import InvalidTokenError
from gateway.identity.own_keys import read_own_key
from gateway.identity.proof import Proof
from gateway.identity.roles import as_one
from gateway.identity.tokens import (
    LONGEST_SUBJECT,
    Expected,
    Header,
    checked_subject,
    is_subject,
    read_claims,
    to_scopes,
)
from schema.model.values import LearnerId, PartnerCode
from schema.model.viewer import Role, Viewer

KEY_FILE = "development-token.key"
ISSUER = "mitra-development"
AUDIENCE = "mitra"
ALGORITHM = "HS256"
_EXPECTED = Expected(ISSUER, (AUDIENCE,), ALGORITHM, ("exp", "iat", "iss", "aud", "sub", "role"))


def issue_token(
    data_dir: Path,
    role: Role,
    subject: str,
    *,
    scopes: Sequence[str] = (),
    lifetime: timedelta = timedelta(hours=1),
    clock: Callable[[], float] = time.time,
) -> str:
    """Return a bearer token of the development issuer; its key is made on first use."""
    if not is_subject(subject):
        raise ValueError(f"a subject is 1 to {LONGEST_SUBJECT} printable characters")
    issued_at = int(clock())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "role": role.value,
        "scope": " ".join(scopes),
        "iat": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
    }
    return jwt.encode(claims, read_development_key(data_dir), algorithm=ALGORITHM)


def read_development_key(data_dir: Path) -> bytes:
    """Return the development issuer's key; made, readable by its owner alone, on first use."""
    return read_own_key(data_dir / KEY_FILE)


class DevelopmentIssuer:
    """Believes what is signed with one key."""

    algorithms = frozenset({ALGORITHM})

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def check(self, token: str, header: Header) -> Proof:
        """Return what a token proves.  Raises `InvalidTokenError`."""
        del header
        claims = read_claims(token, self._key, _EXPECTED)
        return Proof(_to_viewer(claims), float(claims["exp"]))


def _to_viewer(claims: dict[str, Any]) -> Viewer:
    subject = checked_subject(claims)
    try:
        role = Role(claims["role"])
    except ValueError as exc:
        raise InvalidTokenError from exc
    return Viewer(
        roles=as_one(frozenset({role})),
        learner=LearnerId(subject) if role is Role.LEARNER else None,
        subject=subject,
        partner=PartnerCode(subject) if role is Role.PARTNER else None,
        scopes=to_scopes(claims),
    )
