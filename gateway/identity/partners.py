"""Which partners may ask: those of the partners files that are not silent.  Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.identity.claims import find_claim
from gateway.identity.errors import InvalidTokenError
from gateway.partner_api.partner_keys import SILENT
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode

Partners = Mapping[PartnerCode, Partner]

_UNNAMED = "The bearer token is a partner's, but does not say which; its issuer must tell us."
_UNKNOWN = "The bearer token is of no partner that may ask here; use one of your own."


def find_partner(partners: Partners, code: str) -> PartnerCode | None:
    """Return the code of a partner that may ask, or None for any other."""
    partner = partners.get(PartnerCode(code))
    return None if partner is None or partner.state in SILENT else partner.code


def read_partner(claims: Mapping[str, Any], claim: str, partners: Partners) -> PartnerCode:
    """Return the partner that a claim names.  Raises `InvalidTokenError`, which says why."""
    code = find_claim(claims, claim)
    if not isinstance(code, str) or not code:
        raise InvalidTokenError(_UNNAMED)
    partner = find_partner(partners, code)
    if partner is None:
        raise InvalidTokenError(_UNKNOWN)
    return partner
