"""Whom one process believes, as the settings say."""

from collections.abc import Sequence

from gateway.clock import utc_now
from gateway.identity.api_keys import PartnerApiKeys
from gateway.identity.development import DevelopmentIssuer, read_development_key
from gateway.identity.key_source import KeySource, Place
from gateway.identity.oidc import OidcIssuer, Trust
from gateway.identity.partners import Partners
from gateway.identity.proof import Issuer
from gateway.identity.verifier import TokenVerifier
from gateway.partners.config import PartnerConfig
from gateway.settings import Settings
from gateway.storage.engine import Database


class IdentityPart:
    """The verifier of a process; only development believes the development issuer."""

    def __init__(
        self, settings: Settings, configs: Sequence[PartnerConfig], ledger: Database
    ) -> None:
        partners = {config.code: config.partner for config in configs}
        self._provider = build_provider(settings, partners)
        issuers: list[Issuer] = [] if self._provider is None else [self._provider]
        if settings.is_development:
            issuers.append(DevelopmentIssuer(read_development_key(settings.data_dir)))
        self.verifier = TokenVerifier(issuers, PartnerApiKeys(ledger, partners, utc_now))

    async def aclose(self) -> None:
        """Let go of the OpenID provider."""
        if self._provider is not None:
            await self._provider.aclose()


def build_provider(settings: Settings, partners: Partners) -> OidcIssuer | None:
    """Return the OpenID provider that the settings name, if any."""
    if settings.oidc_issuer is None:
        return None
    place = Place(settings.oidc_issuer, settings.oidc_jwks_url, loopback=settings.is_development)
    trust = Trust(
        settings.oidc_issuer,
        settings.oidc_audience,
        settings.oidc_roles_claim,
        settings.oidc_partner_claim,
        partners,
    )
    return OidcIssuer(trust, KeySource(place))
