"""Who is asking: bearer tokens, and the development issuer that makes them.

The development issuer signs with a random key in the data folder, which only the owner can
read.  In production there is no such issuer: without another one every token is refused.
"""

import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt

from schema.model.values import LearnerId
from schema.model.viewer import ANONYMOUS, Role, Viewer

KEY_FILE = "development-token.key"
KEY_BYTES = 32
ISSUER = "mitra-development"
AUDIENCE = "mitra"
ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8_192
LONGEST_SUBJECT = 255
REMEMBERED = 10_000  # verified tokens, so that a busy learner costs one verification

_INVALID = "The bearer token is not valid; sign in again."
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "role"]


class InvalidTokenError(Exception):
    """The request carries a token that proves nothing; the message is for its sender."""


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
    if not _is_subject(subject):
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


def read_own_key(path: Path) -> bytes:
    """Return the key in a file; made, readable by its owner alone, on first use."""
    if not path.exists():
        _create_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is damaged: delete it, and a new key is made")
    return key


class TokenVerifier:
    """Tells who bears a token; remembers the verified ones until they expire."""

    def __init__(self, key: bytes | None, *, clock: Callable[[], float] = time.time) -> None:
        """Trust tokens signed with `key`; None trusts none."""
        self._key = key
        self._clock = clock
        self._remembered: dict[bytes, tuple[float, Viewer]] = {}

    def identify(self, authorization: str | None) -> Viewer:
        """Return who sends an `Authorization` header; nobody without one.

        Raises `InvalidTokenError`.
        """
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidTokenError("Send `Authorization: Bearer <token>`, or no such header.")
        return self.verify(token.strip())

    def verify(self, token: str) -> Viewer:
        """Return who bears `token`.  Raises `InvalidTokenError`."""
        if self._key is None:
            raise InvalidTokenError("This gateway trusts no issuer of tokens yet.")
        if len(token) > LONGEST_TOKEN:
            raise InvalidTokenError(_INVALID)
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        expires_at, viewer = self._remembered.get(digest, (0.0, ANONYMOUS))
        if self._clock() < expires_at:
            return viewer
        claims = _verified_claims(token, self._key)
        viewer = _to_viewer(claims)
        self._remember(digest, float(claims["exp"]), viewer)
        return viewer

    def _remember(self, digest: bytes, expires_at: float, viewer: Viewer) -> None:
        self._remembered.pop(digest, None)
        if len(self._remembered) >= REMEMBERED:
            del self._remembered[next(iter(self._remembered))]  # the oldest
        self._remembered[digest] = (expires_at, viewer)


def build_verifier(data_dir: Path, *, is_development: bool) -> TokenVerifier:
    """Return the verifier of a profile: only development trusts the development issuer."""
    return TokenVerifier(read_development_key(data_dir) if is_development else None)


def _verified_claims(token: str, key: bytes) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],  # never the token's own choice
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except jwt.ExpiredSignatureError as exc:
        raise InvalidTokenError("The bearer token has expired; sign in again.") from exc
    except (jwt.PyJWTError, ValueError, RecursionError) as exc:
        raise InvalidTokenError(_INVALID) from exc


def _to_viewer(claims: dict[str, Any]) -> Viewer:
    subject = claims["sub"]
    try:
        role = Role(claims["role"])
    except ValueError as exc:
        raise InvalidTokenError(_INVALID) from exc
    if not _is_subject(subject):
        raise InvalidTokenError(_INVALID)
    learner = LearnerId(subject) if role is Role.LEARNER else None
    return Viewer(roles=frozenset({role}), learner=learner, subject=subject)


def _is_subject(subject: object) -> bool:
    return (
        isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
    )


def _create_key(path: Path) -> None:
    """Make a whole key appear at once: of processes that start together, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        os.link(name, path)
    except FileExistsError:
        pass  # another process was faster: its key is the key
    finally:
        Path(name).unlink()
