"""Access tokens of an OpenID provider (RFC 9068, and what came before it)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.identity.errors import ExpiredTokenError, InvalidTokenError
from gateway.identity.jwks import ALGORITHMS
from gateway.identity.key_source import KeySource
from gateway.identity.partners import Partners, read_partner
from gateway.identity.proof import Proof
from gateway.identity.roles import as_one, to_roles
from gateway.identity.tokens import (
    LEEWAY_SECONDS,
    Expected,
    Header,
    checked_subject,
    read_claims,
    read_unproven_claims,
    to_scopes,
)
from schema.model.values import LearnerId, PartnerCode
from schema.model.viewer import Role, Viewer

# What only tokens of other uses have: an ID token tells a client of a log-in, and is no key.
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})
_KINDS = frozenset({"bearer", "at+jwt"})  # as Keycloak calls its access tokens within
_NO_PARTNERS = "Partners are not signed in by such tokens here; use an API key of the programme."


@dataclass(frozen=True, slots=True)
class Trust:
    """Which tokens are meant for us, and where they say whose they are.

    Without a `partner_claim` the role of a partner means nothing in them.
    """

    issuer: str
    audience: tuple[str, ...]
    roles_claim: str | None = None
    partner_claim: str | None = None
    partners: Partners = field(default_factory=dict)


class OidcIssuer:
    """Believes access tokens of one provider that are meant for us."""

    algorithms = ALGORITHMS

    def __init__(
        self, trust: Trust, keys: KeySource, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._trust = trust
        self._keys = keys
        self._clock = clock

    async def check(self, token: str, header: Header) -> Proof:
        """Return what a token proves.  Raises `InvalidTokenError`, `UncheckableTokenError`.

        What is not meant for us, or over, is refused before its key is looked for: so strangers'
        tokens make us fetch nothing.
        """
        if header.key_id is None:
            raise InvalidTokenError
        self._check_unproven(read_unproven_claims(token))
        key = await self._keys.find(header.key_id, header.algorithm)
        expected = Expected(self._trust.issuer, self._trust.audience, header.algorithm)
        claims = read_claims(token, key.key, expected)
        return Proof(self._to_viewer(claims), float(claims["exp"]))

    async def aclose(self) -> None:
        """Let go of the provider."""
        await self._keys.aclose()

    def _check_unproven(self, claims: Mapping[str, Any]) -> None:
        expires_at = claims.get("exp")
        if claims.get("iss") != self._trust.issuer or is_of_another_use(claims):
            raise InvalidTokenError
        if not isinstance(expires_at, int | float):
            raise InvalidTokenError
        if expires_at <= self._clock() - LEEWAY_SECONDS:
            raise ExpiredTokenError

    def _to_viewer(self, claims: dict[str, Any]) -> Viewer:
        subject = checked_subject(claims)
        told = to_roles(claims, self._trust.roles_claim)
        partner = self._to_partner(claims) if Role.PARTNER in told else None
        roles = told if partner else as_one(told - {Role.PARTNER})
        if not roles:
            raise InvalidTokenError(_NO_PARTNERS) if told else InvalidTokenError
        return Viewer(
            roles=roles,
            learner=LearnerId(subject) if Role.LEARNER in roles else None,
            subject=subject,
            partner=partner,
            scopes=to_scopes(claims),
        )

    def _to_partner(self, claims: Mapping[str, Any]) -> PartnerCode | None:
        claim = self._trust.partner_claim
        return None if claim is None else read_partner(claims, claim, self._trust.partners)


def is_of_another_use(claims: Mapping[str, Any]) -> bool:
    """Return whether a token is an ID token, a refresh token or a message, not an access token."""
    kind = claims.get("typ", "bearer")
    is_access = isinstance(kind, str) and kind.lower() in _KINDS
    return bool(claims.keys() & _OF_ID_TOKENS) or not is_access
