"""The one door: who sends an `Authorization` header.

What has been verified is remembered, so that a busy bearer costs one verification; who has not
come again when that is over is forgotten, so that nobody is known for longer than it is of use.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from gateway.identity.api_keys import PREFIX
from gateway.identity.errors import InvalidTokenError
from gateway.identity.proof import ApiKeys, Issuer, Proof
from gateway.identity.tokens import LONGEST_TOKEN, read_header
from schema.model.viewer import ANONYMOUS, Viewer

REMEMBERED = 10_000  # tokens
REMEMBER_SECONDS = 600.0  # without another look: a key that an issuer withdraws must stop to count


class TokenVerifier:
    """Tells who bears a token; with neither issuers nor keys nobody is believed."""

    def __init__(
        self,
        issuers: Sequence[Issuer] = (),
        api_keys: ApiKeys | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuers = {name: issuer for issuer in issuers for name in issuer.algorithms}
        self._api_keys = api_keys
        self._clock = clock
        self._remembered: OrderedDict[bytes, Proof] = OrderedDict()  # the oldest first

    async def identify(self, authorization: str | None) -> Viewer:
        """Return who sends an `Authorization` header; nobody without one.

        Raises `InvalidTokenError`, `UncheckableTokenError`.
        """
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidTokenError("Send `Authorization: Bearer <token>`, or no such header.")
        return await self.verify(token.strip())

    async def verify(self, token: str) -> Viewer:
        """Return who bears `token`.  Raises `InvalidTokenError`, `UncheckableTokenError`."""
        if len(token) > LONGEST_TOKEN:
            raise InvalidTokenError
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._remembered.get(digest)
        if known is not None and self._clock() < known.good_until:
            return known.viewer
        proof = await self._check(token)
        self._remember(digest, proof)
        return proof.viewer

    async def _check(self, token: str) -> Proof:
        if token.startswith(PREFIX):
            if self._api_keys is None:
                raise InvalidTokenError
            return await self._api_keys.check(token)
        if not self._issuers:
            raise InvalidTokenError("This gateway trusts no issuer of tokens yet.")
        header = read_header(token)
        issuer = self._issuers.get(header.algorithm)
        if issuer is None:
            raise InvalidTokenError
        return await issuer.check(token, header)

    def _remember(self, digest: bytes, proof: Proof) -> None:
        now, known = self._clock(), self._remembered
        known.pop(digest, None)
        while known and (len(known) >= REMEMBERED or _oldest(known).good_until <= now):
            known.popitem(last=False)
        known[digest] = Proof(proof.viewer, min(proof.good_until, now + REMEMBER_SECONDS))


def _oldest(known: OrderedDict[bytes, Proof]) -> Proof:
    return next(iter(known.values()))
