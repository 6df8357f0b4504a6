"""How a push is signed: as a call of the official API, with the body's digest in its place.  Pure.

A stream has no bytes to sign before it is sent, so what is signed is the value of the header
`Content-Digest` (RFC 9530, sha-256 alone), or `UNSIGNED-PAYLOAD` where the body's length and
digest are not known beforehand; then what TLS keeps together is all that keeps it together.
"""

import base64
import hashlib
import hmac
import re

UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"
_DIGEST = re.compile(rb"sha-256=:([A-Za-z0-9+/]{43}=):")


class BodyDigest:
    """The digest of a body that streams by."""

    def __init__(self, told: bytes) -> None:
        """Make it for what `Content-Digest` told.  Raises `ValueError` for another form."""
        match = _DIGEST.fullmatch(told)
        if match is None and told != UNSIGNED_PAYLOAD:
            raise ValueError("Content-Digest is `sha-256=:…:` or `UNSIGNED-PAYLOAD`")
        self._wanted = base64.b64decode(match[1]) if match else None
        self._found = hashlib.sha256()

    def update(self, chunk: bytes) -> None:
        """Take in what has come."""
        self._found.update(chunk)

    def fits(self) -> bool:
        """Return whether what has come is what was told."""
        return self._wanted is None or hmac.compare_digest(self._wanted, self._found.digest())
